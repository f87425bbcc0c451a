//! Searches that find nothing.

use std::time::{Duration, Instant};

use entity::missed_search::{ActiveModel, Entity, Model};
use kundig::auth::Scope;
use kundig_tests::{Database, Server, on_both_databases, tokens};
use sea_orm::{EntityTrait, IntoActiveModel, Set};
use serde_json::json;

use super::{search, until_found, until_indexed};
use crate::objects::{CUSTOMER, SERVICE, list};
use crate::support::{create_service, mutate};

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

/// Has somebody type these texts, one after the other; whether that was fast enough to be one search.
async fn type_fast(server: &Server, token: &str, texts: [&str; 3]) -> bool {
    let start = Instant::now();
    for text in texts {
        search(server, Some(token), json!({ "query": text }))
            .await
            .expect_data();
    }
    // What is missed is held back for five seconds.
    start.elapsed() < Duration::from_secs(4)
}

async fn what_nobody_can_find_is_remembered_without_fragments_secrets_and_what_is_only_hidden(
    database: Database,
) {
    let server = Server::start(&database).await;
    create_service(&server, "Printing").await;
    until_found(&server, "printing", &["Printing"]).await;
    // Typed letter by letter, in another word where the machine was too busy for it.
    let mut words = ["parking", "towing", "cooling", "moving", "weighing"].iter();
    let mut slow = Vec::new();
    let (word, ada) = loop {
        let word = *words.next().expect("a machine that is not always busy");
        let ada = tokens::local(&format!("ada {word}"), &[Scope::CatalogRead]);
        let texts = [&word[..3], word, &format!("{word} permit")];
        if type_fast(&server, &ada, texts).await {
            break (word, ada);
        }
        slow.push(&word[..3]);
    };
    let bob = tokens::local("bob", &[Scope::CatalogRead]);
    let blind = tokens::local("blind", &[Scope::RequestsSubmit]);
    for (token, query) in [
        // Another search, mended on the way, and the same by another.
        (&ada, "xylopx"),
        (&ada, "xylop"),
        (&ada, "xylopho"),
        (&bob, &*format!("{}  Permit?", word.to_uppercase())),
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
    let permit = format!("{word} permit");
    let mut found = remembered(&database).await;
    found.retain(|(text, _)| !slow.iter().any(|slow| text.starts_with(slow)));
    assert_eq!(found, [(permit.clone(), 2), ("xylopho".to_owned(), 1)]);

    let server = Server::start(&database).await;
    search(&server, Some(&ada), json!({ "query": permit }))
        .await
        .expect_data();
    server.stop().await;
    assert!(remembered(&database).await.contains(&(permit, 3)));
}

async fn what_only_a_demand_or_a_letter_of_a_short_word_answers_is_missed(database: Database) {
    let server = Server::start(&database).await;
    let ward = CUSTOMER.create_plain(&server, "Ward 3").await;
    create_service(&server, "Plan").await;
    create_service(&server, "Whan").await;
    until_indexed(&server, "Whan").await;
    let input = json!({"title": "A clipboard", "kind": "WISH", "customerId": ward["id"], "valuePerMonth": "1"});
    let raised = mutate(&server, "raiseDemand", "demand { id }", input).await;
    let sequence = raised.sequence();
    for (subject, query) in [("ada", "clipboard"), ("bob", "wlan"), ("eve", "plans")] {
        let reader = tokens::local(subject, &[Scope::CatalogRead]);
        let search = server
            .query("query ($query: String!) { search(query: $query) { totalCount } }")
            .variables(json!({ "query": query }));
        let answer = search
            .header("Kundig-Min-Sequence", sequence)
            .token(&reader);
        answer.send().await.expect_data();
    }
    server.stop().await;
    let expected = [("clipboard".to_owned(), 1), ("wlan".to_owned(), 1)];
    assert_eq!(remembered(&database).await, expected);
}

async fn what_has_been_answered_since_is_missed_no_more(database: Database) {
    let server = Server::start(&database).await;
    let ward = CUSTOMER.create_plain(&server, "Ward 3").await;
    let connection = database.connect().await;
    let rows = [("parkausweis", 23), ("whatsapp", 17), ("3d printer", 4)].map(|(text, count)| {
        ActiveModel {
            text: Set(text.to_owned()),
            count: Set(count),
            last_at: Set(0),
        }
    });
    let added = Entity::insert_many(rows).exec_without_returning(&connection);
    added.await.expect("texts can be added");
    let missed = async |first: usize| {
        let document =
            format!("{{ portfolioGap {{ missedSearches(first: {first}) {{ query }} }} }}");
        // Who sees no catalog is told the same.
        let boss = tokens::local("boss", &[Scope::InsightRead]);
        let answer = server.query(document).token(boss).send().await;
        let missed = list(&answer.expect_data()["portfolioGap"]["missedSearches"]).iter();
        missed.map(|it| it["query"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(missed(2).await, ["parkausweis", "whatsapp"]);
    let input = json!({"title": "WhatsApp", "kind": "WISH", "customerId": ward["id"], "valuePerMonth": "1"});
    mutate(&server, "raiseDemand", "demand { id }", input)
        .await
        .expect_payload();
    let service = SERVICE.create_plain(&server, "Parkausweise").await;
    until_indexed(&server, "Parkausweise").await;
    assert_eq!(
        missed(25).await,
        ["whatsapp", "3d printer"],
        "a demand is no answer"
    );
    assert_eq!(missed(1).await, ["whatsapp"]);
    SERVICE.delete(&server, &service).await;
    until_found(&server, "Parkausweise", &[]).await;
    assert_eq!(missed(2).await, ["parkausweis", "whatsapp"]);
}

async fn a_new_text_finds_a_place_however_many_are_remembered(database: Database) {
    const DAY: i64 = 24 * 3600 * 1_000_000;
    let now = jiff::Timestamp::now().as_microsecond();
    let server = Server::start(&database).await;
    let rows = (0..10_000).map(|number| Model {
        text: format!("text {number:05}"),
        count: 3,
        last_at: now - 2 * DAY,
    });
    let mut rows: Vec<Model> = rows.collect();
    // Frequent and long forgotten; and seldom, of late.
    (rows[17].count, rows[17].last_at) = (1_000, now - 91 * DAY);
    (rows[18].count, rows[18].last_at) = (1, now);
    rows[19].count = 2;
    let connection = database.connect().await;
    for rows in rows.chunks(1_000) {
        let rows = rows.iter().cloned();
        let rows = rows.map(IntoActiveModel::<ActiveModel>::into_active_model);
        let added = Entity::insert_many(rows).exec_without_returning(&connection);
        added.await.expect("texts can be added");
    }
    let ada = tokens::local("ada", &[Scope::CatalogRead]);
    for query in ["parking permit", "xylophone"] {
        let answer = search(&server, Some(&ada), json!({ "query": query })).await;
        answer.expect_data();
    }
    server.stop().await;
    let kept = remembered(&database).await;
    assert_eq!(kept.len(), 10_000);
    let is_kept = |text: &str| kept.iter().any(|(kept, _)| kept == text);
    for (text, expected) in [
        ("parking permit", true),
        ("xylophone", true),
        ("text 00016", true),
        ("text 00017", false),
        ("text 00018", true),
        ("text 00019", false),
    ] {
        assert_eq!(is_kept(text), expected, "{text}");
    }
}

on_both_databases!(
    what_nobody_can_find_is_remembered_without_fragments_secrets_and_what_is_only_hidden,
    a_new_text_finds_a_place_however_many_are_remembered,
    what_only_a_demand_or_a_letter_of_a_short_word_answers_is_missed,
    what_has_been_answered_since_is_missed_no_more,
);
