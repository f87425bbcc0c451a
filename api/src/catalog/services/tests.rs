//! The indexes against the slow and obvious way: look at every service.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use proptest::prelude::*;
use uuid::Uuid;

use super::filter::{Facet, ServiceFilter};
use super::index::{ServiceOrderField, order_key};
use super::rules::{Lifecycle, Service, ServiceKind, Tier};
use crate::catalog::customers::rules::Customer;
use crate::catalog::people::rules::Person;
use crate::catalog::teams::rules::Team;
use crate::outcomes::rules::Outcome;
use crate::shared::edit::Editable;
use crate::shared::ids::Id;
use crate::shared::paging::{Direction, Position, Take, Window, paginate_sorted};
use crate::shared::record::{Header, Record};
use crate::shared::text::NamePart;
use crate::snapshot::Catalog;

const NAMES: [&str; 6] = ["Ärztebuch", "arzt", "Bettenplan", "Bett", "x", "Ordnung"];
const TAGS: [&str; 3] = ["red", "green", "blue"];

fn key(number: u8) -> Uuid {
    Uuid::from_u128(u128::from(number) + 1)
}

fn header(number: u8, name: &str) -> Header {
    let at = Timestamp::UNIX_EPOCH;
    Header::new(
        key(number),
        format!("{}-{number}", crate::shared::text::slug_from(name)),
        name.to_owned(),
        at,
    )
}

prop_compose! {
    fn service()(
        number in 0..20_u8,
        name in prop::sample::select(&NAMES[..]),
        kind in prop::sample::select(vec![ServiceKind::Api, ServiceKind::Resource]),
        lifecycle in prop::sample::select(vec![Lifecycle::Live, Lifecycle::Retired]),
        tier in prop::sample::select(vec![Tier::One, Tier::Four]),
        tags in prop::collection::btree_set(prop::sample::select(&TAGS[..]), 0..3),
        owner in prop::option::of(0..3_u8),
        team in prop::option::of(0..3_u8),
        outcomes in prop::collection::btree_set(0..4_u8, 0..3),
        changed in 0..5_i64,
    ) -> Service {
        let mut service = Service::blank(header(number, name));
        service.header.updated_at = Timestamp::from_second(changed).unwrap_or_default();
        service.kind = kind;
        service.lifecycle = lifecycle;
        service.tier = tier;
        service.tags = tags.into_iter().map(str::to_owned).collect();
        service.business_owner_id = owner.map(|number| Id::new(key(number)));
        service.team_id = team.map(|number| Id::new(key(number)));
        service.contributions = outcomes.into_iter().map(|number| (Id::new(key(number)), 0.5)).collect();
        service
    }
}

prop_compose! {
    fn filter()(
        kinds in prop::option::weighted(0.2, prop::collection::btree_set(Just(ServiceKind::Api), 0..2)),
        lifecycles in prop::option::weighted(0.2, Just(BTreeSet::from([Lifecycle::Live]))),
        tiers in prop::option::weighted(0.2, Just(BTreeSet::from([Tier::One, Tier::Two]))),
        tags in prop::option::weighted(0.2, prop::collection::btree_set(prop::sample::select(&TAGS[..]), 0..3)),
        team in prop::option::weighted(0.2, 0..4_u8),
        owner in prop::option::weighted(0.2, 0..4_u8),
        customer in prop::option::weighted(0.2, 0..3_u8),
        outcome in prop::option::weighted(0.2, 0..4_u8),
        has_business_owner in prop::option::weighted(0.2, any::<bool>()),
        has_outcome in prop::option::weighted(0.2, any::<bool>()),
        name_contains in prop::option::weighted(0.3, prop::sample::select(vec!["", "a", "ett", "ÄRZ", "bett-1", "nope"])),
        updated_since in prop::option::weighted(0.2, 0..6_i64),
    ) -> ServiceFilter {
        ServiceFilter {
            slugs: None,
            kinds,
            lifecycles,
            tiers,
            tags: tags.map(|tags| tags.into_iter().map(str::to_owned).collect()),
            team: team.map(|number| Id::new(key(number))),
            business_owner: owner.map(|number| Id::new(key(number))),
            capability: None,
            customer: customer.map(|number| Id::new(key(number))),
            outcome: outcome.map(|number| Id::new(key(number))),
            has_business_owner,
            has_outcome,
            has_sla: None,
            name_contains: name_contains.and_then(NamePart::new),
            updated_since: updated_since.and_then(|second| Timestamp::from_second(second).ok()),
        }
    }
}

/// Two customers with two outcomes each, three people and teams, and whatever is put and removed, in this order.
fn catalog(steps: &[(bool, Service)]) -> (Catalog, BTreeMap<Uuid, Service>) {
    let mut catalog = Catalog::default();
    for number in 0..3 {
        catalog.put(Arc::new(Person::blank(header(number, "Person"))));
        catalog.put(Arc::new(Team::blank(header(number, "Team"))));
        catalog.put(Arc::new(Customer::blank(header(number, "Customer"))));
    }
    for number in 0..4 {
        let mut outcome = Outcome::blank(header(number, "Outcome"));
        outcome.customer_id = Id::new(key(number / 2));
        catalog.put(Arc::new(outcome));
    }
    let mut plain = BTreeMap::new();
    for (stays, service) in steps {
        if *stays {
            plain.insert(service.header.id, service.clone());
            catalog.put(Arc::new(service.clone()));
        } else {
            plain.remove(&service.header.id);
            catalog.remove(service.id());
        }
    }
    (catalog, plain)
}

fn steps() -> impl Strategy<Value = Vec<(bool, Service)>> {
    prop::collection::vec((prop::bool::weighted(0.8), service()), 0..60)
}

proptest! {
    #[test]
    fn a_page_holds_what_looking_at_every_service_finds(
        steps in steps(),
        filter in filter(),
        field in prop::sample::select(vec![
            ServiceOrderField::Name,
            ServiceOrderField::Slug,
            ServiceOrderField::Tier,
            ServiceOrderField::CreatedAt,
            ServiceOrderField::UpdatedAt,
        ]),
        descending: bool,
        last: bool,
        size in 0..8_usize,
        start in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let (catalog, plain) = catalog(&steps);
        let mut all: Vec<Position> =
            plain.values().map(|service| (order_key(service, field), service.header.id)).collect();
        all.sort();
        let sorted: Vec<Position> = all
            .iter()
            .filter(|(_, id)| filter.matches(&plain[id], &catalog))
            .cloned()
            .collect();
        let edge = start.filter(|_| !all.is_empty()).map(|index| index.get(&all).clone());
        let direction = if descending { Direction::Descending } else { Direction::Ascending };
        let window = if last {
            Window { after: None, before: edge, take: Take::Last(size) }
        } else {
            Window { after: edge, before: None, take: Take::First(size) }
        };
        prop_assert_eq!(
            filter.page(&catalog, field, direction, &window),
            paginate_sorted(&sorted, direction, &window)
        );
        prop_assert_eq!(filter.count(&catalog), sorted.len());
    }

    #[test]
    fn facets_are_what_counting_every_service_finds(steps in steps(), filter in filter()) {
        let (catalog, plain) = catalog(&steps);
        let matching = || plain.values().filter(|service| filter.matches(service, &catalog));
        let mut tags: BTreeMap<String, usize> = BTreeMap::new();
        for tag in matching().flat_map(|service| &service.tags) {
            *tags.entry(tag.clone()).or_default() += 1;
        }
        let facets = filter.facets(&catalog, Facet::Tag);
        prop_assert!(facets.is_sorted_by_key(|(value, count)| (std::cmp::Reverse(*count), value.clone())));
        prop_assert_eq!(facets.into_iter().collect::<BTreeMap<_, _>>(), tags);

        let mut tiers: BTreeMap<String, usize> = BTreeMap::new();
        for service in matching() {
            *tiers.entry(service.tier.to_string()).or_default() += 1;
        }
        prop_assert_eq!(filter.facets(&catalog, Facet::Tier).into_iter().collect::<BTreeMap<_, _>>(), tiers);
    }

    #[test]
    fn nothing_is_left_of_services_that_are_gone(steps in steps()) {
        let (mut catalog, plain) = catalog(&steps);
        for id in plain.into_keys() {
            catalog.remove(Id::<Service>::new(id));
        }
        let (empty, _) = self::catalog(&[]);
        prop_assert_eq!(catalog.services.len(), 0);
        prop_assert_eq!(format!("{:?}", catalog.service_indexes), format!("{:?}", empty.service_indexes));
        for number in 0..3 {
            let person = Id::<Person>::new(key(number)).any();
            prop_assert_eq!(catalog.referrers(person).count(), 0);
        }
    }
}
