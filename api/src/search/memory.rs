//! Remembers searches that found nothing: off the path of the search, some at a time.

use std::hash::{BuildHasher, RandomState};
use std::pin::pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use sea_orm::DatabaseConnection;
use tokio::time::timeout;

use super::missed::{Fragments, Searcher};
use super::store::{self, Misses};
use crate::shared::write::now;

/// How often what was missed is written.
const PAUSE: Duration = Duration::from_secs(1);
/// How many different texts wait to be written at most; what is missed beyond that is not remembered.
const MAX_WAITING: usize = 5_000;

/// Searches that found nothing and are not written yet.
#[derive(Debug, Default)]
pub(super) struct Missed {
    /// With a key of its own, so that the hashes of two processes, or of one before and after, say nothing of each other.
    hasher: RandomState,
    waiting: Mutex<Waiting>,
}

#[derive(Debug, Default)]
struct Waiting {
    fragments: Fragments,
    certain: Misses,
}

impl Waiting {
    fn count(&mut self, texts: Vec<String>) {
        let at = now().as_microsecond();
        self.add(texts.into_iter().map(|text| (text, (1, at))));
    }

    fn add(&mut self, misses: impl IntoIterator<Item = (String, (i64, i64))>) {
        for (text, (count, at)) in misses {
            if self.certain.len() < MAX_WAITING || self.certain.contains_key(&text) {
                let (known, last) = self.certain.entry(text).or_insert((0, at));
                *known += count;
                *last = at.max(*last);
            }
        }
    }
}

impl Missed {
    /// Takes note of a search of somebody with this subject, and of whether it found anything.
    pub(super) fn note(&self, subject: Option<&str>, text: &str, is_missed: bool) {
        let searcher: Searcher = self.hasher.hash_one(subject);
        let mut waiting = self.waiting();
        let certain = waiting
            .fragments
            .note(searcher, text, is_missed, Instant::now());
        waiting.count(certain);
    }

    /// Writes what is certain, now and then, until `stop`, and then all there is. What is being written is not given up.
    pub(super) async fn keep_writing(
        &self,
        database: &DatabaseConnection,
        stop: impl Future<Output = ()>,
    ) {
        let mut stop = pin!(stop);
        let mut is_over = false;
        while !is_over {
            is_over = timeout(PAUSE, &mut stop).await.is_ok();
            let misses = {
                let mut waiting = self.waiting();
                let texts = if is_over {
                    waiting.fragments.all()
                } else {
                    waiting.fragments.due(Instant::now())
                };
                waiting.count(texts);
                std::mem::take(&mut waiting.certain)
            };
            self.write(database, misses).await;
        }
    }

    async fn write(&self, database: &DatabaseConnection, misses: Misses) {
        if misses.is_empty() {
            return;
        }
        if let Err(error) = store::remember(database, &misses).await {
            tracing::warn!(%error, texts = misses.len(), "can't remember what was searched for in vain; trying again");
            self.waiting().add(misses);
        }
    }

    /// Nothing that is done while it is held can fail half way.
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn misses(count: usize, name: &str) -> Misses {
        let texts = (0..count).map(|number| format!("{name} {number}"));
        texts.map(|text| (text, (2, 7))).collect()
    }

    #[test]
    fn no_more_wait_than_may_however_often_they_cannot_be_written() {
        let mut waiting = Waiting::default();
        for turn in 0..3 {
            waiting.count(
                (0..4_000)
                    .map(|text| format!("new {turn} {text}"))
                    .collect(),
            );
            let failed = std::mem::take(&mut waiting.certain);
            waiting.add(misses(4_000, "meanwhile"));
            waiting.add(failed);
            assert!(waiting.certain.len() <= MAX_WAITING);
        }
    }

    #[test]
    fn what_could_not_be_written_is_added_to_what_has_come_since() {
        let mut waiting = Waiting::default();
        waiting.add([("fax".to_owned(), (1, 9))]);
        waiting.add([("fax".to_owned(), (2, 5)), ("pager".to_owned(), (1, 3))]);
        let expected = [("fax", (3, 9)), ("pager", (1, 3))];
        let expected = expected.map(|(text, miss)| (text.to_owned(), miss));
        assert_eq!(waiting.certain, Misses::from(expected));
    }
}
