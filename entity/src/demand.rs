//! What a customer needs, wishes for or is driven by.

use sea_orm::entity::prelude::*;

/// One row a demand.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "demand")]
pub struct Model {
    /// UUIDv7, given by the application.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// For people; ascending.
    pub number: i64,
    /// One line.
    pub title: String,
    /// What it is about.
    pub description: Option<String>,
    /// As the API names it.
    pub kind: String,
    /// As the API names it.
    pub status: String,
    /// Whose demand it is.
    pub customer_id: Uuid,
    /// Who raised it, where the catalog knew them.
    pub raised_by_id: Option<Uuid>,
    /// The subject of the token that raised it.
    pub submitted_by: String,
    /// The outcome that it is for.
    pub outcome_id: Option<Uuid>,
    /// The service that answers it.
    pub service_id: Option<Uuid>,
    /// How many people or units.
    pub quantity: i32,
    /// What meeting it is worth a month: ten-thousandths of the reporting currency.
    pub value_per_month: i64,
    /// Ten-thousandths of person-days.
    pub effort: Option<i64>,
    /// A number whose order is that of scores: the bits of the score as a 64-bit float, which for numbers of 0 and more ascend as
    /// they do; -1 where there is no score.
    pub score_order: i64,
    /// How many people support it.
    pub supporters: i32,
    /// When it was met or declined, as long as it is: microseconds since 1970, UTC.
    pub ended_at: Option<i64>,
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
    /// Grows by one with every change.
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
