//! Kundig's own documents: strict, and each is all there is to know of its object.

use super::{World, counted, told, told_once};
use crate::{
    catalog::{
        customers::rules::Customer,
        services::rules::{Service, Tier},
    },
    demand::shadow_it::rules::{Sighting, Status},
    outcomes::rules::Outcome,
    slas::{
        agreements::rules::{Agreement, AgreementKind},
        calendars::rules::Calendar,
    },
};

/// A document of its own.
fn document(kind: &str, slug: &str, spec: &str) -> String {
    format!(
        "---\napiVersion: kundig/v1\nkind: {kind}\nmetadata: {{slug: {slug}, name: {slug}}}\nspec: {{{spec}}}\n"
    )
}

fn strengths(service: &Service) -> Vec<f64> {
    service
        .dependencies
        .values()
        .map(|dependency| dependency.strength)
        .collect()
}

/// What is wrong with a service that has this in its spec, besides its position.
fn fault(spec: &str) -> String {
    let mut world = World::default();
    let imported = world.kundig(&document("Service", "a", spec));
    assert!(world.catalog.is_empty());
    let errors: Vec<String> = imported
        .problems
        .errors()
        .map(ToString::to_string)
        .collect();
    assert_eq!(errors.len(), 1, "{errors:#?}");
    errors[0].clone()
}

#[test]
fn every_field_is_read() {
    let mut world = World::default();
    let text = document("Team", "t", "description: d, parent: u")
        + &document("Team", "u", "")
        + &document(
            "Customer",
            "c",
            "industry: i, description: d, parent: e, representative: p",
        )
        + &document("Customer", "e", "")
        + &document(
            "Person",
            "p",
            "email: p@example.org, subject: s, customer: c, teams: [t, u]",
        )
        + &document("BusinessCapability", "k", "description: d, parent: l")
        + &document("BusinessCapability", "l", "")
        + &document(
            "BusinessOutcome",
            "o",
            "customer: c, owner: p, valuePerHour: '12.5', metric: {name: n, unit: m, baseline: '1', target: '2.50', current: '-3'}",
        )
        + &document(
            "Service",
            "s",
            "kind: API, lifecycle: PROPOSED, tier: TIER_1, tags: [b, a], links: [{url: 'https://x.example', title: x}], \
             businessOwner: p, serviceOwner: p, team: t, capability: k, ownershipConfirmedAt: 2026-10-01T08:00:00Z, \
             dependencies: [{service: r, strength: 0.25}], contributions: [{outcome: o, share: 0.5}]",
        )
        + &document("Service", "r", "")
        + &document(
            "ServiceOffering",
            "f",
            "service: s, inputSchema: {type: object}, requiresApproval: true, automated: true, price: '4.90', active: false",
        )
        + &document(
            "SupportCalendar",
            "h",
            "timeZone: Europe/Berlin, hours: [{weekday: MONDAY, opens: 08:00, closes: 24:00}], \
             holidays: [{date: 2026-12-25, name: n}]",
        )
        + &document(
            "ServiceLevelAgreement",
            "a",
            "service: s, customer: c, kind: UC, calendar: h, validFrom: 2026-01-01, validUntil: 2026-12-31, \
             targets: [{metric: RESPONSE_TIME, priority: P1, within: PT90M, objective: '99.50', warnAt: 50}, \
             {metric: AVAILABILITY, objective: '99.9'}]",
        )
        + &document(
            "ShadowItSighting",
            "x",
            "vendor: v, customer: c, service: s, users: 12, monthlyCost: '89.90', dataClass: CONFIDENTIAL, \
             status: TOLERATED, firstSeen: 2026-03-02",
        );
    let imported = world.kundig(&text);
    assert_eq!(told(&imported), [""; 0]);
    assert_eq!(imported.summary, counted(14, 0, 0));
    assert_eq!(world.kundig(&text).summary, counted(0, 0, 14));
    let service = world.service("s");
    assert_eq!(service.tier, Tier::One);
    assert_eq!(strengths(&service), [0.25]);
    assert_eq!(
        service.contributions.values().copied().collect::<Vec<_>>(),
        [0.5]
    );
    assert!(service.ownership_confirmed_at.is_some());
    let outcome: Outcome = world.record("o");
    assert_eq!(outcome.value_per_hour.to_decimal().to_string(), "12.50");
    assert_eq!(outcome.metric.unwrap().target.to_string(), "2.50");
    let calendar: Calendar = world.record("h");
    assert_eq!(calendar.spec.hours[0].to_string(), "MONDAY 08:00–24:00");
    assert_eq!(calendar.spec.holidays[0].name, "n");
    let agreement: Agreement = world.record("a");
    assert_eq!(agreement.kind, AgreementKind::Uc);
    assert_eq!(agreement.valid_until.unwrap().to_string(), "2026-12-31");
    let target = &agreement.targets[0];
    assert_eq!(target.within.unwrap().to_string(), "PT1H30M");
    assert_eq!(
        (target.objective.to_string(), target.warn_at),
        ("99.5".to_owned(), 50)
    );
    assert_eq!(agreement.targets[1].warn_at, 80);
    let sighting: Sighting = world.record("x");
    assert_eq!((sighting.users, sighting.status), (12, Status::Tolerated));
    assert_eq!(sighting.monthly_cost.to_decimal().to_string(), "89.90");
    let customer: Customer = world.record("c");
    assert_eq!(world.slug(customer.representative_id).as_deref(), Some("p"));
    assert_eq!(
        world.offering("f").price.unwrap().to_decimal().to_string(),
        "4.90"
    );
}

#[test]
fn a_document_replaces_the_whole_object() {
    let mut world = World::default();
    world.kundig(&document(
        "Service",
        "a",
        "tier: TIER_1, description: d, dependencies: [{service: b}]",
    ));
    let before = world.service("a").header;
    assert_eq!(
        world.kundig(&document("Service", "a", "tags: [x]")).summary,
        counted(0, 1, 0)
    );
    let service: Service = world.service("a");
    assert_eq!(
        (
            service.tier,
            service.description,
            service.dependencies.len()
        ),
        (Tier::Three, None, 0)
    );
    assert!(service.header.unresolved.is_empty());
    assert_eq!(
        (service.header.id, service.header.created_at),
        (before.id, before.created_at)
    );
}

#[test]
fn an_object_is_recognised_by_its_origin_before_its_slug() {
    let mut world = World::default();
    let with = |slug: &str| {
        format!(
            "apiVersion: kundig/v1\nkind: Team\nmetadata: {{slug: {slug}, name: x, origin: 'backstage:group:default/g'}}\nspec: {{}}\n"
        )
    };
    world.kundig(&with("one"));
    assert_eq!(world.kundig(&with("two")).summary, counted(0, 1, 0));
    assert!(world.catalog.teams.by_slug("one").is_none());
}

#[test]
fn two_documents_cannot_be_of_one_object() {
    let mut world = World::default();
    let imported =
        world.kundig(&(document("Team", "a", "") + &document("Team", "a", "description: d")));
    told_once(
        &imported,
        "error",
        "line 9, column 18: error: the team `a` is described at line 4, column 18 already",
    );
}

#[test]
fn unknown_fields_kinds_and_words_are_errors_that_say_what_would_be_right() {
    assert_eq!(
        fault("onwer: x"),
        "line 5, column 8: error: unknown field `spec.onwer`; known here: description, kind, lifecycle, tier, tags, links, \
         businessOwner, serviceOwner, team, capability, ownershipConfirmedAt, dependencies, dependents, contributions"
    );
    assert_eq!(
        fault("tier: 1"),
        "line 5, column 14: error: `spec.tier` must be a string, not a number; put it in quotes"
    );
    assert_eq!(
        fault("tier: GOLD"),
        "line 5, column 14: error: `spec.tier` is `GOLD`; it can be TIER_1, TIER_2, TIER_3, TIER_4"
    );
    assert!(
        fault("ownershipConfirmedAt: yesterday").contains("an instant like 2026-10-01T08:00:00Z")
    );
    assert!(fault("dependencies: [{service: b, strength: 2}]").contains("above 0 and at most 1"));
    assert!(
        fault("dependencies: [{strength: 1}]").contains("`spec.dependencies.service` is missing")
    );
    assert!(
        fault("contributions: [{outcome: o}]").contains("`spec.contributions.share` is missing")
    );
    assert!(fault("dependencies: [{service: b}, {service: b}]").contains("a second time"));
    assert!(fault("dependencies: [{service: a}]").contains("itself"));
    assert!(fault("links: [{url: 'javascript:x'}]").contains("links.0.url"));
    let mut world = World::default();
    let imported = world.kundig(&document("Servcie", "a", ""));
    told_once(
        &imported,
        "error",
        "unknown kind `Servcie`; known are Team, Customer, Person, BusinessCapability, BusinessOutcome, Service, ServiceOffering, SupportCalendar, ServiceLevelAgreement, ShadowItSighting",
    );
    let imported = world.kundig("apiVersion: backstage.io/v1alpha1\nkind: Component\n");
    told_once(&imported, "error", "imported with the format backstage");
}

#[test]
fn amounts_are_written_in_quotes() {
    let mut world = World::default();
    let text = document("Customer", "c", "")
        + &document("BusinessOutcome", "o", "customer: c, valuePerHour: 12.5");
    told_once(&world.kundig(&text), "error", "a decimal number in quotes");
}

#[test]
fn what_cannot_be_without_its_reference_is_an_error() {
    let mut world = World::default();
    told_once(
        &world.kundig(&document("BusinessOutcome", "o", "customer: c")),
        "error",
        "names the customer `c`",
    );
    told_once(
        &world.kundig(&document("BusinessOutcome", "o", "")),
        "error",
        "`spec.customer` is missing",
    );
    told_once(
        &world.kundig(&document("ServiceOffering", "f", "service: s")),
        "error",
        "names the service `s`",
    );
    told_once(
        &world.kundig(&document("ServiceOffering", "f", "")),
        "error",
        "`spec.service` is missing",
    );
    let imported = world.kundig(&document(
        "ServiceLevelAgreement",
        "a",
        "calendar: h, validFrom: 2026-01-01",
    ));
    let told = told(&imported);
    assert_eq!(told.len(), 2, "{told:#?}");
    assert!(
        told[0].contains("`spec.service` is missing")
            && told[1].contains("names the support calendar `h`")
    );
}

#[test]
fn what_is_wrong_in_a_list_is_told_with_its_own_place() {
    let mut world = World::default();
    let hours = "{weekday: FRIDAY, opens: 08:00, closes: 12:00}";
    let text = "---\napiVersion: kundig/v1\nkind: SupportCalendar\nmetadata: {slug: h, name: h}\nspec:\n  timeZone: UTC\n  hours:\n"
        .to_owned()
        + &format!("    - {hours}\n    - {hours}\n")
        + "    - {weekday: FREITAG, opens: 08:00}\n";
    let imported = world.kundig(&text);
    let told = told(&imported);
    assert_eq!(told.len(), 3, "{told:#?}");
    for (told, expected) in told.iter().zip([
        "line 9, column 7: error: hours.1.opens: overlaps",
        "line 10, column 7: error: `spec.hours.closes` is missing",
        "line 10, column 17: error: `spec.hours.weekday` is `FREITAG`; it can be MONDAY",
    ]) {
        assert!(told.starts_with(expected), "{told}");
    }
}

#[test]
fn targets_keep_their_ids_when_a_document_comes_again() {
    let mut world = World::default();
    let agreement = |within: &str| {
        document("Service", "s", "")
            + &document("SupportCalendar", "h", "timeZone: UTC")
            + &document(
                "ServiceLevelAgreement",
                "a",
                &format!(
                    "service: s, calendar: h, validFrom: 2026-01-01, \
                     targets: [{{metric: RESPONSE_TIME, within: {within}, objective: '99'}}]"
                ),
            )
    };
    world.kundig(&agreement("PT1H"));
    let before: Agreement = world.record("a");
    assert_eq!(world.kundig(&agreement("PT60M")).summary, counted(0, 0, 3));
    assert_eq!(world.kundig(&agreement("PT2H")).summary, counted(0, 1, 2));
    let after: Agreement = world.record("a");
    assert_eq!(after.targets[0].id, before.targets[0].id);
    assert_ne!(after.targets[0].within, before.targets[0].within);
}

#[test]
fn what_is_not_there_yet_is_remembered_and_linked_later() {
    let mut world = World::default();
    let imported = world.kundig(&document("Service", "a", "team: t, dependencies: [{service: b, strength: 0.5}], contributions: [{outcome: o, share: 0.1}]"));
    assert_eq!(imported.problems.warnings().count(), 3);
    world.kundig(
        &(document("Team", "t", "")
            + &document("Service", "b", "")
            + &document("Customer", "c", "")
            + &document("BusinessOutcome", "o", "customer: c")),
    );
    let service = world.service("a");
    assert_eq!(world.slug(service.team_id).as_deref(), Some("t"));
    assert_eq!(strengths(&service), [0.5]);
    assert_eq!(service.contributions.len(), 1);
    assert!(service.header.unresolved.is_empty());
}

#[test]
fn a_circle_of_parents_is_an_error() {
    let mut world = World::default();
    let text = document("Team", "a", "parent: b") + &document("Team", "b", "parent: a");
    told_once(&world.kundig(&text), "error", "below itself");
    told_once(
        &world.kundig(&document("Team", "a", "parent: a")),
        "error",
        "below itself",
    );
}

#[test]
fn a_demand_that_is_not_known_to_be_there_is_told_and_not_linked() {
    let mut world = World::default();
    let sighting = |demand: &str| {
        document(
            "ShadowItSighting",
            "x",
            &format!("customer: c, users: 1, dataClass: PUBLIC, firstSeen: 2026-01-01{demand}"),
        )
    };
    world.kundig(&document("Customer", "c", ""));
    let named = sighting(", demand: dema_01939f2e8ac87bd09e3cc3fbd4bfb9e1");
    let told = world.kundig(&named);
    told_once(&told, "warning", "which is not there; it is not linked");
    let demand = uuid::Uuid::try_parse("01939f2e8ac87bd09e3cc3fbd4bfb9e1").ok();
    world.by_hand("x", |sighting: &mut Sighting| sighting.demand_id = demand);
    assert!(
        world
            .export()
            .contains("demand: dema_01939f2e8ac87bd09e3cc3fbd4bfb9e1\n")
    );
    assert_eq!(
        world.kundig(&named).summary,
        counted(0, 0, 1),
        "a link that is there stays"
    );
    assert_eq!(world.kundig(&sighting("")).summary, counted(0, 1, 0));
    let without: Sighting = world.record("x");
    assert_eq!(without.demand_id, None);
}
