//! The change feed: one row per changed object and transaction, written in that transaction.

use sea_orm::entity::prelude::*;

/// One row a change.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "change")]
pub struct Model {
    /// Transaction number × 2²⁰ + place in the transaction. Rows of one transaction are adjacent; the transaction
    /// number is the database's own, so a follower can tell which numbers may still appear (see `dialect` in the API).
    #[sea_orm(primary_key, auto_increment = false)]
    pub sequence: i64,
    /// Microseconds since 1970, UTC.
    pub at: i64,
    /// Who did it: the subject of their token, or a program.
    pub actor: String,
    /// `CREATED`, `UPDATED` or `DELETED`.
    pub kind: String,
    /// The object's type as the API names it, e.g. `Service`.
    pub subject_type: String,
    /// The object.
    pub subject_id: Uuid,
    /// Changed fields: `{name: {from, to}}`.
    pub diff: Json,
    /// The HTTP request that it came with.
    pub request_id: Option<String>,
    /// The name of the token, `jti`.
    pub token_id: Option<String>,
    /// The program that the token was issued to.
    pub client_id: Option<String>,
}

/// References are plain ids: the catalog in memory follows them.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
