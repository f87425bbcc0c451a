//! How much of an outcome rests on a service.

use sea_orm::entity::prelude::*;

/// One row a contribution; it belongs to the service.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "outcome_contribution")]
pub struct Model {
    /// The service.
    #[sea_orm(primary_key, auto_increment = false)]
    pub service_id: Uuid,
    /// The outcome that rests on it.
    #[sea_orm(primary_key, auto_increment = false)]
    pub outcome_id: Uuid,
    /// Share of the outcome that is lost while the service is fully down, in (0, 1].
    #[sea_orm(column_type = "Double")]
    pub share: f64,
}

/// References are plain ids: the catalog in memory follows them.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
