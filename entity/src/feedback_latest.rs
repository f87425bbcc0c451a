//! Which feedback is somebody's word on a request or a service.

use sea_orm::entity::prelude::*;

/// One row for each person and what they speak of.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "feedback_latest")]
pub struct Model {
    /// The request; where it is about none the service, or a key of the service and a customer who is not the giver's own.
    #[sea_orm(primary_key, auto_increment = false)]
    pub about_id: Uuid,
    /// The subject of the token that gave it.
    #[sea_orm(primary_key, auto_increment = false)]
    pub given_by: String,
    /// The latest feedback.
    pub feedback_id: Uuid,
}

/// References are plain ids.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
