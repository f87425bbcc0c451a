//! Finding offerings.

use super::rules::Offering;
use crate::catalog::services::rules::Service;
use crate::shared::ids::Id;
use crate::shared::paging::{Direction, Page, Position, Window};
use crate::shared::text::NamePart;
use crate::snapshot::Catalog;

/// Which offerings; every condition that is given must hold.
#[derive(Clone, Debug, Default)]
pub struct OfferingFilter {
    /// Of this service.
    pub service: Option<Id<Service>>,
    /// Whether it can be requested now.
    pub active: Option<bool>,
    /// Part of the name or the slug, in any case.
    pub name_contains: Option<NamePart>,
}

impl OfferingFilter {
    /// Whether an offering fulfils every condition.
    pub fn matches(&self, offering: &Offering) -> bool {
        self.service
            .is_none_or(|service| offering.service_id == service)
            && self.active.is_none_or(|active| offering.active == active)
            && self
                .name_contains
                .as_ref()
                .is_none_or(|part| part.is_in(&offering.header.name, &offering.header.slug))
    }

    /// A page of those that match, by name.
    pub fn page(&self, catalog: &Catalog, window: &Window) -> Page {
        let keep = |(_, id): &Position| {
            catalog
                .get(Id::<Offering>::new(*id))
                .is_some_and(|offering| self.matches(offering))
        };
        match &self.service {
            Some(service) => {
                catalog
                    .service_offerings
                    .page(service, Direction::Ascending, window, keep)
            }
            None => catalog
                .offerings
                .by_name()
                .page(&(), Direction::Ascending, window, keep),
        }
    }

    /// How many match.
    pub fn count(&self, catalog: &Catalog) -> usize {
        let unconditional = self.active.is_none() && self.name_contains.is_none();
        match &self.service {
            Some(service) if unconditional => catalog.service_offerings.count(service),
            Some(service) => catalog
                .service_offerings
                .ids(service)
                .filter_map(|id| catalog.get(Id::<Offering>::new(id)))
                .filter(|offering| self.matches(offering))
                .count(),
            None if unconditional => catalog.offerings.len(),
            None => catalog
                .offerings
                .iter()
                .filter(|offering| self.matches(offering))
                .count(),
        }
    }
}
