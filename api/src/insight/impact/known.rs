//! What has been worked out on a graph, and is remembered until another takes its place.

use std::sync::Arc;

use jiff::Timestamp;
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use uuid::Uuid;

use super::graph::OfCatalog;
use super::rules::{Losses, Place, share_of, sum};
use crate::catalog::customers::rules::Customer;
use crate::catalog::services::rules::Service;
use crate::incidents::rules::Severity;
use crate::outcomes::rules::Outcome;
use crate::shared::ids::Id;
use crate::shared::money::Amount;
use crate::slas::agreements::rules::Agreement;
use crate::snapshot::{Catalog, name_key};

/// What the business loses while something fails.
#[derive(Clone, Debug, PartialEq)]
pub struct Impact {
    /// The sum over the outcomes.
    pub value_per_hour: Amount,
    /// What loses something, the most costly first, then by slug.
    pub outcomes: Vec<OutcomeImpact>,
    /// How many services lose something, the failed ones included.
    pub affected: usize,
}

/// What an outcome loses.
#[derive(Clone, Debug, PartialEq)]
pub struct OutcomeImpact {
    /// The outcome.
    pub outcome: Id<Outcome>,
    /// Share of it that is lost, in (0, 1].
    pub loss: f64,
    /// What that costs an hour.
    pub value_per_hour: Amount,
    /// The chain that costs most, from a failed service to one that contributes to the outcome.
    pub path: Vec<Id<Service>>,
}

/// An impact as a ranking needs it, however many outcomes lose something.
#[derive(Clone, Debug, PartialEq)]
pub struct Brief {
    /// The sum over the outcomes.
    pub value_per_hour: Amount,
    /// How many services lose something, the failed ones included.
    pub affected: usize,
    /// The most costly outcomes, three at most.
    pub first: Vec<OutcomeImpact>,
    /// How many outcomes more lose something.
    pub others: usize,
    /// What these cost an hour, together.
    pub others_value: Amount,
}

/// How many outcomes are told one by one.
const TOLD: usize = 3;

impl From<Impact> for Brief {
    fn from(mut impact: Impact) -> Self {
        let others = impact.outcomes.split_off(impact.outcomes.len().min(TOLD));
        Self {
            value_per_hour: impact.value_per_hour,
            affected: impact.affected,
            first: impact.outcomes,
            others: others.len(),
            others_value: sum(others.iter().map(|lost| lost.value_per_hour)),
        }
    }
}

/// What fails, and how much of it.
type Failure = (Box<[Uuid]>, Severity);

/// How much is kept: entries of paths and what goes with them, of some 16 bytes each.
const KEPT: u64 = 4_000_000;

/// What has been worked out.
#[derive(Debug)]
pub(super) struct Known {
    impacts: Cache<Failure, Arc<Impact>, Size>,
    briefs: Cache<Failure, Arc<Brief>, Size>,
}

impl Default for Known {
    fn default() -> Self {
        Self {
            impacts: Cache::with_weighter(1_000, KEPT, Size),
            briefs: Cache::with_weighter(10_000, KEPT, Size),
        }
    }
}

#[derive(Clone, Debug)]
struct Size;

impl Size {
    fn of((failed, _): &Failure, outcomes: &[OutcomeImpact]) -> u64 {
        let paths = outcomes.iter().map(|outcome| outcome.path.len() + 3);
        (paths.sum::<usize>() + failed.len() + 8) as u64
    }
}

impl Weighter<Failure, Arc<Impact>> for Size {
    fn weight(&self, failure: &Failure, impact: &Arc<Impact>) -> u64 {
        Self::of(failure, &impact.outcomes)
    }
}

impl Weighter<Failure, Arc<Brief>> for Size {
    fn weight(&self, failure: &Failure, brief: &Arc<Brief>) -> u64 {
        Self::of(failure, &brief.first)
    }
}

fn failure(failed: &[Id<Service>], severity: Severity) -> Failure {
    let mut failed: Vec<Uuid> = failed.iter().map(|service| service.key()).collect();
    failed.sort_unstable();
    failed.dedup();
    (failed.into_boxed_slice(), severity)
}

impl Catalog {
    /// What the business loses per hour while these services fail together as the severity says. What was worked out before
    /// on the same graph is remembered.
    pub fn impact(&self, failed: &[Id<Service>], severity: Severity) -> Arc<Impact> {
        let known = &self.impact_graph.known().impacts;
        let failure = failure(failed, severity);
        if let Some(impact) = known.get(&failure) {
            return impact;
        }
        let impact = Arc::new(self.work_out_impact(failed, severity));
        known.insert(failure, Arc::clone(&impact));
        impact
    }

    /// As [`Self::impact`], in brief: of a large catalog as many are remembered as it has services.
    pub fn impact_in_brief(&self, failed: &[Id<Service>], severity: Severity) -> Arc<Brief> {
        let known = &self.impact_graph.known().briefs;
        let failure = failure(failed, severity);
        if let Some(brief) = known.get(&failure) {
            return brief;
        }
        let brief = Arc::new(Brief::from(self.work_out_impact(failed, severity)));
        known.insert(failure, Arc::clone(&brief));
        brief
    }

    /// As [`Self::impact`], whether or not it was worked out before.
    pub fn work_out_impact(&self, failed: &[Id<Service>], severity: Severity) -> Impact {
        let graph = OfCatalog(self);
        let losses = self.losses(failed, severity);
        let outcomes = losses.outcomes(&graph).into_iter().filter_map(|lost| {
            let outcome = self.get(lost.outcome)?;
            let impact = OutcomeImpact {
                outcome: lost.outcome,
                loss: lost.loss,
                value_per_hour: share_of(outcome.value_per_hour, lost.loss),
                path: lost.path.into_iter().map(|place| graph.id(place)).collect(),
            };
            Some((outcome, impact))
        });
        let mut outcomes: Vec<_> = outcomes.collect();
        outcomes.sort_unstable_by(|(one, loses), (other, lose)| {
            let by_value = lose.value_per_hour.cmp(&loses.value_per_hour);
            by_value.then_with(|| one.header.slug.cmp(&other.header.slug))
        });
        let outcomes: Vec<_> = outcomes.into_iter().map(|(_, impact)| impact).collect();
        Impact {
            value_per_hour: sum(outcomes.iter().map(|outcome| outcome.value_per_hour)),
            outcomes,
            affected: losses.len(),
        }
    }

    fn losses(&self, failed: &[Id<Service>], severity: Severity) -> Losses {
        let places = self.impact_graph.places();
        let failed: Vec<Place> = failed
            .iter()
            .filter_map(|service| places.get(&service.key()).copied())
            .collect();
        Losses::of(&OfCatalog(self), &failed, severity.loss())
    }

    /// Whom it concerns that these services fail: the customers of the outcomes that lose something, and those who have an
    /// agreement of kind SLA, valid at this moment, about a service that does. By name.
    pub fn concerned(
        &self,
        failed: &[Id<Service>],
        severity: Severity,
        moment: Timestamp,
    ) -> Vec<Arc<Customer>> {
        let losses = self.losses(failed, severity);
        let impact = self.impact(failed, severity);
        let outcomes = impact
            .outcomes
            .iter()
            .filter_map(|lost| self.get(lost.outcome));
        let mut customers: Vec<Id<Customer>> =
            outcomes.map(|outcome| outcome.customer_id).collect();
        let sla = &self.agreement_indexes.sla;
        let mut add = |service: Id<Service>| {
            let agreements = sla
                .ids(&service)
                .filter_map(|id| self.get(Id::<Agreement>::new(id)));
            let active = agreements.filter(|agreement| agreement.is_valid_at(self, moment));
            customers.extend(active.filter_map(|agreement| agreement.customer_id));
        };
        // Whichever are fewer: the services that lose, or those that something is promised for.
        if losses.len() < sla.values() {
            let graph = OfCatalog(self);
            losses.services().for_each(|place| add(graph.id(place)));
        } else {
            let is_hit = |service: Id<Service>| {
                let place = self.impact_graph.places().get(&service.key());
                place.is_some_and(|&place| losses.loss(place) > 0.0)
            };
            sla.counts()
                .map(|(&service, _)| service)
                .filter(|&id| is_hit(id))
                .for_each(add);
        }
        customers.sort_unstable();
        customers.dedup();
        let mut customers: Vec<Arc<Customer>> = customers
            .into_iter()
            .filter_map(|id| self.get(id).cloned())
            .collect();
        customers.sort_by_cached_key(|customer| name_key(customer.as_ref()));
        customers
    }
}
