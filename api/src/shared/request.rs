//! What every request carries.

use std::sync::Arc;

use arc_swap::{ArcSwap, Guard};

use crate::auth::Viewer;
use crate::snapshot::Catalog;

/// The catalog that one request reads: one snapshot for all of a query; after each mutation of the request, one that
/// contains it. It holds only what the viewer may see.
#[derive(Clone, Debug)]
pub struct RequestCatalog {
    current: Arc<ArcSwap<Catalog>>,
    viewer: Viewer,
}

impl RequestCatalog {
    /// A request of this viewer that reads this catalog.
    pub fn new(viewer: Viewer, catalog: Arc<Catalog>) -> Self {
        let current = ArcSwap::new(viewer.visible(catalog));
        Self {
            current: Arc::new(current),
            viewer,
        }
    }

    /// The catalog, for the duration of a resolver.
    pub fn read(&self) -> Guard<Arc<Catalog>> {
        self.current.load()
    }

    /// The catalog, to keep.
    pub fn get(&self) -> Arc<Catalog> {
        self.current.load_full()
    }

    /// The newest change in it.
    pub fn sequence(&self) -> i64 {
        self.read().position.newest()
    }

    /// What the request reads from now on.
    pub(crate) fn advance(&self, catalog: Arc<Catalog>) {
        self.current.store(self.viewer.visible(catalog));
    }
}

/// What names one request in logs and errors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(pub Arc<str>);

impl RequestId {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
