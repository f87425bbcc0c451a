//! Asking for something, from the submission to its end.

pub(crate) mod clocks;
mod keys;
mod listing;
mod steps;
mod submission;
mod visibility;

use kundig::auth::Scope;
use kundig_tests::{Answer, Server, tokens};
use serde_json::{Value, json};

use crate::objects::{OFFERING, SERVICE, text};
use crate::support::mutate;

/// What is selected of requests.
pub(crate) const REQUEST: &str =
    "id number title status priority submittedBy inputs version createdAt updatedAt approvedAt
    offering { slug } service { slug } customer { slug } requester { slug }
    decline { reason explanation alternative { slug } revisitOn declinedBy declinedAt }
    events(first: 100) { nodes { id at actor kind from to priority comment } }";

/// Creates an offering of a new service and returns it.
pub(crate) async fn offering(server: &Server, input: Value) -> Value {
    let service = SERVICE.create_plain(server, "Accounts").await;
    let mut all = json!({"name": "An account", "serviceId": service["id"]});
    for (field, value) in input.as_object().expect("an object") {
        all[field] = value.clone();
    }
    OFFERING.create(server, all).await
}

/// Submits a request as the tests' own subject.
pub(crate) async fn try_submit(server: &Server, input: Value) -> Answer {
    let selection = format!("replayed serviceRequest {{ {REQUEST} }}");
    mutate(server, "submitServiceRequest", &selection, input).await
}

/// Submits a request and returns it.
pub(crate) async fn submit(server: &Server, input: Value) -> Value {
    let answer = try_submit(server, input).await;
    answer.expect_payload()["serviceRequest"].clone()
}

/// Takes a step and returns what became of it: `start` with further input.
pub(crate) async fn try_step(server: &Server, verb: &str, request: &Value, more: Value) -> Answer {
    let (mutation, input) = step(verb, request, &more);
    server
        .query(mutation)
        .variables(json!({ "input": input }))
        .send()
        .await
}

/// The document and the input of a step.
pub(crate) fn step(verb: &str, request: &Value, more: &Value) -> (String, Value) {
    let mut input = json!({ "id": request["id"] });
    for (field, value) in more.as_object().expect("an object") {
        input[field] = value.clone();
    }
    let field = match verb {
        "comment" => "commentOnServiceRequest".to_owned(),
        verb => format!("{verb}ServiceRequest"),
    };
    let ty = match verb {
        "decline" => "DeclineServiceRequestInput",
        "reprioritise" => "ReprioritiseServiceRequestInput",
        _ => "RequestStepInput",
    };
    let document = format!(
        "mutation ($input: {ty}!) {{ {field}(input: $input) {{ serviceRequest {{ {REQUEST} }} userErrors {{ field message code }} }} }}"
    );
    (document, input)
}

/// Takes a step and returns the request as it is then.
pub(crate) async fn take(server: &Server, verb: &str, request: &Value, more: Value) -> Value {
    let answer = try_step(server, verb, request, more).await;
    answer.expect_payload()["serviceRequest"].clone()
}

/// The request with this number, for whoever has the token.
pub(crate) async fn seen(server: &Server, number: &Value, token: &str) -> Value {
    let answer = server
        .query(format!(
            "query ($number: String!) {{ serviceRequest(number: $number) {{ {REQUEST} }} }}"
        ))
        .variables(json!({ "number": number }))
        .token(token)
        .send()
        .await;
    answer.expect_data()["serviceRequest"].clone()
}

/// A token of somebody who may submit.
pub(crate) fn submitter(subject: &str) -> String {
    tokens::local(subject, &[Scope::RequestsSubmit])
}

/// The kinds of a request's events, oldest first.
pub(crate) fn kinds(request: &Value) -> Vec<String> {
    let events = crate::objects::list(&request["events"]["nodes"]);
    events.iter().map(|event| text(&event["kind"])).collect()
}
