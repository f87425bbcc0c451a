//! Open time: how much of a stretch of time a calendar counts, and when so much of it will have passed.
//!
//! Exact to the nanosecond. Weeks without a holiday or a transition of the zone are counted in one step, a week with holidays
//! by its days, so the cost grows with the number of holidays and transitions between the two instants, not with their distance.

mod local;
mod spans;
#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests;
mod weeks;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use self::local::{Lookup, Zone};
use self::spans::{Span, SpanList, whole_second};
use super::hours::{CalendarSpec, zone};

const NANOS: i128 = 1_000_000_000;

/// A calendar, ready to be measured with.
#[derive(Clone, Debug)]
pub struct OpenTime {
    zone: Zone,
    /// Opening intervals as seconds since Monday's local midnight, in order.
    hours: Vec<Span>,
    /// How long an ordinary week is open, in seconds.
    week_total: i64,
    /// How long each of its days is, Monday first.
    day_totals: [i64; 7],
    /// The local midnights that holidays start with, in order, in seconds.
    holidays: Vec<i64>,
}

/// A stored calendar with a zone that this version does not know.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a time zone of the IANA database")]
pub struct UnknownZone(pub String);

/// A part of a stretch of time that counts, or does not for one reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Its first instant.
    pub from: Timestamp,
    /// The instant at which it is over.
    pub until: Timestamp,
    /// Whether it counts.
    pub kind: PieceKind,
}

/// Whether a part of a stretch of time counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PieceKind {
    /// It counts.
    Open,
    /// No opening interval covers it.
    OutsideHours,
    /// The local day is a holiday.
    Holiday,
}

impl OpenTime {
    /// A calendar that `CalendarSpec::check` has nothing against.
    pub fn new(calendar: &CalendarSpec) -> Result<Self, UnknownZone> {
        let zone = zone(&calendar.time_zone)
            .map(Zone::new)
            .ok_or_else(|| UnknownZone(calendar.time_zone.clone()))?;
        let hours = weeks::hours(&calendar.hours);
        let mut holidays: Vec<i64> = calendar
            .holidays
            .iter()
            .map(|holiday| local::midnight(holiday.date))
            .collect();
        holidays.sort_unstable();
        holidays.dedup();
        Ok(Self {
            zone,
            week_total: hours.iter().map(|span| span.until - span.from).sum(),
            day_totals: weeks::day_totals(&hours),
            hours,
            holidays,
        })
    }

    /// The local day of an instant.
    pub fn local_day(&self, instant: Timestamp) -> Date {
        self.zone.local_day(instant)
    }

    /// How much of `[from, until)` is open; zero where it is empty.
    pub fn open_time(&self, from: Timestamp, until: Timestamp) -> SignedDuration {
        let until = until.as_nanosecond();
        let mut cursor = from.as_nanosecond();
        let mut open = 0;
        let mut monday = self.first_monday(from);
        let mut lookup = Lookup::new(&self.zone);
        loop {
            let week = self.week(monday, &mut lookup);
            let start = i128::from(week.start) * NANOS;
            if start >= until {
                return SignedDuration::from_nanos_i128(open);
            }
            let alike = self.alike(&week);
            let whole = if start >= cursor {
                ((until - start) / (i128::from(weeks::WEEK) * NANOS)).min(alike.count.into())
            } else {
                0
            };
            if let Some(whole) = i64::try_from(whole).ok().filter(|&whole| whole > 0) {
                open += i128::from(whole * alike.open) * NANOS;
                monday += whole * weeks::WEEK;
                continue;
            }
            for span in self.spans(&week, &mut lookup).iter() {
                let (from, end) = span.nanos();
                let (from, end) = (from.max(cursor), end.min(until));
                if from < end {
                    open += end - from;
                    cursor = end;
                }
            }
            monday += weeks::WEEK;
        }
    }

    /// The earliest instant until which so much time is open, counted from `from`; `from` itself for none or less. None
    /// where that is after the last instant there is, in the year 9999.
    pub fn add_open_time(&self, from: Timestamp, open: SignedDuration) -> Option<Timestamp> {
        let mut left = open.as_nanos();
        if left <= 0 {
            return Some(from);
        }
        let mut cursor = from.as_nanosecond();
        let mut monday = self.first_monday(from);
        let mut lookup = Lookup::new(&self.zone);
        loop {
            let week = self.week(monday, &mut lookup);
            let start = i128::from(week.start) * NANOS;
            if start > Timestamp::MAX.as_nanosecond() {
                return None;
            }
            let alike = self.alike(&week);
            let open = i128::from(alike.open) * NANOS;
            // What is left is never zero in between: used up at closing time it ends there, not at the next opening.
            let whole = match open {
                _ if start < cursor => 0,
                0 => alike.count.into(),
                open => ((left - 1) / open).min(alike.count.into()),
            };
            if let Some(weeks) = i64::try_from(whole).ok().filter(|&weeks| weeks > 0) {
                left -= whole * open;
                monday += weeks * weeks::WEEK;
                continue;
            }
            for span in self.spans(&week, &mut lookup).iter() {
                let (from, until) = span.nanos();
                let from = from.max(cursor);
                if until - from >= left {
                    return Timestamp::from_nanosecond(from + left).ok();
                }
                if from < until {
                    left -= until - from;
                    cursor = until;
                }
            }
            monday += weeks::WEEK;
        }
    }

    /// The first instant from `from` on that is open; none where it is never open again.
    pub fn next_opening(&self, from: Timestamp) -> Option<Timestamp> {
        let instant = SignedDuration::from_nanos(1);
        self.add_open_time(from, instant)?.checked_sub(instant).ok()
    }

    /// `[from, until)` cut into what counts and what does not, and why: in order, without gaps, neighbours of different
    /// kinds. As many as there are openings, so the cost grows with the number of weeks; none where there are more than `most`.
    pub fn intervals(&self, from: Timestamp, until: Timestamp, most: usize) -> Option<Vec<Piece>> {
        let mut pieces = Pieces::new(from.as_nanosecond(), until.as_nanosecond());
        if from >= until {
            return Some(pieces.done);
        }
        let holidays = self.holiday_instants(
            self.zone.local(from) - 2 * local::DAY,
            self.zone.local(until) + 2 * local::DAY,
        );
        let mut monday = self.first_monday(from);
        let mut lookup = Lookup::new(&self.zone);
        while pieces.done.len() <= most {
            let week = self.week(monday, &mut lookup);
            if i128::from(week.start) * NANOS >= until.as_nanosecond() {
                pieces.closed_until(until.as_nanosecond(), &holidays);
                break;
            }
            for open in self.spans(&week, &mut lookup).iter() {
                pieces.closed_until(open.nanos().0, &holidays);
                pieces.push(open.nanos().1, PieceKind::Open);
            }
            monday += weeks::WEEK;
        }
        (pieces.done.len() <= most).then_some(pieces.done)
    }
}

/// A stretch of time that is being cut into pieces, from its start.
struct Pieces {
    at: i128,
    until: i128,
    done: Vec<Piece>,
}

impl Pieces {
    fn new(from: i128, until: i128) -> Self {
        Self {
            at: from,
            until,
            done: Vec::new(),
        }
    }

    fn closed_until(&mut self, until: i128, holidays: &SpanList) {
        for holiday in holidays.ending_after(whole_second(self.at)) {
            let (start, end) = holiday.nanos();
            if start >= until {
                break;
            }
            self.push(start, PieceKind::OutsideHours);
            self.push(end.min(until), PieceKind::Holiday);
        }
        self.push(until, PieceKind::OutsideHours);
    }

    fn push(&mut self, until: i128, kind: PieceKind) {
        let until = until.min(self.until);
        if until <= self.at {
            return;
        }
        let ends = (
            Timestamp::from_nanosecond(self.at),
            Timestamp::from_nanosecond(until),
        );
        if let (Ok(from), Ok(until)) = ends {
            match self.done.last_mut().filter(|last| last.kind == kind) {
                Some(last) => last.until = until,
                None => self.done.push(Piece { from, until, kind }),
            }
        }
        self.at = until;
    }
}
