use kundig::auth::Scope;
use kundig_tests::{Database, Settings, on_both_databases, tokens};
use serde_json::json;

use super::{raise, submitter, take, try_raise, try_step};
use crate::objects::{CUSTOMER, OUTCOME, PERSON, SERVICE};

async fn a_demand_is_what_was_said_of_it(database: Database) {
    let server = Settings::new(&database).start().await;
    let house = CUSTOMER.create_plain(&server, "Hospital").await;
    let ward = json!({"name": "Ward 3", "parentId": house["id"]});
    let ward = CUSTOMER.create(&server, ward).await;
    let outcome = json!({"name": "Discharge", "customerId": house["id"], "valuePerHour": "1"});
    let outcome = OUTCOME.create(&server, outcome).await;
    let said = json!({"title": " Beds in view ", "description": "Which are free?", "kind": "DRIVER", "customerId": ward["id"],
        "outcomeId": outcome["id"], "quantity": 24, "valuePerMonth": "4200.5", "effort": "2.5"});
    let demand = raise(&server, said).await;
    assert_eq!(demand["number"], "DEM-1");
    assert_eq!(demand["title"], "Beds in view");
    assert_eq!(demand["status"], "OPEN");
    assert_eq!(demand["kind"], "DRIVER");
    assert_eq!(demand["customer"]["slug"], "ward-3");
    assert_eq!(
        demand["outcome"]["slug"], "discharge",
        "of the customer above"
    );
    assert_eq!(
        demand["valuePerMonth"],
        json!({"amount": "4200.50", "currency": "EUR"})
    );
    assert_eq!(demand["effort"], "2.5");
    let score = demand["score"].as_f64().expect("a score");
    assert!((score - 4200.5 / 21.0 / 2.5).abs() < 1e-9, "{score}");
    assert_eq!(demand["version"], 1);
    assert_eq!(demand["endedAt"], json!(null));

    let changed = json!({"effort": null, "description": null, "quantity": 30, "kind": "WISH"});
    let after = take(&server, "update", &demand, changed).await;
    assert_eq!(after["score"], json!(null));
    assert_eq!(after["description"], json!(null));
    assert_eq!(after["quantity"], 30);
    assert_eq!(after["title"], "Beds in view", "what is absent stays");
    assert_eq!(after["version"], 2);
    let again = take(&server, "update", &after, json!({"quantity": 30})).await;
    assert_eq!(again["version"], 2, "nothing changed");

    let answer = server
        .query("query ($id: ID!) { demand(number: \"dem-1\") { id } node(id: $id) { id ... on Demand { number } } nothing: demand(number: \"DEM-9\") { id } }")
        .variables(json!({"id": demand["id"]}))
        .send()
        .await;
    let data = answer.expect_data();
    assert_eq!(data["demand"]["id"], demand["id"]);
    assert_eq!(data["node"]["number"], "DEM-1");
    assert_eq!(data["nothing"], json!(null));
    let answer = server
        .query("{ demand(number: \"REQ-1\") { id } }")
        .send()
        .await;
    answer.expect_error_code("BAD_USER_INPUT");
}

async fn what_cannot_be_is_refused_with_its_place(database: Database) {
    let server = Settings::new(&database).start().await;
    let ward = CUSTOMER.create_plain(&server, "Ward 3").await;
    let foreign = OUTCOME.create_plain(&server, "Rooms sold").await;
    let retired = json!({"name": "Fax", "lifecycle": "RETIRED"});
    let retired = SERVICE.create(&server, retired).await;
    let demand = raise(&server, json!({"customerId": ward["id"]})).await;
    for (field, value, code) in [
        ("title", json!("  "), "INVALID"),
        ("title", json!("two\nlines"), "INVALID"),
        ("title", json!("x".repeat(251)), "INVALID"),
        ("description", json!("x".repeat(20_001)), "INVALID"),
        ("quantity", json!(0), "INVALID"),
        ("valuePerMonth", json!("-0.01"), "INVALID"),
        ("valuePerMonth", json!("0.00001"), "INVALID"),
        ("effort", json!("0"), "INVALID"),
        ("effort", json!("1000000.5"), "INVALID"),
        ("outcomeId", foreign["id"].clone(), "INVALID"),
        ("outcomeId", ward["id"].clone(), "NOT_FOUND"),
        ("serviceId", retired["id"].clone(), "INVALID"),
        ("serviceId", json!("nonsense"), "NOT_FOUND"),
    ] {
        let mut input = json!({"customerId": ward["id"]});
        input[field] = value.clone();
        let answer = try_raise(&server, input).await;
        answer.expect_user_error(&[field], code);
        let mut change = json!({});
        change[field] = value;
        let answer = try_step(&server, "update", &demand, change).await;
        answer.expect_user_error(&[field], code);
    }
    for field in ["title", "kind", "quantity", "valuePerMonth"] {
        let mut change = json!({});
        change[field] = json!(null);
        let answer = try_step(&server, "update", &demand, change).await;
        answer.expect_user_error(&[field], "INVALID");
    }
    let answer = try_raise(&server, json!({"customerId": foreign["id"]})).await;
    answer.expect_user_error(&["customerId"], "NOT_FOUND");
}

async fn who_only_submits_raises_for_their_own_customer(database: Database) {
    let server = Settings::new(&database).start().await;
    let ward = CUSTOMER.create_plain(&server, "Ward 3").await;
    let lab = CUSTOMER.create_plain(&server, "Laboratory").await;
    let ada = json!({"name": "Ada", "subject": "ada", "customerId": ward["id"]});
    PERSON.create(&server, ada).await;
    let raise_for = async |customer: &serde_json::Value, token: &str| {
        let input =
            json!({"title": "T", "kind": "WISH", "valuePerMonth": 1, "customerId": customer["id"]});
        let (document, variables) = super::mutation("raiseDemand", "RaiseDemandInput", &input);
        let query = server.query(document).variables(variables);
        query.token(token).send().await
    };
    let own = raise_for(&ward, &submitter("ada")).await;
    assert_eq!(own.expect_payload()["demand"]["raisedBy"]["slug"], "ada");
    let other = raise_for(&lab, &submitter("ada")).await;
    other.expect_user_error(&["customerId"], "NOT_FOUND");
    let scopes = [Scope::RequestsSubmit, Scope::CatalogRead];
    let reader = tokens::local("ada", &scopes);
    raise_for(&lab, &reader)
        .await
        .expect_error_code("FORBIDDEN");
}

async fn what_demands_refer_to_is_not_deleted(database: Database) {
    let server = Settings::new(&database).start().await;
    let ward = CUSTOMER.create_plain(&server, "Ward 3").await;
    let service = SERVICE.create_plain(&server, "Bed board").await;
    let ada = PERSON.create_plain(&server, "Ada").await;
    let demand = raise(&server, json!({"customerId": ward["id"]})).await;
    take(&server, "support", &demand, json!({"personId": ada["id"]})).await;
    take(
        &server,
        "meet",
        &demand,
        json!({"serviceId": service["id"]}),
    )
    .await;
    for (ty, object) in [(&CUSTOMER, &ward), (&SERVICE, &service), (&PERSON, &ada)] {
        let answer = ty.try_delete(&server, json!({"id": object["id"]})).await;
        answer.expect_user_error(&["id"], "IN_USE");
    }
}

async fn who_may_only_submit_learns_whom_they_raise_demands_for(database: Database) {
    let server = Settings::new(&database).start().await;
    let ward = CUSTOMER.create_plain(&server, "Ward 3").await;
    let lab = CUSTOMER.create_plain(&server, "Laboratory").await;
    let person = json!({"name": "Ada", "subject": "ada", "customerId": ward["id"]});
    PERSON.create(&server, person).await;
    let own = server
        .query("query ($lab: ID!) { viewer { person { name customer { id name } } } node(id: $lab) { id } }")
        .variables(json!({ "lab": lab["id"] }))
        .token(submitter("ada"));
    let own = own.send().await;
    let data = own.expect_data();
    let expected = json!({"name": "Ada", "customer": {"id": ward["id"], "name": "Ward 3"}});
    assert_eq!(data["viewer"]["person"], expected);
    assert_eq!(data["node"], json!(null), "and nothing else");
    let id = &data["viewer"]["person"]["customer"]["id"];
    let input =
        json!({"title": "Beds in view", "kind": "NEED", "valuePerMonth": 1, "customerId": id});
    let (document, variables) = super::mutation("raiseDemand", "RaiseDemandInput", &input);
    let raised = server.query(document).variables(variables);
    raised.token(submitter("ada")).send().await.expect_payload();

    for (scopes, is_told) in [
        (&[Scope::RequestsWork][..], true),
        (&[Scope::InsightRead], false),
        (&[], false),
    ] {
        let viewer = server.query("{ viewer { person { name } } }");
        let viewer = viewer.token(tokens::local("ada", scopes)).send().await;
        let person = &viewer.expect_data()["viewer"]["person"];
        assert_eq!(person.is_object(), is_told, "{scopes:?}");
    }
}

async fn a_title_that_nobody_can_see_is_none(database: Database) {
    let server = Settings::new(&database).start().await;
    for title in ["", " ", "\u{200b}\u{2060}", "\u{ad}"] {
        let refused = try_raise(&server, json!({ "title": title })).await;
        refused.expect_user_error(&["title"], "INVALID");
    }
}

on_both_databases!(
    who_may_only_submit_learns_whom_they_raise_demands_for,
    a_title_that_nobody_can_see_is_none,
    a_demand_is_what_was_said_of_it,
    what_cannot_be_is_refused_with_its_place,
    who_only_submits_raises_for_their_own_customer,
    what_demands_refer_to_is_not_deleted,
);
