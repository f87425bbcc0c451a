//! Why each interval of a clock counted or not.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::PauseReason;
use super::replay::{Activity, Replay, Stretch};
use crate::slas::open_time::{OpenTime, Piece, PieceKind};

/// A part of a clock's course.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interval {
    /// Its first instant.
    pub from: Timestamp,
    /// The instant at which it is over.
    pub until: Timestamp,
    /// Whether it is part of `elapsed`.
    pub counted: bool,
    /// Why, or why not.
    pub reason: IntervalReason,
}

/// Why a part of a clock's course counted or not.
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
pub enum IntervalReason {
    /// It counted: the service was attended, and nothing was waited for.
    Open,
    /// The service is not attended at that hour.
    OutsideHours,
    /// The day was a holiday.
    Holiday,
    /// The customer had to answer, whatever the hour and the approval.
    WaitingOnCustomer,
    /// An approval was missing, whatever the hour.
    WaitingForApproval,
    /// Between an end and a reopening.
    Ended,
}

impl Replay {
    pub(super) fn explain(&self, most: usize) -> Option<Vec<Interval>> {
        let Some(meter) = &self.meter else {
            return Some(Vec::new());
        };
        let end = self.ended_at();
        let mut intervals: Vec<Interval> = Vec::new();
        for stretch in &self.stretches {
            let until = end.map_or(stretch.until, |end| stretch.until.min(end));
            let stretch = Stretch { until, ..*stretch };
            // One of them may be part of the interval before it.
            let left = most.saturating_add(1).saturating_sub(intervals.len());
            for interval in stretch.explain(&meter.promise.calendar, left)? {
                match intervals.last_mut() {
                    Some(last) if last.reason == interval.reason => last.until = interval.until,
                    _ => intervals.push(interval),
                }
            }
        }
        (intervals.len() <= most).then_some(intervals)
    }
}

impl Stretch {
    fn explain(self, calendar: &OpenTime, most: usize) -> Option<Vec<Interval>> {
        let reason = match self.activity {
            _ if self.until <= self.from => return Some(Vec::new()),
            Activity::Active => {
                let pieces = calendar.intervals(self.from, self.until, most)?;
                return Some(pieces.into_iter().map(Interval::from).collect());
            }
            Activity::Waiting(PauseReason::WaitingOnCustomer) => IntervalReason::WaitingOnCustomer,
            Activity::Waiting(PauseReason::WaitingForApproval) => {
                IntervalReason::WaitingForApproval
            }
            Activity::Ended => IntervalReason::Ended,
        };
        Some(vec![Interval {
            from: self.from,
            until: self.until,
            counted: false,
            reason,
        }])
    }
}

impl From<Piece> for Interval {
    fn from(piece: Piece) -> Self {
        let reason = match piece.kind {
            PieceKind::Open => IntervalReason::Open,
            PieceKind::OutsideHours => IntervalReason::OutsideHours,
            PieceKind::Holiday => IntervalReason::Holiday,
        };
        Self {
            from: piece.from,
            until: piece.until,
            counted: reason == IntervalReason::Open,
            reason,
        }
    }
}
