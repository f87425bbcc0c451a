//! How far along the change feed a snapshot is.

use std::sync::Arc;

use crate::shared::dialect::{FeedExtent, PLACE_BITS};

/// What a snapshot contains of the feed.
///
/// A snapshot is the database as one of its transactions saw it. That is everything up to some point, and beyond it the
/// changes of transactions that overtook one that was still running. A change's sequence begins with the number of its
/// transaction, so which transactions were still running says of every change whether it is contained, however many there
/// are beyond that point.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FeedPosition {
    complete_to: i64,
    newest: i64,
    /// Transactions from this number on had not begun.
    next: i64,
    /// Transactions below it that were still running, ascending.
    running: Arc<[i64]>,
}

impl FeedPosition {
    /// Everything up to here and nothing beyond.
    pub fn up_to(sequence: i64) -> Self {
        Self {
            complete_to: sequence,
            newest: sequence,
            ..Self::default()
        }
    }

    /// Where the snapshot after this one is, made by a transaction that sees so much of the feed. It never falls back.
    #[must_use]
    pub fn then(&self, extent: FeedExtent) -> Self {
        let mut running = extent.running;
        running.sort_unstable();
        Self {
            complete_to: extent.complete_to.max(self.complete_to),
            newest: extent.newest.max(self.newest),
            next: extent.next,
            running: running.into(),
        }
    }

    /// Everything up to this sequence is contained, and nothing will ever appear below it again.
    pub fn complete_to(&self) -> i64 {
        self.complete_to
    }

    /// The highest sequence that is contained.
    pub fn newest(&self) -> i64 {
        self.newest
    }

    /// Whether the change with this sequence is contained.
    pub fn contains(&self, sequence: i64) -> bool {
        let transaction = sequence >> PLACE_BITS;
        sequence <= self.complete_to
            || sequence <= self.newest
                && transaction < self.next
                && self.running.binary_search(&transaction).is_err()
    }

    /// The sequences, from the first to the last, that a later snapshot may contain and this one lacks: those of transactions
    /// that were running and have ended, and all from some point on.
    pub fn lacks(&self, later: &Self) -> (Vec<(i64, i64)>, i64) {
        let ended = self.running.iter().filter(|&transaction| {
            *transaction < later.next && later.running.binary_search(transaction).is_err()
        });
        let changes_of = |transaction: &i64| {
            let first = transaction << PLACE_BITS;
            (first, first + ((1 << PLACE_BITS) - 1))
        };
        let from = (self.next << PLACE_BITS).max(self.complete_to + 1);
        (ended.map(changes_of).collect(), from)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    /// How many transactions there are, of two changes each.
    const ALL: i64 = 12;

    /// The transactions that had committed at a moment, of those that had begun.
    #[derive(Clone, Debug)]
    struct Moment {
        begun: i64,
        committed: BTreeSet<i64>,
    }

    impl Moment {
        fn changes(&self) -> BTreeSet<i64> {
            let committed = self.committed.iter();
            committed
                .flat_map(|transaction| changes_of(*transaction))
                .collect()
        }

        fn position(&self) -> FeedPosition {
            let running: Vec<i64> = (0..self.begun)
                .filter(|transaction| !self.committed.contains(transaction))
                .collect();
            let horizon = running.first().copied().unwrap_or(self.begun);
            let changes = self.changes();
            let below = changes.range(..horizon << PLACE_BITS);
            FeedPosition::default().then(FeedExtent {
                complete_to: below.max().copied().unwrap_or(0),
                newest: changes.last().copied().unwrap_or(0),
                next: self.begun,
                running,
            })
        }
    }

    fn changes_of(transaction: i64) -> [i64; 2] {
        let first = transaction << PLACE_BITS;
        [first + 1, first + 2]
    }

    fn later(from: i64) -> impl Strategy<Value = (i64, BTreeSet<i64>)> {
        let committed = proptest::collection::btree_set(0..ALL, 0..12);
        (from..=ALL, committed)
    }

    proptest! {
        #[test]
        fn a_snapshot_knows_what_it_contains_and_what_a_later_one_adds(first in later(0), second in later(0)) {
            let (one, other) = (first.0.min(second.0), first.0.max(second.0));
            let begun = |transactions: &BTreeSet<i64>, before: i64| -> BTreeSet<i64> {
                transactions.range(..before).copied().collect()
            };
            let before = Moment { begun: one, committed: begun(&first.1, one) };
            let mut committed = begun(&second.1, other);
            committed.extend(&before.committed);
            let after = Moment { begun: other, committed };

            let (position, now) = (before.position(), after.position());
            let known = before.changes();
            for sequence in (0..ALL).flat_map(changes_of) {
                prop_assert_eq!(position.contains(sequence), known.contains(&sequence));
            }
            let (ended, from) = position.lacks(&now);
            let is_new = |sequence: &i64| {
                *sequence >= from || ended.iter().any(|(first, last)| (first..=last).contains(&sequence))
            };
            let read: BTreeSet<i64> = after.changes().into_iter().filter(is_new).collect();
            let new: BTreeSet<i64> = after.changes().difference(&known).copied().collect();
            prop_assert_eq!(read, new);
        }
    }

    #[test]
    fn what_is_said_to_be_complete_holds_nothing_beyond() {
        let position = FeedPosition::up_to(7);
        assert!(position.contains(7) && !position.contains(8));
        assert_eq!((position.complete_to(), position.newest()), (7, 7));
    }
}
