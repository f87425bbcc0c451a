//! What an answer may grow to.

use std::sync::atomic::{AtomicU64, Ordering};

/// How many objects in memory a request may still answer with. A request's cost is known before it runs, but for lists without
/// pages only by what is usual; this counts what is.
#[derive(Debug)]
pub struct Budget {
    most: u64,
    spent: AtomicU64,
}

/// That an answer has more objects than it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("The answer has more than {most} objects; ask for less at once (setting max_cost).")]
pub struct Overspent {
    most: u64,
}

impl Budget {
    /// Nothing spent of so many objects.
    pub fn new(most: u64) -> Self {
        Self {
            most,
            spent: AtomicU64::new(0),
        }
    }

    /// How many objects there is room for.
    pub fn left(&self) -> u64 {
        self.most.saturating_sub(self.spent.load(Ordering::Relaxed))
    }

    /// That an answer would have more than there is room for.
    pub fn overspent(&self) -> Overspent {
        Overspent { most: self.most }
    }

    /// Takes one object; how many there are by now.
    pub fn spend(&self) -> Result<u64, Overspent> {
        let spent = self.spent.fetch_add(1, Ordering::Relaxed) + 1;
        if spent > self.most {
            return Err(self.overspent());
        }
        Ok(spent)
    }
}
