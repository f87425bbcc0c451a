use kundig_tests::{Database, Server, Settings, on_both_databases};
use serde_json::{Value, json};

use super::{kinds, offering, submit, take, try_step};
use crate::objects::{OFFERING, text};

/// The states a request can be in, each with the steps that lead there.
const STATES: [(&str, &[&str]); 7] = [
    ("SUBMITTED", &[]),
    ("APPROVED", &["approve"]),
    ("IN_PROGRESS", &["start"]),
    ("WAITING_ON_CUSTOMER", &["start", "hold"]),
    ("FULFILLED", &["fulfil"]),
    ("DECLINED", &["decline"]),
    ("CANCELLED", &["cancel"]),
];

/// Where each step leads, and from where it may be taken.
const STEPS: [(&str, &str, &[&str]); 7] = [
    ("approve", "APPROVED", &["SUBMITTED", "WAITING_ON_CUSTOMER"]),
    (
        "start",
        "IN_PROGRESS",
        &["SUBMITTED", "APPROVED", "WAITING_ON_CUSTOMER"],
    ),
    (
        "hold",
        "WAITING_ON_CUSTOMER",
        &["SUBMITTED", "APPROVED", "IN_PROGRESS"],
    ),
    (
        "fulfil",
        "FULFILLED",
        &[
            "SUBMITTED",
            "APPROVED",
            "IN_PROGRESS",
            "WAITING_ON_CUSTOMER",
        ],
    ),
    (
        "decline",
        "DECLINED",
        &[
            "SUBMITTED",
            "APPROVED",
            "IN_PROGRESS",
            "WAITING_ON_CUSTOMER",
        ],
    ),
    (
        "cancel",
        "CANCELLED",
        &[
            "SUBMITTED",
            "APPROVED",
            "IN_PROGRESS",
            "WAITING_ON_CUSTOMER",
        ],
    ),
    ("reopen", "SUBMITTED", &["FULFILLED", "DECLINED"]),
];

fn more(verb: &str) -> Value {
    match verb {
        "decline" => json!({"reason": "COST", "explanation": "It costs more than it is worth."}),
        _ => json!({}),
    }
}

async fn in_state(server: &Server, offering: &Value, steps: &[&str]) -> Value {
    let mut request = submit(server, json!({"offeringId": offering["id"]})).await;
    for verb in steps {
        request = take(server, verb, &request, more(verb)).await;
    }
    request
}

async fn every_step_is_taken_from_where_it_may_be_and_refused_elsewhere(database: Database) {
    let server = Settings::new(&database).start().await;
    let account = offering(&server, json!({})).await;
    for (state, way) in STATES {
        for (verb, leads_to, from) in STEPS {
            let request = in_state(&server, &account, way).await;
            assert_eq!(request["status"], state);
            let answer = try_step(&server, verb, &request, more(verb)).await;
            if from.contains(&state) {
                let after = &answer.expect_payload()["serviceRequest"];
                assert_eq!(after["status"], leads_to, "{verb} from {state}");
                assert_eq!(after["version"], json!(way.len() + 2));
                let events = after["events"]["nodes"].as_array().expect("events");
                let last = events.last().expect("an event");
                assert_eq!(
                    (&last["from"], &last["to"]),
                    (&json!(state), &json!(leads_to))
                );
            } else {
                let error = answer.expect_user_error(&[], "ILLEGAL_TRANSITION");
                let message = text(&error["message"]);
                for (legal, _, from) in STEPS {
                    // Approving a second time is no step, though the state would allow it.
                    let named = message
                        .split("what can be done: ")
                        .nth(1)
                        .is_some_and(|list| list.contains(&format!("{legal}ServiceRequest")));
                    assert_eq!(
                        named,
                        from.contains(&state),
                        "{legal} from {state}: {message}"
                    );
                }
            }
        }
    }
}

async fn what_needs_approval_is_not_begun_before_it(database: Database) {
    let server = Settings::new(&database).start().await;
    let account = offering(&server, json!({"requiresApproval": true})).await;
    let request = submit(&server, json!({"offeringId": account["id"]})).await;
    for verb in ["start", "fulfil"] {
        let answer = try_step(&server, verb, &request, json!({})).await;
        let error = answer.expect_user_error(&[], "ILLEGAL_TRANSITION");
        assert!(
            text(&error["message"]).contains("approved first"),
            "{error}"
        );
    }
    let held = take(&server, "hold", &request, json!({"comment": "Which ward?"})).await;
    let approved = take(&server, "approve", &held, json!({})).await;
    assert_eq!(approved["status"], "APPROVED");
    assert!(approved["approvedAt"].is_string());
    let done = take(&server, "fulfil", &approved, json!({})).await;
    let again = take(
        &server,
        "reopen",
        &done,
        json!({"comment": "It does not open"}),
    )
    .await;
    let started = take(&server, "start", &again, json!({})).await;
    assert_eq!(
        started["status"], "IN_PROGRESS",
        "approved once is approved"
    );
    assert_eq!(started["approvedAt"], approved["approvedAt"]);
    assert_eq!(
        kinds(&started),
        [
            "SUBMITTED",
            "HELD",
            "APPROVED",
            "FULFILLED",
            "REOPENED",
            "STARTED"
        ]
    );
}

async fn nobody_is_told_no_without_an_explanation(database: Database) {
    let server = Settings::new(&database).start().await;
    let account = offering(&server, json!({})).await;
    let other =
        json!({"name": "A guest account", "serviceId": service_of(&server, &account).await});
    let other = OFFERING.create(&server, other).await;
    let closed = json!({"name": "Closed", "active": false, "serviceId": service_of(&server, &account).await});
    let closed = OFFERING.create(&server, closed).await;
    let request = submit(&server, json!({"offeringId": account["id"]})).await;
    let long = "Guests have an account of their own.";
    for (reason, explanation, alternative, field, code) in [
        (
            "COST",
            "Too expensive.",
            json!(null),
            "explanation",
            "INVALID",
        ),
        (
            "COST",
            "    Too    expensive    ",
            json!(null),
            "explanation",
            "INVALID",
        ),
        (
            "COST",
            &"\u{200b}".repeat(25),
            json!(null),
            "explanation",
            "INVALID",
        ),
        (
            "COST",
            &format!("No,{}no.", " ".repeat(20)),
            json!(null),
            "explanation",
            "INVALID",
        ),
        (
            "COVERED_BY_ALTERNATIVE",
            long,
            json!(null),
            "alternativeOfferingId",
            "INVALID",
        ),
        (
            "COST",
            long,
            json!("offr_nothing"),
            "alternativeOfferingId",
            "NOT_FOUND",
        ),
        (
            "COST",
            long,
            account["id"].clone(),
            "alternativeOfferingId",
            "INVALID",
        ),
        (
            "COST",
            long,
            closed["id"].clone(),
            "alternativeOfferingId",
            "INVALID",
        ),
    ] {
        let input = json!({"reason": reason, "explanation": explanation, "alternativeOfferingId": alternative});
        let answer = try_step(&server, "decline", &request, input).await;
        answer.expect_user_error(&[field], code);
    }
    let input = json!({"reason": "COVERED_BY_ALTERNATIVE", "explanation": long,
        "alternativeOfferingId": other["id"], "revisitOn": "2027-02-28"});
    let declined = take(&server, "decline", &request, input).await;
    let decline = &declined["decline"];
    assert_eq!(
        *decline,
        json!({"reason": "COVERED_BY_ALTERNATIVE", "explanation": long, "alternative": {"slug": "a-guest-account"},
            "revisitOn": "2027-02-28", "declinedBy": "tests", "declinedAt": declined["updatedAt"]})
    );
    let reopened = take(
        &server,
        "reopen",
        &declined,
        json!({"comment": "I am no guest"}),
    )
    .await;
    assert_eq!(
        reopened["decline"], *decline,
        "the no stays known while it is disputed"
    );
    let events = &reopened["events"]["nodes"];
    assert_eq!(events[1]["comment"], long);
    assert_eq!(events[2]["comment"], "I am no guest");
}

async fn service_of(server: &Server, offering: &Value) -> Value {
    let answer = server
        .query("query ($slug: String!) { serviceOffering(slug: $slug) { service { id } } }")
        .variables(json!({"slug": offering["slug"]}))
        .send()
        .await;
    answer.expect_data()["serviceOffering"]["service"]["id"].clone()
}

async fn priorities_and_comments_are_part_of_the_history(database: Database) {
    let server = Settings::new(&database).start().await;
    let account = offering(&server, json!({})).await;
    let request = submit(&server, json!({"offeringId": account["id"]})).await;
    let answer = try_step(&server, "comment", &request, json!({"comment": "  "})).await;
    answer.expect_user_error(&["comment"], "INVALID");
    let commented = take(
        &server,
        "comment",
        &request,
        json!({"comment": "Any news?"}),
    )
    .await;
    assert_eq!(commented["status"], "SUBMITTED");
    let urgent = take(
        &server,
        "reprioritise",
        &commented,
        json!({"priority": "P1", "comment": "Audit"}),
    )
    .await;
    assert_eq!(urgent["priority"], "P1");
    assert_eq!(kinds(&urgent), ["SUBMITTED", "COMMENTED", "REPRIORITISED"]);
    let event = &urgent["events"]["nodes"][2];
    assert_eq!(
        (
            &event["priority"],
            &event["comment"],
            &event["from"],
            &event["to"]
        ),
        (&json!("P1"), &json!("Audit"), &json!(null), &json!(null))
    );
    let cancelled = take(&server, "cancel", &urgent, json!({})).await;
    let after = take(&server, "comment", &cancelled, json!({"comment": "Thanks"})).await;
    assert_eq!(
        kinds(&after).len(),
        5,
        "whatever its state, there may be more to say"
    );
    let answer = try_step(&server, "reprioritise", &after, json!({"priority": "P2"})).await;
    answer.expect_user_error(&[], "ILLEGAL_TRANSITION");
}

async fn a_step_that_was_decided_on_old_news_is_refused(database: Database) {
    let server = Settings::new(&database).start().await;
    let account = offering(&server, json!({})).await;
    let request = submit(&server, json!({"offeringId": account["id"]})).await;
    take(
        &server,
        "comment",
        &request,
        json!({"comment": "Wait", "expectedVersion": 1}),
    )
    .await;
    let answer = try_step(&server, "cancel", &request, json!({"expectedVersion": 1})).await;
    answer.expect_user_error(&["expectedVersion"], "STALE_VERSION");
    for id in ["nonsense", "sreq_00000000000000000000000000000000"] {
        let answer = try_step(&server, "start", &json!({ "id": id }), json!({})).await;
        answer.expect_user_error(&["id"], "NOT_FOUND");
    }
}

async fn of_many_who_start_at_once_one_does(database: Database) {
    let settings = Settings::new(&database);
    let replicas = if database.url().starts_with("postgres") {
        vec![settings.start().await, settings.start().await]
    } else {
        vec![settings.start().await]
    };
    let account = offering(&replicas[0], json!({})).await;
    let request = submit(&replicas[0], json!({"offeringId": account["id"]})).await;
    let mut running = Vec::new();
    for number in 0..12 {
        let (document, input) = super::step("start", &request, &json!({}));
        let query = replicas[number % replicas.len()].query(document);
        running.push(tokio::spawn(
            query.variables(json!({ "input": input })).send(),
        ));
    }
    let (mut done, mut refused) = (0, 0);
    for answer in running {
        let answer = answer.await.expect("an answer");
        let payload = &answer.expect_data()["startServiceRequest"];
        if payload["serviceRequest"].is_null() {
            answer.expect_user_error(&[], "ILLEGAL_TRANSITION");
            refused += 1;
        } else {
            done += 1;
        }
    }
    assert_eq!((done, refused), (1, 11));
    let mut comments = Vec::new();
    for number in 0..12 {
        let (document, input) =
            super::step("comment", &request, &json!({"comment": number.to_string()}));
        let query = replicas[number % replicas.len()].query(document);
        comments.push(tokio::spawn(
            query.variables(json!({ "input": input })).send(),
        ));
    }
    for answer in comments {
        answer.await.expect("an answer").expect_payload();
    }
    let token = kundig_tests::tokens::everything();
    let after = super::seen(&replicas[0], &request["number"], token).await;
    assert_eq!(after["version"], 14, "no comment is lost");
    assert_eq!(kinds(&after).len(), 14);
}

on_both_databases!(
    every_step_is_taken_from_where_it_may_be_and_refused_elsewhere,
    what_needs_approval_is_not_begun_before_it,
    nobody_is_told_no_without_an_explanation,
    priorities_and_comments_are_part_of_the_history,
    a_step_that_was_decided_on_old_news_is_refused,
    of_many_who_start_at_once_one_does,
);
