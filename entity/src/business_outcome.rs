//! A result the business wants, and what an hour without it costs.

use sea_orm::entity::prelude::*;

/// One row an outcome.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "business_outcome")]
pub struct Model {
    /// UUIDv7, given by the application.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Unique, kebab-case.
    pub slug: String,
    /// For people.
    pub name: String,
    /// What it means.
    pub description: Option<String>,
    /// Whose outcome it is.
    pub customer_id: Uuid,
    /// Who answers for it.
    pub owner_id: Option<Uuid>,
    /// Lost per hour while it is fully out of reach: ten-thousandths of the reporting currency.
    pub value_per_hour: i64,
    /// How it is measured: `{name, unit, baseline, target, current}`, numbers as decimal strings.
    pub metric: Option<Json>,
    /// Free key/value notes: a JSON object.
    pub annotations: Json,
    /// Where an import found it, e.g. `backstage:component:default/agent`; unique.
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
