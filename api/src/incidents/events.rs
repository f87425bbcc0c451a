//! The history of incidents in the API.

use async_graphql::{Context, Enum, ID, Object, Result};
use uuid::Uuid;

use super::graphql::IncidentStatus;
use super::list::Events;
use super::rules::{self, Event};
use crate::shared::connection::PageArgs;
use crate::shared::direct::Direct;
use crate::shared::graphql::internal;
use crate::shared::scalars::DateTime;
use crate::shared::work_connection::WorkConnection;

/// One step of an incident's history.
pub type IncidentEventNode = Direct<EventFields>;

/// One page of an incident's history.
pub type IncidentEventConnection = WorkConnection<Events, IncidentEventNode>;

/// A page of the history of an incident.
pub async fn events(
    ctx: &Context<'_>,
    incident: Uuid,
    args: &PageArgs,
) -> Result<IncidentEventConnection> {
    let node = |row| match Event::try_from(row) {
        Ok(event) => Ok(Direct(EventFields(event))),
        Err(error) => Err(internal(&error)),
    };
    WorkConnection::read(ctx, "PLACE", (Events, Some(incident)), args, node).await
}

/// One step of an incident's history.
pub struct EventFields(Event);

/// One step of an incident's history.
#[Object(name = "IncidentEvent", serial)]
impl EventFields {
    /// Opaque, never changes.
    async fn id(&self) -> ID {
        format!("ieve_{}_{}", self.0.incident_id.simple(), self.0.place).into()
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
    async fn kind(&self) -> IncidentEventKind {
        self.0.kind.into()
    }

    /// The status before, where it changed.
    async fn from(&self) -> Option<IncidentStatus> {
        self.0.from.map(Into::into)
    }

    /// The status after, where it changed.
    async fn to(&self) -> Option<IncidentStatus> {
        self.0.to.map(Into::into)
    }

    /// In words.
    async fn comment(&self) -> Option<&str> {
        self.0.comment.as_deref()
    }
}

/// What happened to an incident.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "rules::EventKind")]
pub enum IncidentEventKind {
    /// It was reported.
    Reported,
    /// Somebody took it on.
    Acknowledged,
    /// It is over.
    Resolved,
    /// Somebody said something.
    Commented,
}
