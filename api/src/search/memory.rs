//! Remembers searches that found nothing: off the path of the search, some at a time.

use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use sea_orm::DatabaseConnection;

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
        for text in texts {
            if self.certain.len() < MAX_WAITING || self.certain.contains_key(&text) {
                let (count, last) = self.certain.entry(text).or_insert((0, at));
                *count += 1;
                *last = at;
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

    /// Writes what is certain, now and then, until the future is dropped.
    pub(super) async fn keep_writing(&self, database: &DatabaseConnection) {
        loop {
            tokio::time::sleep(PAUSE).await;
            let misses = {
                let mut waiting = self.waiting();
                let due = waiting.fragments.due(Instant::now());
                waiting.count(due);
                std::mem::take(&mut waiting.certain)
            };
            self.write(database, misses).await;
        }
    }

    /// Writes all there is, certain or not.
    pub(super) async fn write_all(&self, database: &DatabaseConnection) {
        let misses = {
            let mut waiting = self.waiting();
            let held = waiting.fragments.all();
            waiting.count(held);
            std::mem::take(&mut waiting.certain)
        };
        self.write(database, misses).await;
    }

    async fn write(&self, database: &DatabaseConnection, misses: Misses) {
        if misses.is_empty() {
            return;
        }
        if let Err(error) = store::remember(database, &misses).await {
            tracing::warn!(%error, texts = misses.len(), "can't remember what was searched for in vain; trying again");
            let mut waiting = self.waiting();
            for (text, (count, last)) in misses {
                let known = waiting.certain.entry(text).or_insert((0, last));
                known.0 += count;
            }
        }
    }

    /// Nothing that is done while it is held can fail half way.
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
