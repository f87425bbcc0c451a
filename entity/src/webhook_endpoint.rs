//! Where events are sent to.

use sea_orm::entity::prelude::*;

/// One row an endpoint.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "webhook_endpoint")]
pub struct Model {
    /// Its key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The address.
    pub url: String,
    /// For people.
    pub description: Option<String>,
    /// Which events: a list of names and patterns; all where it is empty.
    pub events: Json,
    /// What events are signed with, as Standard Webhooks writes it.
    pub secret: String,
    /// What they are signed with as well, for a while.
    pub former_secret: Option<String>,
    /// Until when, microseconds since 1970.
    pub former_secret_until: Option<i64>,
    /// Whether events are sent.
    pub enabled: bool,
    /// Why not.
    pub disabled_reason: Option<String>,
    /// The sequence up to which every event has been delivered.
    pub position: i64,
    /// How often the next one has been tried in vain.
    pub failed_attempts: i32,
    /// When it is tried again, microseconds since 1970; 0: at once.
    pub next_attempt_at: i64,
    /// The subject who made it.
    pub created_by: String,
    /// Grows with every change of what clients set.
    pub version: i32,
    /// Microseconds since 1970.
    pub created_at: i64,
    /// Microseconds since 1970.
    pub updated_at: i64,
}

/// It refers to nothing.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
