//! Sightings in the database.

use entity::shadow_it_sighting;

use super::rules::Sighting;
use crate::shared::ids::Id;
use crate::shared::money::Amount;
use crate::shared::store::{ActiveRow, Column, DamagedRow, Row, RowReader, Stored};
use crate::{header_from, row_of};

impl Stored for Sighting {
    type Entity = shadow_it_sighting::Entity;
    const ID: Column<Self> = shadow_it_sighting::Column::Id;
    const VERSION: Column<Self> = shadow_it_sighting::Column::Version;

    fn from_row(row: Row<Self>) -> Result<Self, DamagedRow> {
        let read = RowReader::new::<Self>(row.id);
        Ok(Self {
            vendor: row.vendor,
            customer_id: Id::new(row.customer_id),
            demand_id: row.demand_id,
            service_id: row.service_id.map(Id::new),
            users: row.users,
            monthly_cost: Amount::from_stored(row.monthly_cost),
            data_class: read.value("data_class", row.data_class.parse())?,
            status: read.value("status", row.status.parse())?,
            first_seen: read.value("first_seen", row.first_seen.parse())?,
            header: header_from!(Self, row)?,
        })
    }

    fn to_row(&self) -> ActiveRow<Self> {
        row_of!(shadow_it_sighting, &self.header, {
            vendor: self.vendor.clone(),
            customer_id: self.customer_id.key(),
            demand_id: self.demand_id,
            service_id: self.service_id.map(Id::key),
            users: self.users,
            monthly_cost: self.monthly_cost.stored(),
            data_class: self.data_class.to_string(),
            status: self.status.to_string(),
            first_seen: self.first_seen.to_string(),
        })
    }
}
