//! Linking what is wanted and there.

use std::{collections::BTreeSet, sync::Arc};

use super::{
    fields::{CHILDREN, DEPENDENTS, Importable, MEMBERS, PARENT, REVERSE},
    identity::is_unclaimed,
};
use crate::{
    catalog::{people::rules::Person, services::rules::Service, teams::rules::Team},
    exchange::backstage::{EntityRef, slug_of},
    shared::{
        draft::Draft,
        ids::{Id, ObjectRef, ObjectType},
        record::{Record, Unresolved},
    },
    snapshot::Catalog,
};

/// The object that a wanted reference means, if it is there.
pub(super) fn resolve(catalog: &Catalog, wanted: &Unresolved) -> Option<ObjectRef> {
    let kind: ObjectType = wanted.target_type.parse().ok()?;
    find(catalog, kind, &wanted.target)
}

/// The object of this type with this slug or, where the target has a colon, this origin.
pub(super) fn find(catalog: &Catalog, kind: ObjectType, target: &str) -> Option<ObjectRef> {
    crate::for_type!(kind, T => find_in::<T>(catalog, target).map(|record| record.id().any()))
}

fn find_in<'a, T: Importable>(catalog: &'a Catalog, target: &str) -> Option<&'a Arc<T>> {
    let table = T::table(catalog);
    if !target.contains(':') {
        return table.by_slug(target);
    }
    table.by_origin(target).or_else(|| {
        let namesake = table.by_slug(&slug_of(&EntityRef::from_origin(target)?))?;
        is_unclaimed(namesake.as_ref(), Some(target)).then_some(namesake)
    })
}

/// A wanted object, for messages.
pub(super) fn in_words(wanted: &Unresolved) -> String {
    match EntityRef::from_origin(&wanted.target) {
        Some(reference) => format!("`{reference}`"),
        None => {
            let words = wanted
                .target_type
                .parse::<ObjectType>()
                .map_or("object", ObjectType::words);
            format!("the {words} `{}`", wanted.target)
        }
    }
}

/// Links whatever is wanted, by objects of this import or an earlier one, and there.
///
/// What objects say of themselves comes before what others say of them.
pub(super) fn link(draft: &mut Draft) {
    for reverse in [false, true] {
        let catalog = draft.catalog();
        let sources: BTreeSet<(String, ObjectRef)> = catalog
            .wanted()
            .filter(|(kind, target, _)| {
                kind.parse()
                    .is_ok_and(|kind| find(catalog, kind, target).is_some())
            })
            .map(|(_, _, source)| (catalog.describe(source), source))
            .collect();
        for (_, source) in sources {
            crate::for_type!(source.kind, T => link_one(draft, Id::<T>::new(source.id), reverse));
        }
    }
}

fn link_one<T: Importable>(draft: &mut Draft, id: Id<T>, reverse: bool) {
    let Some(record) = draft.get(id) else {
        return;
    };
    let mut record = T::clone(record);
    let wanted = std::mem::take(&mut record.header_mut().unresolved);
    let mut others = Vec::new();
    for wanted in wanted {
        let target = resolve(draft.catalog(), &wanted);
        match target {
            Some(target) if REVERSE.contains(&wanted.field.as_str()) == reverse => {
                if reverse {
                    others.push((wanted, target));
                } else {
                    record.point(&wanted, target);
                }
            }
            _ => record.header_mut().unresolved.push(wanted),
        }
    }
    draft.put(record);
    for (wanted, target) in others {
        point_back(draft, &wanted, target, id.any());
    }
}

/// Fills the field of `target` that the wanted reference of `source` stands for.
fn point_back(draft: &mut Draft, wanted: &Unresolved, target: ObjectRef, source: ObjectRef) {
    match wanted.field.as_str() {
        DEPENDENTS => change(draft, target, |service: &mut Service| {
            service.need(Id::new(source.id), wanted);
        }),
        MEMBERS => change(draft, target, |person: &mut Person| {
            person.team_ids.insert(Id::new(source.id));
        }),
        CHILDREN => change(draft, target, |team: &mut Team| {
            // What the team says of itself counts, also where that is not there yet.
            let own_word = team
                .header
                .unresolved
                .iter()
                .any(|wanted| wanted.field == PARENT);
            if team.parent_id.is_none() && !own_word {
                team.parent_id = Some(Id::new(source.id));
            }
        }),
        _ => {}
    }
}

pub(super) fn change<T: Record>(draft: &mut Draft, object: ObjectRef, edit: impl FnOnce(&mut T)) {
    if let Some(record) = draft.get(Id::<T>::new(object.id)) {
        let mut record = T::clone(record);
        edit(&mut record);
        draft.put(record);
    }
}
