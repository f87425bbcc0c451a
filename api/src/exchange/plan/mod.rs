//! What an import does to the catalog: pure, so that a dry run, a mutation and ten thousand files are one thing.
//!
//! Documents come in any order and refer to each other. So every object is planned by itself first, its references as
//! wanted; then whatever is wanted and there is linked, which reaches objects of earlier imports just as well.

pub mod fields;
mod identity;
mod item;
mod left;
mod link;
mod write;

use std::collections::{BTreeMap, BTreeSet};

pub use item::{Change, Identity, Item, Manner, Merge, Stated};

use self::{identity::Recognised, link::resolve, write::Fallback};
use super::diagnostics::{Place, Problems};
use crate::{
    catalog::{
        capabilities::rules::Capability, customers::rules::Customer, services::rules::ServiceKind,
        teams::rules::Team,
    },
    shared::{
        draft::{ChangeKind, Draft},
        ids::{Id, ObjectRef, ObjectType},
        patch::Patch,
        record::Record,
    },
};

/// How much an import changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Objects that are new.
    pub created: usize,
    /// Objects that change, those included that only gain a link.
    pub updated: usize,
    /// Objects of the import that are as it says already.
    pub unchanged: usize,
}

/// Plans an import on `draft`. Where `problems` has errors afterwards the plan must not be committed.
pub fn plan(items: &[Item], draft: &mut Draft, problems: &mut Problems) -> Summary {
    let mut items: Vec<&Item> = items.iter().collect();
    items.sort_by_key(|item| order(item));
    let mut fallback = Fallback::default();
    let mut planned: Vec<(&Item, ObjectRef)> = Vec::with_capacity(items.len());
    let mut first: BTreeMap<ObjectRef, &Place> = BTreeMap::new();
    for item in items {
        let Some(object) = write::write(item, draft, &mut fallback, problems) else {
            continue;
        };
        if let Some(place) = first.insert(object, &item.at) {
            let what = draft.catalog().describe(object);
            problems.error(
                item.at.clone(),
                format!("the {what} is described at {place} already; it must be described once"),
            );
        }
        planned.push((item, object));
    }
    left::leave(&planned, draft);
    link::link(draft);
    for (item, object) in &planned {
        break_cycle(item, *object, draft, problems);
    }
    for (item, object) in &planned {
        tell_unlinked(item, *object, draft, problems);
    }
    summary(&planned, draft)
}

/// Objects that others need come first; among services of one name the one that people see gets the plain slug. The
/// order of the files plays no part.
fn order(item: &Item) -> (ObjectType, Option<ServiceKind>, &str, Option<&str>) {
    let kind = match &item.change {
        Change::Service(patch, _) => match patch.kind {
            Patch::Set(kind) => Some(kind),
            _ => None,
        },
        _ => None,
    };
    let Recognised { origin, slug } = identity::recognised(item);
    (item.change.object_type(), kind, slug, origin)
}

/// An object cannot stand below itself: a chain of parents that leads back is cut at the document that states it.
fn break_cycle(item: &Item, object: ObjectRef, draft: &mut Draft, problems: &mut Problems) {
    match object.kind {
        ObjectType::Team => break_cycle_of::<Team>(item, Id::new(object.id), draft, problems),
        ObjectType::Customer => {
            break_cycle_of::<Customer>(item, Id::new(object.id), draft, problems)
        }
        ObjectType::BusinessCapability => {
            break_cycle_of::<Capability>(item, Id::new(object.id), draft, problems);
        }
        _ => {}
    }
}

fn break_cycle_of<T: fields::Importable>(
    item: &Item,
    id: Id<T>,
    draft: &mut Draft,
    problems: &mut Problems,
) {
    let Some(mut record) = draft.get(id).map(|record| T::clone(record)) else {
        return;
    };
    // The chain may lead into another object's circle, which is cut where that one's turn comes.
    let mut above = record.parent();
    let mut passed = BTreeSet::new();
    while let Some(ancestor) = above.filter(|ancestor| *ancestor != id && passed.insert(*ancestor))
    {
        // The plan is good only while nobody else moves what stands above.
        draft.guard(ancestor.any());
        above = draft.get(ancestor).and_then(|record| record.parent());
    }
    if above != Some(id) {
        return;
    }
    let at = item
        .stated
        .iter()
        .find(|stated| stated.wanted.field == fields::PARENT)
        .map_or(&item.at, |stated| &stated.at);
    let what = draft.catalog().describe(id.any());
    if item.is_merged() {
        problems.warning(
            at.clone(),
            format!("the {what} would stand below itself; it is imported without a parent"),
        );
    } else {
        problems.error(at.clone(), format!("the {what} would stand below itself"));
    }
    record.point_nowhere(fields::PARENT);
    draft.put(record);
}

/// Tells which references lead to nothing.
fn tell_unlinked(item: &Item, object: ObjectRef, draft: &Draft, problems: &mut Problems) {
    let unresolved = crate::for_type!(object.kind, T => {
        draft.get(Id::<T>::new(object.id)).map(|record| record.header().unresolved.clone())
    })
    .unwrap_or_default();
    for stated in &item.stated {
        if unresolved.contains(&stated.wanted) {
            problems.warning(
                stated.at.clone(),
                format!(
                    "`{}` names {}, which is not in the catalog; it is linked when an import brings it",
                    stated.field,
                    link::in_words(&stated.wanted)
                ),
            );
        } else if let Some(other) = left::other_parent(stated, object, draft) {
            problems.warning(
                stated.at.clone(),
                format!(
                    "`{}` names {}, which stands below the {other}; it stays there",
                    stated.field,
                    link::in_words(&stated.wanted)
                ),
            );
        }
    }
    for mention in &item.mentions {
        if resolve(draft.catalog(), &mention.wanted).is_none() {
            problems.warning(
                mention.at.clone(),
                format!(
                    "`{}` names {}, which is not in the catalog",
                    mention.field,
                    link::in_words(&mention.wanted)
                ),
            );
        }
    }
}

fn summary(planned: &[(&Item, ObjectRef)], draft: &Draft) -> Summary {
    let mut summary = Summary::default();
    let mut changed = BTreeSet::new();
    for change in draft.changes() {
        changed.insert(change.subject);
        match change.kind {
            ChangeKind::Created => summary.created += 1,
            ChangeKind::Updated | ChangeKind::Deleted => summary.updated += 1,
        }
    }
    summary.unchanged = planned
        .iter()
        .filter(|(_, object)| !changed.contains(object))
        .count();
    summary
}
