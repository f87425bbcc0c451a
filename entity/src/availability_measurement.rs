//! How available a service was.

use sea_orm::entity::prelude::*;

/// One row an interval; those of a service don't overlap.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "availability_measurement")]
pub struct Model {
    /// The service.
    #[sea_orm(primary_key, auto_increment = false)]
    pub service_id: Uuid,
    /// When the interval begins: microseconds since 1970, UTC.
    #[sea_orm(primary_key, auto_increment = false)]
    pub starts_at: i64,
    /// When it ends: microseconds since 1970, UTC.
    pub ends_at: i64,
    /// Good events or seconds.
    pub good: i32,
    /// All events or seconds.
    pub total: i32,
    /// When it was recorded last: microseconds since 1970, UTC.
    pub recorded_at: i64,
}

/// References are plain ids.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
