//! A clock from what happened to it.

use jiff::Timestamp;

use super::meter::{Meter, Outlook};
use super::{Clock, ClockState, History, PauseReason, Promise, Signal};

/// Whether time may count between two signals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Activity {
    Active,
    Waiting(PauseReason),
    Ended,
}

/// A stretch of time in which that was the same.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stretch {
    pub(super) from: Timestamp,
    pub(super) until: Timestamp,
    pub(super) activity: Activity,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Met,
    Cancelled,
}

/// A clock while its history is told.
#[derive(Debug)]
pub(super) struct Replay {
    started_at: Timestamp,
    /// Until when it is told.
    at: Timestamp,
    pub(super) stretches: Vec<Stretch>,
    waits_on_customer: bool,
    waits_for_approval: bool,
    end: Option<(Timestamp, End)>,
    /// Of the promise that holds, or the last one that did.
    pub(super) meter: Option<Meter>,
    /// Since when nothing is promised any more.
    withdrawn_at: Option<Timestamp>,
    /// The last promise that was signalled since the end.
    put_off: Option<Signal>,
    at_risk_at: Option<Timestamp>,
    breached_at: Option<Timestamp>,
}

impl History {
    pub(super) fn replay(&self, now: Timestamp) -> Replay {
        let mut replay = Replay::start(self.started_at, self.promise.clone());
        replay.look();
        for (at, signal) in self.signals.iter().take_while(|(at, _)| *at <= now) {
            replay.advance(*at);
            replay.apply(signal);
            replay.look();
        }
        replay.advance(now);
        replay.look();
        replay
    }
}

impl Replay {
    fn start(at: Timestamp, promise: Option<Promise>) -> Self {
        Self {
            started_at: at,
            at,
            stretches: Vec::new(),
            waits_on_customer: false,
            waits_for_approval: false,
            end: None,
            meter: promise.map(|promise| Meter::new(promise, at)),
            withdrawn_at: None,
            put_off: None,
            at_risk_at: None,
            breached_at: None,
        }
    }

    fn activity(&self) -> Activity {
        if self.end.is_some() {
            Activity::Ended
        } else if self.waits_on_customer {
            Activity::Waiting(PauseReason::WaitingOnCustomer)
        } else if self.waits_for_approval {
            Activity::Waiting(PauseReason::WaitingForApproval)
        } else {
            Activity::Active
        }
    }

    /// The meter, while there is a promise to keep.
    fn live(&self) -> Option<&Meter> {
        let is_live = self.end.is_none() && self.withdrawn_at.is_none();
        self.meter.as_ref().filter(|_| is_live)
    }

    /// Lets time pass until an instant; what is to be noticed at the very instant is left to `look`.
    fn advance(&mut self, until: Timestamp) {
        if until <= self.at {
            return;
        }
        let (from, activity) = (self.at, self.activity());
        self.stretches.push(Stretch {
            from,
            until,
            activity,
        });
        self.at = until;
        if activity != Activity::Active || self.withdrawn_at.is_some() {
            return;
        }
        let Some(meter) = &mut self.meter else {
            return;
        };
        meter.run(from, until);
        if self.breached_at.is_none() {
            let passed = |instant: &Timestamp| *instant < until;
            self.at_risk_at = self.at_risk_at.or(meter.warned.filter(passed));
            self.breached_at = meter.exceeded.filter(passed);
        }
    }

    fn apply(&mut self, signal: &Signal) {
        match signal {
            Signal::Pause(reason) => *self.reason(*reason) = true,
            Signal::Resume(reason) => *self.reason(*reason) = false,
            Signal::Met => self.end = self.end.or(Some((self.at, End::Met))),
            Signal::Cancelled => self.end = self.end.or(Some((self.at, End::Cancelled))),
            Signal::Reopened => self.reopen(),
            Signal::Promised(_) if self.end.is_some() => {
                self.put_off = Some(signal.clone());
            }
            Signal::Promised(promise) => self.promise(promise.clone()),
        }
    }

    fn reason(&mut self, reason: PauseReason) -> &mut bool {
        match reason {
            PauseReason::WaitingOnCustomer => &mut self.waits_on_customer,
            PauseReason::WaitingForApproval => &mut self.waits_for_approval,
        }
    }

    fn reopen(&mut self) {
        if self.end.take().is_none() {
            return;
        }
        self.waits_on_customer = false;
        if let Some(promised) = self.put_off.take() {
            self.apply(&promised);
        }
    }

    /// Measures all that happened by another promise.
    fn promise(&mut self, promise: Option<Promise>) {
        let Some(promise) = promise else {
            self.withdrawn_at = self.withdrawn_at.or(Some(self.at));
            return;
        };
        self.withdrawn_at = None;
        let mut meter = Meter::new(promise, self.started_at);
        for stretch in &self.stretches {
            if stretch.activity == Activity::Active {
                meter.run(stretch.from, stretch.until);
            }
        }
        self.meter = Some(meter);
    }

    /// Notices what holds at this very instant: that a new promise is broken already, or how near it is to that.
    fn look(&mut self) {
        let Some(meter) = self.live().filter(|_| self.breached_at.is_none()) else {
            return;
        };
        let (is_exceeded, is_warning) = (meter.is_exceeded(), meter.is_warning());
        if is_exceeded {
            self.breached_at = Some(self.at);
        } else {
            self.at_risk_at = is_warning.then(|| self.at_risk_at.unwrap_or(self.at));
        }
    }

    pub(super) fn clock(&self) -> Option<Clock> {
        let meter = self.meter.as_ref()?;
        let state = self.state();
        let is_running = self.live().is_some() && self.activity() == Activity::Active;
        let outlook = is_running.then(|| meter.outlook(self.at));
        let next = |instant: fn(&Outlook) -> Option<Timestamp>| outlook.as_ref().and_then(instant);
        let ended_at = self.ended_at();
        let breaches_at = self.breached_at.or_else(|| next(|to_come| to_come.exceeds));
        let warns_at = match self.breached_at {
            Some(_) => self.at_risk_at,
            None => self.at_risk_at.or_else(|| next(|to_come| to_come.warns)),
        };
        let met_at = ended_at.filter(|_| state == ClockState::Met);
        Some(Clock {
            state,
            elapsed: meter.elapsed,
            remaining: meter.remaining(),
            due_at: next(|to_come| to_come.due),
            at_risk: self.live().is_some_and(Meter::is_warning) && self.breached_at.is_none(),
            at_risk_at: self.at_risk_at,
            warns_at,
            breached: self.breached_at.is_some(),
            breached_at: self.breached_at,
            breaches_at,
            ended_at,
            decided_at: breaches_at.or(met_at),
            good: state == ClockState::Met,
        })
    }

    fn state(&self) -> ClockState {
        if self.breached_at.is_some() {
            return ClockState::Missed;
        }
        match (self.end, self.activity()) {
            _ if self.withdrawn_at.is_some() => ClockState::Cancelled,
            (Some((_, End::Met)), _) => ClockState::Met,
            (Some((_, End::Cancelled)), _) => ClockState::Cancelled,
            (None, Activity::Waiting(_)) => ClockState::Paused,
            (None, _) => ClockState::Running,
        }
    }

    pub(super) fn ended_at(&self) -> Option<Timestamp> {
        self.withdrawn_at.or(self.end.map(|(at, _)| at))
    }
}
