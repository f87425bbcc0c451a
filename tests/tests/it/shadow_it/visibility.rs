use kundig::auth::Scope;
use kundig_tests::{Database, Server, Settings, on_both_databases, tokens};
use serde_json::{Value, json};

use super::{raised, seen};
use crate::objects::{CUSTOMER, SERVICE, SIGHTING, changes_after, list, newest_change, text};
use crate::support::eventually;

const CREATE: &str = "mutation ($input: CreateShadowItSightingInput!) { createShadowItSighting(input: $input) {
    shadowItSighting { id product customer { name shadowIt { totalCount nodes { product } } } demand { number } }
    userErrors { field code message } } }";
const DELETE: &str = "mutation ($input: DeleteCustomerInput!) { deleteCustomer(input: $input) { deletedId userErrors { code message } } }";

async fn without_insight_there_is_no_shadow_it(database: Database) {
    let server = Settings::new(&database).start().await;
    let ward = CUSTOMER.create_plain(&server, "Ward 3").await;
    let before = newest_change(&server).await;
    let secret = seen(&server, &ward, "Secret tool", json!({})).await;
    let demand = raised(&server, &ward, "Exchange files").await;

    let writer = tokens::local("writer", &[Scope::CatalogWrite]);
    let input = json!({"product": "Dropbox", "customerId": ward["id"], "users": 3, "monthlyCost": "1", "dataClass": "PUBLIC",
        "firstSeen": "2026-01-01"});
    let create = async |input: &Value| {
        let query = server.query(CREATE).variables(json!({ "input": input }));
        query.token(&writer).send().await
    };
    let answer = create(&input).await;
    let own = &answer.expect_payload()["shadowItSighting"];
    assert_eq!(own["product"], "Dropbox", "whoever wrote it is shown it");
    let beside = &own["customer"]["shadowIt"]["nodes"];
    assert_eq!(*beside, json!([{"product": "Dropbox"}]), "and nothing else");
    let mut linked = input.clone();
    linked["demandId"] = demand["id"].clone();
    let unseen = create(&linked).await;
    unseen.expect_user_error(&["demandId"], "NOT_FOUND");

    let delete = json!({"input": {"id": ward["id"]}});
    let kept = server.query(DELETE).variables(delete).token(&writer);
    let kept = kept.send().await;
    let message = text(&kept.expect_data()["deleteCustomer"]["userErrors"][0]["message"]);
    assert!(
        message.contains("a shadow IT sighting") && !message.contains("secret"),
        "{message}"
    );

    eventually("the feed shows all", async || {
        let found = changes_after(&server, &before).await;
        (found.len() == 3).then_some(())
    })
    .await;
    let ids = [&secret["id"], &own["id"]];
    expect_sees(&server, &before, (&writer, false), &ids).await;
    let reader = tokens::local("reader", &[Scope::CatalogRead, Scope::RequestsWork]);
    expect_sees(&server, &before, (&reader, false), &ids).await;
    let insight = tokens::local("insight", &[Scope::CatalogRead, Scope::InsightRead]);
    expect_sees(&server, &before, (&insight, true), &ids).await;
    assert_eq!(
        SIGHTING.by_slug(&server, "secret-tool").await["id"],
        secret["id"]
    );
}

async fn expect_sees(server: &Server, since: &str, (token, sees): (&String, bool), ids: &[&Value]) {
    let answer = server
        .query("query ($ids: [ID!]!, $after: String!) { nodes(ids: $ids) { id } customers { nodes { shadowIt { totalCount nodes { id } } } }
            changes(after: $after, filter: {types: [\"ShadowItSighting\"]}) { totalCount nodes { type subject { id } } } }")
        .variables(json!({"ids": ids, "after": since}))
        .token(token)
        .send()
        .await;
    let data = answer.expect_data();
    for node in list(&data["nodes"]) {
        assert_eq!(node.is_object(), sees, "{answer}");
    }
    let expected = if sees { ids.len() } else { 0 };
    let nested = &data["customers"]["nodes"][0]["shadowIt"];
    assert_eq!(nested["totalCount"], expected, "{answer}");
    assert_eq!(data["changes"]["totalCount"], expected, "{answer}");
    let root = server
        .query("{ shadowItSightings { totalCount } }")
        .token(token);
    let root = root.send().await;
    if sees {
        assert_eq!(
            root.expect_data()["shadowItSightings"]["totalCount"],
            expected
        );
    } else {
        root.expect_error_code("FORBIDDEN");
    }
}

async fn who_reads_insights_alone_sees_shadow_it_and_what_it_costs(database: Database) {
    let server = Settings::new(&database).start().await;
    let ward = CUSTOMER.create_plain(&server, "Ward 3").await;
    let lab = CUSTOMER.create_plain(&server, "Laboratory").await;
    let service = SERVICE.create_plain(&server, "File exchange").await;
    let before = newest_change(&server).await;
    let dropbox = seen(
        &server,
        &ward,
        "Dropbox",
        json!({ "serviceId": service["id"] }),
    )
    .await;
    let answer = eventually("the feed shows it", async || {
        let answer = server
            .query("query ($ids: [ID!]!, $after: String!) {
                shadowItSightings { totalCount nodes { product customer { name shadowIt { totalCount } } service { name } } }
                shadowItSighting(slug: \"dropbox\") { customer { name } }
                portfolioGap { shadowItMonthlyCost { amount } }
                nodes(ids: $ids) { id ... on ShadowItSighting { customer { name } } }
                changes(after: $after) { nodes { type subject { ... on ShadowItSighting { product customer { name } } } } } }")
            .variables(json!({"ids": [dropbox["id"], lab["id"]], "after": before}))
            .token(tokens::local("boss", &[Scope::InsightRead]))
            .send()
            .await;
        let is_told = !list(&answer.expect_data()["changes"]["nodes"]).is_empty();
        is_told.then_some(answer)
    })
    .await;
    let of_ward = json!({"name": "Ward 3"});
    assert_eq!(
        *answer.expect_data(),
        json!({
            "shadowItSightings": {"totalCount": 1, "nodes": [{"product": "Dropbox",
                "customer": {"name": "Ward 3", "shadowIt": {"totalCount": 1}}, "service": {"name": "File exchange"}}]},
            "shadowItSighting": {"customer": of_ward},
            "portfolioGap": {"shadowItMonthlyCost": {"amount": "40.00"}},
            "nodes": [{"id": dropbox["id"], "customer": of_ward}, null],
            "changes": {"nodes": [{"type": "ShadowItSighting", "subject": {"product": "Dropbox", "customer": of_ward}}]},
        })
    );
}

on_both_databases!(
    without_insight_there_is_no_shadow_it,
    who_reads_insights_alone_sees_shadow_it_and_what_it_costs,
);
