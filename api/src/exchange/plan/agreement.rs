//! Planning an agreement, which can't be without its service and its calendar.

use jiff::tz::TimeZone;

use super::{
    Item,
    bench::Bench,
    fields, identity, link,
    write::{nowhere, put},
};
use crate::{
    exchange::diagnostics::Problems,
    shared::{
        edit::Editable,
        ids::{Id, ObjectRef},
        patch::Patch,
        record::{Header, Record},
    },
    slas::{
        agreements::{
            rules::{Agreement, AgreementPatch},
            target::{Target, Wish},
        },
        calendars::rules::Calendar,
    },
};

/// Plans the agreement; nothing where it cannot be. Targets that it has already keep their ids.
pub(super) fn write(
    item: &Item,
    patch: &AgreementPatch,
    bench: &mut Bench<'_>,
    problems: &mut Problems,
) -> Option<ObjectRef> {
    let before = identity::existing::<Agreement>(item, bench);
    let service = needed(
        item,
        (fields::SERVICE, "spec.service"),
        "an agreement is about a service",
        bench,
        problems,
    );
    let (calendar, patch) = if item.is_merged() {
        let calendar = before.as_ref().map(|before| before.calendar_id);
        let calendar = calendar.unwrap_or_else(|| always_open(bench));
        (Some(calendar), added_to(before.as_ref(), patch, bench))
    } else {
        let calendar = needed(
            item,
            (fields::CALENDAR, "spec.calendar"),
            "an agreement counts in a calendar's open time",
            bench,
            problems,
        );
        (calendar.map(|found| Id::new(found.id)), patch.clone())
    };
    let (service, calendar) = (service?, calendar?);
    let targets = before.map(|before| before.targets).unwrap_or_default();
    put(item, patch, bench, problems, |agreement: &mut Agreement| {
        agreement.service_id = Id::new(service.id);
        agreement.calendar_id = calendar;
        agreement.targets = targets;
    })
}

/// A change that leaves alone what people may have said beside what the document knows: all but its availability.
fn added_to(
    before: Option<&Agreement>,
    patch: &AgreementPatch,
    bench: &mut Bench<'_>,
) -> AgreementPatch {
    let mut patch = patch.clone();
    let Some(before) = before else {
        if matches!(patch.valid_from, Patch::Keep) {
            let today = TimeZone::UTC.to_datetime(bench.draft().now()).date();
            patch.valid_from = Patch::Set(today);
        }
        return patch;
    };
    (patch.kind, patch.valid_from) = (Patch::Keep, Patch::Keep);
    if let Patch::Set(wishes) = &mut patch.targets {
        let is_known = |wish: &Wish, target: &Target| {
            (wish.metric, wish.priority) == (target.metric, target.priority)
        };
        for wish in wishes.iter_mut() {
            let same = before.targets.iter().find(|target| is_known(wish, target));
            if let Some(target) = same {
                wish.warn_at = target.warn_at.into();
            }
        }
        let others = before
            .targets
            .iter()
            .filter(|target| !wishes.iter().any(|wish| is_known(wish, target)));
        let others: Vec<Wish> = others.map(Wish::from).collect();
        wishes.extend(others);
    }
    patch
}

/// The calendar of documents that know none, planned if it is not there.
fn always_open(bench: &mut Bench<'_>) -> Id<Calendar> {
    const ORIGIN: &str = "kundig:around-the-clock";
    const SLUG: &str = "around-the-clock";
    let table = &bench.catalog().calendars;
    let known = table.by_origin(ORIGIN).or_else(|| {
        let namesake = table.by_slug(SLUG)?;
        let spec = &namesake.spec;
        (spec.hours.is_empty() && spec.holidays.is_empty()).then_some(namesake)
    });
    if let Some(known) = known {
        return known.id();
    }
    let slug = bench.free_slug::<Calendar>(SLUG);
    let mut calendar = Calendar::blank(Header {
        slug,
        name: "Around the clock".to_owned(),
        origin: Some(ORIGIN.to_owned()),
        ..bench.draft().new_header()
    });
    "UTC".clone_into(&mut calendar.spec.time_zone);
    calendar.spec.normalise();
    let id = calendar.id();
    bench.lay(calendar);
    id
}

/// What a reference leads to that must be there.
pub(super) fn needed(
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
