//! The one way in which work changes: what the database holds and the snapshot does not.
//!
//! As with the catalog, a step is planned on what was read before and committed only if that has not changed since, together
//! with its rows of the change feed. So of two writers one starts over, nobody holds a lock while planning, and in the feed
//! each thing's changes stand in the order of its versions.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::fmt::Display;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Instant;

use jiff::Timestamp;
use sea_orm::{DatabaseTransaction, DbErr, EntityName};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::dialect::{self, Insert, Versions};
use super::draft::ChangeKind;
use super::errors::UserErrors;
use super::ids::{Id, ObjectRef};
use super::store::{DamagedRow, Stored};
use super::subject::{SubjectRef, WorkType};
use super::write::{self, ATTEMPTS, Author, PATIENCE, Recorded, WriteError};
use crate::snapshot::{Catalog, Replica};

/// A transaction that changes work.
#[derive(Debug)]
pub struct WorkTransaction<'a> {
    transaction: DatabaseTransaction,
    replica: &'a Replica,
    author: &'a Author,
    at: Timestamp,
    first_sequence: Option<i64>,
    added: Vec<Insert>,
    recorded: Vec<Recorded>,
}

impl<'a> WorkTransaction<'a> {
    /// Begins it; all that it does happens at one instant.
    pub async fn begin(
        replica: &'a Replica,
        author: &'a Author,
        at: Timestamp,
    ) -> Result<Self, DbErr> {
        Ok(Self {
            transaction: dialect::begin_write(&replica.database().write).await?,
            replica,
            author,
            at,
            first_sequence: None,
            added: Vec::new(),
            recorded: Vec::new(),
        })
    }

    /// Where statements go.
    pub fn connection(&self) -> &DatabaseTransaction {
        &self.transaction
    }

    /// Whether these objects of the catalog are as they were in the snapshot that a plan was made on; they stay so until the commit.
    /// What a step newly refers to has to be asked for, as a snapshot may be behind. One statement for each.
    pub async fn guard(
        &self,
        seen: &Catalog,
        objects: impl IntoIterator<Item = ObjectRef>,
    ) -> Result<bool, DbErr> {
        write::are_unchanged(&self.transaction, seen, objects).await
    }

    /// Draws the next numbers of a kind, ascending.
    pub async fn next_numbers(&mut self, table: &str, count: usize) -> Result<Vec<i64>, DbErr> {
        let drawn = self.draw((table, count), &Versions::default()).await?;
        Ok(drawn.unwrap_or_default())
    }

    /// Draws them if these objects of the catalog are as they were in the snapshot that a plan was made on. It costs no journey to
    /// the database, and holds nobody up, as [`guard`](Self::guard) would: what changes from here on changes at the same time.
    pub async fn next_numbers_if_unchanged<T: Stored>(
        &mut self,
        numbers: (&str, usize),
        seen: &Catalog,
        objects: &HashSet<Id<T>>,
    ) -> Result<Option<Vec<i64>>, DbErr> {
        let seen: Option<Vec<_>> = objects
            .iter()
            .map(|&id| {
                let header = seen.get(id)?.header();
                Some((header.id, header.version))
            })
            .collect();
        let Some(rows) = seen else {
            return Ok(None);
        };
        let table = T::Entity::default().table_name();
        self.draw(numbers, &Versions { table, rows }).await
    }

    async fn draw(
        &mut self,
        numbers: (&str, usize),
        expected: &Versions,
    ) -> Result<Option<Vec<i64>>, DbErr> {
        let drawn =
            dialect::next_numbers_and_sequence(&self.transaction, numbers, expected).await?;
        Ok(drawn.map(|(numbers, sequence)| {
            self.first_sequence = Some(sequence);
            numbers
        }))
    }

    /// Adds rows when it is committed, in one statement with the feed's where that can be.
    pub fn add(&mut self, rows: Vec<Insert>) {
        self.added.extend(rows);
    }

    /// Says what happened to something, for the feed.
    pub fn record(&mut self, subject: SubjectRef, kind: ChangeKind, diff: Map<String, Value>) {
        self.recorded.push(Recorded {
            subject,
            kind,
            diff,
            by: None,
        });
    }

    /// Says what happened to something earlier, by whose hand and when. The feed shows it where it is recorded.
    pub fn record_past(
        &mut self,
        subject: SubjectRef,
        kind: ChangeKind,
        diff: Map<String, Value>,
        by: (String, Timestamp),
    ) {
        self.recorded.push(Recorded {
            subject,
            kind,
            diff,
            by: Some(by),
        });
    }

    /// Commits it with what was recorded; the last sequence, if anything was.
    pub async fn commit(self) -> Result<Option<i64>, DbErr> {
        let last = if self.recorded.is_empty() {
            dialect::insert_all(&self.transaction, self.added).await?;
            None
        } else {
            let first = match self.first_sequence {
                Some(first) => first,
                None => dialect::first_sequence(&self.transaction).await?,
            };
            let changes = (first, self.recorded);
            Some(write::append(&self.transaction, self.author, self.at, changes, self.added).await?)
        };
        self.transaction.commit().await?;
        self.replica.announce();
        Ok(last)
    }

    /// Takes everything back.
    pub async fn give_up(self) -> Result<(), DbErr> {
        self.transaction.rollback().await
    }
}

/// What became of one attempt to change something.
#[derive(Debug)]
pub enum Attempt<R> {
    /// It is committed, or there is nothing to do.
    Done(R),
    /// What the plan was made for has changed: read again.
    Overtaken,
}

impl<R> Attempt<R> {
    /// The result; none where it is to be tried again.
    pub fn settled(attempt: Result<Self, DbErr>) -> Result<Option<R>, WriteError> {
        match attempt {
            Ok(Self::Done(result)) => Ok(Some(result)),
            Ok(Self::Overtaken) => Ok(None),
            Err(error) if dialect::is_conflict(&error) => {
                tracing::debug!(%error, "another writer was faster");
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// Attempts to change something until no other writer is faster.
#[derive(Debug)]
pub struct Attempts<'a> {
    replica: &'a Replica,
    made: u32,
    deadline: Instant,
}

impl<'a> Attempts<'a> {
    /// None made yet.
    pub fn new(replica: &'a Replica) -> Self {
        Self {
            replica,
            made: 0,
            deadline: Instant::now() + PATIENCE,
        }
    }

    /// Gets ready for the next attempt. Before all but the first the snapshot catches up, so that a plan that failed for what
    /// the snapshot lacked does not fail for it again: whether it has.
    pub async fn next(&mut self) -> Result<bool, WriteError> {
        let is_fresh = self.made > 0;
        if self.made == ATTEMPTS || (is_fresh && Instant::now() > self.deadline) {
            return Err(WriteError::Contended);
        }
        self.made += 1;
        if is_fresh {
            if self.made > 2 {
                tokio::time::sleep(write::pause(self.made)).await;
            }
            self.replica.catch_up().await?;
        }
        Ok(is_fresh)
    }
}

/// What became of one attempt to take a step with a piece of work.
#[derive(Debug)]
pub enum Tried<M> {
    /// It is taken, or there was nothing to do.
    Moved(Box<M>),
    /// It can't be taken. What a snapshot that may be behind refuses is looked at again.
    Refused(UserErrors),
    /// Whoever asks may not take it.
    Beyond(String),
    /// There is no such work, or whoever asks does not see it.
    Unknown,
    /// Another writer was faster.
    Overtaken,
}

/// Attempts to take a step with the piece of work that a client's id names until no other writer is faster.
pub async fn take<M, F>(
    replica: &Replica,
    (kind, id): (WorkType, &str),
    attempt: impl Fn(Uuid) -> F,
) -> Result<Result<M, UserErrors>, WriteError>
where
    F: Future<Output = Result<Tried<M>, DbErr>>,
{
    let Some(key) = kind.key(id) else {
        return Ok(Err(vec![kind.not_found(id)]));
    };
    let mut attempts = Attempts::new(replica);
    loop {
        let is_fresh = attempts.next().await?;
        let attempt = match attempt(key).await {
            Ok(Tried::Refused(_)) if !is_fresh => Ok(Attempt::Overtaken),
            Ok(Tried::Overtaken) => Ok(Attempt::Overtaken),
            tried => tried.map(Attempt::Done),
        };
        match Attempt::settled(attempt)? {
            Some(Tried::Moved(moved)) => return Ok(Ok(*moved)),
            Some(Tried::Refused(refusals)) => return Ok(Err(refusals)),
            Some(Tried::Beyond(what)) => return Err(WriteError::Beyond(what)),
            Some(Tried::Unknown) => return Ok(Err(vec![kind.not_found(id)])),
            Some(Tried::Overtaken) | None => {}
        }
    }
}

/// The number in the database that stands for an instant that does not come.
pub const NEVER: i64 = i64::MAX;

/// An instant as work tables hold it.
pub fn instant_or_never(instant: Option<Timestamp>) -> i64 {
    instant.map_or(NEVER, Timestamp::as_microsecond)
}

/// The first instant that the database can hold and that is not before this one.
pub fn first_microsecond(instant: Timestamp) -> i64 {
    let is_between = instant.as_nanosecond() % 1_000 > 0;
    instant.as_microsecond() + i64::from(is_between)
}

/// The instant that a work table holds; none where it does not come, or can't be.
pub fn instant(microseconds: i64) -> Option<Timestamp> {
    if microseconds == NEVER {
        return None;
    }
    Timestamp::from_microsecond(microseconds).ok()
}

/// Reads a row's values, naming the row where one is damaged.
#[derive(Debug)]
pub struct WorkReader<N>(N);

impl<N: Display> WorkReader<N> {
    /// For the row that is called so. It is written out only where one is damaged.
    pub fn new(name: N) -> Self {
        Self(name)
    }

    /// A value by its text form.
    pub fn parse<T: FromStr>(&self, column: &str, text: &str) -> Result<T, DamagedRow> {
        text.parse()
            .map_err(|_| self.damage(column, format_args!("unknown value {text:?}")))
    }

    /// A value that has to be there.
    pub fn value<T>(&self, column: &str, value: Option<T>) -> Result<T, DamagedRow> {
        value.ok_or_else(|| self.damage(column, "out of range"))
    }

    /// What a text of JSON says, which is read once however many rows have it.
    pub fn json<T: DeserializeOwned>(
        &self,
        column: &str,
        text: String,
        known: &mut HashMap<String, Arc<T>>,
    ) -> Result<Arc<T>, DamagedRow> {
        match known.entry(text) {
            Entry::Occupied(known) => Ok(Arc::clone(known.get())),
            Entry::Vacant(unknown) => {
                let value = serde_json::from_str(unknown.key());
                let value = value.map_err(|error| self.damage(column, error))?;
                Ok(Arc::clone(unknown.insert(Arc::new(value))))
            }
        }
    }

    /// An instant.
    pub fn instant(&self, column: &str, microseconds: i64) -> Result<Timestamp, DamagedRow> {
        Timestamp::from_microsecond(microseconds).map_err(|error| self.damage(column, error))
    }

    fn damage(&self, column: &str, what: impl Display) -> DamagedRow {
        DamagedRow::new(self.0.to_string(), format!("{column}: {what}"))
    }
}
