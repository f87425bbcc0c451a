//! What a service needs to work.

use sea_orm::entity::prelude::*;

/// One row a dependency; it belongs to the dependent service.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "service_dependency")]
pub struct Model {
    /// The one that needs.
    #[sea_orm(primary_key, auto_increment = false)]
    pub dependent_id: Uuid,
    /// The one that is needed.
    #[sea_orm(primary_key, auto_increment = false)]
    pub dependency_id: Uuid,
    /// Share of the dependent's work that stops when the dependency is fully down, in (0, 1].
    #[sea_orm(column_type = "Double")]
    pub strength: f64,
    /// The import document that stated it; null: a person did.
    pub origin: Option<String>,
}

/// References are plain ids: the catalog in memory follows them.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
