//! Who else wants what a demand asks for.

use sea_orm::entity::prelude::*;

/// One row a demand and person.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "demand_supporter")]
pub struct Model {
    /// The demand.
    #[sea_orm(primary_key, auto_increment = false)]
    pub demand_id: Uuid,
    /// The person.
    #[sea_orm(primary_key, auto_increment = false)]
    pub person_id: Uuid,
    /// Since when: microseconds since 1970, UTC.
    pub supported_at: i64,
}

/// References are plain ids.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
