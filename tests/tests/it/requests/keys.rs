use kundig_tests::{Database, Server, Settings, on_both_databases};
use serde_json::{Value, json};

use super::{offering, submit, submitter, take, try_submit};
use crate::objects::OFFERING;
use crate::support::mutate;

async fn the_same_again_is_the_first_request(database: Database) {
    let server = Settings::new(&database).start().await;
    let account = offering(&server, json!({})).await;
    let input =
        json!({"offeringId": account["id"], "inputs": {"a": 1, "b": [2.0]}, "idempotencyKey": "k"});
    let first = try_submit(&server, input.clone()).await;
    assert_eq!(first.expect_payload()["replayed"], false);
    let first = &first.expect_payload()["serviceRequest"];
    take(&server, "start", first, json!({})).await;
    OFFERING
        .update(&server, json!({"id": account["id"], "active": false}))
        .await;

    let again = try_submit(&server, input.clone()).await;
    assert_eq!(again.expect_payload()["replayed"], true);
    let again = &again.expect_payload()["serviceRequest"];
    assert_eq!(
        again["id"], first["id"],
        "though it could not be requested any more"
    );
    assert_eq!(again["status"], "IN_PROGRESS", "as it is now");

    for other in [
        json!({"offeringId": account["id"], "inputs": {"a": 2, "b": [2.0]}, "idempotencyKey": "k"}),
        json!({"offeringId": account["id"], "inputs": {"a": 1, "b": [2.0]}, "title": "Other", "idempotencyKey": "k"}),
        json!({"offeringId": account["id"], "inputs": {"a": 1, "b": [2.0]}, "priority": "P1", "idempotencyKey": "k"}),
    ] {
        let conflict = try_submit(&server, other).await;
        conflict.expect_user_error(&["idempotencyKey"], "IDEMPOTENCY_CONFLICT");
    }
    let count = server
        .query("{ serviceRequests { totalCount } }")
        .send()
        .await;
    assert_eq!(count.expect_data()["serviceRequests"]["totalCount"], 1);
}

async fn a_key_is_one_subjects(database: Database) {
    let server = Settings::new(&database).start().await;
    let account = offering(&server, json!({})).await;
    let input = json!({"offeringId": account["id"], "idempotencyKey": "the same key"});
    let mine = submit(&server, input.clone()).await;
    let hers = server
        .query("mutation ($input: SubmitServiceRequestInput!) { submitServiceRequest(input: $input) { replayed serviceRequest { id } userErrors { code } } }")
        .variables(json!({ "input": input }))
        .token(submitter("ada"))
        .send()
        .await;
    assert_eq!(hers.expect_payload()["replayed"], false);
    assert_ne!(hers.expect_payload()["serviceRequest"]["id"], mine["id"]);
}

async fn keys_hold_inside_a_bulk_too(database: Database) {
    let server = Settings::new(&database).start().await;
    let account = offering(&server, json!({})).await;
    let ok = |title: &str, key: &str| json!({"offeringId": account["id"], "title": title, "idempotencyKey": key});
    let before = submit(&server, ok("before", "0")).await;
    let requests = json!([
        ok("first", "1"),
        ok("first", "1"),
        ok("other", "1"),
        ok("before", "0"),
        ok("second", "2")
    ]);
    let selection = "results { replayed serviceRequest { number } userErrors { code } }";
    let answer = mutate(
        &server,
        "submitServiceRequests",
        selection,
        json!({ "requests": requests }),
    )
    .await;
    let results = &answer.expect_payload()["results"];
    let number = |place: usize| results[place]["serviceRequest"]["number"].clone();
    assert_eq!(number(0), number(1));
    assert_eq!(results[0]["replayed"], false);
    assert_eq!(results[1]["replayed"], true);
    assert_eq!(results[2]["userErrors"][0]["code"], "IDEMPOTENCY_CONFLICT");
    assert_eq!(number(3), before["number"]);
    assert_eq!(results[3]["replayed"], true);
    assert_eq!(results[4]["replayed"], false);
}

async fn many_at_once_with_one_key_become_one_request(database: Database) {
    let settings = Settings::new(&database);
    let mut replicas: Vec<Server> = vec![settings.start().await];
    if database.url().starts_with("postgres") {
        replicas.push(settings.start().await);
    }
    let account = offering(&replicas[0], json!({})).await;
    for round in 0..5 {
        let input =
            json!({"offeringId": account["id"], "idempotencyKey": format!("round {round}")});
        let mut running = Vec::new();
        for number in 0..16 {
            let query = replicas[number % replicas.len()]
                .query("mutation ($input: SubmitServiceRequestInput!) { submitServiceRequest(input: $input) { replayed serviceRequest { number } userErrors { code message } } }")
                .variables(json!({ "input": input }));
            running.push(tokio::spawn(query.send()));
        }
        let mut answers = Vec::new();
        for answer in running {
            answers.push(answer.await.expect("an answer").expect_payload().clone());
        }
        let first: Vec<&Value> = answers
            .iter()
            .filter(|it| it["replayed"] == false)
            .collect();
        assert_eq!(first.len(), 1);
        for answer in &answers {
            assert_eq!(answer["serviceRequest"], first[0]["serviceRequest"]);
        }
    }
    let count = replicas[0]
        .query("{ serviceRequests { totalCount } }")
        .send()
        .await;
    assert_eq!(count.expect_data()["serviceRequests"]["totalCount"], 5);
}

on_both_databases!(
    the_same_again_is_the_first_request,
    a_key_is_one_subjects,
    keys_hold_inside_a_bulk_too,
    many_at_once_with_one_key_become_one_request,
);
