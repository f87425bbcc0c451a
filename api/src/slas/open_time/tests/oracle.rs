//! Open time as the design states it, found out by looking at every minute.

use std::collections::HashSet;

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};

use crate::slas::hours::{CalendarSpec, Weekday, zone};
use crate::slas::open_time::PieceKind;

/// What each minute of a stretch of time counts as.
pub(super) struct Oracle {
    from: Timestamp,
    minutes: Vec<PieceKind>,
}

impl Oracle {
    /// Looks at whole minutes; both ends have to be some.
    pub(super) fn look(calendar: &CalendarSpec, from: Timestamp, until: Timestamp) -> Self {
        let zone = zone(&calendar.time_zone).unwrap();
        let holidays: HashSet<Date> = calendar.holidays.iter().map(|day| day.date).collect();
        let openings = openings(calendar, &zone, &holidays, from, until);
        let mut minutes = Vec::new();
        let mut at = from;
        while at < until {
            let is_open = |&(opens, closes): &(Timestamp, Timestamp)| opens <= at && at < closes;
            minutes.push(if holidays.contains(&zone.to_datetime(at).date()) {
                PieceKind::Holiday
            } else if calendar.hours.is_empty() || openings.iter().any(is_open) {
                PieceKind::Open
            } else {
                PieceKind::OutsideHours
            });
            at += 1.minute();
        }
        Self { from, minutes }
    }

    /// The kind of each minute.
    pub(super) fn kinds(&self) -> &[PieceKind] {
        &self.minutes
    }

    /// How much of `[from, until)` is open.
    pub(super) fn open_time(&self, from: Timestamp, until: Timestamp) -> SignedDuration {
        let mut open = SignedDuration::ZERO;
        let mut start = self.from;
        for kind in &self.minutes {
            let end = start + 1.minute();
            if *kind == PieceKind::Open {
                let shared = start.max(from).duration_until(end.min(until));
                open += shared.max(SignedDuration::ZERO);
            }
            start = end;
        }
        open
    }
}

fn openings(
    calendar: &CalendarSpec,
    zone: &TimeZone,
    holidays: &HashSet<Date>,
    from: Timestamp,
    until: Timestamp,
) -> Vec<(Timestamp, Timestamp)> {
    let mut openings = Vec::new();
    let mut day = zone.to_datetime(from).date() - 3.days();
    let last = zone.to_datetime(until).date() + 3.days();
    while day <= last {
        let weekday =
            |hours: Weekday| hours.days_after_monday() == day.weekday().to_monday_zero_offset();
        for hours in calendar.hours.iter().filter(|hours| weekday(hours.weekday)) {
            if !holidays.contains(&day) {
                let local = |minutes: u16| day.at(0, 0, 0, 0) + i64::from(minutes).minutes();
                openings.push((
                    instant(zone, local(hours.opens.minutes()), true),
                    instant(zone, local(hours.closes.minutes()), false),
                ));
            }
        }
        day = day.tomorrow().unwrap();
    }
    openings
}

/// The first or last instant at which clocks show a time; where none does, the first at which they show a later one. Looks
/// at every minute of two days and more, so it knows nothing of gaps and repetitions.
fn instant(zone: &TimeZone, local: DateTime, first: bool) -> Timestamp {
    let middle = TimeZone::UTC.to_timestamp(local).unwrap();
    let shown = |instant: Timestamp| zone.to_datetime(instant);
    let quick = zone.to_ambiguous_timestamp(local);
    if !quick.is_ambiguous() {
        return quick.earlier().unwrap();
    }
    let minutes = (-26 * 60..=26 * 60).map(|minutes: i64| middle + minutes.minutes());
    let mut showing = minutes.clone().filter(|&instant| shown(instant) == local);
    let found = if first {
        showing.next()
    } else {
        showing.next_back()
    };
    found.unwrap_or_else(|| {
        let mut later = minutes.filter(|&instant| shown(instant) > local);
        later.next().unwrap()
    })
}
