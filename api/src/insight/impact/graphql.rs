//! Impact in the API.

use std::sync::Arc;

use async_graphql::{Context, Object, Result, SimpleObject};

use super::known::{Impact, LostOutcome};
use crate::auth::{Scope, require};
use crate::catalog::customers::graphql::CustomerNode;
use crate::catalog::services::graphql::ServiceNode;
use crate::catalog::services::rules::Service;
use crate::incidents::rules::Severity;
use crate::outcomes::graphql::OutcomeNode;
use crate::shared::direct::{Direct, List};
use crate::shared::graphql::{Money, expect};
use crate::shared::ids::{Id, ObjectRef};
use crate::shared::record::Record;
use crate::shared::request::RequestCatalog;
use crate::snapshot::Catalog;

/// What is lost, and along which way.
pub type ImpactNode = Direct<ImpactFields>;

/// What is lost, and along which way.
pub struct ImpactFields {
    catalog: Arc<Catalog>,
    failed: Vec<Id<Service>>,
    severity: Severity,
    impact: Arc<Impact>,
}

/// What the business loses while these services fail together, by the catalog as it is now. Errors: `FORBIDDEN` without
/// `insight:read`.
pub fn impact(
    ctx: &Context<'_>,
    failed: Vec<Id<Service>>,
    severity: Severity,
) -> Result<ImpactNode> {
    require(ctx, Scope::InsightRead)?;
    let request = ctx.data_unchecked::<RequestCatalog>();
    let catalog = Arc::clone(&request.whole());
    let impact = catalog.impact(&failed, severity);
    if request.is_veiled() {
        request.reveal(&named(&catalog, &impact));
    }
    Ok(Direct(ImpactFields {
        catalog,
        failed,
        severity,
        impact,
    }))
}

/// What an impact names: outcomes with their customers, and the services of their paths.
fn named(catalog: &Catalog, impact: &Impact) -> Vec<ObjectRef> {
    let mut named = Vec::new();
    for lost in &impact.outcomes {
        named.push(lost.outcome.any());
        named.extend(
            catalog
                .get(lost.outcome)
                .map(|outcome| outcome.customer_id.any()),
        );
        let path = impact.path(catalog, lost);
        named.extend(path.into_iter().map(Id::any));
    }
    named
}

/// What the business loses while services fail, and along which way.
#[Object(name = "BusinessImpact", serial)]
impl ImpactFields {
    /// What is lost per hour: the sum over the outcomes, each rounded to the ten-thousandth. An amount beyond the greatest that
    /// there is becomes that one.
    async fn value_per_hour(&self) -> Direct<Money> {
        Direct(Money(self.impact.value_per_hour))
    }

    /// The outcomes that lose something, the most costly first, then by slug.
    async fn outcomes(&self, ctx: &Context<'_>) -> Result<List<OutcomeImpact>> {
        let outcomes = self.impact.outcomes.iter();
        outcomes
            .map(|lost| OutcomeImpact::of(ctx, lost, self.impact.path(&self.catalog, lost)))
            .collect::<Result<_>>()
            .map(List)
    }

    /// Services that lose something, the failed ones included; retired ones never do.
    async fn affected_services(&self) -> Result<i32> {
        Ok(i32::try_from(self.impact.affected)?)
    }

    /// Whom it concerns, by name: the customers of these outcomes, and those who have an agreement of kind SLA, valid today,
    /// about a service that loses something.
    async fn customers(&self, ctx: &Context<'_>) -> List<CustomerNode> {
        let request = ctx.data_unchecked::<RequestCatalog>();
        let customers = request
            .whole()
            .concerned(&self.failed, self.severity, request.moment());
        let named: Vec<_> = customers.iter().map(|it| it.id().any()).collect();
        request.reveal(&named);
        customers.into_iter().map(CustomerNode::from).collect()
    }
}

/// What an outcome loses.
#[derive(SimpleObject)]
#[graphql(serial)]
pub struct OutcomeImpact {
    /// The outcome.
    outcome: OutcomeNode,
    /// Share of the outcome that is lost, in (0, 1], to twelve significant digits.
    loss: f64,
    /// What that costs an hour.
    value_per_hour: Direct<Money>,
    /// The chain that costs most, from a failed service to one that contributes to the outcome: each needs the one before. Of
    /// chains that cost the same the shortest, then the first by slug.
    path: List<ServiceNode>,
}

impl OutcomeImpact {
    fn of(ctx: &Context<'_>, lost: &LostOutcome, path: Vec<Id<Service>>) -> Result<Self> {
        let path = path
            .into_iter()
            .map(|service| expect(ctx, service).map(ServiceNode::from));
        Ok(Self {
            outcome: expect(ctx, lost.outcome)?.into(),
            loss: lost.loss,
            value_per_hour: Direct(Money(lost.value_per_hour)),
            path: path.collect::<Result<_>>().map(List)?,
        })
    }
}
