//! What can be requested of services, and what the business is able to do with them.

use kundig_tests::{Database, Server, Settings, on_both_databases};
use serde_json::{Value, json};

use crate::objects::{CAPABILITY, OFFERING, SERVICE, assert_refused, list, text};

async fn an_offering_says_what_can_be_requested(database: Database) {
    let settings = Settings::new(&database);
    let server = settings.start().await;
    let beds = SERVICE.create(&server, json!({"name": "Beds"})).await;
    let plain = OFFERING
        .create(
            &server,
            json!({"name": "Zugang für Ärzte", "serviceId": beds["id"]}),
        )
        .await;
    for (field, value) in [
        ("slug", json!("zugang-fuer-aerzte")),
        ("description", json!(null)),
        ("service", json!({"slug": "beds"})),
        ("inputSchema", json!({})),
        ("requiresApproval", json!(false)),
        ("automated", json!(false)),
        ("price", json!(null)),
        ("active", json!(true)),
    ] {
        assert_eq!(plain[field], value, "{field}");
    }

    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": {"seats": {"type": "integer", "minimum": 1}, "ward": {"$ref": "#/$defs/ward"}, "größe": true},
        "required": ["seats"],
        "$defs": {"ward": {"enum": ["süd", "nord", null, 1.5]}},
        "unevaluatedProperties": false,
    });
    let full = OFFERING
        .create(
            &server,
            json!({"name": "Seats", "serviceId": beds["id"], "description": "More seats", "inputSchema": schema,
                "requiresApproval": true, "automated": true, "price": "12.5001", "active": false}),
        )
        .await;
    assert_eq!(full["inputSchema"], schema);
    assert_eq!(
        full["price"],
        json!({"amount": "12.5001", "currency": "EUR"})
    );
    assert_eq!(
        (
            &full["requiresApproval"],
            &full["automated"],
            &full["active"]
        ),
        (&json!(true), &json!(true), &json!(false))
    );
    assert_eq!(
        SERVICE.by_slug(&server, "beds").await["offerings"]["nodes"],
        json!([{"slug": "seats"}, {"slug": "zugang-fuer-aerzte"}])
    );

    drop(server);
    let server = settings.start().await;
    assert_eq!(
        OFFERING.by_slug(&server, "seats").await,
        full,
        "read back from the database"
    );
    let input = json!({"id": full["id"], "inputSchema": null, "price": null, "description": null});
    let cleared = OFFERING.update(&server, input).await;
    assert_eq!(
        (&cleared["inputSchema"], &cleared["price"]),
        (&json!({}), &Value::Null)
    );
    assert_eq!(cleared["automated"], true, "stays");
}

async fn an_offering_keeps_what_it_can_not_be_without(database: Database) {
    let server = Server::start(&database).await;
    let beds = SERVICE.create(&server, json!({"name": "Beds"})).await;
    let index = SERVICE.create(&server, json!({"name": "Index"})).await;
    let offering = OFFERING
        .create(&server, json!({"name": "Access", "serviceId": beds["id"]}))
        .await;
    let input = json!({"id": offering["id"], "serviceId": null, "requiresApproval": null, "automated": null, "active": null});
    let reasons =
        ["serviceId", "requiresApproval", "automated", "active"].map(|field| (field, "INVALID"));
    assert_refused(&OFFERING.try_update(&server, input).await, &reasons);

    let input = json!({"id": offering["id"], "serviceId": index["id"]});
    assert_eq!(
        OFFERING.update(&server, input).await["service"]["slug"],
        "index",
        "it can move"
    );
    assert_eq!(
        SERVICE.by_slug(&server, "beds").await["offerings"]["nodes"],
        json!([])
    );
    let input = json!({"name": "Orphan", "serviceId": offering["id"], "price": "-0.01"});
    let answer = OFFERING.try_create(&server, input).await;
    assert_refused(&answer, &[("serviceId", "NOT_FOUND"), ("price", "INVALID")]);
}

async fn a_schema_that_is_none_is_refused_with_the_place(database: Database) {
    let server = Server::start(&database).await;
    let beds = SERVICE.create(&server, json!({"name": "Beds"})).await;
    let offer = async |schema: Value| {
        let input = json!({"name": "Access", "serviceId": beds["id"], "inputSchema": schema});
        OFFERING.try_create(&server, input).await
    };
    for (wrong, place) in [
        (json!({"type": "objekt"}), "/type"),
        (
            json!({"properties": {"seats": {"minimum": "one"}}}),
            "/properties/seats/minimum",
        ),
        (json!({"required": "seats"}), "/required"),
        (json!({"$defs": {"a": 1}}), "/$defs/a"),
    ] {
        let answer = offer(wrong).await;
        let message = assert_refused(&answer, &[("inputSchema", "INVALID")]);
        assert!(message.contains(place), "{place} in: {message}");
    }
    for wrong in [
        json!([]),
        json!("object"),
        json!(7),
        json!({"$ref": "https://example.org/schema.json"}),
        json!({"properties": {"a": {"$ref": "other.json#/a"}}}),
        json!({"$ref": "#/$defs/nowhere"}),
        json!({"description": "nul\u{0}"}),
        json!({"description": "x".repeat(1 << 20)}),
        json!({"type": "object", "pattern": "("}),
        json!({"additionalProperties": {"anyOf": [{"$ref": "#"}, {"$ref": "#"}]}}),
    ] {
        assert_refused(&offer(wrong).await, &[("inputSchema", "INVALID")]);
    }

    let answer = offer(json!({"type": "objekt", "required": "seats", "minimum": "one"})).await;
    let errors = list(&answer.expect_data()["createServiceOffering"]["userErrors"]);
    assert_eq!(errors.len(), 3, "all at once\n{answer}");
    assert!(
        errors
            .iter()
            .all(|error| text(&error["message"]).contains("2020-12")),
        "{answer}"
    );
    offer(json!(true)).await.expect_payload();
}

async fn offerings_are_found_by_service_state_and_name(database: Database) {
    let server = Server::start(&database).await;
    let beds = SERVICE.create(&server, json!({"name": "Beds"})).await;
    let index = SERVICE.create(&server, json!({"name": "Index"})).await;
    for (name, service, active) in [
        ("Zugang für Ärzte", &beds, true),
        ("Access for nurses", &beds, false),
        ("Access for all", &index, true),
    ] {
        OFFERING
            .create(
                &server,
                json!({"name": name, "serviceId": service["id"], "active": active}),
            )
            .await;
    }
    for (filter, slugs) in [
        (
            json!(null),
            vec!["access-for-all", "access-for-nurses", "zugang-fuer-aerzte"],
        ),
        (
            json!({"serviceId": beds["id"]}),
            vec!["access-for-nurses", "zugang-fuer-aerzte"],
        ),
        (
            json!({"serviceId": beds["id"], "active": true}),
            vec!["zugang-fuer-aerzte"],
        ),
        (json!({"active": false}), vec!["access-for-nurses"]),
        (
            json!({"nameContains": "ACCESS"}),
            vec!["access-for-all", "access-for-nurses"],
        ),
        (json!({"nameContains": "ÄRZ"}), vec!["zugang-fuer-aerzte"]),
        (json!({"nameContains": "aerz"}), vec!["zugang-fuer-aerzte"]),
        (json!({"nameContains": "%"}), vec![]),
    ] {
        let answer = server
            .query("query ($filter: ServiceOfferingFilter) { serviceOfferings(filter: $filter) { nodes { slug } totalCount } }")
            .variables(json!({"filter": filter}))
            .send()
            .await;
        let found = &answer.expect_data()["serviceOfferings"];
        let nodes: Vec<String> = list(&found["nodes"])
            .iter()
            .map(|node| text(&node["slug"]))
            .collect();
        assert_eq!(nodes, slugs, "{filter}");
        assert_eq!(found["totalCount"], slugs.len(), "{filter}");
    }
}

async fn capabilities_form_a_tree(database: Database) {
    let server = Server::start(&database).await;
    let care = CAPABILITY
        .create(&server, json!({"name": "Care", "description": "Caring"}))
        .await;
    for name in ["Wards", "Ärztlicher Dienst", "Admission"] {
        CAPABILITY
            .create(&server, json!({"name": name, "parentId": care["id"]}))
            .await;
    }
    let found = CAPABILITY.by_slug(&server, "care").await;
    assert_eq!(found["parent"], Value::Null);
    assert_eq!(
        found["children"],
        json!([{"slug": "admission"}, {"slug": "aerztlicher-dienst"}, {"slug": "wards"}]),
        "by name, accents aside"
    );
    let beds = SERVICE
        .create(&server, json!({"name": "Beds", "capabilityId": care["id"]}))
        .await;
    let answer = CAPABILITY
        .try_delete(&server, json!({"id": care["id"]}))
        .await;
    let message = assert_refused(&answer, &[("id", "IN_USE")]);
    for user in [
        "business capability `wards`",
        "business capability `admission`",
        "service `beds`",
    ] {
        assert!(message.contains(user), "{user} in: {message}");
    }

    SERVICE
        .update(&server, json!({"id": beds["id"], "capabilityId": null}))
        .await;
    for slug in ["wards", "aerztlicher-dienst", "admission"] {
        let child = CAPABILITY.by_slug(&server, slug).await;
        assert_eq!(child["parent"]["slug"], "care");
        CAPABILITY.delete(&server, &child).await;
    }
    CAPABILITY.delete(&server, &care).await;
}

on_both_databases!(
    an_offering_says_what_can_be_requested,
    an_offering_keeps_what_it_can_not_be_without,
    a_schema_that_is_none_is_refused_with_the_place,
    offerings_are_found_by_service_state_and_name,
    capabilities_form_a_tree,
);
