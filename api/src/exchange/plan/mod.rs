//! What an import does to the catalog: pure, so that a dry run, a mutation and ten thousand files are one thing.
//!
//! Documents come in any order and refer to each other. So every object is planned by itself first, its references as
//! wanted; then whatever is wanted and there is linked, which reaches objects of earlier imports just as well.

mod agreement;
mod bench;
pub mod fields;
mod holidays;
mod identity;
mod item;
mod left;
mod link;
mod sighting;
mod write;

use std::collections::{BTreeMap, BTreeSet};

pub use item::{Change, Festival, Found, Identity, Item, Manner, Merge, Stated};

use self::{bench::Bench, identity::Recognised, link::resolve, write::Fallback};
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
        record::{Record, Unresolved},
        text::forbidden_character,
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
    let mut items: Vec<&Item> = items
        .iter()
        .filter(|item| can_be_kept(item, problems))
        .collect();
    items.sort_by_key(|item| order(item));
    let mut bench = Bench::new(draft);
    let mut fallback = Fallback::default();
    let mut planned: Vec<(&Item, ObjectRef)> = Vec::with_capacity(items.len());
    let mut first: BTreeMap<ObjectRef, &Place> = BTreeMap::new();
    for item in items {
        let Some(object) = write::write(item, &mut bench, &mut fallback, problems) else {
            continue;
        };
        if let Some(place) = first.insert(object, &item.at) {
            let what = bench.catalog().describe(object);
            problems.error(
                item.at.clone(),
                format!("the {what} is described at {place} already; it must be described once"),
            );
        }
        planned.push((item, object));
    }
    left::leave(&planned, &mut bench);
    link::link(&mut bench);
    for (item, object) in &planned {
        break_cycle(item, *object, &mut bench, problems);
    }
    for (item, object) in &planned {
        tell_unlinked(item, *object, &bench, problems);
    }
    bench.put_away();
    if let Some((item, _)) = planned.first() {
        break_other_cycles(item, draft, problems);
    }
    summary(&planned, draft)
}

/// Links may have closed a circle of objects that no document of this import describes. They stay where they stood.
fn break_other_cycles(item: &Item, draft: &mut Draft, problems: &mut Problems) {
    let touched: Vec<ObjectRef> = draft.touched().collect();
    for object in touched {
        let id = object.id;
        let is_cut = match object.kind {
            ObjectType::Team => back_in_place::<Team>(Id::new(id), draft),
            ObjectType::Customer => back_in_place::<Customer>(Id::new(id), draft),
            ObjectType::BusinessCapability => back_in_place::<Capability>(Id::new(id), draft),
            _ => false,
        };
        if is_cut {
            let what = draft.catalog().describe(object);
            let message =
                format!("the {what} would come to stand below itself; it stays where it stood");
            problems.warning(item.at.clone(), message);
        }
    }
}

/// Gives an object that stands below itself the parent that it had; whether it did.
fn back_in_place<T: fields::Importable>(id: Id<T>, draft: &mut Draft) -> bool {
    let parent = draft.get(id).and_then(|record| record.parent());
    let stood = draft.base().get(id).and_then(|record| record.parent());
    if parent == stood {
        return false;
    }
    let ancestors: Vec<Id<T>> = draft.ancestors(parent).collect();
    for ancestor in &ancestors {
        draft.guard(ancestor.any());
    }
    if !ancestors.contains(&id) {
        return false;
    }
    let Some(mut record) = draft.get(id).map(|record| T::clone(record)) else {
        return false;
    };
    record.point_nowhere(fields::PARENT);
    if let Some(parent) = stood {
        let wanted = Unresolved {
            field: fields::PARENT.to_owned(),
            target_type: T::TYPE.to_string(),
            target: parent.to_string(),
            strength: None,
            origin: None,
        };
        record.point(&wanted, parent.any());
    }
    draft.put(record);
    true
}

/// Whether what is remembered of an item's origin and references can be stored and looked up.
fn can_be_kept(item: &Item, problems: &mut Problems) -> bool {
    const LONGEST: usize = 500;
    let origin = item.identity.origin.iter().map(|text| (text, &item.at));
    let references = item.stated.iter().flat_map(|stated| {
        let texts = std::iter::once(&stated.wanted.target).chain(&stated.wanted.origin);
        texts.map(|text| (text, &stated.at))
    });
    let mut all_fit = true;
    for (text, at) in origin.chain(references) {
        let wrong = if text.len() > LONGEST {
            format!(
                "this has {} bytes; an origin or a reference has at most {LONGEST}",
                text.len()
            )
        } else if let Some(character) = forbidden_character(text) {
            format!(
                "this holds the control character U+{:04X}",
                u32::from(character)
            )
        } else {
            continue;
        };
        problems.error(at.clone(), wrong);
        all_fit = false;
    }
    all_fit
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
fn break_cycle(item: &Item, object: ObjectRef, bench: &mut Bench<'_>, problems: &mut Problems) {
    match object.kind {
        ObjectType::Team => break_cycle_of::<Team>(item, Id::new(object.id), bench, problems),
        ObjectType::Customer => {
            break_cycle_of::<Customer>(item, Id::new(object.id), bench, problems);
        }
        ObjectType::BusinessCapability => {
            break_cycle_of::<Capability>(item, Id::new(object.id), bench, problems);
        }
        _ => {}
    }
}

fn break_cycle_of<T: fields::Importable>(
    item: &Item,
    id: Id<T>,
    bench: &mut Bench<'_>,
    problems: &mut Problems,
) {
    // The chain may lead into another object's circle, which is cut where that one's turn comes.
    let mut above = bench.get(id).and_then(Record::parent);
    let mut passed = BTreeSet::new();
    while let Some(ancestor) = above.filter(|ancestor| *ancestor != id && passed.insert(*ancestor))
    {
        // The plan is good only while nobody else moves what stands above.
        bench.draft().guard(ancestor.any());
        above = bench.get(ancestor).and_then(Record::parent);
    }
    if above != Some(id) {
        return;
    }
    let at = item
        .stated
        .iter()
        .find(|stated| stated.wanted.field == fields::PARENT)
        .map_or(&item.at, |stated| &stated.at);
    let what = bench.catalog().describe(id.any());
    if item.is_merged() {
        problems.warning(
            at.clone(),
            format!("the {what} would stand below itself; it is imported without a parent"),
        );
    } else {
        problems.error(at.clone(), format!("the {what} would stand below itself"));
    }
    if let Some(record) = bench.edit(id) {
        record.point_nowhere(fields::PARENT);
    }
}

/// Tells which references lead to nothing.
fn tell_unlinked(item: &Item, object: ObjectRef, bench: &Bench<'_>, problems: &mut Problems) {
    let unresolved = bench.unresolved(object);
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
        } else if let Some(other) = left::other_parent(stated, object, bench) {
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
        if resolve(bench.catalog(), &mention.wanted).is_none() {
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
