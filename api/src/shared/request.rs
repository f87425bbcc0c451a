//! What every request carries.

use std::sync::Arc;

use arc_swap::{ArcSwap, Guard};

use super::write::Author;
use crate::snapshot::Catalog;

/// The catalog that one request reads: one snapshot for all of a query; after each mutation of the request, one that
/// contains it.
#[derive(Clone, Debug)]
pub struct RequestCatalog(Arc<ArcSwap<Catalog>>);

impl RequestCatalog {
    /// A request that reads this catalog.
    pub fn new(catalog: Arc<Catalog>) -> Self {
        Self(Arc::new(ArcSwap::new(catalog)))
    }

    /// The catalog, for the duration of a resolver.
    pub fn read(&self) -> Guard<Arc<Catalog>> {
        self.0.load()
    }

    /// The catalog, to keep.
    pub fn get(&self) -> Arc<Catalog> {
        self.0.load_full()
    }

    /// The newest change in it.
    pub fn sequence(&self) -> i64 {
        self.read().position.newest()
    }

    /// What the request reads from now on.
    pub(crate) fn advance(&self, catalog: Arc<Catalog>) {
        self.0.store(catalog);
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

/// Who acts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor(pub Arc<str>);

impl Actor {
    /// As the author of a change that came with a request.
    pub fn author(&self, request: &RequestId) -> Author {
        Author {
            actor: Arc::clone(&self.0),
            request_id: Some(Arc::clone(&request.0)),
        }
    }
}
