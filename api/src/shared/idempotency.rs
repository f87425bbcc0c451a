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
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseConnection, DbErr, EntityTrait, QueryFilter, Set,
    TryInsertResult,
};
use serde_json::Value;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::errors::{UserError, UserErrorCode};
use super::text::{MAX_LINE, why_unfit};
use super::write::now;

/// How long keys are kept at least.
pub const KEPT: Duration = Duration::from_secs(48 * 60 * 60);

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

/// Forgets keys that were taken before an instant; how many.
pub async fn forget<C: ConnectionTrait>(connection: &C, before: Timestamp) -> Result<u64, DbErr> {
    let deleted = Entity::delete_many()
        .filter(Column::CreatedAt.lt(before.as_microsecond()))
        .exec(connection)
        .await?;
    Ok(deleted.rows_affected)
}

/// Forgets old keys from time to time, as long as this is the one replica to do it.
pub async fn clean_up(database: &DatabaseConnection) {
    const PACE: Duration = Duration::from_secs(10 * 60);
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
