//! Calendars in the database.

use entity::support_calendar;

use super::rules::Calendar;
use crate::shared::store::{ActiveRow, Column, DamagedRow, Row, RowReader, Stored, json};
use crate::slas::hours::CalendarSpec;
use crate::{header_from, row_of};

impl Stored for Calendar {
    type Entity = support_calendar::Entity;
    const ID: Column<Self> = support_calendar::Column::Id;
    const VERSION: Column<Self> = support_calendar::Column::Version;

    fn from_row(row: Row<Self>) -> Result<Self, DamagedRow> {
        let read = RowReader::new::<Self>(row.id);
        Ok(Self {
            spec: CalendarSpec {
                time_zone: row.time_zone,
                hours: read.value("hours", serde_json::from_value(row.hours))?,
                holidays: read.value("holidays", serde_json::from_value(row.holidays))?,
            },
            header: header_from!(Self, row)?,
        })
    }

    fn to_row(&self) -> ActiveRow<Self> {
        row_of!(support_calendar, &self.header, {
            time_zone: self.spec.time_zone.clone(),
            hours: json(&self.spec.hours),
            holidays: json(&self.spec.holidays),
        })
    }
}
