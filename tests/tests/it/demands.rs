//! Saying what is needed, from raising it to its end.

mod keys;
mod listing;
mod raising;
mod stale;
mod steps;
mod visibility;

use kundig::auth::Scope;
use kundig_tests::{Answer, Server, tokens};
use serde_json::{Value, json};

use crate::objects::CUSTOMER;

/// What is selected of demands.
const DEMAND: &str =
    "id number title description kind status quantity effort score supporterCount version createdAt updatedAt endedAt
    valuePerMonth { amount currency } customer { slug } raisedBy { slug } outcome { slug } service { slug } supporters { slug }
    decline { reason explanation alternative { slug } revisitOn declinedBy declinedAt }";

/// Raises a demand of a new customer as the tests' own subject, unless something else is said.
async fn try_raise(server: &Server, more: Value) -> Answer {
    let mut input = json!({"title": "Beds in view", "kind": "NEED", "valuePerMonth": "4200"});
    if more["customerId"].is_null() {
        input["customerId"] = CUSTOMER.create_plain(server, "Ward").await["id"].clone();
    }
    extend(&mut input, &more);
    let (document, variables) = mutation("raiseDemand", "RaiseDemandInput", &input);
    server.query(document).variables(variables).send().await
}

/// Raises a demand and returns it.
async fn raise(server: &Server, more: Value) -> Value {
    let answer = try_raise(server, more).await;
    answer.expect_payload()["demand"].clone()
}

/// The document and the variables of a step with a demand: `plan` with further input.
fn step(verb: &str, demand: &Value, more: &Value) -> (String, Value) {
    let mut input = json!({ "id": demand["id"] });
    extend(&mut input, more);
    let (field, ty) = match verb {
        "withdraw" => ("withdrawDemandSupport".to_owned(), "SupportDemandInput"),
        "update" => ("updateDemand".to_owned(), "UpdateDemandInput"),
        "support" => ("supportDemand".to_owned(), "SupportDemandInput"),
        "meet" => ("meetDemand".to_owned(), "MeetDemandInput"),
        "decline" => ("declineDemand".to_owned(), "DeclineDemandInput"),
        verb => (format!("{verb}Demand"), "DemandStepInput"),
    };
    mutation(&field, ty, &input)
}

fn mutation(field: &str, ty: &str, input: &Value) -> (String, Value) {
    let document = format!(
        "mutation ($input: {ty}!) {{ {field}(input: $input) {{ replayed demand {{ {DEMAND} }} userErrors {{ field message code }} }} }}"
    );
    (document, json!({ "input": input }))
}

fn extend(input: &mut Value, more: &Value) {
    for (field, value) in more.as_object().expect("an object") {
        input[field] = value.clone();
    }
}

/// Takes a step as the tests' own subject, or with another token.
async fn try_step(server: &Server, verb: &str, demand: &Value, more: Value) -> Answer {
    let (document, variables) = step(verb, demand, &more);
    server.query(document).variables(variables).send().await
}

async fn step_as(token: &str, server: &Server, verb: &str, demand: &Value, more: Value) -> Answer {
    let (document, variables) = step(verb, demand, &more);
    let query = server.query(document).variables(variables);
    query.token(token).send().await
}

/// Takes a step and returns the demand as it is then.
async fn take(server: &Server, verb: &str, demand: &Value, more: Value) -> Value {
    let answer = try_step(server, verb, demand, more).await;
    answer.expect_payload()["demand"].clone()
}

/// A token of somebody who may submit.
fn submitter(subject: &str) -> String {
    tokens::local(subject, &[Scope::RequestsSubmit])
}
