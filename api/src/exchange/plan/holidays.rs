//! Adding holidays to a calendar.

use std::collections::BTreeMap;

use jiff::{civil::Date, tz::TimeZone};

use super::{Festival, Item, bench::Bench};
use crate::{
    exchange::diagnostics::{Place, Problems},
    shared::{
        edit::Editable,
        form::Form,
        ids::{Id, ObjectRef},
        patch::Patch,
        record::Record,
    },
    slas::{
        calendars::rules::{Calendar, CalendarPatch},
        hours::Holiday,
    },
};

/// Of what comes again every year the days from the year before this one on are taken over, so many years.
const YEARS: i16 = 12;

/// Plans the calendar with the days of these events beside those that it has; nothing where there is no such calendar. A day
/// that it has already takes the name of the event.
pub(super) fn write(
    item: &Item,
    festivals: &[Festival],
    bench: &mut Bench<'_>,
    problems: &mut Problems,
) -> Option<ObjectRef> {
    let slug = item.identity.slug.as_str();
    let found = bench.catalog().calendars.by_slug(slug);
    let Some(id) = found.map(|calendar| calendar.id()) else {
        problems.error(
            item.at.clone(),
            format!("no support calendar has the slug `{slug}`; create it first"),
        );
        return None;
    };
    let mut calendar = bench.get::<Calendar>(id)?.clone();
    let (from, until) = window(bench);
    let mut days = BTreeMap::new();
    for festival in festivals {
        for date in festival.event.dates(from, until) {
            note(&mut days, date, festival, problems);
        }
    }
    let kept = calendar.spec.holidays.iter();
    let mut holidays: Vec<Holiday> = kept
        .filter(|holiday| !days.contains_key(&holiday.date))
        .cloned()
        .collect();
    holidays.extend(days.into_iter().map(|(date, (name, _))| Holiday {
        date,
        name: name.to_owned(),
    }));
    let patch = CalendarPatch {
        holidays: Patch::Set(holidays),
        ..CalendarPatch::default()
    };
    let mut form = Form::new(bench.draft());
    calendar.apply(patch, &mut form);
    if let Err(errors) = form.finish() {
        for error in errors {
            let place = error.field.join(".");
            problems.error(item.at.clone(), format!("{place}: {}", error.message));
        }
    }
    bench.lay(calendar);
    Some(Id::<Calendar>::any(id))
}

/// Remembers a day; of two events on one day the first gives the name.
fn note<'f>(
    days: &mut BTreeMap<Date, (&'f str, &'f Place)>,
    date: Date,
    festival: &'f Festival,
    problems: &mut Problems,
) {
    let name = festival.event.name.as_str();
    let (first, at) = *days.entry(date).or_insert((name, &festival.at));
    if first != name {
        problems.warning(
            festival.at.clone(),
            format!("{date} is {first:?} already, by the event at {at}; {name:?} does not name it"),
        );
    }
}

fn window(bench: &mut Bench<'_>) -> (Date, Date) {
    let today = TimeZone::UTC.to_datetime(bench.draft().now()).date();
    let first = today.year() - 1;
    let day = |year: i16, month, day| Date::new(year, month, day).unwrap_or(today);
    (day(first, 1, 1), day(first + YEARS - 1, 12, 31))
}
