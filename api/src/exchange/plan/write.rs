//! Planning one document's object by itself, its references as wanted.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::{Map, Value as Json};

use super::{
    Change, Found, Item, Manner, Merge, Stated, agreement,
    bench::Bench,
    fields::{self, Importable},
    holidays, identity, link, sighting,
};
use crate::{
    catalog::{
        capabilities::rules::Capability,
        customers::rules::Customer,
        offerings::rules::{Offering, OfferingPatch},
        people::rules::Person,
        services::rules::{Service, ServiceKind, ServicePatch},
        teams::rules::Team,
    },
    exchange::{diagnostics::Problems, openslo},
    outcomes::rules::{Outcome, OutcomePatch},
    shared::{
        edit::Editable,
        errors::UserError,
        form::{Form, HeaderPatch},
        ids::{Id, ObjectRef},
        patch::Patch,
        record::{Header, Record, Unresolved},
    },
    slas::calendars::rules::Calendar,
    snapshot::Catalog,
};

/// The annotation that remembers which optional fields a Backstage descriptor had.
pub(super) const SAID: &str = "kundig/from-backstage";
/// What an annotation begins with that holds a descriptor's field.
const DESCRIPTOR_FIELDS: [&str; 2] = ["backstage.io/", openslo::KEPT];
/// How often a merging document is tried again without what cannot be taken over.
const MAX_TRIES: usize = 10;

/// Plans the object; nothing where it cannot be.
pub(super) fn write(
    item: &Item,
    bench: &mut Bench<'_>,
    fallback: &mut Fallback,
    problems: &mut Problems,
) -> Option<ObjectRef> {
    match &item.change {
        Change::Team(patch) => put::<Team>(item, patch.clone(), bench, problems, |_| {}),
        Change::Customer(patch) => put::<Customer>(item, patch.clone(), bench, problems, |_| {}),
        Change::Person(patch) => put::<Person>(item, patch.clone(), bench, problems, |_| {}),
        Change::Capability(patch) => {
            put::<Capability>(item, patch.clone(), bench, problems, |_| {})
        }
        Change::Outcome(patch) => outcome(item, patch, bench, problems),
        Change::Service(patch, confirmed_at) => service(
            item,
            ServicePatch::clone(patch),
            *confirmed_at,
            bench,
            problems,
        ),
        Change::Offering(patch) => offering(item, patch, bench, fallback, problems),
        Change::Calendar(patch) => put::<Calendar>(item, patch.clone(), bench, problems, |_| {}),
        Change::Agreement(patch) => agreement::write(item, patch, bench, problems),
        Change::Sighting(patch) => sighting::write(item, patch, bench, problems),
        Change::Holidays(festivals) => holidays::write(item, festivals, bench, problems),
    }
}

fn service(
    item: &Item,
    patch: ServicePatch,
    confirmed_at: Option<Timestamp>,
    bench: &mut Bench<'_>,
    problems: &mut Problems,
) -> Option<ObjectRef> {
    let origin = item.identity.origin.as_deref();
    put(item, patch, bench, problems, |service: &mut Service| {
        if item.is_merged() {
            service
                .dependencies
                .retain(|_, dependency| dependency.origin.as_deref() != origin);
        } else {
            service.ownership_confirmed_at = confirmed_at;
        }
    })
}

fn outcome(
    item: &Item,
    patch: &OutcomePatch,
    bench: &mut Bench<'_>,
    problems: &mut Problems,
) -> Option<ObjectRef> {
    let stated = item
        .stated
        .iter()
        .find(|stated| stated.wanted.field == fields::CUSTOMER);
    let Some(stated) = stated else {
        let missing = "`spec.customer` is missing; an outcome belongs to a customer";
        problems.error(item.at.clone(), missing);
        return None;
    };
    let Some(customer) = link::resolve(bench.catalog(), &stated.wanted) else {
        problems.error(
            stated.at.clone(),
            nowhere(stated, "an outcome belongs to a customer"),
        );
        return None;
    };
    put(
        item,
        patch.clone(),
        bench,
        problems,
        |outcome: &mut Outcome| {
            outcome.customer_id = Id::new(customer.id);
        },
    )
}

fn offering(
    item: &Item,
    patch: &OfferingPatch,
    bench: &mut Bench<'_>,
    fallback: &mut Fallback,
    problems: &mut Problems,
) -> Option<ObjectRef> {
    let stated = item
        .stated
        .iter()
        .find(|stated| stated.wanted.field == fields::SERVICE);
    let resolved = stated.and_then(|stated| link::resolve(bench.catalog(), &stated.wanted));
    let before = identity::existing::<Offering>(item, bench);
    let service = match (resolved, stated, before) {
        (Some(service), _, _) => Id::new(service.id),
        // Where the descriptor never named a system, somebody may have chosen a better service by hand.
        (None, None, Some(before))
            if item.is_merged()
                && !said_before(&before.header.annotations).contains(fields::SERVICE) =>
        {
            before.service_id
        }
        (None, Some(stated), _) if !item.is_merged() && !stated.wanted.target.contains(':') => {
            problems.error(
                stated.at.clone(),
                nowhere(stated, "an offering belongs to a service"),
            );
            return None;
        }
        (None, None, _) if !item.is_merged() => {
            problems.error(
                item.at.clone(),
                "`spec.service` is missing; an offering belongs to a service",
            );
            return None;
        }
        _ => fallback.service(bench),
    };
    put(
        item,
        patch.clone(),
        bench,
        problems,
        |offering: &mut Offering| {
            offering.service_id = service;
        },
    )
}

pub(super) fn nowhere(stated: &Stated, why: &str) -> String {
    format!(
        "`{}` names {}, which is neither in the catalog nor in this import; {why}",
        stated.field,
        link::in_words(&stated.wanted)
    )
}

/// The service of offerings whose own is not known: software templates that name no system, or one that is not there.
#[derive(Debug, Default)]
pub(super) struct Fallback {
    id: Option<Id<Service>>,
}

impl Fallback {
    const ORIGIN: &str = "kundig:software-templates";
    const SLUG: &str = "software-templates";

    /// The service, planned if it is not there.
    fn service(&mut self, bench: &mut Bench<'_>) -> Id<Service> {
        if let Some(id) = self.id {
            return id;
        }
        let table = &bench.catalog().services;
        let known = table
            .by_origin(Self::ORIGIN)
            .or_else(|| table.by_slug(Self::SLUG))
            .map(|service| service.id());
        let id = known.unwrap_or_else(|| {
            let mut service = Service::blank(Header {
                slug: Self::SLUG.to_owned(),
                name: "Software templates".to_owned(),
                origin: Some(Self::ORIGIN.to_owned()),
                ..bench.draft().new_header()
            });
            service.description = Some(
                "What Backstage's templates make that belong to no system of the catalog."
                    .to_owned(),
            );
            service.kind = ServiceKind::BusinessService;
            let id = service.id();
            bench.lay(service);
            id
        });
        self.id = Some(id);
        id
    }
}

/// Plans an object of any type; `prepare` sets what only that type has before the change is applied.
pub(super) fn put<T: Importable>(
    item: &Item,
    mut patch: T::Patch,
    bench: &mut Bench<'_>,
    problems: &mut Problems,
    prepare: impl FnOnce(&mut T),
) -> Option<ObjectRef> {
    let before = identity::existing::<T>(item, bench);
    if let (Manner::Found(_), Some(before)) = (&item.manner, &before) {
        return Some(before.id().any());
    }
    let mut record = match &item.manner {
        Manner::Replace | Manner::Found(_) => replaced(item, before.as_ref(), &mut patch, bench),
        Manner::Merge(merge) => merged(item, merge, before.as_ref(), &mut patch, bench),
    };
    record.header_mut().unresolved = item
        .stated
        .iter()
        .map(|stated| wanted(item, stated, record.id().any(), bench.base()))
        .collect();
    prepare(&mut record);
    let record = match &item.manner {
        Manner::Replace | Manner::Found(_) => checked(item, record, patch, bench, problems),
        Manner::Merge(merge) => adapted(item, merge, &record, patch, bench, problems)?,
    };
    if matches!(item.manner, Manner::Found(Found::Named)) {
        let message = format!(
            "the {} `{}` is neither in the catalog nor described in this import; it is created",
            T::TYPE.words(),
            record.header().slug
        );
        problems.warning(item.at.clone(), message);
    }
    let id = record.id();
    if record.header().slug.is_empty() {
        return None;
    }
    bench.lay(record);
    Some(id.any())
}

/// What a document wants. One that merges knows no strengths, so a dependency that is there keeps its own: somebody may have
/// set it by hand.
fn wanted(item: &Item, stated: &Stated, object: ObjectRef, base: &Catalog) -> Unresolved {
    let mut wanted = stated.wanted.clone();
    let other = link::resolve(base, &wanted).filter(|_| item.is_merged());
    let ends = match (wanted.field.as_str(), other) {
        (fields::DEPENDENCIES, Some(other)) => Some((object, other)),
        (fields::DEPENDENTS, Some(other)) => Some((other, object)),
        _ => None,
    };
    if let Some((dependent, dependency)) = ends {
        wanted.strength = base
            .get(Id::<Service>::new(dependent.id))
            .and_then(|service| service.dependencies.get(&Id::new(dependency.id)))
            .map(|dependency| dependency.strength.to_string());
    }
    wanted
}

/// A record that a document says everything about.
fn replaced<T: Importable>(
    item: &Item,
    before: Option<&T>,
    patch: &mut T::Patch,
    bench: &mut Bench<'_>,
) -> T {
    let mut header = bench.draft().new_header();
    if let Some(before) = before.map(Record::header) {
        header = Header {
            id: before.id,
            version: before.version,
            created_at: before.created_at,
            ..header
        };
    }
    header.origin.clone_from(&item.identity.origin);
    T::header_patch(patch).slug = Patch::Set(item.identity.slug.clone());
    T::blank(header)
}

/// A record that a document says some things about; the change is made to fit what is there.
fn merged<T: Importable>(
    item: &Item,
    merge: &Merge,
    before: Option<&T>,
    patch: &mut T::Patch,
    bench: &mut Bench<'_>,
) -> T {
    let mut record = before.cloned().unwrap_or_else(|| {
        let mut header = bench.draft().new_header();
        header.slug = identity::new_slug::<T>(&item.identity, bench);
        T::blank(header)
    });
    let said_before = said_before(&record.header().annotations);
    for field in said_before
        .iter()
        .filter(|field| !merge.said.contains(field.as_str()))
    {
        T::empty(patch, field);
        record.point_nowhere(field);
    }
    for stated in &item.stated {
        record.point_nowhere(&stated.wanted.field);
    }
    let header = T::header_patch(patch);
    annotate(header, &record.header().annotations, &merge.said);
    record.header_mut().origin.clone_from(&item.identity.origin);
    record
}

/// Puts the document's annotations over those that are there. The fields of its earlier state go.
fn annotate(header: &mut HeaderPatch, there: &Map<String, Json>, said: &BTreeSet<&'static str>) {
    let mut annotations: Map<String, Json> = there
        .iter()
        .filter(|(key, _)| !is_kept_field(key) && *key != SAID)
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    if let Patch::Set(Json::Object(own)) = &header.annotations {
        annotations.extend(own.clone());
    }
    if !said.is_empty() {
        annotations.insert(SAID.to_owned(), said.iter().copied().collect());
    }
    header.annotations = Patch::Set(annotations.into());
}

/// Whether an annotation holds a field of a document.
fn is_kept_field(key: &str) -> bool {
    DESCRIPTOR_FIELDS
        .iter()
        .any(|prefix| key.starts_with(prefix))
}

/// The optional fields that the earlier state of a descriptor had.
pub(super) fn said_before(annotations: &Map<String, Json>) -> BTreeSet<String> {
    annotations
        .get(SAID)
        .and_then(Json::as_array)
        .into_iter()
        .flatten()
        .filter_map(Json::as_str)
        .map(str::to_owned)
        .collect()
}

/// Applies a change of which every fault is an error.
fn checked<T: Importable>(
    item: &Item,
    mut record: T,
    patch: T::Patch,
    bench: &mut Bench<'_>,
    problems: &mut Problems,
) -> T {
    let mut form = Form::new(bench.draft());
    record.apply(patch, &mut form);
    if let Err(errors) = form.finish() {
        for error in errors {
            problems.error(item.place_of(&error.field).clone(), said_of(&error));
        }
    }
    record
}

/// Applies a change as far as it can be; what cannot be taken over is told.
fn adapted<T: Importable>(
    item: &Item,
    merge: &Merge,
    record: &T,
    mut patch: T::Patch,
    bench: &mut Bench<'_>,
    problems: &mut Problems,
) -> Option<T> {
    for _ in 0..MAX_TRIES {
        let mut attempt = record.clone();
        let mut form = Form::new(bench.draft());
        attempt.apply(patch.clone(), &mut form);
        let Err(errors) = form.finish() else {
            return Some(attempt);
        };
        for error in errors {
            let place = item.place_of(&error.field).clone();
            match give_up::<T>(&mut patch, &error, merge) {
                Some(instead) => problems.warning(place, format!("{}; {instead}", said_of(&error))),
                None => problems.error(place, said_of(&error)),
            }
        }
        if problems.has_errors() {
            return None;
        }
    }
    None
}

/// Takes what is wrong out of a change; says what happens instead, or nothing where there is no way.
fn give_up<T: Importable>(
    patch: &mut T::Patch,
    error: &UserError,
    merge: &Merge,
) -> Option<String> {
    let field = name(error);
    if T::leave_out(patch, field) {
        return Some("it is left out".to_owned());
    }
    let header = T::header_patch(patch);
    match (field, &mut header.annotations) {
        ("name", _) if header.name != Patch::Set(merge.fallback_name.clone()) => {
            header.name = Patch::Set(merge.fallback_name.clone());
            Some(format!("it is called {}", merge.fallback_name))
        }
        ("annotations", Patch::Set(Json::Object(annotations))) => {
            let largest = annotations
                .iter()
                .max_by_key(|(_, value)| value.to_string().len())
                .map(|(key, _)| key.clone())?;
            annotations.remove(&largest);
            Some(format!("`{largest}`, the largest, is left out"))
        }
        _ => None,
    }
}

fn name(error: &UserError) -> &str {
    error.field.first().map_or("", String::as_str)
}

/// The error in one sentence. A form's message begins with a verb where it is about the field as a whole.
fn said_of(error: &UserError) -> String {
    match error.field.as_slice() {
        [] => error.message.clone(),
        path => format!("{}: {}", path.join("."), error.message),
    }
}
