//! The strongest chains from what failed to what the business wants.
//!
//! Since strengths are at most 1, a chain never gains by going on, so a best-first search (Dijkstra's, with products for sums)
//! settles each service once, cycles or not, and looks only at what loses something.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::hint::black_box;

use super::rules::{Graph, Place};
use super::sparse::Sparse;

/// What services and outcomes lose when some services fail together.
#[derive(Debug, Default)]
pub struct Losses {
    labels: Sparse<Label>,
    /// The services that lose something, the greatest loss first.
    services: Vec<Place>,
    lost: Sparse<Lost>,
    /// The outcomes that lose something.
    outcomes: Vec<Place>,
}

/// The best chain to a service that is known so far; a loss of nothing where there is none.
#[derive(Clone, Copy, Debug, Default)]
struct Label {
    /// What the service loses by it, in (0, 1].
    loss: f64,
    /// The service before; itself for one that failed itself.
    from: Place,
    /// How many dependencies it has.
    length: Length,
}

/// A chain's length, and whether no better chain can come: so a label has no gaps, and more of them are at hand.
#[derive(Clone, Copy, Debug, Default)]
struct Length(u32);

/// What an outcome loses as far as it is added up; nothing where nothing is.
#[derive(Clone, Copy, Debug, Default)]
struct Lost {
    /// Share of it, by all services.
    whole: f64,
    /// Share of it by the service by which it loses most.
    part: f64,
    /// That service.
    service: Place,
    /// How long the chain to it is.
    length: u32,
}

/// What an outcome loses.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OutcomeLoss {
    /// The outcome.
    pub outcome: Place,
    /// Share of it that is lost, in (0, 1].
    pub loss: f64,
    /// Where the chain with the largest share × loss ends.
    pub service: Place,
}

impl Losses {
    /// What is lost when these services fail together, each by this share of it, in (0, 1]. Those that can lose nothing are
    /// passed over.
    pub fn of<G: Graph>(graph: &G, failed: &[Place], share: f64) -> Self {
        let mut losses = Self::default();
        let mut waiting = Waiting::default();
        for &service in failed {
            let label = Label {
                loss: share,
                from: service,
                length: Length(0),
            };
            *losses.labels.at(service) = label;
            waiting.push(label.merit(), service);
        }
        while let Some(service) = waiting.pop(graph, &losses.labels) {
            if let Some(reached) = losses.settle(graph, service) {
                losses.add_outcomes(graph, service, reached);
                graph.each_dependent(service, |dependent, strength| {
                    let label = Label {
                        loss: reached.loss * strength,
                        from: service,
                        length: Length(reached.length.get() + 1),
                    };
                    losses.offer(graph, dependent, label, &mut waiting);
                });
            }
        }
        losses
    }

    /// Takes a service's label for final, whose turn it is for the first time.
    fn settle<G: Graph>(&mut self, graph: &G, service: Place) -> Option<Label> {
        let label = self.labels.at(service);
        if label.length.is_settled() {
            return None;
        }
        label.length.settle();
        if !graph.can_lose(service) {
            label.loss = 0.0;
            return None;
        }
        let reached = *label;
        self.services.push(service);
        Some(reached)
    }

    /// Takes a chain to a service if it is better than the one that is known.
    fn offer<G: Graph>(&mut self, graph: &G, service: Place, label: Label, waiting: &mut Waiting) {
        let known = *self.labels.at(service);
        // A product of many small strengths may become nothing.
        if known.length.is_settled() || label.loss <= 0.0 {
            return;
        }
        match label.merit().cmp(&known.merit()) {
            Ordering::Less => return,
            // It waits at this merit already; only the way to it may become another.
            Ordering::Equal if !self.comes_first(graph, label.from, known.from) => return,
            Ordering::Equal => {}
            Ordering::Greater => waiting.push(label.merit(), service),
        }
        *self.labels.at(service) = label;
    }

    /// Adds what outcomes lose by a service.
    fn add_outcomes<G: Graph>(&mut self, graph: &G, service: Place, label: Label) {
        for &(outcome, share) in graph.contributions(service) {
            let part = share * label.loss;
            if part <= 0.0 {
                continue;
            }
            let known = *self.lost.at(outcome);
            if known.whole <= 0.0 {
                self.outcomes.push(outcome);
            }
            let new = Lost {
                whole: united(known.whole, part),
                part,
                service,
                length: label.length.get(),
            };
            let is_better = match new.merit().cmp(&known.merit()) {
                Ordering::Greater => true,
                Ordering::Less => false,
                Ordering::Equal => self.comes_first(graph, service, known.service),
            };
            *self.lost.at(outcome) = if is_better {
                new
            } else {
                Lost {
                    whole: new.whole,
                    ..known
                }
            };
        }
    }

    /// Whether the chain to one service is before that to another, both of the same length, by their services' slugs.
    fn comes_first<G: Graph>(&self, graph: &G, one: Place, other: Place) -> bool {
        let (mut one, mut other) = (one, other);
        // Where the chains part, seen from their beginnings, is where they differ last on the way back.
        while let (Some(before_one), Some(before_other)) = (self.before(one), self.before(other)) {
            if before_one == before_other {
                break;
            }
            (one, other) = (before_one, before_other);
        }
        graph.slug(one) < graph.slug(other)
    }

    /// The service before this one in its chain.
    fn before(&self, service: Place) -> Option<Place> {
        let label = self.labels.get(service)?;
        (label.loss > 0.0 && label.from != service).then_some(label.from)
    }

    /// The services that lose something, the failed ones included, the greatest loss first.
    pub fn services(&self) -> &[Place] {
        &self.services
    }

    /// What a service loses, in [0, 1].
    pub fn loss(&self, service: Place) -> f64 {
        self.labels.get(service).map_or(0.0, |label| label.loss)
    }

    /// The chain by which a service loses most, from itself back to a failed one.
    pub fn chain(&self, service: Place) -> impl Iterator<Item = Place> {
        std::iter::successors(Some(service), |&service| self.before(service))
    }

    /// What the outcomes lose that lose something, in no order.
    pub fn outcomes(&self) -> impl ExactSizeIterator<Item = OutcomeLoss> {
        self.outcomes.iter().map(|&outcome| {
            let lost = self.lost.get(outcome).copied().unwrap_or_default();
            OutcomeLoss {
                outcome,
                loss: lost.whole,
                service: lost.service,
            }
        })
    }
}

impl Label {
    fn merit(&self) -> Merit {
        (rank(self.loss), Reverse(self.length.get()))
    }
}

impl Length {
    const SETTLED: u32 = 1 << 31;

    fn get(self) -> u32 {
        self.0 & !Self::SETTLED
    }

    fn is_settled(self) -> bool {
        self.0 & Self::SETTLED != 0
    }

    fn settle(&mut self) {
        self.0 |= Self::SETTLED;
    }
}

impl Lost {
    fn merit(&self) -> Merit {
        (rank(self.part), Reverse(self.length))
    }
}

/// `1 − (1 − a)(1 − b)` so that small shares keep their digits.
fn united(a: f64, b: f64) -> f64 {
    (a + b * (1.0 - a)).min(1.0)
}

/// Of a fraction's 52 bits 40 count: those that are equal to twelve digits are mostly at the same rank.
const NOISE: u32 = 12;

/// A number's place in their order, with nothing at the lowest; not for negative ones.
fn rank(number: f64) -> u64 {
    (number.to_bits() + (1 << (NOISE - 1))) >> NOISE
}

/// What makes one chain better than another, before their slugs do: the greater loss, then the shorter chain.
type Merit = (u64, Reverse<u32>);

/// When a service is looked at: by merit; places only make the order a total one.
type Turn = (Merit, Reverse<Place>);

/// The services that wait for their turn.
///
/// Turns only come in that are later than the last that was taken. So those far off are thrown together with their like, and put in
/// order when they are near; and those that come right after what has the last one's merit, because something needs all of a
/// service, need no order. When they are near is also when what they will want is read: reads that don't wait for each other take a
/// fraction of the time of one after the other.
#[derive(Debug, Default)]
struct Waiting {
    /// The last turn that was taken.
    last: Merit,
    /// Services with this merit.
    even: Vec<Place>,
    /// Services that lose as much by a chain that is longer by one.
    next: Vec<Place>,
    near: BinaryHeap<Turn>,
    /// How far off those are that are near.
    now: usize,
    far: Vec<Vec<Turn>>,
}

/// A power of two has so many steps, as a power of two: losses that differ by less than some 4 % are thrown together.
const STEPS: u32 = 4;
/// From here on all are: losses of less than 2⁻⁶⁴.
const FARTHEST: usize = 64 << STEPS;

impl Waiting {
    fn push(&mut self, merit: Merit, service: Place) {
        if merit == self.longer() {
            self.next.push(service);
            return;
        }
        let distance = rank(1.0).saturating_sub(merit.0) >> (52 - NOISE - STEPS);
        let distance = usize::try_from(distance).map_or(FARTHEST, |it| it.min(FARTHEST));
        if distance <= self.now {
            self.near.push((merit, Reverse(service)));
            return;
        }
        if self.far.len() <= distance {
            self.far.resize_with(distance + 1, Vec::new);
        }
        self.far[distance].push((merit, Reverse(service)));
    }

    /// The merit of those that lose as much as the last, by a chain that is longer by one.
    fn longer(&self) -> Merit {
        let (rank, Reverse(length)) = self.last;
        (rank, Reverse(length + 1))
    }

    fn pop<G: Graph>(&mut self, graph: &G, labels: &Sparse<Label>) -> Option<Place> {
        if let Some(service) = self.even.pop() {
            return Some(service);
        }
        let nearest = self.near.peek().map(|(merit, _)| *merit);
        if !self.next.is_empty() && nearest.is_none_or(|nearest| nearest <= self.longer()) {
            self.last = self.longer();
            std::mem::swap(&mut self.even, &mut self.next);
            touch(graph, self.even.iter().copied());
            return self.even.pop();
        }
        while self.near.is_empty() {
            self.now += 1;
            let mut near = std::mem::take(self.far.get_mut(self.now)?);
            // What has become better since has another turn, and has had it.
            near.retain(|((rank_then, _), Reverse(service))| {
                let label = labels.get(*service);
                label.is_some_and(|label| rank(label.loss) == *rank_then)
            });
            touch(graph, near.iter().map(|(_, Reverse(service))| *service));
            self.near = near.into();
        }
        let (merit, Reverse(service)) = self.near.pop()?;
        self.last = merit;
        Some(service)
    }
}

fn touch<G: Graph>(graph: &G, services: impl Iterator<Item = Place>) {
    black_box(services.map(|service| graph.touch(service)).sum::<f64>());
}
