//! Paging by key: a page is a window on an ordered sequence, and a cursor is the key of one of its entries. A cursor
//! stays good when its entry moves or goes.

use std::ops::Bound;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What a sequence is ordered by. Sequences hold one kind of key each.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub enum OrderKey {
    /// A number or an instant.
    Number(i64),
    /// Text, by its code points.
    Text(Arc<str>),
    /// A number, then text.
    NumberThenText(i64, Arc<str>),
}

/// An entry's place in its sequence; the object's id makes it unique.
pub type Position = (OrderKey, Uuid);

/// Which way a sequence is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Smallest key first.
    #[default]
    Ascending,
    /// Largest key first.
    Descending,
}

/// How many entries, and from which end of the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Take {
    /// The first so many.
    First(usize),
    /// The last so many, in the sequence's order all the same.
    Last(usize),
}

/// The part of a sequence that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    /// Only what comes after this.
    pub after: Option<Position>,
    /// Only what comes before this.
    pub before: Option<Position>,
    /// How many.
    pub take: Take,
}

/// One page of ids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The entries, in the sequence's order.
    pub items: Vec<Position>,
    /// Whether anything comes before them.
    pub has_previous: bool,
    /// Whether anything comes after them.
    pub has_next: bool,
}

/// Cuts a page out of a sequence.
///
/// `range` walks the part of the sequence between two bounds, in ascending order from the front and in descending order
/// from the back; `keep` says which entries count.
pub fn paginate<I>(
    range: impl Fn(Bound<&Position>, Bound<&Position>) -> I,
    direction: Direction,
    window: &Window,
    keep: impl Fn(&Position) -> bool,
) -> Page
where
    I: DoubleEndedIterator<Item = Position>,
{
    let (low, high) = match direction {
        Direction::Ascending => (&window.after, &window.before),
        Direction::Descending => (&window.before, &window.after),
    };
    let exclude = |edge: &Option<Position>| match edge {
        Some(position) => Bound::Excluded(position.clone()),
        None => Bound::Unbounded,
    };
    let (low, high) = (exclude(low), exclude(high));
    let inside = if crossed(&low, &high) {
        None
    } else {
        Some(range(low.as_ref(), high.as_ref()))
    };
    let inside = inside.into_iter().flatten().filter(|entry| keep(entry));

    let (count, from_start) = match window.take {
        Take::First(count) => (count, true),
        Take::Last(count) => (count, false),
    };
    let forwards = from_start == (direction == Direction::Ascending);
    let mut items: Vec<Position> = if forwards {
        inside.take(count + 1).collect()
    } else {
        inside.rev().take(count + 1).collect()
    };
    let more = items.len() > count;
    items.truncate(count);
    if !from_start {
        items.reverse();
    }

    let beyond = |edge: &Option<Position>, below: bool| {
        edge.as_ref().is_some_and(|edge| {
            if below {
                range(Bound::Unbounded, Bound::Included(edge)).any(|entry| keep(&entry))
            } else {
                range(Bound::Included(edge), Bound::Unbounded).any(|entry| keep(&entry))
            }
        })
    };
    let ascending = direction == Direction::Ascending;
    let (has_previous, has_next) = if from_start {
        (
            beyond(&window.after, ascending),
            more || beyond(&window.before, !ascending),
        )
    } else {
        (
            more || beyond(&window.after, ascending),
            beyond(&window.before, !ascending),
        )
    };
    Page {
        items,
        has_previous,
        has_next,
    }
}

/// Whether nothing can lie between the bounds; ordered collections panic on such a range.
fn crossed(low: &Bound<Position>, high: &Bound<Position>) -> bool {
    match (low, high) {
        (Bound::Excluded(low), Bound::Excluded(high)) => low >= high,
        _ => false,
    }
}

/// A page of a list that is sorted already.
pub fn paginate_sorted(sorted: &[Position], direction: Direction, window: &Window) -> Page {
    let range = |low: Bound<&Position>, high: Bound<&Position>| {
        let start = match low {
            Bound::Unbounded => 0,
            Bound::Included(low) => sorted.partition_point(|entry| entry < low),
            Bound::Excluded(low) => sorted.partition_point(|entry| entry <= low),
        };
        let end = match high {
            Bound::Unbounded => sorted.len(),
            Bound::Included(high) => sorted.partition_point(|entry| entry <= high),
            Bound::Excluded(high) => sorted.partition_point(|entry| entry < high),
        };
        sorted[start..end.max(start)].iter().cloned()
    };
    paginate(range, direction, window, |_| true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(number: u8) -> Position {
        (OrderKey::Number(i64::from(number)), Uuid::nil())
    }

    /// The Relay specification, word by word, on a plain list.
    fn oracle(all: &[Position], window: &Window, after: Option<u8>, before: Option<u8>) -> Page {
        let rank = |n: u8| {
            let position = at(n);
            all.iter().position(|entry| *entry == position)
        };
        let mut start = 0;
        let mut end = all.len();
        if let Some(index) = after.and_then(rank) {
            start = index + 1;
        }
        if let Some(index) = before.and_then(rank) {
            end = index;
        }
        let slice: &[Position] = if start < end { &all[start..end] } else { &[] };
        let (items, cut_front, cut_back) = match window.take {
            Take::First(n) => (&slice[..n.min(slice.len())], false, slice.len() > n),
            Take::Last(n) => (
                &slice[slice.len().saturating_sub(n)..],
                slice.len() > n,
                false,
            ),
        };
        Page {
            items: items.to_vec(),
            has_previous: cut_front || after.is_some(),
            has_next: cut_back || before.is_some(),
        }
    }

    proptest! {
        #[test]
        fn a_page_is_what_the_relay_specification_says(
            numbers in prop::collection::btree_set(0..40_u8, 1..30),
            after in prop::option::of(any::<prop::sample::Index>()),
            before in prop::option::of(any::<prop::sample::Index>()),
            count in 0..12_usize,
            last: bool,
            descending: bool,
        ) {
            let numbers: Vec<u8> = numbers.into_iter().collect();
            let pick = |index: Option<prop::sample::Index>| index.map(|i| *i.get(&numbers));
            let (after, before) = (pick(after), pick(before));
            let sorted: Vec<Position> = numbers.iter().map(|&n| at(n)).collect();
            let mut shown = sorted.clone();
            let direction = if descending {
                shown.reverse();
                Direction::Descending
            } else {
                Direction::Ascending
            };
            let window = Window {
                after: after.map(at),
                before: before.map(at),
                take: if last { Take::Last(count) } else { Take::First(count) },
            };
            prop_assert_eq!(
                paginate_sorted(&sorted, direction, &window),
                oracle(&shown, &window, after, before)
            );
        }
    }
}
