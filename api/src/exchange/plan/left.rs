//! Letting go of what a document said once and says no more, where other objects hold it.

use std::collections::BTreeSet;

use serde_json::{Map, Value as Json};

use super::{
    fields::{CHILDREN, PARENT},
    item::{Item, Stated},
    link::{change, find, resolve},
    write::said_before,
};
use crate::{
    catalog::{people::rules::Person, services::rules::Service, teams::rules::Team},
    exchange::backstage::{EntityRef, RecordedList, recorded},
    shared::{
        draft::Draft,
        ids::{Id, ObjectRef, ObjectType},
        record::Record,
    },
};

/// Takes back what the documents of this import said before.
pub(super) fn leave(planned: &[(&Item, ObjectRef)], draft: &mut Draft) {
    for (item, object) in planned {
        let Some(origin) = item.identity.origin.as_deref().filter(|_| item.is_merged()) else {
            continue;
        };
        match object.kind {
            ObjectType::Service => leave_dependents(draft, *object, origin),
            ObjectType::Team => {
                leave_list(draft, *object, origin, RecordedList::Members);
                leave_list(draft, *object, origin, RecordedList::Children);
            }
            ObjectType::Person => leave_list(draft, *object, origin, RecordedList::MemberOf),
            _ => {}
        }
    }
}

/// Dependencies of other services that this document stated: they come back if it still does.
fn leave_dependents(draft: &mut Draft, object: ObjectRef, origin: &str) {
    let dependents: BTreeSet<ObjectRef> = draft
        .catalog()
        .referrers(object)
        .filter(|referrer| referrer.source.kind == ObjectType::Service)
        .map(|referrer| referrer.source)
        .collect();
    for dependent in dependents {
        change(draft, dependent, |service: &mut Service| {
            let ours = service
                .dependencies
                .get(&Id::new(object.id))
                .is_some_and(|dependency| dependency.origin.as_deref() == Some(origin));
            if ours {
                service.dependencies.remove(&Id::new(object.id));
            }
        });
    }
}

/// Memberships and parents carry no origin. What a list named before and names no more is let go, unless the object at
/// its other end says the same of itself.
fn leave_list(draft: &mut Draft, object: ObjectRef, origin: &str, list: RecordedList) {
    let Some(reference) = EntityRef::from_origin(origin) else {
        return;
    };
    let before = annotations(draft.base(), object);
    let now = annotations(draft.catalog(), object);
    let (Some(before), Some(now)) = (before, now) else {
        return;
    };
    let now = recorded(&now, list, &reference.namespace);
    for other in recorded(&before, list, &reference.namespace) {
        if now.contains(&other) {
            continue;
        }
        match list {
            RecordedList::Members => {
                leave_team(draft, ObjectType::Person, &other, |there| (there, object))
            }
            RecordedList::MemberOf => {
                leave_team(draft, ObjectType::Team, &other, |there| (object, there))
            }
            RecordedList::Children => leave_parent(draft, &other, object),
        }
    }
}

/// Takes a person out of a team where neither document speaks of it any more.
fn leave_team(
    draft: &mut Draft,
    kind: ObjectType,
    other: &str,
    pair: impl FnOnce(ObjectRef) -> (ObjectRef, ObjectRef),
) {
    let Some(there) = find(draft.catalog(), kind, other) else {
        return;
    };
    let (person, team) = pair(there);
    let still_said = says(draft, person, RecordedList::MemberOf, team)
        || says(draft, team, RecordedList::Members, person);
    if !still_said {
        change(draft, person, |person: &mut Person| {
            person.team_ids.remove(&Id::new(team.id));
        });
    }
}

/// Takes a team from below another where its own document says nothing of a parent.
fn leave_parent(draft: &mut Draft, child: &str, parent: ObjectRef) {
    let Some(child) = find(draft.catalog(), ObjectType::Team, child) else {
        return;
    };
    change(draft, child, |team: &mut Team| {
        let own_word = said_before(&team.header.annotations).contains(PARENT);
        if team.parent_id == Some(Id::new(parent.id)) && !own_word {
            team.parent_id = None;
        }
    });
}

/// Whether the recorded list of one object names another.
fn says(draft: &Draft, object: ObjectRef, list: RecordedList, other: ObjectRef) -> bool {
    let catalog = draft.catalog();
    let origin = |object: ObjectRef| {
        crate::for_type!(object.kind, T => {
            catalog.get(Id::<T>::new(object.id)).and_then(|record| record.header().origin.clone())
        })
    };
    let namespace = origin(object)
        .and_then(|origin| EntityRef::from_origin(&origin))
        .map_or_else(|| "default".to_owned(), |reference| reference.namespace);
    let other = origin(other);
    annotations(catalog, object).is_some_and(|annotations| {
        other.is_some_and(|other| recorded(&annotations, list, &namespace).contains(&other))
    })
}

fn annotations(catalog: &crate::snapshot::Catalog, object: ObjectRef) -> Option<Map<String, Json>> {
    crate::for_type!(object.kind, T => {
        catalog.get(Id::<T>::new(object.id)).map(|record| record.header().annotations.clone())
    })
}

/// The team that a stated child stands below, where that is another one.
pub(super) fn other_parent(stated: &Stated, object: ObjectRef, draft: &Draft) -> Option<String> {
    if stated.wanted.field != CHILDREN {
        return None;
    }
    let child = resolve(draft.catalog(), &stated.wanted)?;
    let parent = draft.get(Id::<Team>::new(child.id))?.parent_id?;
    (parent.key() != object.id).then(|| draft.catalog().describe(parent.any()))
}
