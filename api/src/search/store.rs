//! Missed searches in the database.

use std::collections::BTreeMap;

use entity::missed_search::{ActiveModel, Column, Entity, Model};
use jiff::Timestamp;
use sea_orm::sea_query::{CaseStatement, Expr, ExprTrait, OnConflict, Query};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseConnection, DbErr, EntityTrait, Order, PaginatorTrait,
    QueryOrder, QuerySelect, QueryTrait, Set,
};

use crate::shared::dialect;

/// How many texts are kept; of more, the least frequent go, of these the oldest.
pub const MAX_KEPT: u64 = 10_000;

/// A text that was looked for in vain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissedSearch {
    /// As it was typed, in lower case and with single spaces.
    pub text: String,
    /// How often.
    pub count: i64,
    /// The last time.
    pub last_at: Timestamp,
}

impl From<Model> for MissedSearch {
    fn from(row: Model) -> Self {
        Self {
            text: row.text,
            count: row.count,
            last_at: Timestamp::from_microsecond(row.last_at).unwrap_or_default(),
        }
    }
}

/// The most frequent texts, of equally frequent ones the newest first.
pub async fn missed<C: ConnectionTrait>(
    connection: &C,
    first: u64,
) -> Result<Vec<MissedSearch>, DbErr> {
    let rows = Entity::find()
        .order_by_desc(Column::Count)
        .order_by_desc(Column::LastAt)
        .order_by_desc(Column::Text)
        .limit(first)
        .all(connection)
        .await?;
    Ok(rows.into_iter().map(MissedSearch::from).collect())
}

/// How often texts were looked for in vain, and when for the last time: microseconds since 1970.
pub type Misses = BTreeMap<String, (i64, i64)>;

/// Adds to what is remembered. Counts of several processes add up.
pub async fn remember(database: &DatabaseConnection, misses: &Misses) -> Result<(), DbErr> {
    let transaction = dialect::begin_write(database).await?;
    let rows = misses.iter().map(|(text, &(count, last_at))| ActiveModel {
        text: Set(text.clone()),
        count: Set(count),
        last_at: Set(last_at),
    });
    let rows: Vec<ActiveModel> = rows.collect();
    // In the order of their texts, so that two processes never wait for each other.
    for rows in rows.chunks(CHUNK) {
        Entity::insert_many(rows.to_vec())
            .on_conflict(added())
            .exec_without_returning(&transaction)
            .await?;
    }
    let excess = Entity::find()
        .count(&transaction)
        .await?
        .saturating_sub(MAX_KEPT);
    if excess > 0 {
        let least = Entity::find()
            .select_only()
            .column(Column::Text)
            .order_by(Column::Count, Order::Asc)
            .order_by(Column::LastAt, Order::Asc)
            .order_by(Column::Text, Order::Asc)
            .limit(excess)
            .into_query();
        let delete = Query::delete()
            .from_table(Entity)
            .and_where(Column::Text.in_subquery(least))
            .take();
        transaction.execute(&delete).await?;
    }
    transaction.commit().await
}

/// How many rows one statement adds.
const CHUNK: usize = 500;

/// What becomes of a text that is there.
fn added() -> OnConflict {
    let new = |column: &str| Expr::col(("excluded", column.to_owned()));
    let old = |column: Column| Expr::col((Entity, column));
    let is_later = new("last_at").gt(old(Column::LastAt));
    let later = CaseStatement::new()
        .case(is_later, new("last_at"))
        .finally(old(Column::LastAt));
    OnConflict::column(Column::Text)
        .value(Column::Count, old(Column::Count).add(new("count")))
        .value(Column::LastAt, later)
        .to_owned()
}
