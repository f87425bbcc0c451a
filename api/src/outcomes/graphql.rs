//! Outcomes in the API.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, Result, SimpleObject};
use serde_json::Value;

use super::rules::{Metric, Outcome, OutcomePatch};
use crate::catalog::customers::graphql::CustomerNode;
use crate::catalog::graphql::{changed_header, changed_pointer, new_header, new_pointer};
use crate::catalog::people::graphql::PersonNode;
use crate::catalog::services::graphql::ServiceNode;
use crate::catalog::services::rules::Service;
use crate::demand::graphql::{DemandConnection, demands};
use crate::demand::list::Parent as DemandParent;
use crate::shared::connection::{Connection, PageArgs, all_by_name};
use crate::shared::direct::{Direct, List};
use crate::shared::graphql::{Money, catalog, expect, lookup};
use crate::shared::ids::Id;
use crate::shared::patch::Patch;
use crate::shared::record::Record;
use crate::shared::scalars::{DateTime, Decimal, Json};
use crate::{mutations, node};

node! {
    /// A result the business wants, and what an hour without it costs.
    OutcomeNode = OutcomeFields(Outcome)
}

/// A result the business wants, and what an hour without it costs.
#[Object(name = "BusinessOutcome", serial)]
impl OutcomeFields {
    /// Opaque, never changes.
    pub(crate) async fn id(&self) -> ID {
        self.0.id().to_string().into()
    }

    /// Unique among outcomes, kebab-case; what imports and URLs use.
    async fn slug(&self) -> &str {
        &self.0.header.slug
    }

    /// For people.
    async fn name(&self) -> &str {
        &self.0.header.name
    }

    /// What it means.
    async fn description(&self) -> Option<&str> {
        self.0.description.as_deref()
    }

    /// Whose outcome it is.
    async fn customer(&self, ctx: &Context<'_>) -> Result<CustomerNode> {
        expect(ctx, self.0.customer_id).map(CustomerNode::from)
    }

    /// Who answers for it.
    async fn owner(&self, ctx: &Context<'_>) -> Option<PersonNode> {
        lookup(ctx, self.0.owner_id).map(PersonNode::from)
    }

    /// Lost per hour while the outcome is fully out of reach.
    async fn value_per_hour(&self) -> Direct<Money> {
        Direct(Money(self.0.value_per_hour))
    }

    /// How the outcome is measured.
    async fn metric(&self) -> Option<OutcomeMetric> {
        self.0.metric.clone().map(OutcomeMetric::from)
    }

    /// The services that it rests on, by name.
    async fn contributions(&self, ctx: &Context<'_>) -> List<OutcomeContribution> {
        let catalog = catalog(ctx);
        let id = self.0.id();
        catalog
            .service_indexes
            .outcome
            .ids(&id)
            .filter_map(|service| {
                let service = catalog.get(Id::<Service>::new(service))?;
                Some(OutcomeContribution {
                    share: *service.contributions.get(&id)?,
                    service: ServiceNode::from(Arc::clone(service)),
                    outcome: Direct(self.clone()),
                })
            })
            .collect()
    }

    /// Demands that are for it, as far as the viewer may see them, the newest first. Errors: `BAD_USER_INPUT` for a bad
    /// page size or cursor.
    async fn demands(
        &self,
        ctx: &Context<'_>,
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
        let parent = (DemandParent::Outcome, self.0.header.id);
        demands(ctx, Some(parent), (None, None), &args).await
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

/// How the outcome is measured.
#[derive(SimpleObject)]
pub struct OutcomeMetric {
    /// What is measured.
    name: String,
    /// In what.
    unit: String,
    /// Where it started.
    baseline: Option<Decimal>,
    /// Where it should be.
    target: Decimal,
    /// Where it is.
    current: Option<Decimal>,
}

impl From<Metric> for OutcomeMetric {
    fn from(metric: Metric) -> Self {
        Self {
            name: metric.name,
            unit: metric.unit,
            baseline: metric.baseline.map(Decimal),
            target: Decimal(metric.target),
            current: metric.current.map(Decimal),
        }
    }
}

/// How much of an outcome rests on a service.
#[derive(SimpleObject)]
#[graphql(serial)]
pub struct OutcomeContribution {
    /// The service.
    pub service: ServiceNode,
    /// The outcome that rests on it.
    pub outcome: OutcomeNode,
    /// Share of the outcome that is lost while the service is fully down, in (0, 1].
    pub share: f64,
}

/// Queries for outcomes.
#[derive(Default)]
pub struct BusinessOutcomeQueries;

#[Object]
impl BusinessOutcomeQueries {
    /// The outcome with this slug; null where there is none.
    async fn business_outcome(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its slug.")] slug: String,
    ) -> Option<OutcomeNode> {
        Outcome::table(&catalog(ctx))
            .by_slug(&slug)
            .cloned()
            .map(OutcomeNode::from)
    }

    /// All of them, by name. Errors: `BAD_USER_INPUT` for a bad page size or cursor.
    async fn business_outcomes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "At most so many from the front; 25 where nothing is said, 100 at most.")]
        first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "At most so many from the back; 100 at most.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<Connection<OutcomeNode>> {
        all_by_name::<Outcome, _>(
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
pub struct CreateBusinessOutcomeInput {
    /// Unique, kebab-case; made from the name where absent.
    slug: Option<String>,
    /// For people; one line of at most 250 characters.
    name: String,
    /// What it means; up to 20,000 characters.
    description: Option<String>,
    /// Whose outcome it is.
    customer_id: ID,
    /// The person who answers for it.
    owner_id: Option<ID>,
    /// Lost per hour while the outcome is fully out of reach, in the reporting currency: 0 or more, at most 4 decimal places.
    value_per_hour: Decimal,
    /// How it is measured.
    metric: Option<OutcomeMetricInput>,
    /// Free key/value notes: a JSON object.
    annotations: Option<Json>,
}

/// What to change: an absent field stays, an explicit null clears.
#[derive(InputObject)]
pub struct UpdateBusinessOutcomeInput {
    /// Its id.
    id: ID,
    /// Refuse with `STALE_VERSION` unless this is its version.
    expected_version: Option<i32>,
    /// Unique, kebab-case.
    slug: MaybeUndefined<String>,
    /// For people; one line of at most 250 characters.
    name: MaybeUndefined<String>,
    /// What it means; up to 20,000 characters.
    description: MaybeUndefined<String>,
    /// Whose outcome it is.
    customer_id: MaybeUndefined<ID>,
    /// The person who answers for it.
    owner_id: MaybeUndefined<ID>,
    /// Lost per hour while the outcome is fully out of reach, in the reporting currency: 0 or more, at most 4 decimal places.
    value_per_hour: MaybeUndefined<Decimal>,
    /// How it is measured; replaces the whole metric.
    metric: MaybeUndefined<OutcomeMetricInput>,
    /// Free key/value notes: a JSON object; replaces all of them.
    annotations: MaybeUndefined<Json>,
}

impl CreateBusinessOutcomeInput {
    fn into_patch(self) -> OutcomePatch {
        OutcomePatch {
            header: new_header(self.name, self.slug, self.annotations),
            description: self.description.into(),
            customer_id: Patch::Set(self.customer_id.0),
            owner_id: new_pointer(self.owner_id),
            value_per_hour: Patch::Set(self.value_per_hour.0),
            metric: Patch::from(self.metric).map(Metric::from),
        }
    }
}

impl UpdateBusinessOutcomeInput {
    fn into_patch(self) -> OutcomePatch {
        OutcomePatch {
            header: changed_header(self.name, self.slug, self.annotations),
            description: self.description.into(),
            customer_id: changed_pointer(self.customer_id),
            owner_id: changed_pointer(self.owner_id),
            value_per_hour: Patch::from(self.value_per_hour).map(|value| value.0),
            metric: Patch::from(self.metric).map(Metric::from),
        }
    }
}

/// How an outcome is measured.
#[derive(InputObject)]
pub struct OutcomeMetricInput {
    /// What is measured.
    name: String,
    /// In what.
    unit: String,
    /// Where it started.
    baseline: Option<Decimal>,
    /// Where it should be.
    target: Decimal,
    /// Where it is.
    current: Option<Decimal>,
}

impl From<OutcomeMetricInput> for Metric {
    fn from(input: OutcomeMetricInput) -> Self {
        Self {
            name: input.name,
            unit: input.unit,
            baseline: input.baseline.map(|value| value.0),
            target: input.target.0,
            current: input.current.map(|value| value.0),
        }
    }
}

mutations! {
    BusinessOutcomeMutations of Outcome as OutcomeNode { "business outcome", business_outcome }
    create create_business_outcome(CreateBusinessOutcomeInput) -> CreateBusinessOutcomePayload;
    update update_business_outcome(UpdateBusinessOutcomeInput) -> UpdateBusinessOutcomePayload;
    delete delete_business_outcome(DeleteBusinessOutcomeInput) -> DeleteBusinessOutcomePayload;
}
