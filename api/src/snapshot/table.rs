//! All objects of one type, by id, slug, origin and name.

use std::sync::Arc;

use uuid::Uuid;

use super::index::Index;
use crate::shared::ids::Id;
use crate::shared::paging::OrderKey;
use crate::shared::record::Record;
use crate::shared::text::sort_key;

/// A persistent table: a copy shares everything with its original, and a change costs O(log n).
#[derive(Clone, Debug)]
pub struct Table<T> {
    by_id: imbl::HashMap<Uuid, Arc<T>>,
    by_slug: imbl::HashMap<Arc<str>, Uuid>,
    by_origin: imbl::HashMap<Arc<str>, Uuid>,
    by_name: Index<()>,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self {
            by_id: imbl::HashMap::new(),
            by_slug: imbl::HashMap::new(),
            by_origin: imbl::HashMap::new(),
            by_name: Index::default(),
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
        self.by_id.get(&id.key())
    }

    /// The object with this slug.
    pub fn by_slug(&self, slug: &str) -> Option<&Arc<T>> {
        self.by_slug.get(slug).and_then(|id| self.by_id.get(id))
    }

    /// The object that an import found there.
    pub fn by_origin(&self, origin: &str) -> Option<&Arc<T>> {
        self.by_origin.get(origin).and_then(|id| self.by_id.get(id))
    }

    /// Every object, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<T>> {
        self.by_id.values()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.by_id.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    /// All of them ordered by name.
    pub fn by_name(&self) -> &Index<()> {
        &self.by_name
    }

    pub(super) fn insert(&mut self, record: &Arc<T>) {
        let header = record.header();
        self.by_slug.insert(header.slug.as_str().into(), header.id);
        if let Some(origin) = &header.origin {
            self.by_origin.insert(origin.as_str().into(), header.id);
        }
        self.by_name
            .insert((), name_key(record.as_ref()), header.id);
        self.by_id.insert(header.id, Arc::clone(record));
    }

    /// Takes it out. Another object may have taken over its slug or origin already: that stays.
    pub(super) fn remove(&mut self, record: &Arc<T>) {
        let header = record.header();
        if self.by_slug.get(header.slug.as_str()) == Some(&header.id) {
            self.by_slug.remove(header.slug.as_str());
        }
        if let Some(origin) = &header.origin
            && self.by_origin.get(origin.as_str()) == Some(&header.id)
        {
            self.by_origin.remove(origin.as_str());
        }
        self.by_name
            .remove((), name_key(record.as_ref()), header.id);
        self.by_id.remove(&header.id);
    }
}
