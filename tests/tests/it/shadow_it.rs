//! The register of shadow IT: what customers got elsewhere, who may know of it, and how it comes into the catalog.

mod adoption;
mod importing;
mod visibility;

use jiff::Timestamp;
use jiff::tz::Offset;
use kundig_tests::{Database, Server, on_both_databases};
use serde_json::{Value, json};

use crate::objects::{CUSTOMER, SERVICE, SIGHTING, assert_refused, list, text};
use crate::support::mutate;

/// Enters a sighting of a customer.
pub(crate) async fn seen(server: &Server, customer: &Value, product: &str, more: Value) -> Value {
    let mut input = json!({"name": product, "customerId": customer["id"], "users": 12, "monthlyCost": "40",
        "dataClass": "INTERNAL", "firstSeen": "2026-02-01"});
    for (field, value) in more.as_object().expect("an object") {
        input[field] = value.clone();
    }
    SIGHTING.create(server, input).await
}

/// Raises a demand of a customer.
pub(crate) async fn raised(server: &Server, customer: &Value, title: &str) -> Value {
    let input = json!({"title": title, "kind": "NEED", "customerId": customer["id"], "valuePerMonth": "2100", "effort": "10"});
    let selection = "demand { id number status version service { id } }";
    let answer = mutate(server, "raiseDemand", selection, input).await;
    answer.expect_payload()["demand"].clone()
}

async fn the_most_dangerous_come_first_and_every_order_is_paged(database: Database) {
    let server = Server::start(&database).await;
    let ward = CUSTOMER.create_plain(&server, "Ward 3").await;
    let lab = CUSTOMER.create_plain(&server, "Laboratory").await;
    let rows = [
        (&ward, "Dropbox", 180, "89.90", "CONFIDENTIAL", "SEEN", 71),
        (&ward, "Trello", 42, "210", "INTERNAL", "TOLERATED", 40),
        (&lab, "Genome cloud", 9, "1200", "RESTRICTED", "SEEN", 70),
        (&lab, "Doodle", 9, "0", "PUBLIC", "REPLACED", 16),
        (&lab, "Abacus", 9, "5.5", "PUBLIC", "SEEN", 16),
    ];
    for (customer, product, users, cost, class, status, risk) in rows {
        let more = json!({"users": users, "monthlyCost": cost, "dataClass": class});
        let sighting = seen(&server, customer, product, more).await;
        assert_eq!(sighting["status"], "SEEN");
        assert_eq!(sighting["risk"], risk, "{product}");
        let status = json!({"id": sighting["id"], "status": status});
        SIGHTING.update(&server, status).await;
    }
    let of = async |arguments: &str| {
        let all = pages(&server, arguments).await;
        all.into_iter()
            .map(|it| text(&it["product"]))
            .collect::<Vec<_>>()
    };
    let by_risk = ["Dropbox", "Genome cloud", "Trello", "Abacus", "Doodle"];
    assert_eq!(of("").await, by_risk);
    let by_cost = ["Genome cloud", "Trello", "Dropbox", "Abacus", "Doodle"];
    assert_eq!(of("orderBy: {field: MONTHLY_COST}").await, by_cost);
    let by_product = ["Abacus", "Doodle", "Dropbox", "Genome cloud", "Trello"];
    let order = "orderBy: {field: PRODUCT, direction: ASC}";
    assert_eq!(of(order).await, by_product);
    let of_lab = format!("filter: {{customerId: {}}}", lab["id"]);
    assert_eq!(of(&of_lab).await, ["Genome cloud", "Abacus", "Doodle"]);
    let left = format!("filter: {{customerId: {}, status: SEEN}}", lab["id"]);
    assert_eq!(of(&left).await, ["Genome cloud", "Abacus"]);
    assert_eq!(of("filter: {status: TOLERATED}").await, ["Trello"]);
    assert_eq!(of("filter: {status: ADOPTED}").await, [""; 0]);

    let answer = server
        .query(
            "{ customers { nodes { name shadowIt(last: 1) { totalCount nodes { product } } } } }",
        )
        .send()
        .await;
    let customers = &answer.expect_data()["customers"]["nodes"];
    let expected = json!([
        {"name": "Laboratory", "shadowIt": {"totalCount": 3, "nodes": [{"product": "Doodle"}]}},
        {"name": "Ward 3", "shadowIt": {"totalCount": 2, "nodes": [{"product": "Trello"}]}},
    ]);
    assert_eq!(*customers, expected);
}

/// All pages of two, forwards; backwards they have to be the same.
async fn pages(server: &Server, arguments: &str) -> Vec<Value> {
    let mut ways = Vec::new();
    for (size, cursor, edge, more) in [
        ("first", "after", "endCursor", "hasNextPage"),
        ("last", "before", "startCursor", "hasPreviousPage"),
    ] {
        let mut met = Vec::new();
        let mut place = Value::Null;
        loop {
            let document = format!(
                "query ($place: String) {{ shadowItSightings({arguments} {size}: 2, {cursor}: $place) {{
                   totalCount nodes {{ product }} pageInfo {{ {more} {edge} }} }} }}"
            );
            let query = server.query(document).variables(json!({ "place": place }));
            let answer = query.send().await;
            let page = &answer.expect_data()["shadowItSightings"];
            let mut nodes = list(&page["nodes"]).to_vec();
            if size == "last" {
                nodes.reverse();
            }
            met.extend(nodes);
            if page["pageInfo"][more] == false {
                assert_eq!(page["totalCount"], met.len(), "{arguments}");
                break;
            }
            place = page["pageInfo"][edge].clone();
        }
        ways.push(met);
    }
    let mut backwards = ways.pop().expect("two ways");
    backwards.reverse();
    let forwards = ways.pop().expect("two ways");
    assert_eq!(forwards, backwards, "{arguments}");
    forwards
}

async fn what_cannot_be_is_refused(database: Database) {
    let server = Server::start(&database).await;
    let ward = CUSTOMER.create_plain(&server, "Ward 3").await;
    let sighting = seen(&server, &ward, "Dropbox", json!({})).await;
    for (field, value, code) in [
        ("users", json!(-1), "INVALID"),
        ("users", json!(null), "INVALID"),
        ("monthlyCost", json!("-0.01"), "INVALID"),
        ("monthlyCost", json!("0.00001"), "INVALID"),
        ("dataClass", json!(null), "INVALID"),
        ("status", json!(null), "INVALID"),
        ("status", json!("ADOPTED"), "INVALID"),
        ("firstSeen", json!(null), "INVALID"),
        ("vendor", json!("two\nlines"), "INVALID"),
        ("customerId", json!(null), "INVALID"),
        ("customerId", json!("cust_none"), "NOT_FOUND"),
        ("serviceId", json!(ward["id"]), "NOT_FOUND"),
        ("demandId", json!("dema_none"), "NOT_FOUND"),
    ] {
        let input = json!({"id": sighting["id"], field: value});
        let answer = SIGHTING.try_update(&server, input).await;
        assert_refused(&answer, &[(field, code)]);
    }
    let nothing =
        json!({"id": sighting["id"], "vendor": null, "demandId": null, "serviceId": null});
    assert_eq!(SIGHTING.update(&server, nothing).await, sighting);
}

async fn a_sighting_covers_a_demand_of_its_customer_or_of_one_above_or_below(database: Database) {
    let server = Server::start(&database).await;
    let clinic = CUSTOMER.create_plain(&server, "Clinic").await;
    let below = json!({"name": "Ward 3", "parentId": clinic["id"]});
    let ward = CUSTOMER.create(&server, below).await;
    let bank = CUSTOMER.create_plain(&server, "Bank").await;
    let of_clinic = raised(&server, &clinic, "Exchange large files").await;
    let of_ward = raised(&server, &ward, "Exchange pictures").await;
    let of_bank = raised(&server, &bank, "Exchange contracts").await;

    let link = json!({ "demandId": of_clinic["id"] });
    let sighting = seen(&server, &ward, "Dropbox", link).await;
    assert_eq!(sighting["demand"]["number"], of_clinic["number"]);
    let update = async |field: &str, value: &Value| {
        let input = json!({"id": sighting["id"], field: value});
        SIGHTING.try_update(&server, input).await
    };
    let own = update("demandId", &of_ward["id"]).await;
    own.expect_payload();
    let others = update("demandId", &of_bank["id"]).await;
    let message = assert_refused(&others, &[("demandId", "INVALID")]);
    assert!(message.contains("customer `bank`"), "{message}");
    let moved = update("customerId", &bank["id"]).await;
    assert_refused(&moved, &[("demandId", "INVALID")]);
    update("customerId", &clinic["id"]).await.expect_payload();
    let both = json!({"id": sighting["id"], "customerId": bank["id"], "demandId": of_bank["id"]});
    let both = SIGHTING.update(&server, both).await;
    assert_eq!(both["demand"]["number"], of_bank["number"]);
}

async fn nothing_was_seen_on_a_day_to_come(database: Database) {
    let server = Server::start(&database).await;
    let ward = CUSTOMER.create_plain(&server, "Ward 3").await;
    let furthest_east = Offset::constant(14).to_datetime(Timestamp::now());
    let tomorrow = furthest_east.date().tomorrow().expect("there is one");
    let input = |day: &str| {
        json!({"product": "Dropbox", "customerId": ward["id"], "users": 3, "monthlyCost": "1",
        "dataClass": "PUBLIC", "firstSeen": day})
    };
    // At midnight the day after may have begun.
    let later = tomorrow.tomorrow().expect("there is one");
    for day in ["9999-12-31", &later.to_string()] {
        let refused = mutate(
            &server,
            "createShadowItSighting",
            "shadowItSighting { id }",
            input(day),
        )
        .await;
        let message = assert_refused(&refused, &[("firstSeen", "INVALID")]);
        assert!(message.contains(day), "{message}");
    }
    let today = furthest_east.date().to_string();
    mutate(
        &server,
        "createShadowItSighting",
        "shadowItSighting { id }",
        input(&today),
    )
    .await
    .expect_payload();
    SERVICE.create_plain(&server, "Accounts").await;
    let beyond =
        "{ services { nodes { satisfaction(until: \"9999-12-31T23:59:59Z\") { responses } } } }";
    let answer = server.query(beyond).send().await;
    let error = answer.expect_error_code("BAD_USER_INPUT");
    assert!(
        text(&error["message"]).contains("9999-12-30T22:00:00.999999999Z"),
        "{error}"
    );
}

on_both_databases!(
    nothing_was_seen_on_a_day_to_come,
    the_most_dangerous_come_first_and_every_order_is_paged,
    what_cannot_be_is_refused,
    a_sighting_covers_a_demand_of_its_customer_or_of_one_above_or_below,
);
