//! Services in the API.

use std::sync::Arc;

use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject};
use jiff::Timestamp;
use serde_json::Value;

use super::filter::{Facet, HasSla, ServiceFilter as Filter};
use super::index::{self, ServiceOrderField as OrderField};
use super::rules::{self, Service};
use crate::catalog::capabilities::graphql::CapabilityNode;
use crate::catalog::offerings::filter::OfferingFilter;
use crate::catalog::offerings::graphql::{OfferingNode, offerings};
use crate::catalog::people::graphql::PersonNode;
use crate::catalog::teams::graphql::TeamNode;
use crate::demand::feedback::graphql::{Satisfaction, satisfaction};
use crate::demand::feedback::store::Whose;
use crate::demand::graphql::{DemandConnection, DemandFilter, DemandOrder, demands};
use crate::demand::list::Parent as DemandParent;
use crate::incidents::graphql::{IncidentConnection, IncidentFilter, Severity, incidents};
use crate::insight::impact::graphql::{ImpactNode, impact};
use crate::node;
use crate::outcomes::graphql::{OutcomeContribution, OutcomeNode};
use crate::requests::graphql::{
    RequestConnection, ServiceRequestFilter, ServiceRequestOrder, requests,
};
use crate::requests::list::Parent;
use crate::shared::connection::{
    BY_NAME, Connection, DEFAULT_PAGE, PageArgs, connection, page_size,
};
use crate::shared::direct::{Direct, List};
use crate::shared::graphql::{catalog, expect, filter_id, filter_name_part, lookup};
use crate::shared::ids::Id;
use crate::shared::paging::{Direction, Position, paginate_sorted};
use crate::shared::record::Record;
use crate::shared::request::RequestCatalog;
use crate::shared::scalars::{DateTime, Json, Url};
use crate::shared::text::compare_names;
use crate::slas::agreements::graphql::{AgreementNode, agreements_in};
use crate::snapshot::{Catalog, Index, name_key};

node! {
    /// What is delivered: a business service, or what it is made of.
    ServiceNode = ServiceFields(Service)
}

/// What is delivered: a business service, or what it is made of.
#[Object(name = "Service", serial)]
impl ServiceFields {
    /// Opaque, never changes.
    pub(crate) async fn id(&self) -> ID {
        self.0.id().to_string().into()
    }

    /// Unique among services, kebab-case; what imports and URLs use.
    async fn slug(&self) -> &str {
        &self.0.header.slug
    }

    /// For people.
    async fn name(&self) -> &str {
        &self.0.header.name
    }

    /// What it does.
    async fn description(&self) -> Option<&str> {
        self.0.description.as_deref()
    }

    /// What sort of service.
    async fn kind(&self) -> ServiceKind {
        self.0.kind.into()
    }

    /// Where it is in its life.
    async fn lifecycle(&self) -> ServiceLifecycle {
        self.0.lifecycle.into()
    }

    /// How critical it is.
    async fn tier(&self) -> ServiceTier {
        self.0.tier.into()
    }

    /// Words to find it by, sorted.
    async fn tags(&self) -> &[String] {
        &self.0.tags
    }

    /// Pages about it.
    async fn links(&self) -> Vec<Link> {
        let links = self.0.links.iter();
        links
            .map(|link| Link {
                url: Url(link.url.clone()),
                title: link.title.clone(),
            })
            .collect()
    }

    /// Who answers for it towards the business.
    async fn business_owner(&self, ctx: &Context<'_>) -> Option<PersonNode> {
        lookup(ctx, self.0.business_owner_id).map(PersonNode::from)
    }

    /// Who answers for its delivery.
    async fn service_owner(&self, ctx: &Context<'_>) -> Option<PersonNode> {
        lookup(ctx, self.0.service_owner_id).map(PersonNode::from)
    }

    /// Who delivers it.
    async fn team(&self, ctx: &Context<'_>) -> Option<TeamNode> {
        lookup(ctx, self.0.team_id).map(TeamNode::from)
    }

    /// What it makes the business able to do.
    async fn capability(&self, ctx: &Context<'_>) -> Option<CapabilityNode> {
        lookup(ctx, self.0.capability_id).map(CapabilityNode::from)
    }

    /// What this service needs to work, by name. Errors: `BAD_USER_INPUT`.
    async fn dependencies(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "At most so many from the front; 25 where nothing is said, 100 at most.")]
        first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "At most so many from the back; 100 at most.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<Connection<ServiceDependency>> {
        let args = PageArgs {
            first,
            after,
            last,
            before,
        };
        let catalog = ctx.data_unchecked::<RequestCatalog>().get();
        let mut needed: Vec<Position> = self
            .0
            .dependencies
            .keys()
            .filter_map(|&id| Some((name_key(catalog.get(id)?.as_ref()), id.key())))
            .collect();
        needed.sort_unstable();
        let page = paginate_sorted(&needed, Direction::Ascending, &args.window(BY_NAME)?);
        let edge = |id| ServiceDependency::between(&self.0, catalog.get(Id::new(id))?);
        Ok(connection(BY_NAME, page, edge, move || needed.len()))
    }

    /// What needs this service, by name. Errors: `BAD_USER_INPUT`.
    async fn dependents(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "At most so many from the front; 25 where nothing is said, 100 at most.")]
        first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "At most so many from the back; 100 at most.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<Connection<ServiceDependency>> {
        let args = PageArgs {
            first,
            after,
            last,
            before,
        };
        let catalog = ctx.data_unchecked::<RequestCatalog>().get();
        let id = self.0.id();
        let window = args.window(BY_NAME)?;
        let index = &catalog.service_indexes.dependency;
        let page = index.page(&id, Direction::Ascending, &window, |_| true);
        let edge = |id| ServiceDependency::between(catalog.get(Id::new(id))?, &self.0);
        let total = index.count(&id);
        Ok(connection(BY_NAME, page, edge, move || total))
    }

    /// The outcomes that rest on it, by name.
    async fn contributions(&self, ctx: &Context<'_>) -> List<OutcomeContribution> {
        let catalog = catalog(ctx);
        let mut contributions: Vec<OutcomeContribution> = self
            .0
            .contributions
            .iter()
            .filter_map(|(&outcome, &share)| {
                Some(OutcomeContribution {
                    service: Direct(self.clone()),
                    outcome: OutcomeNode::from(Arc::clone(catalog.get(outcome)?)),
                    share,
                })
            })
            .collect();
        contributions.sort_by(|one, other| {
            compare_names(&one.outcome.0.0.header.name, &other.outcome.0.0.header.name)
        });
        List(contributions)
    }

    /// What can be requested of it, by name. Errors: `BAD_USER_INPUT`.
    async fn offerings(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "At most so many from the front; 25 where nothing is said, 100 at most.")]
        first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "At most so many from the back; 100 at most.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<Connection<OfferingNode>> {
        let args = PageArgs {
            first,
            after,
            last,
            before,
        };
        let filter = OfferingFilter {
            service: Some(self.0.id()),
            ..OfferingFilter::default()
        };
        offerings(ctx, &args, filter)
    }

    /// What is promised for it, by name: agreements of all kinds, for single customers and for all, those that are over
    /// included. Errors: `BAD_USER_INPUT`.
    async fn slas(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "At most so many from the front; 25 where nothing is said, 100 at most.")]
        first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "At most so many from the back; 100 at most.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<Connection<AgreementNode>> {
        let args = PageArgs {
            first,
            after,
            last,
            before,
        };
        agreements_in(ctx, &args, self.0.id(), |catalog| {
            &catalog.agreement_indexes.service
        })
    }

    /// Demands that it answers, as far as the viewer may see them, newest first where nothing else is said. Errors:
    /// `BAD_USER_INPUT` for a bad page size, cursor or id.
    async fn demands(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which ones; all where absent.")] filter: Option<DemandFilter>,
        #[graphql(desc = "In which order; the newest first where absent.")] order_by: Option<
            DemandOrder,
        >,
        #[graphql(desc = "At most so many from the front; 25 where nothing is said, 100 at most.")]
        first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "At most so many from the back; 100 at most.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<DemandConnection> {
        let args = PageArgs {
            first,
            after,
            last,
            before,
        };
        let parent = (DemandParent::Service, self.0.header.id);
        demands(ctx, Some(parent), (filter, order_by), &args).await
    }

    /// Requests of its offerings, as far as the viewer may see them, newest first where nothing else is said. Errors:
    /// `BAD_USER_INPUT` for a bad page size, cursor or id.
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
        let parent = (Parent::Service, self.0.header.id);
        requests(ctx, Some(parent), (filter, order_by), &args).await
    }

    /// Incidents that break it, the newest first; none for those who may not see incidents. Errors: `BAD_USER_INPUT` for a bad
    /// page size, cursor or id.
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
        incidents(ctx, Some(self.0.header.id), filter, &args).await
    }

    /// When an owner last said that the ownership is still right.
    async fn ownership_confirmed_at(&self) -> Option<DateTime> {
        self.0.ownership_confirmed_at.map(DateTime)
    }

    /// What the business loses per hour if this service fails as `severity` says, by the catalog as it is now. Errors:
    /// `FORBIDDEN` without `insight:read`.
    async fn impact(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How much of it fails.", default_with = "Severity::Outage")]
        severity: Severity,
    ) -> Result<ImpactNode> {
        impact(ctx, vec![self.0.id()], severity.into())
    }

    /// What people think of it. For those without `insight:read` a period is made of whole days, UTC: those that `since` and `until` lie in are part of it. Errors: `BAD_USER_INPUT` where `until` is not
    /// after `since`.
    async fn satisfaction(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only feedback given at this instant or later.")] since: Option<DateTime>,
        #[graphql(desc = "Only feedback given before this instant.")] until: Option<DateTime>,
    ) -> Result<Satisfaction> {
        let service = (Whose::Service, self.0.header.id);
        satisfaction(ctx, service, (since, until)).await
    }

    /// Free key/value notes, as imports bring them.
    async fn annotations(&self) -> Json {
        Json(Value::Object(self.0.header.annotations.clone()))
    }

    /// When it was created.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.header.created_at)
    }

    /// When it was changed last.
    async fn updated_at(&self) -> DateTime {
        DateTime(self.0.header.updated_at)
    }

    /// Grows by one with every change; pass it back as `expectedVersion`.
    async fn version(&self) -> i32 {
        self.0.header.version
    }
}

/// What a service needs to work.
#[derive(SimpleObject)]
#[graphql(serial)]
pub struct ServiceDependency {
    /// The one that needs.
    dependent: ServiceNode,
    /// The one that is needed.
    dependency: ServiceNode,
    /// Share of the dependent's work that stops when the dependency is fully down, in (0, 1].
    strength: f64,
}

impl ServiceDependency {
    /// The dependency between these services, if there is one.
    pub fn between(dependent: &Arc<Service>, dependency: &Arc<Service>) -> Option<Self> {
        Some(Self {
            strength: dependent.dependencies.get(&dependency.id())?.strength,
            dependent: ServiceNode::from(Arc::clone(dependent)),
            dependency: ServiceNode::from(Arc::clone(dependency)),
        })
    }

    /// The dependency that a mutation has just set.
    pub fn expect(
        ctx: &Context<'_>,
        (dependent, dependency): (Id<Service>, Id<Service>),
    ) -> Result<Self> {
        let (dependent, dependency) = (expect(ctx, dependent)?, expect(ctx, dependency)?);
        Self::between(&dependent, &dependency)
            .ok_or_else(|| crate::shared::graphql::gone("the dependency"))
    }
}

/// A page about a service.
#[derive(SimpleObject)]
pub struct Link {
    /// Where.
    url: Url,
    /// What is there.
    title: Option<String>,
}

/// A page of the services under one value of an index, by name.
pub fn services_in<K: Record>(
    ctx: &Context<'_>,
    args: &PageArgs,
    value: Id<K>,
    index: fn(&Catalog) -> &Index<Id<K>>,
) -> Result<Connection<ServiceNode>> {
    let catalog = ctx.data_unchecked::<RequestCatalog>().get();
    let window = args.window(BY_NAME)?;
    let page = index(&catalog).page(&value, Direction::Ascending, &window, |_| true);
    let total = index(&catalog).count(&value);
    let node = |id| catalog.get(Id::new(id)).cloned().map(ServiceNode::from);
    Ok(connection(BY_NAME, page, node, move || total))
}

/// Queries for services.
#[derive(Default)]
pub struct ServiceQueries;

#[Object]
impl ServiceQueries {
    /// The service with this slug; null where there is none.
    async fn service(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its slug.")] slug: String,
    ) -> Option<ServiceNode> {
        Service::table(&catalog(ctx))
            .by_slug(&slug)
            .cloned()
            .map(ServiceNode::from)
    }

    /// Services in an order. Errors: `BAD_USER_INPUT` for a bad page size, cursor or id.
    async fn services(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which ones; all where absent.")] filter: Option<ServiceFilter>,
        #[graphql(desc = "In which order; by name where absent.")] order_by: Option<ServiceOrder>,
        #[graphql(desc = "At most so many from the front; 25 where nothing is said, 100 at most.")]
        first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "At most so many from the back; 100 at most.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<Connection<ServiceNode>> {
        let args = PageArgs {
            first,
            after,
            last,
            before,
        };
        let (field, direction) = order_by.map_or_else(Default::default, ServiceOrder::parts);
        let filter = filter
            .map(Filter::try_from)
            .transpose()?
            .unwrap_or_default();
        let catalog = ctx.data_unchecked::<RequestCatalog>().get();
        let sequence = field.into();
        let page = filter.page(&catalog, field, direction, &args.window(sequence)?);
        let all = Arc::clone(&catalog);
        Ok(connection(
            sequence,
            page,
            |id| catalog.get(Id::new(id)).cloned().map(ServiceNode::from),
            move || filter.count(&all),
        ))
    }

    /// How many services there are per value of a field, most first: for filter menus, in one query however large the
    /// catalog. Errors: `BAD_USER_INPUT` for a bad id or size.
    async fn service_facets(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which services count; all where absent.")] filter: Option<ServiceFilter>,
        #[graphql(desc = "What to count by.")] by: ServiceFacet,
        #[graphql(desc = "At most so many values; 25 where nothing is said, 100 at most.")]
        first: Option<i32>,
    ) -> Result<Vec<FacetCount>> {
        let most = page_size("first", first.unwrap_or(DEFAULT_PAGE.into()))?;
        let filter = filter
            .map(Filter::try_from)
            .transpose()?
            .unwrap_or_default();
        let facets = filter.facets(&catalog(ctx), by.into());
        facets
            .into_iter()
            .take(most)
            .map(|(value, count)| {
                Ok(FacetCount {
                    value,
                    count: i32::try_from(count)?,
                })
            })
            .collect()
    }
}

/// Which services; every condition that is given must hold.
#[derive(InputObject)]
pub struct ServiceFilter {
    /// One of these slugs.
    slugs: Option<Vec<String>>,
    /// One of these kinds.
    kinds: Option<Vec<ServiceKind>>,
    /// One of these lifecycles.
    lifecycles: Option<Vec<ServiceLifecycle>>,
    /// One of these tiers.
    tiers: Option<Vec<ServiceTier>>,
    /// All of these tags.
    tags: Option<Vec<String>>,
    /// Delivered by this team.
    team_id: Option<ID>,
    /// This person answers for it towards the business.
    business_owner_id: Option<ID>,
    /// It makes the business able to do this.
    capability_id: Option<ID>,
    /// An outcome of this customer rests on it.
    customer_id: Option<ID>,
    /// This outcome rests on it.
    outcome_id: Option<ID>,
    /// Whether it has a business owner.
    has_business_owner: Option<bool>,
    /// Whether an outcome rests on it.
    has_outcome: Option<bool>,
    /// Whether an agreement of kind SLA that is not over promises something of it, for one customer or all. One that is yet
    /// to begin counts, one whose last day has passed in its calendar's time zone does not.
    has_sla: Option<bool>,
    /// Case-insensitive part of the name or the slug.
    name_contains: Option<String>,
    /// Changed at this instant or later.
    updated_since: Option<DateTime>,
}

impl TryFrom<ServiceFilter> for Filter {
    type Error = async_graphql::Error;

    fn try_from(filter: ServiceFilter) -> Result<Self> {
        fn set<A: Into<B>, B: Ord>(
            values: Option<Vec<A>>,
        ) -> Option<std::collections::BTreeSet<B>> {
            values.map(|values| values.into_iter().map(Into::into).collect())
        }
        Ok(Self {
            slugs: set(filter.slugs),
            kinds: set(filter.kinds),
            lifecycles: set(filter.lifecycles),
            tiers: set(filter.tiers),
            tags: set(filter.tags),
            team: filter_id("teamId", filter.team_id)?,
            business_owner: filter_id("businessOwnerId", filter.business_owner_id)?,
            capability: filter_id("capabilityId", filter.capability_id)?,
            customer: filter_id("customerId", filter.customer_id)?,
            outcome: filter_id("outcomeId", filter.outcome_id)?,
            has_business_owner: filter.has_business_owner,
            has_outcome: filter.has_outcome,
            has_sla: filter.has_sla.map(|has| HasSla {
                has,
                now: Timestamp::now(),
            }),
            name_contains: filter_name_part("nameContains", filter.name_contains)?,
            updated_since: filter.updated_since.map(|since| since.0),
        })
    }
}

/// In which order.
#[derive(InputObject)]
pub struct ServiceOrder {
    /// By what.
    field: ServiceOrderField,
    /// Which way.
    #[graphql(default_with = "OrderDirection::Asc")]
    direction: OrderDirection,
}

impl ServiceOrder {
    fn parts(self) -> (OrderField, Direction) {
        (self.field.into(), self.direction.into())
    }
}

/// Which way a list is ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum OrderDirection {
    /// Smallest, earliest or first in the alphabet first.
    Asc,
    /// Largest, latest or last in the alphabet first.
    Desc,
}

impl From<OrderDirection> for Direction {
    fn from(direction: OrderDirection) -> Self {
        match direction {
            OrderDirection::Asc => Self::Ascending,
            OrderDirection::Desc => Self::Descending,
        }
    }
}

/// What services can be ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "index::ServiceOrderField")]
pub enum ServiceOrderField {
    /// By name, without accents and case.
    Name,
    /// By slug.
    Slug,
    /// The most critical first, then by name.
    Tier,
    /// By creation.
    CreatedAt,
    /// By the last change.
    UpdatedAt,
}

/// What sort of service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "rules::ServiceKind")]
pub enum ServiceKind {
    /// What a customer sees and names.
    BusinessService,
    /// Software that runs.
    Application,
    /// An interface that others program against.
    Api,
    /// What software runs on: a database, a queue, a cluster.
    Resource,
}

/// Where a service is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "rules::Lifecycle")]
pub enum ServiceLifecycle {
    /// An idea that is written down.
    Proposed,
    /// Tried out; no promises yet.
    Experimental,
    /// In use.
    Live,
    /// In use, not for anything new.
    Deprecated,
    /// No longer there.
    Retired,
}

/// How critical a service is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "rules::Tier")]
pub enum ServiceTier {
    /// The business stops without it.
    #[graphql(name = "TIER_1")]
    One,
    /// The business limps without it.
    #[graphql(name = "TIER_2")]
    Two,
    /// The business notices.
    #[graphql(name = "TIER_3")]
    Three,
    /// Nice to have.
    #[graphql(name = "TIER_4")]
    Four,
}

/// What services are counted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "Facet")]
pub enum ServiceFacet {
    /// By kind.
    Kind,
    /// By lifecycle.
    Lifecycle,
    /// By tier.
    Tier,
    /// By each tag.
    Tag,
    /// By team.
    Team,
    /// By business owner.
    BusinessOwner,
    /// By capability.
    Capability,
}

/// A value and how many services have it.
#[derive(SimpleObject)]
pub struct FacetCount {
    /// The enum value, the tag, or the object's slug.
    value: String,
    /// How many.
    count: i32,
}
