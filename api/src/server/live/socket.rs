//! A WebSocket that speaks `graphql-transport-ws`.

use std::{collections::HashMap, sync::Arc, time::Duration};

use axum::{
    body::Bytes,
    extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::Response,
};
use futures_util::stream::{self, AbortHandle, BoxStream, SelectAll, StreamExt, abortable};
use serde_json::{Map, Value};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until, timeout};

use super::{
    protocol::{self, Incoming},
    sessions::{EXPIRED, End, SLOW, STOPPING, Session, Subscribed, Transport, expired},
};
use crate::{
    auth::Identity,
    server::graphql::{Caller, Outcome, Parameters, Problem, Step},
};

/// How long a client may take to say who it is. Tests have no patience.
const INIT_TIMEOUT: Duration = if cfg!(test) {
    Duration::from_millis(300)
} else {
    Duration::from_secs(10)
};
/// How often a client is asked for a sign of life, and after how long without one it is taken to be gone.
const PING_INTERVAL: Duration = Duration::from_secs(25);
const PATIENCE: Duration = Duration::from_secs(75);
/// How long the frame may take that closes a connection.
const FAREWELL: Duration = Duration::from_secs(2);
/// How much of what is to be sent is kept to be written at once, bytes.
const WRITE_BUFFER: usize = 16 * 1024;

/// The codes with which connections are closed.
mod code {
    /// The server stops.
    pub(super) const GOING_AWAY: u16 = 1001;
    /// Not now; clients try again after a while.
    pub(super) const TRY_AGAIN_LATER: u16 = 1013;
    pub(super) const BAD_REQUEST: u16 = 4400;
    pub(super) const UNAUTHORIZED: u16 = 4401;
    pub(super) const FORBIDDEN: u16 = 4403;
    pub(super) const INIT_TIMEOUT: u16 = 4408;
    pub(super) const SUBSCRIBER_EXISTS: u16 = 4409;
    pub(super) const TOO_MANY_INITS: u16 = 4429;
}

/// Answers a handshake, and goes on with the connection in the background.
///
/// # Errors
/// The client does not speak the protocol, or has too many connections.
pub(crate) fn upgrade(upgrade: WebSocketUpgrade, caller: Caller) -> Result<Response, Problem> {
    let upgrade = upgrade.protocols([protocol::NAME]);
    if upgrade.selected_protocol().is_none() {
        let name = protocol::NAME;
        let message = format!("This WebSocket speaks {name} only: name it as the subprotocol.");
        return Err(Problem::malformed(StatusCode::BAD_REQUEST, message));
    }
    let session = caller.service.live.admit(&caller, Transport::Websocket)?;
    let max_message = caller.service.max_body(caller.identity.as_deref());
    Ok(upgrade
        .max_message_size(max_message)
        .max_frame_size(max_message)
        .write_buffer_size(WRITE_BUFFER)
        .on_upgrade(move |socket| Connection::new(socket, caller, session).serve()))
}

/// Why a connection is closed, and what the client is told.
struct Close {
    end: End,
    code: u16,
    reason: String,
}

impl Close {
    fn new(end: End, code: u16, reason: impl Into<String>) -> Self {
        Self {
            end,
            code,
            reason: reason.into(),
        }
    }

    fn violation(code: u16, reason: impl Into<String>) -> Self {
        Self::new(End::Violation, code, reason)
    }
}

/// What ends a connection.
enum Ending {
    /// The server closes it.
    Close(Close),
    /// There is nobody any more to tell.
    Silent(End),
}

impl From<Close> for Ending {
    fn from(close: Close) -> Self {
        Self::Close(close)
    }
}

/// What an operation has to say.
enum Said {
    /// It is a subscription, and will say more.
    Goes(Subscribed),
    /// An answer.
    Next(Vec<u8>),
    /// It has ended; the message that says so.
    Ends(String),
}

/// An operation that goes on.
struct Running {
    abort: AbortHandle,
    /// There as soon as it is known to be a subscription.
    subscribed: Option<Subscribed>,
}

struct Connection {
    socket: WebSocket,
    caller: Caller,
    session: Session,
    stage: Stage,
    running: HashMap<Arc<str>, Running>,
    said: SelectAll<BoxStream<'static, (Arc<str>, Said)>>,
    /// When something came from the client.
    heard: Instant,
    /// The server is about to stop: nothing new begins.
    stopping: bool,
}

/// How far a connection has come.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// The client has not said who it is.
    New,
    /// It may run operations.
    Acknowledged,
}

impl Connection {
    fn new(socket: WebSocket, caller: Caller, session: Session) -> Self {
        Self {
            socket,
            caller,
            session,
            stage: Stage::New,
            running: HashMap::new(),
            said: SelectAll::new(),
            heard: Instant::now(),
            stopping: false,
        }
    }

    async fn serve(mut self) {
        let ending = match self.converse().await {
            Ok(never) => match never {},
            Err(ending) => ending,
        };
        // Nothing more is done for operations that go on.
        self.said.clear();
        self.running.clear();
        let end = match ending {
            Ending::Silent(end) => end,
            Ending::Close(Close { end, code, reason }) => {
                let frame = CloseFrame {
                    code,
                    reason: Utf8Bytes::from(protocol::reason(&reason)),
                };
                let farewell = self.socket.send(Message::Close(Some(frame)));
                // Who does not take it hears nothing more.
                drop(timeout(FAREWELL, farewell).await);
                end
            }
        };
        self.session.ends(end);
    }

    /// Takes and gives messages until something ends the connection.
    async fn converse(&mut self) -> Result<std::convert::Infallible, Ending> {
        let init = Instant::now() + INIT_TIMEOUT;
        let mut pings = interval(PING_INTERVAL);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut identity = self.caller.identity.clone();
        let mut expiry = Box::pin(until_expired(identity.clone()));
        loop {
            if !same(identity.as_ref(), self.caller.identity.as_ref()) {
                identity.clone_from(&self.caller.identity);
                expiry = Box::pin(until_expired(identity.clone()));
            }
            if self.stopping && self.running.is_empty() {
                return Err(Close::new(End::Shutdown, code::GOING_AWAY, STOPPING).into());
            }
            tokio::select! {
                message = self.socket.recv() => self.take(message).await?,
                Some((id, said)) = self.said.next() => self.tell(id, said).await?,
                _ = pings.tick() => self.ping().await?,
                () = &mut expiry => {
                    return Err(Close::new(End::Expired, code::FORBIDDEN, EXPIRED).into());
                }
                () = self.session.server_stops(), if !self.stopping => self.stop(),
                () = sleep_until(init), if self.stage == Stage::New => {
                    let reason = "Connection initialisation timeout";
                    return Err(Close::violation(code::INIT_TIMEOUT, reason).into());
                }
            }
        }
    }

    /// Ends subscriptions. Queries and mutations get to their end.
    fn stop(&mut self) {
        self.stopping = true;
        self.running.retain(|_, running| {
            let goes_on = running.subscribed.is_none();
            if !goes_on {
                running.abort.abort();
            }
            goes_on
        });
    }

    async fn ping(&mut self) -> Result<(), Ending> {
        if self.heard.elapsed() > PATIENCE {
            return Err(Ending::Silent(End::Gone));
        }
        self.send(Message::Ping(Bytes::new())).await
    }

    async fn take(&mut self, message: Option<Result<Message, axum::Error>>) -> Result<(), Ending> {
        self.heard = Instant::now();
        match message {
            Some(Ok(Message::Text(text))) => self.obey(&text).await,
            Some(Ok(Message::Binary(_))) => {
                let reason = "Invalid message received: messages are text";
                Err(Close::violation(code::BAD_REQUEST, reason).into())
            }
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => Ok(()),
            Some(Ok(Message::Close(_))) => Err(Ending::Silent(End::Complete)),
            None => Err(Ending::Silent(End::Gone)),
            Some(Err(error)) => {
                tracing::debug!(%error, "a WebSocket failed");
                Err(Ending::Silent(End::Gone))
            }
        }
    }

    async fn obey(&mut self, text: &str) -> Result<(), Ending> {
        let message =
            protocol::read(text).map_err(|reason| Close::violation(code::BAD_REQUEST, reason))?;
        match message {
            Incoming::ConnectionInit { payload } => self.acknowledge(payload.as_ref()).await,
            Incoming::Ping { payload } => self.send_text(protocol::pong(payload)).await,
            Incoming::Pong {} => Ok(()),
            Incoming::Subscribe { id, payload } => Ok(self.subscribe(id, &payload, text.len())?),
            Incoming::Complete { id } => {
                if let Some(running) = self.running.remove(id.as_str()) {
                    running.abort.abort();
                }
                Ok(())
            }
        }
    }

    async fn acknowledge(&mut self, payload: Option<&Map<String, Value>>) -> Result<(), Ending> {
        if self.stage != Stage::New {
            let reason = "Too many initialisation requests";
            return Err(Close::violation(code::TOO_MANY_INITS, reason).into());
        }
        if let Some(authorization) = protocol::authorization(payload) {
            self.caller.identity = identify(&self.caller, authorization).await?;
        }
        self.session
            .belongs_to(&self.caller)
            .map_err(|problem| refused(&problem))?;
        self.stage = Stage::Acknowledged;
        self.send_text(protocol::connection_ack()).await
    }

    fn subscribe(&mut self, id: String, payload: &Value, bytes: usize) -> Result<(), Close> {
        if self.stage != Stage::Acknowledged {
            return Err(Close::violation(code::UNAUTHORIZED, "Unauthorized"));
        }
        if self.running.contains_key(id.as_str()) {
            let reason = format!("Subscriber for {id} already exists");
            return Err(Close::violation(code::SUBSCRIBER_EXISTS, reason));
        }
        let parameters = Parameters::from_value(payload).map_err(|problem| {
            let message = &problem.errors[0].message;
            Close::violation(
                code::BAD_REQUEST,
                format!("Invalid message received: {message}"),
            )
        })?;
        let id: Arc<str> = id.into();
        let said = match self.refusal() {
            Some(problem) => {
                let message = protocol::error(&id, &self.caller.signed(problem));
                stream::iter([Said::Ends(message)]).boxed()
            }
            None => self.operate(Arc::clone(&id), parameters, bytes),
        };
        let (said, abort) = abortable(said);
        let running = Running {
            abort,
            subscribed: None,
        };
        self.running.insert(Arc::clone(&id), running);
        let said = said.map(move |said| (Arc::clone(&id), said));
        self.said.push(said.boxed());
        Ok(())
    }

    /// Why another operation may not run on this connection.
    fn refusal(&self) -> Option<Problem> {
        let most = self.caller.service.limits().max_subscriptions;
        if self.stopping {
            Some(Problem::unavailable(STOPPING, 1))
        } else if self.running.len() >= most {
            Some(Problem::rate_limited_by(format!(
                "This connection runs {most} operations, as many as are allowed (setting max_subscriptions)."
            )))
        } else {
            None
        }
    }

    /// Runs an operation, and says what comes of it.
    fn operate(
        &self,
        id: Arc<str>,
        parameters: Parameters,
        bytes: usize,
    ) -> BoxStream<'static, Said> {
        let caller = self.caller.clone();
        let subscribed = self.session.subscribing();
        let begin = async move {
            match caller.run_message(parameters, bytes).await {
                Ok(Outcome::Answer(answer)) => {
                    let end = Said::Ends(protocol::complete(&id));
                    stream::iter([Said::Next(answer), end]).boxed()
                }
                Ok(Outcome::Events(steps)) => {
                    let end = Said::Ends(protocol::complete(&id));
                    stream::iter([Said::Goes(subscribed.begin())])
                        .chain(steps.map(move |step| match step {
                            Step::Next(answer) => Said::Next(answer),
                            Step::Failed(errors) => Said::Ends(protocol::error(&id, &errors)),
                        }))
                        .chain(stream::iter([end]))
                        .boxed()
                }
                Err(problem) => {
                    let message = protocol::error(&id, &caller.signed(problem));
                    stream::iter([Said::Ends(message)]).boxed()
                }
            }
        };
        stream::once(begin).flatten().boxed()
    }

    async fn tell(&mut self, id: Arc<str>, said: Said) -> Result<(), Ending> {
        match said {
            Said::Goes(subscribed) => {
                if let Some(running) = self.running.get_mut(&id) {
                    running.subscribed = Some(subscribed);
                    if self.stopping {
                        self.stop();
                    }
                }
                Ok(())
            }
            Said::Next(answer) => {
                self.session.answered();
                self.send_text(protocol::next(&id, &answer)).await
            }
            Said::Ends(message) => {
                let Some(running) = self.running.remove(&id) else {
                    return Ok(());
                };
                running.abort.abort();
                self.send_text(message).await
            }
        }
    }

    async fn send_text(&mut self, text: String) -> Result<(), Ending> {
        self.send(Message::Text(text.into())).await
    }

    /// Sends a message. Nothing else is done meanwhile, so a client that does not take it has nothing more made for it.
    async fn send(&mut self, message: Message) -> Result<(), Ending> {
        let patience = self.caller.service.limits().send_timeout;
        match timeout(patience, self.socket.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(Ending::Silent(End::Gone)),
            Err(_) => Err(Close::new(End::Slow, code::TRY_AGAIN_LATER, SLOW).into()),
        }
    }
}

/// Who a client says that it is.
async fn identify(caller: &Caller, authorization: &str) -> Result<Option<Arc<Identity>>, Close> {
    let mut headers = HeaderMap::new();
    let value = HeaderValue::from_str(authorization)
        .unwrap_or_else(|_| HeaderValue::from_static("unreadable"));
    headers.insert(header::AUTHORIZATION, value);
    caller
        .identify(&headers)
        .await
        .map_err(|problem| refused(&problem))
}

/// How a connection ends whose client may not be here.
fn refused(problem: &Problem) -> Close {
    let message = &problem.errors[0].message;
    let code = match problem.status {
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => code::TRY_AGAIN_LATER,
        _ => code::FORBIDDEN,
    };
    Close::new(End::Refused, code, format!("Forbidden: {message}"))
}

async fn until_expired(identity: Option<Arc<Identity>>) {
    expired(identity.as_deref()).await;
}

fn same(one: Option<&Arc<Identity>>, other: Option<&Arc<Identity>>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => Arc::ptr_eq(one, other),
        (None, None) => true,
        _ => false,
    }
}
