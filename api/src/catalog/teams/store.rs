//! Teams in the database.

use entity::team;

use super::rules::Team;
use crate::shared::ids::Id;
use crate::shared::store::{ActiveRow, Column, DamagedRow, Row, Stored};
use crate::{header_from, row_of};

impl Stored for Team {
    type Entity = team::Entity;
    const ID: Column<Self> = team::Column::Id;
    const VERSION: Column<Self> = team::Column::Version;

    fn from_row(row: Row<Self>) -> Result<Self, DamagedRow> {
        Ok(Self {
            description: row.description,
            parent_id: row.parent_id.map(Id::new),
            header: header_from!(Self, row)?,
        })
    }

    fn to_row(&self) -> ActiveRow<Self> {
        row_of!(team, &self.header, {
            description: self.description.clone(),
            parent_id: self.parent_id.map(Id::key),
        })
    }
}
