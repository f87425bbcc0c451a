//! Calendars in the API.

use async_graphql::{Context, Enum, ID, InputObject, MaybeUndefined, Object, Result, SimpleObject};
use serde_json::Value;

use super::rules::{Calendar, CalendarPatch, WrittenHours};
use crate::catalog::graphql::{changed_header, new_header};
use crate::shared::connection::{Connection, PageArgs, all_by_name};
use crate::shared::direct::List;
use crate::shared::graphql::catalog;
use crate::shared::patch::Patch;
use crate::shared::record::Record;
use crate::shared::scalars::{Date, DateTime, Json};
use crate::slas::hours;
use crate::{mutations, node};

node! {
    /// When a service is attended.
    CalendarNode = CalendarFields(Calendar)
}

/// When a service is attended.
#[Object(name = "SupportCalendar", serial)]
impl CalendarFields {
    /// Opaque, never changes.
    pub(crate) async fn id(&self) -> ID {
        self.0.id().to_string().into()
    }

    /// Unique among calendars, kebab-case; what imports and URLs use.
    async fn slug(&self) -> &str {
        &self.0.header.slug
    }

    /// For people.
    async fn name(&self) -> &str {
        &self.0.header.name
    }

    /// IANA name, e.g. Europe/Berlin.
    async fn time_zone(&self) -> &str {
        &self.0.spec.time_zone
    }

    /// Local opening times by weekday and time; none at all: always open. An interval that ends at 24:00 runs to midnight.
    async fn hours(&self) -> List<OpeningHours> {
        let hours = self.0.spec.hours.iter();
        hours.map(OpeningHours::from).collect()
    }

    /// Whole local days that are closed, by date.
    async fn holidays(&self) -> List<Holiday> {
        let holidays = self.0.spec.holidays.iter();
        holidays.map(Holiday::from).collect()
    }

    /// Free key/value notes, as imports bring them.
    async fn annotations(&self) -> Json {
        Json(Value::Object(self.0.header.annotations.clone()))
    }

    /// When it was created.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.header.created_at)
    }

    /// When it was changed last.
    async fn updated_at(&self) -> DateTime {
        DateTime(self.0.header.updated_at)
    }

    /// Grows by one with every change; pass it back as `expectedVersion`.
    async fn version(&self) -> i32 {
        self.0.header.version
    }
}

/// When a calendar opens and closes on a day of the week.
#[derive(SimpleObject)]
#[graphql(serial)]
pub struct OpeningHours {
    /// On which day.
    weekday: Weekday,
    /// Local time, `08:00`.
    opens: String,
    /// Local time, `17:00`; `24:00` is the midnight that ends the day.
    closes: String,
}

impl From<&hours::OpeningHours> for OpeningHours {
    fn from(hours: &hours::OpeningHours) -> Self {
        Self {
            weekday: hours.weekday.into(),
            opens: hours.opens.to_string(),
            closes: hours.closes.to_string(),
        }
    }
}

/// A local day that is closed.
#[derive(SimpleObject)]
#[graphql(serial)]
pub struct Holiday {
    /// Which day.
    date: Date,
    /// What is celebrated.
    name: String,
}

impl From<&hours::Holiday> for Holiday {
    fn from(holiday: &hours::Holiday) -> Self {
        Self {
            date: Date(holiday.date),
            name: holiday.name.clone(),
        }
    }
}

/// A day of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "hours::Weekday")]
pub enum Weekday {
    /// The first day of the week.
    Monday,
    /// The second.
    Tuesday,
    /// The third.
    Wednesday,
    /// The fourth.
    Thursday,
    /// The fifth.
    Friday,
    /// The sixth.
    Saturday,
    /// The last.
    Sunday,
}

/// Queries for calendars.
#[derive(Default)]
pub struct SupportCalendarQueries;

#[Object]
impl SupportCalendarQueries {
    /// The calendar with this slug; null where there is none.
    async fn support_calendar(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its slug.")] slug: String,
    ) -> Option<CalendarNode> {
        Calendar::table(&catalog(ctx))
            .by_slug(&slug)
            .cloned()
            .map(CalendarNode::from)
    }

    /// All of them, by name. Errors: `BAD_USER_INPUT` for a bad page size or cursor.
    async fn support_calendars(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "At most so many from the front; 25 where nothing is said, 100 at most.")]
        first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "At most so many from the back; 100 at most.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<Connection<CalendarNode>> {
        all_by_name::<Calendar, _>(
            ctx,
            &PageArgs {
                first,
                after,
                last,
                before,
            },
        )
    }
}

/// What to create.
#[derive(InputObject)]
pub struct CreateSupportCalendarInput {
    /// Unique, kebab-case; made from the name where absent.
    slug: Option<String>,
    /// For people; one line of at most 250 characters.
    name: String,
    /// IANA name, e.g. Europe/Berlin.
    time_zone: String,
    /// Weekly opening times, which may touch and not overlap; none at all: always open.
    hours: Option<Vec<OpeningHoursInput>>,
    /// Whole local days that are closed, each once.
    holidays: Option<Vec<HolidayInput>>,
    /// Free key/value notes: a JSON object.
    annotations: Option<Json>,
}

/// What to change: an absent field stays, an explicit null clears. SLA clocks that run already go on by the calendar as it was
/// when they started.
#[derive(InputObject)]
pub struct UpdateSupportCalendarInput {
    /// Its id.
    id: ID,
    /// Refuse with `STALE_VERSION` unless this is its version.
    expected_version: Option<i32>,
    /// Unique, kebab-case.
    slug: MaybeUndefined<String>,
    /// For people; one line of at most 250 characters.
    name: MaybeUndefined<String>,
    /// IANA name, e.g. Europe/Berlin.
    time_zone: MaybeUndefined<String>,
    /// Weekly opening times, which may touch and not overlap; replaces all of them; none at all: always open.
    hours: MaybeUndefined<Vec<OpeningHoursInput>>,
    /// Whole local days that are closed, each once; replaces all of them.
    holidays: MaybeUndefined<Vec<HolidayInput>>,
    /// Free key/value notes: a JSON object; replaces all of them.
    annotations: MaybeUndefined<Json>,
}

impl CreateSupportCalendarInput {
    fn into_patch(self) -> CalendarPatch {
        CalendarPatch {
            header: new_header(self.name, self.slug, self.annotations),
            time_zone: Patch::Set(self.time_zone),
            hours: Patch::from(self.hours).map(written),
            holidays: Patch::from(self.holidays).map(days),
        }
    }
}

impl UpdateSupportCalendarInput {
    fn into_patch(self) -> CalendarPatch {
        CalendarPatch {
            header: changed_header(self.name, self.slug, self.annotations),
            time_zone: self.time_zone.into(),
            hours: Patch::from(self.hours).map(written),
            holidays: Patch::from(self.holidays).map(days),
        }
    }
}

fn written(hours: Vec<OpeningHoursInput>) -> Vec<WrittenHours> {
    hours.into_iter().map(WrittenHours::from).collect()
}

fn days(holidays: Vec<HolidayInput>) -> Vec<hours::Holiday> {
    holidays.into_iter().map(hours::Holiday::from).collect()
}

/// When a calendar opens and closes on a day of the week.
#[derive(InputObject)]
pub struct OpeningHoursInput {
    /// On which day.
    weekday: Weekday,
    /// Local time, `08:00`.
    opens: String,
    /// Local time, later than `opens`; `24:00` is the midnight that ends the day.
    closes: String,
}

impl From<OpeningHoursInput> for WrittenHours {
    fn from(input: OpeningHoursInput) -> Self {
        Self {
            weekday: input.weekday.into(),
            opens: input.opens,
            closes: input.closes,
        }
    }
}

/// A local day that is closed.
#[derive(InputObject)]
pub struct HolidayInput {
    /// Which day.
    date: Date,
    /// What is celebrated; one line of at most 250 characters.
    name: String,
}

impl From<HolidayInput> for hours::Holiday {
    fn from(input: HolidayInput) -> Self {
        Self {
            date: input.date.0,
            name: input.name,
        }
    }
}

mutations! {
    SupportCalendarMutations of Calendar as CalendarNode { "support calendar", support_calendar }
    create create_support_calendar(CreateSupportCalendarInput) -> CreateSupportCalendarPayload;
    update update_support_calendar(UpdateSupportCalendarInput) -> UpdateSupportCalendarPayload;
    delete delete_support_calendar(DeleteSupportCalendarInput) -> DeleteSupportCalendarPayload;
}
