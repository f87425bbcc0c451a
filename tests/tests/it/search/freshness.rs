//! How soon what was written is found.

use entity::change;
use kundig_tests::{Database, Server, Settings, on_both_databases, on_postgres};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, TransactionTrait};
use serde_json::{Value, json};

use crate::objects::{CUSTOMER, SERVICE};
use crate::support::{create_service, mutate};

/// What a search finds for a client that has heard of this change.
async fn found_after(server: &Server, query: &str, sequence: &str) -> Value {
    let search = "query ($query: String!) { search(query: $query) { totalCount } }";
    let search = server.query(search).variables(json!({ "query": query }));
    let answer = search.header("Kundig-Min-Sequence", sequence).send().await;
    answer.expect_data()["search"]["totalCount"].clone()
}

async fn a_demand_is_found_by_a_request_that_names_its_change(database: Database) {
    let server = Server::start(&database).await;
    let ward = CUSTOMER.create_plain(&server, "Ward 3").await;
    for word in ["pager", "telex", "facsimile", "morse", "semaphore"] {
        let input =
            json!({"title": word, "kind": "WISH", "customerId": ward["id"], "valuePerMonth": "1"});
        let raised = mutate(&server, "raiseDemand", "demand { id }", input).await;
        raised.expect_payload();
        assert_eq!(found_after(&server, word, raised.sequence()).await, 1);
    }
}

async fn a_request_finds_the_demands_that_it_has_raised_itself(database: Database) {
    let server = Server::start(&database).await;
    let ward = CUSTOMER.create_plain(&server, "Ward 3").await;
    let input = json!({"title": "Parking permits", "kind": "WISH", "customerId": ward["id"], "valuePerMonth": "1"});
    let both = server
        .query(
            "mutation ($input: RaiseDemandInput!) {
                one: raiseDemand(input: $input) { demand { number } }
                other: raiseDemand(input: $input) { similarDemands { number } } }",
        )
        .variables(json!({ "input": input }));
    let both = both.send().await;
    let data = both.expect_data();
    let first = json!([{ "number": data["one"]["demand"]["number"] }]);
    assert_eq!(data["other"]["similarDemands"], first);
}

async fn a_change_that_is_committed_late_is_found_at_once(
    database: Database,
) -> anyhow::Result<()> {
    let server = Settings::new(&database).start().await;
    SERVICE.create_plain(&server, "Late").await;
    let connection = database.connect().await;
    for turn in 0..5 {
        // Another writer's transaction has its place in the feed …
        let slow = connection.begin().await?;
        slow.execute_unprepared(&format!(
            "INSERT INTO change (sequence, at, actor, kind, subject_type, subject_id, diff) \
             SELECT pg_current_xact_id()::text::bigint << 20, updated_at + 1, 'slow {turn}', 'UPDATED', 'Service', id, '{{}}' \
             FROM service WHERE slug = 'late'; \
             UPDATE service SET name = 'Turn {turn}', version = version + 1 WHERE slug = 'late'"
        ))
        .await?;
        let mine = change::Entity::find().filter(change::Column::Actor.eq(format!("slow {turn}")));
        let mine = mine.one(&slow).await?;
        let sequence = mine.map(|change| change.sequence).unwrap_or_default();
        // … while one with a higher place commits, and is found.
        create_service(&server, &format!("Early {turn}")).await;
        assert_eq!(super::found(&server, "early").await.len(), turn + 1);
        slow.commit().await?;
        let found = found_after(&server, &format!("turn {turn}"), &sequence.to_string()).await;
        assert_eq!(found, 1, "{turn}");
    }
    Ok(())
}

on_both_databases!(
    a_demand_is_found_by_a_request_that_names_its_change,
    a_request_finds_the_demands_that_it_has_raised_itself,
);
on_postgres!(a_change_that_is_committed_late_is_found_at_once);
