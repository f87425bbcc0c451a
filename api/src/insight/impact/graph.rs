//! The graph that impact is worked out on: the snapshot's services, what needs them and what they are for, kept compact.
//!
//! It is a part of the catalog and as persistent: a copy shares everything, a change costs O(log n). Services have small numbers
//! in it instead of their ids, so that a search over half of a large catalog stays within the processor's caches.

use std::sync::{Arc, OnceLock};

use imbl::GenericHashMap;
use imbl::shared_ptr::DefaultSharedPtr;
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use uuid::Uuid;

use super::dependents::Dependents;
use super::rules::{Graph, Losses, Place, share_of, sum};
use crate::catalog::customers::rules::Customer;
use crate::catalog::services::rules::{Lifecycle, Service};
use crate::incidents::rules::Severity;
use crate::outcomes::rules::Outcome;
use crate::shared::ids::Id;
use crate::shared::money::Amount;
use crate::slas::agreements::rules::Agreement;
use crate::snapshot::Catalog;

type ById<V> = GenericHashMap<Uuid, V, foldhash::fast::RandomState, DefaultSharedPtr>;

/// Services, what needs them and what they are for.
#[derive(Clone, Debug, Default)]
pub struct ImpactGraph {
    places: ById<Place>,
    nodes: imbl::Vector<Node>,
    /// Places that nothing stands at any more.
    free: imbl::Vector<Place>,
    /// What has been worked out on this graph. Another graph begins with nothing.
    known: Arc<OnceLock<Known>>,
}

/// Impacts by what fails.
type Known = Cache<(Box<[Uuid]>, Severity), Arc<Impact>, Size>;

/// How many entries of paths are kept, all impacts together.
const KEPT: u64 = 2_000_000;

#[derive(Clone, Debug, Default)]
struct Node {
    /// The service; nil where there is none, but others say that they need it.
    service: Uuid,
    /// Whether the service is in the catalog.
    is_there: bool,
    can_lose: bool,
    contributions: Arc<[(Id<Outcome>, f64)]>,
    dependents: Dependents,
}

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

#[derive(Clone, Debug)]
struct Size;

impl Weighter<(Box<[Uuid]>, Severity), Arc<Impact>> for Size {
    fn weight(&self, (failed, _): &(Box<[Uuid]>, Severity), impact: &Arc<Impact>) -> u64 {
        let paths = impact.outcomes.iter().map(|outcome| outcome.path.len() + 3);
        (paths.sum::<usize>() + failed.len() + 4) as u64
    }
}

impl ImpactGraph {
    /// Takes over what has become of a service.
    pub(crate) fn update(&mut self, old: Option<&Arc<Service>>, new: Option<&Arc<Service>>) {
        if let (Some(old), Some(new)) = (old, new)
            && is_same(old, new)
        {
            return;
        }
        self.forget();
        let Some(id) = new.or(old).map(|service| service.header.id) else {
            return;
        };
        let place = self.place(id);
        if let Some(old) = old {
            let stays = |needed| new.is_some_and(|new| new.dependencies.contains_key(needed));
            for needed in old.dependencies.keys().filter(|needed| !stays(needed)) {
                let needed = self.place(needed.key());
                self.change(needed, |node| node.dependents.remove(place));
                self.release(needed);
            }
        }
        if let Some(new) = new {
            let was = |needed| old.and_then(|old| old.dependencies.get(needed));
            for (needed, edge) in &new.dependencies {
                if was(needed).is_none_or(|was| was.strength.total_cmp(&edge.strength).is_ne()) {
                    let needed = self.place(needed.key());
                    self.change(needed, |node| node.dependents.insert(place, edge.strength));
                }
            }
        }
        self.change(place, |node| {
            node.is_there = new.is_some();
            node.can_lose = new.is_some_and(|new| new.lifecycle != Lifecycle::Retired);
            node.contributions = new.map_or_else(Arc::default, |new| {
                new.contributions
                    .iter()
                    .map(|(&id, &share)| (id, share))
                    .collect()
            });
        });
        if new.is_none() {
            self.release(place);
        }
    }

    /// Forgets what has been worked out: something that it rests on has changed.
    pub(crate) fn forget(&mut self) {
        if self.known.get().is_some() {
            self.known = Arc::default();
        }
    }

    /// The place of a service, which is made where there is none.
    fn place(&mut self, service: Uuid) -> Place {
        if let Some(&place) = self.places.get(&service) {
            return place;
        }
        let node = Node {
            service,
            ..Node::default()
        };
        let place = if let Some(free) = self.free.pop_back() {
            self.nodes.set(free as usize, node);
            free
        } else {
            self.nodes.push_back(node);
            // Four thousand million services would not fit into memory.
            Place::try_from(self.nodes.len() - 1).unwrap_or(Place::MAX)
        };
        self.places.insert(service, place);
        place
    }

    fn change(&mut self, place: Place, change: impl FnOnce(&mut Node)) {
        if let Some(node) = self.nodes.get_mut(place as usize) {
            change(node);
        }
    }

    /// Gives a place up if nothing stands there and nothing needs it.
    fn release(&mut self, place: Place) {
        let Some(node) = self.nodes.get(place as usize) else {
            return;
        };
        if !node.is_there
            && node.dependents.is_empty()
            && self.places.remove(&node.service).is_some()
        {
            self.free.push_back(place);
        }
    }
}

/// Whether impact is the same whichever of these states a service has.
fn is_same(one: &Service, other: &Service) -> bool {
    one.header.slug == other.header.slug
        && one.lifecycle == other.lifecycle
        && one.dependencies == other.dependencies
        && one.contributions == other.contributions
}

/// The graph of a catalog.
struct OfCatalog<'c>(&'c Catalog);

impl OfCatalog<'_> {
    fn node(&self, service: Place) -> Option<&Node> {
        self.0.impact_graph.nodes.get(service as usize)
    }

    fn id(&self, service: Place) -> Id<Service> {
        Id::new(self.node(service).map_or(Uuid::nil(), |node| node.service))
    }
}

impl Graph for OfCatalog<'_> {
    type Outcome = Id<Outcome>;

    fn can_lose(&self, service: Place) -> bool {
        self.node(service).is_some_and(|node| node.can_lose)
    }

    fn slug(&self, service: Place) -> &str {
        let service = self.0.get(self.id(service));
        service.map_or("", |service| service.header.slug.as_str())
    }

    fn each_dependent(&self, service: Place, visit: impl FnMut(Place, f64)) {
        if let Some(node) = self.node(service) {
            node.dependents.each(visit);
        }
    }

    fn contributions(&self, service: Place) -> &[(Id<Outcome>, f64)] {
        self.node(service).map_or(&[], |node| &node.contributions)
    }
}

impl Catalog {
    /// What the business loses per hour while these services fail together as the severity says. What was worked out before
    /// on the same graph is remembered.
    pub fn impact(&self, failed: &[Id<Service>], severity: Severity) -> Arc<Impact> {
        let mut key: Vec<Uuid> = failed.iter().map(|service| service.key()).collect();
        key.sort_unstable();
        key.dedup();
        let key = (key.into_boxed_slice(), severity);
        let known = self
            .impact_graph
            .known
            .get_or_init(|| Cache::with_weighter(10_000, KEPT, Size));
        if let Some(impact) = known.get(&key) {
            return impact;
        }
        let impact = Arc::new(self.work_out_impact(failed, severity));
        known.insert(key, Arc::clone(&impact));
        impact
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
        let places = &self.impact_graph.places;
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
        moment: jiff::Timestamp,
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
            let loses = |service: Id<Service>| {
                let place = self.impact_graph.places.get(&service.key());
                place.is_some_and(|&place| losses.loss(place) > 0.0)
            };
            sla.counts()
                .map(|(&service, _)| service)
                .filter(|&id| loses(id))
                .for_each(add);
        }
        customers.sort_unstable();
        customers.dedup();
        let mut customers: Vec<Arc<Customer>> = customers
            .into_iter()
            .filter_map(|id| self.get(id).cloned())
            .collect();
        customers.sort_by_cached_key(|customer| crate::snapshot::name_key(customer.as_ref()));
        customers
    }
}
