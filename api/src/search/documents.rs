//! What can be found, and by which of its words.

use strum::{EnumIter, EnumString, FromRepr, IntoStaticStr};
use uuid::Uuid;

use super::index::Document;
use crate::catalog::capabilities::rules::Capability;
use crate::catalog::customers::rules::Customer;
use crate::catalog::offerings::rules::Offering;
use crate::catalog::people::rules::Person;
use crate::catalog::services::rules::Service;
use crate::catalog::teams::rules::Team;
use crate::outcomes::rules::Outcome;
use crate::shared::ids::{Id, ObjectType};
use crate::shared::record::{Header, Record};
use crate::snapshot::Catalog;

/// What can be found. Their names are those of the API's types, their numbers what the index holds.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, EnumString, IntoStaticStr, FromRepr,
)]
#[repr(u64)]
pub enum Kind {
    /// What is delivered.
    Service,
    /// What can be requested.
    ServiceOffering,
    /// Whom services are for.
    Customer,
    /// What the business wants.
    BusinessOutcome,
    /// What the business can do.
    BusinessCapability,
    /// What customers need.
    Demand,
    /// Somebody.
    Person,
    /// Delivers services.
    Team,
}

impl Kind {
    /// The name of the API's type.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// The mark that every document of the kind has.
    pub fn mark(self) -> String {
        format!("is:{}", self.name())
    }

    /// The kind of objects of a type; none where they are not searched for.
    pub fn of(object: ObjectType) -> Option<Self> {
        object.to_string().parse().ok()
    }
}

/// A type of object that can be found.
trait Findable: Record {
    const KIND: Kind;

    /// What else it is known by, beside its slug.
    fn keys(&self) -> Vec<String> {
        Vec::new()
    }

    /// What is said about it.
    fn texts(&self) -> Vec<String>;

    fn document(&self) -> Document {
        let Header { id, slug, name, .. } = self.header().clone();
        let mut keys = self.keys();
        keys.push(slug);
        Document {
            kind: Self::KIND as u64,
            id,
            name,
            keys,
            texts: self.texts(),
            marks: vec![Self::KIND.mark()],
        }
    }
}

fn given(text: Option<&String>) -> Vec<String> {
    text.into_iter().cloned().collect()
}

impl Findable for Service {
    const KIND: Kind = Kind::Service;

    fn keys(&self) -> Vec<String> {
        self.tags.clone()
    }

    fn texts(&self) -> Vec<String> {
        given(self.description.as_ref())
    }
}

impl Findable for Offering {
    const KIND: Kind = Kind::ServiceOffering;

    fn texts(&self) -> Vec<String> {
        given(self.description.as_ref())
    }
}

impl Findable for Customer {
    const KIND: Kind = Kind::Customer;

    fn texts(&self) -> Vec<String> {
        let texts = [&self.description, &self.industry];
        texts.into_iter().flatten().cloned().collect()
    }
}

impl Findable for Outcome {
    const KIND: Kind = Kind::BusinessOutcome;

    fn texts(&self) -> Vec<String> {
        let mut texts = given(self.description.as_ref());
        texts.extend(self.metric.iter().map(|metric| metric.name.clone()));
        texts
    }
}

impl Findable for Capability {
    const KIND: Kind = Kind::BusinessCapability;

    fn texts(&self) -> Vec<String> {
        given(self.description.as_ref())
    }
}

impl Findable for Person {
    const KIND: Kind = Kind::Person;

    fn keys(&self) -> Vec<String> {
        given(self.email.as_ref())
    }

    fn texts(&self) -> Vec<String> {
        Vec::new()
    }
}

impl Findable for Team {
    const KIND: Kind = Kind::Team;

    fn texts(&self) -> Vec<String> {
        given(self.description.as_ref())
    }
}

/// An object of the catalog as a document; none where it is gone, or is not searched for.
pub(super) fn document(catalog: &Catalog, kind: ObjectType, key: Uuid) -> Option<Document> {
    fn of<T: Findable>(catalog: &Catalog, key: Uuid) -> Option<Document> {
        catalog
            .get(Id::<T>::new(key))
            .map(|record| record.document())
    }
    match kind {
        ObjectType::Service => of::<Service>(catalog, key),
        ObjectType::ServiceOffering => of::<Offering>(catalog, key),
        ObjectType::Customer => of::<Customer>(catalog, key),
        ObjectType::BusinessOutcome => of::<Outcome>(catalog, key),
        ObjectType::BusinessCapability => of::<Capability>(catalog, key),
        ObjectType::Person => of::<Person>(catalog, key),
        ObjectType::Team => of::<Team>(catalog, key),
        _ => None,
    }
}

/// Everything in a catalog that can be found.
pub(super) fn documents(catalog: &Catalog) -> impl Iterator<Item = Document> {
    fn all<T: Findable>(catalog: &Catalog) -> impl Iterator<Item = Document> {
        T::table(catalog).iter().map(|record| record.document())
    }
    all::<Service>(catalog)
        .chain(all::<Offering>(catalog))
        .chain(all::<Customer>(catalog))
        .chain(all::<Outcome>(catalog))
        .chain(all::<Capability>(catalog))
        .chain(all::<Person>(catalog))
        .chain(all::<Team>(catalog))
}

#[cfg(test)]
mod tests {
    use strum::IntoEnumIterator;

    use super::*;

    #[test]
    fn kinds_are_what_the_index_says_of_them() {
        for kind in Kind::iter() {
            assert_eq!(Kind::from_repr(kind as u64), Some(kind));
            assert_eq!(kind.name().parse(), Ok(kind));
        }
    }
}
