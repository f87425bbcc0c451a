//! A receiver of webhooks that does what it is told, and checks signatures in its own way.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::Value;
use sha2::Sha256;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::support::eventually;

/// What a receiver does with an event.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Mood {
    /// Takes it.
    Glad,
    /// Answers this status.
    Says(u16),
    /// Answers this status to so many, and takes what comes after.
    SaysTo(usize, u16),
    /// Sends it on to itself.
    Redirects,
    /// Takes this long.
    Dawdles(Duration),
    /// Takes it, after this long.
    IsSlow(Duration),
}

/// An event as it came.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// Whether the receiver said that it has it.
    pub(crate) taken: bool,
}

impl Received {
    pub(crate) fn event(&self) -> Value {
        serde_json::from_slice(&self.body).expect("an event is JSON")
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().expect("a header of text")
    }

    /// Whether one of its signatures is made with this secret.
    pub(crate) fn is_signed_with(&self, secret: &str) -> bool {
        let key = secret.strip_prefix("whsec_").expect("a secret");
        let key = STANDARD.decode(key).expect("a secret in base64");
        let (id, timestamp) = (self.header("webhook-id"), self.header("webhook-timestamp"));
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("any key will do");
        mac.update(id.as_bytes());
        mac.update(b".");
        mac.update(timestamp.as_bytes());
        mac.update(b".");
        mac.update(&self.body);
        let expected = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
        let mut signatures = self.header("webhook-signature").split(' ');
        signatures.any(|signature| signature == expected)
    }
}

/// A receiver; it ends when it is dropped.
pub(crate) struct Receiver {
    address: SocketAddr,
    state: Arc<Mutex<Inner>>,
    task: JoinHandle<()>,
}

struct Inner {
    mood: Mood,
    received: Vec<Received>,
}

impl Receiver {
    pub(crate) async fn start(mood: Mood) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let state = Arc::new(Mutex::new(Inner {
            mood,
            received: Vec::new(),
        }));
        let router = Router::new()
            .route("/", post(receive))
            .with_state(Arc::clone(&state));
        let task = tokio::spawn(async move {
            axum::serve(listener, router).await.expect("it serves");
        });
        Self {
            address,
            state,
            task,
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    pub(crate) fn becomes(&self, mood: Mood) {
        self.lock().mood = mood;
    }

    /// Everything that came.
    pub(crate) fn received(&self) -> Vec<Received> {
        self.lock().received.clone()
    }

    /// What was taken of it.
    pub(crate) fn taken(&self) -> Vec<Received> {
        let mut received = self.received();
        received.retain(|it| it.taken);
        received
    }

    /// Waits until at least so many were taken.
    pub(crate) async fn takes(&self, count: usize) -> Vec<Received> {
        eventually(&format!("{count} events are taken"), async || {
            let taken = self.taken();
            (taken.len() >= count).then_some(taken)
        })
        .await
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn receive(
    State(state): State<Arc<Mutex<Inner>>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let mood = {
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        let mood = match state.mood {
            Mood::SaysTo(0, _) => Mood::Glad,
            Mood::SaysTo(left, status) => {
                state.mood = Mood::SaysTo(left - 1, status);
                Mood::Says(status)
            }
            mood => mood,
        };
        state.received.push(Received {
            headers,
            body,
            taken: matches!(mood, Mood::Glad | Mood::IsSlow(_)),
        });
        mood
    };
    match mood {
        Mood::Glad | Mood::SaysTo(..) => StatusCode::NO_CONTENT.into_response(),
        Mood::Says(status) => StatusCode::from_u16(status)
            .expect("a status")
            .into_response(),
        Mood::Redirects => (StatusCode::FOUND, [(header::LOCATION, "/")]).into_response(),
        Mood::Dawdles(time) | Mood::IsSlow(time) => {
            sleep(time).await;
            StatusCode::OK.into_response()
        }
    }
}
