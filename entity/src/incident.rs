//! What is broken.

use sea_orm::entity::prelude::*;

/// One row an incident.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "incident")]
pub struct Model {
    /// UUIDv7, given by the application.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// For people; ascending.
    pub number: i64,
    /// One line.
    pub title: String,
    /// As the API names it.
    pub severity: String,
    /// As the API names it.
    pub status: String,
    /// The subject of the token that reported it.
    pub reported_by: String,
    /// When it began: microseconds since 1970, UTC.
    pub started_at: i64,
    /// When it was acknowledged: microseconds since 1970, UTC.
    pub acknowledged_at: Option<i64>,
    /// When it was resolved: microseconds since 1970, UTC.
    pub resolved_at: Option<i64>,
    /// The earliest instant at which a running clock is due, microseconds since 1970; the greatest number where none is.
    pub due_at: i64,
    /// The instant of its first breach, past or to come if nothing changes; the greatest number where there is none.
    pub breaches_at: i64,
    /// Grows by one with every step.
    pub version: i32,
    /// Microseconds since 1970, UTC.
    pub created_at: i64,
    /// Microseconds since 1970, UTC.
    pub updated_at: i64,
}

/// References are plain ids.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
