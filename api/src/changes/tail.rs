//! The end of the feed, read once for all who follow it.
//!
//! Each process reads new rows of the feed once, up to where nothing will be added any more, and hands them to its
//! followers. Where nobody follows nothing is read. A [`Follower`] remembers the sequence up to which it has everything, and
//! each batch says from where to where it is whole: so a follower that begins further back, that was too slow for the
//! bounded queue, or that a batch does not meet reads from the database what lies between, a page at a time. It never
//! misses a change and never sees one twice.

use std::sync::Arc;
use std::time::Duration;

use sea_orm::DbErr;
use tokio::sync::broadcast::{self, error::RecvError};

use super::store::{self, Change, ChangeFilter};
use crate::snapshot::{FeedPosition, Replica, ReplicaError};

/// How many changes are read at once.
const PAGE: u64 = 200;
/// How many batches wait for followers that are slow; they find older ones in the database.
const MAX_WAITING: usize = 64;
/// How long to wait for a transaction that keeps later changes back, at first and at most.
const PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// Everything that the feed holds after one sequence and up to another.
#[derive(Debug)]
struct Batch {
    after: i64,
    until: i64,
    changes: Vec<Arc<Change>>,
}

/// The end of the feed. Cheap to clone; all clones are the same.
#[derive(Clone, Debug)]
pub struct Tail {
    replica: Replica,
    batches: broadcast::Sender<Arc<Batch>>,
}

impl Tail {
    /// The end of the feed that this replica's snapshot follows.
    pub fn new(replica: Replica) -> Self {
        Self {
            replica,
            batches: broadcast::Sender::new(MAX_WAITING),
        }
    }

    /// The replica whose snapshot contains every change that followers get.
    pub fn replica(&self) -> &Replica {
        &self.replica
    }

    /// Reads what is new, whenever the snapshot has grown, until the future is dropped.
    pub async fn run(&self) {
        let mut rounds = self.replica.rounds();
        let mut passed_on = self.complete_to();
        let mut pause = PAUSE;
        loop {
            let until = self.complete_to();
            if until > passed_on {
                pause = PAUSE;
            }
            if let Err(error) = self.pass_on(&mut passed_on, until).await {
                let error: &dyn std::error::Error = &error;
                tracing::warn!(error, "can't read the end of the change feed; trying again");
            }
            // Nobody tells when a transaction ends that changed nothing here, and yet later changes may wait for it.
            let is_kept_back = self.replica.newest_sequence() > passed_on;
            if is_kept_back && self.is_followed() {
                tokio::time::sleep(pause).await;
                pause = LONGEST_PAUSE.min(pause * 2);
                if let Err(error) = self.replica.catch_up().await {
                    tracing::warn!(%error, "can't catch up");
                }
            } else if rounds.changed().await.is_err() {
                return;
            }
        }
    }

    /// Up to here the snapshot has everything, and nothing will be added any more.
    fn complete_to(&self) -> i64 {
        self.replica.peek().position.complete_to()
    }

    fn is_followed(&self) -> bool {
        self.batches.receiver_count() > 0
    }

    async fn pass_on(&self, passed_on: &mut i64, until: i64) -> Result<(), DbErr> {
        while *passed_on < until {
            if !self.is_followed() {
                *passed_on = until;
                return Ok(());
            }
            let (changes, reached) =
                page(&self.replica, &ChangeFilter::default(), (*passed_on, until)).await?;
            let batch = Batch {
                after: *passed_on,
                until: reached,
                changes,
            };
            // An error means that the last follower has just gone.
            drop(self.batches.send(Arc::new(batch)));
            *passed_on = reached;
        }
        Ok(())
    }

    /// Everything that a filter lets through after this sequence; where there is none, what is committed from now on.
    ///
    /// # Errors
    /// The database can't be read.
    pub async fn follow(
        &self,
        filter: ChangeFilter,
        after: Option<i64>,
    ) -> Result<Follower, ReplicaError> {
        // In this order: what is not in the queue any more is below what the snapshot is complete to now.
        let batches = self.batches.subscribe();
        let known = match after {
            Some(after) => FeedPosition::up_to(after),
            None => self.replica.catch_up().await?.position.clone(),
        };
        Ok(Follower {
            replica: self.replica.clone(),
            batches,
            filter,
            position: known.complete_to(),
            behind: self.complete_to(),
            next: None,
            known,
        })
    }
}

/// Somebody's place in the feed.
#[derive(Debug)]
pub struct Follower {
    replica: Replica,
    batches: broadcast::Receiver<Arc<Batch>>,
    filter: ChangeFilter,
    /// Up to here everything has been seen.
    position: i64,
    /// Up to here it has to be read from the database.
    behind: i64,
    /// A batch that begins there.
    next: Option<Arc<Batch>>,
    /// What came before, some of it perhaps beyond the place where it begins.
    known: FeedPosition,
}

impl Follower {
    /// The next changes, at least one; waits until there are some.
    ///
    /// # Errors
    /// The database can't be read. Asked again it goes on where it was.
    pub async fn next(&mut self) -> Result<Vec<Arc<Change>>, DbErr> {
        loop {
            let changes = if self.position < self.behind {
                self.read().await?
            } else {
                match self.next.take() {
                    Some(batch) => self.take(batch),
                    None => self.hear().await,
                }
            };
            if !changes.is_empty() {
                return Ok(changes);
            }
        }
    }

    async fn read(&mut self) -> Result<Vec<Arc<Change>>, DbErr> {
        let range = (self.position, self.behind);
        let (mut changes, reached) = page(&self.replica, &self.filter, range).await?;
        self.position = reached;
        changes.retain(|change| !self.known.contains(change.sequence));
        Ok(changes)
    }

    async fn hear(&mut self) -> Vec<Arc<Change>> {
        match self.batches.recv().await {
            Ok(batch) => self.take(batch),
            Err(RecvError::Lagged(_)) => {
                self.behind = self.replica.peek().position.complete_to();
                Vec::new()
            }
            // The process is about to end.
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }

    fn take(&mut self, batch: Arc<Batch>) -> Vec<Arc<Change>> {
        if batch.until <= self.position {
            return Vec::new();
        }
        if batch.after > self.position {
            self.behind = batch.after;
            self.next = Some(batch);
            return Vec::new();
        }
        let is_new = |change: &&Arc<Change>| {
            change.sequence > self.position && !self.known.contains(change.sequence)
        };
        let changes = batch.changes.iter().filter(is_new);
        let changes = changes
            .filter(|change| self.filter.lets_through(change))
            .cloned()
            .collect();
        self.position = batch.until;
        changes
    }
}

/// Changes of a range, and up to where they are all that there are.
async fn page(
    replica: &Replica,
    filter: &ChangeFilter,
    (after, until): (i64, i64),
) -> Result<(Vec<Arc<Change>>, i64), DbErr> {
    let changes = store::read(&replica.database().follow, filter, (after, until), PAGE).await?;
    let reached = match changes.last() {
        Some(last) if changes.len() as u64 == PAGE => last.sequence,
        _ => until,
    };
    Ok((changes.into_iter().map(Arc::new).collect(), reached))
}
