//! Promises being kept, or not, for one request or incident.
//!
//! Instants are microseconds since 1970, UTC. Those that may lie ahead hold what will happen if nothing else does, and the
//! greatest number where nothing will.

use sea_orm::entity::prelude::*;

/// One row a clock.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "sla_clock")]
pub struct Model {
    /// The request or incident.
    #[sea_orm(primary_key, auto_increment = false)]
    pub subject_id: Uuid,
    /// Which of the subject's clocks: 0, 1, 2, …
    #[sea_orm(primary_key, auto_increment = false)]
    pub place: i16,
    /// The subject's type as the API names it.
    pub subject_type: String,
    /// As the API names it.
    pub metric: String,
    /// The agreement that it was chosen from.
    pub agreement_id: Uuid,
    /// The target that was chosen last.
    pub target_id: Uuid,
    /// What was promised from when on, as JSON: targets as they stood then, with the hashes of their calendars. Text, since lists read
    /// the same over and over and the database never looks into it.
    pub promised: String,
    /// As the API names it, at `as_of`.
    pub state: String,
    /// When it started.
    pub started_at: i64,
    /// Microseconds of open time used until `as_of`.
    pub elapsed: i64,
    /// When anything last happened to the clock.
    pub as_of: i64,
    /// When the target is missed, or was, while the clock runs.
    pub due_at: i64,
    /// When it became at risk, or will.
    pub warns_at: i64,
    /// When it was breached, or will be.
    pub breaches_at: i64,
    /// When it became at risk, as far as that is recorded.
    pub at_risk_at: Option<i64>,
    /// When it was breached, as far as that is recorded.
    pub breached_at: Option<i64>,
    /// When it ended.
    pub ended_at: Option<i64>,
    /// The instant that decides whether the target was kept.
    pub decided_at: i64,
    /// Whether it is kept.
    pub good: bool,
    /// When the next thing is to be recorded: that it is at risk, or breached.
    pub next_at: i64,
    /// The request's customer; none for incidents, which are everybody's.
    pub customer_id: Option<Uuid>,
}

/// References are plain ids.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
