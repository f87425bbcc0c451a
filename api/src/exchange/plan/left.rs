//! Letting go of what a document said once and says no more, where other objects hold it.

use std::collections::BTreeSet;

use serde_json::{Map, Value as Json};

use super::{
    bench::Bench,
    fields::{CHILDREN, PARENT},
    item::{Item, Stated},
    link::{find, resolve},
    write::said_before,
};
use crate::{
    catalog::{people::rules::Person, services::rules::Service, teams::rules::Team},
    exchange::backstage::{EntityRef, RecordedList, recorded},
    shared::{
        ids::{Id, ObjectRef, ObjectType},
        record::Record,
    },
    snapshot::Catalog,
};

/// Takes back what the documents of this import said before.
pub(super) fn leave(planned: &[(&Item, ObjectRef)], bench: &mut Bench<'_>) {
    for (item, object) in planned {
        let Some(origin) = item.identity.origin.as_deref().filter(|_| item.is_merged()) else {
            continue;
        };
        match object.kind {
            ObjectType::Service => leave_dependents(bench, *object, origin),
            ObjectType::Team => {
                leave_list(bench, *object, origin, RecordedList::Members);
                leave_list(bench, *object, origin, RecordedList::Children);
            }
            ObjectType::Person => leave_list(bench, *object, origin, RecordedList::MemberOf),
            _ => {}
        }
    }
}

/// Dependencies of other services that this document stated: they come back if it still does.
fn leave_dependents(bench: &mut Bench<'_>, object: ObjectRef, origin: &str) {
    let dependents: BTreeSet<Id<Service>> = bench
        .catalog()
        .referrers(object)
        .filter(|referrer| referrer.source.kind == ObjectType::Service)
        .map(|referrer| Id::new(referrer.source.id))
        .collect();
    for dependent in dependents {
        let ours = bench
            .get(dependent)
            .and_then(|service| service.dependencies.get(&Id::new(object.id)))
            .is_some_and(|dependency| dependency.origin.as_deref() == Some(origin));
        if ours && let Some(service) = bench.edit(dependent) {
            service.dependencies.remove(&Id::new(object.id));
        }
    }
}

/// Memberships and parents carry no origin. What a list named before and names no more is let go, unless the object at
/// its other end says the same of itself.
fn leave_list(bench: &mut Bench<'_>, object: ObjectRef, origin: &str, list: RecordedList) {
    let Some(reference) = EntityRef::from_origin(origin) else {
        return;
    };
    let before = recorded_in(bench.base(), object, list, &reference.namespace);
    let now = annotations(bench, object)
        .map(|annotations| recorded(annotations, list, &reference.namespace))
        .unwrap_or_default();
    for other in before.difference(&now) {
        match list {
            RecordedList::Members => {
                leave_team(bench, ObjectType::Person, other, |there| (there, object));
            }
            RecordedList::MemberOf => {
                leave_team(bench, ObjectType::Team, other, |there| (object, there));
            }
            RecordedList::Children => leave_parent(bench, other, object),
        }
    }
}

/// Takes a person out of a team where neither document speaks of it any more.
fn leave_team(
    bench: &mut Bench<'_>,
    kind: ObjectType,
    other: &str,
    pair: impl FnOnce(ObjectRef) -> (ObjectRef, ObjectRef),
) {
    let Some(there) = find(bench.catalog(), kind, other) else {
        return;
    };
    let (person, team) = pair(there);
    let still_said = says(bench, person, RecordedList::MemberOf, team)
        || says(bench, team, RecordedList::Members, person);
    if !still_said && let Some(person) = bench.edit(Id::<Person>::new(person.id)) {
        person.team_ids.remove(&Id::new(team.id));
    }
}

/// Takes a team from below another where its own document says nothing of a parent.
fn leave_parent(bench: &mut Bench<'_>, child: &str, parent: ObjectRef) {
    let Some(child) = find(bench.catalog(), ObjectType::Team, child) else {
        return;
    };
    let Some(team) = bench.edit(Id::<Team>::new(child.id)) else {
        return;
    };
    let own_word = said_before(&team.header.annotations).contains(PARENT);
    if team.parent_id == Some(Id::new(parent.id)) && !own_word {
        team.parent_id = None;
    }
}

/// Whether the recorded list of one object names another.
fn says(bench: &Bench<'_>, object: ObjectRef, list: RecordedList, other: ObjectRef) -> bool {
    let origin = |object: ObjectRef| {
        crate::for_type!(object.kind, T => {
            bench.get(Id::<T>::new(object.id)).and_then(|record| record.header().origin.clone())
        })
    };
    let namespace = origin(object)
        .and_then(|origin| EntityRef::from_origin(&origin))
        .map_or_else(|| "default".to_owned(), |reference| reference.namespace);
    let (Some(annotations), Some(other)) = (annotations(bench, object), origin(other)) else {
        return false;
    };
    recorded(annotations, list, &namespace).contains(&other)
}

fn annotations<'b>(bench: &'b Bench<'_>, object: ObjectRef) -> Option<&'b Map<String, Json>> {
    crate::for_type!(object.kind, T => {
        bench.get(Id::<T>::new(object.id)).map(|record| &record.header().annotations)
    })
}

fn recorded_in(
    catalog: &Catalog,
    object: ObjectRef,
    list: RecordedList,
    namespace: &str,
) -> BTreeSet<String> {
    crate::for_type!(object.kind, T => {
        catalog
            .get(Id::<T>::new(object.id))
            .map(|record| recorded(&record.header().annotations, list, namespace))
            .unwrap_or_default()
    })
}

/// The team that a stated child stands below, where that is another one.
pub(super) fn other_parent(
    stated: &Stated,
    object: ObjectRef,
    bench: &Bench<'_>,
) -> Option<String> {
    if stated.wanted.field != CHILDREN {
        return None;
    }
    let child = resolve(bench.catalog(), &stated.wanted)?;
    let parent = bench.get(Id::<Team>::new(child.id))?.parent_id?;
    (parent.key() != object.id).then(|| bench.catalog().describe(parent.any()))
}
