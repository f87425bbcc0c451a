//! What a service request is, and which steps its state allows.
//!
//! [`Step`] is the state machine: one table says from where each step leads where.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::catalog::customers::rules::Customer;
use crate::catalog::offerings::rules::Offering;
use crate::catalog::people::rules::Person;
use crate::catalog::services::rules::Service;
use crate::declines::rules::Decline;
use crate::shared::ids::{Id, ObjectRef};
use crate::shared::subject::{SubjectRef, WorkType};
use crate::slas::priority::Priority;

/// What somebody asked for, without its inputs: they never change, may be large or personal, and are read where they are
/// wanted.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ServiceRequest {
    /// The key in the database.
    #[serde(skip)]
    pub id: Uuid,
    /// For people.
    pub number: RequestNumber,
    /// One line.
    pub title: String,
    /// What was asked for.
    pub offering_id: Id<Offering>,
    /// The offering's service at the time.
    pub service_id: Id<Service>,
    /// For whom, of the business.
    pub customer_id: Option<Id<Customer>>,
    /// For whom.
    pub requester_id: Option<Id<Person>>,
    /// The subject of the token that submitted it.
    pub submitted_by: String,
    /// Whether somebody has to approve, as the offering said at the time.
    pub requires_approval: bool,
    /// How urgent it is.
    pub priority: Priority,
    /// Where it stands.
    pub status: Status,
    /// When it was first approved.
    pub approved_at: Option<Timestamp>,
    /// Why it was declined, once it was.
    pub decline: Option<Decline>,
    /// The earliest instant at which a running clock is due.
    #[serde(skip)]
    pub due_at: Option<Timestamp>,
    /// The instant of its first breach, past or to come if nothing changes.
    #[serde(skip)]
    pub breaches_at: Option<Timestamp>,
    /// Grows by one with every step.
    #[serde(skip)]
    pub version: i32,
    /// When it was submitted.
    #[serde(skip)]
    pub created_at: Timestamp,
    /// When it was changed last.
    #[serde(skip)]
    pub updated_at: Timestamp,
}

impl ServiceRequest {
    /// It, as the feed names it.
    pub fn subject(&self) -> SubjectRef {
        SubjectRef::work(WorkType::ServiceRequest, self.id)
    }

    /// The objects of the catalog that it refers to.
    pub fn references(&self) -> Vec<ObjectRef> {
        let alternative = self.decline.as_ref().and_then(|it| it.alternative_id);
        let mut all = vec![self.offering_id.any(), self.service_id.any()];
        all.extend(self.customer_id.map(Id::any));
        all.extend(self.requester_id.map(Id::any));
        all.extend(alternative.map(Id::any));
        all
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

/// A request that is about to be submitted.
#[derive(Clone, Debug, PartialEq)]
pub struct NewRequest {
    /// It, without a number yet.
    pub request: ServiceRequest,
    /// What the offering's schema asks for.
    pub inputs: Value,
}

/// A request's number as people see it: `REQ-1042`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestNumber(pub i64);

crate::number!(RequestNumber, "REQ-");

/// Where a request stands.
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
    /// Nobody has begun.
    Submitted,
    /// Somebody has agreed to it.
    Approved,
    /// Somebody works on it.
    InProgress,
    /// It can't go on without the customer.
    WaitingOnCustomer,
    /// Done.
    Fulfilled,
    /// Refused, with an explanation.
    Declined,
    /// Taken back.
    Cancelled,
}

impl Status {
    /// Whether nothing more is going to happen unless somebody disputes it.
    pub fn is_end(self) -> bool {
        matches!(self, Self::Fulfilled | Self::Declined | Self::Cancelled)
    }
}

/// What can be done with a request.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, strum::Display, strum::EnumString, strum::EnumIter,
)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum Step {
    /// Agree to it.
    Approve,
    /// Begin, or go on after waiting.
    Start,
    /// Wait on the customer.
    Hold,
    /// It is done.
    Fulfil,
    /// Refuse it.
    Decline,
    /// Take it back.
    Cancel,
    /// Dispute its end.
    Reopen,
    /// Make it more or less urgent.
    Reprioritise,
    /// Say something.
    Comment,
}

impl Step {
    /// The state machine: from where the step may be taken, and where it leads; none where it leads nowhere else.
    pub fn rule(self) -> (&'static [Status], Option<Status>) {
        use Status::{
            Approved, Cancelled, Declined, Fulfilled, InProgress, Submitted, WaitingOnCustomer,
        };
        const OPEN: &[Status] = &[Submitted, Approved, InProgress, WaitingOnCustomer];
        const ALL: &[Status] = &[
            Submitted,
            Approved,
            InProgress,
            WaitingOnCustomer,
            Fulfilled,
            Declined,
            Cancelled,
        ];
        match self {
            Self::Approve => (&[Submitted, WaitingOnCustomer], Some(Approved)),
            Self::Start => (&[Submitted, Approved, WaitingOnCustomer], Some(InProgress)),
            Self::Hold => (&[Submitted, Approved, InProgress], Some(WaitingOnCustomer)),
            Self::Fulfil => (OPEN, Some(Fulfilled)),
            Self::Decline => (OPEN, Some(Declined)),
            Self::Cancel => (OPEN, Some(Cancelled)),
            Self::Reopen => (&[Fulfilled, Declined], Some(Submitted)),
            Self::Reprioritise => (OPEN, None),
            Self::Comment => (ALL, None),
        }
    }

    /// Whether it is work on the request, which has to be approved first where its offering says so.
    pub fn needs_approval(self) -> bool {
        matches!(self, Self::Start | Self::Fulfil)
    }

    /// Whether a requester may take it with their own request; the others are for those who work on requests.
    pub fn is_for_requesters(self) -> bool {
        matches!(self, Self::Cancel | Self::Reopen | Self::Comment)
    }

    /// The mutation that takes it.
    pub fn mutation(self) -> &'static str {
        match self {
            Self::Approve => "approveServiceRequest",
            Self::Start => "startServiceRequest",
            Self::Hold => "holdServiceRequest",
            Self::Fulfil => "fulfilServiceRequest",
            Self::Decline => "declineServiceRequest",
            Self::Cancel => "cancelServiceRequest",
            Self::Reopen => "reopenServiceRequest",
            Self::Reprioritise => "reprioritiseServiceRequest",
            Self::Comment => "commentOnServiceRequest",
        }
    }
}

/// What happened to a request.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, strum::Display, strum::EnumString, strum::EnumIter,
)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum EventKind {
    /// It was submitted.
    Submitted,
    /// Somebody agreed to it.
    Approved,
    /// Work began, or went on.
    Started,
    /// It waits on the customer.
    Held,
    /// It is done.
    Fulfilled,
    /// It was refused.
    Declined,
    /// It was taken back.
    Cancelled,
    /// Its end was disputed.
    Reopened,
    /// It has another priority.
    Reprioritised,
    /// Somebody said something.
    Commented,
}

impl From<Step> for EventKind {
    fn from(step: Step) -> Self {
        match step {
            Step::Approve => Self::Approved,
            Step::Start => Self::Started,
            Step::Hold => Self::Held,
            Step::Fulfil => Self::Fulfilled,
            Step::Decline => Self::Declined,
            Step::Cancel => Self::Cancelled,
            Step::Reopen => Self::Reopened,
            Step::Reprioritise => Self::Reprioritised,
            Step::Comment => Self::Commented,
        }
    }
}

/// One step of a request's history.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// The request.
    pub request_id: Uuid,
    /// The request's version after it: 1, 2, 3, …
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
    /// The priority from then on, where it was set.
    pub priority: Option<Priority>,
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
