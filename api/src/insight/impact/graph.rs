//! The graph that impact is worked out on: the snapshot's services, what needs them and what they are for, kept compact.
//!
//! It is a part of the catalog and as persistent: a copy shares everything, a change copies little. Services and outcomes have small
//! numbers in it instead of their ids.

use std::sync::Arc;

use uuid::Uuid;

use super::edges::{Edge, Edges};
use super::memory::Memory;
use super::places::Places;
use super::rules::{Graph, Place};
use crate::catalog::services::rules::{Lifecycle, Service};
use crate::outcomes::rules::Outcome;
use crate::shared::ids::Id;

/// Services, what needs them and what they are for.
#[derive(Clone, Debug, Default)]
pub struct ImpactGraph {
    services: Places<Service>,
    outcomes: Places<Outcome>,
    edges: Edges,
    pub(super) memory: Memory,
}

impl ImpactGraph {
    /// Takes over what has become of a service.
    pub(crate) fn update(&mut self, old: Option<&Arc<Service>>, new: Option<&Arc<Service>>) {
        let Some(id) = new.or(old).map(|service| service.header.id) else {
            return;
        };
        if let (Some(old), Some(new)) = (old, new)
            && is_same(old, new)
        {
            self.services.set(id, Some(Arc::clone(new)));
            return;
        }
        // Its place stays its own until all of this is done.
        let place = self.services.mention(id);
        self.services.set(id, new.cloned());
        self.connect(place, old, new);
        let contributions = self.mention_outcomes(old, new);
        let can_lose = new.is_some_and(|new| new.lifecycle != Lifecycle::Retired);
        self.edges.set(place, can_lose, contributions);
        self.services.unmention(id);
        let given_up = given_up(old, new).map(Id::key);
        self.memory.forget([id].into_iter().chain(given_up));
    }

    /// Makes a service one of those that need what it needs.
    fn connect(&mut self, place: Place, old: Option<&Arc<Service>>, new: Option<&Arc<Service>>) {
        for needed in given_up(old, new) {
            let needed = self.services.unmention(needed.key());
            self.edges.remove(needed, place);
        }
        for (needed, edge) in new.iter().flat_map(|new| &new.dependencies) {
            let known = old.and_then(|old| old.dependencies.get(needed));
            let needed = match known {
                None => Some(self.services.mention(needed.key())),
                Some(known) if known.strength.total_cmp(&edge.strength).is_eq() => continue,
                Some(_) => self.services.of(needed.key()),
            };
            if let Some(needed) = needed {
                self.edges.insert(needed, place, edge.strength);
            }
        }
    }

    fn mention_outcomes(
        &mut self,
        old: Option<&Arc<Service>>,
        new: Option<&Arc<Service>>,
    ) -> Vec<Edge> {
        let contributions = new.iter().flat_map(|new| &new.contributions);
        let contributions =
            contributions.map(|(outcome, &share)| (self.outcomes.mention(outcome.key()), share));
        let contributions = contributions.collect();
        for outcome in old.iter().flat_map(|old| old.contributions.keys()) {
            self.outcomes.unmention(outcome.key());
        }
        contributions
    }

    /// Takes over what has become of an outcome, which rests on these services.
    pub(crate) fn update_outcome(
        &mut self,
        old: Option<&Arc<Outcome>>,
        new: Option<&Arc<Outcome>>,
        rests_on: impl IntoIterator<Item = Uuid>,
    ) {
        let Some(id) = new.or(old).map(|outcome| outcome.header.id) else {
            return;
        };
        self.outcomes.set(id, new.cloned());
        let what_counts = |outcome: &Arc<Outcome>| {
            let slug = outcome.header.slug.clone();
            (slug, outcome.value_per_hour)
        };
        if old.map(what_counts) != new.map(what_counts) {
            self.memory.forget(rests_on);
        }
    }

    /// Where a service is.
    pub(super) fn place(&self, service: Id<Service>) -> Option<Place> {
        self.services.of(service.key())
    }

    /// The service at a place.
    pub(super) fn service(&self, place: Place) -> Id<Service> {
        Id::new(self.services.id(place))
    }

    /// The outcome at a place, if it is there.
    pub(super) fn outcome(&self, place: Place) -> Option<&Arc<Outcome>> {
        self.outcomes.object(place)
    }

    /// How many services and outcomes have a place.
    #[cfg(test)]
    pub(super) fn len(&self) -> (usize, usize) {
        (self.services.len(), self.outcomes.len())
    }
}

/// What a service needed and does not need any more.
fn given_up<'s>(
    old: Option<&'s Arc<Service>>,
    new: Option<&'s Arc<Service>>,
) -> impl Iterator<Item = Id<Service>> + 's {
    let stays = move |needed| new.is_some_and(|new| new.dependencies.contains_key(needed));
    let needed = old.into_iter().flat_map(|old| old.dependencies.keys());
    needed.filter(move |needed| !stays(needed)).copied()
}

/// Whether impact is the same whichever of these states a service has.
fn is_same(one: &Service, other: &Service) -> bool {
    one.header.slug == other.header.slug
        && one.lifecycle == other.lifecycle
        && one.dependencies == other.dependencies
        && one.contributions == other.contributions
}

impl Graph for ImpactGraph {
    fn can_lose(&self, service: Place) -> bool {
        self.edges.can_lose(service)
    }

    fn slug(&self, service: Place) -> &str {
        let service = self.services.object(service);
        service.map_or("", |service| service.header.slug.as_str())
    }

    fn each_dependent(&self, service: Place, visit: impl FnMut(Place, f64)) {
        self.edges.each_dependent(service, visit);
    }

    fn contributions(&self, service: Place) -> &[Edge] {
        self.edges.contributions(service)
    }

    fn touch(&self, service: Place) -> f64 {
        self.edges.touch(service)
    }
}
