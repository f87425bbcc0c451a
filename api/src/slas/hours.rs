//! When a service is attended: weekly local hours and the days that are holidays.

use std::collections::HashMap;
use std::fmt;
use std::sync::LazyLock;

use jiff::civil::Date;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use serde::{Deserialize, Serialize};

pub use super::local_time::{LocalTime, NotALocalTime};
use crate::shared::errors::{UserError, UserErrorCode, UserErrors};

/// The most opening intervals of a week.
pub const MAX_HOURS: usize = 200;
/// The most holidays of a calendar.
pub const MAX_HOLIDAYS: usize = 2_000;

/// What decides when a calendar is open.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CalendarSpec {
    /// IANA name: `Europe/Berlin`.
    pub time_zone: String,
    /// Weekly opening intervals that don't overlap; none at all: always open.
    pub hours: Vec<OpeningHours>,
    /// Local days that are closed from midnight to midnight; each once.
    pub holidays: Vec<Holiday>,
}

/// A weekly opening interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OpeningHours {
    /// On which day it opens and closes.
    pub weekday: Weekday,
    /// From when on, local time.
    pub opens: LocalTime,
    /// Until when, local time; `24:00` is the midnight that ends the day.
    pub closes: LocalTime,
}

/// A local day that is closed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Holiday {
    /// Which day.
    pub date: Date,
    /// What is celebrated.
    pub name: String,
}

/// A day of the week.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    strum::Display,
    strum::EnumString,
    strum::EnumIter,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the names say it all")]
pub enum Weekday {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

impl Weekday {
    /// Days since the Monday before, 0 to 6.
    pub fn days_after_monday(self) -> i8 {
        self as i8
    }
}

/// The zone of an IANA name, in whatever case it is written.
///
/// The rules of all zones are part of the program (jiff's `tzdb-bundle-always`): no replica depends on what its machine
/// has in `/usr/share/zoneinfo`, and all of one version agree. New rules come with a new version.
pub fn zone(name: &str) -> Option<TimeZone> {
    static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);
    ZONES
        .get(name)
        .ok()
        .filter(|zone| !zone.is_unknown() && zone.iana_name().is_some())
}

impl CalendarSpec {
    /// Everything that is wrong, each with its place as the contract's input names it: `["hours", "2", "closes"]`.
    pub fn check(&self) -> UserErrors {
        let mut errors = Vec::new();
        self.check_zone(&mut errors);
        self.check_hours(&mut errors);
        self.check_holidays(&mut errors);
        errors
    }

    /// Puts hours and holidays into their order in time, and the zone's name into its official spelling: two calendars
    /// that mean the same then are the same.
    pub fn normalise(&mut self) {
        self.hours.sort_unstable();
        self.holidays.sort_unstable();
        let official = zone(&self.time_zone).and_then(|zone| zone.iana_name().map(str::to_owned));
        if let Some(official) = official {
            self.time_zone = official;
        }
    }

    fn check_zone(&self, errors: &mut UserErrors) {
        if zone(&self.time_zone).is_none() {
            let message = format!(
                "{:?} is not a time zone of the IANA database like \"Europe/Berlin\"",
                self.time_zone
            );
            errors.push(UserError::new(UserErrorCode::Invalid, "timeZone", message));
        }
    }

    fn check_hours(&self, errors: &mut UserErrors) {
        if self.hours.len() > MAX_HOURS {
            errors.push(too_many("hours", self.hours.len(), MAX_HOURS));
            return;
        }
        for (index, hours) in self.hours.iter().enumerate() {
            if hours.opens >= hours.closes {
                let message = format!(
                    "{} is not after {}, when it opens; hours past midnight are two intervals, the first of which closes at 24:00",
                    hours.closes, hours.opens
                );
                errors.push(at("hours", index, "closes", message));
                continue;
            }
            let earlier = &self.hours[..index];
            if let Some(other) = earlier.iter().find(|other| hours.overlaps(**other)) {
                let message = format!("overlaps {other}; intervals may touch, not overlap");
                errors.push(at("hours", index, "opens", message));
            }
        }
    }

    fn check_holidays(&self, errors: &mut UserErrors) {
        if self.holidays.len() > MAX_HOLIDAYS {
            errors.push(too_many("holidays", self.holidays.len(), MAX_HOLIDAYS));
            return;
        }
        let mut known = HashMap::new();
        for (index, holiday) in self.holidays.iter().enumerate() {
            if let Some(first) = known.insert(holiday.date, holiday) {
                let message = format!(
                    "{} is there already, as {:?}; a day is a holiday once",
                    holiday.date, first.name
                );
                errors.push(at("holidays", index, "date", message));
            }
        }
    }
}

impl OpeningHours {
    /// Whether the two have a minute in common.
    pub fn overlaps(self, other: Self) -> bool {
        self.weekday == other.weekday && self.opens < other.closes && other.opens < self.closes
    }
}

impl fmt::Display for OpeningHours {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}–{}", self.weekday, self.opens, self.closes)
    }
}

fn at(list: &str, index: usize, field: &str, message: String) -> UserError {
    UserError::at(
        UserErrorCode::Invalid,
        &[list, &index.to_string(), field],
        message,
    )
}

fn too_many(list: &str, count: usize, most: usize) -> UserError {
    let message = format!("has {count} entries; at most {most} are allowed");
    UserError::new(UserErrorCode::Invalid, list, message)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn time(text: &str) -> LocalTime {
        text.parse().unwrap()
    }

    fn hours(weekday: Weekday, opens: &str, closes: &str) -> OpeningHours {
        OpeningHours {
            weekday,
            opens: time(opens),
            closes: time(closes),
        }
    }

    fn spec(hours: Vec<OpeningHours>, holidays: &[&str]) -> CalendarSpec {
        CalendarSpec {
            time_zone: "Europe/Berlin".to_owned(),
            hours,
            holidays: holidays
                .iter()
                .map(|date| Holiday {
                    date: date.parse().unwrap(),
                    name: "Feast".to_owned(),
                })
                .collect(),
        }
    }

    fn places(spec: &CalendarSpec) -> Vec<String> {
        spec.check()
            .iter()
            .map(|error| error.field.join("."))
            .collect()
    }

    #[test]
    fn a_calendar_is_stored_as_it_was() {
        let calendar = spec(
            vec![hours(Weekday::Monday, "08:00", "24:00")],
            &["2026-12-25"],
        );
        let json = serde_json::to_value(&calendar).unwrap();
        assert_eq!(
            json,
            serde_json::json!({
                "timeZone": "Europe/Berlin",
                "hours": [{"weekday": "MONDAY", "opens": "08:00", "closes": "24:00"}],
                "holidays": [{"date": "2026-12-25", "name": "Feast"}],
            })
        );
        assert_eq!(
            serde_json::from_value::<CalendarSpec>(json).unwrap(),
            calendar
        );
    }

    #[test]
    fn intervals_may_touch_but_not_overlap() {
        let touching = vec![
            hours(Weekday::Monday, "13:00", "17:00"),
            hours(Weekday::Monday, "08:00", "13:00"),
            hours(Weekday::Tuesday, "08:00", "24:00"),
        ];
        assert_eq!(places(&spec(touching.clone(), &[])), Vec::<String>::new());
        let overlapping = [touching, vec![hours(Weekday::Monday, "12:59", "13:01")]].concat();
        assert_eq!(places(&spec(overlapping, &[])), ["hours.3.opens"]);
    }

    #[test]
    fn an_interval_that_does_not_close_after_it_opens_is_refused() {
        let backwards = vec![
            hours(Weekday::Friday, "22:00", "06:00"),
            hours(Weekday::Friday, "08:00", "08:00"),
        ];
        assert_eq!(
            places(&spec(backwards, &[])),
            ["hours.0.closes", "hours.1.closes"]
        );
    }

    #[test]
    fn a_day_is_a_holiday_once() {
        let calendar = spec(vec![], &["2026-12-25", "2026-12-26", "2026-12-25"]);
        assert_eq!(places(&calendar), ["holidays.2.date"]);
    }

    #[test]
    fn a_zone_nobody_knows_is_refused() {
        for name in [
            "",
            "Berlin",
            "Europe/Atlantis",
            "+01:00",
            "Etc/Unknown",
            "../etc/passwd",
        ] {
            let calendar = CalendarSpec {
                time_zone: name.to_owned(),
                ..CalendarSpec::default()
            };
            assert_eq!(places(&calendar), ["timeZone"], "{name}");
        }
    }

    #[test]
    fn calendars_that_mean_the_same_become_the_same() {
        let mut calendar = spec(
            vec![
                hours(Weekday::Tuesday, "08:00", "12:00"),
                hours(Weekday::Monday, "13:00", "17:00"),
                hours(Weekday::Monday, "08:00", "12:00"),
            ],
            &["2026-12-26", "2026-12-25"],
        );
        calendar.time_zone = "europe/berlin".to_owned();
        calendar.normalise();
        let shown: Vec<String> = calendar.hours.iter().map(ToString::to_string).collect();
        assert_eq!(
            shown,
            [
                "MONDAY 08:00–12:00",
                "MONDAY 13:00–17:00",
                "TUESDAY 08:00–12:00"
            ]
        );
        assert_eq!(calendar.time_zone, "Europe/Berlin");
        assert_eq!(calendar.holidays[0].date.to_string(), "2026-12-25");
    }

    #[test]
    fn absurd_numbers_of_entries_are_refused_as_a_whole() {
        let one = hours(Weekday::Monday, "08:00", "12:00");
        assert_eq!(places(&spec(vec![one; MAX_HOURS + 1], &[])), ["hours"]);
        assert_eq!(
            places(&spec(vec![], &vec!["2026-12-25"; MAX_HOLIDAYS + 1])),
            ["holidays"]
        );
    }
}
