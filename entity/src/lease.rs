//! Who does a job that one process at a time may do.

use sea_orm::entity::prelude::*;

/// One row a job, from the first time that somebody does it.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "lease")]
pub struct Model {
    /// The job.
    #[sea_orm(primary_key, auto_increment = false)]
    pub name: String,
    /// The process that has it, or had it last.
    pub holder: Uuid,
    /// Grows each time that the job changes hands.
    pub generation: i64,
    /// Until when it is the holder's, microseconds since 1970 by the database's own clock.
    pub expires_at: i64,
}

/// It refers to nothing.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
