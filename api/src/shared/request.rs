//! What every request carries.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use crate::snapshot::Catalog;

/// The catalog that one request reads.
#[derive(Clone, Debug)]
pub struct RequestCatalog(Arc<AtomicI64>);

impl RequestCatalog {
    /// A request that reads this catalog.
    #[expect(clippy::needless_pass_by_value, reason = "the catalog is kept for the request's duration")]
    pub fn new(catalog: Arc<Catalog>) -> Self {
        Self(Arc::new(AtomicI64::new(catalog.sequence)))
    }

    /// The newest change in the catalog as this request saw it last.
    pub fn sequence(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }

    pub(crate) fn advance(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
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
