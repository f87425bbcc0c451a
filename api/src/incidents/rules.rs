//! What an incident is, and which steps its state allows.
//!
//! [`Step`] is the state machine: one table says from where each step leads where.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::shared::subject::{SubjectRef, WorkType};
use crate::slas::priority::Priority;

/// What is broken.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Incident {
    /// The key in the database.
    #[serde(skip)]
    pub id: Uuid,
    /// For people.
    pub number: IncidentNumber,
    /// One line.
    pub title: String,
    /// How much of its services is lost.
    pub severity: Severity,
    /// Where it stands.
    pub status: Status,
    /// The subject of the token that reported it.
    pub reported_by: String,
    /// When it began.
    pub started_at: Timestamp,
    /// When somebody took it on.
    pub acknowledged_at: Option<Timestamp>,
    /// When it was over.
    pub resolved_at: Option<Timestamp>,
    /// The earliest instant at which a running clock is due.
    #[serde(skip)]
    pub due_at: Option<Timestamp>,
    /// The instant of its first breach, past or to come if nothing changes.
    #[serde(skip)]
    pub breaches_at: Option<Timestamp>,
    /// Grows by one with every step.
    #[serde(skip)]
    pub version: i32,
    /// When it was reported.
    #[serde(skip)]
    pub created_at: Timestamp,
    /// When it was changed last.
    #[serde(skip)]
    pub updated_at: Timestamp,
}

impl Incident {
    /// It, as the feed names it.
    pub fn subject(&self) -> SubjectRef {
        SubjectRef::work(WorkType::Incident, self.id)
    }

    /// The fields that the feed shows changes of, by their API names.
    pub fn fields(&self) -> Map<String, Value> {
        match serde_json::to_value(self) {
            Ok(Value::Object(fields)) => fields,
            // A struct of plain values always serialises to an object.
            _ => Map::new(),
        }
    }
}

/// An incident's number as people see it: `INC-7`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IncidentNumber(pub i64);

crate::number!(IncidentNumber, "INC-");

/// How much of a service is lost.
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
    strum::Display,
    strum::EnumString,
    strum::EnumIter,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum Severity {
    /// All of it.
    Outage,
    /// Half of it.
    Degraded,
    /// A little.
    Minor,
}

impl Severity {
    /// The priority whose targets an incident takes.
    pub fn priority(self) -> Priority {
        match self {
            Self::Outage => Priority::P1,
            Self::Degraded => Priority::P2,
            Self::Minor => Priority::P3,
        }
    }
}

/// Where an incident stands.
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
    strum::Display,
    strum::EnumString,
    strum::EnumIter,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum Status {
    /// Nobody has taken it on.
    Open,
    /// Somebody has taken it on.
    Acknowledged,
    /// It is over.
    Resolved,
}

/// What can be done with an incident.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, strum::Display, strum::EnumString, strum::EnumIter,
)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum Step {
    /// Take it on.
    Acknowledge,
    /// Say that it is over.
    Resolve,
    /// Say something.
    Comment,
}

impl Step {
    /// The state machine: from where the step may be taken, and where it leads; none where it leads nowhere else.
    pub fn rule(self) -> (&'static [Status], Option<Status>) {
        use Status::{Acknowledged, Open, Resolved};
        match self {
            Self::Acknowledge => (&[Open], Some(Acknowledged)),
            Self::Resolve => (&[Open, Acknowledged], Some(Resolved)),
            Self::Comment => (&[Open, Acknowledged, Resolved], None),
        }
    }

    /// The mutation that takes it.
    pub fn mutation(self) -> &'static str {
        match self {
            Self::Acknowledge => "acknowledgeIncident",
            Self::Resolve => "resolveIncident",
            Self::Comment => "commentOnIncident",
        }
    }
}

/// What happened to an incident.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, strum::Display, strum::EnumString, strum::EnumIter,
)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum EventKind {
    /// It was reported.
    Reported,
    /// Somebody took it on.
    Acknowledged,
    /// It is over.
    Resolved,
    /// Somebody said something.
    Commented,
}

impl From<Step> for EventKind {
    fn from(step: Step) -> Self {
        match step {
            Step::Acknowledge => Self::Acknowledged,
            Step::Resolve => Self::Resolved,
            Step::Comment => Self::Commented,
        }
    }
}

/// One step of an incident's history.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// The incident.
    pub incident_id: Uuid,
    /// The incident's version after it: ascending from 1.
    pub place: i32,
    /// When.
    pub at: Timestamp,
    /// Who: the subject of their token, or a program.
    pub actor: String,
    /// What happened.
    pub kind: EventKind,
    /// The status before, where it changed.
    pub from: Option<Status>,
    /// The status after, where it changed.
    pub to: Option<Status>,
    /// In words.
    pub comment: Option<String>,
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use strum::IntoEnumIterator;

    use super::*;

    /// The state machine as the README shows it.
    fn rendered() -> String {
        let mut table = "| step | from | to |\n|---|---|---|\n".to_owned();
        for step in Step::iter() {
            let (from, to) = step.rule();
            let from: Vec<_> = from.iter().map(ToString::to_string).collect();
            let to = to.map_or_else(|| "(stays)".to_owned(), |to| to.to_string());
            let line = format!("| `{}` | {} | {to} |\n", step.mutation(), from.join(", "));
            table.push_str(&line);
        }
        table
    }

    #[test]
    fn the_readme_shows_the_state_machine() {
        let readme = include_str!("README.md");
        let (_, rest) = readme.split_once("<!-- steps -->\n\n").unwrap();
        let (shown, _) = rest.split_once("\n\n").unwrap();
        assert_eq!(format!("{shown}\n"), rendered());
    }
}
