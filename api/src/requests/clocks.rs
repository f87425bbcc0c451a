//! What the clocks of a request hear of its history, and which promises they measure.

use std::sync::Arc;

use jiff::Timestamp;

use super::rules::{Event, EventKind, ServiceRequest, Status};
use crate::shared::ids::Id;
use crate::shared::store::DamagedRow;
use crate::slas::agreements::target::SlaMetric;
use crate::slas::clock::{PauseReason, Signal};
use crate::slas::clocks::calendars::CalendarContents;
use crate::slas::clocks::choosing::{METRICS, for_request};
use crate::slas::clocks::rules::{Chosen, Heard, Promised, StoredClock, Story};
use crate::snapshot::Catalog;

/// What a clock of a metric hears of a request's history.
///
/// The response is the first start, hold, decline or fulfilment. The resolution is the fulfilment; it waits while the request
/// waits on the customer, and while an approval is missing.
pub fn story(request: &ServiceRequest, events: &[Event], metric: SlaMetric) -> Story {
    let mut heard = Vec::new();
    if metric == SlaMetric::ResolutionTime && request.requires_approval {
        let pause = Signal::Pause(PauseReason::WaitingForApproval);
        heard.push((request.created_at, Heard::Signal(pause)));
    }
    for event in events {
        if event.kind == EventKind::Reprioritised {
            heard.push((event.at, Heard::ChosenAnew));
            continue;
        }
        let signals = match metric {
            SlaMetric::ResponseTime => response(event),
            _ => resolution(event),
        };
        heard.extend(signals.into_iter().map(|it| (event.at, Heard::Signal(it))));
    }
    Story {
        started_at: request.created_at,
        heard,
    }
}

fn response(event: &Event) -> Vec<Signal> {
    match event.kind {
        EventKind::Started | EventKind::Held | EventKind::Declined | EventKind::Fulfilled => {
            vec![Signal::Met]
        }
        EventKind::Cancelled => vec![Signal::Cancelled],
        _ => Vec::new(),
    }
}

fn resolution(event: &Event) -> Vec<Signal> {
    let waited = event.from == Some(Status::WaitingOnCustomer);
    let resumed = waited.then_some(Signal::Resume(PauseReason::WaitingOnCustomer));
    let signal = match event.kind {
        EventKind::Held => Some(Signal::Pause(PauseReason::WaitingOnCustomer)),
        EventKind::Approved => Some(Signal::Resume(PauseReason::WaitingForApproval)),
        EventKind::Fulfilled => Some(Signal::Met),
        EventKind::Declined | EventKind::Cancelled => Some(Signal::Cancelled),
        EventKind::Reopened => Some(Signal::Reopened),
        _ => None,
    };
    resumed.into_iter().chain(signal).collect()
}

/// What a request's clocks are made from.
#[derive(Clone, Copy, Debug)]
pub struct Workshop<'a> {
    /// The agreements.
    pub catalog: &'a Catalog,
    /// Calendars that were met before.
    pub contents: &'a CalendarContents,
}

impl Workshop<'_> {
    /// The clocks that a new request starts.
    pub fn start(
        &self,
        request: &ServiceRequest,
        events: &[Event],
    ) -> Result<Vec<StoredClock>, DamagedRow> {
        let mut clocks = Vec::new();
        for metric in METRICS {
            if let Some(chosen) = self.choose(request, metric)? {
                let promised = Promised {
                    since: None,
                    what: Some(chosen),
                };
                let story = story(request, events, metric);
                let clock = new(request, &clocks, metric, promised);
                let (calendars, _) = self.contents.met(clock.calendars());
                clocks.push(clock.worked_out(&story, &calendars, request.created_at));
            }
        }
        Ok(clocks)
    }

    /// Chooses the targets of a request anew, by its priority as it is now: what its clocks measure from an instant on. A
    /// metric that nothing was promised for may get a clock now, which may turn out to [mean
    /// nothing](StoredClock::means_anything).
    pub fn choose_anew(
        &self,
        request: &ServiceRequest,
        clocks: &[StoredClock],
        at: Timestamp,
    ) -> Result<Vec<StoredClock>, DamagedRow> {
        let mut all = clocks.to_vec();
        for metric in METRICS {
            let chosen = self.choose(request, metric)?;
            let known = all.iter_mut().find(|clock| clock.metric == metric);
            match (known, chosen) {
                (Some(clock), chosen) => {
                    let chosen = chosen.map(|chosen| kept(clock, chosen));
                    Arc::make_mut(&mut clock.promised).push(Promised {
                        since: Some(at),
                        what: chosen,
                    });
                }
                (None, Some(chosen)) => {
                    let promised = Promised {
                        since: Some(at),
                        what: Some(chosen),
                    };
                    all.push(new(request, &all, metric, promised));
                }
                (None, None) => {}
            }
        }
        Ok(all)
    }

    /// Gives the clocks of a request what the catalog promises now. A new one is promised it from the start.
    pub fn promise_anew(
        &self,
        request: &ServiceRequest,
        clocks: &[StoredClock],
        at: Timestamp,
    ) -> Result<Vec<StoredClock>, DamagedRow> {
        let mut all = clocks.to_vec();
        for metric in METRICS {
            let chosen = self.choose(request, metric)?;
            let known = all.iter_mut().find(|clock| clock.metric == metric);
            match (known, chosen) {
                (Some(clock), chosen) => clock.promise_anew(chosen, at),
                (None, Some(chosen)) => {
                    let promised = Promised {
                        since: None,
                        what: Some(chosen),
                    };
                    all.push(new(request, &all, metric, promised));
                }
                (None, None) => {}
            }
        }
        Ok(all)
    }

    fn choose(
        &self,
        request: &ServiceRequest,
        metric: SlaMetric,
    ) -> Result<Option<Chosen>, DamagedRow> {
        let whom = (request.service_id, request.customer_id);
        let what = (metric, request.priority);
        for_request(self.catalog, self.contents, whom, what, request.created_at)
    }
}

/// A clock beside these that nothing has happened to yet.
fn new(
    request: &ServiceRequest,
    others: &[StoredClock],
    metric: SlaMetric,
    promised: Promised,
) -> StoredClock {
    let last = others.iter().map(|clock| clock.place).max();
    let place = last.map_or(0, |last| last.saturating_add(1));
    let story = story(request, &[], metric);
    let clock = StoredClock::new((request.subject(), place), metric, promised, &story);
    clock.of(request.customer_id.map(Id::key))
}

/// A target that is chosen again stays as the clock has it: its agreement may have been edited since.
fn kept(clock: &StoredClock, chosen: Chosen) -> Chosen {
    match clock.chosen() {
        Some(known) if known.target.id == chosen.target.id => known.clone(),
        _ => chosen,
    }
}
