//! Calendars and agreements, there and back.

use std::str::FromStr;

use jiff::{SignedDuration, civil::Date};
use rust_decimal::Decimal;
use serde::Serialize;

use super::{
    read::{DECIMAL, Reader, parsed, required, word},
    write::{Exportable, References, slug},
};
use crate::{
    exchange::{
        diagnostics::Problems,
        fields::Fields,
        plan::{Change, fields},
        yaml::Value,
    },
    shared::{
        duration::{self, NoDuration},
        form::HeaderPatch,
        ids::ObjectType,
        patch::Patch,
        scalars::day,
    },
    slas::{
        agreements::{
            rules::{Agreement, AgreementKind, AgreementPatch},
            target::{SlaMetric, Target, WARN_AT, Wish},
        },
        calendars::rules::{Calendar, CalendarPatch, WrittenHours},
        hours::{Holiday, OpeningHours},
        priority::Priority,
    },
    snapshot::Catalog,
};

/// How a day looks.
pub(super) const DAY: &str = "a day like 2026-11-23";
/// How a length of time looks.
const DURATION: &str = "a length of time like PT4H30M";

pub(super) struct Day(pub(super) Date);

impl FromStr for Day {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        day(text).map(Self).ok_or(())
    }
}

struct Length(SignedDuration);

impl FromStr for Length {
    type Err = NoDuration;

    fn from_str(text: &str) -> Result<Self, NoDuration> {
        duration::read(text).map(Self)
    }
}

pub(super) fn calendar(header: HeaderPatch, reader: &mut Reader<'_, '_>) -> Change {
    let time_zone = reader.text("timeZone");
    let hours = reader.rows("hours").unwrap_or_default();
    let hours = hours.into_iter().filter_map(|mut row| {
        let weekday = needed(&mut row, "weekday", reader.problems)
            .then(|| word(&mut row, "weekday", reader.problems));
        let opens = text(&mut row, "opens", reader.problems);
        let closes = text(&mut row, "closes", reader.problems);
        row.refuse_rest(reader.problems);
        Some(WrittenHours {
            weekday: weekday??,
            opens: opens?,
            closes: closes?,
        })
    });
    let hours = Patch::Set(hours.collect());
    let holidays = reader.rows("holidays").unwrap_or_default();
    let holidays = holidays.into_iter().filter_map(|mut row| {
        let date = needed(&mut row, "date", reader.problems)
            .then(|| parsed::<Day>(&mut row, "date", DAY, reader.problems));
        let name = text(&mut row, "name", reader.problems);
        row.refuse_rest(reader.problems);
        Some(Holiday {
            date: date??.0,
            name: name?,
        })
    });
    Change::Calendar(CalendarPatch {
        header,
        time_zone,
        hours,
        holidays: Patch::Set(holidays.collect()),
    })
}

pub(super) fn agreement(header: HeaderPatch, reader: &mut Reader<'_, '_>) -> Change {
    reader.point("service", fields::SERVICE, ObjectType::Service);
    reader.point("customer", fields::CUSTOMER, ObjectType::Customer);
    let kind = reader.word::<AgreementKind>("kind");
    reader.point("calendar", fields::CALENDAR, ObjectType::SupportCalendar);
    let valid_from = reader.parsed::<Day>("validFrom", DAY);
    let valid_until = reader.parsed::<Day>("validUntil", DAY);
    let rows = reader.rows("targets").unwrap_or_default();
    let targets = rows
        .into_iter()
        .filter_map(|row| target(row, reader.problems))
        .collect();
    Change::Agreement(AgreementPatch {
        header,
        kind,
        valid_from: Patch::from(valid_from.map(|day| day.0)),
        valid_until: Patch::from(valid_until.map(|day| day.0)),
        targets: Patch::Set(targets),
        ..AgreementPatch::default()
    })
}

fn target(mut row: Fields<'_>, problems: &mut Problems) -> Option<Wish> {
    let metric = needed(&mut row, "metric", problems)
        .then(|| word::<SlaMetric>(&mut row, "metric", problems));
    let priority = word::<Priority>(&mut row, "priority", problems);
    let within = parsed::<Length>(&mut row, "within", DURATION, problems);
    let objective = needed(&mut row, "objective", problems)
        .then(|| parsed::<Decimal>(&mut row, "objective", DECIMAL, problems));
    let warn_at = if row.has("warnAt") {
        percent(&mut row, problems)
    } else {
        Some(WARN_AT.into())
    };
    row.refuse_rest(problems);
    Some(Wish {
        metric: metric??,
        priority,
        within: within.map(|within| within.0),
        objective: objective??,
        warn_at: warn_at?,
    })
}

fn percent(row: &mut Fields<'_>, problems: &mut Problems) -> Option<i64> {
    let node = row.raw("warnAt")?;
    let whole = match &node.value {
        Value::Number(number) => number.as_i64(),
        _ => None,
    };
    if whole.is_none() {
        problems.error(
            row.place(node),
            format!("`{}` must be a whole number", row.path_of("warnAt")),
        );
    }
    whole
}

/// A text that must be there.
fn text(row: &mut Fields<'_>, name: &'static str, problems: &mut Problems) -> Option<String> {
    let at = row.at()?;
    required(row, name, &at, problems).map(|text| text.value.to_owned())
}

/// Whether a field is there; an error where it is not.
fn needed(row: &mut Fields<'_>, name: &'static str, problems: &mut Problems) -> bool {
    let there = row.has(name);
    if !there {
        // Asked for all the same: it is a known field.
        row.raw(name);
        if let Some(at) = row.at() {
            problems.error(at, format!("`{}` is missing", row.path_of(name)));
        }
    }
    there
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CalendarSpec<'a> {
    time_zone: &'a str,
    #[serde(skip_serializing_if = "<[OpeningHours]>::is_empty")]
    hours: &'a [OpeningHours],
    #[serde(skip_serializing_if = "<[Holiday]>::is_empty")]
    holidays: &'a [Holiday],
}

impl Exportable for Calendar {
    fn spec<'a>(&'a self, _: &'a Catalog) -> impl Serialize + 'a {
        CalendarSpec {
            time_zone: &self.spec.time_zone,
            hours: &self.spec.hours,
            holidays: &self.spec.holidays,
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AgreementSpec<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    service: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    customer: Option<&'a str>,
    kind: AgreementKind,
    #[serde(skip_serializing_if = "Option::is_none")]
    calendar: Option<&'a str>,
    valid_from: Date,
    #[serde(skip_serializing_if = "Option::is_none")]
    valid_until: Option<Date>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    targets: Vec<TargetSpec>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TargetSpec {
    metric: SlaMetric,
    #[serde(skip_serializing_if = "Option::is_none")]
    priority: Option<Priority>,
    #[serde(skip_serializing_if = "Option::is_none")]
    within: Option<SignedDuration>,
    objective: Decimal,
    #[serde(skip_serializing_if = "Option::is_none")]
    warn_at: Option<u8>,
}

impl TargetSpec {
    fn of(target: &Target) -> Self {
        Self {
            metric: target.metric,
            priority: target.priority,
            within: target.within,
            objective: target.objective,
            warn_at: (target.warn_at != WARN_AT).then_some(target.warn_at),
        }
    }
}

impl Exportable for Agreement {
    fn spec<'a>(&'a self, catalog: &'a Catalog) -> impl Serialize + 'a {
        let refs = References::of(catalog, &self.header);
        AgreementSpec {
            service: slug(catalog, self.service_id),
            customer: refs.one(fields::CUSTOMER, self.customer_id),
            kind: self.kind,
            calendar: slug(catalog, self.calendar_id),
            valid_from: self.valid_from,
            valid_until: self.valid_until,
            targets: self.targets.iter().map(TargetSpec::of).collect(),
        }
    }
}
