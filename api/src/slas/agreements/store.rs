//! Agreements in the database.

use entity::service_level_agreement;

use super::rules::Agreement;
use crate::shared::ids::Id;
use crate::shared::store::{ActiveRow, Column, DamagedRow, Row, RowReader, Stored, json};
use crate::{header_from, row_of};

impl Stored for Agreement {
    type Entity = service_level_agreement::Entity;
    const ID: Column<Self> = service_level_agreement::Column::Id;
    const VERSION: Column<Self> = service_level_agreement::Column::Version;

    fn from_row(row: Row<Self>) -> Result<Self, DamagedRow> {
        let read = RowReader::new::<Self>(row.id);
        let valid_until = row.valid_until.map(|day| day.parse()).transpose();
        Ok(Self {
            service_id: Id::new(row.service_id),
            customer_id: row.customer_id.map(Id::new),
            kind: read.value("kind", row.kind.parse())?,
            calendar_id: Id::new(row.calendar_id),
            valid_from: read.value("valid_from", row.valid_from.parse())?,
            valid_until: read.value("valid_until", valid_until)?,
            targets: read.value("targets", serde_json::from_value(row.targets))?,
            header: header_from!(Self, row)?,
        })
    }

    fn to_row(&self) -> ActiveRow<Self> {
        row_of!(service_level_agreement, &self.header, {
            service_id: self.service_id.key(),
            customer_id: self.customer_id.map(Id::key),
            kind: self.kind.to_string(),
            calendar_id: self.calendar_id.key(),
            valid_from: self.valid_from.to_string(),
            valid_until: self.valid_until.map(|day| day.to_string()),
            targets: json(&self.targets),
        })
    }
}
