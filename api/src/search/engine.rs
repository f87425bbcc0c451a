//! The index of this process: built beside the start, kept up to date, and asked.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use futures_util::FutureExt;
use sea_orm::DbErr;
use strum::IntoEnumIterator;
use tokio::sync::{Semaphore, watch};
use tokio::task::{JoinError, spawn_blocking};
use tokio::time::timeout;
use uuid::Uuid;

use super::demands;
use super::documents::{Kind, document, documents};
use super::index::{Document, IndexError, TextIndex};
use super::matching::{Found, Hit, Page, Wanted};
use super::memory::Missed;
use super::rules;
use crate::shared::subject::{SubjectRef, WorkType};
use crate::snapshot::{Catalog, Replica};

/// How long a search waits for an index that is being built.
const BUILD_PATIENCE: Duration = Duration::from_secs(5);
/// How long a search waits for what its request knows already, and the index does not.
const NEWS_PATIENCE: Duration = Duration::from_secs(1);
/// How long to wait before what failed is tried again.
const PAUSE: Duration = Duration::from_secs(1);
/// How often the index can't be written before it is built anew.
const PATIENCE: u32 = 3;
/// How many searches run at once: each keeps a core busy.
const AT_ONCE: usize = 8;

/// Why a search has no answer.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// The index is still being built.
    #[error("the search index is being built; try again in a moment")]
    Building,
    /// The index can't be read.
    #[error("the search index can't be read")]
    Index(#[from] IndexError),
    /// The search did not come to its end.
    #[error("the search was broken off")]
    Broken(#[from] JoinError),
}

/// What keeps the index from being brought up to date.
#[derive(Debug, thiserror::Error)]
enum KeepError {
    #[error("demands can't be read")]
    Database(#[from] DbErr),
    #[error("the index can't be written")]
    Index(#[from] IndexError),
    #[error("the writing was broken off")]
    Broken(#[from] JoinError),
}

/// A process's full-text index. Cheap to clone; all clones are the same.
#[derive(Clone)]
pub struct Search {
    shared: Arc<Shared>,
}

struct Shared {
    replica: Replica,
    index: ArcSwapOption<TextIndex>,
    /// The newest snapshot that the index contains; none while it is being built. Not the newest change: one with a lower number
    /// may be committed after it.
    contains: watch::Sender<Option<u64>>,
    turns: Arc<Semaphore>,
    missed: Missed,
}

impl Search {
    /// An index of what this replica holds, still to be built.
    pub fn new(replica: Replica) -> Self {
        Self {
            shared: Arc::new(Shared {
                replica,
                index: ArcSwapOption::empty(),
                contains: watch::Sender::new(None),
                turns: Arc::new(Semaphore::new(AT_ONCE)),
                missed: Missed::default(),
            }),
        }
    }

    /// The replica that it is an index of.
    pub fn replica(&self) -> &Replica {
        &self.shared.replica
    }

    /// Builds the index and keeps it up to date, and remembers what was missed, until `stop`.
    pub async fn run(&self, stop: impl Future<Output = ()>) {
        let database = &self.shared.replica.database().job;
        let stop = stop.shared();
        let stopped = stop.clone();
        let keep = async {
            tokio::select! {
                () = self.keep() => {}
                () = stopped => {}
            }
        };
        tokio::join!(keep, self.shared.missed.keep_writing(database, stop));
    }

    /// Takes note of a search of somebody with this subject, and of whether it found anything.
    pub fn note(&self, subject: Option<&str>, text: &str, is_missed: bool) {
        self.shared.missed.note(subject, text, is_missed);
    }

    async fn keep(&self) {
        let mut rounds = self.shared.replica.rounds();
        self.build_in_the_end().await;
        while rounds.changed().await.is_ok() {
            let (touched, catalog) = self.shared.replica.take_touched();
            let mut broken = 0;
            while let Err(error) = self.update(&touched, &catalog).await {
                complain(&error, "can't update the search index; trying again");
                tokio::time::sleep(PAUSE).await;
                broken += u32::from(!matches!(error, KeepError::Database(_)));
                if broken == PATIENCE {
                    // A writer whose thread has ended stays as it is; another index has another one.
                    self.build_in_the_end().await;
                    break;
                }
            }
        }
    }

    async fn build_in_the_end(&self) {
        while let Err(error) = self.build().await {
            complain(&error, "can't build the search index; trying again");
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn build(&self) -> Result<(), KeepError> {
        // What changes from here on is told of, so what is read below may be newer and is never older.
        let (_, catalog) = self.shared.replica.take_touched();
        let generation = catalog.generation;
        let index = spawn_blocking(move || -> Result<TextIndex, IndexError> {
            let index = TextIndex::new()?;
            index.add_new(documents(&catalog))?;
            Ok(index)
        });
        let index = Arc::new(index.await??);
        let mut last = None;
        loop {
            let database = &self.shared.replica.database().follow;
            let page = demands::page(database, last).await?;
            let Some(end) = page.last() else {
                break;
            };
            last = Some(end.id);
            let index = Arc::clone(&index);
            spawn_blocking(move || index.add_new(page)).await??;
        }
        let shown = Arc::clone(&index);
        spawn_blocking(move || shown.show()).await??;
        tracing::info!(documents = index.len(), "the search index is built");
        self.shared.index.store(Some(index));
        self.shared.contains.send_replace(Some(generation));
        Ok(())
    }

    async fn update(
        &self,
        touched: &BTreeSet<SubjectRef>,
        catalog: &Arc<Catalog>,
    ) -> Result<(), KeepError> {
        let keys: Vec<Uuid> = touched.iter().filter_map(demand).collect();
        let mut found = demands::some(&self.shared.replica.database().follow, &keys).await?;
        let objects = touched.iter().filter_map(|subject| subject.object());
        found.extend(objects.filter_map(|object| document(catalog, object.kind, object.id)));
        if !touched.is_empty() {
            let gone = touched.iter().map(|subject| subject.id).collect();
            self.put(found, gone).await?;
        }
        self.shared.contains.send_replace(Some(catalog.generation));
        Ok(())
    }

    async fn put(&self, documents: Vec<Document>, gone: Vec<Uuid>) -> Result<(), KeepError> {
        let shared = Arc::clone(&self.shared);
        let put = spawn_blocking(move || match &*shared.index.load() {
            Some(index) => index.put(documents, gone),
            None => Ok(()),
        });
        Ok(put.await??)
    }

    /// A page of what matches. `generation` is that of the newest snapshot that whoever asks knows of. Waits for the index, and runs
    /// beside what else is answered.
    ///
    /// # Errors
    /// The index is not there yet, or can't be read.
    pub async fn find(
        &self,
        wanted: Wanted,
        page: Page,
        generation: u64,
    ) -> Result<Found, SearchError> {
        let search = move |index: &TextIndex| index.search(&wanted, page);
        self.ask(generation, search).await
    }

    /// The first page of what matches, and whether it is missed: whether nothing of the catalog would answer it, even for somebody who
    /// sees all of that.
    ///
    /// # Errors
    /// As for [`Self::find`].
    pub async fn find_or_miss(
        &self,
        wanted: Wanted,
        first: usize,
        generation: u64,
    ) -> Result<(Found, bool), SearchError> {
        let search = move |index: &TextIndex| {
            let found = index.search(&wanted, Page { after: None, first })?;
            let is_missed = is_missed(index, wanted, found.hits.first())?;
            Ok((found, is_missed))
        };
        self.ask(generation, search).await
    }

    /// Which of these texts the catalog has no answer to, whoever looks: the first ones, so many at most.
    ///
    /// # Errors
    /// The index is not there yet, or can't be read.
    pub async fn still_missed(
        &self,
        texts: Vec<String>,
        most: usize,
        generation: u64,
    ) -> Result<Vec<String>, SearchError> {
        let look = move |index: &TextIndex| {
            let mut missed = Vec::new();
            for text in texts {
                if missed.len() == most {
                    break;
                }
                let is_answered = match rules::query(&text) {
                    Ok(words) => index.finds(&of_catalog(Wanted::all(words)))?,
                    // What was remembered by other rules than today's.
                    Err(_) => false,
                };
                if !is_answered {
                    missed.push(text);
                }
            }
            Ok(missed)
        };
        self.ask(generation, look).await
    }

    /// Asks the index something, once it contains this snapshot.
    async fn ask<T: Send + 'static>(
        &self,
        generation: u64,
        question: impl FnOnce(&TextIndex) -> Result<T, IndexError> + Send + 'static,
    ) -> Result<T, SearchError> {
        self.wait_for(generation).await?;
        // It is never closed.
        let turn = Arc::clone(&self.shared.turns).acquire_owned().await;
        let shared = Arc::clone(&self.shared);
        let answer = spawn_blocking(move || {
            // Whoever asked may have gone, and a search goes on all the same.
            let _turn = turn;
            let index = shared.index.load_full().ok_or(SearchError::Building)?;
            Ok(question(&index)?)
        });
        answer.await?
    }

    async fn wait_for(&self, generation: u64) -> Result<(), SearchError> {
        let mut contains = self.shared.contains.subscribe();
        let built = timeout(BUILD_PATIENCE, contains.wait_for(Option::is_some));
        if !built.await.is_ok_and(|built| built.is_ok()) {
            return Err(SearchError::Building);
        }
        let knows = contains.wait_for(|newest| newest.is_some_and(|newest| newest >= generation));
        if timeout(NEWS_PATIENCE, knows).await.is_err() {
            tracing::warn!(
                generation,
                "the search index is late; answering without the newest changes"
            );
        }
        Ok(())
    }
}

/// Whether a search whose best match this is, is missed. What was found by a letter of a short word alone is no answer: `wlan` is no `plan`, and
/// whoever looks for the one needs it though there is the other.
fn is_missed(index: &TextIndex, wanted: Wanted, best: Option<&Hit>) -> Result<bool, IndexError> {
    if let Some(best) = best {
        let sure = Wanted {
            forgives_short: false,
            ..wanted.clone()
        };
        if !wanted.doubts(best.place) || index.finds(&sure)? {
            return Ok(false);
        }
    }
    Ok(!index.finds(&of_catalog(wanted))?)
}

/// The same, in all of the catalog and in nothing else. A demand that says it is no answer, but one more who misses it.
fn of_catalog(wanted: Wanted) -> Wanted {
    let kinds = Kind::iter().filter(|kind| *kind != Kind::Demand);
    Wanted {
        marks: Some(kinds.map(|kind| vec![kind.mark()]).collect()),
        forgives_short: false,
        ..wanted
    }
}

fn complain(error: &KeepError, message: &'static str) {
    let error: &dyn std::error::Error = error;
    tracing::error!(error, message);
}

/// The demand that a change is about.
fn demand(subject: &SubjectRef) -> Option<Uuid> {
    subject.as_work(WorkType::Demand)
}
