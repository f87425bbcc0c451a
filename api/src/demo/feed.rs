//! What the demo's work leaves in the feed: who did what, and when, as if each step had just been taken.

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::shared::diff::diff;
use crate::shared::draft::ChangeKind;
use crate::shared::subject::SubjectRef;
use crate::shared::work::WorkTransaction;
use crate::slas::clocks::rules::StoredClock;
use crate::slas::clocks::scheduler;

/// Rows of the feed to be.
#[derive(Default)]
pub(super) struct Feed {
    told: Vec<Told>,
}

struct Told {
    at: Timestamp,
    actor: String,
    subject: SubjectRef,
    kind: ChangeKind,
    diff: Map<String, Value>,
}

impl Feed {
    /// Something came to be, by this actor at this instant.
    pub(super) fn created(
        &mut self,
        subject: SubjectRef,
        by: (&str, Timestamp),
        fields: &Map<String, Value>,
    ) {
        self.tell(subject, by, ChangeKind::Created, diff(&Map::new(), fields));
    }

    /// Something came to be and was changed step by step: what it was like after each, and by whom and when that was.
    pub(super) fn lived<'a>(
        &mut self,
        subject: SubjectRef,
        states: impl Iterator<Item = Map<String, Value>>,
        steps: impl Iterator<Item = (&'a str, Timestamp)>,
    ) {
        let mut before = None;
        for (state, by) in states.zip(steps) {
            match &before {
                None => self.created(subject, by, &state),
                Some(before) => self.updated(subject, by, diff(before, &state)),
            }
            before = Some(state);
        }
    }

    /// Something changed so.
    pub(super) fn updated(
        &mut self,
        subject: SubjectRef,
        by: (&str, Timestamp),
        diff: Map<String, Value>,
    ) {
        self.tell(subject, by, ChangeKind::Updated, diff);
    }

    /// What became of promises while nobody did anything. What had become of them before the report is told with it.
    pub(super) fn warned(
        &mut self,
        subject: SubjectRef,
        reported_at: Timestamp,
        clocks: &[StoredClock],
    ) {
        for clock in clocks {
            for (warning, at) in clock.learnt_since(None) {
                let by = (scheduler::AUTHOR, at.max(reported_at));
                self.updated(subject, by, clock.diff(warning, at));
            }
        }
    }

    fn tell(
        &mut self,
        subject: SubjectRef,
        (actor, at): (&str, Timestamp),
        kind: ChangeKind,
        diff: Map<String, Value>,
    ) {
        self.told.push(Told {
            at,
            actor: actor.to_owned(),
            subject,
            kind,
            diff,
        });
    }

    /// Records it in the order of time; what happened to one thing at one instant keeps its order.
    pub(super) fn record(mut self, work: &mut WorkTransaction<'_>) {
        self.told.sort_by_key(|told| told.at);
        for told in self.told {
            let by = (told.actor, told.at);
            work.record_past(told.subject, told.kind, told.diff, by);
        }
    }
}
