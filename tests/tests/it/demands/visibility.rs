use kundig::auth::Scope;
use kundig_tests::{Database, Settings, on_both_databases, tokens};
use serde_json::{Value, json};

use super::{step_as, submitter};
use crate::objects::{CUSTOMER, PERSON, SERVICE, changes_after, list, newest_change};
use crate::support::eventually;

/// Ada and Bob belong to one customer, Eve to another; Ada and Eve have raised a demand each.
async fn people_see_their_own_and_their_customers_demands(database: Database) {
    let server = Settings::new(&database).start().await;
    let ward = CUSTOMER.create_plain(&server, "Ward 3").await;
    let lab = CUSTOMER.create_plain(&server, "Laboratory").await;
    for (name, customer) in [("ada", &ward), ("bob", &ward), ("eve", &lab)] {
        let person = json!({"name": name, "subject": name, "customerId": customer["id"]});
        PERSON.create(&server, person).await;
    }
    let before = newest_change(&server).await;
    let raise_as = async |subject: &str, customer: &Value| {
        let input =
            json!({"title": "T", "kind": "NEED", "valuePerMonth": 1, "customerId": customer["id"]});
        let (document, variables) = super::mutation("raiseDemand", "RaiseDemandInput", &input);
        let query = server.query(document).variables(variables);
        let answer = query.token(submitter(subject)).send().await;
        answer.expect_payload()["demand"].clone()
    };
    let of_ada = raise_as("ada", &ward).await;
    let of_eve = raise_as("eve", &lab).await;
    eventually("the feed shows both", async || {
        let found = changes_after(&server, &before).await;
        (found.len() == 2).then_some(())
    })
    .await;
    let insight = tokens::local("analyst", &[Scope::InsightRead]);
    let worker = tokens::local("worker", &[Scope::RequestsWork]);
    let reader = tokens::local("reader", &[Scope::CatalogRead]);
    for (token, sees, may_list) in [
        (submitter("ada"), [true, false], true),
        (submitter("bob"), [true, false], true),
        (submitter("eve"), [false, true], true),
        (submitter("nobody"), [false, false], true),
        (insight.clone(), [true, true], true),
        (worker, [true, true], true),
        (reader, [false, false], false),
    ] {
        let expected = sees.iter().filter(|it| **it).count();
        let answer = server
            .query(
                "query ($ids: [ID!]!, $after: String!) { nodes(ids: $ids) { id }
                changes(after: $after) { nodes { type subject { id } } }
                of: changes(after: $after, filter: {subjectIds: $ids}) { totalCount } }",
            )
            .variables(json!({"ids": [of_ada["id"], of_eve["id"]], "after": before}))
            .token(&token)
            .send()
            .await;
        let data = answer.expect_data();
        for (node, is_visible) in list(&data["nodes"]).iter().zip(sees) {
            assert_eq!(!node.is_null(), is_visible, "{answer}");
        }
        assert_eq!(list(&data["changes"]["nodes"]).len(), expected, "{answer}");
        assert_eq!(data["of"]["totalCount"], json!(expected), "{answer}");
        let listed = server.query("{ demands { totalCount nodes { id customer { slug } } } }");
        let listed = listed.token(&token).send().await;
        if may_list {
            let demands = &listed.expect_data()["demands"];
            assert_eq!(demands["totalCount"], json!(expected));
            assert_eq!(list(&demands["nodes"]).len(), expected);
        } else {
            listed.expect_error_code("FORBIDDEN");
        }
    }

    let update = json!({"title": "In other words"});
    let as_who = async |token: &str, verb: &str, more: Value| {
        step_as(token, &server, verb, &of_ada, more).await
    };
    let (ada, bob, eve) = (submitter("ada"), submitter("bob"), submitter("eve"));
    as_who(&bob, "update", update.clone())
        .await
        .expect_error_code("FORBIDDEN");
    as_who(&insight, "update", update.clone())
        .await
        .expect_error_code("FORBIDDEN");
    as_who(&eve, "update", update.clone())
        .await
        .expect_user_error(&["id"], "NOT_FOUND");
    as_who(&ada, "update", update.clone())
        .await
        .expect_payload();
    as_who(&bob, "support", json!({})).await.expect_payload();
    as_who(&ada, "plan", json!({}))
        .await
        .expect_error_code("FORBIDDEN");
    super::take(&server, "plan", &of_ada, json!({})).await;
    as_who(&ada, "update", update)
        .await
        .expect_error_code("FORBIDDEN");

    let both = tokens::local("ada", &[Scope::CatalogRead, Scope::RequestsSubmit]);
    let eve = PERSON.by_slug(&server, "eve").await;
    let for_eve = json!({"personId": eve["id"]});
    as_who(&ada, "support", for_eve.clone())
        .await
        .expect_user_error(&["personId"], "NOT_FOUND");
    as_who(&both, "support", for_eve)
        .await
        .expect_error_code("FORBIDDEN");
}

async fn who_raised_a_demand_disputes_its_end_and_a_colleague_does_not(database: Database) {
    let server = Settings::new(&database).start().await;
    let ward = CUSTOMER.create_plain(&server, "Ward 3").await;
    let service = SERVICE.create_plain(&server, "Bed board").await;
    for name in ["ada", "bob"] {
        let person = json!({"name": name, "subject": name, "customerId": ward["id"]});
        PERSON.create(&server, person).await;
    }
    let input = json!({"title": "T", "kind": "NEED", "valuePerMonth": 1, "customerId": ward["id"]});
    let (document, variables) = super::mutation("raiseDemand", "RaiseDemandInput", &input);
    let query = server.query(document).variables(variables);
    let raised = query.token(submitter("ada")).send().await;
    let demand = raised.expect_payload()["demand"].clone();
    let meet = json!({"serviceId": service["id"]});
    let decline = json!({"reason": "COST", "explanation": "It costs more than it is worth."});
    for (verb, more) in [("meet", meet), ("decline", decline)] {
        super::take(&server, verb, &demand, more).await;
        let reopen = async |subject: &str| {
            step_as(&submitter(subject), &server, "reopen", &demand, json!({})).await
        };
        reopen("bob").await.expect_error_code("FORBIDDEN");
        let reopened = reopen("ada").await;
        let reopened = &reopened.expect_payload()["demand"];
        assert_eq!(reopened["status"], "OPEN", "after {verb}");
        assert_eq!(reopened["service"], Value::Null);
    }
}

on_both_databases!(
    people_see_their_own_and_their_customers_demands,
    who_raised_a_demand_disputes_its_end_and_a_colleague_does_not,
);
