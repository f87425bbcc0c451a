//! Customers and what drives them.

use kundig_tests::{Database, Server, Settings, on_both_databases};
use serde_json::{Value, json};

use crate::objects::{CAPABILITY, CUSTOMER, OUTCOME, PERSON, SERVICE, assert_refused};
use crate::support::mutate;

async fn a_customer_tells_what_drives_it(database: Database) {
    let server = Server::start(&database).await;
    let ada = PERSON.create(&server, json!({"name": "Ada"})).await;
    let clinic = CUSTOMER.create(&server, json!({"name": "Clinic"})).await;
    let ward = CUSTOMER
        .create(
            &server,
            json!({"name": "Chirurgie Süd", "industry": "health care", "description": "Beds.\n\nAnd more beds.",
                "parentId": clinic["id"], "representativeId": ada["id"]}),
        )
        .await;
    assert_eq!(ward["slug"], "chirurgie-sued");
    assert_eq!(ward["description"], "Beds.\n\nAnd more beds.");
    assert_eq!(ward["parent"]["slug"], "clinic");
    assert_eq!(ward["representative"]["slug"], "ada");

    for name in ["Patients leave", "Ärzte find beds"] {
        let input = json!({"name": name, "customerId": ward["id"], "valuePerHour": "10"});
        OUTCOME.create(&server, input).await;
    }
    let outcomes = CUSTOMER.by_slug(&server, "chirurgie-sued").await["outcomes"].clone();
    assert_eq!(
        outcomes,
        json!([{"slug": "aerzte-find-beds"}, {"slug": "patients-leave"}]),
        "by name"
    );

    let input = json!({"id": ward["id"], "industry": null, "description": "", "parentId": null, "representativeId": null});
    let bare = CUSTOMER.update(&server, input).await;
    for field in ["industry", "description", "parent", "representative"] {
        assert_eq!(bare[field], Value::Null, "{field}");
    }
}

async fn a_customer_in_use_is_not_deleted(database: Database) {
    let server = Server::start(&database).await;
    let clinic = CUSTOMER.create(&server, json!({"name": "Clinic"})).await;
    let ward = CUSTOMER
        .create(&server, json!({"name": "Ward", "parentId": clinic["id"]}))
        .await;
    let ada = PERSON
        .create(&server, json!({"name": "Ada", "customerId": clinic["id"]}))
        .await;
    let input = json!({"name": "Discharge", "customerId": clinic["id"], "valuePerHour": 1});
    let outcome = OUTCOME.create(&server, input).await;

    let answer = CUSTOMER
        .try_delete(&server, json!({"id": clinic["id"]}))
        .await;
    let message = assert_refused(&answer, &[("id", "IN_USE")]);
    for user in [
        "customer `ward`",
        "person `ada`",
        "business outcome `discharge`",
    ] {
        assert!(message.contains(user), "{user} in: {message}");
    }
    CUSTOMER
        .update(&server, json!({"id": ward["id"], "parentId": null}))
        .await;
    PERSON
        .update(&server, json!({"id": ada["id"], "customerId": null}))
        .await;
    OUTCOME
        .update(
            &server,
            json!({"id": outcome["id"], "customerId": ward["id"]}),
        )
        .await;
    CUSTOMER.delete(&server, &clinic).await;
    assert_eq!(
        CUSTOMER.by_slug(&server, "ward").await["outcomes"],
        json!([{"slug": "discharge"}])
    );
}

/// A customer and the person who speaks for it refer to each other.
async fn a_customer_and_its_representative_can_be_untied(database: Database) {
    let server = Server::start(&database).await;
    let ward = CUSTOMER.create(&server, json!({"name": "Ward"})).await;
    let ada = PERSON
        .create(&server, json!({"name": "Ada", "customerId": ward["id"]}))
        .await;
    CUSTOMER
        .update(
            &server,
            json!({"id": ward["id"], "representativeId": ada["id"]}),
        )
        .await;

    let in_use = [("id", "IN_USE")];
    assert_refused(
        &CUSTOMER
            .try_delete(&server, json!({"id": ward["id"]}))
            .await,
        &in_use,
    );
    assert_refused(
        &PERSON.try_delete(&server, json!({"id": ada["id"]})).await,
        &in_use,
    );
    PERSON
        .update(&server, json!({"id": ada["id"], "customerId": null}))
        .await;
    CUSTOMER.delete(&server, &ward).await;
    PERSON.delete(&server, &ada).await;
}

async fn no_customer_and_no_capability_stands_below_itself(database: Database) {
    let server = Server::start(&database).await;
    for ty in [&CUSTOMER, &CAPABILITY] {
        let top = ty.create(&server, json!({"name": "Top"})).await;
        let child = ty
            .create(&server, json!({"name": "Child", "parentId": top["id"]}))
            .await;
        for below in [&top, &child] {
            let input = json!({"id": top["id"], "parentId": below["id"]});
            let answer = ty.try_update(&server, input).await;
            assert_refused(&answer, &[("parentId", "CYCLE")]);
        }
    }
}

async fn money_is_exact(database: Database) {
    let settings = Settings::new(&database);
    let server = settings.start().await;
    let ward = CUSTOMER.create(&server, json!({"name": "Ward"})).await;
    let input = |value: Value| json!({"name": "Discharge", "customerId": ward["id"], "valuePerHour": value});

    let mut created = Vec::new();
    for (given, shown) in [
        (json!("12400.0001"), "12400.0001"),
        (json!("0.1"), "0.10"),
        (json!("0.3000"), "0.30"),
        (json!("0"), "0.00"),
        (json!("-0"), "0.00"),
        (json!(12_400), "12400.00"),
        (json!("1250.5000000000000"), "1250.50"),
        (json!("922337203685477.5807"), "922337203685477.5807"),
    ] {
        let outcome = OUTCOME.create(&server, input(given.clone())).await;
        assert_eq!(
            outcome["valuePerHour"],
            json!({"amount": shown, "currency": "EUR"}),
            "{given}"
        );
        created.push(outcome);
    }

    // And still after it was read back from the database.
    drop(server);
    let server = settings.start().await;
    for outcome in created {
        let slug = outcome["slug"].as_str().unwrap_or_default();
        assert_eq!(OUTCOME.by_slug(&server, slug).await, outcome);
    }
}

async fn amounts_that_can_not_be_kept_exactly_are_refused(database: Database) {
    let server = Server::start(&database).await;
    let ward = CUSTOMER.create(&server, json!({"name": "Ward"})).await;
    let input = |value: Value| json!({"name": "Discharge", "customerId": ward["id"], "valuePerHour": value});
    for wrong in [
        "0.00001",
        "12400.00001",
        "-0.01",
        "-1",
        "922337203685477.5808",
        "79228162514264337593543950335",
    ] {
        let answer = OUTCOME.try_create(&server, input(json!(wrong))).await;
        assert_refused(&answer, &[("valuePerHour", "INVALID")]);
    }
    for no_decimal in [
        json!(0.1),
        json!("12,50"),
        json!("1e3"),
        json!("NaN"),
        json!("Infinity"),
        json!(""),
        json!(" 1"),
        json!("0x10"),
        json!(true),
        // More digits than fit would have to be rounded.
        json!("0.00000000000000000000000000001"),
        json!("12400.00009999999999999999999999999999"),
    ] {
        let answer = OUTCOME.try_create(&server, input(no_decimal)).await;
        answer.expect_error_code("BAD_USER_INPUT");
    }
    let answer = OUTCOME
        .try_create(&server, input(json!("12400.00001")))
        .await;
    let message = assert_refused(&answer, &[("valuePerHour", "INVALID")]);
    assert!(
        message.contains('4'),
        "says how many places there are: {message}"
    );
}

async fn an_outcome_is_measured(database: Database) {
    let settings = Settings::new(&database);
    let server = settings.start().await;
    let ward = CUSTOMER.create(&server, json!({"name": "Ward"})).await;
    let ada = PERSON.create(&server, json!({"name": "Ada"})).await;
    let metric = json!({"name": "Discharged before noon", "unit": "%", "baseline": "41.50", "target": "80", "current": "-0.000000001"});
    let outcome = OUTCOME
        .create(
            &server,
            json!({"name": "Discharge", "description": "Home for lunch", "customerId": ward["id"], "ownerId": ada["id"],
                "valuePerHour": "12400", "metric": metric}),
        )
        .await;
    assert_eq!(outcome["metric"], metric);
    assert_eq!(outcome["owner"]["slug"], "ada");
    assert_eq!(outcome["customer"]["slug"], "ward");

    drop(server);
    let server = settings.start().await;
    assert_eq!(OUTCOME.by_slug(&server, "discharge").await, outcome);

    let with = |metric: Value| json!({"id": outcome["id"], "metric": metric});
    let least = json!({"name": "Waiting", "unit": "min", "target": "5"});
    let changed = OUTCOME.update(&server, with(least)).await;
    let whole =
        json!({"name": "Waiting", "unit": "min", "baseline": null, "target": "5", "current": null});
    assert_eq!(changed["metric"], whole, "the whole metric is replaced");
    for (wrong, path) in [
        (
            json!({"name": " ", "unit": "min", "target": "5"}),
            "metric.name",
        ),
        (
            json!({"name": "Waiting", "unit": "", "target": "5"}),
            "metric.unit",
        ),
        (
            json!({"name": "Wait\u{0}ing", "unit": "min", "target": "5"}),
            "metric.name",
        ),
        (
            json!({"name": "Waiting", "unit": "m".repeat(300), "target": "5"}),
            "metric.unit",
        ),
    ] {
        let answer = OUTCOME.try_update(&server, with(wrong)).await;
        assert_refused(&answer, &[(path, "INVALID")]);
    }
    assert_eq!(
        OUTCOME.update(&server, with(json!(null))).await["metric"],
        Value::Null
    );
}

async fn an_outcome_keeps_what_it_can_not_be_without(database: Database) {
    let server = Server::start(&database).await;
    let ward = CUSTOMER.create(&server, json!({"name": "Ward"})).await;
    let input = json!({"name": "Discharge", "customerId": ward["id"], "valuePerHour": "1"});
    let outcome = OUTCOME.create(&server, input).await;
    let answer = OUTCOME
        .try_update(
            &server,
            json!({"id": outcome["id"], "customerId": null, "valuePerHour": null, "name": null}),
        )
        .await;
    let reasons = [
        ("customerId", "INVALID"),
        ("name", "INVALID"),
        ("valuePerHour", "INVALID"),
    ];
    assert_refused(&answer, &reasons);

    let input = json!({"name": "Nobody's", "customerId": outcome["id"], "ownerId": ward["id"], "valuePerHour": "-1"});
    let answer = OUTCOME.try_create(&server, input).await;
    let reasons = [
        ("customerId", "NOT_FOUND"),
        ("ownerId", "NOT_FOUND"),
        ("valuePerHour", "INVALID"),
    ];
    assert_refused(&answer, &reasons);
}

async fn an_outcome_that_services_contribute_to_is_not_deleted(database: Database) {
    let server = Server::start(&database).await;
    let ward = CUSTOMER.create(&server, json!({"name": "Ward"})).await;
    let input = json!({"name": "Discharge", "customerId": ward["id"], "valuePerHour": "1"});
    let outcome = OUTCOME.create(&server, input).await;
    let beds = SERVICE.create(&server, json!({"name": "Beds"})).await;
    let ends = json!({"serviceId": beds["id"], "outcomeId": outcome["id"]});
    let mut contribution = ends.clone();
    contribution["share"] = json!(0.8);
    mutate(
        &server,
        "setContribution",
        "contribution { share }",
        contribution,
    )
    .await
    .expect_payload();

    let answer = OUTCOME
        .try_delete(&server, json!({"id": outcome["id"]}))
        .await;
    let message = assert_refused(&answer, &[("id", "IN_USE")]);
    assert!(message.contains("service `beds`"), "{message}");
    mutate(&server, "removeContribution", "service { id }", ends)
        .await
        .expect_payload();
    OUTCOME.delete(&server, &outcome).await;
    CUSTOMER.delete(&server, &ward).await;
}

on_both_databases!(
    a_customer_tells_what_drives_it,
    a_customer_in_use_is_not_deleted,
    a_customer_and_its_representative_can_be_untied,
    no_customer_and_no_capability_stands_below_itself,
    money_is_exact,
    amounts_that_can_not_be_kept_exactly_are_refused,
    an_outcome_is_measured,
    an_outcome_keeps_what_it_can_not_be_without,
    an_outcome_that_services_contribute_to_is_not_deleted,
);
