//! What a calendar is.

use std::sync::Arc;

use serde::Serialize;

use crate::shared::edit::Editable;
use crate::shared::errors::{UserError, UserErrorCode};
use crate::shared::form::{Form, HeaderPatch};
use crate::shared::ids::ObjectType;
use crate::shared::patch::Patch;
use crate::shared::record::{Header, Record, Reference};
use crate::shared::text::{MAX_LINE, is_blank};
use crate::slas::hours::{CalendarSpec, Holiday, OpeningHours, Weekday};
use crate::snapshot::{Catalog, Table};

/// When services are attended.
#[derive(Clone, Debug, Serialize)]
pub struct Calendar {
    /// What every object has.
    #[serde(flatten)]
    pub header: Header,
    /// What decides when it is open.
    #[serde(flatten)]
    pub spec: CalendarSpec,
}

impl Record for Calendar {
    const TYPE: ObjectType = ObjectType::SupportCalendar;

    fn header(&self) -> &Header {
        &self.header
    }

    fn header_mut(&mut self) -> &mut Header {
        &mut self.header
    }

    fn references(&self) -> Vec<Reference> {
        Vec::new()
    }

    fn table(catalog: &Catalog) -> &Table<Self> {
        &catalog.calendars
    }

    fn table_mut(catalog: &mut Catalog) -> &mut Table<Self> {
        &mut catalog.calendars
    }

    fn reindex(_: &mut Catalog, _: Option<&Arc<Self>>, _: Option<&Arc<Self>>) {}
}

/// Opening hours as somebody wrote them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrittenHours {
    /// On which day.
    pub weekday: Weekday,
    /// From when on: `08:00`.
    pub opens: String,
    /// Until when: `17:00`.
    pub closes: String,
}

/// A partial change of a calendar.
#[derive(Clone, Debug, Default)]
pub struct CalendarPatch {
    /// Name, slug, annotations.
    pub header: HeaderPatch,
    /// IANA name.
    pub time_zone: Patch<String>,
    /// Weekly opening times; replaces all of them.
    pub hours: Patch<Vec<WrittenHours>>,
    /// Closed days; replaces all of them.
    pub holidays: Patch<Vec<Holiday>>,
}

impl Editable for Calendar {
    type Patch = CalendarPatch;

    fn blank(header: Header) -> Self {
        Self {
            header,
            spec: CalendarSpec::default(),
        }
    }

    fn apply(&mut self, patch: CalendarPatch, form: &mut Form<'_>) {
        form.header::<Self>(patch.header, &mut self.header);
        let is_missing = self.spec.time_zone.is_empty() && matches!(patch.time_zone, Patch::Keep);
        let is_cleared = matches!(patch.time_zone, Patch::Clear);
        if is_missing {
            form.invalid("timeZone", "is required");
        }
        form.required("timeZone", patch.time_zone, &mut self.spec.time_zone);
        match patch.hours {
            Patch::Keep => {}
            Patch::Clear => self.spec.hours.clear(),
            Patch::Set(hours) => self.spec.hours = read_hours(&hours, form),
        }
        match patch.holidays {
            Patch::Keep => {}
            Patch::Clear => self.spec.holidays.clear(),
            Patch::Set(holidays) => self.spec.holidays = named(holidays, form),
        }
        for error in self.spec.check() {
            let is_said = (is_missing || is_cleared) && error.field == ["timeZone"];
            if !is_said {
                form.refuse(error);
            }
        }
        self.spec.normalise();
    }
}

/// The hours that are written; none where one of them can't be read.
fn read_hours(written: &[WrittenHours], form: &mut Form<'_>) -> Vec<OpeningHours> {
    let mut read = |index: usize, field: &str, text: &str| match text.parse() {
        Ok(time) => Some(time),
        Err(error) => {
            let error: crate::slas::hours::NotALocalTime = error;
            let place = ["hours", &index.to_string(), field];
            form.refuse(UserError::at(
                UserErrorCode::Invalid,
                &place,
                error.to_string(),
            ));
            None
        }
    };
    let hours: Vec<Option<OpeningHours>> = written
        .iter()
        .enumerate()
        .map(|(index, hours)| {
            let opens = read(index, "opens", &hours.opens);
            let closes = read(index, "closes", &hours.closes);
            Some(OpeningHours {
                weekday: hours.weekday,
                opens: opens?,
                closes: closes?,
            })
        })
        .collect();
    let all: Option<Vec<OpeningHours>> = hours.into_iter().collect();
    all.unwrap_or_default()
}

/// Holidays whose names can be stored.
fn named(mut holidays: Vec<Holiday>, form: &mut Form<'_>) -> Vec<Holiday> {
    for (index, holiday) in holidays.iter_mut().enumerate() {
        let place = ["holidays", &index.to_string(), "name"];
        holiday.name = holiday.name.trim().to_owned();
        if is_blank(&holiday.name) {
            let message = "can't be empty";
            form.refuse(UserError::at(UserErrorCode::Invalid, &place, message));
        } else {
            form.text_fits_at(&place, &holiday.name, MAX_LINE);
        }
    }
    holidays
}
