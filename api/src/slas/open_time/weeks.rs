//! The local weeks of a calendar: which are like any other, and what is open in one.

use jiff::Timestamp;

use super::OpenTime;
use super::local::{DAY, Edge};
use super::spans::{Span, SpanList};
use crate::slas::hours::{LocalTime, OpeningHours};

pub(super) const WEEK: i64 = 7 * DAY;
/// The Monday before 1970 started.
const FIRST_MONDAY: i64 = -3 * DAY;

/// A local week, Monday to Sunday.
pub(super) struct Week {
    /// The local second at which it starts.
    monday: i64,
    /// The instant at which it starts, the earlier where there are two.
    pub(super) start: i64,
    /// How many weeks from this one on have no holiday and no transition, and follow each other at 168 hours.
    pub(super) ordinary: i64,
}

/// Opening intervals as seconds since Monday's midnight, in order. No hours at all stand for every hour.
pub(super) fn hours(hours: &[OpeningHours]) -> Vec<Span> {
    let minute = |time: LocalTime| i64::from(time.minutes()) * 60;
    let mut spans: Vec<Span> = hours
        .iter()
        .map(|hours| {
            let midnight = i64::from(hours.weekday.days_after_monday()) * DAY;
            Span {
                from: midnight + minute(hours.opens),
                until: midnight + minute(hours.closes),
            }
        })
        .collect();
    if spans.is_empty() {
        spans.extend((0..7).map(|day| Span {
            from: day * DAY,
            until: (day + 1) * DAY,
        }));
    }
    spans.sort_unstable_by_key(|span| span.from);
    spans
}

impl OpenTime {
    /// A Monday from which on weeks have to be looked at to know what is open from an instant on. A clock that is set back
    /// may bring back the day before, so one that starts just before the instant is not early enough.
    pub(super) fn first_monday(&self, instant: Timestamp) -> i64 {
        let local = self.zone.local(instant) - 2 * DAY;
        (local - FIRST_MONDAY).div_euclid(WEEK) * WEEK + FIRST_MONDAY
    }

    pub(super) fn week(&self, monday: i64) -> Week {
        let Some(offset) = self.zone.clear_offset(monday) else {
            return Week {
                monday,
                start: self.zone.instant(monday, Edge::Opens),
                ordinary: 0,
            };
        };
        let start = monday - offset;
        // Local times from here on are not unique, or not there.
        let odd_from = self
            .zone
            .transitions_after(start)
            .next()
            .map(|transition| transition.at + transition.offset.min(offset));
        let holiday = self.holidays_from(monday).first();
        let end_of_time = Timestamp::MAX.as_second() + WEEK;
        let ordinary = [
            odd_from.map(|odd| (odd - monday - 1).div_euclid(WEEK)),
            holiday.map(|holiday| (holiday - monday).div_euclid(WEEK)),
            Some((end_of_time - start).div_euclid(WEEK)),
        ];
        Week {
            monday,
            start,
            ordinary: ordinary.into_iter().flatten().min().unwrap_or(0).max(0),
        }
    }

    /// What is open in a week, as instants.
    pub(super) fn spans(&self, week: &Week) -> SpanList {
        if week.ordinary > 0 {
            return SpanList::of(
                self.hours
                    .iter()
                    .map(|span| span.after(week.start))
                    .collect(),
            );
        }
        let open = self
            .hours
            .iter()
            .map(|span| span.after(week.monday))
            .filter(|span| !self.is_holiday(span.from))
            .map(|span| Span {
                from: self.zone.instant(span.from, Edge::Opens),
                until: self.zone.instant(span.until, Edge::Closes),
            })
            .collect();
        let around = (week.monday - 2 * DAY, week.monday + WEEK + 2 * DAY);
        SpanList::of(open).without(&self.holiday_instants(around.0, around.1))
    }

    /// The instants of the holidays between two local seconds.
    pub(super) fn holiday_instants(&self, from: i64, until: i64) -> SpanList {
        let days = self
            .holidays_from(from)
            .iter()
            .take_while(|&&holiday| holiday < until)
            .flat_map(|&holiday| self.zone.day(holiday));
        SpanList::of(days.collect())
    }

    fn holidays_from(&self, local: i64) -> &[i64] {
        let before = self.holidays.partition_point(|&holiday| holiday < local);
        &self.holidays[before..]
    }

    fn is_holiday(&self, local: i64) -> bool {
        let midnight = local.div_euclid(DAY) * DAY;
        self.holidays.binary_search(&midnight).is_ok()
    }
}

impl Span {
    fn after(self, second: i64) -> Self {
        Self {
            from: self.from + second,
            until: self.until + second,
        }
    }
}
