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
    /// The first object, if any, that a plan opens or changes and that this author may not change; of an offering the service
    /// that it is about.
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
            let services = services_of(draft, object);
            let Some(person) = person.filter(|_| !services.is_empty()) else {
                return Some(object);
            };
            for service in services {
                let stays = draft.get(service).is_some();
                if !(stays && owns(draft, person, service)) {
                    return Some(service.any());
                }
                draft.guard(service.any());
            }
        }
        None
    }
}

/// Whether the person owns the service before the change.
fn owns(draft: &Draft, person: Id<Person>, service: Id<Service>) -> bool {
    draft.base().get(service).is_some_and(|service| {
        [service.business_owner_id, service.service_owner_id].contains(&Some(person))
    })
}

/// The services that a change of an object is about: itself, or an offering's before and after; none for anything else.
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
