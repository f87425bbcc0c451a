//! Outcomes in the database.

use entity::business_outcome;

use super::rules::Outcome;
use crate::shared::ids::Id;
use crate::shared::money::Amount;
use crate::shared::store::{ActiveRow, Column, DamagedRow, Row, RowReader, Stored, json};
use crate::{header_from, row_of};

impl Stored for Outcome {
    type Entity = business_outcome::Entity;
    const ID: Column<Self> = business_outcome::Column::Id;
    const VERSION: Column<Self> = business_outcome::Column::Version;

    fn from_row(row: Row<Self>) -> Result<Self, DamagedRow> {
        let read = RowReader::new::<Self>(row.id);
        let metric = row.metric.map(serde_json::from_value).transpose();
        Ok(Self {
            description: row.description,
            customer_id: Id::new(row.customer_id),
            owner_id: row.owner_id.map(Id::new),
            value_per_hour: Amount::from_stored(row.value_per_hour),
            metric: read.value("metric", metric)?,
            header: header_from!(Self, row)?,
        })
    }

    fn to_row(&self) -> ActiveRow<Self> {
        row_of!(business_outcome, &self.header, {
            description: self.description.clone(),
            customer_id: self.customer_id.key(),
            owner_id: self.owner_id.map(Id::key),
            value_per_hour: self.value_per_hour.stored(),
            metric: self.metric.as_ref().map(json),
        })
    }
}
