use kundig_tests::{Database, Settings, on_both_databases};
use serde_json::json;

use super::{raise, take, try_raise};
use crate::objects::CUSTOMER;

async fn the_same_again_is_the_first_demand(database: Database) {
    let server = Settings::new(&database).start().await;
    let ward = CUSTOMER.create_plain(&server, "Ward 3").await;
    let input = json!({"customerId": ward["id"], "valuePerMonth": "10", "idempotencyKey": "k"});
    let first = raise(&server, input.clone()).await;
    take(&server, "plan", &first, json!({})).await;
    let spelled =
        json!({"customerId": ward["id"], "valuePerMonth": "10.00", "idempotencyKey": "k"});
    for input in [input, spelled] {
        let again = try_raise(&server, input).await;
        let again = again.expect_payload();
        assert_eq!(again["replayed"], true);
        assert_eq!(again["demand"]["id"], first["id"]);
        assert_eq!(again["demand"]["status"], "PLANNED", "as it is now");
    }
    let other = json!({"customerId": ward["id"], "valuePerMonth": "11", "idempotencyKey": "k"});
    let conflict = try_raise(&server, other).await;
    conflict.expect_user_error(&["idempotencyKey"], "IDEMPOTENCY_CONFLICT");
    let count = server.query("{ demands { totalCount } }").send().await;
    assert_eq!(count.expect_data()["demands"]["totalCount"], 1);
}

async fn many_at_once_with_one_key_become_one_demand(database: Database) {
    let server = Settings::new(&database).start().await;
    let ward = CUSTOMER.create_plain(&server, "Ward 3").await;
    let input = json!({"title": "T", "kind": "NEED", "valuePerMonth": 1, "customerId": ward["id"], "idempotencyKey": "k"});
    let (document, variables) = super::mutation("raiseDemand", "RaiseDemandInput", &input);
    let mut running = Vec::new();
    for _ in 0..16 {
        let query = server.query(document.clone()).variables(variables.clone());
        running.push(tokio::spawn(query.send()));
    }
    let mut numbers = std::collections::BTreeSet::new();
    let mut new = 0;
    for answer in running {
        let answer = answer.await.expect("an answer");
        let payload = answer.expect_payload();
        numbers.insert(payload["demand"]["number"].to_string());
        new += u32::from(payload["replayed"] == false);
    }
    assert_eq!((numbers.len(), new), (1, 1));
}

on_both_databases!(
    the_same_again_is_the_first_demand,
    many_at_once_with_one_key_become_one_demand,
);
