//! An answer that waits until a test lets it go.

use std::sync::Arc;

use axum::{Router, routing::get};
use tokio::sync::Notify;

/// What holds back the answers of `/slow`.
#[derive(Default)]
pub(super) struct Slow {
    /// A request has come in and waits.
    pub(super) waiting: Arc<Notify>,
    /// Lets the request that waits go on.
    pub(super) release: Arc<Notify>,
}

impl Slow {
    pub(super) fn router(&self) -> Router {
        let (tell, wait) = (Arc::clone(&self.waiting), Arc::clone(&self.release));
        let slow = async move || {
            tell.notify_one();
            wait.notified().await;
            "done"
        };
        Router::new().route("/slow", get(slow))
    }
}
