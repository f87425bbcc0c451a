//! Connections: who gets one, and how long without any use of it.
//!
//! A connection is closed where nothing is going on: no request is being answered, and for a while none has begun and
//! nothing of an answer has been taken. That holds for clients that never ask, that do not finish asking, that do not read
//! what they have asked for, and that keep an idle connection alive by other means. How long an answer takes to be made is
//! bounded elsewhere.

mod activity;
mod peers;

use std::{
    convert::Infallible,
    io::{Error, ErrorKind},
    net::SocketAddr,
    sync::Arc,
    time::Duration,
};

use axum::{Router, body::Body, extract::ConnectInfo, http::Request};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{
        conn::auto::Builder,
        graceful::{GracefulShutdown, Watcher},
    },
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    task::JoinSet,
    time::{sleep, timeout},
};
use tower::ServiceExt;

use self::{
    activity::{Activity, Watched},
    peers::{PeerPlace, Peers},
};
use super::{Shutdown, Tls};
use crate::config::TrustedProxies;

/// How long running requests get to finish once the server is told to stop.
const GRACE: Duration = Duration::from_secs(30);
/// How long a client may take to send a request's head, to send another request, and to take more of an answer. Longer than
/// the minute for which load balancers keep connections, so that it is they who close them. Tests have no patience.
const PATIENCE: Duration = if cfg!(test) {
    Duration::from_millis(500)
} else {
    Duration::from_secs(75)
};
/// How often a client on HTTP/2 is asked for a sign of life, and how long it may take to give one.
const PING_INTERVAL: Duration = Duration::from_secs(30);
const PING_TIMEOUT: Duration = Duration::from_secs(20);
/// More wait in the operating system's queue.
const MAX_CONNECTIONS: usize = 10_000;
/// How many of them one address may have, so that no single client has all. Tests open few.
const MAX_OF_PEER: usize = if cfg!(test) { 8 } else { 1_000 };

/// Serves until the shutdown begins, then lets running requests finish, at most for 30 s. `proxies` may have any number of
/// connections, which are those of many clients.
pub async fn serve(
    router: Router,
    listener: TcpListener,
    proxies: TrustedProxies,
    tls: Option<Tls>,
    shutdown: Shutdown,
) {
    let mut background = JoinSet::new();
    if let Some(tls) = tls.clone() {
        background.spawn(tls.follow_files());
    }
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let peers = Arc::new(Peers::new(MAX_OF_PEER, proxies));
    let graceful = GracefulShutdown::new();
    loop {
        let (stream, peer, place) = tokio::select! {
            accepted = accept(&listener, &places) => accepted,
            () = shutdown.begun() => break,
        };
        let Some(peer_place) = peers.admit(peer.ip()) else {
            tracing::debug!(client = %peer.ip(), "a connection was refused: its address has too many");
            continue;
        };
        let connection = Connection {
            router: router.clone(),
            peer,
            watcher: graceful.watcher(),
            _places: (place, peer_place),
        };
        tokio::spawn(connection.secure(stream, tls.clone(), shutdown.clone()));
    }
    drop(listener);
    // Connections that were upgraded are not among those of the graceful shutdown.
    let finished = async { tokio::join!(graceful.shutdown(), shutdown.all_done()) };
    if timeout(GRACE, finished).await.is_err() {
        tracing::warn!(
            "requests that did not finish within {} s were cut off",
            GRACE.as_secs()
        );
    }
}

/// The next connection, as soon as there is a place for it.
async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> (TcpStream, SocketAddr, Option<OwnedSemaphorePermit>) {
    // The semaphore is never closed, so there is always a place at some time.
    let place = Arc::clone(places).acquire_owned().await.ok();
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => return (stream, peer, place),
            Err(error) if is_of_connection(&error) => {}
            Err(error) => {
                // Out of file descriptors, most likely: some of them will be free again.
                tracing::error!(%error, "no connection can be accepted, trying again");
                sleep(Duration::from_secs(1)).await;
            }
        }
    }
}

/// Whether it is only the one connection that failed.
fn is_of_connection(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::ConnectionRefused | ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset
    )
}

/// A client that is connected.
struct Connection {
    router: Router,
    peer: SocketAddr,
    watcher: Watcher,
    /// Free for somebody else once this is dropped.
    _places: (Option<OwnedSemaphorePermit>, PeerPlace),
}

impl Connection {
    /// Shakes hands where there is TLS, then serves.
    async fn secure(self, stream: TcpStream, tls: Option<Tls>, shutdown: Shutdown) {
        // Answers go out in one piece, so waiting for more to send would only delay them.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection keeps its delay");
        }
        let Some(tls) = tls else {
            return self.serve(stream).await;
        };
        let secured = tokio::select! {
            secured = tls.accept(stream) => secured,
            () = shutdown.begun() => None,
        };
        if let Some(stream) = secured {
            self.serve(stream).await;
        }
    }

    async fn serve(self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) {
        let activity = Arc::new(Activity::new(PATIENCE));
        let service = service_fn(|request: Request<Incoming>| {
            let (router, activity) = (self.router.clone(), Arc::clone(&activity));
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(ConnectInfo(self.peer));
            async move {
                let answering = activity.begin();
                let response = router.oneshot(request).await?;
                drop(answering);
                Ok::<_, Infallible>(response.map(|body| Watched::new(body, activity)))
            }
        });
        let builder = builder();
        let connection = builder.serve_connection_with_upgrades(TokioIo::new(stream), service);
        tokio::select! {
            result = self.watcher.watch(connection) => if let Err(error) = result {
                tracing::debug!(error, "a connection failed");
            },
            () = activity.ended() => tracing::debug!("a connection was closed on which nothing went on"),
        }
    }
}

fn builder() -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(PATIENCE);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(PING_INTERVAL)
        .keep_alive_timeout(PING_TIMEOUT);
    builder
}
