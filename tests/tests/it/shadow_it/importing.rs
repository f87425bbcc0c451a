//! Sightings in an import, which lead to demands that only the database holds.

use std::fmt::Write as _;

use entity::demand;
use kundig_tests::{Answer, Database, Server, on_both_databases};
use sea_orm::{EntityTrait, IntoActiveModel};
use serde_json::{Value, json};

use super::raised;
use crate::objects::{CUSTOMER, SIGHTING, text};
use crate::support::mutate;

/// The document of a sighting.
fn document(slug: &str, customer: &str, demand: &str) -> String {
    format!(
        "---\napiVersion: kundig/v1\nkind: ShadowItSighting\nmetadata: {{slug: {slug}, name: Dropbox}}\n\
         spec: {{customer: {customer}, demand: {demand}, users: 3, dataClass: INTERNAL, firstSeen: 2026-01-01}}\n"
    )
}

async fn import(server: &Server, source: &str) -> Answer {
    let input = json!({"format": "KUNDIG", "source": source});
    let selection = "result { created updated unchanged warnings }";
    mutate(server, "importCatalog", selection, input).await
}

async fn an_import_links_demands_that_are_there_and_warns_of_others(database: Database) {
    let server = Server::start(&database).await;
    let ward = CUSTOMER.create_plain(&server, "Ward 3").await;
    let demand = raised(&server, &ward, "Exchange pictures").await;
    let import = async |demand: &str| {
        let answer = import(&server, &document("dropbox", "ward-3", demand)).await;
        answer.expect_payload()["result"].clone()
    };
    let id = text(&demand["id"]);
    let first = import(&id).await;
    assert_eq!(
        first,
        json!({"created": 1, "updated": 0, "unchanged": 0, "warnings": []})
    );
    let again = import(&id).await;
    assert_eq!(
        again,
        json!({"created": 0, "updated": 0, "unchanged": 1, "warnings": []})
    );
    let linked = SIGHTING.by_slug(&server, "dropbox").await;
    assert_eq!(linked["demand"]["number"], demand["number"]);
    let elsewhere = import("dema_01939f2e8ac87bd09e3cc3fbd4bfb9e1").await;
    let warning = text(&elsewhere["warnings"][0]);
    assert!(
        warning.starts_with("line 5, column 34: `spec.demand` names the demand"),
        "{warning}"
    );
    let unlinked = SIGHTING.by_slug(&server, "dropbox").await;
    assert_eq!(unlinked["demand"], Value::Null);
}

async fn a_sighting_that_goes_to_another_customer_does_not_take_a_strangers_demand_along(
    database: Database,
) {
    let server = Server::start(&database).await;
    let clinic = CUSTOMER.create_plain(&server, "Clinic").await;
    let below = json!({"name": "Ward 3", "parentId": clinic["id"]});
    let ward = CUSTOMER.create(&server, below).await;
    CUSTOMER.create_plain(&server, "Bank").await;
    let demand = raised(&server, &ward, "Exchange pictures").await;
    let demand = text(&demand["id"]);
    let of = async |customer: &str| {
        let source = document("dropbox", customer, &demand);
        import(&server, &source).await
    };
    of("ward-3").await.expect_payload();
    let refused = of("bank").await;
    let message = text(&refused.expect_user_error(&["source"], "INVALID")["message"]);
    assert!(
        message.contains("demandId: is a demand of the customer `ward-3`"),
        "{message}"
    );
    of("clinic").await.expect_payload();
    let moved = SIGHTING.by_slug(&server, "dropbox").await;
    assert_eq!(moved["customer"]["slug"], "clinic");
    assert!(moved["demand"].is_object(), "{moved}");
}

async fn thousands_of_sightings_that_cover_a_demand_each_are_one_import(database: Database) {
    const COUNT: i64 = 2_000;
    let server = Server::start(&database).await;
    let ward = CUSTOMER.create_plain(&server, "Ward 3").await;
    raised(&server, &ward, "Exchange pictures").await;
    let connection = database.connect().await;
    let one = demand::Entity::find().one(&connection).await;
    let one = one.expect("demands can be read").expect("one was raised");
    let others: Vec<demand::Model> = (1..=COUNT)
        .map(|number| demand::Model {
            id: uuid::Uuid::now_v7(),
            number: one.number + number,
            ..one.clone()
        })
        .collect();
    for chunk in others.chunks(500) {
        let rows = chunk.iter().cloned();
        let rows = rows.map(IntoActiveModel::<demand::ActiveModel>::into_active_model);
        let added = demand::Entity::insert_many(rows).exec_without_returning(&connection);
        let added = added.await;
        added.expect("demands can be added");
    }
    let mut source = String::new();
    for demand in &others {
        let slug = format!("dropbox-{}", demand.number);
        let id = format!("dema_{}", demand.id.simple());
        let document = document(&slug, "ward-3", &id);
        write!(source, "{document}").expect("a string takes all");
    }
    let answer = import(&server, &source).await;
    let result = &answer.expect_payload()["result"];
    assert_eq!(
        *result,
        json!({"created": COUNT, "updated": 0, "unchanged": 0, "warnings": []})
    );
    let number = one.number + COUNT;
    let last = SIGHTING
        .by_slug(&server, &format!("dropbox-{number}"))
        .await;
    assert_eq!(last["demand"]["number"], format!("DEM-{number}"));
}

on_both_databases!(
    an_import_links_demands_that_are_there_and_warns_of_others,
    a_sighting_that_goes_to_another_customer_does_not_take_a_strangers_demand_along,
    thousands_of_sightings_that_cover_a_demand_each_are_one_import,
);
