//! What somebody says of a service.

use sea_orm::entity::prelude::*;

/// One row an answer.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "feedback")]
pub struct Model {
    /// UUIDv7, given by the application.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// What it is about.
    pub service_id: Uuid,
    /// The request that it is about; null: the service as a whole.
    pub service_request_id: Option<Uuid>,
    /// The customer for whom it is said.
    pub customer_id: Option<Uuid>,
    /// The subject of the token that gave it.
    pub given_by: String,
    /// 1 (bad) to 5 (good).
    pub score: i16,
    /// In words.
    pub comment: Option<String>,
    /// Grows by one with every change.
    pub version: i32,
    /// When it was first given: microseconds since 1970, UTC.
    pub created_at: i64,
    /// When it was changed last: microseconds since 1970, UTC.
    pub updated_at: i64,
}

/// References are plain ids.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
