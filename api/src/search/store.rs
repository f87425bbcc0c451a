//! Missed searches in the database.

use std::collections::BTreeMap;

use entity::missed_search::{ActiveModel, Column, Entity, Model};
use jiff::{SignedDuration, Timestamp};
use sea_orm::sea_query::{CaseStatement, Expr, ExprTrait, OnConflict, Query};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseConnection, DbErr, EntityTrait, Order, PaginatorTrait,
    QueryOrder, QuerySelect, QueryTrait, Set,
};

use crate::shared::dialect;
use crate::shared::write::now;

/// How many texts are kept.
pub const MAX_KEPT: u64 = 10_000;
/// Where there are more than that, what was not missed for so long goes first.
const FORGOTTEN: SignedDuration = SignedDuration::from_hours(90 * 24);
/// For so long a text is kept though it was missed seldom, so that it may become frequent.
const PROBATION: SignedDuration = SignedDuration::from_hours(24);
/// How often a write that another process stood in the way of is tried.
const ATTEMPTS: u32 = 3;

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
    for _ in 1..ATTEMPTS {
        match try_remember(database, misses).await {
            Err(error) if dialect::is_conflict(&error) => {
                tracing::debug!(%error, "another process was faster");
            }
            settled => return settled,
        }
    }
    try_remember(database, misses).await
}

async fn try_remember(database: &DatabaseConnection, misses: &Misses) -> Result<(), DbErr> {
    let transaction = dialect::begin_write(database).await?;
    let rows = misses.iter().map(|(text, &(count, last_at))| ActiveModel {
        text: Set(text.clone()),
        count: Set(count),
        last_at: Set(last_at),
    });
    let rows: Vec<ActiveModel> = rows.collect();
    // In the order of their texts, so that two processes that add the same ones wait for each other one way. What is let go below is
    // in another order: there one of two may have to start over.
    for rows in rows.chunks(CHUNK) {
        Entity::insert_many(rows.to_vec())
            .on_conflict(added())
            .exec_without_returning(&transaction)
            .await?;
    }
    let excess = Entity::find().count(&transaction).await?;
    let excess = excess.saturating_sub(MAX_KEPT);
    if excess > 0 {
        let_go(&transaction, excess, now()).await?;
    }
    transaction.commit().await
}

/// Lets so many texts go: first what was not missed for 90 days; then what was not missed for a day, the least frequent first; and only
/// then what is new. Of equally frequent ones those go first that were missed longest ago.
async fn let_go<C: ConnectionTrait>(
    connection: &C,
    count: u64,
    now: Timestamp,
) -> Result<(), DbErr> {
    let since = |age: SignedDuration| Column::LastAt.gte((now - age).as_microsecond());
    let standing = CaseStatement::new()
        .case(since(PROBATION), 2)
        .case(since(FORGOTTEN), 1)
        .finally(0);
    let least = Entity::find()
        .select_only()
        .column(Column::Text)
        .order_by(Expr::expr(standing), Order::Asc)
        .order_by(Column::Count, Order::Asc)
        .order_by(Column::LastAt, Order::Asc)
        .order_by(Column::Text, Order::Asc)
        .limit(count)
        .into_query();
    let delete = Query::delete()
        .from_table(Entity)
        .and_where(Column::Text.in_subquery(least))
        .take();
    connection.execute(&delete).await.map(drop)
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
