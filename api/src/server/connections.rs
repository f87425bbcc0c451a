//! Connections: who gets one, and how long without asking anything.

use std::{
    io::{Error, ErrorKind},
    net::SocketAddr,
    sync::Arc,
    time::Duration,
};

use axum::{Router, body::Body, extract::ConnectInfo, http::Request};
use hyper::body::Incoming;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{
        conn::auto::Builder,
        graceful::{GracefulShutdown, Watcher},
    },
    service::TowerToHyperService,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::{Notify, OwnedSemaphorePermit, Semaphore},
    task::JoinSet,
    time::{sleep, timeout},
};
use tower::ServiceExt;

use super::{Shutdown, Tls};

/// How long running requests get to finish once the server is told to stop.
const GRACE: Duration = Duration::from_secs(30);
/// How long a client may take to send a request's head, and to send another request. Longer than the minute for which load
/// balancers keep connections, so that it is they who close them. Tests have no patience.
const HEAD_TIMEOUT: Duration = if cfg!(test) {
    Duration::from_millis(500)
} else {
    Duration::from_secs(75)
};
/// How often a client on HTTP/2 is asked for a sign of life, and how long it may take to give one.
const PING_INTERVAL: Duration = Duration::from_secs(30);
const PING_TIMEOUT: Duration = Duration::from_secs(20);
/// More wait in the operating system's queue.
const MAX_CONNECTIONS: usize = 10_000;

/// Serves until the shutdown begins, then lets running requests finish, at most for 30 s.
pub async fn serve(router: Router, listener: TcpListener, tls: Option<Tls>, shutdown: Shutdown) {
    let mut background = JoinSet::new();
    if let Some(tls) = tls.clone() {
        background.spawn(tls.follow_files());
    }
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let graceful = GracefulShutdown::new();
    loop {
        let (stream, peer, place) = tokio::select! {
            accepted = accept(&listener, &places) => accepted,
            () = shutdown.begun() => break,
        };
        let connection = Connection {
            router: router.clone(),
            peer,
            watcher: graceful.watcher(),
            _place: place,
        };
        tokio::spawn(connection.secure(stream, tls.clone(), shutdown.clone()));
    }
    drop(listener);
    if timeout(GRACE, graceful.shutdown()).await.is_err() {
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
    _place: Option<OwnedSemaphorePermit>,
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
        let asked = Arc::new(Notify::new());
        let (has_asked, peer) = (Arc::clone(&asked), self.peer);
        let service = self.router.map_request(move |request: Request<Incoming>| {
            has_asked.notify_one();
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(ConnectInfo(peer));
            request
        });
        let builder = builder();
        let connection = builder.serve_connection_with_upgrades(
            TokioIo::new(stream),
            TowerToHyperService::new(service),
        );
        tokio::select! {
            result = self.watcher.watch(connection) => if let Err(error) = result {
                tracing::debug!(error, "a connection failed");
            },
            () = silence(&asked) => tracing::debug!("a connection was closed on which nobody asked anything"),
        }
    }
}

/// Ends where a connection's first request is too long in coming. hyper's own limit begins once it knows which version of
/// HTTP it has to do with, and a client may keep that to itself.
async fn silence(asked: &Notify) {
    if timeout(HEAD_TIMEOUT, asked.notified()).await.is_ok() {
        std::future::pending::<()>().await;
    }
}

fn builder() -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(PING_INTERVAL)
        .keep_alive_timeout(PING_TIMEOUT);
    builder
}
