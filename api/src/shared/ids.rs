//! Identity: what type an object is of, and its id inside and outside.

use std::cmp::Ordering;
use std::fmt::{self, Display};
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::str::FromStr;

use serde::{Serialize, Serializer};
use strum::EnumIter;
use uuid::Uuid;

use super::record::Record;
use super::subject::SubjectRef;

/// The types of objects that the catalog holds.
///
/// Their order is the one in which rows can be inserted without referring to what is not there yet.
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
pub enum ObjectType {
    /// Delivers services.
    Team,
    /// Whom services exist for.
    Customer,
    /// Somebody, or an automation account.
    Person,
    /// What the business is able to do.
    BusinessCapability,
    /// What the business wants.
    BusinessOutcome,
    /// What is delivered.
    Service,
    /// What can be requested.
    ServiceOffering,
    /// When services are attended.
    SupportCalendar,
    /// What is promised.
    ServiceLevelAgreement,
    /// What a customer got elsewhere.
    ShadowItSighting,
}

impl ObjectType {
    /// The first part of the public id.
    pub fn prefix(self) -> &'static str {
        match self {
            Self::Team => "team",
            Self::Customer => "cust",
            Self::Person => "pers",
            Self::BusinessCapability => "capa",
            Self::BusinessOutcome => "outc",
            Self::Service => "serv",
            Self::ServiceOffering => "offr",
            Self::SupportCalendar => "cale",
            Self::ServiceLevelAgreement => "agre",
            Self::ShadowItSighting => "shad",
        }
    }

    /// The type in words, for messages: `service offering`.
    pub fn words(self) -> &'static str {
        match self {
            Self::Team => "team",
            Self::Customer => "customer",
            Self::Person => "person",
            Self::BusinessCapability => "business capability",
            Self::BusinessOutcome => "business outcome",
            Self::Service => "service",
            Self::ServiceOffering => "service offering",
            Self::SupportCalendar => "support calendar",
            Self::ServiceLevelAgreement => "service level agreement",
            Self::ShadowItSighting => "shadow IT sighting",
        }
    }
}

/// An object of any type. Its text form (`serv_0193…`) is the opaque id that clients see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectRef {
    /// Its type.
    pub kind: ObjectType,
    /// Its key.
    pub id: Uuid,
}

impl Display for ObjectRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        SubjectRef::from(*self).fmt(f)
    }
}

/// The text is not an id that this server gave out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an id of this catalog")]
pub struct NotAnId;

impl FromStr for ObjectRef {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, NotAnId> {
        text.parse::<SubjectRef>()?.object().ok_or(NotAnId)
    }
}

impl Serialize for ObjectRef {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The id of an object of type `T`.
pub struct Id<T>(Uuid, PhantomData<fn() -> T>);

impl<T> Id<T> {
    /// The id with this key.
    pub fn new(key: Uuid) -> Self {
        Self(key, PhantomData)
    }

    /// The key in the database.
    pub fn key(self) -> Uuid {
        self.0
    }
}

impl<T: Record> Id<T> {
    /// The same id, for lists of all types.
    pub fn any(self) -> ObjectRef {
        ObjectRef {
            kind: T::TYPE,
            id: self.0,
        }
    }
}

impl<T> Clone for Id<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Id<T> {}
impl<T> PartialEq for Id<T> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}
impl<T> Eq for Id<T> {}
impl<T> PartialOrd for Id<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl<T> Ord for Id<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.cmp(&other.0)
    }
}
impl<T> Hash for Id<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}
impl<T> fmt::Debug for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}
impl<T: Record> Display for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.any().fmt(f)
    }
}
impl<T: Record> Serialize for Id<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.any().serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use strum::IntoEnumIterator;

    use super::*;

    #[test]
    fn an_id_survives_its_text_form() {
        for kind in ObjectType::iter() {
            let id = ObjectRef {
                kind,
                id: Uuid::now_v7(),
            };
            assert_eq!(id.to_string().parse(), Ok(id));
        }
    }

    #[test]
    fn other_spellings_of_an_id_are_refused() {
        let key = Uuid::now_v7();
        for text in [
            format!("serv_{}", key.hyphenated()),
            format!("serv_{}", key.simple().to_string().to_uppercase()),
            format!("nope_{}", key.simple()),
            key.simple().to_string(),
            String::new(),
        ] {
            assert_eq!(text.parse::<ObjectRef>(), Err(NotAnId), "{text}");
        }
    }
}
