use kundig::auth::Scope;
use kundig_tests::{Database, Server, Settings, on_both_databases, tokens};
use serde_json::{Value, json};

use super::{service, take, try_report};
use crate::objects::SERVICE;

const REPORT: &str = "mutation ($input: ReportIncidentInput!) { reportIncident(input: $input) { replayed incident { id } userErrors { code message } } }";

async fn the_same_again_is_the_first_incident(database: Database) {
    let server = Settings::new(&database).start().await;
    let (beds, labs) = (
        service(&server, "Beds").await,
        service(&server, "Labs").await,
    );
    let input = json!({"serviceIds": [beds, labs], "startedAt": "2026-01-02T03:04:05Z", "idempotencyKey": "k"});
    let first = try_report(&server, input.clone()).await;
    let first = &first.expect_payload()["incident"];
    take(&server, "acknowledge", first, json!({})).await;
    SERVICE
        .update(&server, json!({"id": beds, "lifecycle": "RETIRED"}))
        .await;

    let mut turned = input.clone();
    turned["serviceIds"] = json!([labs, beds]);
    turned["startedAt"] = json!("2026-01-02T04:04:05+01:00");
    for same in [input, turned] {
        let again = try_report(&server, same).await;
        let payload = again.expect_payload();
        assert_eq!(payload["replayed"], true);
        assert_eq!(payload["incident"]["id"], first["id"]);
        assert_eq!(
            payload["incident"]["status"], "ACKNOWLEDGED",
            "as it is now"
        );
    }
    for (field, value) in [
        ("title", json!("Another")),
        ("severity", json!("MINOR")),
        ("serviceIds", json!([labs])),
        ("startedAt", json!("2026-01-02T03:04:06Z")),
    ] {
        let mut other = json!({"serviceIds": [beds, labs], "startedAt": "2026-01-02T03:04:05Z", "idempotencyKey": "k"});
        other[field] = value;
        let conflict = try_report(&server, other).await;
        conflict.expect_user_error(&["idempotencyKey"], "IDEMPOTENCY_CONFLICT");
    }
    // Another's key is another key.
    let watchdog = tokens::local("watchdog", &[Scope::RequestsWork]);
    let input =
        json!({"title": "T", "severity": "MINOR", "serviceIds": [labs], "idempotencyKey": "k"});
    let query = server.query(REPORT).variables(json!({ "input": input }));
    let answer = query.token(watchdog).send().await;
    assert_eq!(answer.expect_payload()["replayed"], false);
}

async fn many_at_once_with_one_key_become_one_incident(database: Database) {
    let settings = Settings::new(&database);
    let mut replicas: Vec<Server> = vec![settings.start().await];
    if database.url().starts_with("postgres") {
        replicas.push(settings.start().await);
    }
    let beds = service(&replicas[0], "Beds").await;
    for round in 0..3 {
        let input = json!({"title": "T", "severity": "MINOR", "serviceIds": [beds], "idempotencyKey": format!("round {round}")});
        let running: Vec<_> = (0..16)
            .map(|number| {
                let query = replicas[number % replicas.len()].query(REPORT);
                tokio::spawn(query.variables(json!({ "input": input })).send())
            })
            .collect();
        let mut answers: Vec<Value> = Vec::new();
        for answer in running {
            let answer = answer.await.expect("an answer");
            answers.push(answer.expect_payload().clone());
        }
        let first = answers.iter().filter(|it| it["replayed"] == false);
        assert_eq!(first.count(), 1);
        for answer in &answers {
            assert_eq!(answer["incident"], answers[0]["incident"]);
        }
    }
    let count = replicas[0]
        .query("{ incidents { totalCount } }")
        .send()
        .await;
    assert_eq!(count.expect_data()["incidents"]["totalCount"], 3);
}

on_both_databases!(
    the_same_again_is_the_first_incident,
    many_at_once_with_one_key_become_one_incident,
);
