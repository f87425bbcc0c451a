//! What a change is about: an object that the snapshot holds, or a piece of work that only the database holds.

use std::fmt::{self, Display};
use std::str::FromStr;

use strum::{EnumIter, IntoEnumIterator};
use uuid::Uuid;

use super::errors::{UserError, UserErrorCode};
use super::ids::{NotAnId, ObjectRef, ObjectType};

/// The types of work: they grow without bound and are read from the database, page by page.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    EnumIter,
    strum::Display,
    strum::EnumString,
)]
pub enum WorkType {
    /// What somebody asked for.
    ServiceRequest,
    /// What is broken.
    Incident,
    /// Where events are sent to.
    WebhookEndpoint,
    /// What a customer needs, wishes for or is driven by.
    Demand,
    /// What somebody says of a service.
    Feedback,
}

impl WorkType {
    /// The first part of the public id.
    pub fn prefix(self) -> &'static str {
        match self {
            Self::ServiceRequest => "sreq",
            Self::Incident => "inci",
            Self::WebhookEndpoint => "hook",
            Self::Demand => "dema",
            Self::Feedback => "feed",
        }
    }

    /// The type in words, for messages.
    pub fn words(self) -> &'static str {
        match self {
            Self::ServiceRequest => "service request",
            Self::Incident => "incident",
            Self::WebhookEndpoint => "webhook endpoint",
            Self::Demand => "demand",
            Self::Feedback => "feedback",
        }
    }
}

impl WorkType {
    /// The key in the id of a piece of work of this type.
    pub fn key(self, id: &str) -> Option<Uuid> {
        id.parse::<SubjectRef>().ok()?.as_work(self)
    }

    /// That no piece of work of this type has an id.
    pub fn not_found(self, id: &str) -> UserError {
        let message = format!("no {} has the id {id:?}", self.words());
        UserError::new(UserErrorCode::NotFound, "id", message)
    }
}

/// A type of things that change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SubjectType {
    /// Held by the snapshot.
    Catalog(ObjectType),
    /// Held by the database only.
    Work(WorkType),
}

impl SubjectType {
    /// All of them.
    pub fn iter() -> impl Iterator<Item = Self> {
        let catalog = ObjectType::iter().map(Self::Catalog);
        catalog.chain(WorkType::iter().map(Self::Work))
    }

    /// The first part of the public id.
    pub fn prefix(self) -> &'static str {
        match self {
            Self::Catalog(kind) => kind.prefix(),
            Self::Work(kind) => kind.prefix(),
        }
    }
}

impl Display for SubjectType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Catalog(kind) => kind.fmt(f),
            Self::Work(kind) => kind.fmt(f),
        }
    }
}

impl FromStr for SubjectType {
    type Err = strum::ParseError;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let catalog = name.parse().map(Self::Catalog);
        catalog.or_else(|_| name.parse().map(Self::Work))
    }
}

/// A thing of any type. Its text form (`sreq_0193…`) is the opaque id that clients see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SubjectRef {
    /// Its type.
    pub kind: SubjectType,
    /// Its key.
    pub id: Uuid,
}

impl SubjectRef {
    /// A piece of work.
    pub fn work(kind: WorkType, id: Uuid) -> Self {
        Self {
            kind: SubjectType::Work(kind),
            id,
        }
    }

    /// The object that it is, where the snapshot holds it.
    pub fn object(self) -> Option<ObjectRef> {
        match self.kind {
            SubjectType::Catalog(kind) => Some(ObjectRef { kind, id: self.id }),
            SubjectType::Work(_) => None,
        }
    }

    /// The key of the piece of work of this type that it is.
    pub fn as_work(self, kind: WorkType) -> Option<Uuid> {
        (self.kind == SubjectType::Work(kind)).then_some(self.id)
    }
}

impl From<ObjectRef> for SubjectRef {
    fn from(object: ObjectRef) -> Self {
        Self {
            kind: SubjectType::Catalog(object.kind),
            id: object.id,
        }
    }
}

impl Display for SubjectRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{}", self.kind.prefix(), self.id.simple())
    }
}

impl FromStr for SubjectRef {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, NotAnId> {
        let (prefix, key) = text.split_once('_').ok_or(NotAnId)?;
        let kind = SubjectType::iter()
            .find(|kind| kind.prefix() == prefix)
            .ok_or(NotAnId)?;
        let id = Uuid::try_parse(key).map_err(|_| NotAnId)?;
        let parsed = Self { kind, id };
        // One thing has one id: other spellings of the same key are refused.
        if parsed.to_string() == text {
            Ok(parsed)
        } else {
            Err(NotAnId)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn an_id_and_a_type_survive_their_text_forms() {
        for kind in SubjectType::iter() {
            let id = SubjectRef {
                kind,
                id: Uuid::now_v7(),
            };
            assert_eq!(id.to_string().parse(), Ok(id));
            assert_eq!(kind.to_string().parse(), Ok(kind));
        }
    }

    #[test]
    fn no_two_types_share_the_first_part_of_their_ids() {
        let prefixes: BTreeSet<_> = SubjectType::iter().map(SubjectType::prefix).collect();
        assert_eq!(prefixes.len(), SubjectType::iter().count());
    }
}
