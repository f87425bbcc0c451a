//! What all objects of the catalog have in common.

use std::fmt::Debug;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::ids::{Id, ObjectRef, ObjectType};
use crate::snapshot::{Catalog, Table};

/// What every object carries beside its own fields.
///
/// It serialises to the fields that a person can change: that is what a diff shows.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Header {
    /// The key in the database.
    #[serde(skip)]
    pub id: Uuid,
    /// Unique among objects of its type, kebab-case.
    pub slug: String,
    /// For people.
    pub name: String,
    /// Free key/value notes.
    pub annotations: Map<String, Value>,
    /// Where an import found it, e.g. `backstage:component:default/agent`; unique among objects of its type. A
    /// repeated import recognises the object by it.
    pub origin: Option<String>,
    /// What it refers to and is not there yet.
    pub unresolved: Vec<Unresolved>,
    /// Grows by one with every change.
    #[serde(skip)]
    pub version: i32,
    /// When it was created.
    #[serde(skip)]
    pub created_at: Timestamp,
    /// When it was changed last.
    #[serde(skip)]
    pub updated_at: Timestamp,
}

impl Header {
    /// That of an object that has just been made, at this instant.
    pub fn new(id: Uuid, slug: String, name: String, at: Timestamp) -> Self {
        Self {
            id,
            slug,
            name,
            annotations: Map::new(),
            origin: None,
            unresolved: Vec::new(),
            version: 1,
            created_at: at,
            updated_at: at,
        }
    }
}

/// A reference to an object that no import has brought yet.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Unresolved {
    /// The field that would hold it, e.g. `teamId`.
    pub field: String,
    /// The wanted object's type as the API names it.
    pub target_type: String,
    /// The wanted object's origin, or its slug where the import has no origins.
    pub target: String,
    /// What the reference carries, e.g. a dependency's strength.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strength: Option<String>,
    /// The import document that stated it, where the field is a list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
}

/// One object's pointer to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reference {
    /// The field of the API's input that holds it.
    pub field: &'static str,
    /// What it points to.
    pub target: ObjectRef,
}

impl Reference {
    /// A pointer that is always there.
    pub fn to<T: Record>(field: &'static str, target: Id<T>) -> Self {
        Self {
            field,
            target: target.any(),
        }
    }

    /// A pointer that may be absent.
    pub fn maybe<T: Record>(field: &'static str, target: Option<Id<T>>) -> Option<Self> {
        target.map(|target| Self::to(field, target))
    }
}

/// A type of object that the catalog holds.
pub trait Record: Clone + Debug + Serialize + Send + Sync + 'static {
    /// Which one.
    const TYPE: ObjectType;

    /// The common part.
    fn header(&self) -> &Header;

    /// The common part, to change it.
    fn header_mut(&mut self) -> &mut Header;

    /// Everything that it points to; none of these can be deleted while it does.
    fn references(&self) -> Vec<Reference>;

    /// Values besides the slug that no two objects of the type share, by their columns.
    fn unique_values(&self) -> Vec<(&'static str, Option<&str>)> {
        vec![("origin", self.header().origin.as_deref())]
    }

    /// The object above, for types that form a tree.
    fn parent(&self) -> Option<Id<Self>> {
        None
    }

    /// Where the catalog keeps objects of this type.
    fn table(catalog: &Catalog) -> &Table<Self>;

    /// Where the catalog keeps objects of this type, to change it.
    fn table_mut(catalog: &mut Catalog) -> &mut Table<Self>;

    /// Keeps the indexes that only this type has: `old` leaves, `new` comes.
    fn reindex(catalog: &mut Catalog, old: Option<&Arc<Self>>, new: Option<&Arc<Self>>);

    /// Its id.
    fn id(&self) -> Id<Self> {
        Id::new(self.header().id)
    }

    /// The fields that a person can change, by their API names.
    fn fields(&self) -> Map<String, Value> {
        match serde_json::to_value(self) {
            Ok(Value::Object(fields)) => fields,
            // Records are structs of plain values with string keys: they always serialise to an object.
            _ => Map::new(),
        }
    }
}
