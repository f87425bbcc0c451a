//! Open time counted against one promise.

use jiff::{SignedDuration, Timestamp};

use super::Promise;

/// What was used of a promise, and the instants at which that came to something.
#[derive(Clone, Debug)]
pub(super) struct Meter {
    pub(super) promise: Promise,
    pub(super) elapsed: SignedDuration,
    /// When the share to warn at was used up.
    pub(super) warned: Option<Timestamp>,
    /// When all was used up.
    pub(super) due: Option<Timestamp>,
    /// After which instant more than all was used.
    pub(super) exceeded: Option<Timestamp>,
}

/// Instants to come if time goes on being counted.
pub(super) struct Outlook {
    pub(super) warns: Option<Timestamp>,
    pub(super) due: Option<Timestamp>,
    pub(super) exceeds: Option<Timestamp>,
}

impl Meter {
    pub(super) fn new(promise: Promise, started_at: Timestamp) -> Self {
        let mut meter = Self {
            promise,
            elapsed: SignedDuration::ZERO,
            warned: None,
            due: None,
            exceeded: None,
        };
        // What is nothing is used up at the start, even where the clock waits from there on.
        meter.run(started_at, started_at);
        meter
    }

    /// Counts what is open between two instants.
    pub(super) fn run(&mut self, from: Timestamp, until: Timestamp) {
        let elapsed = self.elapsed + self.promise.calendar.open_time(from, until);
        if self.warned.is_none() && elapsed >= self.warning() {
            self.warned = self.reaches(from, self.warning());
        }
        if self.due.is_none() && elapsed >= self.promise.within {
            self.due = self.reaches(from, self.promise.within);
        }
        if self.exceeded.is_none() && elapsed > self.promise.within {
            self.exceeded = self.exceeds(from);
        }
        self.elapsed = elapsed;
    }

    /// What will happen if time counts from an instant on.
    pub(super) fn outlook(&self, from: Timestamp) -> Outlook {
        Outlook {
            warns: self.warned.or_else(|| self.reaches(from, self.warning())),
            due: self.due.or_else(|| self.reaches(from, self.promise.within)),
            exceeds: self.exceeded.or_else(|| self.exceeds(from)),
        }
    }

    pub(super) fn remaining(&self) -> SignedDuration {
        self.promise.within.saturating_sub(self.elapsed)
    }

    pub(super) fn is_exceeded(&self) -> bool {
        self.elapsed > self.promise.within
    }

    pub(super) fn is_warning(&self) -> bool {
        self.elapsed >= self.warning()
    }

    /// The share of `within` to warn at, rounded up to what can be measured.
    fn warning(&self) -> SignedDuration {
        let hundredfold = self.promise.within.as_nanos() * i128::from(self.promise.warn_at);
        let rounded_up = -(-hundredfold).div_euclid(100);
        SignedDuration::try_from_nanos_i128(rounded_up).unwrap_or(SignedDuration::MAX)
    }

    fn reaches(&self, from: Timestamp, share: SignedDuration) -> Option<Timestamp> {
        let left = share.saturating_sub(self.elapsed);
        self.promise.calendar.add_open_time(from, left)
    }

    /// Used up at closing time it is exceeded only at the next opening.
    fn exceeds(&self, from: Timestamp) -> Option<Timestamp> {
        let due = self.reaches(from, self.promise.within)?;
        self.promise.calendar.next_opening(due)
    }
}
