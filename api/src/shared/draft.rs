//! A planned change of the catalog.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;
use sea_orm::sea_query::UpdateStatement;
use serde_json::Value;
use uuid::Uuid;

use super::diff::diff;
use super::ids::{Id, ObjectRef};
use super::record::{Header, Record};
use super::subject::SubjectRef;
use super::text::{MAX_SLUG, slug_from};
use crate::snapshot::Catalog;

/// A catalog to try changes on: what is planned on it is committed as a whole or not at all.
#[derive(Debug)]
pub struct Draft {
    base: Catalog,
    now: Timestamp,
    catalog: Catalog,
    touched: BTreeSet<ObjectRef>,
    opened: BTreeSet<ObjectRef>,
    guarded: BTreeSet<ObjectRef>,
    work: Vec<PlannedWork>,
}

/// What happened to an object.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, strum::EnumIter, strum::Display, strum::EnumString,
)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum ChangeKind {
    /// It is new.
    Created,
    /// Some of its fields changed.
    Updated,
    /// It is gone.
    Deleted,
}

/// What a draft does to one object.
#[derive(Clone, Debug, PartialEq)]
pub struct PlannedChange {
    /// The object.
    pub subject: ObjectRef,
    /// What happens to it.
    pub kind: ChangeKind,
    /// Changed fields: name to `{from, to}`.
    pub diff: serde_json::Map<String, Value>,
}

/// A piece of work that changes with the catalog, in the same transaction.
#[derive(Clone, Debug)]
pub struct PlannedWork {
    /// The piece of work.
    pub subject: SubjectRef,
    /// Changes its one row, provided that it has the version that the plan was made for.
    pub update: UpdateStatement,
    /// Changed fields: name to `{from, to}`.
    pub diff: serde_json::Map<String, Value>,
}

impl Draft {
    /// Nothing planned yet.
    pub fn new(base: Catalog, now: Timestamp) -> Self {
        Self {
            catalog: base.clone(),
            base,
            now,
            touched: BTreeSet::new(),
            opened: BTreeSet::new(),
            guarded: BTreeSet::new(),
            work: Vec::new(),
        }
    }

    /// The catalog as it will be.
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// The catalog as it was.
    pub fn base(&self) -> &Catalog {
        &self.base
    }

    /// The instant of the change.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// The object as it will be.
    pub fn get<T: Record>(&self, id: Id<T>) -> Option<&Arc<T>> {
        self.catalog.get(id)
    }

    /// The header of a new object that has no slug yet.
    pub fn new_header(&self) -> Header {
        Header::new(Uuid::now_v7(), String::new(), String::new(), self.now)
    }

    /// A slug for this name that no other object of the type has: the name's own, or with `-2`, `-3`, … added.
    pub fn free_slug<T: Record>(&self, name: &str, owner: Uuid) -> String {
        let wanted = match slug_from(name) {
            empty if empty.is_empty() => T::TYPE.words().replace(' ', "-"),
            slug => slug,
        };
        let table = T::table(&self.catalog);
        let free = |slug: &str| {
            table
                .by_slug(slug)
                .is_none_or(|other| other.header().id == owner)
        };
        if free(&wanted) {
            return wanted;
        }
        let room = wanted.len().min(MAX_SLUG - 8);
        let stem = wanted[..room].trim_end_matches('-');
        (2..=u32::MAX)
            .map(|number| format!("{stem}-{number}"))
            .find(|slug| free(slug))
            .unwrap_or(wanted)
    }

    /// Plans the object's new state. A state that equals the stored one plans nothing.
    pub fn put<T: Record>(&mut self, mut record: T) {
        let header = record.header_mut();
        header.unresolved.sort();
        header.unresolved.dedup();
        let id = record.id();
        let record = match self.base.get(id) {
            Some(before) if before.fields() == record.fields() => {
                self.touched.remove(&id.any());
                let untouched = |now: &Arc<T>| Arc::ptr_eq(now, before);
                if self.catalog.get(id).is_some_and(untouched) {
                    return;
                }
                Arc::clone(before)
            }
            before => {
                let version = before.map_or(1, |before| before.header().version + 1);
                let header = record.header_mut();
                header.version = version;
                header.updated_at = self.now;
                self.touched.insert(id.any());
                Arc::new(record)
            }
        };
        self.catalog.put(record);
    }

    /// Plans that the object goes.
    pub fn remove<T: Record>(&mut self, id: Id<T>) {
        self.catalog.remove(id);
        if self.base.get(id).is_some() {
            self.touched.insert(id.any());
        } else {
            self.touched.remove(&id.any());
        }
    }

    /// The chain of parents from this one on, each once even where it leads back into itself.
    pub fn ancestors<T: Record>(&self, first: Option<Id<T>>) -> impl Iterator<Item = Id<T>> {
        let mut seen = BTreeSet::new();
        std::iter::successors(first, |&id| self.get(id)?.parent())
            .take_while(move |&id| seen.insert(id))
    }

    /// Says that this object is asked to be changed, whether or not anything comes of it.
    pub fn open(&mut self, object: ObjectRef) {
        self.opened.insert(object);
    }

    /// The objects that were asked to be changed by name.
    pub fn opened(&self) -> impl Iterator<Item = ObjectRef> {
        self.opened.iter().copied()
    }

    /// Says that the plan is good only while this object stays as it is.
    pub fn guard(&mut self, object: ObjectRef) {
        self.guarded.insert(object);
    }

    /// Objects that must not have changed when the plan is committed, besides those that it changes.
    pub fn guarded(&self) -> impl Iterator<Item = ObjectRef> {
        self.guarded.difference(&self.touched).copied()
    }

    /// Plans that a piece of work changes as well: together with the objects, which have to be some.
    pub fn alongside(&mut self, work: PlannedWork) {
        self.work.push(work);
    }

    /// The work that changes as well.
    pub fn work(&self) -> &[PlannedWork] {
        &self.work
    }

    /// The objects that change.
    pub fn touched(&self) -> impl Iterator<Item = ObjectRef> {
        self.touched.iter().copied()
    }

    /// Whether anything is planned.
    pub fn is_empty(&self) -> bool {
        self.touched.is_empty()
    }

    /// The objects of one type that change, each with its state before and after.
    pub fn edits<T: Record>(&self) -> Vec<Edit<T>> {
        self.touched
            .iter()
            .filter(|object| object.kind == T::TYPE)
            .map(|object| {
                let id = Id::new(object.id);
                Edit {
                    before: self.base.get(id).cloned(),
                    after: self.catalog.get(id).cloned(),
                }
            })
            .collect()
    }

    /// Everything that is planned, by type.
    pub fn changes(&self) -> Vec<PlannedChange> {
        self.touched
            .iter()
            .map(|&subject| crate::for_type!(subject.kind, T => self.change::<T>(subject)))
            .collect()
    }

    fn change<T: Record>(&self, subject: ObjectRef) -> PlannedChange {
        let id = Id::<T>::new(subject.id);
        let fields = |catalog: &Catalog| catalog.get(id).map(|record| record.fields());
        let (before, after) = (fields(&self.base), fields(&self.catalog));
        let kind = match (&before, &after) {
            (None, _) => ChangeKind::Created,
            (Some(_), Some(_)) => ChangeKind::Updated,
            (Some(_), None) => ChangeKind::Deleted,
        };
        PlannedChange {
            subject,
            kind,
            diff: diff(&before.unwrap_or_default(), &after.unwrap_or_default()),
        }
    }
}

/// What happens to one object.
#[derive(Clone, Debug)]
pub struct Edit<T> {
    /// Its stored state; none where it is new.
    pub before: Option<Arc<T>>,
    /// Its new state; none where it goes.
    pub after: Option<Arc<T>>,
}
