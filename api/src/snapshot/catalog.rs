//! The catalog itself.

use std::sync::Arc;

use super::index::Index;
use super::position::FeedPosition;
use super::table::Table;
use crate::catalog::capabilities::rules::Capability;
use crate::catalog::customers::rules::Customer;
use crate::catalog::offerings::rules::Offering;
use crate::catalog::people::rules::Person;
use crate::catalog::services::index::ServiceIndexes;
use crate::catalog::services::rules::Service;
use crate::catalog::teams::rules::Team;
use crate::demand::shadow_it::SightingIndexes;
use crate::demand::shadow_it::rules::Sighting;
use crate::insight::impact::graph::ImpactGraph;
use crate::outcomes::rules::Outcome;
use crate::shared::ids::{Id, ObjectRef};
use crate::shared::record::Record;
use crate::slas::agreements::rules::{Agreement, AgreementIndexes};
use crate::slas::calendars::rules::Calendar;

/// Every catalog object with the indexes over them.
///
/// A copy shares all of its structure with the original, so a request can hold one, and a planned change can be tried
/// on one, for next to nothing.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    /// How much of the change feed is in it.
    pub position: FeedPosition,
    /// Which of this process's snapshots it is, or is made of: each that is published has a higher number than those before it.
    pub generation: u64,
    /// People.
    pub people: Table<Person>,
    /// Teams.
    pub teams: Table<Team>,
    /// Customers.
    pub customers: Table<Customer>,
    /// Capabilities.
    pub capabilities: Table<Capability>,
    /// Outcomes.
    pub outcomes: Table<Outcome>,
    /// Services.
    pub services: Table<Service>,
    /// Offerings.
    pub offerings: Table<Offering>,
    /// Calendars.
    pub calendars: Table<Calendar>,
    /// Agreements.
    pub agreements: Table<Agreement>,
    /// Sightings of shadow IT.
    pub sightings: Table<Sighting>,
    /// People by their teams.
    pub members: Index<Id<Team>>,
    /// People by the subject of their tokens.
    pub subjects: imbl::HashMap<Arc<str>, Id<Person>>,
    /// Capabilities by the one above.
    pub subcapabilities: Index<Id<Capability>>,
    /// Outcomes by their customer.
    pub customer_outcomes: Index<Id<Customer>>,
    /// Offerings by their service.
    pub service_offerings: Index<Id<Service>>,
    /// Agreements by what they are about.
    pub agreement_indexes: AgreementIndexes,
    /// Parts and orders of the register of shadow IT.
    pub sighting_indexes: SightingIndexes,
    /// What filters, orders and facets of services need.
    pub service_indexes: ServiceIndexes,
    /// What impact is worked out on.
    pub impact_graph: Box<ImpactGraph>,
    /// Who points to whom, the target first.
    referrers: imbl::OrdSet<(ObjectRef, ObjectRef, &'static str)>,
    /// What is wanted and not there: type and origin or slug of the wanted, then who wants it.
    wanted: imbl::OrdSet<(String, String, ObjectRef)>,
}

/// An object that points to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Referrer {
    /// Who points.
    pub source: ObjectRef,
    /// The field that does.
    pub field: &'static str,
}

impl Catalog {
    /// A catalog that holds nothing, at the same place in the change feed.
    #[must_use]
    pub fn emptied(&self) -> Self {
        Self {
            position: self.position.clone(),
            generation: self.generation,
            ..Self::default()
        }
    }

    /// The same catalog as if nothing but shadow IT were in it.
    #[must_use]
    pub fn emptied_to_shadow_it(&self) -> Self {
        Self {
            sightings: self.sightings.clone(),
            sighting_indexes: self.sighting_indexes.clone(),
            ..self.emptied()
        }
    }

    /// The same catalog as if nobody had seen any shadow IT.
    #[must_use]
    pub fn without_shadow_it(&self) -> Self {
        Self {
            sightings: Table::default(),
            sighting_indexes: SightingIndexes::default(),
            ..self.clone()
        }
    }

    /// The object with this id.
    pub fn get<T: Record>(&self, id: Id<T>) -> Option<&Arc<T>> {
        T::table(self).get(id)
    }

    /// Adds an object or replaces its earlier state.
    pub fn put<T: Record>(&mut self, record: Arc<T>) {
        let old = self.take(record.id());
        let source = record.id().any();
        for reference in record.references() {
            self.referrers
                .insert((reference.target, source, reference.field));
        }
        for wanted in &record.header().unresolved {
            self.wanted
                .insert((wanted.target_type.clone(), wanted.target.clone(), source));
        }
        T::reindex(self, old.as_ref(), Some(&record));
        T::table_mut(self).insert(record);
    }

    /// Adds an object as it is in another catalog, if it is there and not here yet.
    pub(crate) fn take_over<T: Record>(&mut self, from: &Self, id: Id<T>) {
        if self.get(id).is_none()
            && let Some(record) = from.get(id)
        {
            self.put(Arc::clone(record));
        }
    }

    /// Takes an object out, if it is there.
    pub fn remove<T: Record>(&mut self, id: Id<T>) {
        if let Some(old) = self.take(id) {
            T::reindex(self, Some(&old), None);
        }
    }

    /// Everything but the type's own indexes.
    fn take<T: Record>(&mut self, id: Id<T>) -> Option<Arc<T>> {
        let old = Arc::clone(T::table(self).get(id)?);
        T::table_mut(self).remove(&old);
        let source = id.any();
        for reference in old.references() {
            self.referrers
                .remove(&(reference.target, source, reference.field));
        }
        for wanted in &old.header().unresolved {
            self.wanted
                .remove(&(wanted.target_type.clone(), wanted.target.clone(), source));
        }
        Some(old)
    }

    /// The person whose access tokens have this subject.
    pub fn person_by_subject(&self, subject: &str) -> Option<&Arc<Person>> {
        self.subjects.get(subject).and_then(|&id| self.get(id))
    }

    /// Who points to this object.
    pub fn referrers(&self, target: ObjectRef) -> impl Iterator<Item = Referrer> {
        let least = ObjectRef {
            kind: crate::shared::ids::ObjectType::Team,
            id: uuid::Uuid::nil(),
        };
        self.referrers
            .range((target, least, "")..)
            .take_while(move |(pointed_to, ..)| *pointed_to == target)
            .map(|&(_, source, field)| Referrer { source, field })
    }

    /// Every reference to something that is not there: the wanted type, its origin or slug, and who wants it.
    pub fn wanted(&self) -> impl Iterator<Item = (&str, &str, ObjectRef)> {
        self.wanted
            .iter()
            .map(|(kind, target, source)| (kind.as_str(), target.as_str(), *source))
    }

    /// The name of an object of any type, for messages.
    pub fn describe(&self, object: ObjectRef) -> String {
        let slug = crate::for_type!(object.kind, T => {
            self.get(Id::<T>::new(object.id)).map(|record| record.header().slug.clone())
        });
        match slug {
            Some(slug) => format!("{} `{slug}`", object.kind.words()),
            None => format!("{} {object}", object.kind.words()),
        }
    }

    /// How many objects it holds.
    pub fn len(&self) -> usize {
        self.people.len()
            + self.teams.len()
            + self.customers.len()
            + self.capabilities.len()
            + self.outcomes.len()
            + self.services.len()
            + self.offerings.len()
            + self.calendars.len()
            + self.agreements.len()
            + self.sightings.len()
    }

    /// Whether it holds nothing.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
