//! What somebody asked for.

use sea_orm::entity::prelude::*;

/// One row a request.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "service_request")]
pub struct Model {
    /// UUIDv7, given by the application.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// For people; ascending.
    pub number: i64,
    /// One line.
    pub title: String,
    /// What was asked for.
    pub offering_id: Uuid,
    /// The offering's service at the time.
    pub service_id: Uuid,
    /// For whom, of the business.
    pub customer_id: Option<Uuid>,
    /// For whom.
    pub requester_id: Option<Uuid>,
    /// The subject of the token that submitted it.
    pub submitted_by: String,
    /// Whether somebody had to approve, as the offering said at the time.
    pub requires_approval: bool,
    /// What the offering's schema asks for.
    pub inputs: Json,
    /// 1 to 4.
    pub priority: i16,
    /// As the API names it.
    pub status: String,
    /// When it was first approved: microseconds since 1970, UTC.
    pub approved_at: Option<i64>,
    /// Why it was declined, as the API names it.
    pub decline_reason: Option<String>,
    /// Why it was declined, in words.
    pub decline_explanation: Option<String>,
    /// The other way.
    pub decline_alternative_id: Option<Uuid>,
    /// When it is worth asking again: `2026-11-23`.
    pub decline_revisit_on: Option<String>,
    /// Who declined it.
    pub declined_by: Option<String>,
    /// When it was declined: microseconds since 1970, UTC.
    pub declined_at: Option<i64>,
    /// The earliest instant at which a running clock is due, microseconds since 1970; the greatest number where none is.
    pub due_at: i64,
    /// The instant of its first breach, past or to come if nothing changes; the greatest number where there is none.
    pub breaches_at: i64,
    /// Grows by one with every step.
    pub version: i32,
    /// Microseconds since 1970, UTC.
    pub created_at: i64,
    /// Microseconds since 1970, UTC.
    pub updated_at: i64,
}

/// References are plain ids: the catalog in memory follows them.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
