//! The graph that impact is worked out on: the snapshot's services, what needs them and what they are for, kept compact.
//!
//! It is a part of the catalog and as persistent: a copy shares everything, a change costs O(log n). Services have small numbers
//! in it instead of their ids, so that a search over half of a large catalog stays within the processor's caches.

use std::sync::{Arc, OnceLock};

use imbl::GenericHashMap;
use imbl::shared_ptr::DefaultSharedPtr;
use uuid::Uuid;

use super::dependents::Dependents;
use super::known::Known;
use super::rules::{Graph, Place};
use crate::catalog::services::rules::{Lifecycle, Service};
use crate::outcomes::rules::Outcome;
use crate::shared::ids::Id;
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

    /// What has been worked out on it.
    pub(super) fn known(&self) -> &Known {
        self.known.get_or_init(Known::default)
    }

    /// Where services are.
    pub(super) fn places(&self) -> &ById<Place> {
        &self.places
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
pub(super) struct OfCatalog<'c>(pub(super) &'c Catalog);

impl OfCatalog<'_> {
    fn node(&self, service: Place) -> Option<&Node> {
        self.0.impact_graph.nodes.get(service as usize)
    }

    /// The service at a place.
    pub(super) fn id(&self, service: Place) -> Id<Service> {
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
