//! All objects of one type, by id, slug, origin and name.

use std::sync::Arc;

use imbl::GenericHashMap;
use imbl::shared_ptr::DefaultSharedPtr;
use uuid::Uuid;

use super::index::Index;
use crate::shared::ids::Id;
use crate::shared::paging::OrderKey;
use crate::shared::record::Record;
use crate::shared::text::sort_key;

/// A map by ids. They are made here, not by clients, so a hasher will do that is fast and no more.
type ById<V> = GenericHashMap<Uuid, V, foldhash::fast::RandomState, DefaultSharedPtr>;

/// A persistent table: a copy shares everything with its original, and a change costs O(log n).
#[derive(Clone, Debug)]
pub struct Table<T> {
    records: ById<Arc<T>>,
    slugs: imbl::HashMap<Arc<str>, Uuid>,
    origins: imbl::HashMap<Arc<str>, Uuid>,
    names: Index<()>,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self {
            records: ById::default(),
            slugs: imbl::HashMap::new(),
            origins: imbl::HashMap::new(),
            names: Index::default(),
        }
    }
}

/// Where an object stands in lists that are ordered by name.
pub fn name_key<T: Record>(record: &T) -> OrderKey {
    OrderKey::Text(sort_key(&record.header().name).into())
}

impl<T: Record> Table<T> {
    /// The object with this id.
    pub fn get(&self, id: Id<T>) -> Option<&Arc<T>> {
        self.records.get(&id.key())
    }

    /// The object with this slug.
    pub fn by_slug(&self, slug: &str) -> Option<&Arc<T>> {
        self.slugs.get(slug).and_then(|id| self.records.get(id))
    }

    /// The object that an import found there.
    pub fn by_origin(&self, origin: &str) -> Option<&Arc<T>> {
        self.origins.get(origin).and_then(|id| self.records.get(id))
    }

    /// Every object, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<T>> {
        self.records.values()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// All of them ordered by name.
    pub fn by_name(&self) -> &Index<()> {
        &self.names
    }

    pub(super) fn insert(&mut self, record: Arc<T>) {
        let header = record.header();
        self.slugs.insert(header.slug.as_str().into(), header.id);
        if let Some(origin) = &header.origin {
            self.origins.insert(origin.as_str().into(), header.id);
        }
        self.names.insert((), name_key(record.as_ref()), header.id);
        self.records.insert(header.id, record);
    }

    /// Takes it out. Another object may have taken over its slug or origin already: that stays.
    pub(super) fn remove(&mut self, record: &Arc<T>) {
        let header = record.header();
        if self.slugs.get(header.slug.as_str()) == Some(&header.id) {
            self.slugs.remove(header.slug.as_str());
        }
        if let Some(origin) = &header.origin
            && self.origins.get(origin.as_str()) == Some(&header.id)
        {
            self.origins.remove(origin.as_str());
        }
        self.names.remove((), name_key(record.as_ref()), header.id);
        self.records.remove(&header.id);
    }
}
