//! Linking what is wanted and there.

use std::{collections::BTreeSet, sync::Arc};

use super::{
    bench::Bench,
    fields::{CHILDREN, DEPENDENTS, Importable, MEMBERS, PARENT, REVERSE},
    identity::is_unclaimed,
};
use crate::{
    catalog::{people::rules::Person, services::rules::Service, teams::rules::Team},
    exchange::backstage::{EntityRef, slug_of},
    shared::{
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
    if let Some(reference) = EntityRef::from_origin(&wanted.target) {
        return format!("`{reference}`");
    }
    let words = wanted
        .target_type
        .parse::<ObjectType>()
        .map_or("object", ObjectType::words);
    format!("the {words} `{}`", wanted.target)
}

/// Links whatever is wanted, by objects of this import or an earlier one, and there.
///
/// What objects say of themselves comes before what others say of them.
pub(super) fn link(bench: &mut Bench<'_>) {
    let catalog = bench.catalog();
    let known = catalog.wanted().filter(|(kind, target, _)| {
        kind.parse()
            .is_ok_and(|kind| find(catalog, kind, target).is_some())
    });
    let sources: BTreeSet<(String, ObjectRef)> = known
        .map(|(_, _, source)| source)
        .chain(bench.wanting())
        .map(|source| (catalog.describe(source), source))
        .collect();
    let mut reverse = Vec::new();
    for (_, source) in &sources {
        crate::for_type!(source.kind, T => link_one(bench, Id::<T>::new(source.id), &mut reverse));
    }
    for (wanted, target, source) in reverse {
        point_back(bench, &wanted, target, source);
    }
}

/// A wanted reference that fills a field of its target, the target, and who wants it.
type Reverse = (Unresolved, ObjectRef, ObjectRef);

fn link_one<T: Importable>(bench: &mut Bench<'_>, id: Id<T>, reverse: &mut Vec<Reverse>) {
    let (found, missing): (Vec<_>, Vec<_>) = bench
        .unresolved(id.any())
        .iter()
        .map(|wanted| (wanted.clone(), resolve(bench.catalog(), wanted)))
        .partition(|(_, target)| target.is_some());
    if found.is_empty() {
        return;
    }
    let Some(record) = bench.edit(id) else {
        return;
    };
    record.header_mut().unresolved = missing.into_iter().map(|(wanted, _)| wanted).collect();
    for (wanted, target) in found {
        match target {
            Some(target) if REVERSE.contains(&wanted.field.as_str()) => {
                reverse.push((wanted, target, id.any()));
            }
            Some(target) => record.point(&wanted, target),
            None => {}
        }
    }
}

/// Fills the field of `target` that the wanted reference of `source` stands for.
fn point_back(bench: &mut Bench<'_>, wanted: &Unresolved, target: ObjectRef, source: ObjectRef) {
    match wanted.field.as_str() {
        DEPENDENTS => {
            if let Some(service) = bench.edit(Id::<Service>::new(target.id)) {
                service.need(Id::new(source.id), wanted);
            }
        }
        MEMBERS => {
            if let Some(person) = bench.edit(Id::<Person>::new(target.id)) {
                person.team_ids.insert(Id::new(source.id));
            }
        }
        CHILDREN => {
            if let Some(team) = bench.edit(Id::<Team>::new(target.id)) {
                // What the team says of itself counts, also where that is not there yet.
                let own_word = team
                    .header
                    .unresolved
                    .iter()
                    .any(|wanted| wanted.field == PARENT);
                if team.parent_id.is_none() && !own_word {
                    team.parent_id = Some(Id::new(source.id));
                }
            }
        }
        _ => {}
    }
}
