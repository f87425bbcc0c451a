//! What was changed elsewhere a moment ago, and this server's snapshot does not know yet.

use kundig_tests::{Database, Server, Settings, on_both_databases};
use serde_json::json;

use super::{raise, try_raise, try_step};
use crate::objects::{CUSTOMER, OFFERING, SERVICE};
use crate::support::{change_elsewhere, mutate};

async fn retire(server: &Server, database: &Database, name: &str) -> serde_json::Value {
    let service = SERVICE.create_plain(server, name).await;
    let slug = service["slug"].as_str().expect("a slug");
    let set = "lifecycle = 'RETIRED'";
    change_elsewhere(database, ("Service", "service"), set, slug).await;
    service
}

async fn what_is_named_is_looked_at_as_it_is_and_not_as_a_snapshot_has_it(database: Database) {
    let server = Settings::new(&database).start().await;
    let customer = CUSTOMER.create_plain(&server, "Ward 3").await;
    let demand = raise(&server, json!({"customerId": customer["id"]})).await;

    let service = retire(&server, &database, "Met").await;
    let answered = json!({"serviceId": service["id"]});
    let answer = try_step(&server, "meet", &demand, answered).await;
    answer.expect_user_error(&["serviceId"], "INVALID");
    let service = retire(&server, &database, "Updated").await;
    let linked = json!({"serviceId": service["id"]});
    let answer = try_step(&server, "update", &demand, linked).await;
    answer.expect_user_error(&["serviceId"], "INVALID");
    let service = retire(&server, &database, "Raised").await;
    let new = json!({"customerId": customer["id"], "serviceId": service["id"]});
    let answer = try_raise(&server, new).await;
    answer.expect_user_error(&["serviceId"], "INVALID");
    let service = retire(&server, &database, "Broken").await;
    let report = json!({"title": "Down", "severity": "OUTAGE", "serviceIds": [service["id"]]});
    let answer = mutate(&server, "reportIncident", "incident { id }", report).await;
    answer.expect_user_error(&["serviceIds", "0"], "INVALID");

    let service = SERVICE.create_plain(&server, "Board").await;
    let offering = json!({"name": "Board", "serviceId": service["id"]});
    let offering = OFFERING.create(&server, offering).await;
    let inactive = "active = false";
    change_elsewhere(
        &database,
        ("ServiceOffering", "service_offering"),
        inactive,
        "board",
    )
    .await;
    let covered = json!({"reason": "COVERED_BY_ALTERNATIVE", "alternativeOfferingId": offering["id"],
        "explanation": "The other board shows the same beds."});
    let answer = try_step(&server, "decline", &demand, covered).await;
    answer.expect_user_error(&["alternativeOfferingId"], "INVALID");
}

on_both_databases!(what_is_named_is_looked_at_as_it_is_and_not_as_a_snapshot_has_it);
