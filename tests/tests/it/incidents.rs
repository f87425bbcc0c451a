//! What is broken, from the report to its end.

mod clocks;
mod keys;
mod listing;
mod reporting;
mod steps;
mod visibility;

use kundig_tests::{Answer, Server};
use serde_json::{Value, json};

use crate::objects::{SERVICE, text};
use crate::support::mutate;

/// What is selected of incidents.
const INCIDENT: &str =
    "id number title severity status reportedBy version startedAt acknowledgedAt resolvedAt createdAt updatedAt
    services { slug } events(first: 100) { nodes { id at actor kind from to comment } }";

/// Creates a service and returns its id.
async fn service(server: &Server, name: &str) -> Value {
    SERVICE.create_plain(server, name).await["id"].clone()
}

/// Reports an incident as the tests' own subject: an outage where nothing else is said.
async fn try_report(server: &Server, more: Value) -> Answer {
    let mut input = json!({"title": "Nothing works", "severity": "OUTAGE"});
    for (field, value) in more.as_object().expect("an object") {
        input[field] = value.clone();
    }
    let selection = format!("replayed incident {{ {INCIDENT} }}");
    mutate(server, "reportIncident", &selection, input).await
}

/// Reports an outage of services and returns it.
async fn report(server: &Server, services: &[&Value]) -> Value {
    let answer = try_report(server, json!({ "serviceIds": services })).await;
    answer.expect_payload()["incident"].clone()
}

/// The document and the input of a step: `resolve` with further input.
fn step(verb: &str, incident: &Value, more: &Value) -> (String, Value) {
    let mut input = json!({ "id": incident["id"] });
    for (field, value) in more.as_object().expect("an object") {
        input[field] = value.clone();
    }
    let on = if verb == "comment" { "On" } else { "" };
    let document = format!(
        "mutation ($input: IncidentStepInput!) {{ {verb}{on}Incident(input: $input) {{ incident {{ {INCIDENT} }} userErrors {{ field message code }} }} }}"
    );
    (document, input)
}

async fn try_step(server: &Server, verb: &str, incident: &Value, more: Value) -> Answer {
    let (document, input) = step(verb, incident, &more);
    let query = server.query(document).variables(json!({ "input": input }));
    query.send().await
}

/// Takes a step and returns the incident as it is then.
async fn take(server: &Server, verb: &str, incident: &Value, more: Value) -> Value {
    let answer = try_step(server, verb, incident, more).await;
    answer.expect_payload()["incident"].clone()
}

/// The incident with this number, for whoever may do everything.
async fn seen(server: &Server, number: &Value) -> Value {
    let document =
        format!("query ($number: String!) {{ incident(number: $number) {{ {INCIDENT} }} }}");
    let query = server
        .query(document)
        .variables(json!({ "number": number }));
    query.send().await.expect_data()["incident"].clone()
}

fn kinds(incident: &Value) -> Vec<String> {
    let events = crate::objects::list(&incident["events"]["nodes"]);
    events.iter().map(|event| text(&event["kind"])).collect()
}
