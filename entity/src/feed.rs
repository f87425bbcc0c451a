//! What the change feed adds to the database's transaction numbers.

use sea_orm::entity::prelude::*;

/// A single row, id 1; none at all means an offset of 0.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "feed")]
pub struct Model {
    /// Always 1.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i16,
    /// Added to the database's transaction number, so that numbers keep growing after a restore into another cluster.
    pub number_offset: i64,
}

/// References are plain ids: the catalog in memory follows them.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
