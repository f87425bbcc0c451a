//! Clocks by what the catalog promises now: the one way in which an edit of an agreement or a calendar reaches them.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::calendars::Compiled;
use super::rules::{Chosen, Promised, StoredClock, Story, learnt};
use crate::shared::diff::diff;
use crate::slas::agreements::target::SlaMetric;

impl StoredClock {
    /// Gives it what is promised now, none: nothing any more. A clock that has ended stays as it was judged. What is new is
    /// promised from the start, unless the clock is breached: then it keeps what it was promised until now, and with that its
    /// breach.
    pub fn promise_anew(&mut self, chosen: Option<Chosen>, now: Timestamp) {
        let last = self.promised.last().and_then(|it| it.what.as_ref());
        if self.is_judged() || last == chosen.as_ref() {
            return;
        }
        let is_breached =
            self.breached_at.is_some() || self.breaches_at.is_some_and(|instant| instant < now);
        if is_breached || chosen.is_none() {
            let since = Some(now);
            Arc::make_mut(&mut self.promised).push(Promised {
                since,
                what: chosen,
            });
        } else {
            self.promised = Arc::new(vec![Promised {
                since: None,
                what: chosen,
            }]);
        }
    }

    /// Whether it has ended, and not because what was promised had been withdrawn by then.
    fn is_judged(&self) -> bool {
        self.ended_at.is_some_and(|end| {
            let mut last_first = self.promised.iter().rev();
            let held = last_first.find(|it| it.since.is_none_or(|since| since <= end));
            held.is_some_and(|it| it.what.is_some())
        })
    }
}

/// Works out those clocks that are promised something else than before, and those that are new.
pub fn worked_out(
    known: &[StoredClock],
    promised: Vec<StoredClock>,
    story: impl Fn(SlaMetric) -> Story,
    calendars: &Compiled,
    at: Timestamp,
) -> Vec<StoredClock> {
    let promised = promised.into_iter().enumerate();
    promised
        .map(|(place, clock)| {
            if known.get(place) == Some(&clock) {
                return clock;
            }
            let story = story(clock.metric);
            clock.worked_out(&story, calendars, at)
        })
        .collect()
}

/// What the feed says of clocks that were worked out anew: what became known of them, in the order in which it happened,
/// and how they are now.
pub fn diffs(known: &[StoredClock], after: &[StoredClock]) -> Vec<Map<String, Value>> {
    let mut diffs = learnt(known, after);
    diffs.push(diff(&fields(known), &fields(after)));
    diffs
}

/// Clocks as the feed shows them, by their places.
fn fields(clocks: &[StoredClock]) -> Map<String, Value> {
    let clocks = clocks.iter().map(|clock| {
        let chosen = clock.chosen();
        let within = chosen.and_then(|chosen| chosen.target.within);
        let shown = json!({
            "metric": clock.metric.to_string(),
            "state": clock.state,
            "agreementId": clock.agreement().map(|id| id.to_string()),
            "within": within.map(|within| within.to_string()),
            "calendar": chosen.map(|chosen| &chosen.calendar),
            "dueAt": clock.due_at,
            "breachesAt": clock.breaches_at,
        });
        (clock.place.to_string(), shown)
    });
    Map::from_iter([("slaClocks".to_owned(), Value::Object(clocks.collect()))])
}
