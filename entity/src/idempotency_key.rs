//! What was submitted under which key, so that it can be submitted again without harm.

use sea_orm::entity::prelude::*;

/// One row a key.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "idempotency_key")]
pub struct Model {
    /// The subject of the token.
    #[sea_orm(primary_key, auto_increment = false)]
    pub subject: String,
    /// The mutation.
    #[sea_orm(primary_key, auto_increment = false)]
    pub operation: String,
    /// The key that the client chose.
    #[sea_orm(primary_key, auto_increment = false)]
    pub key: String,
    /// SHA-256 of the input, base64url.
    pub input_hash: String,
    /// What came of it.
    pub result_id: Uuid,
    /// Microseconds since 1970, UTC.
    pub created_at: i64,
}

/// The result is a plain id.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
