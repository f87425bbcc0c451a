//! Persistent indexes: from a value to the objects that have it, in an order.

use std::hash::Hash;
use std::ops::Bound;

use uuid::Uuid;

use crate::shared::paging::{Direction, OrderKey, Page, Position, Window, paginate};

/// From a value to the ids of the objects that have it, ordered, with their number.
#[derive(Clone, Debug)]
pub struct Index<K: Clone + Ord + Hash> {
    entries: imbl::OrdSet<Entry<K>>,
    counts: imbl::HashMap<K, usize>,
}

type Entry<K> = (K, Edge, Uuid);

/// An order key, or a point below or above all of them, which ranges need.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Edge {
    Below,
    At(OrderKey),
    Above,
}

impl<K: Clone + Ord + Hash> Default for Index<K> {
    fn default() -> Self {
        Self {
            entries: imbl::OrdSet::default(),
            counts: imbl::HashMap::default(),
        }
    }
}

impl<K: Clone + Ord + Hash> Index<K> {
    /// Adds an object under a value.
    pub fn insert(&mut self, value: K, order: OrderKey, id: Uuid) {
        let entry = (value.clone(), Edge::At(order), id);
        if self.entries.insert(entry).is_none() {
            *self.counts.entry(value).or_insert(0) += 1;
        }
    }

    /// Takes an object away from a value.
    pub fn remove(&mut self, value: K, order: OrderKey, id: Uuid) {
        let entry = (value, Edge::At(order), id);
        if self.entries.remove(&entry).is_none() {
            return;
        }
        let value = entry.0;
        let left = self.counts.get(&value).map_or(0, |count| count - 1);
        if left == 0 {
            self.counts.remove(&value);
        } else {
            self.counts.insert(value, left);
        }
    }

    /// How many objects have the value.
    pub fn count(&self, value: &K) -> usize {
        self.counts.get(value).copied().unwrap_or(0)
    }

    /// Every value that an object has, with the number of them.
    pub fn counts(&self) -> impl Iterator<Item = (&K, usize)> {
        self.counts.iter().map(|(value, &count)| (value, count))
    }

    /// How many values there are that an object has.
    pub fn values(&self) -> usize {
        self.counts.len()
    }

    /// The objects that have the value, in order.
    pub fn ids(&self, value: &K) -> impl DoubleEndedIterator<Item = Uuid> + use<'_, K> {
        self.range(value, Bound::Unbounded, Bound::Unbounded)
            .map(|(_, id)| id)
    }

    /// The objects that have the value, between two positions.
    pub fn range(
        &self,
        value: &K,
        low: Bound<&Position>,
        high: Bound<&Position>,
    ) -> impl DoubleEndedIterator<Item = Position> + use<'_, K> {
        let entry = |(order, id): &Position| (value.clone(), Edge::At(order.clone()), *id);
        let low = match low {
            Bound::Unbounded => Bound::Included((value.clone(), Edge::Below, Uuid::nil())),
            Bound::Included(position) => Bound::Included(entry(position)),
            Bound::Excluded(position) => Bound::Excluded(entry(position)),
        };
        let high = match high {
            Bound::Unbounded => Bound::Included((value.clone(), Edge::Above, Uuid::max())),
            Bound::Included(position) => Bound::Included(entry(position)),
            Bound::Excluded(position) => Bound::Excluded(entry(position)),
        };
        self.entries
            .range((low, high))
            .filter_map(|(_, edge, id)| match edge {
                Edge::At(order) => Some((order.clone(), *id)),
                Edge::Below | Edge::Above => None,
            })
    }

    /// A page of the objects that have the value.
    pub fn page(
        &self,
        value: &K,
        direction: Direction,
        window: &Window,
        keep: impl Fn(&Position) -> bool,
    ) -> Page {
        paginate(
            |low, high| self.range(value, low, high),
            direction,
            window,
            keep,
        )
    }
}

/// Which texts contain a sequence of characters: an index of all runs of three.
#[derive(Clone, Debug, Default)]
pub struct Trigrams {
    entries: imbl::OrdSet<(u64, Uuid)>,
    counts: imbl::HashMap<u64, usize>,
}

impl Trigrams {
    /// Adds an object's texts.
    pub fn insert(&mut self, texts: &[&str], id: Uuid) {
        for gram in grams(texts) {
            if self.entries.insert((gram, id)).is_none() {
                *self.counts.entry(gram).or_insert(0) += 1;
            }
        }
    }

    /// Takes an object's texts away.
    pub fn remove(&mut self, texts: &[&str], id: Uuid) {
        for gram in grams(texts) {
            if self.entries.remove(&(gram, id)).is_some() {
                let left = self.counts.get(&gram).map_or(0, |count| count - 1);
                if left == 0 {
                    self.counts.remove(&gram);
                } else {
                    self.counts.insert(gram, left);
                }
            }
        }
    }

    /// The rarest run of three in the needle and how many objects have it; none where the needle is shorter.
    pub fn rarest(&self, needle: &str) -> Option<(u64, usize)> {
        grams(&[needle])
            .into_iter()
            .map(|gram| (gram, self.counts.get(&gram).copied().unwrap_or(0)))
            .min_by_key(|&(_, count)| count)
    }

    /// The objects that have this run of three.
    pub fn ids(&self, gram: u64) -> impl Iterator<Item = Uuid> {
        self.entries
            .range((gram, Uuid::nil())..=(gram, Uuid::max()))
            .map(|&(_, id)| id)
    }
}

/// All runs of three characters, each once. A character has at most 21 bits, so three fit into one number.
fn grams(texts: &[&str]) -> Vec<u64> {
    let mut grams = Vec::new();
    for text in texts {
        let letters: Vec<u64> = text.chars().map(|c| u64::from(u32::from(c))).collect();
        grams.extend(
            letters
                .windows(3)
                .map(|run| run.iter().fold(0, |packed, letter| packed << 21 | letter)),
        );
    }
    grams.sort_unstable();
    grams.dedup();
    grams
}
