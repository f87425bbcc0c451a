//! Random small catalogs, and what is true of them by looking at everything.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use fastrand::Rng;
use kundig_tests::Server;
use serde_json::json;

use crate::support::mutate;

/// Strengths and shares with few bits, so that it is no matter in which order they are multiplied.
const SHARES: [f64; 4] = [1.0, 0.75, 0.5, 0.25];

/// A catalog with cycles, retired services, and agreements that are over.
pub(super) struct World {
    /// What its slugs begin with.
    pub(super) name: String,
    pub(super) services: Vec<Service>,
    pub(super) outcomes: Vec<Outcome>,
    /// Service, customer, and whether it is over.
    slas: Vec<(usize, usize, bool)>,
}

pub(super) struct Service {
    pub(super) slug: String,
    pub(super) is_retired: bool,
    /// What it needs, and how much.
    needs: BTreeMap<usize, f64>,
    contributions: BTreeMap<usize, f64>,
}

pub(super) struct Outcome {
    pub(super) slug: String,
    customer: usize,
    value: u32,
}

/// What should be lost.
pub(super) struct Expected {
    pub(super) value: f64,
    /// By slug: the loss, what it costs, and the path.
    pub(super) outcomes: BTreeMap<String, (f64, f64, Vec<String>)>,
    pub(super) affected: usize,
    pub(super) customers: BTreeSet<String>,
}

impl World {
    /// A random one of up to 12 services.
    pub(super) fn random(name: &str, random: &mut Rng) -> Self {
        let count = random.usize(2..=12);
        let outcomes = (0..random.usize(1..=4)).map(|number| Outcome {
            slug: format!("{name}-outcome-{number}"),
            customer: random.usize(..3),
            value: random.u32(..20) * 500,
        });
        let outcomes: Vec<Outcome> = outcomes.collect();
        let mut services: Vec<Service> = (0..count)
            .map(|number| Service {
                // In no order, so that paths that are equal else are told apart by more than their place.
                slug: format!("{name}-{}-{number}", char::from(b'a' + random.u8(..26))),
                is_retired: random.u8(..8) == 0,
                needs: BTreeMap::new(),
                contributions: BTreeMap::new(),
            })
            .collect();
        for _ in 0..random.usize(..count * 2) {
            let (from, to) = (random.usize(..count), random.usize(..count));
            if from != to {
                services[from].needs.insert(to, share(random));
            }
        }
        for _ in 0..random.usize(..count) {
            let (service, outcome) = (random.usize(..count), random.usize(..outcomes.len()));
            services[service]
                .contributions
                .insert(outcome, share(random));
        }
        let slas = (0..random.usize(..3))
            .map(|_| (random.usize(..count), random.usize(..3), random.bool()));
        Self {
            name: name.to_owned(),
            slas: slas.collect(),
            services,
            outcomes,
        }
    }

    fn customer(&self, number: usize) -> String {
        format!("{}-customer-{number}", self.name)
    }

    /// Brings it into a server's catalog, each service with an offering.
    pub(super) async fn import(&self, server: &Server) {
        let input = json!({"format": "KUNDIG", "source": self.yaml()});
        let answer = mutate(
            server,
            "importCatalog",
            "result { created warnings }",
            input,
        )
        .await;
        assert_eq!(answer.expect_payload()["result"]["warnings"], json!([]));
    }

    fn yaml(&self) -> String {
        let mut yaml = String::new();
        let mut document = |kind: &str, slug: &str, spec: String| {
            write!(
                yaml,
                "---\napiVersion: kundig/v1\nkind: {kind}\nmetadata: {{slug: {slug}, name: {slug}}}\nspec: {{{spec}}}\n"
            )
            .expect("text");
        };
        let calendar = format!("{}-calendar", self.name);
        document("SupportCalendar", &calendar, "timeZone: UTC".to_owned());
        for number in 0..3 {
            document("Customer", &self.customer(number), String::new());
        }
        for outcome in &self.outcomes {
            let customer = self.customer(outcome.customer);
            let spec = format!("customer: {customer}, valuePerHour: \"{}\"", outcome.value);
            document("BusinessOutcome", &outcome.slug, spec);
        }
        for service in &self.services {
            let lifecycle = if service.is_retired {
                "RETIRED"
            } else {
                "LIVE"
            };
            let needs = service.needs.iter().map(|(needed, strength)| {
                format!(
                    "{{service: {}, strength: {strength}}}",
                    self.services[*needed].slug
                )
            });
            let shares = service.contributions.iter().map(|(outcome, share)| {
                format!(
                    "{{outcome: {}, share: {share}}}",
                    self.outcomes[*outcome].slug
                )
            });
            let spec = format!(
                "kind: API, lifecycle: {lifecycle}, tier: TIER_3, dependencies: [{}], contributions: [{}]",
                needs.collect::<Vec<_>>().join(", "),
                shares.collect::<Vec<_>>().join(", "),
            );
            document("Service", &service.slug, spec);
            let spec = format!("service: {}", service.slug);
            document(
                "ServiceOffering",
                &format!("{}-offering", service.slug),
                spec,
            );
        }
        for (number, (service, customer, is_over)) in self.slas.iter().enumerate() {
            let until = if *is_over {
                ", validUntil: 2020-12-31"
            } else {
                ""
            };
            let spec = format!(
                "service: {}, customer: {}, calendar: {calendar}, validFrom: 2020-01-01{until}, \
                 targets: [{{metric: RESOLUTION_TIME, within: PT{}H, objective: \"90\"}}]",
                self.services[*service].slug,
                self.customer(*customer),
                number + 1,
            );
            document(
                "ServiceLevelAgreement",
                &format!("{}-sla-{number}", self.name),
                spec,
            );
        }
        yaml
    }

    /// Whether an outcome or an agreement that is not over wants a service.
    pub(super) fn is_wanted(&self, place: usize) -> bool {
        let mut slas = self.slas.iter();
        !self.services[place].contributions.is_empty()
            || slas.any(|(service, _, is_over)| *service == place && !is_over)
    }

    /// The outcomes that no service contributes to which is not retired.
    pub(super) fn outcomes_without_service(&self) -> impl Iterator<Item = &str> {
        let outcomes = self.outcomes.iter().enumerate();
        outcomes
            .filter(|(number, _)| {
                let mut services = self.services.iter().filter(|service| !service.is_retired);
                !services.any(|service| service.contributions.contains_key(number))
            })
            .map(|(_, outcome)| outcome.slug.as_str())
    }

    /// Every chain without a service twice that begins with a failed one, with what its end loses by it.
    fn chains(&self, failed: &[usize], lost: f64) -> Vec<(Vec<usize>, f64)> {
        let begin = failed
            .iter()
            .filter(|service| !self.services[**service].is_retired);
        let mut open: Vec<_> = begin.map(|&service| (vec![service], lost)).collect();
        let mut chains = Vec::new();
        while let Some((chain, loss)) = open.pop() {
            for (number, service) in self.services.iter().enumerate() {
                if service.is_retired || chain.contains(&number) {
                    continue;
                }
                if let Some(strength) = service.needs.get(&chain[chain.len() - 1]) {
                    let longer = chain.iter().copied().chain([number]).collect();
                    open.push((longer, loss * strength));
                }
            }
            chains.push((chain, loss));
        }
        chains
    }

    /// What is lost when these services fail together, each so much of it.
    pub(super) fn impact(&self, failed: &[usize], lost: f64) -> Expected {
        let chains = self.chains(failed, lost);
        let mut losses: BTreeMap<usize, f64> = BTreeMap::new();
        for (chain, loss) in &chains {
            let known = losses.entry(chain[chain.len() - 1]).or_default();
            *known = loss.max(*known);
        }
        let mut expected = Expected {
            value: 0.0,
            outcomes: BTreeMap::new(),
            affected: losses.len(),
            customers: BTreeSet::new(),
        };
        for (number, outcome) in self.outcomes.iter().enumerate() {
            let share = |service: usize| self.services[service].contributions.get(&number);
            let ways = chains.iter().filter_map(|(chain, loss)| {
                let part = share(chain[chain.len() - 1])? * loss;
                let slugs: Vec<_> = chain
                    .iter()
                    .map(|it| self.services[*it].slug.clone())
                    .collect();
                Some((-part, slugs.len(), slugs))
            });
            let mut ways: Vec<_> = ways.collect();
            ways.sort_by(|one, other| one.partial_cmp(other).expect("numbers"));
            let Some((_, _, path)) = ways.into_iter().next() else {
                continue;
            };
            let kept = losses
                .iter()
                .filter_map(|(service, loss)| Some(1.0 - share(*service)? * loss));
            let whole = 1.0 - kept.product::<f64>();
            let value = whole * f64::from(outcome.value);
            expected.value += value;
            expected.customers.insert(self.customer(outcome.customer));
            expected
                .outcomes
                .insert(outcome.slug.clone(), (whole, value, path));
        }
        for (service, customer, is_over) in &self.slas {
            if !is_over && losses.contains_key(service) {
                expected.customers.insert(self.customer(*customer));
            }
        }
        expected
    }
}

fn share(random: &mut Rng) -> f64 {
    SHARES[random.usize(..SHARES.len())]
}
