//! Cases that people can check in their heads.

use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};

use crate::slas::hours::{CalendarSpec, Holiday, OpeningHours, Weekday};
use crate::slas::open_time::{OpenTime, PieceKind, UnknownZone};

use Weekday::{Friday, Monday, Saturday, Sunday, Thursday, Tuesday, Wednesday};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn hours(hours: i64) -> SignedDuration {
    SignedDuration::from_hours(hours)
}

fn minutes(minutes: i64) -> SignedDuration {
    SignedDuration::from_mins(minutes)
}

fn spec(zone: &str, weekdays: &[Weekday], (opens, closes): (&str, &str)) -> CalendarSpec {
    let day = |&weekday: &Weekday| OpeningHours {
        weekday,
        opens: opens.parse().unwrap(),
        closes: closes.parse().unwrap(),
    };
    CalendarSpec {
        time_zone: zone.to_owned(),
        hours: weekdays.iter().map(day).collect(),
        holidays: Vec::new(),
    }
}

fn closed_on(mut spec: CalendarSpec, dates: &[&str]) -> CalendarSpec {
    let holiday = |date: &&str| Holiday {
        date: date.parse().unwrap(),
        name: "Feast".to_owned(),
    };
    spec.holidays = dates.iter().map(holiday).collect();
    spec
}

fn calendar(spec: &CalendarSpec) -> OpenTime {
    assert_eq!(spec.check(), Vec::new());
    OpenTime::new(spec).unwrap()
}

fn office(zone: &str) -> CalendarSpec {
    let weekdays = [Monday, Tuesday, Wednesday, Thursday, Friday];
    spec(zone, &weekdays, ("08:00", "17:00"))
}

#[test]
fn a_target_used_up_at_closing_time_is_due_at_closing_time() {
    let office = calendar(&office("Europe/Berlin"));
    let friday = at("2026-11-27T08:00+01");
    let due = office.add_open_time(friday, hours(9));
    assert_eq!(due, Some(at("2026-11-27T17:00+01")));
    let opens = office.next_opening(at("2026-11-27T17:00+01"));
    assert_eq!(opens, Some(at("2026-11-30T08:00+01")));
    assert_eq!(
        office.add_open_time(friday, hours(9) + SignedDuration::from_nanos(1)),
        Some(at("2026-11-30T08:00:00.000000001+01"))
    );
}

#[test]
fn holidays_and_weekends_do_not_count() {
    let office = calendar(&closed_on(
        office("Europe/Berlin"),
        &["2026-12-25", "2026-12-26", "2027-01-01"],
    ));
    let (from, until) = (at("2026-12-23T12:00+01"), at("2027-01-04T09:00+01"));
    // Half of Wednesday, Thursday, four days of the next week, the first hour of Monday.
    assert_eq!(office.open_time(from, until), hours(5 + 9 + 36 + 1));
    let kinds: Vec<PieceKind> = office
        .intervals(
            at("2026-12-24T16:00+01"),
            at("2026-12-28T09:00+01"),
            usize::MAX,
        )
        .unwrap()
        .iter()
        .map(|piece| piece.kind)
        .collect();
    // Thursday, its evening, Christmas with Saturday, Sunday and Monday's early hours, Monday.
    assert_eq!(
        kinds,
        [
            PieceKind::Open,
            PieceKind::OutsideHours,
            PieceKind::Holiday,
            PieceKind::OutsideHours,
            PieceKind::Open
        ]
    );
}

#[test]
fn no_hours_at_all_are_always_open_but_for_holidays() {
    let always = spec("Europe/Berlin", &[], ("00:00", "24:00"));
    let (from, until) = (at("2026-01-01T00:00+01"), at("2027-01-01T00:00+01"));
    assert_eq!(calendar(&always).open_time(from, until), hours(365 * 24));
    assert_eq!(
        calendar(&always)
            .intervals(from, until, usize::MAX)
            .unwrap()
            .len(),
        1
    );
    // The day on which the clock is set back has 25 hours, the one on which it is set forward 23.
    let closed = calendar(&closed_on(
        always,
        &["2026-10-25", "2026-03-29", "2026-06-01"],
    ));
    assert_eq!(
        closed.open_time(from, until),
        hours(365 * 24 - 25 - 23 - 24)
    );
}

#[test]
fn a_time_in_a_gap_is_the_instant_the_gap_ends() {
    // 02:00 to 03:00 is left out on 2026-03-29.
    let opens_in_gap = calendar(&spec("Europe/Berlin", &[Sunday], ("02:30", "04:00")));
    let whole_day = (at("2026-03-29T00:00+01"), at("2026-03-30T00:00+02"));
    assert_eq!(opens_in_gap.open_time(whole_day.0, whole_day.1), hours(1));
    assert_eq!(
        opens_in_gap.next_opening(whole_day.0),
        Some(at("2026-03-29T03:00+02"))
    );
    let closes_in_gap = calendar(&spec("Europe/Berlin", &[Sunday], ("01:00", "02:30")));
    assert_eq!(closes_in_gap.open_time(whole_day.0, whole_day.1), hours(1));
    let inside = calendar(&spec("Europe/Berlin", &[Sunday], ("02:10", "02:50")));
    assert_eq!(inside.open_time(whole_day.0, whole_day.1), hours(0));
}

#[test]
fn an_ambiguous_time_opens_at_the_earlier_and_closes_at_the_later_instant() {
    // 02:00 to 03:00 comes twice on 2026-10-25.
    let whole_day = (at("2026-10-25T00:00+02"), at("2026-10-26T00:00+01"));
    for (opens, closes, open) in [
        ("02:30", "04:00", minutes(150)),
        ("01:00", "02:30", minutes(150)),
        ("02:10", "02:50", minutes(100)),
        ("01:00", "02:00", minutes(120)),
        ("03:00", "04:00", minutes(60)),
    ] {
        let calendar = calendar(&spec("Europe/Berlin", &[Sunday], (opens, closes)));
        let found = calendar.open_time(whole_day.0, whole_day.1);
        assert_eq!(found, open, "{opens} to {closes}");
    }
}

#[test]
fn an_hour_that_two_intervals_cover_counts_once() {
    let mut touching = spec("Europe/Berlin", &[Sunday], ("01:00", "02:30"));
    touching
        .hours
        .extend(spec("Europe/Berlin", &[Sunday], ("02:30", "04:00")).hours);
    let (from, until) = (at("2026-10-25T00:00+02"), at("2026-10-26T00:00+01"));
    assert_eq!(calendar(&touching).open_time(from, until), hours(4));
    assert_eq!(
        calendar(&touching)
            .intervals(from, until, usize::MAX)
            .unwrap()
            .len(),
        3
    );
}

#[test]
fn half_an_hour_of_summer_time_counts_as_half_an_hour() {
    let night = calendar(&spec("Australia/Lord_Howe", &[Sunday], ("00:00", "06:00")));
    let back = (at("2026-04-05T00:00+11"), at("2026-04-05T12:00+10:30"));
    let forward = (at("2026-10-04T00:00+10:30"), at("2026-10-04T12:00+11"));
    assert_eq!(night.open_time(back.0, back.1), minutes(6 * 60 + 30));
    assert_eq!(night.open_time(forward.0, forward.1), minutes(6 * 60 - 30));
}

#[test]
fn a_day_that_was_left_out_is_never_open_and_never_a_holiday() {
    let thursday_to_saturday = (at("2011-12-29T00:00-10"), at("2012-01-01T00:00+14"));
    let office = office("Pacific/Apia");
    let open = calendar(&office).open_time(thursday_to_saturday.0, thursday_to_saturday.1);
    assert_eq!(open, hours(9));
    let closed = calendar(&closed_on(office, &["2011-12-30"]));
    let open = closed.open_time(thursday_to_saturday.0, thursday_to_saturday.1);
    assert_eq!(open, hours(9));
    let always = calendar(&closed_on(
        spec("Pacific/Apia", &[], ("00:00", "24:00")),
        &["2011-12-30"],
    ));
    let open = always.open_time(thursday_to_saturday.0, thursday_to_saturday.1);
    assert_eq!(open, hours(48));
}

#[test]
fn a_shift_until_24_00_runs_into_the_next_day() {
    let mut night = spec("Asia/Kolkata", &[Monday], ("22:00", "24:00"));
    night
        .hours
        .extend(spec("Asia/Kolkata", &[Tuesday], ("00:00", "06:00")).hours);
    let night = calendar(&night);
    let monday = at("2026-11-23T00:00+05:30");
    assert_eq!(
        night
            .intervals(monday, at("2026-11-25T00:00+05:30"), usize::MAX)
            .unwrap()
            .len(),
        3
    );
    let due = night.add_open_time(monday, hours(8));
    assert_eq!(due, Some(at("2026-11-24T06:00+05:30")));
}

#[test]
fn winter_time_in_ramadan_moves_the_hours() {
    // Morocco left +01:00 on 2026-02-15 and came back on 2026-03-22.
    let office = calendar(&office("Africa/Casablanca"));
    let opens = |after: &str| office.next_opening(at(after)).unwrap();
    assert_eq!(opens("2026-02-14T00:00Z"), at("2026-02-16T08:00Z"));
    assert_eq!(opens("2026-03-21T00:00Z"), at("2026-03-23T07:00Z"));
}

#[test]
fn nothing_to_add_is_due_at_once_and_an_empty_stretch_is_never_open() {
    let office = calendar(&office("Europe/Berlin"));
    let sunday = at("2026-11-29T12:00Z");
    assert_eq!(office.add_open_time(sunday, hours(0)), Some(sunday));
    assert_eq!(office.add_open_time(sunday, hours(-5)), Some(sunday));
    let monday = at("2026-11-30T12:00Z");
    assert_eq!(office.open_time(monday, sunday), hours(0));
    assert_eq!(
        office.intervals(monday, sunday, usize::MAX).unwrap(),
        Vec::new()
    );
    assert_eq!(
        office.intervals(monday, monday, usize::MAX).unwrap(),
        Vec::new()
    );
}

#[test]
fn the_local_day_is_the_zones() {
    let apia = calendar(&spec("Pacific/Apia", &[], ("00:00", "24:00")));
    assert_eq!(
        apia.local_day(at("2026-11-29T12:00Z")).to_string(),
        "2026-11-30"
    );
}

#[test]
fn what_can_never_be_due_is_told_so_soon() {
    let seldom = spec("Europe/Berlin", &[Saturday], ("08:00", "09:00"));
    let seldom = calendar(&closed_on(seldom, &["2026-12-26"]));
    let started = Instant::now();
    let now = at("2026-11-27T00:00Z");
    assert_eq!(seldom.add_open_time(now, hours(100 * 365 * 24)), None);
    assert_eq!(seldom.add_open_time(now, SignedDuration::MAX), None);
    assert_eq!(seldom.add_open_time(Timestamp::MAX, hours(1)), None);
    assert_eq!(
        seldom.add_open_time(at("9999-12-25T00:00Z"), hours(2)),
        None
    );
    assert!(
        seldom
            .add_open_time(at("9000-01-01T00:00Z"), hours(1))
            .is_some()
    );
    assert!(seldom.open_time(Timestamp::MIN, Timestamp::MAX) > hours(20_000 * 52));
    assert!(started.elapsed() < Duration::from_mins(1));
}

#[test]
fn a_zone_that_was_forgotten_is_an_error() {
    let unknown = spec("Europe/Atlantis", &[], ("00:00", "24:00"));
    assert_eq!(
        OpenTime::new(&unknown).unwrap_err(),
        UnknownZone("Europe/Atlantis".to_owned())
    );
}
