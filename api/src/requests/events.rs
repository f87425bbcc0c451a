//! The history of requests in the API.

use async_graphql::{Context, Enum, ID, Object, Result};
use uuid::Uuid;

use super::graphql::ServiceRequestStatus;
use super::list::Events;
use super::rules::{self, Event};
use crate::shared::connection::PageArgs;
use crate::shared::direct::Direct;
use crate::shared::graphql::internal;
use crate::shared::scalars::DateTime;
use crate::shared::work_connection::WorkConnection;
use crate::slas::priority::Priority;

/// One step of a request's history.
pub type RequestEventNode = Direct<EventFields>;

/// One page of a request's history.
pub type RequestEventConnection = WorkConnection<Events, RequestEventNode>;

/// A page of the history of a request.
pub async fn events(
    ctx: &Context<'_>,
    request: Uuid,
    args: &PageArgs,
) -> Result<RequestEventConnection> {
    let node = |row| match Event::try_from(row) {
        Ok(event) => Ok(Direct(EventFields(event))),
        Err(error) => Err(internal(&error)),
    };
    WorkConnection::read(ctx, "PLACE", (Events, Some(request)), args, node).await
}

/// One step of a request's history.
pub struct EventFields(Event);

/// One step of a request's history.
#[Object(name = "RequestEvent", serial)]
impl EventFields {
    /// Opaque, never changes.
    async fn id(&self) -> ID {
        format!("reve_{}_{}", self.0.request_id.simple(), self.0.place).into()
    }

    /// When.
    async fn at(&self) -> DateTime {
        DateTime(self.0.at)
    }

    /// Who: the `sub` of their token, or a program.
    async fn actor(&self) -> &str {
        &self.0.actor
    }

    /// What happened.
    async fn kind(&self) -> RequestEventKind {
        self.0.kind.into()
    }

    /// The status before, where it changed.
    async fn from(&self) -> Option<ServiceRequestStatus> {
        self.0.from.map(Into::into)
    }

    /// The status after, where it changed.
    async fn to(&self) -> Option<ServiceRequestStatus> {
        self.0.to.map(Into::into)
    }

    /// The priority from then on, where it was set.
    async fn priority(&self) -> Option<Priority> {
        self.0.priority
    }

    /// In words; of a decline its explanation.
    async fn comment(&self) -> Option<&str> {
        self.0.comment.as_deref()
    }
}

/// What happened to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "rules::EventKind")]
pub enum RequestEventKind {
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
