//! Laws of open time, over zones with odd rules and stretches of time around what is odd in them.

use jiff::{SignedDuration, Timestamp, ToSpan};
use proptest::collection::{btree_set, vec};
use proptest::prelude::*;

use super::oracle::Oracle;
use crate::slas::hours::{CalendarSpec, Holiday, LocalTime, OpeningHours, Weekday, zone};
use crate::slas::open_time::{OpenTime, Piece, PieceKind};

const ZONES: [&str; 8] = [
    "Europe/Berlin",
    "America/New_York",
    "Asia/Kolkata",
    // Half an hour of summer time.
    "Australia/Lord_Howe",
    // Left out 2011-12-30.
    "Pacific/Apia",
    // Winter time in Ramadan.
    "Africa/Casablanca",
    // Sets its clocks at midnight.
    "America/Havana",
    // Set its clocks back across midnight until 2011.
    "America/St_Johns",
];

/// The instants around which something is odd: some transitions of each zone.
fn oddities(zone_name: &str) -> Vec<Timestamp> {
    let since: Timestamp = "2006-01-01T00:00:00Z".parse().unwrap();
    let zone = zone(zone_name).unwrap();
    let mut instants: Vec<Timestamp> = zone
        .following(since)
        .take_while(|transition| transition.timestamp().as_second() < 2_000_000_000)
        .map(|transition| transition.timestamp())
        .collect();
    instants.push("2024-02-29T12:00:00Z".parse().unwrap());
    if zone_name == "Pacific/Apia" {
        // As likely as all others together.
        let skipped: Timestamp = "2011-12-30T10:00:00Z".parse().unwrap();
        instants.extend(vec![skipped; instants.len()]);
    }
    instants
}

fn opening_hours() -> impl Strategy<Value = Vec<OpeningHours>> {
    // Quarter hours near midnight and the small hours, where clocks are set, and any other minute now and then.
    let minute = prop_oneof![
        4 => (0_u16..=16).prop_map(|quarter| quarter * 15),
        2 => (88_u16..=96).prop_map(|quarter| quarter * 15),
        2 => 0_u16..=1440,
    ];
    let day = btree_set(minute, 2..6).prop_map(|minutes| {
        let minutes: Vec<u16> = minutes.into_iter().collect();
        let pair = |pair: &[u16]| (pair[0], pair[1]);
        // Every second one leaves no time between two intervals.
        let step = if minutes.len().is_multiple_of(2) {
            2
        } else {
            1
        };
        minutes
            .windows(2)
            .step_by(step)
            .map(pair)
            .collect::<Vec<_>>()
    });
    let weekdays = [
        Weekday::Monday,
        Weekday::Tuesday,
        Weekday::Wednesday,
        Weekday::Thursday,
        Weekday::Friday,
        Weekday::Saturday,
        Weekday::Sunday,
    ];
    let ordinary = vec(proptest::option::weighted(0.7, day), 7).prop_map(move |days| {
        let of_day = |(weekday, day): (Weekday, Option<Vec<(u16, u16)>>)| {
            day.into_iter()
                .flatten()
                .map(move |(opens, closes)| OpeningHours {
                    weekday,
                    opens: LocalTime::from_minutes(opens).unwrap(),
                    closes: LocalTime::from_minutes(closes).unwrap(),
                })
        };
        weekdays.into_iter().zip(days).flat_map(of_day).collect()
    });
    prop_oneof![1 => Just(Vec::new()), 6 => ordinary]
}

/// A calendar and a whole minute near something odd in its zone.
fn near_oddity() -> impl Strategy<Value = (CalendarSpec, Timestamp)> {
    let places = (0..ZONES.len()).prop_flat_map(|index| {
        let instants = oddities(ZONES[index]);
        (Just(ZONES[index]), 0..instants.len(), Just(instants))
    });
    let near = (places, -3 * 1440_i64..=1440).prop_map(|((zone, index, instants), minutes)| {
        let minute = instants[index].as_second().div_euclid(60) + minutes;
        (zone, Timestamp::from_second(minute * 60).unwrap())
    });
    let holidays = prop_oneof![
        Just(Vec::new()),
        btree_set(-4_i32..10, 0..4).prop_map(|days| days.into_iter().collect::<Vec<_>>())
    ];
    (near, opening_hours(), holidays).prop_map(|((name, from), hours, holidays)| {
        let today = zone(name).unwrap().to_datetime(from).date();
        let holiday = |days: i32| Holiday {
            date: today + days.days(),
            name: "Feast".to_owned(),
        };
        let calendar = CalendarSpec {
            time_zone: name.to_owned(),
            hours,
            holidays: holidays.into_iter().map(holiday).collect(),
        };
        (calendar, from)
    })
}

fn moved(instant: Timestamp, nanos: i64) -> Timestamp {
    instant + SignedDuration::from_nanos(nanos)
}

fn length(pieces: &[Piece], kind: PieceKind) -> SignedDuration {
    let of_kind = pieces.iter().filter(|piece| piece.kind == kind);
    of_kind
        .map(|piece| piece.from.duration_until(piece.until))
        .sum()
}

const MINUTE: i64 = 60_000_000_000;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn open_time_is_what_a_walk_minute_by_minute_finds(
        (calendar, from) in near_oddity(),
        minutes in 0_i64..9 * 1440,
        (start, end) in (0..MINUTE, 0..MINUTE),
    ) {
        prop_assert_eq!(calendar.check(), Vec::new());
        let until = from + minutes.minutes();
        let oracle = Oracle::look(&calendar, from, until);
        let measured = OpenTime::new(&calendar).unwrap();
        let (a, b) = (moved(from, start), moved(until, -end));
        prop_assert_eq!(measured.open_time(a, b), oracle.open_time(a, b));

        let mut kinds = Vec::new();
        for piece in measured.intervals(from, until, usize::MAX).unwrap() {
            let seconds = piece.from.duration_until(piece.until).as_secs();
            prop_assert_eq!(seconds % 60, 0);
            kinds.extend(std::iter::repeat_n(piece.kind, usize::try_from(seconds / 60).unwrap()));
        }
        prop_assert_eq!(kinds.as_slice(), oracle.kinds());
    }

    #[test]
    fn adding_open_time_finds_the_earliest_instant(
        (calendar, from) in near_oddity(),
        (start, open) in (0..MINUTE, 0_i64..40 * 1440 * MINUTE),
    ) {
        let calendar = OpenTime::new(&calendar).unwrap();
        let (from, open) = (moved(from, start), SignedDuration::from_nanos(open));
        let due = calendar.add_open_time(from, open).unwrap();
        prop_assert_eq!(calendar.open_time(from, due), open);
        if due > from {
            prop_assert!(calendar.open_time(from, moved(due, -1)) < open);
        }
        let opens = calendar.next_opening(due).unwrap();
        prop_assert_eq!(calendar.open_time(from, opens), open);
        prop_assert!(calendar.open_time(from, moved(opens, 1)) > open);
    }

    #[test]
    fn open_time_adds_up(
        (calendar, from) in near_oddity(),
        (first, second) in (0_i64..800 * 1440 * MINUTE, 0_i64..800 * 1440 * MINUTE),
    ) {
        let calendar = OpenTime::new(&calendar).unwrap();
        let middle = moved(from, first);
        let until = moved(middle, second);
        prop_assert_eq!(
            calendar.open_time(from, middle) + calendar.open_time(middle, until),
            calendar.open_time(from, until)
        );
    }

    #[test]
    fn intervals_are_adjacent_and_the_open_ones_add_up(
        (calendar, from) in near_oddity(),
        length_in_nanos in 1_i64..400 * 1440 * MINUTE,
    ) {
        let calendar = OpenTime::new(&calendar).unwrap();
        let until = moved(from, length_in_nanos);
        let pieces = calendar.intervals(from, until, usize::MAX).unwrap();
        prop_assert_eq!(pieces[0].from, from);
        prop_assert_eq!(pieces[pieces.len() - 1].until, until);
        for pair in pieces.windows(2) {
            prop_assert_eq!(pair[0].until, pair[1].from);
            prop_assert_ne!(pair[0].kind, pair[1].kind);
        }
        prop_assert!(pieces.iter().all(|piece| piece.from < piece.until));
        prop_assert_eq!(length(&pieces, PieceKind::Open), calendar.open_time(from, until));
    }
}
