use kundig::auth::Scope;
use kundig_tests::{Database, Settings, on_both_databases, tokens};
use serde_json::{Value, json};

use super::{report, service, step, take};
use crate::objects::{changes_after, list, newest_change};
use crate::support::eventually;

async fn those_see_incidents_who_work_on_them_or_need_insight(database: Database) {
    let server = Settings::new(&database).start().await;
    let beds = service(&server, "Beds").await;
    let before = newest_change(&server).await;
    let incident = report(&server, &[&beds]).await;
    take(&server, "acknowledge", &incident, json!({})).await;
    eventually("the feed has both", async || {
        let found = changes_after(&server, &before).await;
        (found.len() == 2).then_some(())
    })
    .await;
    let everywhere = "query ($id: ID!, $after: String!) {
        node(id: $id) { __typename ... on Incident { number services { name } slaClocks { state } events { totalCount } } }
        changes(after: $after) { totalCount nodes { type subject { id } } }
        services(first: 1) { nodes { incidents { totalCount nodes { number } pageInfo { hasNextPage } } } }
    }";
    // The lists of services are for those who read the catalog.
    let without_catalog = "query ($id: ID!, $after: String!) {
        node(id: $id) { __typename ... on Incident { number services { name } slaClocks { state } events { totalCount } } }
        changes(after: $after) { totalCount nodes { type subject { id } } }
    }";
    for (scopes, sees) in [
        (&[Scope::RequestsWork][..], true),
        (&[Scope::InsightRead], true),
        (&[Scope::RequestsWork, Scope::CatalogRead], true),
        (&[Scope::Admin], true),
        (&[Scope::CatalogRead], false),
        (&[Scope::CatalogWrite, Scope::RequestsSubmit], false),
        (&[Scope::RequestsSubmit], false),
    ] {
        let token = tokens::local("somebody", scopes);
        let reads_catalog = scopes
            .iter()
            .any(|scope| [Scope::CatalogRead, Scope::CatalogWrite, Scope::Admin].contains(scope));
        let document = if reads_catalog {
            everywhere
        } else {
            without_catalog
        };
        let answer = server
            .query(document)
            .variables(json!({"id": incident["id"], "after": before}))
            .token(&token)
            .send()
            .await;
        let data = answer.expect_data();
        let expected = if sees {
            json!({"__typename": "Incident", "number": "INC-1", "services": [{"name": "Beds"}], "slaClocks": [],
                "events": {"totalCount": 2}})
        } else {
            Value::Null
        };
        assert_eq!(data["node"], expected, "{scopes:?}");
        let changes = list(&data["changes"]["nodes"]);
        let visible = if sees { 2 } else { 0 };
        assert_eq!(changes.len(), visible, "{scopes:?}");
        // Those before are counted too: the service, by those who read the catalog.
        let counted = visible + usize::from(reads_catalog);
        assert_eq!(data["changes"]["totalCount"], json!(counted), "{scopes:?}");
        for change in changes {
            assert_eq!(
                *change,
                json!({"type": "Incident", "subject": {"id": incident["id"]}})
            );
        }
        if reads_catalog {
            let numbers = if sees {
                json!([{"number": "INC-1"}])
            } else {
                json!([])
            };
            assert_eq!(
                data["services"]["nodes"][0]["incidents"],
                json!({"totalCount": usize::from(sees), "nodes": numbers, "pageInfo": {"hasNextPage": false}})
            );
        }
        let (document, input) = step("resolve", &incident, &json!({"expectedVersion": 99}));
        let query = server.query(document).variables(json!({ "input": input }));
        let answer = query.token(&token).send().await;
        let moves = scopes.contains(&Scope::RequestsWork) || scopes.contains(&Scope::Admin);
        if moves {
            answer.expect_user_error(&["expectedVersion"], "STALE_VERSION");
        } else {
            answer.expect_error_code("FORBIDDEN");
        }
    }
}

on_both_databases!(those_see_incidents_who_work_on_them_or_need_insight);
