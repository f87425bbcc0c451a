//! What people looked for and did not find.

use sea_orm::entity::prelude::*;

/// One row a text. Nothing says who looked for it.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "missed_search")]
pub struct Model {
    /// As it was typed, in lower case and with single spaces.
    #[sea_orm(primary_key, auto_increment = false)]
    pub text: String,
    /// How often it was looked for in vain.
    pub count: i64,
    /// The last time: microseconds since 1970, UTC.
    pub last_at: i64,
}

/// It refers to nothing.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
