//! Everything in which SQLite and PostgreSQL differ.

use sea_orm::{
    AccessMode, ConnectionTrait, DatabaseBackend, DatabaseConnection, DatabaseTransaction, DbErr,
    IsolationLevel, RuntimeErr, SqliteTransactionMode, Statement, TransactionOptions,
    TransactionTrait,
};

/// Bits of a change's sequence that count within its transaction.
pub const PLACE_BITS: u32 = 20;
/// How many changes one transaction can hold.
pub const MAX_CHANGES: usize = 1 << PLACE_BITS;
/// How many values one statement may bind, on either database.
pub const MAX_BINDINGS: usize = 30_000;
/// The channel on which PostgreSQL tells followers that there is something new.
pub const CHANNEL: &str = "kundig_change";

/// The number that a feed adds to the database's own transaction numbers.
const OFFSET: &str = "coalesce((SELECT number_offset FROM feed WHERE id = 1), 0)";

/// Begins a transaction that writes.
///
/// SQLite takes its one write lock at once, so that a transaction never has to start over in the middle.
pub async fn begin_write(database: &DatabaseConnection) -> Result<DatabaseTransaction, DbErr> {
    let options = match database.get_database_backend() {
        DatabaseBackend::Sqlite => TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..Default::default()
        },
        _ => TransactionOptions {
            isolation_level: Some(IsolationLevel::ReadCommitted),
            ..Default::default()
        },
    };
    database.begin_with_options(options).await
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
    database.begin_with_options(options).await
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

/// Makes sequences go on growing in a database that was restored into another PostgreSQL cluster, whose transaction
/// numbers start again. To be called before anybody writes.
pub async fn continue_numbering(database: &DatabaseConnection) -> Result<(), DbErr> {
    if database.get_database_backend() == DatabaseBackend::Sqlite {
        return Ok(());
    }
    // One statement, so that replicas that start at once agree: whoever comes second finds nothing left to do.
    let raise = format!(
        "INSERT INTO feed (id, number_offset) \
         SELECT 1, (max(sequence) >> {PLACE_BITS}) + 1 - pg_snapshot_xmin(pg_current_snapshot())::text::bigint \
         FROM change \
         HAVING (max(sequence) >> {PLACE_BITS}) >= pg_snapshot_xmax(pg_current_snapshot())::text::bigint + {OFFSET} \
         ON CONFLICT (id) DO UPDATE SET number_offset = greatest(feed.number_offset, excluded.number_offset)"
    );
    database.execute_unprepared(&raise).await.map(drop)
}

/// Tells followers in other processes that there is something new, once this transaction has committed.
pub async fn notify(transaction: &DatabaseTransaction) -> Result<(), DbErr> {
    if transaction.get_database_backend() == DatabaseBackend::Postgres {
        transaction
            .execute_unprepared(&format!("NOTIFY {CHANNEL}"))
            .await?;
    }
    Ok(())
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
///
/// PostgreSQL: serialization failure, deadlock, a unique or foreign key that another transaction's commit broke.
/// SQLite: the same keys, and a lock that did not come free in time.
pub fn is_conflict(error: &DbErr) -> bool {
    let (DbErr::Exec(RuntimeErr::SqlxError(error)) | DbErr::Query(RuntimeErr::SqlxError(error))) =
        error
    else {
        return false;
    };
    let Some(code) = error
        .as_database_error()
        .and_then(sea_orm::sqlx::error::DatabaseError::code)
    else {
        return false;
    };
    matches!(
        code.as_ref(),
        "40001" | "40P01" | "23505" | "23503" | "5" | "6" | "261" | "517" | "787" | "1555" | "2067"
    )
}
