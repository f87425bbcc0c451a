//! Planning an agreement, which can't be without its service and its calendar.

use super::{
    Item,
    bench::Bench,
    fields, identity, link,
    write::{nowhere, put},
};
use crate::{
    exchange::diagnostics::Problems,
    shared::ids::{Id, ObjectRef},
    slas::agreements::rules::{Agreement, AgreementPatch},
};

/// Plans the agreement; nothing where it cannot be. Targets that it has already keep their ids.
pub(super) fn write(
    item: &Item,
    patch: &AgreementPatch,
    bench: &mut Bench<'_>,
    problems: &mut Problems,
) -> Option<ObjectRef> {
    let service = needed(
        item,
        (fields::SERVICE, "spec.service"),
        "an agreement is about a service",
        bench,
        problems,
    );
    let calendar = needed(
        item,
        (fields::CALENDAR, "spec.calendar"),
        "an agreement counts in a calendar's open time",
        bench,
        problems,
    );
    let (service, calendar) = (service?, calendar?);
    let before = identity::existing::<Agreement>(item, bench);
    let targets = before.map(|before| before.targets).unwrap_or_default();
    put(
        item,
        patch.clone(),
        bench,
        problems,
        |agreement: &mut Agreement| {
            agreement.service_id = Id::new(service.id);
            agreement.calendar_id = Id::new(calendar.id);
            agreement.targets = targets;
        },
    )
}

/// What a reference leads to that must be there.
fn needed(
    item: &Item,
    (field, path): (&str, &str),
    why: &str,
    bench: &Bench<'_>,
    problems: &mut Problems,
) -> Option<ObjectRef> {
    let stated = item
        .stated
        .iter()
        .find(|stated| stated.wanted.field == field);
    let Some(stated) = stated else {
        problems.error(item.at.clone(), format!("`{path}` is missing; {why}"));
        return None;
    };
    let found = link::resolve(bench.catalog(), &stated.wanted);
    if found.is_none() {
        problems.error(stated.at.clone(), nowhere(stated, why));
    }
    found
}
