//! Searches that find nothing.

use entity::missed_search::{Entity, Model};
use kundig::auth::Scope;
use kundig_tests::{Database, Server, on_both_databases, tokens};
use sea_orm::EntityTrait;
use serde_json::json;

use super::search;
use crate::support::create_service;

async fn remembered(database: &Database) -> Vec<(String, i64)> {
    let rows = Entity::find().all(&database.connect().await).await;
    let rows = rows.expect("missed searches can be read");
    let mut rows: Vec<_> = rows
        .into_iter()
        .map(|Model { text, count, .. }| (text, count))
        .collect();
    rows.sort();
    rows
}

async fn what_nobody_can_find_is_remembered_without_fragments_secrets_and_what_is_only_hidden(
    database: Database,
) {
    let server = Server::start(&database).await;
    create_service(&server, "Printing").await;
    let ada = tokens::local("ada", &[Scope::CatalogRead]);
    let bob = tokens::local("bob", &[Scope::CatalogRead]);
    let blind = tokens::local("blind", &[Scope::RequestsSubmit]);
    for (token, query) in [
        // Typed letter by letter; found in the end; and the same by another.
        (&ada, "par"),
        (&ada, "parking"),
        (&ada, "parking permit"),
        (&ada, "xylo"),
        (&bob, "Parking  permit?"),
        (&bob, "vp"),
        (&bob, "someone@example.org"),
        (&bob, "+49 30 123456"),
        // It is there, though not for this viewer.
        (&blind, "printing"),
    ] {
        search(&server, Some(token), json!({ "query": query }))
            .await
            .expect_data();
    }
    // Not missed: a type was left out.
    let types = json!({"query": "printing", "types": ["Person"]});
    search(&server, Some(&ada), types).await.expect_data();
    server.stop().await;
    let expected = [("parking permit".to_owned(), 2), ("xylo".to_owned(), 1)];
    assert_eq!(remembered(&database).await, expected);

    let server = Server::start(&database).await;
    search(&server, Some(&ada), json!({"query": "parking permit"}))
        .await
        .expect_data();
    server.stop().await;
    assert_eq!(
        remembered(&database).await[0],
        ("parking permit".to_owned(), 3)
    );
}

on_both_databases!(
    what_nobody_can_find_is_remembered_without_fragments_secrets_and_what_is_only_hidden
);
