//! Submitting again without harm: what came of a key is remembered with its input.
//!
//! The key is written first in the transaction of what it is for. So of two that come at once, on whatever replicas, the
//! second waits for the first and finds what came of it; and where the first is lost between commit and answer, so does
//! whoever asks again.

use std::collections::HashMap;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entity::idempotency_key::{ActiveModel, Column, Entity, Model};
use jiff::Timestamp;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseConnection, DbErr, EntityTrait, QueryFilter, QuerySelect,
    QueryTrait, Set, TryInsertResult,
};
use serde_json::Value;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::errors::{UserError, UserErrorCode};
use super::text::{MAX_LINE, why_unfit};
use super::write::now;

/// How long keys are kept at least.
pub const KEPT: Duration = Duration::from_hours(48);

/// A key that somebody chose for one thing that they want done.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    /// The subject of their token.
    pub subject: String,
    /// The mutation.
    pub operation: &'static str,
    /// The key.
    pub key: String,
    /// What they want done, as a hash.
    pub input_hash: String,
}

impl Key {
    /// A key for an input. Errors where it can't be stored.
    pub fn new(
        subject: &str,
        operation: &'static str,
        key: &str,
        input: &Value,
    ) -> Result<Self, UserError> {
        let reason = match key {
            "" => Some("can't be empty; leave it out to submit without one".to_owned()),
            key => why_unfit(key, MAX_LINE),
        };
        if let Some(reason) = reason {
            return Err(UserError::new(
                UserErrorCode::Invalid,
                "idempotencyKey",
                reason,
            ));
        }
        let hash = Sha256::digest(input.to_string().as_bytes());
        Ok(Self {
            subject: subject.to_owned(),
            operation,
            key: key.to_owned(),
            input_hash: URL_SAFE_NO_PAD.encode(hash),
        })
    }

    /// What was done under it before: the same again, or an error for something else.
    pub fn earlier(&self, known: &Known) -> Result<Uuid, UserError> {
        if known.input_hash == self.input_hash {
            return Ok(known.result_id);
        }
        Err(UserError::new(
            UserErrorCode::IdempotencyConflict,
            "idempotencyKey",
            format!(
                "{:?} was used before with another input; a new submission needs a new key",
                self.key
            ),
        ))
    }
}

/// What was done under a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// The input's hash.
    pub input_hash: String,
    /// What came of it.
    pub result_id: Uuid,
}

/// Takes keys for what is about to be done, all of them or none: false where one is taken already.
pub async fn take<C: ConnectionTrait>(
    transaction: &C,
    keys: &[(&Key, Uuid)],
    now: Timestamp,
) -> Result<bool, DbErr> {
    if keys.is_empty() {
        return Ok(true);
    }
    let mut rows: Vec<ActiveModel> = keys
        .iter()
        .map(|(key, result)| row(key, *result, now))
        .collect();
    // In one order, so that two who take the same keys don't wait for each other.
    rows.sort_by(|one, other| one.key.as_ref().cmp(other.key.as_ref()));
    let inserted = Entity::insert_many(rows)
        .on_conflict_do_nothing()
        .exec_without_returning(transaction)
        .await?;
    Ok(match inserted {
        TryInsertResult::Inserted(count) => count == keys.len() as u64,
        TryInsertResult::Empty | TryInsertResult::Conflicted => false,
    })
}

/// What was done under those of these keys that were used before. All keys are one subject's, for one operation.
pub async fn find<C: ConnectionTrait>(
    connection: &C,
    keys: &[&Key],
) -> Result<HashMap<String, Known>, DbErr> {
    let Some(first) = keys.first() else {
        return Ok(HashMap::new());
    };
    let names = keys.iter().map(|key| &key.key);
    let rows = Entity::find()
        .filter(Column::Subject.eq(&first.subject))
        .filter(Column::Operation.eq(first.operation))
        .filter(Column::Key.is_in(names))
        .all(connection)
        .await?;
    let known = |row: Model| {
        let known = Known {
            input_hash: row.input_hash,
            result_id: row.result_id,
        };
        (row.key, known)
    };
    Ok(rows.into_iter().map(known).collect())
}

/// How many keys are forgotten in one transaction, so that nobody waits long for it.
const PIECE: u64 = 1_000;

/// Forgets keys that were taken before an instant, piece by piece; how many.
pub async fn forget<C: ConnectionTrait>(connection: &C, before: Timestamp) -> Result<u64, DbErr> {
    let key = || [Column::Subject, Column::Operation, Column::Key];
    let piece = Entity::find()
        .select_only()
        .columns(key())
        .filter(Column::CreatedAt.lt(before.as_microsecond()))
        .limit(PIECE)
        .into_query();
    let mut forgotten = 0;
    loop {
        let deleted = Entity::delete_many()
            .filter(Expr::tuple(key().map(Expr::col)).in_subquery(piece.clone()))
            .exec(connection)
            .await?;
        forgotten += deleted.rows_affected;
        if deleted.rows_affected < PIECE {
            return Ok(forgotten);
        }
        // Others have their turn at the database.
        tokio::task::yield_now().await;
    }
}

/// Forgets old keys from time to time, as long as this is the one replica to do it.
pub async fn clean_up(database: &DatabaseConnection) {
    const PACE: Duration = Duration::from_mins(10);
    loop {
        let before = now().checked_sub(KEPT).unwrap_or_default();
        match forget(database, before).await {
            Ok(0) => {}
            Ok(forgotten) => tracing::debug!(forgotten, "old idempotency keys are forgotten"),
            Err(error) => tracing::warn!(%error, "can't forget old idempotency keys"),
        }
        tokio::time::sleep(PACE).await;
    }
}

fn row(key: &Key, result: Uuid, now: Timestamp) -> ActiveModel {
    ActiveModel {
        subject: Set(key.subject.clone()),
        operation: Set(key.operation.to_owned()),
        key: Set(key.key.clone()),
        input_hash: Set(key.input_hash.clone()),
        result_id: Set(result),
        created_at: Set(now.as_microsecond()),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use jiff::SignedDuration;
    use sea_orm::PaginatorTrait;

    use super::*;
    use crate::server::metrics::Metrics;
    use crate::shared::database::{Database, Purpose, StatementLabels};

    #[tokio::test]
    async fn old_keys_are_forgotten_piece_by_piece_and_others_kept() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}/catalog.db", folder.path().display());
        let metrics = Metrics::default();
        let counts = metrics.statement_counts();
        let database = Database::connect(&url, 2, counts).await.unwrap();
        database.migrate().await.unwrap();
        let (old, new) = (Timestamp::UNIX_EPOCH, now());
        for (count, at) in [(2_500, old), (3, new)] {
            let keys: Vec<Key> = (0..count)
                .map(|number| {
                    let name = format!("{at} {number}");
                    Key::new("robot", "submit", &name, &Value::Null).unwrap()
                })
                .collect();
            let taken: Vec<_> = keys.iter().map(|key| (key, Uuid::now_v7())).collect();
            for taken in taken.chunks(500) {
                assert!(take(&database.write, taken, at).await.unwrap());
            }
        }
        let purpose = Purpose::Job;
        let run = counts.get_or_create(&StatementLabels { purpose }).get();
        let before = new - SignedDuration::from_hours(1);
        assert_eq!(forget(&database.job, before).await.unwrap(), 2_500);
        let statements = counts.get_or_create(&StatementLabels { purpose }).get() - run;
        assert_eq!(statements, 3);
        assert_eq!(Entity::find().count(&database.job).await.unwrap(), 3);
    }
}
