//! Everything in which SQLite and PostgreSQL differ.

use sea_orm::sea_query::{CommonTableExpression, Expr, InsertStatement, WithClause};
use sea_orm::sqlx::error::DatabaseError;
use sea_orm::{
    AccessMode, ActiveModelTrait, ConnectionTrait, DatabaseBackend, DatabaseConnection,
    DatabaseTransaction, DbErr, EntityTrait, IsolationLevel, Iterable, QueryTrait, RuntimeErr,
    SqliteTransactionMode, Statement, TransactionOptions, TransactionTrait,
};

mod each;
mod numbers;

pub use each::{KEY, for_each_key, for_each_pair, keys};
pub use numbers::{Versions, next_numbers_and_sequence};

/// Bits of a change's sequence that count within its transaction.
pub const PLACE_BITS: u32 = 20;
/// How many changes one transaction can hold.
pub const MAX_CHANGES: usize = 1 << PLACE_BITS;
/// How many values one statement may bind, on either database.
pub const MAX_BINDINGS: usize = 30_000;
/// The channel on which PostgreSQL tells followers that there is something new.
pub const CHANNEL: &str = "kundig_change";

/// PostgreSQL: serialization failure, deadlock, a lock that did not come free in time, and a unique or foreign key that
/// another transaction's commit broke.
const POSTGRES_CONFLICTS: [&str; 6] = ["40001", "40P01", "55P03", "23505", "23503", "23001"];
/// SQLite: busy, locked and their extended codes, foreign key, restricted deletion, primary key, unique.
const SQLITE_CONFLICTS: [&str; 8] = ["5", "6", "261", "517", "787", "1811", "1555", "2067"];

/// The number that a feed adds to the database's own transaction numbers.
const OFFSET: &str = "coalesce((SELECT number_offset FROM feed WHERE id = 1), 0)";

/// Begins a transaction that writes.
///
/// SQLite takes its one write lock at once, so that a transaction never has to start over in the middle. PostgreSQL's isolation
/// level is the session's ([`POSTGRES_SESSION`]).
pub async fn begin_write(database: &DatabaseConnection) -> Result<DatabaseTransaction, DbErr> {
    let sqlite_transaction_mode = match database.get_database_backend() {
        DatabaseBackend::Sqlite => Some(SqliteTransactionMode::Immediate),
        _ => None,
    };
    let options = TransactionOptions {
        sqlite_transaction_mode,
        ..Default::default()
    };
    begin(database, options).await
}

/// Begins a transaction, in a task of its own: whoever waits for it may be given up, because a client has gone. Given up half way by
/// sqlx, a connection would go back to its pool inside a transaction that nobody commits, and so would all that is written next
/// on it.
async fn begin(
    database: &DatabaseConnection,
    options: TransactionOptions,
) -> Result<DatabaseTransaction, DbErr> {
    let database = database.clone();
    let beginning = tokio::spawn(async move { database.begin_with_options(options).await });
    match beginning.await {
        Ok(begun) => begun,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(error) => Err(DbErr::Custom(error.to_string())),
        },
    }
}

/// Begins a transaction whose reads all see the database at one moment.
pub async fn begin_snapshot(database: &DatabaseConnection) -> Result<DatabaseTransaction, DbErr> {
    let options = match database.get_database_backend() {
        DatabaseBackend::Sqlite => TransactionOptions::default(),
        _ => TransactionOptions {
            isolation_level: Some(IsolationLevel::RepeatableRead),
            access_mode: Some(AccessMode::ReadOnly),
            ..Default::default()
        },
    };
    begin(database, options).await
}

/// The first sequence of this writing transaction.
///
/// PostgreSQL numbers transactions in the order of their first writes, and [`horizon`] knows which are still running.
/// SQLite runs one writing transaction at a time, so the next number after the last is enough.
pub async fn first_sequence(transaction: &DatabaseTransaction) -> Result<i64, DbErr> {
    let number = match transaction.get_database_backend() {
        DatabaseBackend::Sqlite => {
            format!("SELECT (coalesce(max(sequence), 0) >> {PLACE_BITS}) + 1 AS number FROM change")
        }
        _ => format!("SELECT pg_current_xact_id()::text::bigint + {OFFSET} AS number"),
    };
    Ok(single_number(transaction, number).await? << PLACE_BITS)
}

/// Rows to be added to one table.
#[derive(Clone, Debug)]
pub struct Insert {
    statement: InsertStatement,
    bindings: usize,
}

/// What adds these rows, in as few statements as may be.
pub fn inserts<A: ActiveModelTrait>(rows: impl IntoIterator<Item = A>) -> Vec<Insert> {
    let width = <<A::Entity as EntityTrait>::Column as Iterable>::iter().count();
    let mut rows = rows.into_iter().peekable();
    let mut inserts = Vec::new();
    while rows.peek().is_some() {
        let chunk: Vec<A> = rows.by_ref().take(MAX_BINDINGS / width).collect();
        inserts.push(Insert {
            bindings: chunk.len() * width,
            statement: A::Entity::insert_many(chunk).into_query(),
        });
    }
    inserts
}

/// Adds rows to several tables, in this order.
///
/// PostgreSQL takes them in one statement, so that there is one journey to the database for all of them. SQLite has no such
/// statement, and no journeys.
pub async fn insert_all(
    transaction: &DatabaseTransaction,
    mut inserts: Vec<Insert>,
) -> Result<(), DbErr> {
    let bindings: usize = inserts.iter().map(|insert| insert.bindings).sum();
    if transaction.get_database_backend() == DatabaseBackend::Sqlite || bindings > MAX_BINDINGS {
        for insert in inserts {
            transaction.execute(&insert.statement).await?;
        }
        return Ok(());
    }
    let Some(last) = inserts.pop() else {
        return Ok(());
    };
    if inserts.is_empty() {
        return transaction.execute(&last.statement).await.map(drop);
    }
    let mut others = WithClause::new();
    for (place, insert) in inserts.into_iter().enumerate() {
        let mut part = CommonTableExpression::new();
        part.table_name(format!("part_{place}"))
            .query(insert.statement);
        others.cte(part);
    }
    let all = others.query(last.statement);
    transaction.execute(&all).await.map(drop)
}

/// Below this sequence nothing will ever appear in the feed again, as far as this transaction's snapshot can tell.
pub async fn horizon<C: ConnectionTrait>(connection: &C) -> Result<i64, DbErr> {
    let number = match connection.get_database_backend() {
        DatabaseBackend::Sqlite => {
            format!("SELECT (coalesce(max(sequence), 0) >> {PLACE_BITS}) + 1 AS number FROM change")
        }
        _ => format!(
            "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint + {OFFSET} AS number"
        ),
    };
    Ok(single_number(connection, number).await? << PLACE_BITS)
}

/// How much of the feed a transaction sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedExtent {
    /// The last change below which nothing will ever be added; 0 where there is none.
    pub complete_to: i64,
    /// The last change of all; 0 where there is none.
    pub newest: i64,
    /// Transactions from this number on had not begun.
    pub next: i64,
    /// Transactions below it that were still running, so that none of their changes is seen.
    pub running: Vec<i64>,
}

/// How much of the feed this transaction, which reads the database at one moment, sees.
///
/// PostgreSQL knows which transactions are running in a snapshot. A standby doesn't: there everything beyond the oldest of them
/// counts as running, is not known to be contained and is read again. SQLite runs one writing transaction at a time, and shows
/// nothing of it before it has ended.
pub async fn feed_extent(transaction: &DatabaseTransaction) -> Result<FeedExtent, DbErr> {
    let sequence = "coalesce(max(sequence), 0)";
    if transaction.get_database_backend() == DatabaseBackend::Sqlite {
        let newest = format!("SELECT {sequence} AS number FROM change");
        let newest = single_number(transaction, newest).await?;
        return Ok(FeedExtent {
            complete_to: newest,
            newest,
            next: (newest >> PLACE_BITS) + 1,
            running: Vec::new(),
        });
    }
    let sql = format!(
        "SELECT seen.first, CASE WHEN pg_is_in_recovery() THEN seen.first ELSE seen.next END AS next, \
                CASE WHEN pg_is_in_recovery() THEN '{{}}' ELSE seen.running END AS running, \
                (SELECT {sequence} FROM change WHERE sequence < seen.first << {PLACE_BITS}) AS complete_to, \
                (SELECT {sequence} FROM change) AS newest \
         FROM (SELECT pg_snapshot_xmin(now)::text::bigint + added AS first, \
                      pg_snapshot_xmax(now)::text::bigint + added AS next, \
                      ARRAY(SELECT running::text::bigint + added FROM pg_snapshot_xip(now) AS running) AS running \
               FROM (SELECT pg_current_snapshot() AS now, {OFFSET} AS added) AS snapshot) AS seen"
    );
    let statement = Statement::from_string(DatabaseBackend::Postgres, sql);
    let row = transaction.query_one_raw(statement).await?;
    let row = row.ok_or_else(|| DbErr::RecordNotFound("a snapshot".to_owned()))?;
    Ok(FeedExtent {
        complete_to: row.try_get("", "complete_to")?,
        newest: row.try_get("", "newest")?,
        next: row.try_get("", "next")?,
        running: row.try_get("", "running")?,
    })
}

/// Makes sequences go on growing in a database that was restored into another PostgreSQL cluster, whose transaction
/// numbers start again. To be called before anybody writes. Where nothing has to be done nothing is written, so that a
/// standby can call it too.
pub async fn continue_numbering(database: &DatabaseConnection) -> Result<(), DbErr> {
    if database.get_database_backend() == DatabaseBackend::Sqlite {
        return Ok(());
    }
    let last = format!("SELECT max(sequence) >> {PLACE_BITS} FROM change");
    let next = "pg_snapshot_xmax(pg_current_snapshot())::text::bigint";
    let is_behind =
        format!("SELECT coalesce(({last}) >= {next} + {OFFSET}, false)::int::bigint AS number");
    if single_number(database, is_behind).await? == 0 {
        return Ok(());
    }
    // The condition again, on the row that another replica may have written meanwhile.
    let raise = format!(
        "INSERT INTO feed (id, number_offset) \
         VALUES (1, ({last}) + 1 - pg_snapshot_xmin(pg_current_snapshot())::text::bigint) \
         ON CONFLICT (id) DO UPDATE SET number_offset = excluded.number_offset \
         WHERE ({last}) >= {next} + feed.number_offset"
    );
    database.execute_unprepared(&raise).await.map(drop)
}

/// What each session of PostgreSQL begins with: how long a statement waits for another's lock (SQLite's connections have it as their
/// busy timeout), and the isolation of transactions that ask for none.
pub const POSTGRES_SESSION: &str =
    "SET lock_timeout = '10s'; SET default_transaction_isolation = 'read committed'";

/// Tells followers in other processes that there is something new.
pub async fn notify(database: &DatabaseConnection) -> Result<(), DbErr> {
    if database.get_database_backend() == DatabaseBackend::Postgres {
        database
            .execute_unprepared(&format!("NOTIFY {CHANNEL}"))
            .await?;
    }
    Ok(())
}

/// The database's own clock: microseconds since 1970, and on SQLite to the millisecond. Processes whose clocks differ
/// agree on this one.
pub fn clock(backend: DatabaseBackend) -> Expr {
    Expr::cust(match backend {
        DatabaseBackend::Sqlite => "CAST(unixepoch('subsec') * 1000000 AS INTEGER)",
        _ => "CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS bigint)",
    })
}

async fn single_number<C: ConnectionTrait>(connection: &C, sql: String) -> Result<i64, DbErr> {
    let statement = Statement::from_string(connection.get_database_backend(), sql);
    connection
        .query_one_raw(statement)
        .await?
        .ok_or_else(|| DbErr::RecordNotFound("a number".to_owned()))?
        .try_get("", "number")
}

/// Whether an error only says that another writer was faster, so that trying again may succeed.
pub fn is_conflict(error: &DbErr) -> bool {
    let (DbErr::Exec(RuntimeErr::SqlxError(error)) | DbErr::Query(RuntimeErr::SqlxError(error))) =
        error
    else {
        return false;
    };
    let Some(code) = error.as_database_error().and_then(DatabaseError::code) else {
        return false;
    };
    POSTGRES_CONFLICTS.contains(&code.as_ref()) || SQLITE_CONFLICTS.contains(&code.as_ref())
}
