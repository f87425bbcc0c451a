//! Holidays out of other people's calendars.

use super::{World, counted, told, told_once};
use crate::{
    exchange::import::{Format, Imported, Reading},
    slas::calendars::rules::Calendar,
};

fn calendar(events: &str) -> String {
    format!(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{}END:VCALENDAR\r\n",
        events.replace('\n', "\r\n")
    )
}

fn event(properties: &str) -> String {
    format!(
        "BEGIN:VEVENT\n{}\nEND:VEVENT\n",
        properties.replace('|', "\n")
    )
}

/// A world with a calendar that has one holiday.
fn world() -> World {
    let mut world = World::default();
    let text = "apiVersion: kundig/v1\nkind: SupportCalendar\nmetadata: {slug: h, name: h}\n\
                spec: {timeZone: Europe/Berlin, holidays: [{date: 2026-01-01, name: Old}, {date: 2026-06-01, name: Ours}]}\n";
    world.kundig(text);
    world
}

impl World {
    fn ics(&mut self, text: &str) -> Imported {
        let format = Format::Ics {
            calendar: "h".to_owned(),
        };
        self.take(&Reading::of_text(format, text.to_owned()))
    }

    fn holidays(&self) -> Vec<String> {
        let calendar: Calendar = self.record("h");
        let holidays = calendar.spec.holidays.iter();
        holidays
            .map(|holiday| format!("{} {}", holiday.date, holiday.name))
            .collect()
    }
}

#[test]
fn all_day_events_become_holidays_beside_those_that_are_there() {
    let mut world = world();
    let text = calendar(
        &(event("DTSTART;VALUE=DATE:20260101|DTEND;VALUE=DATE:20260102|SUMMARY:New Year's Day")
            + &event(
                "SUMMARY;LANGUAGE=de:Weihnachten\\, beide|DTSTART;VALUE=DATE:20261225|DTEND;VALUE=DATE:20261227",
            )
            + &event(
                "SUMMARY:Brückentage|DTSTART:20260515|DURATION:P2D|BEGIN:VALARM|DTSTART:20200101|END:VALARM",
            )
            + &event("SUMMARY:Same day|DTSTART;VALUE=DATE:20260801|DTEND;VALUE=DATE:20260801")),
    );
    let imported = world.ics(&text);
    assert_eq!(told(&imported), [""; 0]);
    assert_eq!(imported.summary, counted(0, 1, 0));
    let expected = [
        "2026-01-01 New Year's Day",
        "2026-05-15 Brückentage",
        "2026-05-16 Brückentage",
        "2026-06-01 Ours",
        "2026-08-01 Same day",
        "2026-12-25 Weihnachten, beide",
        "2026-12-26 Weihnachten, beide",
    ];
    assert_eq!(world.holidays(), expected);
    assert_eq!(
        world.ics(&text).summary,
        counted(0, 0, 1),
        "a second run changes nothing"
    );
}

#[test]
fn what_comes_again_every_year_is_taken_over_for_some_years() {
    let mut world = world();
    let text = calendar(&event(
        "SUMMARY:Nikolaus|DTSTART;VALUE=DATE:19990106|RRULE:FREQ=YEARLY|EXDATE;VALUE=DATE:20300106|RDATE;VALUE=DATE:20290107",
    ));
    let imported = world.ics(&text);
    assert_eq!(told(&imported), [""; 0]);
    let holidays = world.holidays();
    let years: Vec<&str> = holidays
        .iter()
        .filter(|holiday| holiday.ends_with("Nikolaus"))
        .map(|holiday| &holiday[..10])
        .collect();
    assert!(
        years.contains(&"2029-01-06") && years.contains(&"2029-01-07"),
        "{years:?}"
    );
    assert!(
        !years.contains(&"2030-01-06") && !years.contains(&"1999-01-06"),
        "{years:?}"
    );
    assert_eq!(years.len(), 12, "{years:?}");
    assert_eq!(world.ics(&text).summary, counted(0, 0, 1));
}

#[test]
fn what_is_no_holiday_is_left_out_with_its_line() {
    for (properties, line, words) in [
        (
            "SUMMARY:Meeting|DTSTART:20260101T080000Z",
            5,
            "takes place at a time of the day",
        ),
        ("SUMMARY:Meeting|DTSTART;VALUE=DATE:2026", 5, "is no day"),
        ("SUMMARY:Meeting", 3, "has no DTSTART"),
        (
            "SUMMARY:M|DTSTART:20260101|DTEND:20280101",
            6,
            "1 to 366 days",
        ),
        (
            "SUMMARY:M|DTSTART:20260102|DTEND:20260101",
            6,
            "1 to 366 days",
        ),
        (
            "SUMMARY:M|DTSTART:20260102|DURATION:PT8H",
            6,
            "1 to 366 days",
        ),
        (
            "SUMMARY:M|DTSTART:20260102|STATUS:CANCELLED",
            3,
            "is cancelled",
        ),
        (
            "SUMMARY:M|DTSTART:20260102|RECURRENCE-ID:20260101",
            6,
            "moves one day",
        ),
    ] {
        let mut world = world();
        let before = world.holidays();
        let imported = world.ics(&calendar(&event(properties)));
        told_once(&imported, "warning", words);
        assert!(
            told(&imported)[0].starts_with(&format!("line {line}, column 1")),
            "{:?}",
            told(&imported)
        );
        assert_eq!(world.holidays(), before);
    }
    let mut world = world();
    let weekly = event("SUMMARY:Weekly|DTSTART:20260102|RRULE:FREQ=WEEKLY");
    told_once(
        &world.ics(&calendar(&weekly)),
        "warning",
        "RRULE:FREQ=WEEKLY, which is not understood",
    );
    assert!(
        world.holidays().contains(&"2026-01-02 Weekly".to_owned()),
        "the first one is"
    );
    let twice = event("SUMMARY:A|DTSTART:20260103")
        + &event("SUMMARY:B|DTSTART:20260103")
        + &event("SUMMARY:A|DTSTART:20260103");
    told_once(
        &world.ics(&calendar(&twice)),
        "warning",
        "2026-01-03 is \"A\" already, by the event at line 3",
    );
}

#[test]
fn what_is_no_calendar_is_an_error() {
    for (text, words) in [
        (String::new(), "it is empty"),
        ("hello\n".to_owned(), "is no property"),
        (
            "BEGIN:VCARD\nEND:VCARD\n".to_owned(),
            "begins with BEGIN:VCALENDAR",
        ),
        ("BEGIN:VCALENDAR\n".to_owned(), "BEGIN:VCALENDAR has no end"),
        (calendar("END:VEVENT\n"), "ends nothing"),
        (
            calendar("nonsense\n"),
            "line 3, column 1: error: is no property",
        ),
        (
            calendar(&event(&format!(
                "SUMMARY:{}|DTSTART:20260101",
                "x".repeat(251)
            ))),
            "251 characters",
        ),
    ] {
        let mut world = world();
        let before = world.holidays();
        let imported = world.ics(&text);
        assert!(imported.problems.has_errors(), "{text}");
        assert!(
            told(&imported).iter().any(|told| told.contains(words)),
            "{words}: {:#?}",
            told(&imported)
        );
        assert_eq!(world.holidays(), before);
    }
    let mut nowhere = World::default();
    told_once(
        &nowhere.ics(&calendar("")),
        "error",
        "no support calendar has the slug `h`",
    );
}
