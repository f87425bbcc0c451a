//! Which services an incident breaks.

use sea_orm::entity::prelude::*;

/// One row an incident and service.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "incident_service")]
pub struct Model {
    /// The incident.
    #[sea_orm(primary_key, auto_increment = false)]
    pub incident_id: Uuid,
    /// The service.
    #[sea_orm(primary_key, auto_increment = false)]
    pub service_id: Uuid,
    /// When the incident was reported, which never changes: a service's incidents are listed by it. Microseconds since 1970,
    /// UTC.
    pub created_at: i64,
}

/// References are plain ids.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
