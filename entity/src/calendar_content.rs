//! Calendars as they stood when a clock started.

use sea_orm::entity::prelude::*;

/// One row a state of a calendar; never changed.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "calendar_content")]
pub struct Model {
    /// SHA-256 of the content, base64url.
    #[sea_orm(primary_key, auto_increment = false)]
    pub hash: String,
    /// Time zone, hours and holidays.
    pub content: Json,
}

/// Clocks refer to it by the hash.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
