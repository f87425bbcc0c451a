//! Agreements in the API.

use std::sync::Arc;

use async_graphql::{Context, Enum, ID, InputObject, MaybeUndefined, Object, Result, SimpleObject};
use serde_json::Value;

use super::kept::tallies;
use super::rules::{self, Agreement, AgreementPatch};
use super::target::{SlaMetric as Metric, Target, Wish};
use crate::catalog::customers::graphql::CustomerNode;
use crate::catalog::graphql::{changed_header, changed_pointer, new_header, new_pointer};
use crate::catalog::services::graphql::ServiceNode;
use crate::shared::connection::{BY_NAME, Connection, PageArgs, all_by_name, connection};
use crate::shared::direct::{Direct, List};
use crate::shared::graphql::{bad_input, catalog, expect, lookup, unreadable};
use crate::shared::ids::Id;
use crate::shared::loads::Loads;
use crate::shared::paging::Direction;
use crate::shared::patch::Patch;
use crate::shared::record::Record;
use crate::shared::request::RequestCatalog;
use crate::shared::scalars::{Date, DateTime, Decimal, Duration, Json};
use crate::shared::work::first_microsecond;
use crate::slas::attainment::attainment;
use crate::slas::availability::store::Tally;
use crate::slas::calendars::graphql::CalendarNode;
use crate::slas::priority::Priority;
use crate::snapshot::{Catalog, Index};
use crate::{mutations, node};

node! {
    /// What a customer is promised for a service.
    AgreementNode = AgreementFields(Agreement)
}

/// What a customer is promised for a service.
///
/// It holds from the start of `validFrom` to the end of `validUntil`, days of the calendar's time zone. At submission each
/// metric takes one target out of the agreements of kind SLA that hold then: the customer's own agreement before the one for
/// every customer, in it a target of the request's priority before one for every priority, then the shortest `within`. A clock
/// keeps the target and the calendar that it started with: a later change of the agreement is for what is submitted later.
#[Object(name = "ServiceLevelAgreement", serial)]
impl AgreementFields {
    /// Opaque, never changes.
    pub(crate) async fn id(&self) -> ID {
        self.0.id().to_string().into()
    }

    /// Unique among agreements, kebab-case; what imports and URLs use.
    async fn slug(&self) -> &str {
        &self.0.header.slug
    }

    /// For people.
    async fn name(&self) -> &str {
        &self.0.header.name
    }

    /// The service that it is about.
    async fn service(&self, ctx: &Context<'_>) -> Result<ServiceNode> {
        expect(ctx, self.0.service_id).map(ServiceNode::from)
    }

    /// Whom it is promised to. Null: every customer of the service.
    async fn customer(&self, ctx: &Context<'_>) -> Option<CustomerNode> {
        lookup(ctx, self.0.customer_id).map(CustomerNode::from)
    }

    /// With whom it is made. Only agreements of kind SLA start clocks.
    async fn kind(&self) -> AgreementKind {
        self.0.kind.into()
    }

    /// When the service is attended; what `within` of its targets is counted in.
    async fn calendar(&self, ctx: &Context<'_>) -> Result<CalendarNode> {
        expect(ctx, self.0.calendar_id).map(CalendarNode::from)
    }

    /// The first day on which it holds, in the calendar's time zone.
    async fn valid_from(&self) -> Date {
        Date(self.0.valid_from)
    }

    /// The last day on which it holds. Null: until further notice.
    async fn valid_until(&self) -> Option<Date> {
        self.0.valid_until.map(Date)
    }

    /// What is promised, by metric and priority.
    async fn targets(&self) -> List<TargetNode> {
        let targets = self.0.targets.iter();
        targets.cloned().map(TargetNode::from).collect()
    }

    /// How the promise was kept in the period, in the order of `targets`. A clock counts once, at the instant that decides it: its
    /// breach, else its end if the target was met; cancelled clocks without a breach don't count. A measurement of availability
    /// counts in the period in which its interval begins. Errors: `BAD_USER_INPUT` where `until` is not after `from`.
    async fn attainment(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "When the period begins.")] from: DateTime,
        #[graphql(desc = "When it ends; this instant is no part of it.")] until: DateTime,
    ) -> Result<List<TargetAttainment>> {
        if until.0 <= from.0 {
            return Err(bad_input(format!(
                "`until` is {}, which is not after `from`, {}",
                until.0, from.0
            )));
        }
        let loads = ctx.data_unchecked::<Loads>();
        let period = (first_microsecond(from.0), first_microsecond(until.0));
        let tallies = tallies(loads, &self.0, period).await;
        let tallies = tallies.map_err(|error| unreadable(&error))?;
        Ok(tallies.into_iter().map(TargetAttainment::from).collect())
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

/// One promise of an agreement.
pub type TargetNode = Direct<TargetFields>;

/// One promise of an agreement.
#[derive(Clone)]
pub struct TargetFields(pub Target);

impl From<Target> for TargetNode {
    fn from(target: Target) -> Self {
        Self(TargetFields(target))
    }
}

/// One promise of an agreement.
#[Object(name = "ServiceLevelTarget", serial)]
impl TargetFields {
    /// Opaque; stays the same as long as the agreement has a target of this metric and priority.
    pub(crate) async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    /// What is measured.
    async fn metric(&self) -> SlaMetric {
        self.0.metric.into()
    }

    /// For which priority. Null: every priority.
    async fn priority(&self) -> Option<Priority> {
        self.0.priority
    }

    /// For time metrics: how long, in the calendar's open time.
    async fn within(&self) -> Option<Duration> {
        self.0.within.map(Duration)
    }

    /// For AVAILABILITY, the least share of good time or events; for time metrics, the least share of clocks to meet. Percent.
    async fn objective(&self) -> Decimal {
        Decimal(self.0.objective)
    }

    /// At risk from this share of `within` on, percent.
    async fn warn_at(&self) -> i32 {
        self.0.warn_at.into()
    }

    /// The agreement that it belongs to. Null: it has been taken out of it since.
    async fn agreement(&self, ctx: &Context<'_>) -> Option<AgreementNode> {
        let catalog = catalog(ctx);
        let (agreement, _) = catalog.target(self.0.id)?;
        Some(Arc::clone(agreement).into())
    }
}

/// How a target was kept in a period.
#[derive(SimpleObject)]
#[graphql(serial)]
pub struct TargetAttainment {
    /// The target.
    target: TargetNode,
    /// Clocks decided, or events measured, in the period; at most 2147483647 are told.
    total: i32,
    /// Those of them that were good.
    good: i32,
    /// Percent, rounded down to 6 decimal places; null where nothing was measured.
    attained: Option<Decimal>,
    /// What may still go wrong in this period before the objective is missed, as a share of what it allows; below 0: missed. Null
    /// where nothing was measured or the objective is 100.
    error_budget_left: Option<f64>,
    /// Whether the objective is attained, exactly; null where nothing was measured.
    met: Option<bool>,
}

impl From<(&Target, Tally)> for TargetAttainment {
    fn from((target, tally): (&Target, Tally)) -> Self {
        let count = |number: i64| u64::try_from(number).unwrap_or_default();
        let told = |number: i64| i32::try_from(number).unwrap_or(i32::MAX);
        let found = attainment(count(tally.total), count(tally.good), target.objective);
        Self {
            target: target.clone().into(),
            total: told(tally.total),
            good: told(tally.good),
            attained: found.attained.map(Decimal),
            error_budget_left: found.error_budget_left,
            met: found.met,
        }
    }
}

/// With whom an agreement is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "rules::AgreementKind")]
pub enum AgreementKind {
    /// With a customer.
    Sla,
    /// Between teams of the same organisation.
    Ola,
    /// With a supplier (underpinning contract).
    Uc,
}

/// What a target is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "Metric")]
pub enum SlaMetric {
    /// Until somebody first works on it.
    ResponseTime,
    /// Until it is fulfilled or resolved.
    ResolutionTime,
    /// The share of good events or seconds, as they were recorded.
    Availability,
}

/// A page of the agreements under one value of an index, by name.
pub fn agreements_in<K: Record>(
    ctx: &Context<'_>,
    args: &PageArgs,
    value: Id<K>,
    index: fn(&Catalog) -> &Index<Id<K>>,
) -> Result<Connection<AgreementNode>> {
    let catalog = ctx.data_unchecked::<RequestCatalog>().get();
    let window = args.window(BY_NAME)?;
    let page = index(&catalog).page(&value, Direction::Ascending, &window, |_| true);
    let total = index(&catalog).count(&value);
    let node = |id| catalog.get(Id::new(id)).cloned().map(AgreementNode::from);
    Ok(connection(BY_NAME, page, node, move || total))
}

/// Queries for agreements.
#[derive(Default)]
pub struct ServiceLevelAgreementQueries;

#[Object]
impl ServiceLevelAgreementQueries {
    /// The agreement with this slug; null where there is none.
    async fn service_level_agreement(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its slug.")] slug: String,
    ) -> Option<AgreementNode> {
        Agreement::table(&catalog(ctx))
            .by_slug(&slug)
            .cloned()
            .map(AgreementNode::from)
    }

    /// All of them, by name. Errors: `BAD_USER_INPUT` for a bad page size or cursor.
    async fn service_level_agreements(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "At most so many from the front; 25 where nothing is said, 100 at most.")]
        first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "At most so many from the back; 100 at most.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<Connection<AgreementNode>> {
        all_by_name::<Agreement, _>(
            ctx,
            &PageArgs {
                first,
                after,
                last,
                before,
            },
        )
    }
}

/// What to create.
#[derive(InputObject)]
pub struct CreateServiceLevelAgreementInput {
    /// Unique, kebab-case; made from the name where absent.
    slug: Option<String>,
    /// For people; one line of at most 250 characters.
    name: String,
    /// The service that it is about.
    service_id: ID,
    /// Whom it is promised to; absent: every customer of the service.
    customer_id: Option<ID>,
    /// With whom it is made.
    #[graphql(default_with = "AgreementKind::Sla")]
    kind: AgreementKind,
    /// When the service is attended.
    calendar_id: ID,
    /// The first day on which it holds, in the calendar's time zone.
    valid_from: Date,
    /// The last day on which it holds, not before the first; absent: until further notice.
    valid_until: Option<Date>,
    /// What is promised; at most one target for each metric and priority.
    targets: Vec<ServiceLevelTargetInput>,
    /// Free key/value notes: a JSON object.
    annotations: Option<Json>,
}

/// What to change: an absent field stays, an explicit null clears. SLA clocks that run already keep the target and the calendar
/// that they started with.
#[derive(InputObject)]
pub struct UpdateServiceLevelAgreementInput {
    /// Its id.
    id: ID,
    /// Refuse with `STALE_VERSION` unless this is its version.
    expected_version: Option<i32>,
    /// Unique, kebab-case.
    slug: MaybeUndefined<String>,
    /// For people; one line of at most 250 characters.
    name: MaybeUndefined<String>,
    /// The service that it is about.
    service_id: MaybeUndefined<ID>,
    /// Whom it is promised to; null: every customer of the service.
    customer_id: MaybeUndefined<ID>,
    /// With whom it is made.
    kind: MaybeUndefined<AgreementKind>,
    /// When the service is attended.
    calendar_id: MaybeUndefined<ID>,
    /// The first day on which it holds, in the calendar's time zone.
    valid_from: MaybeUndefined<Date>,
    /// The last day on which it holds, not before the first; null: until further notice.
    valid_until: MaybeUndefined<Date>,
    /// What is promised; replaces all targets, of which those with the metric and priority of an earlier one keep its id.
    targets: MaybeUndefined<Vec<ServiceLevelTargetInput>>,
    /// Free key/value notes: a JSON object; replaces all of them.
    annotations: MaybeUndefined<Json>,
}

impl CreateServiceLevelAgreementInput {
    fn into_patch(self) -> AgreementPatch {
        AgreementPatch {
            header: new_header(self.name, self.slug, self.annotations),
            service_id: Patch::Set(self.service_id.0),
            customer_id: new_pointer(self.customer_id),
            kind: Patch::Set(self.kind.into()),
            calendar_id: Patch::Set(self.calendar_id.0),
            valid_from: Patch::Set(self.valid_from.0),
            valid_until: Patch::from(self.valid_until).map(|day| day.0),
            targets: Patch::Set(wishes(self.targets)),
        }
    }
}

impl UpdateServiceLevelAgreementInput {
    fn into_patch(self) -> AgreementPatch {
        AgreementPatch {
            header: changed_header(self.name, self.slug, self.annotations),
            service_id: changed_pointer(self.service_id),
            customer_id: changed_pointer(self.customer_id),
            kind: Patch::from(self.kind).map(Into::into),
            calendar_id: changed_pointer(self.calendar_id),
            valid_from: Patch::from(self.valid_from).map(|day| day.0),
            valid_until: Patch::from(self.valid_until).map(|day| day.0),
            targets: Patch::from(self.targets).map(wishes),
        }
    }
}

/// One promise.
#[derive(InputObject)]
pub struct ServiceLevelTargetInput {
    /// What is measured.
    metric: SlaMetric,
    /// For which priority; absent: every priority.
    priority: Option<Priority>,
    /// For time metrics, and only for those: how long, in the calendar's open time. Whole seconds, above 0 and at most PT87660H.
    within: Option<Duration>,
    /// For AVAILABILITY, the least share of good time or events; for time metrics, the least share of clocks to meet. Percent,
    /// above 0 and at most 100, at most 10 decimal places.
    objective: Decimal,
    /// At risk from this share of `within` on, percent, from 1 to 100.
    #[graphql(default = 80)]
    warn_at: i32,
}

fn wishes(targets: Vec<ServiceLevelTargetInput>) -> Vec<Wish> {
    targets
        .into_iter()
        .map(|target| Wish {
            metric: target.metric.into(),
            priority: target.priority,
            within: target.within.map(|within| within.0),
            objective: target.objective.0,
            warn_at: target.warn_at.into(),
        })
        .collect()
}

mutations! {
    ServiceLevelAgreementMutations of Agreement as AgreementNode { "service level agreement", service_level_agreement }
    create create_service_level_agreement(CreateServiceLevelAgreementInput) -> CreateServiceLevelAgreementPayload;
    update update_service_level_agreement(UpdateServiceLevelAgreementInput) -> UpdateServiceLevelAgreementPayload;
    delete delete_service_level_agreement(DeleteServiceLevelAgreementInput) -> DeleteServiceLevelAgreementPayload;
}
