//! One service level objective.

use std::collections::BTreeMap;

use jiff::civil::Date;
use rust_decimal::Decimal;

use super::{About, named};
use crate::{
    exchange::{
        diagnostics::{Place, Problems},
        fields::{Fields, Spot},
        plan::{Change, Identity, Item, Manner, Merge, Stated, fields},
        yaml::{Node, Value},
    },
    shared::{ids::ObjectType, patch::Patch, record::Unresolved, text::slug_from},
    slas::agreements::{
        rules::{AgreementKind, AgreementPatch},
        target::{SlaMetric, WARN_AT, Wish},
    },
};

/// Fields that are kept as they are, since they say how the share is measured.
const MEASURED: [&str; 7] = [
    "description",
    "indicator",
    "indicatorRef",
    "timeWindow",
    "budgetingMethod",
    "objectives",
    "alertPolicies",
];

/// The agreement that an SLO becomes, and the service that it names.
pub(super) fn read(
    mut about: About,
    mut spec: Fields<'_>,
    problems: &mut Problems,
) -> Option<(Item, Item)> {
    let service = service(&mut spec, &about.at, problems);
    let valid_from = window_start(&mut spec, problems);
    tell_slices(&mut spec, problems);
    tell_alerts(&mut spec, problems);
    let objectives = spec.mappings("objectives", problems);
    let at = spec.place_of("objectives").or_else(|| spec.at());
    let objective = objective(
        objectives,
        &at.unwrap_or_else(|| about.at.clone()),
        problems,
    );
    keep(&mut about, &mut spec, problems);
    let (service, objective) = (service?, objective?);
    let stated = Stated {
        wanted: Unresolved {
            field: fields::SERVICE.to_owned(),
            target_type: ObjectType::Service.to_string(),
            target: slug_from(service.value),
            strength: None,
            origin: None,
        },
        at: service.at.clone(),
        field: "spec.service".to_owned(),
    };
    let identity = Identity {
        origin: Some(format!("openslo:slo:{}", about.name)),
        slug: slug_from(&about.name),
        suffix: "objective",
    };
    let places = BTreeMap::from([("targets".into(), objective.at)]);
    let (at, fallback_name) = (about.at.clone(), about.name.clone());
    let patch = AgreementPatch {
        header: about.header(),
        kind: Patch::Set(AgreementKind::Ola),
        valid_from: Patch::from(valid_from),
        targets: Patch::Set(vec![Wish {
            metric: SlaMetric::Availability,
            priority: None,
            within: None,
            objective: objective.value,
            warn_at: WARN_AT.into(),
        }]),
        ..AgreementPatch::default()
    };
    let item = Item {
        at,
        identity,
        manner: Manner::Merge(Merge {
            said: std::collections::BTreeSet::new(),
            fallback_name,
        }),
        change: Change::Agreement(patch),
        stated: vec![stated],
        mentions: Vec::new(),
        places,
    };
    Some((item, named(&service)))
}

fn service<'a>(
    spec: &mut Fields<'a>,
    document: &Place,
    problems: &mut Problems,
) -> Option<Spot<&'a str>> {
    if !spec.has("service") {
        let at = spec.at().unwrap_or_else(|| document.clone());
        problems.error(at, "`spec.service` is missing; an SLO is about a service");
    }
    let service = spec.text("service", problems)?;
    if slug_from(service.value).is_empty() {
        let message = format!("`spec.service` is `{}`, which names nothing", service.value);
        problems.error(service.at, message);
        return None;
    }
    Some(service)
}

/// The first day of a time window that follows the calendar.
fn window_start(spec: &mut Fields<'_>, problems: &mut Problems) -> Option<Date> {
    let windows = spec.mappings("timeWindow", problems);
    let mut window = windows.into_iter().next()?;
    let mut calendar = window.mapping("calendar", problems);
    let start = calendar.raw("startTime")?;
    let day = start.text().and_then(|text| text.get(..10)?.parse().ok());
    if day.is_none() {
        problems.warning(
            calendar.place(start),
            "`spec.timeWindow.calendar.startTime` does not begin with a day like 2026-11-23; the agreement holds from today on",
        );
    }
    day
}

/// Slices of time are a way to count: what is recorded must be counted in the same way.
fn tell_slices(spec: &mut Fields<'_>, problems: &mut Problems) {
    let Some(method) = spec.text("budgetingMethod", problems) else {
        return;
    };
    match method.value {
        "Occurrences" => {}
        "Timeslices" | "RatioTimeslices" => problems.warning(
            method.at,
            format!(
                "`spec.budgetingMethod` is {}: the share is one of slices of time, so record good and all slices; what makes a \
                 slice good is not taken over",
                method.value
            ),
        ),
        other => problems.warning(
            method.at,
            format!(
                "`spec.budgetingMethod` is `{other}`; known are Occurrences, Timeslices, RatioTimeslices"
            ),
        ),
    }
}

fn tell_alerts(spec: &mut Fields<'_>, problems: &mut Problems) {
    if let Some(node) = spec.raw("alertPolicies") {
        let is_empty = matches!(&node.value, Value::List(items) if items.is_empty());
        if !is_empty {
            problems.warning(
                spec.place(node),
                "`spec.alertPolicies`: nobody is woken by Kundig; they are kept as an annotation",
            );
        }
    }
}

/// The share that is aimed at, percent. Of several objectives it is the highest one.
fn objective(
    objectives: Vec<Fields<'_>>,
    at: &Place,
    problems: &mut Problems,
) -> Option<Spot<Decimal>> {
    let many = objectives.len();
    if many == 0 {
        problems.error(
            at.clone(),
            "`spec.objectives` is missing; an SLO aims at something",
        );
        return None;
    }
    let composite = objectives
        .iter()
        .find(|one| one.has("indicator") || one.has("indicatorRef") || one.has("compositeWeight"));
    if let Some(composite) = composite {
        problems.warning(
            composite.at().unwrap_or_else(|| at.clone()),
            "this objective has an indicator of its own: the SLO is composed of several, which no one target says; it is left out",
        );
        return None;
    }
    // Each is looked at, so that all that is wrong is told.
    let shares: Vec<_> = objectives
        .into_iter()
        .map(|one| share(one, at, problems))
        .collect();
    let shares: Option<Vec<Spot<Decimal>>> = shares.into_iter().collect();
    let highest = shares?.into_iter().max_by_key(|share| share.value)?;
    if many > 1 {
        problems.warning(
            at.clone(),
            format!(
                "`spec.objectives` has {many} entries; an agreement has one target for availability, so the highest counts, {} %",
                highest.value
            ),
        );
    }
    Some(highest)
}

/// What one objective aims at, percent.
fn share(mut objective: Fields<'_>, at: &Place, problems: &mut Problems) -> Option<Spot<Decimal>> {
    let (field, factor, most) = if objective.has("targetPercent") {
        ("targetPercent", Decimal::ONE, "100")
    } else {
        ("target", Decimal::ONE_HUNDRED, "1")
    };
    let path = objective.path_of(field);
    let Some(node) = objective.raw(field) else {
        let at = objective.at().unwrap_or_else(|| at.clone());
        problems.error(at, format!("`{path}` is missing: a share like 0.995"));
        return None;
    };
    let at = objective.place(node);
    let share = number(node)
        .and_then(|number| number.checked_mul(factor))
        .map(|share| share.normalize())
        .filter(|share| *share > Decimal::ZERO && *share <= Decimal::ONE_HUNDRED);
    if share.is_none() {
        problems.error(
            at.clone(),
            format!("`{path}` must be a number above 0 and at most {most}"),
        );
    }
    share.map(|value| Spot { value, at })
}

/// The number as it is written: a float in between would round it.
fn number(node: &Node) -> Option<Decimal> {
    let Value::Number(number) = &node.value else {
        return None;
    };
    let text = number.to_string();
    Decimal::from_str_exact(&text)
        .or_else(|_| Decimal::from_scientific(&text))
        .ok()
}

/// Keeps what Kundig has no field for.
fn keep(about: &mut About, spec: &mut Fields<'_>, problems: &mut Problems) {
    for name in MEASURED {
        if let Some(node) = spec.raw(name) {
            about.keep(&format!("spec.{name}"), node.to_json());
        }
    }
    for entry in spec.rest() {
        let path = format!("spec.{}", entry.key);
        problems.warning(
            spec.place(&entry.value),
            format!("unknown field `{path}`; it is kept as an annotation"),
        );
        about.keep(&path, entry.value.to_json());
    }
}
