//! Impact against an oracle that follows every chain there is.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use proptest::prelude::*;
use rust_decimal::Decimal;
use uuid::Uuid;

use super::known::Impact;
use super::rules::{Graph, Place, Share, sum};
use super::search::{Losses, OutcomeLoss};
use crate::catalog::services::rules::{Dependency, Lifecycle, Service};
use crate::incidents::rules::Severity;
use crate::outcomes::rules::Outcome;
use crate::shared::edit::Editable;
use crate::shared::ids::Id;
use crate::shared::money::Amount;
use crate::shared::record::Header;
use crate::snapshot::Catalog;

const SERVICES: Place = 8;
const OUTCOMES: Place = 3;

/// A small graph, cycles and all. Its numbers have few bits, so that their products are exact.
#[derive(Clone, Debug)]
struct Small {
    slugs: Vec<String>,
    retired: BTreeSet<Place>,
    /// Who needs whom, and how much.
    needs: BTreeMap<(Place, Place), f64>,
    contributions: BTreeMap<Place, Vec<(Place, f64)>>,
}

impl Graph for Small {
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

    fn contributions(&self, service: Place) -> &[(Place, f64)] {
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

    fn expected_outcomes(
        &self,
        failed: &[Place],
        share: f64,
    ) -> BTreeMap<Place, (f64, Vec<Place>)> {
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
        let found: BTreeMap<_, _> = losses.services().iter().map(|&service| (service, losses.loss(service))).collect();
        prop_assert_eq!(found, expected);
        let mut outcomes: Vec<_> = losses.outcomes().collect();
        outcomes.sort_by_key(|lost| lost.outcome);
        let expected = graph.expected_outcomes(&failed, share);
        let names: Vec<Place> = outcomes.iter().map(|lost| lost.outcome).collect();
        prop_assert_eq!(names, expected.keys().copied().collect::<Vec<_>>());
        for OutcomeLoss { outcome, loss, service } in outcomes {
            let (expected, chain) = &expected[&outcome];
            prop_assert!((loss - expected).abs() < 1e-11, "{} is not {}", loss, expected);
            prop_assert_eq!(&path(&losses, service), chain);
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
        for &service in before.services() {
            prop_assert!(after.loss(service) >= before.loss(service));
        }
        for lost in before.outcomes() {
            let then = after.outcomes().find(|other| other.outcome == lost.outcome);
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
        let rebuilt = rebuilt(&catalog);
        for service in 0..SERVICES {
            let impact = catalog.impact(&[id(service)], Severity::Outage);
            prop_assert_eq!(told(&catalog, &impact), told(&rebuilt, &rebuilt.impact(&[id(service)], Severity::Outage)));
            prop_assert!(Arc::ptr_eq(&impact, &catalog.impact(&[id(service)], Severity::Outage)), "as remembered");
        }
    }
}

/// The same catalog, made from its records, with nothing remembered.
fn rebuilt(catalog: &Catalog) -> Catalog {
    let mut rebuilt = Catalog::default();
    for outcome in catalog.outcomes.iter() {
        rebuilt.put(Arc::clone(outcome));
    }
    for service in catalog.services.iter() {
        rebuilt.put(Arc::clone(service));
    }
    rebuilt
}

type Told = (
    Amount,
    usize,
    Vec<(Id<Outcome>, f64, Amount, Vec<Id<Service>>)>,
);

/// All that an impact says.
fn told(catalog: &Catalog, impact: &Impact) -> Told {
    let outcomes = impact.outcomes.iter().map(|lost| {
        let path = impact.path(catalog, lost);
        (lost.outcome, lost.loss, lost.value_per_hour, path)
    });
    (impact.value_per_hour, impact.affected, outcomes.collect())
}

/// What happens to a catalog that is asked now and then, also as it was before.
#[derive(Clone, Debug)]
enum Step {
    Put(Place, bool, BTreeMap<Place, f64>, BTreeMap<Place, f64>),
    Remove(Place),
    Value(Place, i64),
    Ask(prop::sample::Index, Place),
}

fn step() -> impl Strategy<Value = Step> {
    let needs = prop::collection::btree_map(0..SERVICES, number(), 0..3);
    let shares = prop::collection::btree_map(0..OUTCOMES, number(), 0..2);
    prop_oneof![
        3 => (0..SERVICES, prop::bool::weighted(0.2), needs, shares)
            .prop_map(|(service, is_retired, needs, shares)| Step::Put(service, is_retired, needs, shares)),
        1 => (0..SERVICES).prop_map(Step::Remove),
        1 => (0..OUTCOMES, 0..1_000_000_i64).prop_map(|(outcome, value)| Step::Value(outcome, value)),
        5 => (any::<prop::sample::Index>(), 0..SERVICES).prop_map(|(catalog, service)| Step::Ask(catalog, service)),
    ]
}

proptest! {
    /// Whatever is remembered, on whichever state of the catalog and in whichever order they are asked.
    #[test]
    fn what_is_remembered_is_true(steps in prop::collection::vec(step(), 1..60)) {
        let mut catalogs = vec![Catalog::default()];
        for step in steps {
            let mut next = catalogs[catalogs.len() - 1].clone();
            match step {
                Step::Put(service, is_retired, needs, shares) => {
                    next.put(Arc::new(service_of(service, is_retired, needs, shares)));
                }
                Step::Remove(service) => next.remove(id(service)),
                Step::Value(outcome, value) => {
                    let mut record = outcome_of(outcome);
                    record.value_per_hour = Amount::from_stored(value);
                    next.put(Arc::new(record));
                }
                Step::Ask(which, service) => {
                    let catalog = which.get(&catalogs);
                    let expected = rebuilt(catalog);
                    let failed = [id(service)];
                    let impacts = [catalog, &expected].map(|it| told(it, &it.impact(&failed, Severity::Outage)));
                    prop_assert_eq!(&impacts[0], &impacts[1]);
                    prop_assert_eq!(catalog.impact_in_brief(&failed, Severity::Minor), expected.impact_in_brief(&failed, Severity::Minor));
                    continue;
                }
            }
            catalogs.push(next);
        }
    }
}

#[test]
fn an_edit_that_an_impact_does_not_rest_on_leaves_it_known() {
    let mut catalog = Catalog::default();
    catalog.put(Arc::new(outcome_of(0)));
    let needs = |service| BTreeMap::from([(service, 0.5)]);
    let shares = || BTreeMap::from([(0, 1.0)]);
    catalog.put(Arc::new(service_of(
        0,
        false,
        BTreeMap::new(),
        BTreeMap::new(),
    )));
    catalog.put(Arc::new(service_of(1, false, needs(0), shares())));
    catalog.put(Arc::new(service_of(2, false, BTreeMap::new(), shares())));
    let ask = |catalog: &Catalog, service| catalog.impact(&[id(service)], Severity::Outage);
    let (one, other) = (ask(&catalog, 0), ask(&catalog, 2));
    // Nothing that counts, though it is another record.
    let mut renamed = service_of(1, false, needs(0), shares());
    renamed.header.name = "Another name".to_owned();
    catalog.put(Arc::new(renamed));
    assert!(Arc::ptr_eq(&one, &ask(&catalog, 0)));
    // What the first needs, directly or not, is not known any more; the rest is.
    catalog.put(Arc::new(service_of(1, false, needs(0), BTreeMap::new())));
    assert!(ask(&catalog, 0).outcomes.is_empty());
    assert!(Arc::ptr_eq(&other, &ask(&catalog, 2)));
}

#[test]
fn a_service_that_very_many_need_or_that_is_for_very_much_loses_nothing_on_the_way() {
    let mut catalog = Catalog::default();
    let outcomes = || (0..200).map(|outcome| (outcome, 0.5)).collect();
    for outcome in 0..200 {
        catalog.put(Arc::new(outcome_of(outcome)));
    }
    catalog.put(Arc::new(service_of(0, false, BTreeMap::new(), outcomes())));
    for dependent in 1..=200 {
        let needs = BTreeMap::from([(0, 0.5)]);
        catalog.put(Arc::new(service_of(
            dependent,
            false,
            needs,
            BTreeMap::new(),
        )));
    }
    let impact = catalog.impact(&[id(0)], Severity::Outage);
    assert_eq!((impact.affected, impact.outcomes.len()), (201, 200));
    for dependent in 1..=199 {
        catalog.remove(id(dependent));
    }
    catalog.put(Arc::new(service_of(
        0,
        false,
        BTreeMap::new(),
        BTreeMap::new(),
    )));
    let impact = catalog.impact(&[id(0)], Severity::Outage);
    assert_eq!((impact.affected, impact.outcomes.len()), (2, 0));
    catalog.remove(id(0));
    catalog.remove(id(200));
    assert_eq!(
        catalog.impact_graph.len(),
        (0, 200),
        "only the outcomes are left"
    );
}

fn path(losses: &Losses, service: Place) -> Vec<Place> {
    let mut path: Vec<Place> = losses.chain(service).collect();
    path.reverse();
    path
}

fn id(service: Place) -> Id<Service> {
    Id::new(Uuid::from_u128(u128::from(service) + 1))
}

fn header(key: Uuid, slug: String) -> Header {
    Header::new(key, slug.clone(), slug, Timestamp::UNIX_EPOCH)
}

fn service_of(
    service: Place,
    is_retired: bool,
    needs: BTreeMap<Place, f64>,
    shares: BTreeMap<Place, f64>,
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

fn outcome_id(outcome: Place) -> Id<Outcome> {
    Id::new(Uuid::from_u128(u128::from(outcome) + 1_000))
}

fn outcome_of(outcome: Place) -> Outcome {
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
    assert_eq!(path(&losses, 5), [0, 3, 4, 5]);
    let lost = losses.outcomes().next().expect("it loses something");
    assert_eq!(Share::of(lost.loss).to_f64().to_string(), "0.021");
}

#[test]
fn money_is_rounded_once_to_the_ten_thousandth() {
    let amount = |text: &str| {
        let exact: Decimal = text.parse().expect("a number");
        Amount::from_decimal(exact).expect("an amount")
    };
    let share_of = |amount, share| Share::of(share).of_amount(amount);
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

fn number_of_twelve_digits() -> impl Strategy<Value = (u64, u32)> {
    (100_000_000_000_u64..1_000_000_000_000, 12_u32..30)
}

proptest! {
    /// The decimal number that a person would have written is found, whatever a double makes of it.
    #[test]
    fn shares_are_rounded_to_twelve_digits((digits, places) in number_of_twelve_digits(), noise in -9_i64..=9, more in 0_u64..=99) {
        let written: f64 = format!("{digits}{more:02}e-{}", places + 2).parse().expect("a number");
        // A few bits of noise, as products have.
        let noisy = f64::from_bits(written.to_bits().checked_add_signed(noise).expect("a number"));
        let rounded = digits + u64::from(more >= 50);
        let expected: f64 = format!("{rounded}e-{places}").parse().expect("a number");
        prop_assert_eq!(Share::of(noisy).to_f64().to_bits(), expected.to_bits());
    }

    #[test]
    fn shares_of_amounts_are_exact_but_for_one_rounding((digits, places) in number_of_twelve_digits(), stored in 0..i64::MAX) {
        let share: f64 = format!("{digits}e-{places}").parse().expect("a number");
        let amount = Share::of(share).of_amount(Amount::from_stored(stored)).stored();
        let divisor = 10_i128.pow(places);
        let twice_exact = 2 * i128::from(stored) * i128::from(digits);
        prop_assert!((2 * i128::from(amount) * divisor - twice_exact).abs() <= divisor);
    }
}
