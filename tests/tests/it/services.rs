//! Services: what they are, who answers for them, what they refer to.

use kundig_tests::{Database, Server, Settings, on_both_databases};
use serde_json::{Value, json};

use crate::objects::{
    CAPABILITY, CUSTOMER, OFFERING, OUTCOME, PERSON, SERVICE, TEAM, assert_refused,
};
use crate::support::mutate;

async fn a_service_has_sensible_defaults(database: Database) {
    let server = Server::start(&database).await;
    let service = SERVICE
        .create(&server, json!({"name": "Patient index"}))
        .await;
    for (field, value) in [
        ("slug", json!("patient-index")),
        ("description", json!(null)),
        ("kind", json!("BUSINESS_SERVICE")),
        ("lifecycle", json!("LIVE")),
        ("tier", json!("TIER_3")),
        ("tags", json!([])),
        ("links", json!([])),
        ("annotations", json!({})),
        ("ownershipConfirmedAt", json!(null)),
        ("contributions", json!([])),
        ("dependencies", json!({"nodes": []})),
        ("version", json!(1)),
    ] {
        assert_eq!(service[field], value, "{field}");
    }
}

async fn every_field_of_a_service_is_kept(database: Database) {
    let settings = Settings::new(&database);
    let server = settings.start().await;
    let ada = PERSON.create(&server, json!({"name": "Ada"})).await;
    let bert = PERSON.create(&server, json!({"name": "Bert"})).await;
    let team = TEAM.create(&server, json!({"name": "Nights"})).await;
    let care = CAPABILITY.create(&server, json!({"name": "Care"})).await;
    let service = SERVICE
        .create(
            &server,
            json!({"name": "Bettenmanagement Süd 🛏", "slug": "beds", "description": "Who lies where.\nAnd why. 🏥",
                "kind": "APPLICATION", "lifecycle": "EXPERIMENTAL", "tier": "TIER_1",
                "tags": ["night", " beds ", "beds", "ärzte"],
                "links": [{"url": "https://wiki.example/beds?a=1#top", "title": "Runbook – Süd"}, {"url": "mailto:beds@example.org"}],
                "annotations": {"cost": 12}, "businessOwnerId": ada["id"], "serviceOwnerId": bert["id"],
                "teamId": team["id"], "capabilityId": care["id"]}),
        )
        .await;
    for (field, value) in [
        ("name", json!("Bettenmanagement Süd 🛏")),
        ("slug", json!("beds")),
        ("description", json!("Who lies where.\nAnd why. 🏥")),
        ("kind", json!("APPLICATION")),
        ("lifecycle", json!("EXPERIMENTAL")),
        ("tier", json!("TIER_1")),
        ("tags", json!(["beds", "night", "ärzte"])),
        (
            "links",
            json!([{"url": "https://wiki.example/beds?a=1#top", "title": "Runbook – Süd"}, {"url": "mailto:beds@example.org", "title": null}]),
        ),
        ("annotations", json!({"cost": 12})),
        ("businessOwner", json!({"slug": "ada"})),
        ("serviceOwner", json!({"slug": "bert"})),
        ("team", json!({"slug": "nights"})),
        ("capability", json!({"slug": "care"})),
    ] {
        assert_eq!(service[field], value, "{field}");
    }
    assert_eq!(
        TEAM.by_slug(&server, "nights").await["services"]["nodes"],
        json!([{"slug": "beds"}])
    );
    assert_eq!(
        PERSON.by_slug(&server, "ada").await["ownedServices"]["nodes"],
        json!([{"slug": "beds"}])
    );
    assert_eq!(
        PERSON.by_slug(&server, "bert").await["ownedServices"]["nodes"],
        json!([])
    );
    assert_eq!(
        CAPABILITY.by_slug(&server, "care").await["services"]["nodes"],
        json!([{"slug": "beds"}])
    );

    drop(server);
    let server = settings.start().await;
    assert_eq!(
        SERVICE.by_slug(&server, "beds").await,
        service,
        "read back from the database"
    );
}

async fn absent_fields_stay_and_null_clears(database: Database) {
    let server = Server::start(&database).await;
    let ada = PERSON.create(&server, json!({"name": "Ada"})).await;
    let team = TEAM.create(&server, json!({"name": "Nights"})).await;
    let care = CAPABILITY.create(&server, json!({"name": "Care"})).await;
    let full = SERVICE
        .create(
            &server,
            json!({"name": "Beds", "description": "Beds", "kind": "API", "lifecycle": "DEPRECATED", "tier": "TIER_2",
                "tags": ["a"], "links": [{"url": "https://example.org"}], "annotations": {"a": 1},
                "businessOwnerId": ada["id"], "serviceOwnerId": ada["id"], "teamId": team["id"], "capabilityId": care["id"]}),
        )
        .await;
    let renamed = SERVICE
        .update(&server, json!({"id": full["id"], "name": "More beds"}))
        .await;
    let changed: Vec<&String> = full
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(field, value)| renamed[field.as_str()] != **value)
        .map(|(field, _)| field)
        .collect();
    assert_eq!(changed, ["name", "updatedAt", "version"]);

    let cleared = SERVICE
        .update(
            &server,
            json!({"id": full["id"], "description": null, "tags": null, "links": null, "annotations": null,
                "businessOwnerId": null, "serviceOwnerId": null, "teamId": null, "capabilityId": null}),
        )
        .await;
    for (field, empty) in [
        ("description", json!(null)),
        ("tags", json!([])),
        ("links", json!([])),
        ("annotations", json!({})),
        ("businessOwner", json!(null)),
        ("serviceOwner", json!(null)),
        ("team", json!(null)),
        ("capability", json!(null)),
        ("kind", json!("API")),
        ("tier", json!("TIER_2")),
    ] {
        assert_eq!(cleared[field], empty, "{field}");
    }

    let input = json!({"id": full["id"], "kind": null, "lifecycle": null, "tier": null, "name": null, "slug": null});
    let reasons = ["kind", "lifecycle", "name", "slug", "tier"].map(|field| (field, "INVALID"));
    assert_refused(&SERVICE.try_update(&server, input).await, &reasons);
}

async fn links_lead_to_pages_and_mailboxes_only(database: Database) {
    let server = Server::start(&database).await;
    for wrong in [
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        " javascript:alert(1)",
        "java\nscript:alert(1)",
        "data:text/html,<script>",
        "file:///etc/passwd",
        "vbscript:x",
        "//example.org",
        "example.org",
        "https://",
        "",
        "https://example.org/\u{0}",
        "https://example.org/\u{1b}[0m",
        "https://example.org/two\nlines",
    ] {
        let links = json!([{"url": "https://example.org/fine"}, {"url": wrong}]);
        let answer = SERVICE
            .try_create(&server, json!({"name": "Linked", "links": links}))
            .await;
        assert_refused(&answer, &[("links.1.url", "INVALID")]);
    }
    let long = json!([{"url": format!("https://example.org/{}", "a".repeat(3_000))}]);
    let answer = SERVICE
        .try_create(&server, json!({"name": "Linked", "links": long}))
        .await;
    assert_refused(&answer, &[("links.0.url", "INVALID")]);
    let links = json!([{"url": "https://example.org", "title": "t".repeat(300)}, {"url": "https://example.org", "title": "a\u{0}"}]);
    let answer = SERVICE
        .try_create(&server, json!({"name": "Linked", "links": links}))
        .await;
    assert_refused(
        &answer,
        &[("links.0.title", "INVALID"), ("links.1.title", "INVALID")],
    );
}

async fn tags_are_short_words(database: Database) {
    let server = Server::start(&database).await;
    for wrong in [
        json!("two words"),
        json!(""),
        json!("a\u{0}"),
        json!("t".repeat(64)),
        json!("a\nb"),
    ] {
        let answer = SERVICE
            .try_create(&server, json!({"name": "Tagged", "tags": ["fine", wrong]}))
            .await;
        assert_refused(&answer, &[("tags", "INVALID")]);
    }
    let many: Vec<String> = (0..101).map(|number| format!("tag-{number}")).collect();
    let answer = SERVICE
        .try_create(&server, json!({"name": "Tagged", "tags": many}))
        .await;
    assert_refused(&answer, &[("tags", "INVALID")]);
    let tagged = SERVICE
        .create(&server, json!({"name": "Tagged", "tags": many[..100]}))
        .await;
    assert_eq!(tagged["tags"].as_array().map(Vec::len), Some(100));
}

async fn owners_teams_and_capabilities_have_to_be_there(database: Database) {
    let server = Server::start(&database).await;
    let service = SERVICE.create(&server, json!({"name": "Beds"})).await;
    let id = &service["id"];
    let wrong = json!({"businessOwnerId": id, "serviceOwnerId": "nonsense", "teamId": "", "capabilityId": "team_0"});
    let reasons = [
        "businessOwnerId",
        "serviceOwnerId",
        "teamId",
        "capabilityId",
    ]
    .map(|field| (field, "NOT_FOUND"));

    let mut input = wrong.clone();
    input["name"] = json!("Owned");
    assert_refused(&SERVICE.try_create(&server, input).await, &reasons);
    let mut input = wrong;
    input["id"] = id.clone();
    assert_refused(&SERVICE.try_update(&server, input).await, &reasons);
}

async fn control_characters_are_refused_wherever_text_is_kept(database: Database) {
    let server = Server::start(&database).await;
    for character in ["\u{0}", "\u{8}", "\u{1b}", "\u{7f}", "\u{9b}"] {
        let text = format!("be{character}ds");
        let input = json!({"name": text, "slug": text, "description": text, "tags": [text]});
        let reasons = ["name", "slug", "description", "tags"].map(|field| (field, "INVALID"));
        assert_refused(&SERVICE.try_create(&server, input).await, &reasons);
        // Nothing is stored, but it must not upset the database either.
        assert_eq!(SERVICE.by_slug(&server, &text).await, Value::Null);
    }
    let input = json!({"name": "Beds", "description": "x".repeat(20_001)});
    assert_refused(
        &SERVICE.try_create(&server, input).await,
        &[("description", "INVALID")],
    );
    let input = json!({"name": "Beds", "description": "ä".repeat(20_000)});
    SERVICE.create(&server, input).await;
}

async fn a_service_that_others_need_is_not_deleted(database: Database) {
    let server = Server::start(&database).await;
    let index = SERVICE
        .create(&server, json!({"name": "Patient index"}))
        .await;
    let beds = SERVICE.create(&server, json!({"name": "Beds"})).await;
    let edge = json!({"dependentId": beds["id"], "dependencyId": index["id"]});
    mutate(
        &server,
        "setDependency",
        "dependency { strength }",
        edge.clone(),
    )
    .await
    .expect_payload();
    let offering = OFFERING
        .create(&server, json!({"name": "Access", "serviceId": index["id"]}))
        .await;

    let answer = SERVICE
        .try_delete(&server, json!({"id": index["id"]}))
        .await;
    let message = assert_refused(&answer, &[("id", "IN_USE")]);
    assert!(
        message.contains("service `beds`") && message.contains("service offering `access`"),
        "{message}"
    );

    OFFERING.delete(&server, &offering).await;
    mutate(&server, "removeDependency", "dependent { id }", edge)
        .await
        .expect_payload();
    SERVICE.delete(&server, &index).await;
}

async fn what_a_service_needs_and_serves_does_not_hold_it(database: Database) {
    let server = Server::start(&database).await;
    let index = SERVICE
        .create(&server, json!({"name": "Patient index"}))
        .await;
    let beds = SERVICE.create(&server, json!({"name": "Beds"})).await;
    let ward = CUSTOMER.create(&server, json!({"name": "Ward"})).await;
    let input = json!({"name": "Discharge", "customerId": ward["id"], "valuePerHour": "1"});
    let outcome = OUTCOME.create(&server, input).await;
    let edge = json!({"dependentId": beds["id"], "dependencyId": index["id"]});
    mutate(&server, "setDependency", "dependency { strength }", edge)
        .await
        .expect_payload();
    let contribution = json!({"serviceId": beds["id"], "outcomeId": outcome["id"], "share": 1});
    mutate(
        &server,
        "setContribution",
        "contribution { share }",
        contribution,
    )
    .await
    .expect_payload();

    SERVICE.delete(&server, &beds).await;
    assert_eq!(
        SERVICE.by_slug(&server, "patient-index").await["dependents"]["nodes"],
        json!([])
    );
    assert_eq!(
        OUTCOME.by_slug(&server, "discharge").await["contributions"],
        json!([])
    );
    SERVICE.delete(&server, &index).await;
    OUTCOME.delete(&server, &outcome).await;
}

async fn an_owner_confirms_that_the_ownership_is_right(database: Database) {
    let server = Server::start(&database).await;
    let beds = SERVICE.create(&server, json!({"name": "Beds"})).await;
    let confirm = json!({"serviceId": beds["id"]});
    let selection = "service { ownershipConfirmedAt updatedAt version }";
    let answer = mutate(&server, "confirmOwnership", selection, confirm).await;
    let service = &answer.expect_payload()["service"];
    assert_eq!(service["version"], 2);
    assert!(service["ownershipConfirmedAt"].is_string(), "{answer}");
    assert_eq!(service["ownershipConfirmedAt"], service["updatedAt"]);

    let team = TEAM.create(&server, json!({"name": "Nights"})).await;
    let answer = mutate(
        &server,
        "confirmOwnership",
        selection,
        json!({"serviceId": team["id"]}),
    )
    .await;
    // Its payload is that of an update.
    let payload = &answer.expect_data()["confirmOwnership"];
    assert_eq!(payload["service"], Value::Null);
    assert_refused(&answer, &[("serviceId", "NOT_FOUND")]);
}

on_both_databases!(
    a_service_has_sensible_defaults,
    every_field_of_a_service_is_kept,
    absent_fields_stay_and_null_clears,
    links_lead_to_pages_and_mailboxes_only,
    tags_are_short_words,
    owners_teams_and_capabilities_have_to_be_there,
    control_characters_are_refused_wherever_text_is_kept,
    a_service_that_others_need_is_not_deleted,
    what_a_service_needs_and_serves_does_not_hold_it,
    an_owner_confirms_that_the_ownership_is_right,
);
