//! The newest snapshot of this process, and what brings it up to date.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use arc_swap::{ArcSwap, Guard};
use sea_orm::DbErr;
use tokio::sync::{Mutex, watch};
use tokio::time::timeout;

use super::catalog::Catalog;
use super::news::News;
use super::reading::{read_all, read_changes};
use crate::shared::database::Database;
use crate::shared::dialect;
use crate::shared::subject::SubjectRef;
use crate::slas::clocks::calendars::CalendarContents;

/// Why a snapshot could not be brought up to date.
#[derive(Debug, thiserror::Error)]
pub enum ReplicaError {
    /// The database refused or could not be reached.
    #[error("the database can't be read")]
    Database(#[from] DbErr),
    /// The feed names a type that this version does not know.
    #[error(
        "the change feed names the unknown type `{0}`: this is an older version of Kundig than the one that wrote it"
    )]
    UnknownType(String),
}

/// A process's copy of the catalog. Cheap to clone; all clones are the same copy.
#[derive(Clone, Debug)]
pub struct Replica {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    database: Database,
    published: ArcSwap<Catalog>,
    /// Held while the next snapshot is made: there is one line of them.
    making: Mutex<()>,
    /// How many rounds have begun.
    rounds: AtomicU64,
    /// The number of the last round that succeeded.
    succeeded: watch::Sender<u64>,
    /// Held by the one who looks at the database for all who wait for a change.
    looking: Mutex<()>,
    following: AtomicBool,
    /// Told when this process has committed what is not in the snapshot.
    news: News,
    /// Calendars that clocks go by, compiled.
    calendars: CalendarContents,
    /// What has changed since somebody took it.
    touched: Touched,
}

/// What has changed, as far as somebody wants to know: none before the first has asked.
type Touched = std::sync::Mutex<Option<BTreeSet<SubjectRef>>>;

impl Replica {
    /// Reads the whole catalog, as the database is at one moment.
    pub async fn open(database: Database) -> Result<Self, ReplicaError> {
        let transaction = dialect::begin_snapshot(&database.follow).await?;
        let catalog = read_all(&transaction).await?;
        transaction.commit().await?;
        Ok(Self {
            shared: Arc::new(Shared {
                database,
                published: ArcSwap::from_pointee(catalog),
                making: Mutex::new(()),
                rounds: AtomicU64::new(0),
                succeeded: watch::Sender::new(0),
                looking: Mutex::new(()),
                following: AtomicBool::new(false),
                news: News::default(),
                calendars: CalendarContents::default(),
                touched: Touched::default(),
            }),
        })
    }

    /// The newest snapshot.
    pub fn current(&self) -> Arc<Catalog> {
        self.shared.published.load_full()
    }

    /// The newest snapshot, for a short look.
    pub fn peek(&self) -> Guard<Arc<Catalog>> {
        self.shared.published.load()
    }

    /// The database that it follows.
    pub fn database(&self) -> &Database {
        &self.shared.database
    }

    /// Calendars as they stood when clocks started, as far as this process has met them.
    pub fn calendars(&self) -> &CalendarContents {
        &self.shared.calendars
    }

    /// Whether it follows the feed, so that its answers are up to date.
    pub fn is_ready(&self) -> bool {
        self.shared.following.load(Ordering::Relaxed)
    }

    /// The highest sequence that the newest snapshot contains.
    pub fn newest_sequence(&self) -> i64 {
        self.peek().position.newest()
    }

    /// What has changed since this was called last, and a snapshot that contains exactly that; nothing at the first time. For one
    /// listener.
    pub fn take_touched(&self) -> (BTreeSet<SubjectRef>, Arc<Catalog>) {
        let mut touched = self.touched();
        let taken = touched.replace(BTreeSet::new());
        (taken.unwrap_or_default(), self.current())
    }

    /// Held while a snapshot is published, so that what it changes is told with it.
    fn touched(&self) -> std::sync::MutexGuard<'_, Option<BTreeSet<SubjectRef>>> {
        let touched = self.shared.touched.lock();
        touched.unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Hears of each round in which the snapshot was brought up to date.
    pub fn rounds(&self) -> watch::Receiver<u64> {
        self.shared.succeeded.subscribe()
    }

    /// A snapshot of what the database holds now, or later. Callers that wait together share the work: a round that began
    /// after a caller came will do for it.
    pub async fn catch_up(&self) -> Result<Arc<Catalog>, ReplicaError> {
        let begun_before = self.shared.rounds.load(Ordering::SeqCst);
        let _turn = self.shared.making.lock().await;
        if *self.shared.succeeded.borrow() > begun_before {
            return Ok(self.current());
        }
        let round = self.shared.rounds.fetch_add(1, Ordering::SeqCst) + 1;
        let catalog = self.make_next().await?;
        self.shared.succeeded.send_replace(round);
        Ok(catalog)
    }

    /// A snapshot that contains this committed change of this process.
    pub async fn containing(&self, sequence: i64) -> Result<Arc<Catalog>, ReplicaError> {
        let current = self.current();
        if current.position.contains(sequence) {
            return Ok(current);
        }
        self.catch_up().await
    }

    /// Waits until the snapshot contains everything that a replica knew whose newest change was this one. The caller
    /// bounds the wait.
    ///
    /// The first look at the database finds what has been committed where this replica reads. What is not there yet comes
    /// with the follower's rounds, and with those that one of the waiting asks for on behalf of all.
    pub async fn wait_for(&self, sequence: i64) {
        if self.peek().position.complete_to() >= sequence {
            return;
        }
        let mut succeeded = self.shared.succeeded.subscribe();
        let begun_before = self.shared.rounds.load(Ordering::SeqCst);
        if let Err(error) = self.catch_up().await {
            tracing::warn!(%error, "can't catch up");
        }
        loop {
            // The change itself may be here already while one below it, committed since, is not: only a look at the
            // database from now on tells.
            let has_looked = *succeeded.borrow_and_update() > begun_before;
            let is_there = {
                let position = &self.peek().position;
                sequence <= position.complete_to() || has_looked && position.contains(sequence)
            };
            if is_there {
                return;
            }
            tokio::select! {
                _ = succeeded.changed() => {}
                () = self.look_for_all() => {}
            }
        }
    }

    /// Looks at the database after a pause, once nobody else is about to.
    async fn look_for_all(&self) {
        const PAUSE: Duration = Duration::from_millis(50);
        let _turn = self.shared.looking.lock().await;
        tokio::time::sleep(PAUSE).await;
        if let Err(error) = self.catch_up().await {
            tracing::warn!(%error, "can't catch up");
        }
    }

    /// Lets followers of the feed, in this process and in others, know soon that something was committed. Work is written
    /// by the thousand, so they hear of many commits at once.
    pub fn announce(&self) {
        self.shared.news.tell();
    }

    /// Keeps the snapshot up to date until the future is dropped: at once where the database tells of changes, else
    /// within `poll`.
    pub async fn follow(&self, poll: Duration) {
        /// How many polls pass before listening is tried again.
        const PATIENCE: u32 = 30;
        let mut listener = self.shared.database.listener().await;
        let mut polls = 0;
        loop {
            match self.catch_up().await {
                Ok(_) => self.shared.following.store(true, Ordering::Relaxed),
                Err(error) => {
                    self.shared.following.store(false, Ordering::Relaxed);
                    let error = &error as &dyn std::error::Error;
                    tracing::error!(error, "can't follow the change feed");
                }
            }
            let Some(heard) = &mut listener else {
                if timeout(poll, self.shared.news.gather()).await.is_err() {
                    polls += 1;
                }
                if polls % PATIENCE == 0 {
                    listener = self.shared.database.listener().await;
                }
                continue;
            };
            tokio::select! {
                heard = timeout(poll, heard.recv()) => {
                    if let Ok(Err(error)) = heard {
                        tracing::warn!(%error, "no longer hears of changes; polling");
                        listener = None;
                    }
                }
                () = self.shared.news.gather() => {
                    if let Err(error) = dialect::notify(&self.shared.database.write).await {
                        tracing::warn!(%error, "can't announce changes");
                    }
                }
            }
            // One look at the database answers all that was heard meanwhile.
            while listener
                .as_mut()
                .is_some_and(|heard| heard.next_buffered().is_some())
            {}
        }
    }

    /// Shows a catalog that no database holds.
    #[cfg(test)]
    pub(crate) fn publish(&self, catalog: Catalog) {
        self.shared.published.store(Arc::new(catalog));
        self.shared.following.store(true, Ordering::Relaxed);
    }

    async fn make_next(&self) -> Result<Arc<Catalog>, ReplicaError> {
        let now = self.current();
        let transaction = dialect::begin_snapshot(&self.shared.database.follow).await?;
        let next = read_changes(&transaction, &now).await?;
        transaction.commit().await?;
        let Some((catalog, changed)) = next else {
            return Ok(now);
        };
        let next = Arc::new(catalog);
        let mut touched = self.touched();
        self.shared.published.store(Arc::clone(&next));
        if let Some(touched) = &mut *touched {
            touched.extend(changed);
        }
        Ok(next)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use std::time::Instant;

    use tokio::task::JoinSet;
    use uuid::Uuid;

    use super::*;
    use crate::auth::Viewer;
    use crate::catalog::customers::rules::Customer;
    use crate::server::metrics::Metrics;
    use crate::shared::edit::Editable as _;
    use crate::shared::ids::Id;
    use crate::shared::record::Header;
    use crate::shared::request::RequestCatalog;
    use crate::snapshot::FeedPosition;

    /// Longer than anything here takes.
    const LONG: Duration = Duration::from_mins(1);

    async fn replica() -> (tempfile::TempDir, Replica) {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}/catalog.db", folder.path().display());
        let metrics = Metrics::default();
        let database = Database::connect(&url, 2, metrics.statement_counts())
            .await
            .unwrap();
        database.migrate().await.unwrap();
        (folder, Replica::open(database).await.unwrap())
    }

    #[tokio::test]
    async fn what_is_younger_than_a_requests_catalog_is_shown_to_those_who_see_it() {
        let (_folder, replica) = replica().await;
        let request = |anonymous_read| {
            let current = replica.current();
            let viewer = Viewer::new(None, anonymous_read, &current);
            RequestCatalog::new(viewer, current, replica.clone())
        };
        let (reader, stranger) = (request(true), request(false));
        let header = Header::new(
            Uuid::now_v7(),
            "ward".to_owned(),
            "Ward".to_owned(),
            jiff::Timestamp::UNIX_EPOCH,
        );
        let id = Id::<Customer>::new(header.id);
        let mut next = Catalog::clone(&replica.current());
        next.put(Arc::new(Customer::blank(header)));
        replica.publish(next);
        assert!(reader.read().get(id).is_none());
        assert!(reader.younger(id).is_some());
        assert!(stranger.younger(id).is_none());
        stranger.reveal(&[id.any()]);
        assert!(
            stranger.read().get(id).is_some(),
            "as far as work refers to it"
        );
    }

    #[tokio::test]
    async fn any_number_of_waiting_requests_looks_at_the_database_as_often_as_one() {
        let (_folder, replica) = replica().await;
        let rounds = |replica: &Replica| replica.shared.rounds.load(Ordering::SeqCst);

        let mut waiting = JoinSet::new();
        for _ in 0..100 {
            let replica = replica.clone();
            waiting.spawn(async move { replica.wait_for(99).await });
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        // By now all have begun their first looks, of which those that are not over may take two rounds at once. Of those that
        // follow the first is on its way already, and each of the next begins 50 ms after another.
        let (start, after) = (Instant::now(), rounds(&replica) + 8);
        while rounds(&replica) < after {
            assert!(start.elapsed() < LONG, "nobody looks any more");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let took = start.elapsed();
        assert!(took >= Duration::from_millis(250), "8 looks in {took:?}");

        let mut catalog = Catalog::default();
        catalog.position = FeedPosition::up_to(99);
        replica.publish(catalog);
        timeout(LONG, waiting.join_all())
            .await
            .expect("all of them find what they waited for");
    }
}
