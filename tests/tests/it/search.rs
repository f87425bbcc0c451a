//! Full-text search.

mod building;
mod demands;
mod freshness;
mod missed;
mod paging;
mod ranking;

use kundig_tests::{Answer, Server};
use serde_json::{Value, json};

use crate::objects::list;
use crate::support::eventually;

/// Searches as somebody; the whole answer.
async fn search(server: &Server, token: Option<&str>, variables: Value) -> Answer {
    let query = server
        .query(
            "query ($query: String!, $types: [String!], $first: Int, $after: String) {
                search(query: $query, types: $types, first: $first, after: $after) {
                    totalCount
                    pageInfo { hasNextPage hasPreviousPage endCursor }
                    edges { cursor score node { __typename ... on Node { id } ... on Service { name } ... on ServiceOffering { name }
                        ... on Customer { name } ... on BusinessOutcome { name } ... on BusinessCapability { name }
                        ... on Person { name } ... on Team { name } ... on Demand { title } } }
                }
            }",
        )
        .variables(variables);
    match token {
        Some(token) => query.token(token),
        None => query,
    }
    .send()
    .await
}

/// What a search finds, in its order: the names.
async fn found(server: &Server, query: &str) -> Vec<String> {
    let answer = search(server, None, json!({ "query": query })).await;
    names(&answer.expect_data()["search"])
}

/// Waits until a search finds this, in this order. A search waits for the index, though not for long: on a busy machine it may not
/// know yet what was written just before.
async fn until_found(server: &Server, query: &str, expected: &[&str]) {
    let what = format!("{query} finds {expected:?}");
    eventually(&what, async || {
        (found(server, query).await == expected).then_some(())
    })
    .await;
}

/// As [`until_found`], for what is called so, whatever else is found.
async fn until_indexed(server: &Server, name: &str) {
    eventually(&format!("{name} is found"), async || {
        let found = found(server, name).await;
        found.iter().any(|it| it == name).then_some(())
    })
    .await;
}

fn names(found: &Value) -> Vec<String> {
    let edges = list(&found["edges"]).iter();
    edges
        .map(|edge| edge["node"]["name"].as_str().unwrap_or_default().to_owned())
        .collect()
}
