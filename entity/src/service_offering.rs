//! What can be requested of a service.

use sea_orm::entity::prelude::*;

/// One row an offering.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "service_offering")]
pub struct Model {
    /// UUIDv7, given by the application.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Unique, kebab-case.
    pub slug: String,
    /// For people.
    pub name: String,
    /// What it gives.
    pub description: Option<String>,
    /// The service it belongs to.
    pub service_id: Uuid,
    /// JSON Schema (2020-12) of a request's inputs.
    pub input_schema: Json,
    /// Whether somebody has to approve.
    pub requires_approval: bool,
    /// Fulfilled by a machine.
    pub automated: bool,
    /// Ten-thousandths of the reporting currency.
    pub price: Option<i64>,
    /// Whether it can be requested now.
    pub active: bool,
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
