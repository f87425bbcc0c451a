//! What every request carries.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use arc_swap::{ArcSwap, Guard};
use jiff::Timestamp;

use super::ids::{Id, ObjectRef, ObjectType};
use super::write::now;
use crate::auth::Viewer;
use crate::catalog::offerings::rules::Offering;
use crate::for_type;
use crate::shared::record::Record;
use crate::snapshot::{Catalog, Replica};

/// The catalog that one request reads: one snapshot for all of a query; after each mutation of the request, one that
/// contains it. It holds only what the viewer may see.
#[derive(Clone, Debug)]
pub struct RequestCatalog {
    current: Arc<ArcSwap<Catalog>>,
    /// All of it, whoever asks.
    whole: Arc<ArcSwap<Catalog>>,
    viewer: Viewer,
    replica: Replica,
    /// The last change that the request itself has committed.
    committed: Arc<AtomicI64>,
    /// The instant of the answer, microseconds since 1970: all of it is about the same one.
    moment: Arc<AtomicI64>,
}

impl RequestCatalog {
    /// A request of this viewer that reads this replica's catalog as it is now.
    pub fn new(viewer: Viewer, catalog: Arc<Catalog>, replica: Replica) -> Self {
        let current = ArcSwap::new(viewer.visible(Arc::clone(&catalog)));
        Self {
            current: Arc::new(current),
            whole: Arc::new(ArcSwap::new(catalog)),
            viewer,
            replica,
            committed: Arc::default(),
            moment: Arc::new(AtomicI64::new(now().as_microsecond())),
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

    /// The newest change that an answer knows.
    pub fn sequence(&self) -> i64 {
        let committed = self.committed.load(Ordering::Relaxed);
        self.read().position.newest().max(committed)
    }

    /// The newest change that the request itself has committed, if its catalog does not hold it.
    pub(crate) fn ahead(&self) -> Option<i64> {
        let committed = self.committed.load(Ordering::Relaxed);
        let is_held = committed == 0 || self.read().position.contains(committed);
        (!is_held).then_some(committed)
    }

    /// What the request reads from now on.
    pub(crate) fn advance(&self, catalog: Arc<Catalog>) {
        self.current
            .store(self.viewer.visible(Arc::clone(&catalog)));
        self.whole.store(catalog);
        self.next_moment();
    }

    /// The catalog as it is for those who may read all of it; never to be shown.
    pub(crate) fn whole(&self) -> Guard<Arc<Catalog>> {
        self.whole.load()
    }

    /// The instant that what depends on the time is told for.
    pub fn moment(&self) -> Timestamp {
        let microseconds = self.moment.load(Ordering::Relaxed);
        Timestamp::from_microsecond(microseconds).unwrap_or_default()
    }

    fn next_moment(&self) {
        let now = now().as_microsecond();
        self.moment.store(now, Ordering::Relaxed);
    }

    /// An object that has come into the catalog since the request began, if the viewer sees it.
    pub(crate) fn younger<T: Record>(&self, id: Id<T>) -> Option<Arc<T>> {
        let newest = self.viewer.visible(self.replica.current());
        newest.get(id).cloned()
    }

    /// Says that the request has committed a change that the catalog does not hold.
    pub(crate) fn committed(&self, sequence: i64) {
        self.committed.fetch_max(sequence, Ordering::Relaxed);
        self.next_moment();
    }

    /// Shows a viewer what they have just written, whether or not they would see it otherwise.
    pub(crate) fn show(&self, object: ObjectRef) {
        let whole = self.whole.load();
        if Arc::ptr_eq(&whole, &self.current.load()) {
            return;
        }
        self.current.rcu(|visible| {
            let mut shown = Catalog::clone(visible);
            for_type!(object.kind, T => shown.take_over::<T>(&whole, Id::new(object.id)));
            shown
        });
    }

    /// Whether there is anything in the catalog that the viewer does not see by themselves.
    pub(crate) fn is_veiled(&self) -> bool {
        !self.viewer.sees_catalog()
    }

    /// Shows a viewer who may not read the catalog these objects of it, because a piece of work that they may see refers to
    /// them.
    pub(crate) fn reveal(&self, objects: &[ObjectRef]) {
        if !self.is_veiled() {
            return;
        }
        let (whole, newest) = (self.whole.load(), self.replica.peek());
        self.current.rcu(|visible| {
            let mut shown = Catalog::clone(visible);
            for object in objects {
                for from in [&**whole, &**newest] {
                    for_type!(object.kind, T => shown.take_over::<T>(from, Id::new(object.id)));
                    // An offering is nothing without the service that it is of.
                    let offering = Id::<Offering>::new(object.id);
                    if object.kind == ObjectType::ServiceOffering
                        && let Some(offering) = from.get(offering)
                    {
                        shown.take_over(from, offering.service_id);
                    }
                }
            }
            shown
        });
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
