//! What goes on over a connection, and when that was.

use std::{
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::body::{Body, Bytes};
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use tokio::time::{Instant, sleep_until};

/// What goes on over one connection.
pub(super) struct Activity {
    /// How long nothing may go on.
    patience: Duration,
    state: Mutex<State>,
}

struct State {
    /// How many answers are being made.
    answering: usize,
    /// When something happened last.
    since: Instant,
}

impl Activity {
    pub(super) fn new(patience: Duration) -> Self {
        Self {
            patience,
            state: Mutex::new(State {
                answering: 0,
                since: Instant::now(),
            }),
        }
    }

    /// A request has come; its answer is being made until the result is dropped.
    pub(super) fn begin(self: &Arc<Self>) -> Answering {
        self.note(|state| state.answering += 1);
        Answering(Arc::clone(self))
    }

    /// Waits until nothing has gone on for too long.
    pub(super) async fn ended(&self) {
        loop {
            let end = self.end();
            if end <= Instant::now() {
                return;
            }
            sleep_until(end).await;
        }
    }

    /// When it ends unless something happens until then.
    fn end(&self) -> Instant {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let since = match state.answering {
            0 => state.since,
            _ => Instant::now(),
        };
        since + self.patience
    }

    fn note(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut state);
        state.since = Instant::now();
    }
}

/// An answer that is being made.
pub(super) struct Answering(Arc<Activity>);

impl Drop for Answering {
    fn drop(&mut self) {
        self.0.note(|state| state.answering -= 1);
    }
}

/// An answer's body. It is activity when a part of it is taken, which the client's reading makes room for.
pub(super) struct Watched {
    body: Body,
    activity: Arc<Activity>,
}

impl Watched {
    pub(super) fn new(body: Body, activity: Arc<Activity>) -> Self {
        Self { body, activity }
    }
}

impl HttpBody for Watched {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        self.activity.note(|_| {});
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
