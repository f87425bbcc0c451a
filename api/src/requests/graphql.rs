//! Requests in the API.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_graphql::{Context, Enum, ID, InputObject, Object, Result};
use futures_util::future::BoxFuture;
use serde_json::Value;
use uuid::Uuid;

use super::access::Visible;
use super::clocks::story;
use super::events::{RequestEventConnection, events};
use super::filter::RequestFilter;
use super::list::{Parent, RequestOrder, Requests};
use super::rules::{self, RequestNumber, ServiceRequest};
use super::store::{ById, ByNumber, HistoryOf, InputsOf};
use crate::auth::{Scope, Viewer, require};
use crate::catalog::customers::graphql::CustomerNode;
use crate::catalog::customers::rules::Customer;
use crate::catalog::offerings::graphql::OfferingNode;
use crate::catalog::offerings::rules::Offering;
use crate::catalog::people::graphql::PersonNode;
use crate::catalog::people::rules::Person;
use crate::catalog::services::graphql::{OrderDirection, ServiceNode};
use crate::catalog::services::rules::Service;
use crate::catalog::teams::rules::Team;
use crate::declines::graphql::DeclineNode;
use crate::shared::connection::PageArgs;
use crate::shared::direct::{Direct, List};
use crate::shared::graphql::{bad_input, expect, filter_id, internal, lookup, unreadable};
use crate::shared::ids::Id;
use crate::shared::loads::Loads;
use crate::shared::request::RequestCatalog;
use crate::shared::scalars::{DateTime, Json};
use crate::shared::work::first_microsecond;
use crate::shared::work_connection::WorkConnection;
use crate::slas::agreements::target::SlaMetric;
use crate::slas::clocks::graphql::{Chronicle, ClockNode, clocks};
use crate::slas::clocks::rules::Story;
use crate::slas::priority::Priority;

/// What somebody asked for.
pub type RequestNode = Direct<RequestFields>;

/// What somebody asked for.
#[derive(Clone)]
pub struct RequestFields(pub ServiceRequest);

/// Shows a request, and to whom it is shown what it refers to.
pub fn shown(ctx: &Context<'_>, request: ServiceRequest) -> RequestNode {
    ctx.data_unchecked::<RequestCatalog>()
        .reveal(&request.references());
    Direct(RequestFields(request))
}

/// What somebody asked for: one order of an offering, from its submission to its end.
#[Object(name = "ServiceRequest", serial)]
impl RequestFields {
    /// Opaque, never changes.
    pub(crate) async fn id(&self) -> ID {
        self.0.subject().to_string().into()
    }

    /// For people: `REQ-1042`. Numbers ascend; one may be missing.
    async fn number(&self) -> String {
        self.0.number.to_string()
    }

    /// One line; the offering's name where nothing else was said.
    async fn title(&self) -> &str {
        &self.0.title
    }

    /// What was asked for.
    async fn offering(&self, ctx: &Context<'_>) -> Result<OfferingNode> {
        expect(ctx, self.0.offering_id).map(OfferingNode::from)
    }

    /// The offering's service at the time.
    async fn service(&self, ctx: &Context<'_>) -> Result<ServiceNode> {
        expect(ctx, self.0.service_id).map(ServiceNode::from)
    }

    /// For whom, of the business.
    async fn customer(&self, ctx: &Context<'_>) -> Option<CustomerNode> {
        lookup(ctx, self.0.customer_id).map(CustomerNode::from)
    }

    /// For whom. Null also for those who see of this request what its place in the worklist tells.
    async fn requester(&self, ctx: &Context<'_>) -> Option<PersonNode> {
        let requester = self.0.requester_id?;
        visible(ctx)
            .includes(&self.0)
            .then(|| lookup(ctx, Some(requester)))?
            .map(PersonNode::from)
    }

    /// The `sub` of the token that submitted it. Errors: `FORBIDDEN` for those who see of this request what its place in the worklist
    /// tells.
    async fn submitted_by(&self, ctx: &Context<'_>) -> Result<&str> {
        require_all_of(ctx, &self.0)?;
        Ok(&self.0.submitted_by)
    }

    /// What the offering's `inputSchema` asked for. Errors: `FORBIDDEN` as for `submittedBy`.
    async fn inputs(&self, ctx: &Context<'_>) -> Result<Json> {
        require_all_of(ctx, &self.0)?;
        let loads = ctx.data_unchecked::<Loads>();
        let inputs = loads.ask(InputsOf, self.0.id).await;
        let inputs = inputs.map_err(|error| unreadable(&error))?;
        Ok(Json(Value::clone(&inputs)))
    }

    /// How urgent it is.
    async fn priority(&self) -> Priority {
        self.0.priority
    }

    /// Where it stands.
    async fn status(&self) -> ServiceRequestStatus {
        self.0.status.into()
    }

    /// The promises that are being kept, or not: one for the response and one for the resolution, where they were made.
    async fn sla_clocks(&self, ctx: &Context<'_>) -> Result<List<ClockNode>> {
        clocks(ctx, self.0.id, Arc::new(self.clone())).await
    }

    /// Its history, oldest first: complete, and never changed. Errors: `BAD_USER_INPUT` for a bad page size or cursor; `FORBIDDEN` as
    /// for `submittedBy`.
    async fn events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "At most so many from the front; 25 where nothing is said, 100 at most.")]
        first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "At most so many from the back; 100 at most.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<RequestEventConnection> {
        let args = PageArgs {
            first,
            after,
            last,
            before,
        };
        require_all_of(ctx, &self.0)?;
        events(ctx, self.0.id, &args).await
    }

    /// When somebody first agreed to it; null before.
    async fn approved_at(&self) -> Option<DateTime> {
        self.0.approved_at.map(DateTime)
    }

    /// Why it was declined, once it was; the last time where it was reopened. Null also for those who see of this request what its
    /// place in the worklist tells.
    async fn decline(&self, ctx: &Context<'_>) -> Option<DeclineNode> {
        let decline = self.0.decline.clone()?;
        visible(ctx)
            .includes(&self.0)
            .then(|| DeclineNode::from(decline))
    }

    /// When it was submitted.
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

impl Chronicle for RequestFields {
    fn story<'a>(
        &'a self,
        ctx: &'a Context<'_>,
        metric: SlaMetric,
    ) -> BoxFuture<'a, Result<Story>> {
        Box::pin(async move {
            let loads = ctx.data_unchecked::<Loads>();
            let history = loads.ask(HistoryOf, self.0.id).await;
            let history = history.map_err(|error| unreadable(&error))?;
            Ok(story(&self.0, &history, metric))
        })
    }
}

/// Where a request stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "rules::Status")]
pub enum ServiceRequestStatus {
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

/// Which requests; every condition that is given must hold.
#[derive(Default, InputObject)]
pub struct ServiceRequestFilter {
    /// In one of these states.
    statuses: Option<Vec<ServiceRequestStatus>>,
    /// Of one of these priorities.
    priorities: Option<Vec<Priority>>,
    /// Of this service.
    service_id: Option<ID>,
    /// Of this offering.
    offering_id: Option<ID>,
    /// For this customer.
    customer_id: Option<ID>,
    /// For this person.
    requester_id: Option<ID>,
    /// Of services that this team delivers.
    team_id: Option<ID>,
    /// Whether a promise has been broken by now.
    breached: Option<bool>,
    /// Submitted at this instant or later.
    created_since: Option<DateTime>,
    /// Submitted before this instant.
    created_until: Option<DateTime>,
}

/// In which order, and which way.
#[derive(Clone, Copy, InputObject)]
pub struct ServiceRequestOrder {
    /// What it goes by.
    field: ServiceRequestOrderField,
    /// Which way.
    #[graphql(default_with = "OrderDirection::Desc")]
    direction: OrderDirection,
}

/// What requests can be ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "RequestOrder")]
pub enum ServiceRequestOrderField {
    /// When they were submitted.
    CreatedAt,
    /// When they were changed last.
    UpdatedAt,
    /// How urgent they are; P1 comes before P4 when ascending.
    Priority,
    /// The clock that is due first; requests without a running clock come last when ascending, first when descending.
    DueAt,
}

impl ServiceRequestFilter {
    fn into_filter(self, ctx: &Context<'_>) -> Result<RequestFilter> {
        let request = ctx.data_unchecked::<RequestCatalog>();
        let now = request.moment();
        let team = filter_id::<Team>("teamId", self.team_id)?;
        let services = team.map(|team| {
            let catalog = request.read();
            sorted(catalog.service_indexes.team.ids(&team))
        });
        let statuses = self.statuses.map(|statuses| {
            let names = statuses
                .into_iter()
                .map(|it| rules::Status::from(it).to_string());
            sorted(names)
        });
        let priorities = self.priorities;
        Ok(RequestFilter {
            statuses,
            priorities: priorities.map(|it| sorted(it.into_iter().map(Priority::number))),
            service: filter_id::<Service>("serviceId", self.service_id)?.map(Id::key),
            services,
            offering: filter_id::<Offering>("offeringId", self.offering_id)?.map(Id::key),
            customer: filter_id::<Customer>("customerId", self.customer_id)?.map(Id::key),
            requester: filter_id::<Person>("requesterId", self.requester_id)?.map(Id::key),
            breached: self.breached.map(|it| (it, now.as_microsecond())),
            created_since: self.created_since.map(|it| first_microsecond(it.0)),
            created_until: self.created_until.map(|it| first_microsecond(it.0)),
            ..RequestFilter::all(visible(ctx))
        })
    }
}

fn sorted<T: Ord>(values: impl Iterator<Item = T>) -> Vec<T> {
    let values: BTreeSet<T> = values.collect();
    values.into_iter().collect()
}

/// Which requests the viewer sees.
pub fn visible(ctx: &Context<'_>) -> Visible {
    let catalog = ctx.data_unchecked::<RequestCatalog>().whole();
    Visible::to(ctx.data_unchecked::<Viewer>(), &catalog)
}

/// That the viewer sees the request by themselves. The worklist puts others' requests before owners who decide what comes first:
/// for that they need neither what people wrote nor whom it is for.
fn require_all_of(ctx: &Context<'_>, request: &ServiceRequest) -> Result<()> {
    if visible(ctx).includes(request) {
        return Ok(());
    }
    require(ctx, Scope::RequestsWork)
}

/// One page of requests.
pub type RequestConnection = WorkConnection<Requests, RequestNode>;

/// A page of the requests that match, of all or of one parent.
pub async fn requests(
    ctx: &Context<'_>,
    parent: Option<(Parent, Uuid)>,
    (filter, order): (Option<ServiceRequestFilter>, Option<ServiceRequestOrder>),
    args: &PageArgs,
) -> Result<RequestConnection> {
    let filter = filter.unwrap_or_default().into_filter(ctx)?;
    let order = order.unwrap_or(ServiceRequestOrder {
        field: ServiceRequestOrderField::CreatedAt,
        direction: OrderDirection::Desc,
    });
    let (kind, parent) = match parent {
        Some((kind, id)) => (kind, Some(id)),
        None => (Parent::Service, None),
    };
    let list = Requests {
        filter,
        order: order.field.into(),
        direction: order.direction.into(),
        parent: kind,
    };
    let node = |row| match ServiceRequest::try_from(row) {
        Ok(request) => Ok(shown(ctx, request)),
        Err(error) => Err(internal(&error)),
    };
    WorkConnection::read(ctx, sequence(order.field), (list, parent), args, node).await
}

fn sequence(field: ServiceRequestOrderField) -> &'static str {
    match field {
        ServiceRequestOrderField::CreatedAt => "CREATED_AT",
        ServiceRequestOrderField::UpdatedAt => "UPDATED_AT",
        ServiceRequestOrderField::Priority => "PRIORITY",
        ServiceRequestOrderField::DueAt => "DUE_AT",
    }
}

/// The request with this key, if the viewer sees it.
pub async fn request(ctx: &Context<'_>, key: Uuid) -> Result<Option<RequestNode>> {
    let loads = ctx.data_unchecked::<Loads>();
    let found = loads.ask(ById, key).await;
    Ok(seen(ctx, found.map_err(|error| unreadable(&error))?))
}

fn seen(ctx: &Context<'_>, request: Option<ServiceRequest>) -> Option<RequestNode> {
    let visible = visible(ctx);
    let request = request.filter(|request| visible.includes(request))?;
    Some(shown(ctx, request))
}

/// Queries for requests.
#[derive(Default)]
pub struct RequestQueries;

#[Object]
impl RequestQueries {
    /// The request with this number; null where there is none that the viewer may see: one of their own, or of their own
    /// customer, and any for those who work on requests. Errors: `BAD_USER_INPUT` for what is no number.
    async fn service_request(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its number: `REQ-1042`.")] number: String,
    ) -> Result<Option<RequestNode>> {
        let parsed: Result<RequestNumber, _> = number.parse();
        let number =
            parsed.map_err(|error| bad_input(format!("`number` is {number:?}, {error}")))?;
        let loads = ctx.data_unchecked::<Loads>();
        let found = loads.ask(ByNumber, number.0).await;
        Ok(seen(ctx, found.map_err(|error| unreadable(&error))?))
    }

    /// The requests that the viewer may see, newest first where nothing else is said. Errors: `BAD_USER_INPUT` for a bad page
    /// size, cursor or id.
    async fn service_requests(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which ones; all where absent.")] filter: Option<ServiceRequestFilter>,
        #[graphql(desc = "In which order; the newest first where absent.")] order_by: Option<
            ServiceRequestOrder,
        >,
        #[graphql(desc = "At most so many from the front; 25 where nothing is said, 100 at most.")]
        first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "At most so many from the back; 100 at most.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<RequestConnection> {
        let args = PageArgs {
            first,
            after,
            last,
            before,
        };
        requests(ctx, None, (filter, order_by), &args).await
    }
}
