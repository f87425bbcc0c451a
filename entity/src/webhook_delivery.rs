//! What was sent to endpoints, and what they answered.

use sea_orm::entity::prelude::*;

/// One row an attempt.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "webhook_delivery")]
pub struct Model {
    /// The endpoint.
    #[sea_orm(primary_key, auto_increment = false)]
    pub endpoint_id: Uuid,
    /// The attempt; later ones have greater keys.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The change in the feed; none of a test.
    pub sequence: Option<i64>,
    /// What was sent: `service.updated`.
    pub event: String,
    /// How often it had been tried by then, this time included.
    pub attempt: i32,
    /// When, microseconds since 1970.
    pub at: i64,
    /// How long it took, milliseconds.
    pub took: i32,
    /// The answer's status, if there was one.
    pub status: Option<i32>,
    /// Why it was not delivered; none where it was.
    pub error: Option<String>,
}

/// References are plain ids.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
