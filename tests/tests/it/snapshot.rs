//! The catalog in memory.

use kundig_tests::generator::{Catalog, Size};
use kundig_tests::{Database, Server, on_both_databases};
use migration::{Migrator, MigratorTrait as _};
use serde_json::json;

const NESTED: &str = "{
  services(first: 50, orderBy: {field: NAME}, filter: {tiers: [TIER_1, TIER_2]}) {
    totalCount
    nodes {
      name
      businessOwner { name teams { name } }
      team { name members { name } services { totalCount } }
      capability { name parent { name } }
      contributions { share outcome { name valuePerHour { amount } customer { name representative { name } } } }
      dependencies { nodes { strength dependency { name dependents { totalCount } } } }
      offerings { nodes { name } }
    }
  }
  serviceFacets(by: TEAM) { value count }
}";

async fn a_nested_query_runs_no_sql(database: Database) -> anyhow::Result<()> {
    let connection = database.connect().await;
    Migrator::up(&connection, None).await?;
    Catalog::generate(&Size::of_services(500), 1)
        .write(&connection)
        .await?;

    let server = Server::start(&database).await;
    let before = server.metrics().await.sql_statements("request");
    let answer = server.query(NESTED).send().await;
    let nodes = answer.expect_data()["services"]["nodes"]
        .as_array()
        .cloned();
    assert_eq!(nodes.map(|nodes| nodes.len()), Some(50));
    assert_eq!(server.metrics().await.sql_statements("request"), before);

    // The count is not zero because nobody counts.
    server
        .query("{ changes { nodes { sequence } } }")
        .send()
        .await
        .expect_data();
    assert!(server.metrics().await.sql_statements("request") > before);
    Ok(())
}

async fn paging_forward_and_backward_meets_every_service_once(
    database: Database,
) -> anyhow::Result<()> {
    let connection = database.connect().await;
    Migrator::up(&connection, None).await?;
    Catalog::generate(&Size::of_services(250), 2)
        .write(&connection)
        .await?;

    let server = Server::start(&database).await;
    let mut forward = Vec::new();
    let mut cursor = json!(null);
    loop {
        let answer = server
            .query(
                "query ($after: String) { services(first: 30, after: $after, orderBy: {field: TIER}) {
                   nodes { slug } pageInfo { hasNextPage endCursor } totalCount } }",
            )
            .variables(json!({ "after": cursor }))
            .send()
            .await;
        let page = &answer.expect_data()["services"];
        assert_eq!(page["totalCount"], 250);
        forward.extend(page["nodes"].as_array().cloned().unwrap_or_default());
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
        cursor = page["pageInfo"]["endCursor"].clone();
    }
    assert_eq!(forward.len(), 250);

    let mut backward = Vec::new();
    let mut cursor = json!(null);
    loop {
        let answer = server
            .query(
                "query ($before: String) { services(last: 30, before: $before, orderBy: {field: TIER}) {
                   nodes { slug } pageInfo { hasPreviousPage startCursor } } }",
            )
            .variables(json!({ "before": cursor }))
            .send()
            .await;
        let page = &answer.expect_data()["services"];
        let mut nodes = page["nodes"].as_array().cloned().unwrap_or_default();
        nodes.reverse();
        backward.extend(nodes);
        if page["pageInfo"]["hasPreviousPage"] == false {
            break;
        }
        cursor = page["pageInfo"]["startCursor"].clone();
    }
    backward.reverse();
    assert_eq!(backward, forward);
    Ok(())
}

on_both_databases!(
    a_nested_query_runs_no_sql,
    paging_forward_and_backward_meets_every_service_once,
);
