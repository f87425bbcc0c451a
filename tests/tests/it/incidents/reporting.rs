use jiff::{SignedDuration, Timestamp};
use kundig_tests::{Database, Settings, on_both_databases};
use serde_json::{Value, json};

use super::{kinds, report, seen, service, try_report};
use crate::objects::{SERVICE, assert_refused, changes_after, newest_change};
use crate::requests::clocks::instant;
use crate::support::eventually;

async fn an_incident_says_what_is_broken_since_when(database: Database) {
    let server = Settings::new(&database).start().await;
    let (beds, labs) = (
        service(&server, "Beds").await,
        service(&server, "Labs").await,
    );
    let before = newest_change(&server).await;
    let answer = try_report(
        &server,
        json!({
            "title": "  No beds are shown ", "severity": "DEGRADED", "serviceIds": [labs, beds],
            "startedAt": "2026-01-02T03:04:05.000006789+01:00",
        }),
    )
    .await;
    let payload = answer.expect_payload();
    assert_eq!(payload["replayed"], false);
    let incident = &payload["incident"];
    assert_eq!(incident["number"], "INC-1");
    assert_eq!(incident["title"], "No beds are shown");
    assert_eq!(incident["severity"], "DEGRADED");
    assert_eq!(incident["status"], "OPEN");
    assert_eq!(
        incident["services"],
        json!([{"slug": "beds"}, {"slug": "labs"}])
    );
    assert_eq!(incident["startedAt"], "2026-01-02T02:04:05.000006Z");
    assert_eq!(incident["reportedBy"], "tests");
    assert_eq!(incident["version"], 1);
    assert_eq!(incident["createdAt"], incident["updatedAt"]);
    for unset in ["acknowledgedAt", "resolvedAt"] {
        assert_eq!(incident[unset], Value::Null);
    }
    assert_eq!(kinds(incident), ["REPORTED"]);
    let event = &incident["events"]["nodes"][0];
    assert_eq!(
        (&event["from"], &event["to"]),
        (&Value::Null, &json!("OPEN"))
    );
    assert_eq!(seen(&server, &json!("inc-1")).await, *incident);

    let changes = eventually("the feed has it", async || {
        let changes = changes_after(&server, &before).await;
        (!changes.is_empty()).then_some(changes)
    })
    .await;
    assert_eq!(changes.len(), 1);
    assert_eq!(
        (&changes[0]["type"], &changes[0]["kind"]),
        (&json!("Incident"), &json!("CREATED"))
    );
    let ids = changes[0]["diff"]["serviceIds"]["to"]
        .as_array()
        .expect("ids");
    assert!(ids.contains(&beds) && ids.contains(&labs));

    let now = report(&server, &[&beds]).await;
    assert_eq!(now["number"], "INC-2");
    assert_eq!(
        now["startedAt"], now["createdAt"],
        "now, where nothing is said"
    );
    let ahead = Timestamp::now() + SignedDuration::from_mins(4);
    let fast = try_report(
        &server,
        json!({"serviceIds": [beds], "startedAt": ahead.to_string()}),
    );
    let fast = fast.await.expect_payload()["incident"].clone();
    assert_eq!(fast["startedAt"], fast["createdAt"], "a clock that is fast");
    assert!(instant(&fast["startedAt"]) < ahead);
}

async fn what_can_not_be_is_refused_with_its_place(database: Database) {
    let server = Settings::new(&database).start().await;
    let beds = service(&server, "Beds").await;
    let retired = SERVICE
        .create(&server, json!({"name": "Old", "lifecycle": "RETIRED"}))
        .await;
    let retired = &retired["id"];
    let ahead = Timestamp::now() + SignedDuration::from_mins(6);
    let many: Vec<&Value> = vec![&beds; 101];
    for (input, field, code) in [
        (json!({"title": " "}), &["title"][..], "INVALID"),
        (json!({"title": "x".repeat(251)}), &["title"], "INVALID"),
        (json!({"title": "two\nlines"}), &["title"], "INVALID"),
        (json!({"serviceIds": []}), &["serviceIds"], "INVALID"),
        (json!({"serviceIds": many}), &["serviceIds"], "INVALID"),
        (
            json!({"serviceIds": [beds, beds]}),
            &["serviceIds", "1"],
            "INVALID",
        ),
        (
            json!({"serviceIds": [beds, "none"]}),
            &["serviceIds", "1"],
            "NOT_FOUND",
        ),
        (
            json!({"serviceIds": [retired]}),
            &["serviceIds", "0"],
            "INVALID",
        ),
        (
            json!({"startedAt": "1999-12-31T23:59:59Z"}),
            &["startedAt"],
            "INVALID",
        ),
        (
            json!({"startedAt": ahead.to_string()}),
            &["startedAt"],
            "INVALID",
        ),
        (
            json!({"idempotencyKey": ""}),
            &["idempotencyKey"],
            "INVALID",
        ),
    ] {
        let mut all = json!({ "serviceIds": [beds] });
        for (name, value) in input.as_object().expect("an object") {
            all[name] = value.clone();
        }
        let answer = try_report(&server, all).await;
        answer.expect_user_error(field, code);
        assert_eq!(
            answer.expect_data()["reportIncident"]["incident"],
            Value::Null
        );
    }
    let answer = try_report(
        &server,
        json!({"title": "", "serviceIds": ["none", retired], "startedAt": ahead.to_string()}),
    )
    .await;
    let errors = answer.expect_data()["reportIncident"]["userErrors"].as_array();
    assert_eq!(
        errors.map(Vec::len),
        Some(4),
        "all of it in one go: {answer}"
    );
    let answer = server.query("{ incidents { totalCount } }").send().await;
    assert_eq!(answer.expect_data()["incidents"]["totalCount"], 0);
    for number in ["", "7", "INC-0", "REQ-1"] {
        let document = format!("{{ incident(number: \"{number}\") {{ id }} }}");
        let answer = server.query(document).send().await;
        answer.expect_error_code("BAD_USER_INPUT");
    }
}

async fn what_incidents_break_can_not_be_deleted(database: Database) {
    let server = Settings::new(&database).start().await;
    let beds = SERVICE.create_plain(&server, "Beds").await;
    let other = SERVICE.create_plain(&server, "Other").await;
    report(&server, &[&beds["id"]]).await;
    let refused = SERVICE.try_delete(&server, json!({"id": beds["id"]})).await;
    assert_refused(&refused, &[("id", "IN_USE")]);
    SERVICE.delete(&server, &other).await;
}

on_both_databases!(
    an_incident_says_what_is_broken_since_when,
    what_can_not_be_is_refused_with_its_place,
    what_incidents_break_can_not_be_deleted,
);
