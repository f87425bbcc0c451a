//! Columns that may be NULL, read cheaply.

use sea_orm::sqlx::{Decode, Postgres, Sqlite, Type};
use sea_orm::{ColIdx, DbErr, QueryResult, RuntimeErr, TryGetError, TryGetable};

/// A value or NULL.
///
/// SeaORM reads an `Option` as a value that is missed, and writes an error message for each NULL on the way. In lists whose rows have
/// many columns of this kind that takes longer than all the rest of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Nullable<T>(pub Option<T>);

impl<T> TryGetable for Nullable<T>
where
    T: for<'r> Decode<'r, Postgres> + Type<Postgres>,
    T: for<'r> Decode<'r, Sqlite> + Type<Sqlite>,
{
    fn try_get_by<I: ColIdx>(row: &QueryResult, index: I) -> Result<Self, TryGetError> {
        use sea_orm::sqlx::Row as _;
        let value = if let Some(row) = row.try_as_pg_row() {
            row.try_get(index.as_sqlx_postgres_index())
        } else if let Some(row) = row.try_as_sqlite_row() {
            row.try_get(index.as_sqlx_sqlite_index())
        } else {
            let message = "rows come from SQLite or PostgreSQL".to_owned();
            return Err(DbErr::Type(message).into());
        };
        value
            .map(Self)
            .map_err(|error| DbErr::Query(RuntimeErr::SqlxError(error.into())).into())
    }
}
