//! A clock as it is stored: what was promised, and the instants that matter.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::calendars::{Compiled, ContentHash};
use crate::shared::ids::Id;
use crate::shared::subject::SubjectRef;
use crate::slas::agreements::rules::Agreement;
use crate::slas::agreements::target::{SlaMetric, Target};
use crate::slas::clock::{Clock, ClockState, History, Interval, Promise, Signal};
use crate::slas::open_time::OpenTime;

/// A target that was chosen, as it stood then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Chosen {
    /// The agreement that it belongs to.
    pub agreement: Uuid,
    /// What it said.
    pub target: Target,
    /// What the agreement's calendar said.
    pub calendar: ContentHash,
}

/// What was promised from an instant on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Promised {
    /// Since when; none: from the start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// What; none: nothing any more.
    pub what: Option<Chosen>,
}

/// What happened to a subject, as far as a clock of one metric hears of it.
#[derive(Clone, Debug)]
pub struct Story {
    /// When the subject's clocks start.
    pub started_at: Timestamp,
    /// What happened, in order.
    pub heard: Vec<(Timestamp, Heard)>,
}

/// What a clock hears.
#[derive(Clone, Debug)]
pub enum Heard {
    /// Something that the clock goes by.
    Signal(Signal),
    /// That targets were chosen anew.
    ChosenAnew,
}

/// A promise being kept, or not, for one request or incident.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredClock {
    /// The request or incident.
    pub subject: SubjectRef,
    /// Which of the subject's clocks.
    pub place: i16,
    /// For whom the subject is; none for incidents, which are everybody's.
    pub customer: Option<Uuid>,
    /// What it measures.
    pub metric: SlaMetric,
    /// What was promised, first to last; something at least once.
    pub promised: Arc<Vec<Promised>>,
    /// When it started.
    pub started_at: Timestamp,
    /// When anything last happened to it.
    pub as_of: Timestamp,
    /// How it stood then.
    pub state: ClockState,
    /// Open time that was used then.
    pub elapsed: SignedDuration,
    /// When the target is missed, or was, while it runs.
    pub due_at: Option<Timestamp>,
    /// When it became at risk, or will.
    pub warns_at: Option<Timestamp>,
    /// When it was breached, or will be.
    pub breaches_at: Option<Timestamp>,
    /// When it became at risk, as far as that is recorded.
    pub at_risk_at: Option<Timestamp>,
    /// When it was breached, as far as that is recorded.
    pub breached_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// The instant that decides whether the target was kept.
    pub decided_at: Option<Timestamp>,
    /// Whether it is kept.
    pub good: bool,
}

/// What becomes known of a clock as time passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::Display)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum Warning {
    /// So much is used up that somebody should look.
    AtRisk,
    /// More was used than was promised.
    Missed,
}

impl StoredClock {
    /// A clock that starts with a promise; or with none, which one follows later.
    pub fn new(
        (subject, place): (SubjectRef, i16),
        metric: SlaMetric,
        promised: Promised,
        story: &Story,
    ) -> Self {
        Self {
            subject,
            place,
            customer: None,
            metric,
            promised: Arc::new(vec![promised]),
            started_at: story.started_at,
            as_of: story.started_at,
            state: ClockState::Running,
            elapsed: SignedDuration::ZERO,
            due_at: None,
            warns_at: None,
            breaches_at: None,
            at_risk_at: None,
            breached_at: None,
            ended_at: None,
            decided_at: None,
            good: false,
        }
    }

    /// The same for a customer.
    #[must_use]
    pub fn of(self, customer: Option<Uuid>) -> Self {
        Self { customer, ..self }
    }

    /// The promise that it measures: the last one, but for those that came after its end and hold only once it is reopened.
    pub fn chosen(&self) -> Option<&Chosen> {
        self.promised_by(self.ended_at)
    }

    /// The promise that it is judged by: the one that held when it was breached, else the one that it measures.
    pub fn judged_by(&self) -> Option<&Chosen> {
        match self.breached_at {
            Some(breach) => self.promised_by(Some(breach)),
            None => self.chosen(),
        }
    }

    /// The last promise that was made by an instant, or at all.
    fn promised_by(&self, instant: Option<Timestamp>) -> Option<&Chosen> {
        let is_early = |promised: &&Promised| match (promised.since, instant) {
            (Some(since), Some(instant)) => since <= instant,
            (None, _) | (_, None) => true,
        };
        let mut last_first = self.promised.iter().rev().filter(is_early);
        last_first.find_map(|promised| promised.what.as_ref())
    }

    /// The contents of the calendars that it goes by.
    pub fn calendars(&self) -> impl Iterator<Item = ContentHash> {
        let promised = self.promised.iter();
        promised.filter_map(|promised| Some(promised.what.as_ref()?.calendar.clone()))
    }

    /// Works it out anew from all that happened to its subject until an instant.
    #[must_use]
    pub fn worked_out(mut self, story: &Story, calendars: &Compiled, at: Timestamp) -> Self {
        if let Some(clock) = self.replayed(story, calendars, at) {
            self.take(&clock, at);
        }
        self
    }

    /// What a replay of all that happened until an instant says of it; none where nothing was promised in time.
    pub fn replayed(&self, story: &Story, calendars: &Compiled, at: Timestamp) -> Option<Clock> {
        self.history(story, calendars).clock(at)
    }

    /// Whether anything was promised while it could still be kept: a first promise that comes after the response, say, is none.
    pub fn means_anything(&self, story: &Story, calendars: &Compiled, at: Timestamp) -> bool {
        self.replayed(story, calendars, at).is_some()
    }

    fn take(&mut self, clock: &Clock, at: Timestamp) {
        self.as_of = at;
        self.state = clock.state;
        self.elapsed = clock.elapsed;
        self.due_at = clock.due_at;
        self.warns_at = clock.warns_at;
        self.breaches_at = clock.breaches_at;
        self.at_risk_at = clock.at_risk_at;
        self.breached_at = clock.breached_at;
        self.ended_at = clock.ended_at;
        self.decided_at = clock.decided_at;
        self.good = clock.good;
    }

    /// Why each interval of its course counted or not, until an instant; none where there are more than `most`.
    pub fn explain(
        &self,
        story: &Story,
        calendars: &Compiled,
        (now, most): (Timestamp, usize),
    ) -> Option<Vec<Interval>> {
        self.history(story, calendars).explain(now, most)
    }

    fn history(&self, story: &Story, calendars: &Compiled) -> History {
        let promise = |promised: &Promised| {
            let chosen = promised.what.as_ref()?;
            Some(Promise {
                within: chosen.target.within?,
                warn_at: chosen.target.warn_at,
                calendar: calendars.get(&chosen.calendar)?.clone(),
            })
        };
        let mut later = self
            .promised
            .iter()
            .filter(|it| it.since.is_some())
            .peekable();
        let first = self.promised.iter().find(|it| it.since.is_none());
        let mut signals = Vec::with_capacity(story.heard.len());
        // What a recalculation promised is no part of the subject's story.
        let signal = |promised: &Promised| {
            let since = promised.since?;
            Some((since, Signal::Promised(promise(promised))))
        };
        for (at, heard) in &story.heard {
            while let Some(promised) = later.next_if(|it| it.since < Some(*at)) {
                signals.extend(signal(promised));
            }
            match heard {
                Heard::Signal(signal) => signals.push((*at, signal.clone())),
                Heard::ChosenAnew => {
                    if let Some(promised) = later.next_if(|it| it.since == Some(*at)) {
                        signals.extend(signal(promised));
                    }
                }
            }
        }
        signals.extend(later.filter_map(signal));
        History {
            started_at: self.started_at,
            promise: first.and_then(promise),
            signals,
        }
    }

    /// Whether open time counts, as things are.
    fn counts(&self) -> bool {
        self.ended_at.is_none()
            && match self.state {
                ClockState::Running => true,
                ClockState::Missed => self.due_at.is_some(),
                ClockState::Paused | ClockState::Met | ClockState::Cancelled => false,
            }
    }

    /// The content of the calendar that counts on, if time does.
    pub fn counting_calendar(&self) -> Option<&ContentHash> {
        self.counts()
            .then(|| self.chosen().map(|it| &it.calendar))?
    }

    /// How it stands at an instant since it was worked out.
    pub fn at(&self, now: Timestamp, counting: Option<&OpenTime>) -> Standing {
        let breached = self.breaches_at.is_some_and(|at| at < now) || self.breached_at.is_some();
        let further = counting.map_or(SignedDuration::ZERO, |open_time| {
            open_time.open_time(self.as_of, now)
        });
        let elapsed = self.elapsed + further;
        let within = self.chosen().and_then(|chosen| chosen.target.within);
        Standing {
            state: if breached {
                ClockState::Missed
            } else {
                self.state
            },
            elapsed,
            remaining: within.unwrap_or_default() - elapsed,
            breached,
            at_risk: !breached
                && self.ended_at.is_none()
                && self.warns_at.is_some_and(|at| at <= now),
        }
    }

    /// Whether it is at risk at an instant, without being breached or ended.
    pub fn is_at_risk(&self, now: Timestamp) -> bool {
        let is_breached = self.breached_at.is_some() || self.breaches_at.is_some_and(|at| at < now);
        !is_breached && self.ended_at.is_none() && self.warns_at.is_some_and(|at| at <= now)
    }

    /// When the next thing about it has to be recorded, if nothing happens to it.
    pub fn next_at(&self) -> Option<Timestamp> {
        let warning = self.warns_at.filter(|_| self.at_risk_at.is_none());
        // A breach that comes at once with a new promise is not preceded by a warning.
        let warning = warning.filter(|_| self.breached_at.is_none());
        let breach = self.breaches_at.filter(|_| self.breached_at.is_none());
        warning.into_iter().chain(breach).min()
    }

    /// Records what has become known by an instant; each with the instant at which it happened.
    pub fn record(&mut self, now: Timestamp) -> Vec<(Warning, Timestamp)> {
        let mut recorded = Vec::new();
        let warned = self
            .warns_at
            .filter(|at| *at <= now && self.at_risk_at.is_none());
        let breached = self
            .breaches_at
            .filter(|at| *at < now && self.breached_at.is_none());
        if let Some(at) = warned.filter(|_| self.breached_at.is_none()) {
            self.at_risk_at = Some(at);
            recorded.push((Warning::AtRisk, at));
        }
        if let Some(at) = breached {
            self.breached_at = Some(at);
            self.state = ClockState::Missed;
            recorded.push((Warning::Missed, at));
        }
        recorded
    }

    /// What became known between two states of it, each with the instant at which it happened.
    pub fn learnt_since(&self, before: Option<&Self>) -> Vec<(Warning, Timestamp)> {
        let known = |of: fn(&Self) -> Option<Timestamp>| before.and_then(of).is_some();
        let at_risk = self.at_risk_at.filter(|_| !known(|it| it.at_risk_at));
        let breached = self.breached_at.filter(|_| !known(|it| it.breached_at));
        let at_risk = at_risk.map(|at| (Warning::AtRisk, at));
        at_risk
            .into_iter()
            .chain(breached.map(|at| (Warning::Missed, at)))
            .collect()
    }

    /// What the feed says of a warning.
    pub fn diff(&self, warning: Warning, at: Timestamp) -> Map<String, Value> {
        let from = match warning {
            Warning::Missed if self.at_risk_at.is_some() => Warning::AtRisk.to_string(),
            Warning::AtRisk | Warning::Missed => ClockState::Running.to_string(),
        };
        let field = format!("slaClocks.{}", self.metric);
        let change = json!({
            "from": from, "to": warning.to_string(), "at": at, "clock": self.place,
        });
        Map::from_iter([(field, change)])
    }

    /// The id of the agreement that it was chosen from.
    pub fn agreement(&self) -> Option<Id<Agreement>> {
        self.chosen().map(|chosen| Id::new(chosen.agreement))
    }
}

/// How a clock stands at an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// In a word.
    pub state: ClockState,
    /// Open time used.
    pub elapsed: SignedDuration,
    /// Open time left; below zero after a breach.
    pub remaining: SignedDuration,
    /// Whether the promise was broken.
    pub breached: bool,
    /// Whether it soon may be.
    pub at_risk: bool,
}

/// What the feed says of what became known of clocks between two of their states, in the order in which it happened.
pub fn learnt(before: &[StoredClock], after: &[StoredClock]) -> Vec<Map<String, Value>> {
    let mut learnt = Vec::new();
    for (place, clock) in after.iter().enumerate() {
        for (warning, at) in clock.learnt_since(before.get(place)) {
            learnt.push((at, clock.diff(warning, at)));
        }
    }
    learnt.sort_by_key(|(at, _)| *at);
    learnt.into_iter().map(|(_, diff)| diff).collect()
}

/// The earliest instant at which a running clock of these is due.
pub fn due_at(clocks: &[StoredClock]) -> Option<Timestamp> {
    clocks.iter().filter_map(|clock| clock.due_at).min()
}

/// The instant of the first breach of these, past or to come.
pub fn breaches_at(clocks: &[StoredClock]) -> Option<Timestamp> {
    clocks.iter().filter_map(|clock| clock.breaches_at).min()
}
