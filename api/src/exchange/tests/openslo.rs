//! Service level objectives of others.

use super::{World, counted, told, told_once};
use crate::{
    catalog::services::rules::{Service, ServiceKind},
    slas::{
        agreements::{
            rules::{Agreement, AgreementKind},
            target::SlaMetric,
        },
        calendars::rules::Calendar,
    },
};

const CHECKOUT: &str = include_str!("../../../../tests/fixtures/openslo/checkout.yaml");

/// An SLO about the service `s`, with this in its spec besides.
fn slo(spec: &str) -> String {
    format!(
        "---\napiVersion: openslo/v1\nkind: SLO\nmetadata: {{name: a}}\nspec: {{service: s, {spec}}}\n"
    )
}

/// A world that has the service `s`.
fn world() -> World {
    let mut world = World::default();
    world.openslo("apiVersion: openslo/v1\nkind: Service\nmetadata: {name: s}\nspec: {}\n");
    world
}

#[test]
fn an_slo_becomes_an_agreement_with_a_target_for_availability() {
    let mut world = World::default();
    let imported = world.openslo(CHECKOUT);
    assert_eq!(imported.summary, counted(5, 0, 0), "{:#?}", told(&imported));
    let service: Service = world.record("checkout");
    assert_eq!(service.header.name, "Checkout");
    assert_eq!(
        service.description.as_deref(),
        Some("From basket to order.")
    );
    assert_eq!(service.kind, ServiceKind::Application);

    let orders: Agreement = world.record("checkout-orders");
    assert_eq!(orders.header.name, "Orders that go through");
    assert_eq!(world.slug(orders.service_id).as_deref(), Some("checkout"));
    assert_eq!(orders.kind, AgreementKind::Ola);
    assert_eq!((orders.customer_id, orders.valid_until), (None, None));
    let [target] = orders.targets.as_slice() else {
        panic!("{:?}", orders.targets);
    };
    assert_eq!(target.metric, SlaMetric::Availability);
    assert_eq!(target.objective.to_string(), "99.95");
    let annotations = &orders.header.annotations;
    assert_eq!(
        annotations["example.com/page"],
        "https://slo.example/checkout"
    );
    assert_eq!(
        annotations["openslo.com/spec.timeWindow"][0]["duration"],
        "28d"
    );
    assert_eq!(
        annotations["openslo.com/metadata.labels"]["team"][0],
        "shop"
    );

    let calendar: Calendar = world.record("around-the-clock");
    assert_eq!(calendar.spec.time_zone, "UTC");
    assert!(calendar.spec.hours.is_empty());
    let search: Agreement = world.record("search-latency");
    assert_eq!(search.valid_from.to_string(), "2026-02-01");
    assert_eq!(
        search.targets[0].objective.to_string(),
        "99.9",
        "the highest"
    );
    assert_eq!(search.calendar_id, orders.calendar_id);

    let told = told(&imported);
    for (line, words) in [
        (
            "line 33, column 12",
            "the service `search` is neither in the catalog",
        ),
        (
            "line 39, column 20",
            "Timeslices: the share is one of slices of time",
        ),
        ("line 41, column 5", "the highest counts, 99.9 %"),
        ("line 43, column 18", "nobody is woken"),
        ("line 46, column 7", "a document of kind AlertPolicy"),
    ] {
        assert!(
            told.iter()
                .any(|told| told.starts_with(line) && told.contains(words)),
            "{line}: {words}: {told:#?}"
        );
    }
    assert_eq!(told.len(), 5, "{told:#?}");
}

#[test]
fn a_second_run_changes_nothing_and_an_export_comes_back() {
    let mut world = World::default();
    world.openslo(CHECKOUT);
    let text = world.export();
    assert_eq!(world.openslo(CHECKOUT).summary, counted(0, 0, 4));
    assert_eq!(world.export(), text);
    let mut other = World::default();
    assert_eq!(told(&other.kundig(&text)), [""; 0]);
    assert_eq!(other.export(), text);
    assert_eq!(other.openslo(CHECKOUT).summary, counted(0, 0, 4));
}

#[test]
fn what_people_said_beside_it_stays() {
    let mut world = world();
    world.openslo(&slo("objectives: [{target: 0.9}]"));
    world.by_hand("a", |agreement: &mut Agreement| {
        agreement.kind = AgreementKind::Sla;
        agreement.valid_from = "2020-01-01".parse().unwrap();
        agreement.targets[0].warn_at = 50;
        let mut time = agreement.targets[0].clone();
        time.id = crate::slas::agreements::target::TargetId::new(uuid::Uuid::now_v7());
        time.metric = SlaMetric::ResponseTime;
        time.within = Some(jiff::SignedDuration::from_hours(1));
        agreement.targets.insert(0, time);
    });
    let by_hand: Agreement = world.record("a");
    assert_eq!(
        world.openslo(&slo("objectives: [{target: 0.9}]")).summary,
        counted(0, 0, 2)
    );
    assert_eq!(
        world.openslo(&slo("objectives: [{target: 0.95}]")).summary,
        counted(0, 1, 1)
    );
    let after: Agreement = world.record("a");
    assert_eq!(
        (after.kind, after.valid_from),
        (by_hand.kind, by_hand.valid_from)
    );
    assert_eq!(after.targets[0], by_hand.targets[0]);
    assert_eq!(after.targets[1].id, by_hand.targets[1].id);
    assert_eq!(after.targets[1].warn_at, 50);
    assert_eq!(after.targets[1].objective.to_string(), "95");
}

#[test]
fn a_service_that_is_there_is_left_as_it_is() {
    let mut world = World::default();
    world.backstage("apiVersion: backstage.io/v1alpha1\nkind: API\nmetadata: {name: s, title: S}\nspec: {lifecycle: production, owner: g}\n");
    let before: Service = world.record("s");
    let text = "apiVersion: openslo/v1\nkind: Service\nmetadata: {name: s, displayName: Other}\nspec: {description: other}\n".to_owned()
        + &slo("objectives: [{target: 0.9}]");
    let imported = world.openslo(&text);
    assert_eq!(told(&imported), [""; 0]);
    assert_eq!(
        imported.summary,
        counted(2, 0, 1),
        "the agreement and its calendar"
    );
    let after: Service = world.record("s");
    assert_eq!(after.header.version, before.header.version);
    let agreement: Agreement = world.record("a");
    assert_eq!(agreement.service_id.key(), before.header.id);
}

#[test]
fn what_is_wrong_is_an_error_with_its_place() {
    for (spec, words) in [
        ("", "`spec.objectives` is missing"),
        ("objectives: []", "`spec.objectives` is missing"),
        (
            "objectives: [{op: lt}]",
            "`spec.objectives.target` is missing",
        ),
        (
            "objectives: [{target: 0}]",
            "line 5, column 42: error: `spec.objectives.target` must be",
        ),
        ("objectives: [{target: 99}]", "above 0 and at most 1"),
        ("objectives: [{targetPercent: 100.1}]", "at most 100"),
        ("objectives: [{target: '0.9'}]", "must be a number"),
        ("objectives: {target: 0.9}", "must be a list of mappings"),
        (
            "objectives: [{target: 0.9}], budgetingMethod: 1",
            "must be a string",
        ),
    ] {
        let imported = world().openslo(&slo(spec));
        let told = told(&imported);
        assert!(imported.problems.has_errors(), "{spec}");
        assert!(
            told.iter().any(|told| told.contains(words)),
            "{spec}: {told:#?}"
        );
    }
    let mut world = world();
    let nameless = "apiVersion: openslo/v1\nkind: SLO\nmetadata: {}\nspec: {service: s, objectives: [{target: 0.9}]}\n";
    told_once(
        &world.openslo(nameless),
        "error",
        "`metadata.name` is missing",
    );
    let homeless = "apiVersion: openslo/v1\nkind: SLO\nmetadata: {name: a}\nspec: {objectives: [{target: 0.9}]}\n";
    told_once(
        &world.openslo(homeless),
        "error",
        "`spec.service` is missing",
    );
    let newer = "apiVersion: openslo/v2alpha\nkind: SLO\nmetadata: {name: a}\nspec: {}\n";
    told_once(
        &world.openslo(newer),
        "error",
        "`openslo/v1` can be imported",
    );
    let misspelt = slo("objectives: [{target: 0.9}]") + "colour: red\n";
    told_once(&world.openslo(&misspelt), "error", "unknown field `colour`");
}

#[test]
fn what_is_not_taken_over_is_told() {
    for (text, words) in [
        (
            slo("objectives: [{target: 0.9, indicatorRef: x}]"),
            "composed of several",
        ),
        (
            slo("objectives: [{target: 0.9}], timeWindow: [{calendar: {startTime: soon}}]"),
            "does not begin with a day",
        ),
        (
            slo("objectives: [{target: 0.9}], budgetingMethod: Guessing"),
            "known are Occurrences",
        ),
        (
            slo("objectives: [{target: 0.9}], colour: red"),
            "unknown field `spec.colour`",
        ),
        (
            "kind: Deployment\napiVersion: apps/v1\n".to_owned(),
            "no document of OpenSLO",
        ),
        ("- a list\n".to_owned(), "is a mapping"),
        (
            "apiVersion: openslo/v1\nkind: SLI\nmetadata: {name: a}\n".to_owned(),
            "how something is measured",
        ),
        (
            "apiVersion: openslo/v1\nkind: SLE\nmetadata: {name: a}\n".to_owned(),
            "unknown kind",
        ),
        (
            slo("objectives: [{target: 0.9}]").repeat(2),
            "described at line 4, column 18 already",
        ),
    ] {
        told_once(&world().openslo(&text), "warning", words);
    }
}
