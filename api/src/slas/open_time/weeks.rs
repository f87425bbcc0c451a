//! The local weeks of a calendar: which are like any other, and what is open in one.

use jiff::Timestamp;

use super::OpenTime;
use super::local::{DAY, Edge, Lookup};
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
    ordinary: i64,
    /// Whether it has 168 hours and no transition, with holidays or without.
    is_even: bool,
}

/// Weeks that follow each other, each as long open as the others.
#[derive(Clone, Copy)]
pub(super) struct Alike {
    /// How many.
    pub(super) count: i64,
    /// How long each is open, in seconds.
    pub(super) open: i64,
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

/// How long the days of a week are open, Monday first, in seconds. No interval reaches into the next day.
pub(super) fn day_totals(hours: &[Span]) -> [i64; 7] {
    let mut totals = [0; 7];
    for span in hours {
        let day = usize::try_from(span.from / DAY).ok();
        if let Some(total) = day.and_then(|day| totals.get_mut(day)) {
            *total += span.until - span.from;
        }
    }
    totals
}

impl OpenTime {
    /// A Monday from which on weeks have to be looked at to know what is open from an instant on. A clock that is set back
    /// may bring back the day before, so one that starts just before the instant is not early enough.
    pub(super) fn first_monday(&self, instant: Timestamp) -> i64 {
        let local = self.zone.local(instant) - 2 * DAY;
        (local - FIRST_MONDAY).div_euclid(WEEK) * WEEK + FIRST_MONDAY
    }

    /// The week that starts on a Monday. Weeks are best asked for in order.
    pub(super) fn week(&self, monday: i64, lookup: &mut Lookup<'_>) -> Week {
        let Some((offset, odd_from)) = lookup.clear(monday) else {
            return Week {
                monday,
                start: lookup.instant(monday, Edge::Opens),
                ordinary: 0,
                is_even: false,
            };
        };
        let start = monday - offset;
        let end_of_time = Timestamp::MAX.as_second() + WEEK;
        let even = [
            odd_from.saturating_sub(monday + 1).div_euclid(WEEK),
            (end_of_time - start).div_euclid(WEEK),
        ];
        let even = even.into_iter().min().unwrap_or(0).max(0);
        let ordinary = self.holidays_from(monday).first().map_or(even, |holiday| {
            even.min((holiday - monday).div_euclid(WEEK))
        });
        Week {
            monday,
            start,
            ordinary,
            is_even: even > 0,
        }
    }

    /// The weeks from this one on that can be counted without looking at their days; none where a clock is changed in it.
    pub(super) fn alike(&self, week: &Week) -> Alike {
        let (count, closed) = if week.ordinary > 0 {
            (week.ordinary, 0)
        } else if week.is_even {
            let holidays = self.holidays_in(week).iter();
            let day = |holiday: &i64| usize::try_from((holiday - week.monday) / DAY).ok();
            let closed = holidays.filter_map(|holiday| self.day_totals.get(day(holiday)?));
            (1, closed.sum())
        } else {
            (0, 0)
        };
        Alike {
            count,
            open: self.week_total - closed,
        }
    }

    /// What is open in a week, as instants.
    pub(super) fn spans(&self, week: &Week, lookup: &mut Lookup<'_>) -> SpanList {
        let has_holidays = !self.holidays_in(week).is_empty();
        let hours = self.hours.iter().map(|span| span.after(week.monday));
        let hours = hours.filter(|span| !(has_holidays && self.is_holiday(span.from)));
        if week.is_even {
            let offset = week.start - week.monday;
            return SpanList::of(hours.map(|span| span.after(offset)).collect());
        }
        let open = hours.map(|span| Span {
            from: lookup.instant(span.from, Edge::Opens),
            until: lookup.instant(span.until, Edge::Closes),
        });
        let open = SpanList::of(open.collect());
        open.without(&self.holiday_instants(week.monday - 2 * DAY, week.monday + WEEK + 2 * DAY))
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

    fn holidays_in(&self, week: &Week) -> &[i64] {
        let holidays = self.holidays_from(week.monday);
        let count = holidays.partition_point(|&holiday| holiday < week.monday + WEEK);
        &holidays[..count]
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
