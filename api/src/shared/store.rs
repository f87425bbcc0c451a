//! How records become rows and rows become records.

use std::collections::HashMap;
use std::fmt::Display;
use std::sync::Arc;

use jiff::Timestamp;
use sea_orm::sea_query::{Condition, IntoCondition};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel,
    QueryFilter, QueryOrder, QuerySelect,
};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::draft::Edit;
use super::ids::{Id, ObjectRef};
use super::record::{Header, Record};

/// A row that can't be what Kundig wrote.
#[derive(Debug, thiserror::Error)]
#[error("the {object} is damaged in the database: {what}")]
pub struct DamagedRow {
    object: String,
    what: String,
}

impl DamagedRow {
    /// What is damaged, and how.
    pub fn new(object: String, what: String) -> Self {
        Self { object, what }
    }
}

impl From<DamagedRow> for DbErr {
    fn from(error: DamagedRow) -> Self {
        Self::Type(error.to_string())
    }
}

/// A record's table.
pub type Row<T> = <<T as Stored>::Entity as EntityTrait>::Model;
/// A row to write.
pub type ActiveRow<T> = <<T as Stored>::Entity as EntityTrait>::ActiveModel;
/// A column of a record's table.
pub type Column<T> = <<T as Stored>::Entity as EntityTrait>::Column;

/// A type of record with a table of its own, and perhaps further tables that hold parts of it.
pub trait Stored: Record {
    /// The table.
    type Entity: EntityTrait<
            Model: IntoActiveModel<ActiveRow<Self>> + Send + Sync,
            ActiveModel: ActiveModelTrait<Entity = Self::Entity> + Send,
        >;
    /// The key column.
    const ID: Column<Self>;
    /// The column that grows with every change.
    const VERSION: Column<Self>;

    /// The record in a row, without the parts that other tables hold.
    fn from_row(row: Row<Self>) -> Result<Self, DamagedRow>;

    /// The row of a record, everything set but what [`write_parts`](Self::write_parts) writes.
    fn to_row(&self) -> ActiveRow<Self>;

    /// Adds the parts that other tables hold to these records.
    fn load_parts<C: ConnectionTrait>(
        _connection: &C,
        _which: &Which<'_>,
        _records: &mut HashMap<Uuid, Self>,
    ) -> impl Future<Output = Result<(), DbErr>> + Send {
        std::future::ready(Ok(()))
    }

    /// Writes the parts that other tables hold. All rows that they may refer to are there.
    fn write_parts<C: ConnectionTrait>(
        _connection: &C,
        _edits: &[Edit<Self>],
    ) -> impl Future<Output = Result<(), DbErr>> + Send {
        std::future::ready(Ok(()))
    }
}

/// Which records to load.
#[derive(Clone, Copy, Debug)]
pub enum Which<'a> {
    /// All of them.
    All,
    /// Those with these keys.
    Keys(&'a [Uuid]),
}

impl Which<'_> {
    /// One condition on a key column for each statement that is needed.
    pub fn conditions(&self, column: impl ColumnTrait) -> Vec<Condition> {
        match self {
            Self::All => vec![Condition::all()],
            Self::Keys(keys) => keys
                .chunks(CHUNK)
                .map(|chunk| column.is_in(chunk.iter().copied()).into_condition())
                .collect(),
        }
    }
}

/// How many rows one statement reads or writes by key.
pub const CHUNK: usize = 1_000;

/// The records, as the connection's transaction sees them.
pub async fn load<T: Stored, C: ConnectionTrait>(
    connection: &C,
    which: Which<'_>,
) -> Result<Vec<T>, DbErr> {
    let mut records = HashMap::new();
    match which {
        Which::All => load_all::<T, C>(connection, &mut records).await?,
        Which::Keys(keys) => {
            for chunk in keys.chunks(CHUNK) {
                let rows = T::Entity::find()
                    .filter(T::ID.is_in(chunk.iter().copied()))
                    .all(connection)
                    .await?;
                collect(rows, &mut records)?;
            }
        }
    }
    if !records.is_empty() {
        T::load_parts(connection, &which, &mut records).await?;
    }
    Ok(records.into_values().collect())
}

async fn load_all<T: Stored, C: ConnectionTrait>(
    connection: &C,
    records: &mut HashMap<Uuid, T>,
) -> Result<(), DbErr> {
    const PAGE: u64 = 10_000;
    let mut last: Option<Uuid> = None;
    loop {
        let mut query = T::Entity::find().order_by_asc(T::ID).limit(PAGE);
        if let Some(last) = last {
            query = query.filter(T::ID.gt(last));
        }
        let rows = query.all(connection).await?;
        let full = rows.len() as u64 == PAGE;
        last = collect(rows, records)?.or(last);
        if !full {
            return Ok(());
        }
    }
}

fn collect<T: Stored>(
    rows: Vec<Row<T>>,
    records: &mut HashMap<Uuid, T>,
) -> Result<Option<Uuid>, DamagedRow> {
    let mut last = None;
    for row in rows {
        let record = T::from_row(row)?;
        last = Some(record.header().id);
        records.insert(record.header().id, record);
    }
    Ok(last)
}

/// The columns that every table has, as they come out of a row.
#[derive(Debug)]
pub struct HeaderColumns {
    /// The key.
    pub id: Uuid,
    /// The slug.
    pub slug: String,
    /// The name.
    pub name: String,
    /// A JSON object.
    pub annotations: Value,
    /// Where an import found it.
    pub origin: Option<String>,
    /// A JSON array.
    pub unresolved: Value,
    /// The version.
    pub version: i32,
    /// Microseconds since 1970.
    pub created_at: i64,
    /// Microseconds since 1970.
    pub updated_at: i64,
}

/// Reads a row's values, naming the row where one is damaged.
#[derive(Clone, Copy, Debug)]
pub struct RowReader {
    object: ObjectRef,
}

impl RowReader {
    /// For a row of this type with this key.
    pub fn new<T: Record>(id: Uuid) -> Self {
        Self {
            object: Id::<T>::new(id).any(),
        }
    }

    /// A value, or the damage.
    pub fn value<V, E: Display>(self, column: &str, value: Result<V, E>) -> Result<V, DamagedRow> {
        value.map_err(|error| self.damage(column, error))
    }

    /// An instant.
    pub fn instant(self, column: &str, microseconds: i64) -> Result<Timestamp, DamagedRow> {
        self.value(column, Timestamp::from_microsecond(microseconds))
    }

    /// A JSON object.
    pub fn object(self, column: &str, value: Value) -> Result<Map<String, Value>, DamagedRow> {
        match value {
            Value::Object(map) => Ok(map),
            other => Err(self.damage(column, format_args!("{other} is no object"))),
        }
    }

    /// The header.
    pub fn header(self, columns: HeaderColumns) -> Result<Header, DamagedRow> {
        Ok(Header {
            id: columns.id,
            slug: columns.slug,
            name: columns.name,
            annotations: self.object("annotations", columns.annotations)?,
            origin: columns.origin,
            unresolved: self.value("unresolved", serde_json::from_value(columns.unresolved))?,
            version: columns.version,
            created_at: self.instant("created_at", columns.created_at)?,
            updated_at: self.instant("updated_at", columns.updated_at)?,
        })
    }

    fn damage(self, column: &str, what: impl Display) -> DamagedRow {
        let object = format!("{} {}", self.object.kind.words(), self.object.id);
        DamagedRow::new(object, format!("{column}: {what}"))
    }
}

/// JSON of a list of plain values, which always serialises.
pub fn json(value: &impl serde::Serialize) -> Value {
    serde_json::to_value(value).unwrap_or(Value::Null)
}

/// Reads the columns that every table has out of a row.
#[macro_export]
macro_rules! header_from {
    ($T:ty, $row:ident) => {
        $crate::shared::store::RowReader::new::<$T>($row.id).header(
            $crate::shared::store::HeaderColumns {
                id: $row.id,
                slug: $row.slug,
                name: $row.name,
                annotations: $row.annotations,
                origin: $row.origin,
                unresolved: $row.unresolved,
                version: $row.version,
                created_at: $row.created_at,
                updated_at: $row.updated_at,
            },
        )
    };
}

/// A row to write, the columns that every table has filled in from the record's header.
#[macro_export]
macro_rules! row_of {
    ($table:ident, $header:expr, { $($column:ident: $value:expr),* $(,)? }) => {{
        let header = $header;
        ::entity::$table::ActiveModel {
            id: ::sea_orm::Set(header.id),
            slug: ::sea_orm::Set(header.slug.clone()),
            name: ::sea_orm::Set(header.name.clone()),
            annotations: ::sea_orm::Set(::serde_json::Value::Object(header.annotations.clone())),
            origin: ::sea_orm::Set(header.origin.clone()),
            unresolved: ::sea_orm::Set($crate::shared::store::json(&header.unresolved)),
            version: ::sea_orm::Set(header.version),
            created_at: ::sea_orm::Set(header.created_at.as_microsecond()),
            updated_at: ::sea_orm::Set(header.updated_at.as_microsecond()),
            $($column: ::sea_orm::Set($value),)*
        }
    }};
}

/// The pairs that have to be deleted and inserted to turn the parts before into the parts after.
pub fn part_changes<T, P: PartialEq>(
    edits: &[Edit<T>],
    parts: impl Fn(&Arc<T>) -> Vec<P>,
) -> (Vec<P>, Vec<P>) {
    let (mut gone, mut new) = (Vec::new(), Vec::new());
    for edit in edits {
        let before = edit.before.as_ref().map(&parts).unwrap_or_default();
        let after = edit.after.as_ref().map(&parts).unwrap_or_default();
        // Edges of one object are few, and sorted lists of them mostly equal.
        let (kept, added): (Vec<P>, Vec<P>) =
            after.into_iter().partition(|part| before.contains(part));
        gone.extend(before.into_iter().filter(|part| !kept.contains(part)));
        new.extend(added);
    }
    (gone, new)
}
