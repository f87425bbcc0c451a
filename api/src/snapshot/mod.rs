//! The catalog in memory.

use std::sync::Arc;

use tokio::sync::watch;

/// One state of the catalog.
#[derive(Debug)]
pub struct Catalog {
    /// The newest change in it.
    pub sequence: i64,
}

/// The replica's catalog: the newest snapshot, and whether it has caught up.
#[derive(Clone, Debug)]
pub struct Replica {
    newest: watch::Receiver<Option<Arc<Catalog>>>,
}

impl Replica {
    /// A replica that shows what `newest` holds; nothing: it has not caught up.
    pub fn new(newest: watch::Receiver<Option<Arc<Catalog>>>) -> Self {
        Self { newest }
    }

    /// The newest snapshot.
    pub fn current(&self) -> Arc<Catalog> {
        self.newest.borrow().clone().unwrap_or_else(|| Arc::new(Catalog { sequence: 0 }))
    }

    /// Whether it has caught up.
    pub fn is_ready(&self) -> bool {
        self.newest.borrow().is_some()
    }

    /// The newest change in the catalog.
    pub fn newest_sequence(&self) -> i64 {
        self.newest.borrow().as_ref().map_or(0, |catalog| catalog.sequence)
    }

    /// Waits until the catalog contains the change; false where it never will.
    pub async fn wait_for(&self, sequence: i64) -> bool {
        let contains = |newest: &Option<Arc<Catalog>>| newest.as_ref().is_some_and(|catalog| catalog.sequence >= sequence);
        self.newest.clone().wait_for(contains).await.is_ok()
    }
}
