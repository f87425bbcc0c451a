//! Impact on a catalog: whose loss, in money and by which chain.

use std::cmp::Ordering;
use std::sync::Arc;

use jiff::Timestamp;

use super::memory::{Known, failure};
use super::rules::{Place, Share, sum};
use super::search::{Losses, OutcomeLoss};
use super::sparse::Sparse;
use crate::catalog::customers::rules::Customer;
use crate::catalog::services::rules::Service;
use crate::incidents::rules::Severity;
use crate::outcomes::rules::Outcome;
use crate::shared::ids::Id;
use crate::shared::money::Amount;
use crate::slas::agreements::rules::Agreement;
use crate::snapshot::{Catalog, name_key};

/// What the business loses while something fails.
#[derive(Clone, Debug)]
pub struct Impact {
    /// The sum over the outcomes.
    pub value_per_hour: Amount,
    /// What loses something, the most costly first, then by slug.
    pub outcomes: Vec<LostOutcome>,
    /// How many services lose something, the failed ones included.
    pub affected: usize,
    /// The chains to all of the outcomes. They have much in common, so each service stands here once. Places stay theirs as long as an
    /// impact is known that they are part of.
    links: Vec<Link>,
}

/// What an outcome loses.
#[derive(Clone, Copy, Debug)]
pub struct LostOutcome {
    /// The outcome.
    pub outcome: Id<Outcome>,
    /// Share of it that is lost, in (0, 1], to twelve significant digits.
    pub loss: f64,
    /// What that costs an hour.
    pub value_per_hour: Amount,
    /// The last link of its chain.
    end: u32,
}

#[derive(Clone, Copy, Debug)]
struct Link {
    service: Place,
    before: Option<u32>,
}

/// What an outcome loses, with its chain.
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
/// How many services an edit may reach for what is known of others to be looked for.
const REACHED: usize = 20_000;

impl Impact {
    /// The chain that costs an outcome most, from a failed service to one that contributes to it. The catalog is the one that this
    /// impact is known on.
    pub fn path(&self, catalog: &Catalog, lost: &LostOutcome) -> Vec<Id<Service>> {
        let link = |at: u32| self.links.get(at as usize);
        let chain = std::iter::successors(link(lost.end), |link_of| link_of.before.and_then(link));
        let mut path: Vec<_> = chain
            .map(|link| catalog.impact_graph.service(link.service))
            .collect();
        path.reverse();
        path
    }

    /// What it takes to be kept: entries of some 16 bytes.
    pub(super) fn size(&self) -> usize {
        self.links.len() + 3 * self.outcomes.len()
    }
}

/// What an outcome loses, while impact is being worked out.
struct Row<'c> {
    outcome: &'c Arc<Outcome>,
    loss: f64,
    value_per_hour: Amount,
    /// Where its chain ends.
    service: Place,
}

impl Row<'_> {
    /// The most costly first, then by slug.
    fn order(&self, other: &Self) -> Ordering {
        let by_value = other.value_per_hour.cmp(&self.value_per_hour);
        by_value.then_with(|| self.outcome.header.slug.cmp(&other.outcome.header.slug))
    }
}

impl Catalog {
    /// What the business loses per hour while these services fail together as the severity says. What was worked out before
    /// is remembered as long as nothing changes that it rests on.
    pub fn impact(&self, failed: &[Id<Service>], severity: Severity) -> Arc<Impact> {
        let known = &self.known_impacts().impacts;
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
        let known = &self.known_impacts().briefs;
        let failure = failure(failed, severity);
        if let Some(brief) = known.get(&failure) {
            return brief;
        }
        let brief = Arc::new(self.work_out_brief(failed, severity));
        known.insert(failure, Arc::clone(&brief));
        brief
    }

    fn known_impacts(&self) -> &Known {
        let memory = &self.impact_graph.memory;
        memory.known(|changed| self.needed_by(changed.iter().copied(), REACHED))
    }

    /// As [`Self::impact`], whether or not it was worked out before.
    pub fn work_out_impact(&self, failed: &[Id<Service>], severity: Severity) -> Impact {
        let losses = self.losses(failed, severity);
        let mut rows = self.rows(&losses);
        rows.sort_unstable_by(Row::order);
        let mut chains = Chains {
            losses: &losses,
            known: Sparse::default(),
            links: Vec::new(),
        };
        let outcomes: Vec<_> = rows
            .iter()
            .map(|row| LostOutcome {
                outcome: Id::new(row.outcome.header.id),
                loss: row.loss,
                value_per_hour: row.value_per_hour,
                end: chains.add(row.service),
            })
            .collect();
        Impact {
            value_per_hour: sum(outcomes.iter().map(|lost| lost.value_per_hour)),
            outcomes,
            affected: losses.services().len(),
            links: chains.links,
        }
    }

    fn work_out_brief(&self, failed: &[Id<Service>], severity: Severity) -> Brief {
        let losses = self.losses(failed, severity);
        let mut rows = self.rows(&losses);
        let value_per_hour = sum(rows.iter().map(|row| row.value_per_hour));
        if rows.len() > TOLD {
            rows.select_nth_unstable_by(TOLD, Row::order);
        }
        let others = rows.split_off(rows.len().min(TOLD));
        rows.sort_unstable_by(Row::order);
        let told = |row: &Row<'_>| {
            let chain = losses.chain(row.service);
            let mut path: Vec<_> = chain.map(|it| self.impact_graph.service(it)).collect();
            path.reverse();
            OutcomeImpact {
                outcome: Id::new(row.outcome.header.id),
                loss: row.loss,
                value_per_hour: row.value_per_hour,
                path,
            }
        };
        Brief {
            value_per_hour,
            affected: losses.services().len(),
            first: rows.iter().map(told).collect(),
            others: others.len(),
            others_value: sum(others.iter().map(|row| row.value_per_hour)),
        }
    }

    /// What outcomes lose, in no order.
    fn rows(&self, losses: &Losses) -> Vec<Row<'_>> {
        let with_outcome = |lost: OutcomeLoss| {
            let outcome = self.impact_graph.outcome(lost.outcome)?;
            Some(Row {
                outcome,
                loss: lost.loss,
                value_per_hour: outcome.value_per_hour,
                service: lost.service,
            })
        };
        // Records are read before anything is worked out, so that these reads don't wait for each other.
        let mut rows: Vec<Row<'_>> = losses.outcomes().filter_map(with_outcome).collect();
        for row in &mut rows {
            let loss = Share::of(row.loss);
            row.loss = loss.to_f64();
            row.value_per_hour = loss.of_amount(row.value_per_hour);
        }
        rows
    }

    fn losses(&self, failed: &[Id<Service>], severity: Severity) -> Losses {
        let graph = &*self.impact_graph;
        let failed: Vec<Place> = failed.iter().filter_map(|&it| graph.place(it)).collect();
        Losses::of(graph, &failed, severity.loss())
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
        let outcomes = losses
            .outcomes()
            .filter_map(|lost| self.impact_graph.outcome(lost.outcome));
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
        let graph = &*self.impact_graph;
        // Whichever are fewer: the services that lose, or those that something is promised for.
        if losses.services().len() < sla.values() {
            let services = losses.services().iter();
            services.for_each(|&place| add(graph.service(place)));
        } else {
            let is_hit = |service: Id<Service>| {
                let place = graph.place(service);
                place.is_some_and(|place| losses.loss(place) > 0.0)
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

/// Makes links of chains.
struct Chains<'l> {
    losses: &'l Losses,
    /// One more than the place of a service's link; 0 where it has none yet.
    known: Sparse<u32>,
    links: Vec<Link>,
}

impl Chains<'_> {
    /// The last link of the chain that ends here.
    fn add(&mut self, service: Place) -> u32 {
        let is_new =
            |known: &Sparse<u32>, place| known.get(place).copied().unwrap_or_default() == 0;
        let losses = self.losses;
        let new: Vec<Place> = losses
            .chain(service)
            .take_while(|&place| is_new(&self.known, place))
            .collect();
        let begin = new.last().copied().unwrap_or(service);
        let mut before = losses
            .chain(begin)
            .nth(usize::from(!new.is_empty()))
            .and_then(|place| self.known.get(place)?.checked_sub(1));
        for place in new.into_iter().rev() {
            self.links.push(Link {
                service: place,
                before,
            });
            // There are no more links than places.
            let at = u32::try_from(self.links.len()).unwrap_or(u32::MAX);
            *self.known.at(place) = at;
            before = at.checked_sub(1);
        }
        before.unwrap_or_default()
    }
}
