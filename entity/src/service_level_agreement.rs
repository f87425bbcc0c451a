//! What is promised for a service.

use sea_orm::entity::prelude::*;

/// One row an agreement.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "service_level_agreement")]
pub struct Model {
    /// UUIDv7, given by the application.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Unique, kebab-case.
    pub slug: String,
    /// For people.
    pub name: String,
    /// The service that it is about.
    pub service_id: Uuid,
    /// Whom it is promised to; null: every customer of the service.
    pub customer_id: Option<Uuid>,
    /// What sort of agreement.
    pub kind: String,
    /// When the service is attended.
    pub calendar_id: Uuid,
    /// The first day, `2026-11-23`.
    pub valid_from: String,
    /// The last day; null: until further notice.
    pub valid_until: Option<String>,
    /// What is promised: a JSON array of `{id, metric, priority, within, objective, warnAt}`.
    pub targets: Json,
    /// Free key/value notes: a JSON object.
    pub annotations: Json,
    /// Where an import found it, e.g. `openslo:checkout-slo`; unique.
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
