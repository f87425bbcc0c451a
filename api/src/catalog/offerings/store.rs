//! Offerings in the database.

use entity::service_offering;

use super::rules::Offering;
use crate::shared::ids::Id;
use crate::shared::money::Amount;
use crate::shared::store::{ActiveRow, Column, DamagedRow, Row, Stored};
use crate::{header_from, row_of};

impl Stored for Offering {
    type Entity = service_offering::Entity;
    const ID: Column<Self> = service_offering::Column::Id;
    const VERSION: Column<Self> = service_offering::Column::Version;

    fn from_row(row: Row<Self>) -> Result<Self, DamagedRow> {
        Ok(Self {
            description: row.description,
            service_id: Id::new(row.service_id),
            input_schema: row.input_schema,
            requires_approval: row.requires_approval,
            automated: row.automated,
            price: row.price.map(Amount::from_stored),
            active: row.active,
            header: header_from!(Self, row)?,
        })
    }

    fn to_row(&self) -> ActiveRow<Self> {
        row_of!(service_offering, &self.header, {
            description: self.description.clone(),
            service_id: self.service_id.key(),
            input_schema: self.input_schema.clone(),
            requires_approval: self.requires_approval,
            automated: self.automated,
            price: self.price.map(Amount::stored),
            active: self.active,
        })
    }
}
