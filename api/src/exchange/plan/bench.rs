//! Where objects lie while several documents of an import work on them.
//!
//! Putting an object into a catalog keeps all its indexes; with many references to link, each object is put once at the
//! end instead of once for every reference.

use std::{any::Any, collections::BTreeMap};

use super::fields::Importable;
use crate::{
    shared::{
        draft::Draft,
        ids::{Id, ObjectRef},
        record::{Record, Unresolved},
    },
    snapshot::Catalog,
};

/// A draft with the objects that are being worked on.
pub(super) struct Bench<'d> {
    draft: &'d mut Draft,
    /// Working copies; each is of the type that its key names.
    open: BTreeMap<ObjectRef, Box<dyn Any>>,
}

impl<'d> Bench<'d> {
    pub(super) fn new(draft: &'d mut Draft) -> Self {
        Self {
            draft,
            open: BTreeMap::new(),
        }
    }

    /// The draft. Its catalog knows every object's identity; what is worked on has its new state here only.
    pub(super) fn draft(&mut self) -> &mut Draft {
        self.draft
    }

    /// The catalog to find objects in by origin or slug.
    pub(super) fn catalog(&self) -> &Catalog {
        self.draft.catalog()
    }

    /// The catalog as it was before the import.
    pub(super) fn base(&self) -> &Catalog {
        self.draft.base()
    }

    /// A slug like this one that no object of the type has.
    pub(super) fn free_slug<T: Record>(&self, wish: &str) -> String {
        self.draft.free_slug::<T>(wish, uuid::Uuid::nil())
    }

    /// An object in its newest state.
    pub(super) fn get<T: Record>(&self, id: Id<T>) -> Option<&T> {
        match self.open.get(&id.any()) {
            Some(copy) => copy.downcast_ref(),
            None => self.draft.get(id).map(AsRef::as_ref),
        }
    }

    /// An object to change.
    pub(super) fn edit<T: Record>(&mut self, id: Id<T>) -> Option<&mut T> {
        if !self.open.contains_key(&id.any()) {
            let copy = T::clone(self.draft.get(id)?);
            self.open.insert(id.any(), Box::new(copy));
        }
        self.open.get_mut(&id.any())?.downcast_mut()
    }

    /// Takes an object in hand. One that is new, or has another slug or origin than before, can be found at once.
    pub(super) fn lay<T: Importable>(&mut self, record: T) {
        let known = self.draft.get(record.id()).is_some_and(|known| {
            let (known, header) = (known.header(), record.header());
            (&known.slug, &known.origin) == (&header.slug, &header.origin)
        });
        if !known {
            self.draft.put(record.clone());
        }
        self.open.insert(record.id().any(), Box::new(record));
    }

    /// Whether anything is wanted by an object that is being worked on.
    pub(super) fn wanting(&self) -> Vec<ObjectRef> {
        self.open
            .keys()
            .copied()
            .filter(|&object| !self.unresolved(object).is_empty())
            .collect()
    }

    /// What an object wants and is not linked.
    pub(super) fn unresolved(&self, object: ObjectRef) -> &[Unresolved] {
        crate::for_type!(object.kind, T => {
            self.get(Id::<T>::new(object.id)).map_or(&[], |record| record.header().unresolved.as_slice())
        })
    }

    /// Plans everything that was worked on.
    pub(super) fn put_away(self) {
        for (object, copy) in self.open {
            crate::for_type!(object.kind, T => {
                if let Ok(record) = copy.downcast::<T>() {
                    self.draft.put(*record);
                }
            });
        }
    }
}
