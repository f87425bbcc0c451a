//! Clients of subscriptions: a WebSocket that speaks `graphql-transport-ws`, and a stream of server-sent events.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use reqwest::{RequestBuilder, Response, StatusCode, header};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::{
    Error, Message,
    client::IntoClientRequest as _,
    http::{HeaderName, HeaderValue},
};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::server::Server;
use crate::tokens;

/// How long a message may take that has to come.
const PATIENCE: Duration = Duration::from_mins(1);

/// A WebSocket to a server.
#[derive(Debug)]
pub struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

/// How a handshake is made.
#[derive(Clone, Debug)]
#[must_use]
pub struct Handshake {
    address: String,
    headers: Vec<(String, String)>,
    protocol: Option<String>,
}

impl Handshake {
    /// With this server, without a token.
    pub fn with(server: &Server) -> Self {
        Self {
            address: server.url("/graphql").replacen("http", "ws", 1),
            headers: Vec::new(),
            protocol: Some("graphql-transport-ws".to_owned()),
        }
    }

    /// Adds an HTTP header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Names another subprotocol, or none.
    pub fn protocol(mut self, protocol: Option<&str>) -> Self {
        self.protocol = protocol.map(str::to_owned);
        self
    }

    /// Makes it.
    ///
    /// # Errors
    /// The status with which the server refuses.
    pub async fn make(self) -> Result<Socket, StatusCode> {
        let mut request = self.address.into_client_request().expect("an address");
        let protocol = self
            .protocol
            .map(|name| ("sec-websocket-protocol".to_owned(), name));
        for (name, value) in self.headers.into_iter().chain(protocol) {
            request.headers_mut().insert(
                HeaderName::try_from(name).expect("a name"),
                HeaderValue::try_from(value).expect("a value"),
            );
        }
        match connect_async(request).await {
            Ok((socket, _)) => Ok(Socket(socket)),
            Err(Error::Http(response)) => Err(response.status()),
            Err(error) => panic!("no WebSocket: {error}"),
        }
    }
}

impl Socket {
    /// Connects, and says that it may do everything.
    pub async fn open(server: &Server) -> Self {
        Self::open_as(server, tokens::everything()).await
    }

    /// Connects, and says by this token who it is.
    pub async fn open_as(server: &Server, token: &str) -> Self {
        let mut socket = Handshake::with(server).make().await.expect("a WebSocket");
        let payload = json!({"Authorization": format!("Bearer {token}")});
        socket
            .send(json!({"type": "connection_init", "payload": payload}))
            .await;
        assert_eq!(socket.next().await, Ok(json!({"type": "connection_ack"})));
        socket
    }

    /// Sends a message.
    pub async fn send(&mut self, message: Value) {
        self.send_text(&message.to_string()).await;
    }

    /// Sends any text.
    pub async fn send_text(&mut self, text: &str) {
        // Where the server has closed the connection, what it sent last says why.
        drop(self.0.send(Message::text(text)).await);
    }

    /// Sends bytes.
    pub async fn send_bytes(&mut self, bytes: &[u8]) {
        drop(self.0.send(Message::binary(bytes.to_vec())).await);
    }

    /// Runs an operation.
    pub async fn subscribe(&mut self, id: &str, document: &str, variables: Value) {
        let payload = json!({"query": document, "variables": variables});
        self.send(json!({"type": "subscribe", "id": id, "payload": payload}))
            .await;
    }

    /// The next message.
    ///
    /// # Errors
    /// The code and the reason with which the server closes the connection; 1006 where it is just gone.
    pub async fn next(&mut self) -> Result<Value, (u16, String)> {
        let next = timeout(PATIENCE, self.take()).await;
        next.unwrap_or_else(|_| panic!("no message came within {PATIENCE:?}"))
    }

    /// The next message, if one comes within this time.
    pub async fn next_within(&mut self, time: Duration) -> Option<Result<Value, (u16, String)>> {
        timeout(time, self.take()).await.ok()
    }

    async fn take(&mut self) -> Result<Value, (u16, String)> {
        loop {
            match self.0.next().await {
                Some(Ok(Message::Text(text))) => {
                    return Ok(serde_json::from_str(&text).expect("messages are JSON"));
                }
                Some(Ok(Message::Close(Some(frame)))) => {
                    return Err((frame.code.into(), frame.reason.to_string()));
                }
                Some(Ok(Message::Close(None))) => return Err((1005, String::new())),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Err((1006, String::new())),
            }
        }
    }

    /// The data of the next answer of this operation.
    pub async fn data(&mut self, id: &str) -> Value {
        let message = self.next().await.expect("a message");
        assert_eq!(message["type"], "next", "{message}");
        assert_eq!(message["id"], id, "{message}");
        assert_eq!(message["payload"]["errors"], Value::Null, "{message}");
        message["payload"]["data"].clone()
    }

    /// The code and the reason with which the server closes the connection, whatever it says before.
    pub async fn closed(&mut self) -> (u16, String) {
        loop {
            if let Err(closed) = self.next().await {
                return closed;
            }
        }
    }
}

/// A stream of server-sent events.
#[derive(Debug)]
pub struct Events {
    response: Response,
    text: String,
}

/// One event: its name and its data.
pub type Event = (String, Value);

impl Events {
    /// Runs an operation and is answered by events.
    pub async fn open(server: &Server, document: &str, variables: Value) -> Self {
        Self::open_as(server, tokens::everything(), document, variables).await
    }

    /// Runs an operation with this token and is answered by events.
    pub async fn open_as(server: &Server, token: &str, document: &str, variables: Value) -> Self {
        let body = json!({"query": document, "variables": variables});
        let request = server
            .http()
            .post(server.url("/graphql"))
            .bearer_auth(token)
            .json(&body);
        let events = Self::send(request).await;
        assert_eq!(events.response.status(), StatusCode::OK);
        events
    }

    /// Sends a request and takes the answer's events.
    pub async fn send(request: RequestBuilder) -> Self {
        let request = request.header(header::ACCEPT, "text/event-stream");
        request.send().await.expect("an answer").into()
    }

    /// The answer's head.
    pub fn response(&self) -> &Response {
        &self.response
    }

    /// The next event; none where the stream has ended.
    pub async fn next(&mut self) -> Option<Event> {
        let next = timeout(PATIENCE, self.take()).await;
        next.unwrap_or_else(|_| panic!("no event came within {PATIENCE:?}"))
    }

    /// The data of the next answer.
    pub async fn data(&mut self) -> Value {
        let (name, answer) = self.next().await.expect("an event");
        assert_eq!(name, "next", "{answer}");
        assert_eq!(answer["errors"], Value::Null, "{answer}");
        answer["data"].clone()
    }

    async fn take(&mut self) -> Option<Event> {
        loop {
            while let Some((event, rest)) = self.text.split_once("\n\n") {
                let event = parse(event);
                self.text = rest.into();
                if event.is_some() {
                    return event;
                }
            }
            // A server that is killed just ends the stream.
            let part = self.response.chunk().await.ok().flatten()?;
            self.text
                .push_str(std::str::from_utf8(&part).expect("answers here are ASCII"));
        }
    }
}

impl From<Response> for Events {
    /// The events of an answer.
    fn from(response: Response) -> Self {
        Self {
            response,
            text: String::new(),
        }
    }
}

/// An event, unless it is only a comment.
fn parse(text: &str) -> Option<Event> {
    let (mut name, mut data) = (None, String::new());
    for line in text.lines() {
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => name = Some(value.to_owned()),
            "data" => data.push_str(value),
            _ => {}
        }
    }
    let data = match data.as_str() {
        "" => Value::Null,
        data => serde_json::from_str(data).expect("data is JSON"),
    };
    Some((name?, data))
}
