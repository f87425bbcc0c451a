//! Impact against an oracle that follows every chain there is.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use proptest::prelude::*;
use rust_decimal::Decimal;
use uuid::Uuid;

use super::rules::{Graph, Losses, OutcomeLoss, Place, share_of, sum};
use crate::catalog::services::rules::{Dependency, Lifecycle, Service};
use crate::incidents::rules::Severity;
use crate::outcomes::rules::Outcome;
use crate::shared::edit::Editable;
use crate::shared::ids::Id;
use crate::shared::money::Amount;
use crate::shared::record::Header;
use crate::snapshot::Catalog;

const SERVICES: Place = 8;
const OUTCOMES: u8 = 3;

/// A small graph, cycles and all. Its numbers have few bits, so that their products are exact.
#[derive(Clone, Debug)]
struct Small {
    slugs: Vec<String>,
    retired: BTreeSet<Place>,
    /// Who needs whom, and how much.
    needs: BTreeMap<(Place, Place), f64>,
    contributions: BTreeMap<Place, Vec<(u8, f64)>>,
}

impl Graph for Small {
    type Outcome = u8;

    fn can_lose(&self, service: Place) -> bool {
        !self.retired.contains(&service)
    }

    fn slug(&self, service: Place) -> &str {
        &self.slugs[service as usize]
    }

    fn each_dependent(&self, service: Place, mut visit: impl FnMut(Place, f64)) {
        for (&(dependent, needed), &strength) in &self.needs {
            if needed == service {
                visit(dependent, strength);
            }
        }
    }

    fn contributions(&self, service: Place) -> &[(u8, f64)] {
        self.contributions.get(&service).map_or(&[], Vec::as_slice)
    }
}

impl Small {
    /// Every chain without a service twice that begins with a failed one, with what its end loses by it.
    fn chains(&self, failed: &[Place], share: f64) -> Vec<(Vec<Place>, f64)> {
        let mut chains = Vec::new();
        let begin = failed.iter().filter(|service| self.can_lose(**service));
        let mut open: Vec<_> = begin.map(|&service| (vec![service], share)).collect();
        while let Some((chain, loss)) = open.pop() {
            for (&(dependent, needed), strength) in &self.needs {
                let is_next = chain.last() == Some(&needed) && !chain.contains(&dependent);
                if is_next && self.can_lose(dependent) {
                    let longer = chain.iter().copied().chain([dependent]).collect();
                    open.push((longer, loss * strength));
                }
            }
            chains.push((chain, loss));
        }
        chains
    }

    fn expected_losses(chains: &[(Vec<Place>, f64)]) -> BTreeMap<Place, f64> {
        let mut losses = BTreeMap::new();
        for (chain, loss) in chains {
            let known = losses.entry(chain[chain.len() - 1]).or_insert(0.0);
            *known = loss.max(*known);
        }
        losses
    }

    fn expected_outcomes(&self, failed: &[Place], share: f64) -> BTreeMap<u8, (f64, Vec<Place>)> {
        let chains = self.chains(failed, share);
        let losses = Self::expected_losses(&chains);
        let mut expected = BTreeMap::new();
        for outcome in 0..OUTCOMES {
            let share_of = |service: Place| {
                let mut all = self.contributions(service).iter();
                all.find(|(of, _)| *of == outcome).map(|(_, share)| *share)
            };
            let kept = losses
                .iter()
                .map(|(&service, loss)| 1.0 - share_of(service).unwrap_or(0.0) * loss);
            let lost = 1.0 - kept.product::<f64>();
            let mut paths: Vec<_> = chains
                .iter()
                .filter_map(|(chain, loss)| {
                    let share = share_of(chain[chain.len() - 1])?;
                    let slugs: Vec<_> = chain.iter().map(|&service| self.slug(service)).collect();
                    Some((-share * loss, chain.len(), slugs, chain.clone()))
                })
                .collect();
            paths.sort_by(|one, other| one.partial_cmp(other).expect("numbers"));
            if let Some((_, _, _, path)) = paths.into_iter().next() {
                expected.insert(outcome, (lost, path));
            }
        }
        expected
    }
}

fn number() -> impl Strategy<Value = f64> {
    prop::sample::select(vec![1.0, 0.75, 0.5, 0.25])
}

prop_compose! {
    fn graph()(
        slugs in Just((b'a'..).take(SERVICES as usize).map(|letter| char::from(letter).to_string()).collect::<Vec<_>>()).prop_shuffle(),
        retired in prop::collection::btree_set(0..SERVICES, 0..3),
        needs in prop::collection::btree_map((0..SERVICES, 0..SERVICES), number(), 0..24),
        contributions in prop::collection::btree_map(
            0..SERVICES,
            prop::collection::btree_map(0..OUTCOMES, number(), 0..3).prop_map(|shares| shares.into_iter().collect()),
            0..6,
        ),
    ) -> Small {
        let needs = needs.into_iter().filter(|((one, other), _)| one != other).collect();
        Small { slugs, retired, needs, contributions }
    }
}

proptest! {
    #[test]
    fn losses_and_paths_are_those_of_all_chains(
        graph in graph(),
        failed in prop::collection::vec(0..SERVICES, 0..4),
        severity in prop::sample::select(vec![Severity::Outage, Severity::Degraded]),
    ) {
        let share = severity.loss();
        let losses = Losses::of(&graph, &failed, share);
        let expected = Small::expected_losses(&graph.chains(&failed, share));
        let found: BTreeMap<_, _> = losses.services().map(|service| (service, losses.loss(service))).collect();
        prop_assert_eq!(found, expected);
        let mut outcomes = losses.outcomes(&graph);
        outcomes.sort_by_key(|lost| lost.outcome);
        let expected = graph.expected_outcomes(&failed, share);
        let names: Vec<u8> = outcomes.iter().map(|lost| lost.outcome).collect();
        prop_assert_eq!(names, expected.keys().copied().collect::<Vec<_>>());
        for OutcomeLoss { outcome, loss, path } in outcomes {
            let (expected, chain) = &expected[&outcome];
            prop_assert!((loss - expected).abs() < 1e-11, "{} is not {}", loss, expected);
            prop_assert_eq!(&path, chain);
        }
    }

    #[test]
    fn what_more_fails_never_costs_less(
        graph in graph(),
        failed in prop::collection::vec(0..SERVICES, 1..4),
        more in 0..SERVICES,
    ) {
        let before = Losses::of(&graph, &failed, 0.5);
        let mut all = failed;
        all.push(more);
        let after = Losses::of(&graph, &all, 0.5);
        for service in before.services() {
            prop_assert!(after.loss(service) >= before.loss(service));
        }
        for lost in before.outcomes(&graph) {
            let outcomes = after.outcomes(&graph);
            let then = outcomes.iter().find(|other| other.outcome == lost.outcome);
            prop_assert!(then.is_some_and(|then| then.loss >= lost.loss));
        }
    }

    /// The catalog's graph follows every change of services, whatever came before.
    #[test]
    fn the_graph_of_a_catalog_is_what_its_services_say(
        states in prop::collection::vec(
            (0..SERVICES, prop::option::weighted(0.8, (any::<bool>(), prop::collection::btree_map(0..SERVICES, number(), 0..5),
                prop::collection::btree_map(0..OUTCOMES, number(), 0..3)))),
            1..40,
        ),
    ) {
        let mut catalog = Catalog::default();
        for outcome in 0..OUTCOMES {
            catalog.put(Arc::new(outcome_of(outcome)));
        }
        for (service, state) in states {
            match state {
                Some((is_retired, needs, shares)) => {
                    catalog.put(Arc::new(service_of(service, is_retired, needs, shares)));
                }
                None => catalog.remove(id(service)),
            }
        }
        let mut rebuilt = Catalog::default();
        for outcome in catalog.outcomes.iter() {
            rebuilt.put(Arc::clone(outcome));
        }
        for service in catalog.services.iter() {
            rebuilt.put(Arc::clone(service));
        }
        for service in 0..SERVICES {
            let impact = catalog.impact(&[id(service)], Severity::Outage);
            prop_assert_eq!(&impact, &rebuilt.impact(&[id(service)], Severity::Outage));
            prop_assert_eq!(&impact, &catalog.impact(&[id(service)], Severity::Outage), "as remembered");
        }
    }
}

fn id(service: Place) -> Id<Service> {
    Id::new(Uuid::from_u128(u128::from(service) + 1))
}

fn header(key: Uuid, slug: String) -> Header {
    Header {
        id: key,
        name: slug.clone(),
        slug,
        annotations: serde_json::Map::new(),
        origin: None,
        unresolved: Vec::new(),
        version: 1,
        created_at: Timestamp::UNIX_EPOCH,
        updated_at: Timestamp::UNIX_EPOCH,
    }
}

fn service_of(
    service: Place,
    is_retired: bool,
    needs: BTreeMap<Place, f64>,
    shares: BTreeMap<u8, f64>,
) -> Service {
    let mut record = Service::blank(header(id(service).key(), format!("service-{service}")));
    if is_retired {
        record.lifecycle = Lifecycle::Retired;
    }
    let needs = needs.into_iter().filter(|(needed, _)| *needed != service);
    record.dependencies = needs
        .map(|(needed, strength)| {
            (
                id(needed),
                Dependency {
                    strength,
                    origin: None,
                },
            )
        })
        .collect();
    record.contributions = shares
        .into_iter()
        .map(|(outcome, share)| (outcome_id(outcome), share))
        .collect();
    record
}

fn outcome_id(outcome: u8) -> Id<Outcome> {
    Id::new(Uuid::from_u128(u128::from(outcome) + 1_000))
}

fn outcome_of(outcome: u8) -> Outcome {
    let mut record = Outcome::blank(header(
        outcome_id(outcome).key(),
        format!("outcome-{outcome}"),
    ));
    record.value_per_hour = Amount::from_stored(10_000 * (i64::from(outcome) + 1));
    record
}

#[test]
fn decimal_strengths_in_another_order_are_as_much() {
    let slugs = ["failed", "z1", "z2", "a1", "a2", "end"]
        .map(str::to_owned)
        .to_vec();
    let needs = [
        ((1, 0), 0.1),
        ((2, 1), 0.7),
        ((5, 2), 0.3),
        ((3, 0), 0.3),
        ((4, 3), 0.7),
        ((5, 4), 0.1),
    ];
    let graph = Small {
        slugs,
        retired: BTreeSet::new(),
        needs: needs.into_iter().collect(),
        contributions: [(5, vec![(0, 1.0)])].into_iter().collect(),
    };
    let losses = Losses::of(&graph, &[0], 1.0);
    assert_eq!(losses.path(5), [0, 3, 4, 5]);
    assert_eq!(losses.outcomes(&graph)[0].loss.to_string(), "0.021");
}

#[test]
fn money_is_rounded_once_to_the_ten_thousandth() {
    let amount = |text: &str| {
        let exact: Decimal = text.parse().expect("a number");
        Amount::from_decimal(exact).expect("an amount")
    };
    assert_eq!(share_of(amount("15500"), 0.8), amount("12400"));
    assert_eq!(share_of(amount("0.0001"), 0.5), amount("0.0001"));
    assert_eq!(share_of(amount("0.0001"), 0.49), amount("0"));
    assert_eq!(
        share_of(amount("922337203685477.5807"), 1.0),
        amount("922337203685477.5807")
    );
    assert_eq!(share_of(amount("100"), 1e-40), amount("0"));
    let greatest = amount("922337203685477.5807");
    assert_eq!(sum([greatest, greatest]), greatest);
}
