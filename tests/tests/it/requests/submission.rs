use kundig_tests::{Database, Settings, on_both_databases};
use serde_json::{Value, json};

use super::{kinds, offering, submit, submitter, try_submit};
use crate::objects::{CUSTOMER, OFFERING, PERSON, assert_refused, list, text};
use crate::support::{change_elsewhere, mutate};

async fn a_request_says_what_was_asked_for_by_whom(database: Database) {
    let server = Settings::new(&database).start().await;
    let ward = CUSTOMER.create_plain(&server, "Ward 3").await;
    let person = json!({"name": "Ada", "subject": "ada", "customerId": ward["id"]});
    let ada = PERSON.create(&server, person).await;
    let account = offering(&server, json!({})).await;

    let plain = submit(&server, json!({"offeringId": account["id"]})).await;
    for (field, value) in [
        ("number", json!("REQ-1")),
        ("title", json!("An account")),
        ("status", json!("SUBMITTED")),
        ("priority", json!("P3")),
        ("submittedBy", json!("tests")),
        ("inputs", json!({})),
        ("version", json!(1)),
        ("offering", json!({"slug": "an-account"})),
        ("service", json!({"slug": "accounts"})),
        ("customer", json!(null)),
        ("requester", json!(null)),
        ("decline", json!(null)),
        ("approvedAt", json!(null)),
    ] {
        assert_eq!(plain[field], value, "{field}");
    }
    assert_eq!(kinds(&plain), ["SUBMITTED"]);
    let event = &plain["events"]["nodes"][0];
    assert_eq!(event["at"], plain["createdAt"]);
    assert_eq!(
        (&event["from"], &event["to"]),
        (&json!(null), &json!("SUBMITTED"))
    );

    let full = submit(
        &server,
        json!({"offeringId": account["id"], "title": " For Ada ", "requesterId": ada["id"], "priority": "P1",
            "inputs": {"größe": [1, 1.5, null, 1e16]}}),
    )
    .await;
    assert_eq!(full["number"], "REQ-2");
    assert_eq!(full["title"], "For Ada");
    assert_eq!(full["priority"], "P1");
    assert_eq!(
        full["inputs"],
        json!({"größe": [1, 1.5, null, 10_000_000_000_000_000_i64]})
    );
    assert_eq!(full["requester"], json!({"slug": "ada"}));
    assert_eq!(
        full["customer"],
        json!({"slug": "ward-3"}),
        "her customer's"
    );

    let hers = server
        .query("mutation ($input: SubmitServiceRequestInput!) { submitServiceRequest(input: $input) {
            serviceRequest { submittedBy requester { slug } customer { slug } offering { slug service { slug offerings { nodes { slug } } } } } userErrors { message } } }")
        .variables(json!({"input": {"offeringId": account["id"]}}))
        .token(submitter("ada"))
        .send()
        .await;
    assert_eq!(
        hers.expect_payload()["serviceRequest"],
        json!({"submittedBy": "ada", "requester": {"slug": "ada"}, "customer": {"slug": "ward-3"},
            "offering": {"slug": "an-account", "service": {"slug": "accounts", "offerings": {"nodes": [{"slug": "an-account"}]}}}}),
        "of the catalog she sees what her request is about"
    );
}

async fn what_can_not_be_is_refused_with_its_place(database: Database) {
    let server = Settings::new(&database).start().await;
    let closed = offering(&server, json!({"name": "Closed", "active": false})).await;
    let account = offering(&server, json!({})).await;
    let ok = &account["id"];
    for (input, field, code) in [
        (json!({"offeringId": "nonsense"}), "offeringId", "NOT_FOUND"),
        (
            json!({"offeringId": account["service"]["id"].as_str().unwrap_or("serv_0")}),
            "offeringId",
            "NOT_FOUND",
        ),
        (json!({"offeringId": closed["id"]}), "offeringId", "INVALID"),
        (
            json!({"offeringId": ok, "title": "x".repeat(251)}),
            "title",
            "INVALID",
        ),
        (
            json!({"offeringId": ok, "title": "a\u{0}b"}),
            "title",
            "INVALID",
        ),
        (
            json!({"offeringId": ok, "customerId": ok}),
            "customerId",
            "NOT_FOUND",
        ),
        (
            json!({"offeringId": ok, "requesterId": "pers_0"}),
            "requesterId",
            "NOT_FOUND",
        ),
        (
            json!({"offeringId": ok, "inputs": {"a": "\u{0}"}}),
            "inputs",
            "INVALID",
        ),
        (
            json!({"offeringId": ok, "inputs": {"a": "x".repeat(300_000)}}),
            "inputs",
            "INVALID",
        ),
        (
            json!({"offeringId": ok, "idempotencyKey": ""}),
            "idempotencyKey",
            "INVALID",
        ),
        (
            json!({"offeringId": ok, "idempotencyKey": "k".repeat(251)}),
            "idempotencyKey",
            "INVALID",
        ),
    ] {
        let answer = try_submit(&server, input).await;
        answer.expect_user_error(&[field], code);
        let payload = &answer.expect_data()["submitServiceRequest"];
        assert_eq!(payload["serviceRequest"], Value::Null);
    }
    let count = server
        .query("{ serviceRequests { totalCount } }")
        .send()
        .await;
    assert_eq!(count.expect_data()["serviceRequests"]["totalCount"], 0);
}

async fn inputs_are_held_against_the_offerings_schema(database: Database) {
    let server = Settings::new(&database).start().await;
    let schema = json!({
        "type": "object",
        "required": ["seats", "owner"],
        "additionalProperties": false,
        "properties": {
            "seats": {"type": "integer", "minimum": 1},
            "owner": {"type": "object", "properties": {"mail": {"type": "string", "pattern": "@"}}},
        },
    });
    let seats = offering(&server, json!({"inputSchema": schema})).await;
    let submit_with = async |inputs: Value| {
        let input = json!({"offeringId": seats["id"], "inputs": inputs});
        try_submit(&server, input).await
    };
    let answer = submit_with(json!({"seats": 0, "owner": {"mail": "nobody"}, "more": 1})).await;
    answer.expect_user_error(&["inputs", "seats"], "INVALID");
    answer.expect_user_error(&["inputs", "owner", "mail"], "INVALID");
    answer.expect_user_error(&["inputs", "more"], "INVALID");
    let payload = &answer.expect_data()["submitServiceRequest"];
    assert_eq!(
        list(&payload["userErrors"]).len(),
        3,
        "one for each violation"
    );

    let answer = submit_with(json!({"seats": 1})).await;
    answer.expect_user_error(&["inputs", "owner"], "INVALID");
    submit_with(json!({"seats": 1, "owner": {}}))
        .await
        .expect_payload();

    // The schema of now counts, on a replica that has just heard of it.
    OFFERING
        .update(
            &server,
            json!({"id": seats["id"], "inputSchema": {"required": ["room"]}}),
        )
        .await;
    let answer = submit_with(json!({"seats": 1, "owner": {}})).await;
    answer.expect_user_error(&["inputs", "room"], "INVALID");
}

async fn several_are_submitted_at_once_each_with_its_own_result(database: Database) {
    let server = Settings::new(&database).start().await;
    let account = offering(&server, json!({})).await;
    let ok = |title: &str| json!({"offeringId": account["id"], "title": title});
    let selection =
        "results { replayed serviceRequest { number title } userErrors { field code } }";
    let requests = json!([ok("first"), {"offeringId": "none"}, ok("third")]);
    let answer = mutate(
        &server,
        "submitServiceRequests",
        selection,
        json!({"requests": requests}),
    )
    .await;
    assert_eq!(
        answer.expect_payload()["results"],
        json!([
            {"replayed": false, "serviceRequest": {"number": "REQ-1", "title": "first"}, "userErrors": []},
            {"replayed": false, "serviceRequest": null, "userErrors": [{"field": ["offeringId"], "code": "NOT_FOUND"}]},
            {"replayed": false, "serviceRequest": {"number": "REQ-2", "title": "third"}, "userErrors": []},
        ])
    );

    let many: Vec<Value> = (0..500)
        .map(|number| ok(&format!("number {number}")))
        .collect();
    let answer = mutate(
        &server,
        "submitServiceRequests",
        selection,
        json!({"requests": many}),
    )
    .await;
    let results = list(&answer.expect_payload()["results"]);
    let titles: Vec<String> = results
        .iter()
        .map(|result| text(&result["serviceRequest"]["title"]))
        .collect();
    assert_eq!(titles.len(), 500);
    assert_eq!(titles[499], "number 499");
    assert_eq!(results[499]["serviceRequest"]["number"], "REQ-502");

    let many: Vec<Value> = (0..501).map(|_| ok("one too many")).collect();
    let answer = mutate(
        &server,
        "submitServiceRequests",
        selection,
        json!({"requests": many}),
    )
    .await;
    answer.expect_error_code("BAD_USER_INPUT");
    let answer = mutate(
        &server,
        "submitServiceRequests",
        selection,
        json!({"requests": []}),
    )
    .await;
    assert_eq!(answer.expect_payload()["results"], json!([]));
}

async fn what_requests_refer_to_can_not_be_deleted(database: Database) {
    let server = Settings::new(&database).start().await;
    let ward = CUSTOMER.create_plain(&server, "Ward 3").await;
    let ada = PERSON.create_plain(&server, "Ada").await;
    let account = offering(&server, json!({})).await;
    submit(
        &server,
        json!({"offeringId": account["id"], "customerId": ward["id"], "requesterId": ada["id"]}),
    )
    .await;
    for (ty, object) in [(&OFFERING, &account), (&CUSTOMER, &ward), (&PERSON, &ada)] {
        let refused = ty.try_delete(&server, json!({"id": object["id"]})).await;
        assert_refused(&refused, &[("id", "IN_USE")]);
    }
}

async fn an_offering_that_was_withdrawn_elsewhere_is_not_asked_for_any_more(database: Database) {
    let server = Settings::new(&database).start().await;
    let account = offering(&server, json!({})).await;
    let slug = text(&account["slug"]);
    let table = ("ServiceOffering", "service_offering");
    let wanted = json!({"offeringId": account["id"]});

    change_elsewhere(&database, table, "active = false", &slug).await;
    let answer = try_submit(&server, wanted.clone()).await;
    answer.expect_user_error(&["offeringId"], "INVALID");
    change_elsewhere(&database, table, "active = true", &slug).await;
    submit(&server, wanted).await;
}

on_both_databases!(
    a_request_says_what_was_asked_for_by_whom,
    what_can_not_be_is_refused_with_its_place,
    inputs_are_held_against_the_offerings_schema,
    an_offering_that_was_withdrawn_elsewhere_is_not_asked_for_any_more,
    several_are_submitted_at_once_each_with_its_own_result,
    what_requests_refer_to_can_not_be_deleted,
);
