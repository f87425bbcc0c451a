//! What was promised, over HTTP: the seconds themselves are the rules' own tests.

use jiff::{SignedDuration, Timestamp};
use kundig_tests::{Database, Server, Settings, on_both_databases};
use serde_json::{Value, json};

use super::{offering, submit, take};
use crate::objects::{CUSTOMER, list, text};
use crate::support::{eventually, mutate};

pub(crate) const CLOCKS: &str =
    "slaClocks { state startedAt dueAt elapsed remaining atRisk breached breachedAt endedAt
    target { metric priority within objective warnAt } explain { from until counted reason } }";

/// A calendar that is always open.
async fn always(server: &Server) -> Value {
    let input = json!({"name": "Always", "timeZone": "Europe/Berlin"});
    let answer = mutate(
        server,
        "createSupportCalendar",
        "supportCalendar { id }",
        input,
    )
    .await;
    answer.expect_payload()["supportCalendar"]["id"].clone()
}

pub(crate) fn target(metric: &str, priority: Option<&str>, within: &str) -> Value {
    json!({"metric": metric, "priority": priority, "within": within, "objective": "95"})
}

pub(crate) async fn promise(
    server: &Server,
    service: &Value,
    customer: Option<&Value>,
    targets: Value,
) -> Value {
    let input = json!({
        "name": "Promise", "serviceId": service, "customerId": customer, "calendarId": always(server).await,
        "validFrom": "2020-01-01", "targets": targets,
    });
    let selection = "serviceLevelAgreement { id }";
    let answer = mutate(server, "createServiceLevelAgreement", selection, input).await;
    answer.expect_payload()["serviceLevelAgreement"]["id"].clone()
}

async fn service_of(server: &Server, offering: &Value) -> Value {
    let answer = server
        .query("query ($slug: String!) { serviceOffering(slug: $slug) { service { id } } }")
        .variables(json!({"slug": offering["slug"]}))
        .send()
        .await;
    answer.expect_data()["serviceOffering"]["service"]["id"].clone()
}

/// The clocks of a request: for the response and for the resolution.
async fn clocks(server: &Server, request: &Value) -> Vec<Value> {
    let answer = server
        .query(format!(
            "query ($number: String!) {{ serviceRequest(number: $number) {{ {CLOCKS} }} }}"
        ))
        .variables(json!({"number": request["number"]}))
        .send()
        .await;
    let clocks = list(&answer.expect_data()["serviceRequest"]["slaClocks"]).to_vec();
    for clock in &clocks {
        assert_adds_up(clock);
    }
    clocks
}

/// The intervals are adjacent, and those that count are what elapsed.
pub(crate) fn assert_adds_up(clock: &Value) {
    let mut counted = SignedDuration::ZERO;
    let mut at = instant(&clock["startedAt"]);
    for interval in list(&clock["explain"]) {
        assert_eq!(instant(&interval["from"]), at, "{clock}");
        let until = instant(&interval["until"]);
        if interval["counted"] == true {
            counted += until.duration_since(at);
        }
        at = until;
    }
    assert_eq!(counted, duration(&clock["elapsed"]), "{clock}");
}

pub(crate) fn instant(value: &Value) -> Timestamp {
    text(value).parse().expect("an instant")
}

fn duration(value: &Value) -> SignedDuration {
    text(value).parse().expect("a length of time")
}

async fn a_request_starts_the_clocks_that_were_promised(database: Database) {
    let server = Settings::new(&database).start().await;
    let account = offering(&server, json!({})).await;
    let service = service_of(&server, &account).await;
    let none = submit(&server, json!({"offeringId": account["id"]})).await;
    assert_eq!(
        clocks(&server, &none).await,
        Vec::<Value>::new(),
        "nothing was promised yet"
    );

    let ward = CUSTOMER.create_plain(&server, "Ward 3").await;
    promise(
        &server,
        &service,
        None,
        json!([
            target("RESPONSE_TIME", None, "PT4H"),
            target("RESOLUTION_TIME", None, "PT40H"),
            target("RESOLUTION_TIME", Some("P1"), "PT8H")
        ]),
    )
    .await;
    promise(
        &server,
        &service,
        Some(&ward["id"]),
        json!([target("RESOLUTION_TIME", None, "PT20H")]),
    )
    .await;
    for (input, expected) in [
        (json!({}), ["PT4H", "PT40H"]),
        (json!({"priority": "P1"}), ["PT4H", "PT8H"]),
        (
            json!({"priority": "P1", "customerId": ward["id"]}),
            ["PT4H", "PT20H"],
        ),
    ] {
        let mut all = json!({"offeringId": account["id"]});
        for (field, value) in input.as_object().expect("an object") {
            all[field] = value.clone();
        }
        let request = submit(&server, all).await;
        let clocks = clocks(&server, &request).await;
        for (clock, (metric, within)) in clocks
            .iter()
            .zip(["RESPONSE_TIME", "RESOLUTION_TIME"].iter().zip(expected))
        {
            assert_eq!(
                (&clock["target"]["metric"], &clock["target"]["within"]),
                (&json!(metric), &json!(within))
            );
            assert_eq!(clock["state"], "RUNNING");
            assert_eq!(clock["startedAt"], request["createdAt"]);
            let due = instant(&request["createdAt"])
                + within.parse::<SignedDuration>().expect("a length");
            assert_eq!(instant(&clock["dueAt"]), due);
            let sum = duration(&clock["elapsed"]) + duration(&clock["remaining"]);
            assert_eq!(sum, within.parse::<SignedDuration>().expect("a length"));
        }
    }
}

async fn steps_stop_and_start_the_clocks(database: Database) {
    let server = Settings::new(&database).start().await;
    let account = offering(&server, json!({"requiresApproval": true})).await;
    let service = service_of(&server, &account).await;
    let both = json!([
        target("RESPONSE_TIME", None, "PT4H"),
        target("RESOLUTION_TIME", None, "PT40H")
    ]);
    promise(&server, &service, None, both).await;
    let states = async |request: &Value| {
        let clocks = clocks(&server, request).await;
        let states: Vec<String> = clocks.iter().map(|clock| text(&clock["state"])).collect();
        states.join(" ")
    };
    let request = submit(&server, json!({"offeringId": account["id"]})).await;
    assert_eq!(
        states(&request).await,
        "RUNNING PAUSED",
        "it waits for its approval"
    );
    let request = take(&server, "approve", &request, json!({})).await;
    assert_eq!(states(&request).await, "RUNNING RUNNING");
    let request = take(&server, "hold", &request, json!({})).await;
    assert_eq!(
        states(&request).await,
        "MET PAUSED",
        "a question is a response"
    );
    let clock = clocks(&server, &request).await[1].clone();
    assert_eq!(clock["dueAt"], Value::Null);
    let reasons: Vec<String> = list(&clock["explain"])
        .iter()
        .map(|it| text(&it["reason"]))
        .collect();
    assert_eq!(
        reasons,
        ["WAITING_FOR_APPROVAL", "OPEN", "WAITING_ON_CUSTOMER"]
    );
    let request = take(&server, "start", &request, json!({})).await;
    assert_eq!(states(&request).await, "MET RUNNING");
    let request = take(&server, "fulfil", &request, json!({})).await;
    assert_eq!(states(&request).await, "MET MET");
    let ended = clocks(&server, &request).await[1].clone();
    assert_eq!(ended["endedAt"], request["updatedAt"]);
    let request = take(&server, "reopen", &request, json!({})).await;
    assert_eq!(states(&request).await, "MET RUNNING");
    let clock = clocks(&server, &request).await[1].clone();
    let reasons: Vec<String> = list(&clock["explain"])
        .iter()
        .map(|it| text(&it["reason"]))
        .collect();
    assert!(reasons.contains(&"ENDED".to_owned()), "{reasons:?}");
    let request = take(
        &server,
        "decline",
        &request,
        json!({"reason": "COST", "explanation": "It costs more than it is worth."}),
    )
    .await;
    assert_eq!(states(&request).await, "MET CANCELLED");
}

async fn another_priority_is_measured_from_the_start(database: Database) {
    let server = Settings::new(&database).start().await;
    let account = offering(&server, json!({})).await;
    let service = service_of(&server, &account).await;
    let targets = json!([
        target("RESOLUTION_TIME", Some("P3"), "PT40H"),
        target("RESOLUTION_TIME", Some("P2"), "PT20H"),
        target("RESOLUTION_TIME", Some("P1"), "PT1S"),
        target("RESPONSE_TIME", Some("P2"), "PT4H"),
    ]);
    promise(&server, &service, None, targets).await;
    let request = submit(&server, json!({"offeringId": account["id"]})).await;
    assert_eq!(clocks(&server, &request).await.len(), 1);
    let request = take(&server, "reprioritise", &request, json!({"priority": "P2"})).await;
    let found = clocks(&server, &request).await;
    assert_eq!(found[0]["target"]["within"], "PT20H");
    assert_eq!(
        instant(&found[0]["dueAt"]),
        instant(&request["createdAt"]) + SignedDuration::from_hours(20)
    );
    assert_eq!(
        found[1]["target"]["metric"], "RESPONSE_TIME",
        "nothing was promised for it before"
    );
    assert_eq!(
        instant(&found[1]["dueAt"]),
        instant(&request["createdAt"]) + SignedDuration::from_hours(4)
    );

    tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
    let request = take(&server, "reprioritise", &request, json!({"priority": "P1"})).await;
    let found = clocks(&server, &request).await;
    assert_eq!(found[0]["state"], "MISSED", "more than a second was used");
    assert_eq!(
        found[0]["breachedAt"], request["updatedAt"],
        "at once, and not before"
    );
    assert_eq!(
        found[1]["state"], "CANCELLED",
        "nothing is promised any more"
    );
    let request = take(&server, "reprioritise", &request, json!({"priority": "P3"})).await;
    assert_eq!(
        clocks(&server, &request).await[0]["breached"],
        true,
        "a breach is never undone"
    );
    let breached = server
        .query("{ serviceRequests(filter: {breached: true}) { totalCount } }")
        .send()
        .await;
    assert_eq!(breached.expect_data()["serviceRequests"]["totalCount"], 1);
}

async fn a_clock_keeps_what_it_started_with(database: Database) {
    let server = Settings::new(&database).start().await;
    let account = offering(&server, json!({})).await;
    let service = service_of(&server, &account).await;
    let agreement = promise(
        &server,
        &service,
        None,
        json!([target("RESOLUTION_TIME", None, "PT40H")]),
    )
    .await;
    let request = submit(&server, json!({"offeringId": account["id"]})).await;
    let selection = "serviceLevelAgreement { id }";
    let input = json!({"id": agreement, "targets": [target("RESOLUTION_TIME", None, "PT1H")]});
    mutate(&server, "updateServiceLevelAgreement", selection, input)
        .await
        .expect_payload();
    assert_eq!(
        clocks(&server, &request).await[0]["target"]["within"],
        "PT40H"
    );
    let request = take(&server, "reprioritise", &request, json!({"priority": "P1"})).await;
    assert_eq!(
        clocks(&server, &request).await[0]["target"]["within"],
        "PT40H",
        "the same target holds"
    );
    // Another target would be chosen now, if any were.
    let own = json!([target("RESOLUTION_TIME", Some("P1"), "PT1S")]);
    let input = json!({"id": agreement, "targets": own});
    mutate(&server, "updateServiceLevelAgreement", selection, input)
        .await
        .expect_payload();
    let request = take(&server, "reprioritise", &request, json!({"priority": "P1"})).await;
    let found = clocks(&server, &request).await;
    assert_eq!(found.len(), 1);
    assert_eq!(
        found[0]["target"]["within"], "PT40H",
        "it is no other priority"
    );
    let input = json!({ "id": agreement });
    mutate(&server, "deleteServiceLevelAgreement", "deletedId", input)
        .await
        .expect_payload();
    assert_eq!(
        clocks(&server, &request).await[0]["target"]["within"],
        "PT40H"
    );
}

async fn what_is_missed_is_recorded_with_the_instant_at_which_it_was(database: Database) {
    let settings = Settings::new(&database);
    let server = settings.start().await;
    let account = offering(&server, json!({})).await;
    let service = service_of(&server, &account).await;
    promise(
        &server,
        &service,
        None,
        json!([target("RESOLUTION_TIME", None, "PT2S")]),
    )
    .await;
    let request = submit(&server, json!({"offeringId": account["id"]})).await;
    server.stop().await;
    tokio::time::sleep(std::time::Duration::from_secs(3)).await;

    let server = settings.start().await;
    let found = clocks(&server, &request).await;
    assert_eq!(found[0]["breached"], true, "whoever has recorded it");
    let due = instant(&request["createdAt"]) + SignedDuration::from_secs(2);
    let warned = instant(&request["createdAt"]) + SignedDuration::from_millis(1_600);
    let changes = eventually("both warnings are in the feed", async || {
        let answer = server
            .query("query ($ids: [ID!]) { changes(filter: {subjectIds: $ids}) { nodes { actor kind diff } } }")
            .variables(json!({"ids": [request["id"]]}))
            .send()
            .await;
        let changes = list(&answer.expect_data()["changes"]["nodes"]).to_vec();
        (changes.len() == 3).then_some(changes)
    })
    .await;
    for (change, (from, to, at)) in changes[1..]
        .iter()
        .zip([("RUNNING", "AT_RISK", warned), ("AT_RISK", "MISSED", due)])
    {
        let diff = &change["diff"]["slaClocks.RESOLUTION_TIME"];
        assert_eq!((&diff["from"], &diff["to"]), (&json!(from), &json!(to)));
        assert_eq!(instant(&diff["at"]), at, "not when it was noticed");
    }
    let after = take(&server, "fulfil", &request, json!({})).await;
    let found = clocks(&server, &after).await;
    assert_eq!(found[0]["state"], "MISSED");
    assert_eq!(instant(&found[0]["breachedAt"]), due);
    assert_eq!(found[0]["endedAt"], after["updatedAt"]);
}

on_both_databases!(
    a_request_starts_the_clocks_that_were_promised,
    steps_stop_and_start_the_clocks,
    another_priority_is_measured_from_the_start,
    a_clock_keeps_what_it_started_with,
    what_is_missed_is_recorded_with_the_instant_at_which_it_was,
);
