//! How available services were, and how promises were kept.

use std::collections::BTreeMap;

use entity::sla_clock;
use jiff::{SignedDuration, Timestamp};
use kundig_tests::{Answer, Database, Server, on_both_databases};
use sea_orm::{ActiveModelTrait as _, Set};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::objects::{
    AGREEMENT, CALENDAR, SERVICE, assert_refused, changes_after, list, newest_change, text,
};
use crate::support::mutate;

async fn record(server: &Server, service: &Value, measurements: Value) -> Answer {
    let input = json!({"serviceId": service["id"], "measurements": measurements});
    mutate(server, "recordAvailability", "recorded replaced", input).await
}

/// Waits until the snapshot knows of what was recorded, whose sequence is the newest then.
async fn heard_of(server: &Server, answer: &Answer) -> String {
    let sequence = answer.sequence().to_owned();
    let waiting = server.query("{ __typename }");
    waiting
        .header("Kundig-Min-Sequence", &sequence)
        .send()
        .await;
    sequence
}

async fn recorded(server: &Server, service: &Value, measurements: Value) -> (i64, i64) {
    let answer = record(server, service, measurements).await;
    let payload = answer.expect_payload();
    (
        payload["recorded"].as_i64().expect("a count"),
        payload["replaced"].as_i64().expect("a count"),
    )
}

/// An hour of 2026-03-01.
fn hour(hour: u8, good: i32, total: i32) -> Value {
    json!({"from": format!("2026-03-01T{hour:02}:00:00Z"), "until": format!("2026-03-01T{:02}:00:00Z", hour + 1),
        "good": good, "total": total})
}

async fn agreement(server: &Server, service: &Value, targets: Value) -> Value {
    let calendar = CALENDAR.create_plain(server, "Clinic").await;
    let input = json!({"name": "Promise", "serviceId": service["id"], "calendarId": calendar["id"],
        "validFrom": "2026-01-01", "targets": targets});
    AGREEMENT.create(server, input).await
}

const ATTAINMENT: &str = "total good attained errorBudgetLeft met";

async fn attained(server: &Server, agreement: &Value, from: &str, until: &str) -> Value {
    let answer = server
        .query(format!(
            "query ($id: ID!, $from: DateTime!, $until: DateTime!) {{ node(id: $id) {{ ... on ServiceLevelAgreement {{
               attainment(from: $from, until: $until) {{ target {{ id metric priority }} {ATTAINMENT} }} }} }} }}"
        ))
        .variables(json!({"id": agreement["id"], "from": from, "until": until}))
        .send()
        .await;
    answer.expect_data()["node"]["attainment"].clone()
}

async fn measurements_are_recorded_and_a_repeated_interval_replaces(database: Database) {
    let server = Server::start(&database).await;
    let service = SERVICE.create(&server, json!({"name": "Beds"})).await;
    let targets = json!([{"metric": "AVAILABILITY", "objective": "99.9"}]);
    let agreement = agreement(&server, &service, targets).await;
    let day = async || {
        let of_day = attained(
            &server,
            &agreement,
            "2026-03-01T00:00:00Z",
            "2026-03-02T00:00:00Z",
        )
        .await;
        of_day[0].clone()
    };
    let nothing = day().await;
    assert_eq!(
        (&nothing["total"], &nothing["good"]),
        (&json!(0), &json!(0))
    );
    for field in ["attained", "errorBudgetLeft", "met"] {
        assert_eq!(nothing[field], Value::Null, "{field}");
    }

    let start = newest_change(&server).await;
    let hours = json!([hour(1, 500, 500), hour(0, 499, 500)]);
    let answer = record(&server, &service, hours.clone()).await;
    let counts = answer.expect_payload();
    assert_eq!(
        (&counts["recorded"], &counts["replaced"]),
        (&json!(2), &json!(0))
    );
    let sequence = heard_of(&server, &answer).await;
    let found = day().await;
    assert_eq!(
        (&found["total"], &found["good"]),
        (&json!(1000), &json!(999))
    );
    assert_eq!(
        (&found["attained"], &found["met"]),
        (&json!("99.9"), &json!(true))
    );
    assert_eq!(found["errorBudgetLeft"], json!(0.0));
    let changes = changes_after(&server, &start).await;
    assert_eq!(changes.len(), 1, "{changes:?}");
    let to =
        json!({"from": "2026-03-01T00:00:00Z", "until": "2026-03-01T02:00:00Z", "measurements": 2});
    assert_eq!(
        (&changes[0]["subjectId"], &changes[0]["kind"]),
        (&service["id"], &json!("UPDATED"))
    );
    assert_eq!(
        changes[0]["diff"],
        json!({"availability": {"from": null, "to": to}})
    );

    assert_eq!(
        recorded(&server, &service, hours).await,
        (0, 2),
        "the same again"
    );
    assert_eq!(recorded(&server, &service, json!([])).await, (0, 0));
    assert_eq!(
        newest_change(&server).await,
        sequence,
        "nothing has changed"
    );
    assert_eq!(
        recorded(&server, &service, json!([hour(1, 498, 500), hour(2, 0, 0)])).await,
        (1, 1)
    );
    let found = day().await;
    assert_eq!(
        (&found["total"], &found["good"]),
        (&json!(1000), &json!(997))
    );
    assert_eq!(
        (&found["errorBudgetLeft"], &found["met"]),
        (&json!(-2.0), &json!(false))
    );

    let after = SERVICE.by_slug(&server, "beds").await;
    assert_eq!(
        after["version"], service["version"],
        "the service itself stays as it is"
    );
    let other = SERVICE.create(&server, json!({"name": "Other"})).await;
    assert_eq!(
        recorded(&server, &other, json!([hour(1, 0, 9)])).await,
        (1, 0)
    );
    assert_eq!(day().await, found, "another service's are another's");
    let refused = SERVICE
        .try_delete(&server, json!({"id": other["id"]}))
        .await;
    let message = assert_refused(&refused, &[("id", "IN_USE")]);
    assert!(message.contains("availability measurements"), "{message}");
}

/// The database keeps microseconds, and what comes again has to be recognised.
async fn an_interval_is_the_same_to_the_microsecond(database: Database) {
    let server = Server::start(&database).await;
    let service = SERVICE.create(&server, json!({"name": "Beds"})).await;
    let finer = |last: &str| json!([{"from": "2026-03-01T06:00:00.0000009Z", "until": format!("2026-03-01T07:00:00{last}Z"), "good": 1, "total": 1}]);
    assert_eq!(recorded(&server, &service, finer(".0000001")).await, (1, 0));
    assert_eq!(
        recorded(&server, &service, finer("")).await,
        (0, 1),
        "to the microsecond"
    );
}

async fn what_can_not_have_been_measured_is_refused_as_a_whole(database: Database) {
    let server = Server::start(&database).await;
    let service = SERVICE.create(&server, json!({"name": "Beds"})).await;
    let there = json!([hour(4, 1, 1), hour(5, 1, 1), hour(8, 1, 1)]);
    let answer = record(&server, &service, there).await;
    let start = heard_of(&server, &answer).await;
    let between = |from: &str, until: &str| json!({"from": format!("2026-03-01T{from}Z"), "until": format!("2026-03-01T{until}Z"), "good": 1, "total": 1});
    for (wrong, place, words) in [
        (
            between("04:00:00", "06:00:00"),
            "from",
            "2026-03-01T04:00:00Z to 2026-03-01T05:00:00Z, which is recorded already",
        ),
        (
            between("04:59:59.999999", "05:00:00"),
            "from",
            "recorded already",
        ),
        (between("03:00:00", "23:00:00"), "from", "recorded already"),
        (between("08:30:00", "08:31:00"), "from", "recorded already"),
        (
            between("02:00:00", "04:00:00.000001"),
            "from",
            "recorded already",
        ),
        (between("02:00:00", "02:00:00"), "until", "not after"),
        (hour(2, 2, 1), "good", "more than all 1"),
        (hour(2, -1, 1), "good", "below 0"),
        (
            json!({"from": "2026-03-01T00:00:00Z", "until": "9999-01-01T00:00:00Z", "good": 1, "total": 1}),
            "until",
            "366 days",
        ),
    ] {
        let answer = record(&server, &service, json!([hour(0, 1, 1), wrong])).await;
        let payload = &answer.expect_data()["recordAvailability"];
        assert_eq!(
            (&payload["recorded"], &payload["replaced"]),
            (&Value::Null, &Value::Null)
        );
        let errors = list(&payload["userErrors"]);
        assert_eq!(
            errors[0]["field"],
            json!(["measurements", "1", place]),
            "{answer}"
        );
        assert!(
            errors
                .iter()
                .any(|error| text(&error["message"]).contains(words)),
            "{words}: {answer}"
        );
    }
    let twice = record(&server, &service, json!([hour(0, 1, 1), hour(0, 1, 1)])).await;
    assert_refused(&twice, &[("measurements.1.from", "INVALID")]);
    let now = Timestamp::now();
    let (from, until) = (
        now - SignedDuration::from_hours(1),
        now + SignedDuration::from_hours(1),
    );
    let ahead =
        json!([{"from": from.to_string(), "until": until.to_string(), "good": 1, "total": 1}]);
    let answer = record(&server, &service, ahead).await;
    let message = assert_refused(&answer, &[("measurements.0.until", "INVALID")]);
    assert!(message.contains("lies ahead"), "{message}");
    for id in [
        json!("nonsense"),
        json!("serv_01939f2e8ac87bd09e3cc3fbd4bfb9e1"),
    ] {
        let answer = record(&server, &json!({ "id": id }), json!([hour(0, 1, 1)])).await;
        assert_refused(&answer, &[("serviceId", "NOT_FOUND")]);
    }
    let many = record(&server, &service, json!(vec![hour(0, 1, 1); 1001])).await;
    many.expect_error_code("BAD_USER_INPUT");
    let nothing = [Value::Null; 0];
    assert_eq!(changes_after(&server, &start).await, nothing);
    // What touches is no overlap.
    assert_eq!(
        recorded(
            &server,
            &service,
            json!([hour(3, 1, 1), hour(6, 1, 1), hour(7, 1, 1)])
        )
        .await,
        (3, 0)
    );
}

async fn a_thousand_measurements_are_taken_at_once_and_a_year_is_added_up(database: Database) {
    let server = Server::start(&database).await;
    let service = SERVICE.create(&server, json!({"name": "Beds"})).await;
    let targets = json!([{"metric": "AVAILABILITY", "objective": "99"}]);
    let agreement = agreement(&server, &service, targets).await;
    let first: Timestamp = "2026-01-01T00:00:00Z".parse().expect("an instant");
    let at = |minutes: i64| (first + SignedDuration::from_mins(minutes)).to_string();
    for batch in 0..3_i64 {
        let measurements: Vec<Value> = (0..1_000_i64)
            .map(|number| (batch * 1_000 + number) * 5)
            .map(|minute| json!({"from": at(minute), "until": at(minute + 5), "good": 2_000_000, "total": 2_000_001}))
            .collect();
        assert_eq!(
            recorded(&server, &service, json!(measurements)).await,
            (1_000, 0)
        );
    }
    let all = attained(
        &server,
        &agreement,
        "2026-01-01T00:00:00Z",
        "2027-01-01T00:00:00Z",
    )
    .await;
    assert_eq!(all[0]["total"], json!(i32::MAX), "more than can be told");
    assert_eq!(
        (&all[0]["attained"], &all[0]["met"]),
        (&json!("99.99995"), &json!(true))
    );
    // Each counts in the period in which it begins.
    let some = attained(
        &server,
        &agreement,
        "2026-01-01T00:00:00.000000001Z",
        "2026-01-01T00:05:00.000000001Z",
    )
    .await;
    assert_eq!(some[0]["total"], 2_000_001);
    let none = attained(
        &server,
        &agreement,
        "2026-01-01T00:00:00.000000001Z",
        "2026-01-01T00:05:00Z",
    )
    .await;
    assert_eq!(none[0]["total"], 0);
}

async fn recordings_that_come_at_once_never_overlap(database: Database) {
    let server = Server::start(&database).await;
    let service = SERVICE.create(&server, json!({"name": "Beds"})).await;
    let long = json!([{"from": "2026-03-01T00:00:00Z", "until": "2026-03-01T03:00:00Z", "good": 1, "total": 1}]);
    let attempts = (0..8).map(|number| {
        let measurements = if number % 2 == 0 {
            long.clone()
        } else {
            json!([hour(1, 1, 1)])
        };
        let (server, service) = (&server, &service);
        async move { record(server, service, measurements).await }
    });
    let answers: Vec<Answer> = futures_util::future::join_all(attempts).await;
    let mut kinds: BTreeMap<bool, usize> = BTreeMap::new();
    for answer in &answers {
        let payload = &answer.expect_data()["recordAvailability"];
        *kinds.entry(payload["recorded"].is_null()).or_default() += 1;
    }
    assert_eq!(
        kinds,
        BTreeMap::from([(false, 4), (true, 4)]),
        "one of the two intervals has won"
    );
}

/// A clock as the database holds it once it is decided.
fn clock(target: &Value, decided_at: &str, good: bool) -> sla_clock::ActiveModel {
    let id = text(target).replace("targ_", "");
    let at = decided_at.parse::<Timestamp>();
    let at = at.map_or(i64::MAX, Timestamp::as_microsecond);
    sla_clock::ActiveModel {
        subject_id: Set(Uuid::now_v7()),
        place: Set(0),
        subject_type: Set("ServiceRequest".to_owned()),
        metric: Set("RESPONSE_TIME".to_owned()),
        agreement_id: Set(Uuid::now_v7()),
        target_id: Set(Uuid::parse_str(&id).expect("a key")),
        promised: Set("[]".to_owned()),
        state: Set("MET".to_owned()),
        started_at: Set(0),
        elapsed: Set(0),
        as_of: Set(0),
        due_at: Set(i64::MAX),
        warns_at: Set(i64::MAX),
        breaches_at: Set(i64::MAX),
        at_risk_at: Set(None),
        breached_at: Set(None),
        ended_at: Set(None),
        decided_at: Set(at),
        good: Set(good),
        next_at: Set(i64::MAX),
        customer_id: Set(None),
    }
}

async fn clocks_are_counted_at_the_instant_that_decides_them(
    database: Database,
) -> anyhow::Result<()> {
    let server = Server::start(&database).await;
    let connection = database.connect().await;
    let service = SERVICE.create(&server, json!({"name": "Beds"})).await;
    let targets = json!([
        {"metric": "RESPONSE_TIME", "priority": "P1", "within": "PT1H", "objective": "50"},
        {"metric": "RESPONSE_TIME", "within": "PT4H", "objective": "90"},
        {"metric": "AVAILABILITY", "objective": "99"},
    ]);
    let agreement = agreement(&server, &service, targets).await;
    let (urgent, any) = (
        &agreement["targets"][0]["id"],
        &agreement["targets"][1]["id"],
    );
    for (target, at, good) in [
        (urgent, "2026-03-01T00:00:00Z", true),
        (urgent, "2026-03-31T23:59:59.999999Z", false),
        (urgent, "2026-02-28T23:59:59.999999Z", false),
        (urgent, "2026-04-01T00:00:00Z", false),
        (urgent, "9998-01-01T00:00:00Z", false),
        (urgent, "never", true),
        (any, "2026-03-05T00:00:00Z", true),
    ] {
        clock(target, at, good).insert(&connection).await?;
    }
    recorded(&server, &service, json!([hour(0, 99, 100)])).await;
    let march = attained(
        &server,
        &agreement,
        "2026-03-01T00:00:00Z",
        "2026-04-01T00:00:00Z",
    )
    .await;
    let shown: Vec<_> = list(&march)
        .iter()
        .map(|one| {
            (
                one["total"].clone(),
                one["good"].clone(),
                one["attained"].clone(),
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            (json!(2), json!(1), json!("50")),
            (json!(1), json!(1), json!("100")),
            (json!(100), json!(99), json!("99")),
        ],
        "in the order of the targets"
    );
    assert_eq!(march[0]["target"]["id"], *urgent);
    let ever = attained(
        &server,
        &agreement,
        "2020-01-01T00:00:00Z",
        "9999-01-01T00:00:00Z",
    )
    .await;
    assert_eq!(ever[0]["total"], 4, "what lies ahead is not decided");
    let answer = server
        .query("query ($id: ID!) { node(id: $id) { ... on ServiceLevelAgreement {
                  attainment(from: \"2026-03-01T00:00:00Z\", until: \"2026-03-01T00:00:00Z\") { total } } } }")
        .variables(json!({"id": agreement["id"]}))
        .send()
        .await;
    answer.expect_error_code("BAD_USER_INPUT");
    Ok(())
}

async fn a_page_of_agreements_asks_the_database_twice_however_long_it_is(database: Database) {
    let server = Server::start(&database).await;
    let calendar = CALENDAR.create_plain(&server, "Clinic").await;
    for number in 0..30 {
        let service = SERVICE
            .create(&server, json!({"name": format!("Service {number}")}))
            .await;
        let input = json!({"name": format!("Promise {number}"), "serviceId": service["id"], "calendarId": calendar["id"],
        "validFrom": "2026-01-01", "targets": [
            {"metric": "RESPONSE_TIME", "priority": "P1", "within": "PT1H", "objective": "50"},
            {"metric": "AVAILABILITY", "objective": "99"},
        ]});
        AGREEMENT.create(&server, input).await;
        recorded(&server, &service, json!([hour(0, number, 100)])).await;
    }
    let mut statements = Vec::new();
    for first in [1, 30] {
        let before = server.metrics().await.sql_statements("request");
        let answer = server
            .query("query ($first: Int) { serviceLevelAgreements(first: $first) { nodes {
                      attainment(from: \"2026-03-01T00:00:00Z\", until: \"2026-04-01T00:00:00Z\") { total good } } } }")
            .variables(json!({ "first": first }))
            .send()
            .await;
        let nodes = list(&answer.expect_data()["serviceLevelAgreements"]["nodes"]).to_vec();
        assert_eq!(nodes.len(), first);
        assert!(
            nodes
                .iter()
                .all(|node| node["attainment"][1]["total"] == 100),
            "{answer}"
        );
        statements.push(server.metrics().await.sql_statements("request") - before);
    }
    assert_eq!(statements, [2, 2]);
}

on_both_databases!(
    measurements_are_recorded_and_a_repeated_interval_replaces,
    an_interval_is_the_same_to_the_microsecond,
    what_can_not_have_been_measured_is_refused_as_a_whole,
    a_thousand_measurements_are_taken_at_once_and_a_year_is_added_up,
    recordings_that_come_at_once_never_overlap,
    clocks_are_counted_at_the_instant_that_decides_them,
    a_page_of_agreements_asks_the_database_twice_however_long_it_is,
);
