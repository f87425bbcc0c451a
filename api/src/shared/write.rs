//! The one way in which the catalog changes.
//!
//! A change is a function on a [`Draft`]. What it plans is committed in one short transaction together with its rows of the
//! change feed, provided that every object still has the version that the plan was made for. Where another writer was
//! faster the snapshot catches up and the function runs again: nothing is lost, and what is refused is refused by what
//! the database holds, not by a snapshot that is behind.
//!
//! The plan is made before the transaction begins. That makes the feed's order right for every object: a transaction
//! with a lower number that comes second to an object finds a version that it does not expect and starts over with a
//! higher number.

mod rows;

pub(super) use rows::are_unchanged;

use std::future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use entity::change;
use jiff::Timestamp;
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbErr, Set};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::authority::Authority;
use super::dialect::{self, Insert, MAX_CHANGES};
use super::draft::{ChangeKind, Draft, PlannedChange};
use super::errors::{UserError, UserErrorCode, UserErrors};
use super::subject::SubjectRef;
use super::work_users;
use crate::snapshot::{Catalog, Replica, ReplicaError};

/// Who changes something, for the feed.
#[derive(Clone, Debug)]
pub struct Author {
    /// The token's subject, or the program.
    pub actor: Arc<str>,
    /// The token's own name, `jti`.
    pub token_id: Option<Arc<str>>,
    /// The program that the token was issued to.
    pub client_id: Option<Arc<str>>,
    /// The HTTP request that it came with.
    pub request_id: Option<Arc<str>>,
    /// How far the author may go.
    pub authority: Authority,
}

impl Author {
    /// A program that works on the database itself, without a request: it may change anything.
    pub fn program(name: &str) -> Self {
        Self {
            actor: name.into(),
            token_id: None,
            client_id: None,
            request_id: None,
            authority: Authority::Everything,
        }
    }
}

/// A committed change.
#[derive(Clone, Debug)]
pub struct Written<R> {
    /// What the function returned.
    pub value: R,
    /// A snapshot that contains the change.
    pub catalog: Arc<Catalog>,
    /// The change's last sequence; none where there was nothing to change.
    pub sequence: Option<i64>,
}

/// Why a change was not committed, other than by its own fault.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The database failed.
    #[error("the database can't be written")]
    Database(#[from] DbErr),
    /// The snapshot can't be brought up to date.
    #[error(transparent)]
    Replica(#[from] ReplicaError),
    /// The author may not change this.
    #[error("the {0} is not yours to change")]
    Beyond(String),
    /// Other writers were faster every time.
    #[error("other writers keep changing the same objects; try again")]
    Contended,
}

/// How often a change is tried before it gives way to faster writers.
pub(super) const ATTEMPTS: u32 = 30;
/// How long it is tried, give or take the last attempt.
pub(super) const PATIENCE: Duration = Duration::from_secs(15);

/// Commits what `change` plans. The outer error is the server's, the inner one the client's.
pub async fn write<R>(
    replica: &Replica,
    author: &Author,
    change: impl Fn(&mut Draft) -> Result<R, UserErrors>,
) -> Result<Result<Written<R>, UserErrors>, WriteError> {
    write_reading(replica, author, |mut draft| {
        let planned = change(&mut draft);
        future::ready(Ok((draft, planned)))
    })
    .await
}

/// As [`write`], for a plan that takes long: it is made on a thread of its own, so that other requests go on meanwhile and
/// this one can be stopped.
pub async fn write_aside<R: Send + 'static>(
    replica: &Replica,
    author: &Author,
    change: impl Fn(&mut Draft) -> Result<R, UserErrors> + Send + Sync + 'static,
) -> Result<Result<Written<R>, UserErrors>, WriteError> {
    let change = Arc::new(change);
    write_reading(replica, author, |mut draft| {
        let change = Arc::clone(&change);
        aside(move || {
            let planned = change(&mut draft);
            Ok((draft, planned))
        })
    })
    .await
}

/// Runs what takes long on a thread of its own. Its panics are the caller's.
pub async fn aside<R: Send + 'static>(run: impl FnOnce() -> R + Send + 'static) -> R {
    match tokio::task::spawn_blocking(run).await {
        Ok(result) => result,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // Only a runtime that is about to end gives up such work, and whoever waits for it goes with it.
            Err(_) => future::pending().await,
        },
    }
}

/// What became of a plan: the draft that it was made on, with what it returned. The outer error is the database's.
pub type Planned<R> = Result<(Draft, Result<R, UserErrors>), DbErr>;

/// As [`write`], for a plan that needs what only the database knows. It reads before the transaction begins; what it rests on is
/// written with the version that it had ([`Draft::alongside`]), or never changes.
pub async fn write_reading<R, P: Future<Output = Planned<R>>>(
    replica: &Replica,
    author: &Author,
    plan: impl Fn(Draft) -> P,
) -> Result<Result<Written<R>, UserErrors>, WriteError> {
    let deadline = Instant::now() + PATIENCE;
    let mut base = replica.current();
    // What is refused, or needs no change, by a snapshot that may be behind is looked at again by one that is not.
    let mut is_fresh = false;
    for attempt in 1..=ATTEMPTS {
        let (mut draft, planned) = plan(Draft::new(Catalog::clone(&base), now())).await?;
        // What the author may not change comes before anything else that could be said about it.
        if let Some(object) = author.authority.first_beyond(&mut draft) {
            if is_fresh {
                return Err(WriteError::Beyond(draft.base().describe(object)));
            }
            base = replica.catch_up().await?;
            is_fresh = true;
            continue;
        }
        match planned {
            Err(refusals) if is_fresh => return Ok(Err(refusals)),
            Ok(value) if is_fresh && draft.is_empty() => {
                return Ok(Ok(Written {
                    value,
                    catalog: base,
                    sequence: None,
                }));
            }
            Ok(value) if !draft.is_empty() => {
                let changes = draft.changes();
                if changes.len() > MAX_CHANGES {
                    return Ok(Err(vec![too_large(changes.len())]));
                }
                match commit(replica, author, &draft, changes).await {
                    Ok(Committed::Refused(refusals)) => return Ok(Err(refusals)),
                    Ok(Committed::At(sequence)) => {
                        return Ok(Ok(Written {
                            value,
                            catalog: replica.containing(sequence).await?,
                            sequence: Some(sequence),
                        }));
                    }
                    Ok(Committed::Overtaken) => {}
                    Err(error) if dialect::is_conflict(&error) => {
                        tracing::debug!(%error, attempt, "another writer was faster");
                    }
                    Err(error) => return Err(error.into()),
                }
                if Instant::now() > deadline {
                    break;
                }
                tokio::time::sleep(pause(attempt)).await;
            }
            Ok(_) | Err(_) => {}
        }
        base = replica.catch_up().await?;
        is_fresh = true;
    }
    Err(WriteError::Contended)
}

/// Now, to the microsecond that the database keeps.
pub fn now() -> Timestamp {
    let now = Timestamp::now();
    Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now)
}

fn too_large(changes: usize) -> UserError {
    UserError::at(
        UserErrorCode::Invalid,
        &[],
        format!("changes {changes} objects; at most {MAX_CHANGES} can change at once: divide it"),
    )
}

/// Longer with every attempt and different for every writer, so that they don't meet again.
pub(super) fn pause(attempt: u32) -> Duration {
    let spread = u64::from(Uuid::now_v7().as_bytes()[15]);
    Duration::from_micros(u64::from(attempt.min(10)) * (200 + 10 * spread))
}

/// What became of a plan.
enum Committed {
    /// Its last change has this sequence.
    At(i64),
    /// An object is not as the plan expects it.
    Overtaken,
    /// Work that the snapshot does not hold stands against it.
    Refused(UserErrors),
}

/// Commits a plan.
async fn commit(
    replica: &Replica,
    author: &Author,
    draft: &Draft,
    changes: Vec<PlannedChange>,
) -> Result<Committed, DbErr> {
    let transaction = dialect::begin_write(&replica.database().write).await?;
    let refusals = work_users::refusals(&transaction, draft).await?;
    if !refusals.is_empty() {
        transaction.rollback().await?;
        return Ok(Committed::Refused(refusals));
    }
    if !rows::apply(&transaction, draft).await? {
        transaction.rollback().await?;
        return Ok(Committed::Overtaken);
    }
    let Some(work) = write_work(&transaction, draft).await? else {
        transaction.rollback().await?;
        return Ok(Committed::Overtaken);
    };
    let changes = changes.into_iter().map(Recorded::from).chain(work);
    let first = dialect::first_sequence(&transaction).await?;
    let last = append(
        &transaction,
        author,
        draft.now(),
        (first, changes),
        Vec::new(),
    )
    .await?;
    transaction.commit().await?;
    // Committed is committed: whoever does not hear of it finds it by polling.
    if let Err(error) = dialect::notify(&replica.database().write).await {
        tracing::warn!(%error, "can't announce a change");
    }
    Ok(Committed::At(last))
}

/// Writes the work that changes with the catalog; its rows of the feed to be. None where a version is not the expected one.
async fn write_work(
    transaction: &DatabaseTransaction,
    draft: &Draft,
) -> Result<Option<Vec<Recorded>>, DbErr> {
    let mut recorded = Vec::new();
    for work in draft.work() {
        let updated = transaction.execute(&work.update).await?;
        if updated.rows_affected() != 1 {
            return Ok(None);
        }
        recorded.push(Recorded {
            subject: work.subject,
            kind: ChangeKind::Updated,
            diff: work.diff.clone(),
            by: None,
        });
    }
    Ok(Some(recorded))
}

/// One row of the feed to be.
#[derive(Clone, Debug)]
pub(super) struct Recorded {
    pub(super) subject: SubjectRef,
    pub(super) kind: ChangeKind,
    pub(super) diff: Map<String, Value>,
    /// Who did it and when, where that is not its transaction's author and instant.
    pub(super) by: Option<(String, Timestamp)>,
}

impl From<PlannedChange> for Recorded {
    fn from(planned: PlannedChange) -> Self {
        Self {
            subject: planned.subject.into(),
            kind: planned.kind,
            diff: planned.diff,
            by: None,
        }
    }
}

/// Adds the feed's rows, from this sequence on, after other rows; the last one's sequence.
pub(super) async fn append(
    transaction: &DatabaseTransaction,
    author: &Author,
    at: Timestamp,
    (first, changes): (i64, impl IntoIterator<Item = Recorded>),
    mut others: Vec<Insert>,
) -> Result<i64, DbErr> {
    let mut last = first - 1;
    let rows = changes.into_iter().map(|recorded| {
        last += 1;
        let by = recorded.by;
        let (actor, at) = by.unwrap_or_else(|| (author.actor.to_string(), at));
        change::ActiveModel {
            sequence: Set(last),
            at: Set(at.as_microsecond()),
            actor: Set(actor),
            kind: Set(recorded.kind.to_string()),
            subject_type: Set(recorded.subject.kind.to_string()),
            subject_id: Set(recorded.subject.id),
            diff: Set(recorded.diff.into()),
            request_id: Set(author.request_id.as_deref().map(str::to_owned)),
            token_id: Set(author.token_id.as_deref().map(str::to_owned)),
            client_id: Set(author.client_id.as_deref().map(str::to_owned)),
        }
    });
    others.extend(dialect::inserts(rows));
    dialect::insert_all(transaction, others).await?;
    Ok(last)
}
