//! Local time in whole seconds, and the instants that it stands for.
//!
//! A local second is counted as if the zone were UTC: the days of a week are then equally long, and what is odd about a zone
//! stands here alone.

use std::ops::Range;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};

use super::spans::{Span, whole_second};

pub(super) const DAY: i64 = 24 * 60 * 60;
/// No zone is further from UTC.
const MAX_OFFSET: i64 = 26 * 60 * 60;

/// Which instant a local time is where the zone has it twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Edge {
    /// The earlier one.
    Opens,
    /// The later one.
    Closes,
}

/// Where the offset of a zone changes.
pub(super) struct Transition {
    /// The first second of the new offset.
    pub(super) at: i64,
    /// The new offset, in seconds.
    pub(super) offset: i64,
}

#[derive(Clone, Debug)]
pub(super) struct Zone(TimeZone);

/// The local second at which a day starts, or would if no clock were changed.
pub(super) fn midnight(day: Date) -> i64 {
    let epoch = Date::constant(1970, 1, 1);
    epoch.duration_until(day).as_secs()
}

impl Zone {
    pub(super) fn new(zone: TimeZone) -> Self {
        Self(zone)
    }

    pub(super) fn local_day(&self, instant: Timestamp) -> Date {
        self.0.to_datetime(instant).date()
    }

    /// The local second that an instant is in.
    pub(super) fn local(&self, instant: Timestamp) -> i64 {
        whole_second(instant.as_nanosecond()) + i64::from(self.0.to_offset(instant).seconds())
    }

    /// The instant of a local second, as an opening interval means it: where the zone leaves it out, the instant at which
    /// the gap ends.
    pub(super) fn instant(&self, local: i64, edge: Edge) -> i64 {
        match (self.offset(local), edge) {
            (AmbiguousOffset::Unambiguous { offset }, _)
            | (AmbiguousOffset::Fold { before: offset, .. }, Edge::Opens)
            | (AmbiguousOffset::Fold { after: offset, .. }, Edge::Closes) => {
                local - i64::from(offset.seconds())
            }
            (AmbiguousOffset::Gap { before, after }, _) => {
                let [before, after] = [before, after].map(|offset| i64::from(offset.seconds()));
                self.transitions_after(local - after)
                    .find(|transition| transition.offset == after)
                    .map_or(local - before, |transition| transition.at)
            }
        }
    }

    /// What of UTC a local second differs by, if that is clear.
    fn clear_offset(&self, local: i64) -> Option<i64> {
        match self.offset(local) {
            AmbiguousOffset::Unambiguous { offset } => Some(offset.seconds().into()),
            _ => None,
        }
    }

    /// The first local second after an instant, at which this offset holds, that the zone has twice or not at all; none where
    /// no clock is changed any more.
    fn odd_from(&self, instant: i64, offset: i64) -> Option<i64> {
        let next = self.transitions_after(instant).next();
        next.map(|transition| transition.at + transition.offset.min(offset))
    }

    fn offset(&self, local: i64) -> AmbiguousOffset {
        // Near both ends of time a local time may lie beyond what an instant can be; any offset will do there.
        match Timestamp::from_second(local) {
            Ok(as_if_utc) => self
                .0
                .to_ambiguous_timestamp(Offset::UTC.to_datetime(as_if_utc))
                .offset(),
            Err(_) => AmbiguousOffset::Unambiguous {
                offset: Offset::UTC,
            },
        }
    }

    /// The changes of the offset after an instant, in order.
    pub(super) fn transitions_after(&self, instant: i64) -> impl Iterator<Item = Transition> {
        self.0
            .following(clamped(instant))
            .map(|transition| Transition {
                at: transition.timestamp().as_second(),
                offset: transition.offset().seconds().into(),
            })
    }

    /// The instants whose local day starts with this midnight: mostly one span, two where a clock that is set back across
    /// midnight brings the end of the day once more.
    pub(super) fn day(&self, midnight: i64) -> Vec<Span> {
        let end = midnight + DAY + MAX_OFFSET;
        let mut from = midnight - MAX_OFFSET;
        let mut offset = i64::from(self.0.to_offset(clamped(from)).seconds());
        let mut spans = Vec::with_capacity(1);
        let mut transitions = self.transitions_after(from);
        loop {
            let next = transitions.next().filter(|transition| transition.at < end);
            let until = next.as_ref().map_or(end, |transition| transition.at);
            let span = Span {
                from: from.max(midnight - offset),
                until: until.min(midnight + DAY - offset),
            };
            if span.from < span.until {
                spans.push(span);
            }
            let Some(transition) = next else {
                return spans;
            };
            (from, offset) = (transition.at, transition.offset);
        }
    }
}

/// Looks up the instants of local seconds, best in order: those between two changes of the clock differ by one offset.
pub(super) struct Lookup<'z> {
    zone: &'z Zone,
    /// Local seconds that the zone has once each, at this offset.
    clear: Range<i64>,
    offset: i64,
}

impl<'z> Lookup<'z> {
    pub(super) fn new(zone: &'z Zone) -> Self {
        Self {
            zone,
            clear: 0..0,
            offset: 0,
        }
    }

    /// As [`Zone::instant`].
    pub(super) fn instant(&mut self, local: i64, edge: Edge) -> i64 {
        match self.clear(local) {
            Some((offset, _)) => local - offset,
            None => self.zone.instant(local, edge),
        }
    }

    /// What of UTC a local second differs by, and up to where all that follow do; none where that is not clear.
    pub(super) fn clear(&mut self, local: i64) -> Option<(i64, i64)> {
        if !self.clear.contains(&local) {
            let offset = self.zone.clear_offset(local)?;
            let odd = self.zone.odd_from(local - offset, offset);
            (self.clear, self.offset) = (local..odd.unwrap_or(i64::MAX), offset);
        }
        Some((self.offset, self.clear.end))
    }
}

fn clamped(second: i64) -> Timestamp {
    let nearest = if second < 0 {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    };
    Timestamp::from_second(second).unwrap_or(nearest)
}
