//! When a service is attended.

use sea_orm::entity::prelude::*;

/// One row a calendar.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "support_calendar")]
pub struct Model {
    /// UUIDv7, given by the application.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Unique, kebab-case.
    pub slug: String,
    /// For people.
    pub name: String,
    /// IANA name of the time zone.
    pub time_zone: String,
    /// Weekly opening times: a JSON array of `{weekday, opens, closes}`.
    pub hours: Json,
    /// Days without any: a JSON array of `{date, name}`.
    pub holidays: Json,
    /// Free key/value notes: a JSON object.
    pub annotations: Json,
    /// Where an import found it; unique.
    pub origin: Option<String>,
    /// References to what is not there yet: a JSON array.
    pub unresolved: Json,
    /// Grows by one with every change.
    pub version: i32,
    /// Microseconds since 1970, UTC.
    pub created_at: i64,
    /// Microseconds since 1970, UTC.
    pub updated_at: i64,
}

/// References are plain ids: the catalog in memory follows them.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
