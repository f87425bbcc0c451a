//! Subscriptions to work: requests, and what becomes of the promises about them.

use std::time::Duration;

use kundig::auth::Scope;
use kundig_tests::{Database, Server, Socket, on_both_databases, tokens};
use serde_json::{Value, json};

use super::CHANGES;
use super::socket::until_subscribed;
use crate::objects::TEAM;
use crate::requests::{offering, submit, submitter, take};
use crate::support::mutate;

/// Nothing comes within this time.
const QUIET: Duration = Duration::from_millis(400);

/// Submits a request with this token and returns its id.
async fn submit_as(server: &Server, token: &str, offering: &Value) -> Value {
    let answer = server
        .query("mutation ($input: SubmitServiceRequestInput!) { submitServiceRequest(input: $input) { serviceRequest { id } userErrors { field message code } } }")
        .variables(json!({"input": {"offeringId": offering["id"]}}))
        .token(token)
        .send()
        .await;
    answer.expect_payload()["serviceRequest"]["id"].clone()
}

async fn changes_of_requests_are_for_those_who_see_the_request(database: Database) {
    let server = Server::start(&database).await;
    let account = offering(&server, json!({})).await;
    let (ada, bob) = (submitter("ada"), submitter("bob"));
    let worker = tokens::local("worker", &[Scope::RequestsWork]);
    let mut sockets = Vec::new();
    for token in [&ada, &bob, &worker] {
        let mut socket = Socket::open_as(&server, token).await;
        socket
            .subscribe(
                "1",
                CHANGES,
                json!({"filter": {"types": ["ServiceRequest"]}}),
            )
            .await;
        sockets.push(socket);
    }
    until_subscribed(&server, 3).await;
    let hers = submit_as(&server, &ada, &account).await;
    let his = submit_as(&server, &bob, &account).await;
    let mut seen = Vec::new();
    for (socket, count) in sockets.iter_mut().zip([1, 1, 2]) {
        for _ in 0..count {
            let change = socket.data("1").await["changes"].clone();
            assert_eq!(change["subject"]["id"], change["subjectId"]);
            seen.push(change["subjectId"].clone());
        }
        assert_eq!(socket.next_within(QUIET).await, None);
    }
    assert_eq!(seen, [&hers, &his, &hers, &his].map(Value::clone));

    // What came before is looked at in the same way.
    let mut later = Socket::open_as(&server, &bob).await;
    later
        .subscribe(
            "1",
            CHANGES,
            json!({"after": "0", "filter": {"types": ["ServiceRequest"]}}),
        )
        .await;
    assert_eq!(later.data("1").await["changes"]["subjectId"], his);
    assert_eq!(later.next_within(QUIET).await, None);
}

async fn a_request_is_followed_through_its_steps(database: Database) {
    const CHANGED: &str =
        "subscription ($id: ID!) { serviceRequestChanged(id: $id) { id number status } }";
    let server = Server::start(&database).await;
    let account = offering(&server, json!({})).await;
    let request = submit(&server, json!({"offeringId": account["id"]})).await;
    let other = submit(&server, json!({"offeringId": account["id"]})).await;
    let mut socket = Socket::open(&server).await;
    socket
        .subscribe("1", CHANGED, json!({"id": request["id"]}))
        .await;
    until_subscribed(&server, 1).await;
    take(&server, "start", &other, json!({})).await;
    let mut expected = Vec::new();
    for (verb, status) in [("start", "IN_PROGRESS"), ("fulfil", "FULFILLED")] {
        take(&server, verb, &request, json!({})).await;
        let shown = socket.data("1").await["serviceRequestChanged"].clone();
        expected.push(json!({"id": request["id"], "number": request["number"], "status": status}));
        assert_eq!(Some(&shown), expected.last());
    }
    let mut stranger = Socket::open_as(&server, &submitter("bob")).await;
    for id in [&request["id"], &account["id"], &json!("nonsense")] {
        stranger.subscribe("1", CHANGED, json!({ "id": id })).await;
        let refusal = stranger.next().await.expect("a message");
        assert_eq!(refusal["type"], "error", "{refusal}");
        assert_eq!(refusal["payload"][0]["extensions"]["code"], "NOT_FOUND");
    }
}

async fn a_team_is_warned_of_promises_that_are_about_to_break(database: Database) {
    const WARNINGS: &str = "subscription ($team: ID) { slaWarnings(teamId: $team) {
         clock { state atRisk breached } subject { ... on ServiceRequest { id number } ... on Incident { id number } } } }";
    let server = Server::start(&database).await;
    let account = offering(&server, json!({})).await;
    let service = service_of(&server, &account).await;
    let mut teams = Vec::new();
    for name in ["Nights", "Days"] {
        teams.push(TEAM.create(&server, json!({ "name": name })).await["id"].clone());
    }
    let input = json!({"id": service, "teamId": teams[0]});
    mutate(&server, "updateService", "service { id }", input)
        .await
        .expect_payload();
    promise_two_seconds(&server, &service).await;

    let mut socket = Socket::open(&server).await;
    for (id, team) in [
        ("all", &Value::Null),
        ("nights", &teams[0]),
        ("days", &teams[1]),
    ] {
        socket
            .subscribe(id, WARNINGS, json!({ "team": team }))
            .await;
    }
    until_subscribed(&server, 3).await;
    let request = submit(&server, json!({"offeringId": account["id"]})).await;
    let mut heard = Vec::new();
    while heard.len() < 4 {
        let message = socket.next().await.expect("a message");
        let warning = &message["payload"]["data"]["slaWarnings"];
        assert_eq!(warning["subject"]["id"], request["id"], "{message}");
        heard.push(message["id"].clone());
        if heard.len() == 4 {
            assert_eq!(warning["clock"]["breached"], true);
        }
    }
    heard.sort_by_key(Value::to_string);
    assert_eq!(heard, ["all", "all", "nights", "nights"]);
    assert_eq!(socket.next_within(QUIET).await, None);

    let input = json!({"title": "It is down", "severity": "OUTAGE", "serviceIds": [service]});
    let answer = mutate(&server, "reportIncident", "incident { id }", input).await;
    let incident = &answer.expect_payload()["incident"]["id"];
    for _ in 0..4 {
        let message = socket.next().await.expect("a message");
        let warning = &message["payload"]["data"]["slaWarnings"];
        assert_eq!(warning["subject"]["id"], *incident, "{message}");
        assert_ne!(message["id"], "days");
    }
}

async fn service_of(server: &Server, offering: &Value) -> Value {
    let answer = server
        .query("query ($slug: String!) { serviceOffering(slug: $slug) { service { id } } }")
        .variables(json!({"slug": offering["slug"]}))
        .send()
        .await;
    answer.expect_data()["serviceOffering"]["service"]["id"].clone()
}

/// Promises to fulfil requests within two seconds, at any time.
async fn promise_two_seconds(server: &Server, service: &Value) {
    let calendar = json!({"name": "Always", "timeZone": "Europe/Berlin"});
    let calendar = mutate(
        server,
        "createSupportCalendar",
        "supportCalendar { id }",
        calendar,
    )
    .await;
    let target = json!({"metric": "RESOLUTION_TIME", "within": "PT2S", "objective": "95"});
    let input = json!({
        "name": "Promise", "serviceId": service, "validFrom": "2020-01-01", "targets": [target],
        "calendarId": calendar.expect_payload()["supportCalendar"]["id"],
    });
    let selection = "serviceLevelAgreement { id }";
    mutate(server, "createServiceLevelAgreement", selection, input)
        .await
        .expect_payload();
}

on_both_databases!(
    changes_of_requests_are_for_those_who_see_the_request,
    a_request_is_followed_through_its_steps,
    a_team_is_warned_of_promises_that_are_about_to_break,
);
