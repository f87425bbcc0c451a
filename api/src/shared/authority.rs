//! What an author may change.

use super::draft::Draft;
use super::ids::{Id, ObjectRef, ObjectType};
use crate::catalog::offerings::rules::Offering;
use crate::catalog::people::rules::Person;
use crate::catalog::services::rules::Service;

/// How far an author may go. It is held against each plan before it is committed, whatever mutation made it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Authority {
    /// Anything: who may write the catalog, and the command line.
    Everything,
    /// The services of which this person is business owner or service owner before the change, and their offerings.
    OwnServices(Id<Person>),
    /// Nothing.
    Nothing,
}

impl Authority {
    /// The first object, if any, that a plan opens or changes and that this author may not change.
    ///
    /// What the judgement rests on is guarded: if somebody else takes a service away before the plan is committed, the
    /// plan is made and judged anew.
    pub fn first_beyond(self, draft: &mut Draft) -> Option<ObjectRef> {
        let person = match self {
            Self::Everything => return None,
            Self::OwnServices(person) => Some(person),
            Self::Nothing => None,
        };
        let concerned: Vec<ObjectRef> = draft.opened().chain(draft.touched()).collect();
        for object in concerned {
            let services = person
                .filter(|&person| is_within(draft, object, person))
                .map(|_| services_of(draft, object));
            let Some(services) = services else {
                return Some(object);
            };
            for service in services {
                draft.guard(service.any());
            }
        }
        None
    }
}

fn is_within(draft: &Draft, object: ObjectRef, person: Id<Person>) -> bool {
    let owns = |service: Id<Service>| {
        draft.base().get(service).is_some_and(|service| {
            [service.business_owner_id, service.service_owner_id].contains(&Some(person))
        })
    };
    match object.kind {
        ObjectType::Service => {
            let service = Id::new(object.id);
            owns(service) && draft.get(service).is_some()
        }
        ObjectType::ServiceOffering => {
            let services = services_of(draft, object);
            !services.is_empty() && services.into_iter().all(owns)
        }
        _ => false,
    }
}

/// The services that a change of an object is about: an offering's before and after it.
fn services_of(draft: &Draft, object: ObjectRef) -> Vec<Id<Service>> {
    match object.kind {
        ObjectType::Service => vec![Id::new(object.id)],
        ObjectType::ServiceOffering => {
            let offering = Id::<Offering>::new(object.id);
            [draft.base().get(offering), draft.get(offering)]
                .into_iter()
                .flatten()
                .map(|offering| offering.service_id)
                .collect()
        }
        _ => Vec::new(),
    }
}
