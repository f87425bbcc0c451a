//! A tool that a customer got elsewhere.

use sea_orm::entity::prelude::*;

/// One row a sighting.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "shadow_it_sighting")]
pub struct Model {
    /// UUIDv7, given by the application.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Unique, kebab-case.
    pub slug: String,
    /// The product.
    pub name: String,
    /// Who sells it.
    pub vendor: Option<String>,
    /// Who got it.
    pub customer_id: Uuid,
    /// The demand that it covers.
    pub demand_id: Option<Uuid>,
    /// The catalog's own answer.
    pub service_id: Option<Uuid>,
    /// How many people use it.
    pub users: i32,
    /// What it costs a month: ten-thousandths of the reporting currency.
    pub monthly_cost: i64,
    /// How sensitive what is kept in it is, as the API names it.
    pub data_class: String,
    /// What came of it, as the API names it.
    pub status: String,
    /// The day on which it was first seen, `2026-11-23`.
    pub first_seen: String,
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
