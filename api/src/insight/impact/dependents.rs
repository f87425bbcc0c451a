//! What needs a service: few in one small array, many in a persistent map.

use std::sync::Arc;

use super::rules::Place;

/// From which number on they are kept in a map.
const MANY: usize = 64;

/// The services that need one, each with the share of its work that stops with it.
///
/// Nearly all services are needed by few. An array of them is read fastest and copied fast; what a whole catalog needs is kept
/// in a map, so that one more costs no copy of all.
#[derive(Clone, Debug)]
pub(super) enum Dependents {
    Few(Arc<[(Place, f64)]>),
    Many(imbl::OrdMap<Place, f64>),
}

impl Default for Dependents {
    fn default() -> Self {
        Self::Few(Arc::default())
    }
}

impl Dependents {
    pub(super) fn is_empty(&self) -> bool {
        match self {
            Self::Few(few) => few.is_empty(),
            Self::Many(many) => many.is_empty(),
        }
    }

    pub(super) fn each(&self, mut visit: impl FnMut(Place, f64)) {
        match self {
            Self::Few(few) => few
                .iter()
                .for_each(|&(place, strength)| visit(place, strength)),
            Self::Many(many) => many
                .iter()
                .for_each(|(&place, &strength)| visit(place, strength)),
        }
    }

    /// Adds one, or sets its strength.
    pub(super) fn insert(&mut self, place: Place, strength: f64) {
        match self {
            Self::Few(few) => {
                let others = few.iter().filter(|(other, _)| *other != place);
                let edges = others.copied().chain([(place, strength)]);
                *self = if few.len() < MANY {
                    Self::Few(edges.collect())
                } else {
                    Self::Many(edges.collect())
                };
            }
            Self::Many(many) => drop(many.insert(place, strength)),
        }
    }

    pub(super) fn remove(&mut self, place: Place) {
        match self {
            Self::Few(few) => {
                *few = few
                    .iter()
                    .filter(|(other, _)| *other != place)
                    .copied()
                    .collect();
            }
            Self::Many(many) => drop(many.remove(&place)),
        }
    }
}
