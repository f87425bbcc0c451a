//! What every request carries.

use std::sync::{Arc, LazyLock};

use arc_swap::{ArcSwap, Guard};

use super::write::Author;
use crate::{auth::Identity, snapshot::Catalog};

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
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Actor(pub Option<Arc<Identity>>);

impl Actor {
    /// The subject of the token that came with the request, `anonymous` where there was none.
    pub fn name(&self) -> Arc<str> {
        static ANONYMOUS: LazyLock<Arc<str>> = LazyLock::new(|| "anonymous".into());
        let subject = self.0.as_ref().map(|identity| &identity.subject);
        Arc::clone(subject.unwrap_or(&ANONYMOUS))
    }

    /// As the author of a change that came with a request.
    pub fn author(&self, request: &RequestId) -> Author {
        let identity = self.0.as_deref();
        Author {
            actor: self.name(),
            request_id: Some(Arc::clone(&request.0)),
            token_id: identity.and_then(|identity| identity.token_id.clone()),
            client_id: identity.and_then(|identity| identity.client_id.clone()),
        }
    }
}
