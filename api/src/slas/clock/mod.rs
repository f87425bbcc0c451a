//! SLA clocks: how much open time a request or an incident has used of what was promised for it.
//!
//! [`CLOCKS.md`](CLOCKS.md) has the rules in words.

mod explain;
mod meter;
mod replay;
#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests;

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::open_time::OpenTime;

pub use self::explain::{Interval, IntervalReason};

/// What a target promises, with the calendar as it stood when it was chosen.
#[derive(Clone, Debug)]
pub struct Promise {
    /// The most open time that it may take.
    pub within: SignedDuration,
    /// At risk from this share of `within` on, percent.
    pub warn_at: u8,
    /// When time counts.
    pub calendar: Arc<OpenTime>,
}

/// Why a clock waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PauseReason {
    /// The customer has to answer.
    WaitingOnCustomer,
    /// What needs an approval has none yet.
    WaitingForApproval,
}

/// What happens to a clock.
#[derive(Clone, Debug)]
pub enum Signal {
    /// There is a reason to wait. A clock waits while there is at least one.
    Pause(PauseReason),
    /// This reason to wait is gone.
    Resume(PauseReason),
    /// What was promised is done. Says nothing where the clock ended before.
    Met,
    /// What was promised is wanted no more, or refused. Says nothing where the clock ended before.
    Cancelled,
    /// The end is disputed: it goes on, and nobody waits on the customer. Says nothing where the clock did not end.
    Reopened,
    /// Another promise holds, and all that happened is measured again by it; none: nothing is promised any more. A clock
    /// that ended keeps what it ended with; should it be reopened, it goes on with the new promise.
    Promised(Option<Promise>),
}

/// All that happened to a clock.
#[derive(Clone, Debug)]
pub struct History {
    /// When it started.
    pub started_at: Timestamp,
    /// What was promised then; none where only a later signal promises something.
    pub promise: Option<Promise>,
    /// What happened since, in order. What a clock of another machine puts before the signal before it, or before the
    /// start, counts as happening at the same instant.
    pub signals: Vec<(Timestamp, Signal)>,
}

/// How a clock stands.
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
pub enum ClockState {
    /// Open time counts.
    Running,
    /// It waits.
    Paused,
    /// It ended, and the promise was kept.
    Met,
    /// The promise was broken, whatever happened since: it may still run, wait, or have ended.
    Missed,
    /// It ended without an answer to whether the promise was kept.
    Cancelled,
}

/// A clock at an instant: what is known of it, and what will happen if nothing else does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clock {
    /// How it stands.
    pub state: ClockState,
    /// Open time used so far.
    pub elapsed: SignedDuration,
    /// Open time left; below zero after a breach.
    pub remaining: SignedDuration,
    /// The earliest instant at which all of `within` is used up, past or future. Closing time where it is used up then:
    /// until the next opening the promise can still be kept. None while paused or ended, and where it is never used up.
    pub due_at: Option<Timestamp>,
    /// Whether it is not breached, not ended, and used up the share of `within` that it warns at.
    pub at_risk: bool,
    /// Since when it is at risk, or was until its breach or end. None where a new promise put it out of risk.
    pub at_risk_at: Option<Timestamp>,
    /// When it became at risk or will if nothing else happens.
    pub warns_at: Option<Timestamp>,
    /// Whether the promise was broken.
    pub breached: bool,
    /// The instant after which more than `within` was used, or that of the new promise that was broken at once.
    pub breached_at: Option<Timestamp>,
    /// When it was breached or will be if nothing else happens. A clock of which only this is known is breached at all
    /// instants *after* this one: at the very instant it can still be met.
    pub breaches_at: Option<Timestamp>,
    /// When it ended, if it did and was not reopened.
    pub ended_at: Option<Timestamp>,
    /// The instant that decides whether the promise was kept: the breach, else the end if it was met, else while it runs the
    /// breach to come. None where nothing decides it: it waits, or was cancelled.
    pub decided_at: Option<Timestamp>,
    /// Whether the promise was kept, as decided at `decided_at`.
    pub good: bool,
}

impl History {
    /// The clock at an instant, by what happened until then; what happened later is ignored. None where nothing was promised
    /// yet.
    pub fn clock(&self, now: Timestamp) -> Option<Clock> {
        self.replay(now).clock()
    }

    /// How `elapsed` came about: every interval from the start to the end, or until now. Adjacent, without gaps; the counted
    /// ones add up to `elapsed`. None where there are more than `most`.
    pub fn explain(&self, now: Timestamp, most: usize) -> Option<Vec<Interval>> {
        self.replay(now).explain(most)
    }
}
