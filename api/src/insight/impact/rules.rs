//! What a failure costs: the strongest chains from what failed to what the business wants.
//!
//! The rules of the design ("Business impact"):
//!
//! ```text
//! loss(s)      = max(own w, max over dependencies d of s: strength(s→d) × loss(d))
//! L(o)         = 1 − Π over contributions (1 − share × loss(service))
//! valuePerHour = L(o) × o.valuePerHour
//! ```
//!
//! Since strengths are at most 1, a chain never gains by going on, so a best-first search (Dijkstra's, with products for sums)
//! settles each service once, cycles or not, and looks only at what loses something.
//!
//! # Where it is rounded
//!
//! Losses are products of `f64`. L(o) is rounded to twelve significant digits, beyond which such a product is noise; the money
//! that an outcome loses is that decimal number times its exact value per hour, rounded once to the ten-thousandth. Sums of
//! money are sums of whole ten-thousandths: exact. Two chains count as equal if their losses are equal to twelve digits,
//! so that 0.3 × 0.7 × 0.1 is as much as 0.1 × 0.7 × 0.3.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::hash::Hash;

use foldhash::{HashMap as FastMap, HashMapExt};
use rust_decimal::prelude::{FromPrimitive, ToPrimitive};
use rust_decimal::{Decimal, RoundingStrategy};

use crate::incidents::rules::Severity;
use crate::shared::money::Amount;

/// Where a service is in a graph.
pub type Place = u32;

/// What impact is worked out on: services, what needs them, and what they are for.
pub trait Graph {
    /// What names an outcome.
    type Outcome: Copy + Eq + Hash;

    /// Whether there is a service that can lose something: one that is not retired.
    fn can_lose(&self, service: Place) -> bool;

    /// The service's slug; chains that are equal else are ordered by it.
    fn slug(&self, service: Place) -> &str;

    /// Calls back with each service that needs this one, and the share of its work that stops with it, in (0, 1].
    fn each_dependent(&self, service: Place, visit: impl FnMut(Place, f64));

    /// The outcomes that rest on the service, with the share of each that is lost while it is down, in (0, 1].
    fn contributions(&self, service: Place) -> &[(Self::Outcome, f64)];
}

impl Severity {
    /// The share of a service that is lost, in (0, 1].
    pub fn loss(self) -> f64 {
        match self {
            Self::Outage => 1.0,
            Self::Degraded => 0.5,
            Self::Minor => 0.1,
        }
    }
}

/// What services lose when some fail together.
#[derive(Debug, Default)]
pub struct Losses {
    labels: FastMap<Place, Label>,
}

/// The best chain to a service that is known so far.
#[derive(Clone, Copy, Debug)]
struct Label {
    /// What the service loses by it, in (0, 1].
    loss: f64,
    /// How many dependencies it has.
    length: u32,
    /// The service before; none for one that failed itself.
    from: Option<Place>,
    /// Whether no better chain can come.
    is_settled: bool,
}

/// What an outcome loses.
#[derive(Clone, Debug, PartialEq)]
pub struct OutcomeLoss<O> {
    /// The outcome.
    pub outcome: O,
    /// Share of it that is lost, in (0, 1], to twelve significant digits.
    pub loss: f64,
    /// The chain with the largest share × loss, from a failed service to one that contributes to the outcome.
    pub path: Vec<Place>,
}

/// Best first: the greatest loss, then the shortest chain; places only make the order a total one.
type Waiting = (u64, Reverse<u32>, Reverse<Place>);

impl Losses {
    /// What services lose when these fail together, each by this share of it, in (0, 1]. Those that can lose nothing are
    /// passed over.
    pub fn of<G: Graph>(graph: &G, failed: &[Place], share: f64) -> Self {
        let mut losses = Self::default();
        let mut waiting: BinaryHeap<Waiting> = BinaryHeap::new();
        for &service in failed {
            if graph.can_lose(service) {
                let label = Label {
                    loss: share,
                    length: 0,
                    from: None,
                    is_settled: false,
                };
                losses.labels.insert(service, label);
                waiting.push((rank(share), Reverse(0), Reverse(service)));
            }
        }
        while let Some((_, _, Reverse(service))) = waiting.pop() {
            let Some(label) = losses.labels.get_mut(&service) else {
                continue;
            };
            if label.is_settled {
                continue;
            }
            label.is_settled = true;
            let reached = *label;
            graph.each_dependent(service, |dependent, strength| {
                let label = Label {
                    loss: reached.loss * strength,
                    length: reached.length + 1,
                    from: Some(service),
                    is_settled: false,
                };
                losses.offer(graph, dependent, label, &mut waiting);
            });
        }
        losses
    }

    /// Takes a chain to a service if it is better than the one that is known.
    fn offer<G: Graph>(
        &mut self,
        graph: &G,
        service: Place,
        label: Label,
        waiting: &mut BinaryHeap<Waiting>,
    ) {
        let known = self.labels.get(&service).copied();
        // A product of many small strengths may become nothing.
        if known.is_some_and(|known| known.is_settled) || label.loss <= 0.0 {
            return;
        }
        match known {
            None if !graph.can_lose(service) => return,
            Some(known) => {
                let (new, old) = (label.merit(), known.merit());
                if new < old {
                    return;
                }
                if new == old {
                    // It waits at this merit already; only the way to it may become another.
                    if !self.comes_first(graph, label.from, known.from) {
                        return;
                    }
                    self.labels.insert(service, label);
                    return;
                }
            }
            None => {}
        }
        self.labels.insert(service, label);
        waiting.push((rank(label.loss), Reverse(label.length), Reverse(service)));
    }

    /// Whether the chain to one service is before that to another, both of the same length, by their services' slugs.
    fn comes_first<G: Graph>(&self, graph: &G, one: Option<Place>, other: Option<Place>) -> bool {
        let (mut one, mut other) = (one, other);
        let mut first = false;
        // Where the chains part, seen from their beginnings, is where they differ last on the way back.
        while let (Some(here), Some(there)) = (one, other) {
            if here == there {
                break;
            }
            first = graph.slug(here) < graph.slug(there);
            one = self.before(here);
            other = self.before(there);
        }
        first
    }

    fn before(&self, service: Place) -> Option<Place> {
        self.labels.get(&service)?.from
    }

    /// How many services lose something, the failed ones included.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether none does.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// The services that lose something, in no order.
    pub fn services(&self) -> impl Iterator<Item = Place> {
        self.labels.keys().copied()
    }

    /// What a service loses, in [0, 1].
    pub fn loss(&self, service: Place) -> f64 {
        self.labels.get(&service).map_or(0.0, |label| label.loss)
    }

    /// The chain by which a service loses most, from a failed one to itself; empty where it loses nothing.
    pub fn path(&self, service: Place) -> Vec<Place> {
        let Some(mut label) = self.labels.get(&service) else {
            return Vec::new();
        };
        let mut path = vec![service];
        while let Some(from) = label.from {
            path.push(from);
            match self.labels.get(&from) {
                Some(before) => label = before,
                None => break,
            }
        }
        path.reverse();
        path
    }

    /// What the outcomes lose that lose something, in no order.
    pub fn outcomes<G: Graph>(&self, graph: &G) -> Vec<OutcomeLoss<G::Outcome>> {
        let mut lost: FastMap<G::Outcome, Lost> = FastMap::new();
        for (&service, label) in &self.labels {
            for &(outcome, share) in graph.contributions(service) {
                let part = share * label.loss;
                if part <= 0.0 {
                    continue;
                }
                let new = Lost::by(service, part, label.length);
                lost.entry(outcome)
                    .and_modify(|known| self.join(graph, known, &new))
                    .or_insert(new);
            }
        }
        lost.into_iter()
            .map(|(outcome, lost)| OutcomeLoss {
                outcome,
                loss: to_twelve_digits(lost.whole),
                path: self.path(lost.service),
            })
            .collect()
    }

    /// Adds what an outcome loses by one more service.
    fn join<G: Graph>(&self, graph: &G, known: &mut Lost, new: &Lost) {
        let whole = united(known.whole, new.whole);
        let is_better = match new.merit().cmp(&known.merit()) {
            std::cmp::Ordering::Greater => true,
            std::cmp::Ordering::Less => false,
            std::cmp::Ordering::Equal => {
                self.comes_first(graph, Some(new.service), Some(known.service))
            }
        };
        if is_better {
            *known = Lost { whole, ..*new };
        } else {
            known.whole = whole;
        }
    }
}

impl Label {
    /// What makes one chain to a service better than another, before their slugs do.
    fn merit(&self) -> (u64, Reverse<u32>) {
        (rank(self.loss), Reverse(self.length))
    }
}

/// What an outcome loses as far as it is added up.
#[derive(Clone, Copy, Debug)]
struct Lost {
    /// Share of it, by all services.
    whole: f64,
    /// The service by which it loses most.
    service: Place,
    /// Share of the outcome that it loses by that one.
    part: f64,
    /// How long the chain to it is.
    length: u32,
}

impl Lost {
    fn by(service: Place, part: f64, length: u32) -> Self {
        Self {
            whole: part,
            service,
            part,
            length,
        }
    }

    fn merit(&self) -> (u64, Reverse<u32>) {
        (rank(self.part), Reverse(self.length))
    }
}

/// `1 − (1 − a)(1 − b)` so that small shares keep their digits.
fn united(a: f64, b: f64) -> f64 {
    (a + b * (1.0 - a)).min(1.0)
}

/// A positive number's place in their order, with those that are equal to twelve digits mostly at the same one.
fn rank(number: f64) -> u64 {
    /// Of the 52 bits of the fraction 40 stay.
    const NOISE: u32 = 12;
    (number.to_bits() + (1 << (NOISE - 1))) >> NOISE
}

/// The number rounded to twelve significant digits.
fn to_twelve_digits(number: f64) -> f64 {
    let rounded = Decimal::from_f64(number).and_then(|decimal| {
        decimal
            .round_sf_with_strategy(12, RoundingStrategy::MidpointAwayFromZero)?
            .to_f64()
    });
    // What a decimal can't hold is so small that it has no money left in it.
    rounded.filter(|rounded| *rounded > 0.0).unwrap_or(number)
}

/// A share of an amount, rounded to the ten-thousandth, halves away from zero.
pub fn share_of(amount: Amount, share: f64) -> Amount {
    let exact = Decimal::from_f64(share)
        .and_then(|share| share.checked_mul(Decimal::from(amount.stored())));
    let rounded = exact.and_then(|exact| {
        exact
            .round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero)
            .to_i64()
    });
    // Of shares up to 1 only those are left that are too small for a decimal.
    Amount::from_stored(rounded.unwrap_or_default())
}

/// A sum of amounts; more than the greatest amount there is becomes that.
pub fn sum(amounts: impl IntoIterator<Item = Amount>) -> Amount {
    let sum = |sum: i64, amount: Amount| sum.saturating_add(amount.stored());
    Amount::from_stored(amounts.into_iter().fold(0, sum))
}
