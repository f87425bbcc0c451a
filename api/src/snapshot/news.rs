//! What this process has committed and others have not heard of yet.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

/// How long to wait for more of it.
const PAUSE: Duration = Duration::from_millis(15);

/// That something was committed. Work is written by the thousand, so it is told of many commits at once.
#[derive(Debug, Default)]
pub(super) struct News {
    told: Notify,
    /// When what has been heard is passed on. It outlives the future that heard it.
    due: Mutex<Option<Instant>>,
}

impl News {
    /// Tells that something was committed.
    pub(super) fn tell(&self) {
        self.told.notify_one();
    }

    /// Waits until something was committed, and a little for more of it. May be given up at any time: whoever asks again
    /// hears of it when it was due.
    pub(super) async fn gather(&self) {
        let due = self.due();
        let due = if let Some(due) = due {
            due
        } else {
            self.told.notified().await;
            let due = Instant::now() + PAUSE;
            self.set_due(Some(due));
            due
        };
        sleep_until(due).await;
        self.set_due(None);
    }

    fn due(&self) -> Option<Instant> {
        *self.due.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set_due(&self, due: Option<Instant>) {
        *self.due.lock().unwrap_or_else(PoisonError::into_inner) = due;
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use tokio::time::timeout;

    use super::*;

    const LONG: Duration = Duration::from_secs(10);

    #[tokio::test]
    async fn what_was_heard_is_passed_on_by_whoever_asks_again() {
        let news = News::default();
        news.tell();
        for _ in 0..3 {
            let heard = news.gather().now_or_never();
            assert_eq!(heard, None, "more of it may come");
        }
        let heard = timeout(LONG, news.gather()).await;
        assert_eq!(heard, Ok(()), "it was heard before the future was given up");
        assert_eq!(news.gather().now_or_never(), None, "it is told once");
        assert_eq!(news.due(), None);
    }

    #[tokio::test]
    async fn many_commits_are_told_of_at_once() {
        let news = News::default();
        for _ in 0..100 {
            news.tell();
        }
        assert_eq!(timeout(LONG, news.gather()).await, Ok(()));
        assert_eq!(news.gather().now_or_never(), None);
    }
}
