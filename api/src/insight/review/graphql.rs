//! The business review in the API.

use std::sync::Arc;

use async_graphql::{Context, ID, Object, Result};
use futures_util::future::try_join3;
use uuid::Uuid;

use super::promises::kept;
use super::rules::{Losses, Period, percent};
use super::store::{Demands, DemandsOf, IncidentsIn, PastIncident, Requests, RequestsOf};
use super::words;
use crate::catalog::customers::graphql::CustomerNode;
use crate::catalog::customers::rules::Customer;
use crate::catalog::offerings::rules::Offering;
use crate::catalog::services::rules::Service;
use crate::demand::feedback::graphql::{Satisfaction, satisfaction};
use crate::demand::feedback::store::Whose;
use crate::insight::impact;
use crate::insight::language::{Figures, Language};
use crate::shared::direct::{Direct, List};
use crate::shared::graphql::{Currency, Money, bad_input, filter_id, unreadable};
use crate::shared::ids::{Id, ObjectType};
use crate::shared::loads::{LoadError, Loads};
use crate::shared::money::Amount;
use crate::shared::record::Record;
use crate::shared::request::RequestCatalog;
use crate::shared::scalars::DateTime;
use crate::shared::work::first_microsecond;
use crate::slas::agreements::graphql::TargetAttainment;
use crate::snapshot::{Catalog, name_key};

/// After how many incidents others have a turn.
const TURN: usize = 32;

/// Open time, money and words for one customer.
pub struct BusinessReview {
    customer: Arc<Customer>,
    period: Period,
    counts: Counts,
    /// The services of what they requested in the period.
    requested: Vec<Id<Service>>,
    /// The customers right below, by name.
    parts: Vec<Arc<Customer>>,
}

/// What a period comes to, in numbers.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    pub(super) submitted: u64,
    pub(super) fulfilled: u64,
    pub(super) declined: u64,
    /// Fulfilled without anybody's hand.
    pub(super) automated: u64,
    pub(super) incidents: u64,
    pub(super) lost: Amount,
    pub(super) demands: Demands,
}

/// Open time, money and words for one customer: the page to take to the review meeting. What incidents cost is told by the
/// outcomes, dependencies and agreements of the catalog as it is now.
#[Object(serial)]
impl BusinessReview {
    /// Whose review.
    async fn customer(&self) -> CustomerNode {
        Arc::clone(&self.customer).into()
    }

    /// The customers right below, by name. What is theirs stands in reviews of their own and counts nowhere in this one.
    async fn parts(&self, ctx: &Context<'_>) -> List<CustomerNode> {
        let named: Vec<_> = self.parts.iter().map(|part| part.id().any()).collect();
        ctx.data_unchecked::<RequestCatalog>().reveal(&named);
        self.parts.iter().cloned().map(CustomerNode::from).collect()
    }

    /// When the period begins.
    async fn from(&self) -> DateTime {
        DateTime(self.period.from)
    }

    /// When it ends; this instant is no part of it.
    async fn until(&self) -> DateTime {
        DateTime(self.period.until)
    }

    /// How promises of kind SLA were kept: first those of the customer's own agreements, then those for every customer; by agreement, then as
    /// their targets. Of what is promised to everybody, times are told by the clocks of the customer's own requests, where any were
    /// decided. Availability is told as it was measured, where the customer uses the service (their outcomes rest on it, they have an
    /// agreement about it, or they requested something of it in the period) and no agreement of theirs promises it.
    async fn attainment(&self, ctx: &Context<'_>) -> Result<List<TargetAttainment>> {
        let request = ctx.data_unchecked::<RequestCatalog>();
        let catalog = Arc::clone(&request.whole());
        let from = (&*catalog, ctx.data_unchecked::<Loads>());
        let kept = kept(from, self.customer.id(), &self.requested, self.period).await;
        let kept = kept.map_err(|error| unreadable(&error))?;
        let named: Vec<_> = kept
            .iter()
            .map(|(agreement, ..)| agreement.id().any())
            .collect();
        request.reveal(&named);
        Ok(kept
            .into_iter()
            .map(|(_, target, tally)| TargetAttainment::from((target, tally)))
            .collect())
    }

    /// Requests for the customer that were submitted in the period.
    async fn requests_submitted(&self) -> Result<i32> {
        Ok(i32::try_from(self.counts.submitted)?)
    }

    /// How many of them have been fulfilled by now.
    async fn requests_fulfilled(&self) -> Result<i32> {
        Ok(i32::try_from(self.counts.fulfilled)?)
    }

    /// How many of them have been declined by now.
    async fn requests_declined(&self) -> Result<i32> {
        Ok(i32::try_from(self.counts.declined)?)
    }

    /// Share of those that are fulfilled whose offering is automated, percent: nobody's hand was needed. Null where none is.
    async fn self_served(&self) -> Option<f64> {
        percent(self.counts.automated, self.counts.fulfilled)
    }

    /// Incidents that concerned the customer in the period: an outcome of theirs lost something, or they have a valid agreement of
    /// kind SLA about a service that did.
    async fn incidents(&self) -> Result<i32> {
        Ok(i32::try_from(self.counts.incidents)?)
    }

    /// What incidents cost the customer in the period: for each, what its outcomes lose per hour times the hours of it that lie in
    /// the period, summed exactly and rounded once to the ten-thousandth. What is not resolved goes on until now.
    async fn lost_value(&self) -> Direct<Money> {
        Direct(Money(self.counts.lost))
    }

    /// Demands of the customer that were met in the period.
    async fn demands_met(&self) -> Result<i32> {
        Ok(i32::try_from(self.counts.demands.met)?)
    }

    /// Demands of the customer that were raised by its end and are open or planned now.
    async fn demands_open(&self) -> Result<i32> {
        Ok(i32::try_from(self.counts.demands.open)?)
    }

    /// What the customer thinks of what they got, by the answers that were given in the period.
    async fn satisfaction(&self, ctx: &Context<'_>) -> Result<Satisfaction> {
        let (from, until) = (DateTime(self.period.from), DateTime(self.period.until));
        let whose = (Whose::Customer, self.customer.header.id);
        satisfaction(ctx, whose, (Some(from), Some(until))).await
    }

    /// The review in words.
    async fn summary(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "In which language; names stay as they are.", default)] language: Language,
    ) -> Vec<String> {
        let currency = &ctx.data_unchecked::<Currency>().0;
        words::say(&self.counts, &self.parts, Figures { language, currency })
    }
}

impl Counts {
    pub(super) fn met(&self) -> u64 {
        self.demands.met.unsigned_abs()
    }

    pub(super) fn open(&self) -> u64 {
        self.demands.open.unsigned_abs()
    }
}

/// Queries for business reviews.
#[derive(Default)]
pub struct ReviewQueries;

#[Object]
impl ReviewQueries {
    /// What IT did for a customer in a period; null where there is no such customer. Errors: `BAD_USER_INPUT` for what is no id of a
    /// customer, where `until` is not after `from`, and for more than 1100 days.
    async fn business_review(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The customer's id.")] customer_id: ID,
        #[graphql(desc = "When the period begins.")] from: DateTime,
        #[graphql(desc = "When it ends; this instant is no part of it.")] until: DateTime,
    ) -> Result<Option<Direct<BusinessReview>>> {
        let period = Period::new(from.0, until.0).map_err(|error| bad_input(error.to_string()))?;
        let Some(customer) = filter_id::<Customer>("customerId", Some(customer_id))? else {
            return Ok(None);
        };
        let request = ctx.data_unchecked::<RequestCatalog>();
        let catalog = Arc::clone(&request.whole());
        let Some(customer) = catalog.get(customer).cloned() else {
            return Ok(None);
        };
        request.reveal(&[customer.id().any()]);
        let counts = counts(ctx, &catalog, (customer.id(), period)).await;
        let (counts, requested) = counts.map_err(|error| unreadable(&error))?;
        Ok(Some(Direct(BusinessReview {
            counts,
            requested,
            parts: parts(&catalog, customer.id()),
            customer,
            period,
        })))
    }
}

async fn counts(
    ctx: &Context<'_>,
    catalog: &Catalog,
    (customer, period): (Id<Customer>, Period),
) -> Result<(Counts, Vec<Id<Service>>), LoadError> {
    let loads = ctx.data_unchecked::<Loads>();
    let (from, until) = (
        first_microsecond(period.from),
        first_microsecond(period.until),
    );
    let (requests, demands, incidents) = try_join3(
        loads.ask(RequestsOf { from, until }, customer.key()),
        loads.ask(DemandsOf { from, until }, customer.key()),
        loads.ask(IncidentsIn { from, until }, ()),
    )
    .await?;
    let mut counts = Counts {
        demands,
        ..Counts::default()
    };
    counts.add_requests(catalog, &requests);
    let now = ctx.data_unchecked::<RequestCatalog>().moment();
    let mut losses = Losses::default();
    let matters = catalog.matters_to(customer, now);
    let concern = incidents.iter().filter(|incident| {
        let mut services = incident.services.iter();
        services.any(|service| matters.contains(&service.key()))
    });
    for (place, incident) in concern.enumerate() {
        if place % TURN == TURN - 1 {
            tokio::task::yield_now().await;
        }
        let overlap = period.overlap(incident.started_at, incident.resolved_at, now);
        if overlap > 0 {
            counts.incidents += 1;
            losses.add(cost(catalog, incident, customer), overlap);
        }
    }
    counts.lost = losses.sum();
    let offerings = requests
        .iter()
        .filter_map(|requests| catalog.get(Id::<Offering>::new(requests.offering)));
    let requested = offerings.map(|offering| offering.service_id).collect();
    Ok((counts, requested))
}

/// The customers right below one, by name.
fn parts(catalog: &Catalog, customer: Id<Customer>) -> Vec<Arc<Customer>> {
    let below = catalog.referrers(customer.any());
    let below = below.filter(|it| it.source.kind == ObjectType::Customer);
    let mut parts: Vec<Arc<Customer>> = below
        .filter_map(|it| catalog.get(Id::<Customer>::new(it.source.id)).cloned())
        .collect();
    parts.sort_by_cached_key(|part| (name_key(&**part), part.header.id));
    parts
}

/// What a customer's outcomes lose an hour by an incident.
fn cost(catalog: &Catalog, incident: &PastIncident, customer: Id<Customer>) -> Amount {
    let impact = catalog.impact(&incident.services, incident.severity);
    let theirs = impact.outcomes.iter().filter(|lost| {
        let outcome = catalog.get(lost.outcome);
        outcome.is_some_and(|outcome| outcome.customer_id == customer)
    });
    impact::rules::sum(theirs.map(|lost| lost.value_per_hour))
}

impl Counts {
    fn add_requests(&mut self, catalog: &Catalog, requests: &[Requests]) {
        let is_automated = |offering: Uuid| {
            let offering = catalog.get(Id::<Offering>::new(offering));
            offering.is_some_and(|offering| offering.automated)
        };
        for requests in requests {
            let count = u64::try_from(requests.count).unwrap_or_default();
            self.submitted += count;
            match requests.status.as_str() {
                "FULFILLED" => {
                    self.fulfilled += count;
                    if is_automated(requests.offering) {
                        self.automated += count;
                    }
                }
                "DECLINED" => self.declined += count,
                _ => {}
            }
        }
    }
}
