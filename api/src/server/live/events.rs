//! Server-sent events, in the "distinct connections mode" of
//! <https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md>: each request has a stream of its own.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use async_graphql::ServerError;
use axum::body::{Body, Bytes};
use futures_util::stream::{self, BoxStream, StreamExt};
use tokio::{
    sync::mpsc,
    time::{MissedTickBehavior, interval, timeout},
};

use super::sessions::{EXPIRED, End, SLOW, STOPPING, Session, expired};
use crate::{
    server::graphql::{Caller, Problem, Step, error_body},
    shared::error_code::ErrorCode,
};

/// How often a client is sent something, so that whatever is between it and the server keeps the connection.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// How many events wait for the client to take them.
const WAITING: usize = 4;
/// What says nothing.
const COMMENT: &[u8] = b":\n\n";
/// The last event of every stream.
const COMPLETE: &[u8] = b"event: complete\ndata:\n\n";

/// The stream of what has one answer.
pub(crate) fn once(answer: &[u8]) -> Vec<u8> {
    let mut events = next(answer);
    events.extend_from_slice(COMPLETE);
    events
}

fn next(answer: &[u8]) -> Vec<u8> {
    // JSON as it is written here has no line breaks.
    [b"event: next\ndata: ", answer, b"\n\n"].concat()
}

/// The stream of a subscription. It ends with its events, when the client goes away or takes them too slowly, with the client's
/// token, and when the server stops; the last event says why.
pub(crate) fn stream(caller: Caller, steps: BoxStream<'static, Step>, session: Session) -> Body {
    let (sender, receiver) = mpsc::channel(WAITING);
    let last_words = Arc::new(OnceLock::new());
    let pump = Pump {
        caller,
        session,
        sender,
        last_words: Arc::clone(&last_words),
    };
    tokio::spawn(pump.run(steps));
    let parts = stream::unfold(Some(receiver), move |receiver| {
        let last_words = Arc::clone(&last_words);
        async move {
            let mut receiver: mpsc::Receiver<Bytes> = receiver?;
            match receiver.recv().await {
                Some(part) => Some((part, Some(receiver))),
                None => Some((last_words.get().cloned()?, None)),
            }
        }
    });
    Body::from_stream(parts.map(Ok::<Bytes, std::convert::Infallible>))
}

/// What brings events to a client, at the client's pace.
struct Pump {
    caller: Caller,
    session: Session,
    sender: mpsc::Sender<Bytes>,
    /// What the client finds after what it has not taken yet.
    last_words: Arc<OnceLock<Bytes>>,
}

impl Pump {
    async fn run(mut self, steps: BoxStream<'static, Step>) {
        let subscribed = self.session.subscribing().begin();
        let (end, errors) = self.pump(steps).await;
        let mut words = Vec::new();
        if let Some(errors) = errors {
            words.extend(next(&error_body(&errors)));
        }
        words.extend_from_slice(COMPLETE);
        // Set once, here.
        drop(self.last_words.set(words.into()));
        drop(subscribed);
        self.session.ends(end);
    }

    async fn pump(&self, mut steps: BoxStream<'static, Step>) -> (End, Option<Vec<ServerError>>) {
        let mut keep_alive = interval(KEEP_ALIVE);
        keep_alive.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let identity = self.caller.identity.clone();
        let expiry = expired(identity.as_deref());
        tokio::pin!(expiry);
        loop {
            let part = tokio::select! {
                step = steps.next() => match step {
                    Some(Step::Next(answer)) => {
                        self.session.answered();
                        next(&answer)
                    }
                    Some(Step::Failed(errors)) => return (End::Failed, Some(errors)),
                    None => return (End::Complete, None),
                },
                // At once at first: the client hears that the stream has begun.
                _ = keep_alive.tick() => COMMENT.to_vec(),
                () = &mut expiry => return self.because(End::Expired, ErrorCode::Unauthenticated, EXPIRED),
                () = self.session.server_stops() => return self.because(End::Shutdown, ErrorCode::Unavailable, STOPPING),
                () = self.sender.closed() => return (End::Gone, None),
            };
            let patience = self.caller.service.limits().send_timeout;
            match timeout(patience, self.sender.send(part.into())).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) => return (End::Gone, None),
                Err(_) => return self.because(End::Slow, ErrorCode::RateLimited, SLOW),
            }
        }
    }

    fn because(&self, end: End, code: ErrorCode, message: &str) -> (End, Option<Vec<ServerError>>) {
        let problem = Problem::bad_request(code, message);
        (end, Some(self.caller.signed(problem)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_answer_is_one_event_and_the_end() {
        let events = String::from_utf8(once(b"{\"data\":null}"));
        assert_eq!(
            events.as_deref(),
            Ok("event: next\ndata: {\"data\":null}\n\nevent: complete\ndata:\n\n")
        );
    }
}
