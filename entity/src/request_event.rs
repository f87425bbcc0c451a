//! The history of requests.

use sea_orm::entity::prelude::*;

/// One row a step.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "request_event")]
pub struct Model {
    /// The request.
    #[sea_orm(primary_key, auto_increment = false)]
    pub request_id: Uuid,
    /// The request's version after it: 1, 2, 3, …
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
    /// The priority from then on, where it was set.
    pub priority: Option<i16>,
    /// In words.
    pub comment: Option<String>,
}

/// References are plain ids.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
