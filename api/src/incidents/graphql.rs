//! Incidents in the API.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_graphql::{Context, Enum, ID, InputObject, Object, Result};
use futures_util::future::BoxFuture;
use uuid::Uuid;

use super::access::sees_incidents;
use super::clocks::story;
use super::events::{IncidentEventConnection, events};
use super::filter::IncidentFilter as Filter;
use super::list::Incidents;
use super::rules::{self, Incident, IncidentNumber};
use super::store::{ById, ByNumber, ServicesOf};
use crate::auth::{Scope, Viewer, require};
use crate::catalog::services::graphql::ServiceNode;
use crate::catalog::services::rules::Service;
use crate::insight::impact::graphql::{ImpactNode, impact};
use crate::shared::connection::PageArgs;
use crate::shared::direct::{Direct, List};
use crate::shared::graphql::{bad_input, expect, filter_id, internal, unreadable};
use crate::shared::ids::Id;
use crate::shared::loads::Loads;
use crate::shared::request::RequestCatalog;
use crate::shared::scalars::DateTime;
use crate::shared::work_connection::WorkConnection;
use crate::slas::agreements::target::SlaMetric;
use crate::slas::clocks::graphql::{Chronicle, ClockNode, clocks};
use crate::slas::clocks::rules::Story;

/// What is broken.
pub type IncidentNode = Direct<IncidentFields>;

/// What is broken.
#[derive(Clone)]
pub struct IncidentFields(pub Incident);

/// What is broken: an unplanned loss of one service or several, from its report until it is over.
#[Object(name = "Incident", serial)]
impl IncidentFields {
    /// Opaque, never changes.
    pub(crate) async fn id(&self) -> ID {
        self.0.subject().to_string().into()
    }

    /// For people: `INC-7`. Numbers ascend; one may be missing.
    async fn number(&self) -> String {
        self.0.number.to_string()
    }

    /// One line.
    async fn title(&self) -> &str {
        &self.0.title
    }

    /// How much of its services is lost.
    async fn severity(&self) -> Severity {
        self.0.severity.into()
    }

    /// Where it stands.
    async fn status(&self) -> IncidentStatus {
        self.0.status.into()
    }

    /// What it breaks, by slug; never empty.
    async fn services(&self, ctx: &Context<'_>) -> Result<List<ServiceNode>> {
        let services = self.broken(ctx).await?;
        let objects: Vec<_> = services.iter().map(|service| service.any()).collect();
        ctx.data_unchecked::<RequestCatalog>().reveal(&objects);
        let services = services.into_iter().map(|service| expect(ctx, service));
        let mut services = services.collect::<Result<Vec<Arc<Service>>>>()?;
        services.sort_by(|one, other| one.header.slug.cmp(&other.header.slug));
        Ok(services.into_iter().map(ServiceNode::from).collect())
    }

    /// What it costs the business per hour, and why: its services fail together, by the catalog as it is now. Of a resolved
    /// incident it is what one more hour would cost. Errors: `FORBIDDEN` without `insight:read`.
    async fn impact(&self, ctx: &Context<'_>) -> Result<ImpactNode> {
        require(ctx, Scope::InsightRead)?;
        impact(ctx, self.broken(ctx).await?, self.0.severity)
    }

    /// When it began.
    async fn started_at(&self) -> DateTime {
        DateTime(self.0.started_at)
    }

    /// When somebody took it on; null before, and where it was over before.
    async fn acknowledged_at(&self) -> Option<DateTime> {
        self.0.acknowledged_at.map(DateTime)
    }

    /// When it was over; null before.
    async fn resolved_at(&self) -> Option<DateTime> {
        self.0.resolved_at.map(DateTime)
    }

    /// The `sub` of the token that reported it.
    async fn reported_by(&self) -> &str {
        &self.0.reported_by
    }

    /// The promises that are being kept, or not: of each agreement about its services one for the response and one for the
    /// resolution, where they were made.
    async fn sla_clocks(&self, ctx: &Context<'_>) -> Result<List<ClockNode>> {
        clocks(ctx, self.0.id, Arc::new(self.clone())).await
    }

    /// Its history, oldest first: complete, and never changed. Errors: `BAD_USER_INPUT` for a bad page size or cursor.
    async fn events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "At most so many from the front; 25 where nothing is said, 100 at most.")]
        first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "At most so many from the back; 100 at most.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<IncidentEventConnection> {
        let args = PageArgs {
            first,
            after,
            last,
            before,
        };
        events(ctx, self.0.id, &args).await
    }

    /// When it was reported.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// When it was changed last.
    async fn updated_at(&self) -> DateTime {
        DateTime(self.0.updated_at)
    }

    /// Grows by one with every step; pass it back as `expectedVersion`.
    async fn version(&self) -> i32 {
        self.0.version
    }
}

impl IncidentFields {
    /// The services that it breaks.
    async fn broken(&self, ctx: &Context<'_>) -> Result<Vec<Id<Service>>> {
        let loads = ctx.data_unchecked::<Loads>();
        let services = loads.ask(ServicesOf, self.0.id).await;
        services.map_err(|error| unreadable(&error))
    }
}

impl Chronicle for IncidentFields {
    fn story<'a>(&'a self, _: &'a Context<'_>, metric: SlaMetric) -> BoxFuture<'a, Result<Story>> {
        Box::pin(async move { Ok(story(&self.0, metric)) })
    }
}

/// How much of a service is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "rules::Severity")]
pub enum Severity {
    /// Nothing works: 1.0 of the service is lost. Takes the targets of P1.
    Outage,
    /// Half of it: 0.5. Takes the targets of P2.
    Degraded,
    /// A little: 0.1. Takes the targets of P3.
    Minor,
}

/// Where an incident stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "rules::Status")]
pub enum IncidentStatus {
    /// Nobody has taken it on.
    Open,
    /// Somebody has taken it on.
    Acknowledged,
    /// It is over.
    Resolved,
}

/// Which incidents; every condition that is given must hold.
#[derive(Default, InputObject)]
pub struct IncidentFilter {
    /// In one of these states.
    statuses: Option<Vec<IncidentStatus>>,
    /// Of one of these severities.
    severities: Option<Vec<Severity>>,
    /// That break this service.
    service_id: Option<ID>,
}

impl IncidentFilter {
    fn into_filter(self, ctx: &Context<'_>) -> Result<Filter> {
        let statuses = self.statuses;
        let severities = self.severities;
        Ok(Filter {
            visible: sees_incidents(ctx.data_unchecked::<Viewer>()),
            statuses: statuses.map(|it| names(it.into_iter().map(rules::Status::from))),
            severities: severities.map(|it| names(it.into_iter().map(rules::Severity::from))),
            service: filter_id::<Service>("serviceId", self.service_id)?.map(Id::key),
        })
    }
}

/// Each once, in one order, so that equal filters are one question.
fn names(values: impl Iterator<Item = impl ToString>) -> Vec<String> {
    let names: BTreeSet<String> = values.map(|value| value.to_string()).collect();
    names.into_iter().collect()
}

/// One page of incidents.
pub type IncidentConnection = WorkConnection<Incidents, IncidentNode>;

/// A page of the incidents that match, of all or of one service.
pub async fn incidents(
    ctx: &Context<'_>,
    service: Option<Uuid>,
    filter: Option<IncidentFilter>,
    args: &PageArgs,
) -> Result<IncidentConnection> {
    let list = Incidents {
        filter: filter.unwrap_or_default().into_filter(ctx)?,
        of_services: service.is_some(),
    };
    let node = |row| match Incident::try_from(row) {
        Ok(incident) => Ok(Direct(IncidentFields(incident))),
        Err(error) => Err(internal(&error)),
    };
    WorkConnection::read(ctx, "CREATED_AT", (list, service), args, node).await
}

/// The incident with this key, if the viewer sees it.
pub async fn incident(ctx: &Context<'_>, key: Uuid) -> Result<Option<IncidentNode>> {
    if !sees_incidents(ctx.data_unchecked::<Viewer>()) {
        return Ok(None);
    }
    let found = ctx.data_unchecked::<Loads>().ask(ById, key).await;
    let found = found.map_err(|error| unreadable(&error))?;
    Ok(found.map(IncidentFields).map(Direct))
}

/// Queries for incidents.
#[derive(Default)]
pub struct IncidentQueries;

#[Object]
impl IncidentQueries {
    /// The incident with this number; null where there is none. Errors: `BAD_USER_INPUT` for what is no number.
    async fn incident(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its number: `INC-7`.")] number: String,
    ) -> Result<Option<IncidentNode>> {
        let parsed: Result<IncidentNumber, _> = number.parse();
        let number =
            parsed.map_err(|error| bad_input(format!("`number` is {number:?}, {error}")))?;
        let found = ctx.data_unchecked::<Loads>().ask(ByNumber, number.0).await;
        let found = found.map_err(|error| unreadable(&error))?;
        Ok(found.map(IncidentFields).map(Direct))
    }

    /// Incidents, the newest first. Errors: `BAD_USER_INPUT` for a bad page size, cursor or id.
    async fn incidents(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which ones; all where absent.")] filter: Option<IncidentFilter>,
        #[graphql(desc = "At most so many from the front; 25 where nothing is said, 100 at most.")]
        first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "At most so many from the back; 100 at most.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<IncidentConnection> {
        let args = PageArgs {
            first,
            after,
            last,
            before,
        };
        incidents(ctx, None, filter, &args).await
    }
}
