use kundig::auth::Scope;
use kundig_tests::{Database, Server, Settings, on_both_databases, tokens};
use serde_json::{Value, json};

use super::{offering, seen, step, submitter};
use crate::objects::{CUSTOMER, PERSON, changes_after, list, newest_change};
use crate::support::eventually;

/// Ada and Bob belong to one customer, Eve to another; each has submitted a request, and so has a robot for Ada.
async fn people_see_their_own_and_their_customers_requests(database: Database) {
    let server = Settings::new(&database).start().await;
    let account = offering(&server, json!({})).await;
    let ward = CUSTOMER.create_plain(&server, "Ward 3").await;
    let lab = CUSTOMER.create_plain(&server, "Laboratory").await;
    let mut people = Vec::new();
    for (name, customer) in [("ada", &ward), ("bob", &ward), ("eve", &lab)] {
        let person = json!({"name": name, "subject": name, "customerId": customer["id"]});
        people.push(PERSON.create(&server, person).await);
    }
    let before = newest_change(&server).await;
    let submit_with = async |token: String, input: Value| {
        server
            .query("mutation ($input: SubmitServiceRequestInput!) { submitServiceRequest(input: $input) { serviceRequest { id number } userErrors { field message code } } }")
            .variables(json!({ "input": input }))
            .token(token)
            .send()
            .await
    };
    let submit_as = async |subject: &str, input: Value| {
        let answer = submit_with(submitter(subject), input).await;
        answer.expect_payload()["serviceRequest"].clone()
    };
    let own = json!({"offeringId": account["id"]});
    let of_ada = submit_as("ada", own.clone()).await;
    let of_bob = submit_as("bob", own.clone()).await;
    let of_eve = submit_as("eve", own.clone()).await;
    let for_ada = json!({"offeringId": account["id"], "requesterId": people[0]["id"], "customerId": lab["id"]});
    let robot = tokens::local("robot", &[Scope::CatalogRead, Scope::RequestsSubmit]);
    let answer = submit_with(submitter("robot"), for_ada.clone()).await;
    answer.expect_user_error(&["requesterId"], "NOT_FOUND");
    answer.expect_user_error(&["customerId"], "NOT_FOUND");
    let answer = submit_with(robot, for_ada).await;
    let for_ada = answer.expect_payload()["serviceRequest"].clone();
    eventually("the feed shows all four", async || {
        let found = changes_after(&server, &before).await;
        (found.len() == 4).then_some(())
    })
    .await;

    let all = [&of_ada, &of_bob, &of_eve, &for_ada];
    for (subject, visible) in [
        ("ada", [true, true, false, true]),
        ("bob", [true, true, false, false]),
        ("eve", [false, false, true, true]),
        ("robot", [false, false, false, true]),
        ("nobody", [false; 4]),
    ] {
        let token = submitter(subject);
        let expected = visible.iter().filter(|it| **it).count();
        for (request, is_visible) in all.iter().zip(visible) {
            let found = seen(&server, &request["number"], &token).await;
            assert_eq!(!found.is_null(), is_visible, "{subject} {request}");
        }
        let ids: Vec<&Value> = all.iter().map(|request| &request["id"]).collect();
        let answer = server
            .query("query ($ids: [ID!]!, $after: String!) { serviceRequests { totalCount nodes { id } } nodes(ids: $ids) { id }
                changes(after: $after) { totalCount nodes { type subjectId subject { id } } } }")
            .variables(json!({"ids": ids, "after": before}))
            .token(&token)
            .send()
            .await;
        let data = answer.expect_data();
        assert_eq!(
            data["serviceRequests"]["totalCount"],
            json!(expected),
            "{subject}"
        );
        assert_eq!(list(&data["serviceRequests"]["nodes"]).len(), expected);
        for (node, is_visible) in list(&data["nodes"]).iter().zip(visible) {
            assert_eq!(!node.is_null(), is_visible, "{subject} {node}");
        }
        let changes = list(&data["changes"]["nodes"]);
        assert_eq!(changes.len(), expected, "{subject}: {answer}");
        assert_eq!(data["changes"]["totalCount"], json!(expected));
        for change in changes {
            assert_eq!(change["type"], "ServiceRequest");
            assert_eq!(change["subject"]["id"], change["subjectId"]);
        }
    }

    // Bob sees Ada's request, and may not take it back; what Eve may not see is not there.
    let (document, input) = step("cancel", &of_ada, &json!({}));
    let cancel = async |subject: &str| {
        let query = server.query(&document).variables(json!({ "input": input }));
        query.token(submitter(subject)).send().await
    };
    cancel("bob").await.expect_error_code("FORBIDDEN");
    cancel("eve").await.expect_user_error(&["id"], "NOT_FOUND");
    cancel("ada").await.expect_payload();
    let (document, input) = step("start", &of_bob, &json!({}));
    let query = server.query(document).variables(json!({ "input": input }));
    let answer = query.token(submitter("bob")).send().await;
    answer.expect_error_code("FORBIDDEN");

    assert_lists_of_services_are_for_workers(&server).await;
}

async fn assert_lists_of_services_are_for_workers(server: &Server) {
    let reader = tokens::local("reader", &[Scope::CatalogRead]);
    let nested = "{ services(first: 5) { nodes { serviceRequests { totalCount nodes { id } } } } }";
    let answer = server.query(nested).token(reader).send().await;
    let requests = &answer.expect_data()["services"]["nodes"][0]["serviceRequests"];
    assert_eq!(*requests, json!({"totalCount": 0, "nodes": []}));
    let worker = tokens::local("worker", &[Scope::CatalogRead, Scope::RequestsWork]);
    let answer = server.query(nested).token(worker).send().await;
    let requests = &answer.expect_data()["services"]["nodes"][0]["serviceRequests"];
    assert_eq!(requests["totalCount"], 4);
}

on_both_databases!(people_see_their_own_and_their_customers_requests);
