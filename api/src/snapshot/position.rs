//! How far along the change feed a snapshot is.

/// What a snapshot contains of the feed.
///
/// A snapshot is the database as one of its transactions saw it. That is everything up to some point, and beyond it the
/// changes of transactions that overtook one that was still running.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FeedPosition {
    complete_to: i64,
    ahead: imbl::OrdSet<i64>,
}

impl FeedPosition {
    /// Everything up to here, and these beyond.
    pub fn new(complete_to: i64, ahead: imbl::OrdSet<i64>) -> Self {
        Self { complete_to, ahead }
    }

    /// Everything up to this sequence is contained, and nothing will ever appear below it again.
    pub fn complete_to(&self) -> i64 {
        self.complete_to
    }

    /// The highest sequence that is contained.
    pub fn newest(&self) -> i64 {
        self.ahead.get_max().copied().unwrap_or(self.complete_to)
    }

    /// Whether the change with this sequence is contained.
    pub fn contains(&self, sequence: i64) -> bool {
        sequence <= self.complete_to || self.ahead.contains(&sequence)
    }
}
