//! Numbers for people, and the number of the transaction that draws them.

use sea_orm::{ConnectionTrait, DatabaseBackend, DatabaseTransaction, DbErr, Statement, Value};
use uuid::Uuid;

use super::{OFFSET, PLACE_BITS, first_sequence, single_number};

/// Versions that rows of one table are expected to have.
#[derive(Clone, Debug, Default)]
pub struct Versions {
    /// The table.
    pub table: &'static str,
    /// Keys and versions, each key once.
    pub rows: Vec<(Uuid, i32)>,
}

impl Versions {
    fn are_all(&self, found: i64) -> bool {
        i64::try_from(self.rows.len()) == Ok(found)
    }
}

/// The next numbers for people of a kind, ascending, as many as asked for, and the transaction's [`first_sequence`]: `REQ-1042` is
/// one of them. None where a row does not have the version that is expected of it. A number that was drawn and not used is left
/// out.
///
/// PostgreSQL has a sequence for each kind, for which writers don't wait for each other, and tells all of it at once. SQLite
/// runs one writing transaction at a time, so the next numbers after the last will do.
pub async fn next_numbers_and_sequence(
    transaction: &DatabaseTransaction,
    (table, count): (&str, usize),
    expected: &Versions,
) -> Result<Option<(Vec<i64>, i64)>, DbErr> {
    if count == 0 {
        return Ok(Some((Vec::new(), first_sequence(transaction).await?)));
    }
    if transaction.get_database_backend() == DatabaseBackend::Sqlite {
        return after_the_last(transaction, (table, count), expected).await;
    }
    let (keys, versions): (Vec<Uuid>, Vec<i32>) = expected.rows.iter().copied().unzip();
    let mut values: Vec<Value> = Vec::new();
    let mut as_expected = "0".to_owned();
    if !keys.is_empty() {
        values.extend([keys.into(), versions.into()]);
        as_expected = format!(
            "SELECT count(*) FROM {} JOIN unnest($1, $2) AS expected (id, version) USING (id, version)",
            expected.table
        );
    }
    let next = format!(
        "SELECT nextval('{table}_number') AS number, (pg_current_xact_id()::text::bigint + {OFFSET}) << {PLACE_BITS} AS sequence, \
                ({as_expected})::bigint AS as_expected \
         FROM generate_series(1, {count})"
    );
    let statement = Statement::from_sql_and_values(DatabaseBackend::Postgres, next, values);
    let mut numbers = Vec::with_capacity(count);
    let mut sequence = 0;
    for row in transaction.query_all_raw(statement).await? {
        if !expected.are_all(row.try_get("", "as_expected")?) {
            return Ok(None);
        }
        numbers.push(row.try_get("", "number")?);
        sequence = row.try_get("", "sequence")?;
    }
    numbers.sort_unstable();
    Ok(Some((numbers, sequence)))
}

async fn after_the_last(
    transaction: &DatabaseTransaction,
    (table, count): (&str, usize),
    expected: &Versions,
) -> Result<Option<(Vec<i64>, i64)>, DbErr> {
    for (key, version) in &expected.rows {
        let found = Statement::from_sql_and_values(
            DatabaseBackend::Sqlite,
            format!(
                "SELECT 1 FROM {} WHERE id = ? AND version = ?",
                expected.table
            ),
            [(*key).into(), (*version).into()],
        );
        if transaction.query_one_raw(found).await?.is_none() {
            return Ok(None);
        }
    }
    let last = format!("SELECT coalesce(max(number), 0) AS number FROM {table}");
    let last = single_number(transaction, last).await?;
    let numbers = (last + 1..).take(count).collect();
    Ok(Some((numbers, first_sequence(transaction).await?)))
}
