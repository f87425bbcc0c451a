//! The history of incidents.

use sea_orm::entity::prelude::*;

/// One row a step.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "incident_event")]
pub struct Model {
    /// The incident.
    #[sea_orm(primary_key, auto_increment = false)]
    pub incident_id: Uuid,
    /// The incident's version after it: 1, 2, 3, …
    #[sea_orm(primary_key, auto_increment = false)]
    pub place: i32,
    /// Microseconds since 1970, UTC.
    pub at: i64,
    /// The subject of the token, or a program.
    pub actor: String,
    /// What happened, as the API names it.
    pub kind: String,
    /// The status before, where it changed.
    pub from_status: Option<String>,
    /// The status after, where it changed.
    pub to_status: Option<String>,
    /// In words.
    pub comment: Option<String>,
}

/// References are plain ids.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
