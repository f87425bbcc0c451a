//! The register's orders, and what is paid beside the catalog.

use strum::IntoEnumIterator;

use super::rules::{Sighting, Status};
use crate::catalog::customers::rules::Customer;
use crate::shared::ids::Id;
use crate::shared::paging::OrderKey;
use crate::snapshot::{Index, name_key};

/// What lists of sightings are ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, strum::EnumIter)]
pub enum SightingOrder {
    /// Risk, and with equal risk by monthly cost.
    Risk,
    /// Monthly cost.
    MonthlyCost,
    /// Product.
    Product,
}

/// A part of the register in an order: all of it, or what is of a customer, or has come to something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Shelf {
    /// Only what this customer got.
    pub customer: Option<Id<Customer>>,
    /// Only what has come to this.
    pub status: Option<Status>,
    /// In which order.
    pub order: SightingOrder,
}

/// Sightings by what lists ask for, so that a page and a count are never a search.
#[derive(Clone, Debug, Default)]
pub struct SightingIndexes {
    /// Each part in each order.
    pub shelves: Index<Shelf>,
    /// What is paid a month beside the catalog, in ten-thousandths of the reporting currency.
    monthly_cost: i128,
}

impl SightingIndexes {
    /// What SEEN and TOLERATED sightings cost a month, all together, in ten-thousandths of the reporting currency.
    pub fn monthly_cost(&self) -> i128 {
        self.monthly_cost
    }

    pub(super) fn insert(&mut self, sighting: &Sighting) {
        self.monthly_cost += cost(sighting);
        for shelf in shelves(sighting) {
            let key = key(shelf.order, sighting);
            self.shelves.insert(shelf, key, sighting.header.id);
        }
    }

    pub(super) fn remove(&mut self, sighting: &Sighting) {
        self.monthly_cost -= cost(sighting);
        for shelf in shelves(sighting) {
            let key = key(shelf.order, sighting);
            self.shelves.remove(shelf, key, sighting.header.id);
        }
    }
}

fn cost(sighting: &Sighting) -> i128 {
    if sighting.status.is_beside_the_catalog() {
        sighting.monthly_cost.stored().into()
    } else {
        0
    }
}

/// Every part that a sighting is in.
fn shelves(sighting: &Sighting) -> impl Iterator<Item = Shelf> + use<> {
    let (customer, status) = (Some(sighting.customer_id), Some(sighting.status));
    let parts = [
        (None, None),
        (customer, None),
        (None, status),
        (customer, status),
    ];
    parts.into_iter().flat_map(|(customer, status)| {
        SightingOrder::iter().map(move |order| Shelf {
            customer,
            status,
            order,
        })
    })
}

fn key(order: SightingOrder, sighting: &Sighting) -> OrderKey {
    match order {
        SightingOrder::Risk => OrderKey::NumberThenText(
            sighting.risk().into(),
            // As wide as the largest amount, so that text sorts as the number does.
            format!("{:019}", sighting.monthly_cost.stored()).into(),
        ),
        SightingOrder::MonthlyCost => OrderKey::Number(sighting.monthly_cost.stored()),
        SightingOrder::Product => name_key(sighting),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;
    use proptest::sample::select;
    use rust_decimal::Decimal;

    use super::*;
    use crate::demand::shadow_it::rules::DataClass;
    use crate::shared::draft::Draft;
    use crate::shared::edit::Editable;
    use crate::shared::money::Amount;
    use crate::shared::record::Record;
    use crate::shared::write::now;
    use crate::snapshot::Catalog;

    /// What happens to one of a few sightings.
    #[derive(Clone, Debug)]
    struct Event {
        which: usize,
        state: Option<(i64, Status, DataClass, i32)>,
    }

    fn event() -> impl Strategy<Value = Event> {
        let state = (
            0..1_000_000_i64,
            select(Status::iter().collect::<Vec<_>>()),
            select(DataClass::iter().collect::<Vec<_>>()),
            0..20_000,
        );
        (0..6_usize, proptest::option::of(state)).prop_map(|(which, state)| Event { which, state })
    }

    proptest! {
        #[test]
        fn sum_and_shelves_are_those_of_a_register_built_anew(events in proptest::collection::vec(event(), 0..40)) {
            let mut catalog = Catalog::default();
            let draft = Draft::new(Catalog::default(), now());
            let known: Vec<Sighting> = (0..6).map(|_| Sighting::blank(draft.new_header())).collect();
            for event in events {
                let mut sighting = known[event.which].clone();
                match event.state {
                    None => catalog.remove(sighting.id()),
                    Some((cost, status, class, users)) => {
                        sighting.monthly_cost = Amount::from_decimal(Decimal::new(cost, 2)).unwrap();
                        (sighting.status, sighting.data_class, sighting.users) = (status, class, users);
                        catalog.put(Arc::new(sighting));
                    }
                }
            }
            let (kept, indexes) = (&catalog.sightings, &catalog.sighting_indexes);
            let paid = kept.iter().filter(|it| it.status.is_beside_the_catalog());
            prop_assert_eq!(indexes.monthly_cost(), paid.map(|it| i128::from(it.monthly_cost.stored())).sum::<i128>());
            for status in [None].into_iter().chain(Status::iter().map(Some)) {
                let shelf = Shelf { customer: None, status, order: SightingOrder::Risk };
                let on_it: Vec<_> = indexes.shelves.ids(&shelf).map(|id| catalog.get(Id::<Sighting>::new(id)).unwrap()).collect();
                let expected = kept.iter().filter(|it| status.is_none_or(|status| status == it.status)).count();
                prop_assert_eq!(on_it.len(), expected);
                prop_assert!(on_it.is_sorted_by_key(|it| (it.risk(), it.monthly_cost)));
            }
        }
    }
}
