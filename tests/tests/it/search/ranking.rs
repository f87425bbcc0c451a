//! What is found, in which order, by whom, and how soon.

use kundig::auth::Scope;
use kundig_tests::{Database, Server, Settings, on_both_databases, tokens};
use serde_json::json;

use super::{found, names, search, until_found, until_indexed};
use crate::objects::{CUSTOMER, PERSON, SERVICE, TEAM};
use crate::support::{create_service, eventually};

async fn words_are_found_however_they_are_written(database: Database) {
    let server = Server::start(&database).await;
    for name in [
        "Übersicht der Betten",
        "Bettenmanagement",
        "Patient portal",
        "HTTPGateway",
        "Straßenreinigung",
    ] {
        create_service(&server, name).await;
    }
    until_found(&server, "Straßenreinigung", &["Straßenreinigung"]).await;
    for (query, first) in [
        ("Übersicht", "Übersicht der Betten"),
        ("Uebersicht", "Übersicht der Betten"),
        ("ubersicht", "Übersicht der Betten"),
        // Another form of the same word, in German and in English.
        ("Übersichten", "Übersicht der Betten"),
        ("patients", "Patient portal"),
        // The beginning of a word, typos, and two words in any order.
        ("bettenm", "Bettenmanagement"),
        ("Bettenmanagment", "Bettenmanagement"),
        ("portl patien", "Patient portal"),
        ("gateway", "HTTPGateway"),
        ("strassenreinigung", "Straßenreinigung"),
        ("STRASSENR", "Straßenreinigung"),
        // Words that say little need not be there.
        ("die Übersicht für Betten", "Übersicht der Betten"),
    ] {
        let found = found(&server, query).await;
        assert_eq!(
            found.first().map(String::as_str),
            Some(first),
            "{query}: {found:?}"
        );
    }
    for query in ["portal xylophone", "", " - ", "zzzz"] {
        assert_eq!(found(&server, query).await, [""; 0], "{query:?}");
    }
}

async fn compounds_are_found_by_their_parts_and_words_by_both(database: Database) {
    let server = Server::start(&database).await;
    for name in [
        "Prüfungsverwaltung",
        "Fährstraße",
        "Bettenmanagement",
        "Workflow",
        "Krankenhausverwaltungen",
    ] {
        create_service(&server, name).await;
    }
    until_indexed(&server, "Krankenhausverwaltungen").await;
    for (query, expected) in [
        (
            "Verwaltung",
            &["Krankenhausverwaltungen", "Prüfungsverwaltung"][..],
        ),
        (
            "Verwaltungen",
            &["Krankenhausverwaltungen", "Prüfungsverwaltung"],
        ),
        ("Straße", &["Fährstraße"]),
        ("strassen", &["Fährstraße"]),
        ("Prüfungen", &["Prüfungsverwaltung"]),
        ("Betten management", &["Bettenmanagement"]),
        ("betten-management", &["Bettenmanagement"]),
        ("Management", &["Bettenmanagement"]),
        ("Work flow", &["Workflow"]),
        ("work fl", &["Workflow"]),
        ("das Prüfungs Verwaltung", &["Prüfungsverwaltung"]),
        // Too little of it.
        ("tung", &[]),
    ] {
        let mut found = found(&server, query).await;
        found.sort();
        assert_eq!(found, expected, "{query}");
    }
    create_service(&server, "Management").await;
    until_indexed(&server, "Management").await;
    let found = found(&server, "management").await;
    assert_eq!(
        found,
        ["Management", "Bettenmanagement"],
        "a word of its own comes first"
    );
}

async fn a_letter_of_a_short_word_makes_another_word(database: Database) {
    let server = Server::start(&database).await;
    create_service(&server, "Bed planning").await;
    create_service(&server, "Print").await;
    PERSON.create_plain(&server, "Mai Nguyễn").await;
    until_indexed(&server, "Mai Nguyễn").await;
    for query in ["wlan", "W-LAN", "mail", "rint"] {
        assert_eq!(found(&server, query).await, [""; 0], "{query}");
    }
    assert_eq!(found(&server, "prnt").await, ["Print"]);
    assert_eq!(found(&server, "plamning").await, ["Bed planning"]);
    assert_eq!(
        found(&server, "plamni").await,
        ["Bed planning"],
        "while it is typed"
    );
}

async fn what_was_typed_comes_before_beginnings_and_these_before_typos(database: Database) {
    let server = Server::start(&database).await;
    for name in [
        "Printed forms",
        "Prink",
        "Printcenter",
        "Print",
        "Print room of the hospital",
    ] {
        create_service(&server, name).await;
    }
    let described =
        json!({"name": "Paper", "description": "Whatever you print", "tags": ["office"]});
    SERVICE.create(&server, described).await;
    let expected = [
        "Print",
        "Print room of the hospital",
        "Printed forms",
        "Paper",
        "Printcenter",
        "Prink",
    ];
    until_found(&server, "office", &["Paper"]).await;
    assert_eq!(found(&server, "print").await, expected);

    let answer = search(&server, None, json!({"query": "print"})).await;
    let edges = answer.expect_data()["search"]["edges"].as_array().cloned();
    let scores: Vec<f64> = edges
        .iter()
        .flatten()
        .filter_map(|edge| edge["score"].as_f64())
        .collect();
    assert!(scores.is_sorted_by(|one, next| one >= next), "{scores:?}");
    assert!(
        scores.len() == 6 && scores[0] > 0.9 && scores[5] > 0.0,
        "{scores:?}"
    );
}

async fn changes_are_found_and_what_is_gone_is_not(database: Database) {
    let server = Server::start(&database).await;
    let service = SERVICE.create_plain(&server, "Fax").await;
    until_found(&server, "fax", &["Fax"]).await;
    let renamed =
        json!({"id": service["id"], "name": "Telex", "description": "Formerly facsimile"});
    let service = SERVICE.update(&server, renamed).await;
    until_found(&server, "telex", &["Telex"]).await;
    assert_eq!(found(&server, "facsimile").await, ["Telex"]);
    SERVICE.delete(&server, &service).await;
    until_found(&server, "telex", &[]).await;

    let other = Settings::new(&database).start().await;
    let service = SERVICE.create(&server, json!({"name": "Pager"})).await;
    let sequence = crate::objects::newest_change(&server).await;
    eventually("another replica finds it", async || {
        let count = "{ search(query: \"pager\") { totalCount } }";
        let count = other.query(count).header("Kundig-Min-Sequence", &sequence);
        let count = count.send().await.expect_data()["search"]["totalCount"].clone();
        (count == 1).then_some(())
    })
    .await;
    drop(server);
    assert_eq!(
        found(&other.kill().start().await, "pager").await,
        ["Pager"],
        "{service}"
    );
}

async fn types_can_be_chosen_and_nothing_is_shown_that_may_not_be_seen(database: Database) {
    let server = Server::start(&database).await;
    create_service(&server, "Berg service").await;
    let person = json!({"name": "Anna Berg", "email": "anna.berg@example.org"});
    PERSON.create(&server, person).await;
    TEAM.create_plain(&server, "Team Berg").await;
    CUSTOMER.create_plain(&server, "Ward Berg").await;
    until_found(&server, "ward berg", &["Ward Berg"]).await;
    assert_eq!(found(&server, "berg").await.len(), 4);
    let of = async |types: &[&str]| {
        search(&server, None, json!({"query": "berg", "types": types})).await
    };
    let people = of(&["Person"]).await;
    assert_eq!(names(&people.expect_data()["search"]), ["Anna Berg"]);
    let two = of(&["Team", "Customer"]).await;
    assert_eq!(two.expect_data()["search"]["totalCount"], 2);
    assert_eq!(of(&[]).await.expect_data()["search"]["totalCount"], 0);
    let error = of(&["Printer"]).await;
    let message = error.expect_error_code("BAD_USER_INPUT")["message"].to_string();
    assert!(
        message.contains("Printer") && message.contains("ServiceOffering"),
        "{message}"
    );

    let blind = tokens::local("robot", &[Scope::RequestsSubmit]);
    let answer = search(&server, Some(&blind), json!({"query": "berg"})).await;
    assert_eq!(answer.expect_data()["search"]["totalCount"], 0);
    assert_eq!(found(&server, "anna.berg@example.org").await, ["Anna Berg"]);
}

async fn a_query_has_bounds(database: Database) {
    let server = Server::start(&database).await;
    for (variables, says) in [
        (json!({"query": "a".repeat(201)}), "201 characters"),
        (json!({"query": "word ".repeat(11)}), "11 words"),
        (json!({"query": "word", "first": 101}), "100"),
        (json!({"query": "word", "after": "nonsense"}), "cursor"),
    ] {
        let answer = search(&server, None, variables).await;
        let message = answer.expect_error_code("BAD_USER_INPUT")["message"].to_string();
        assert!(message.contains(says), "{message}");
    }
}

on_both_databases!(
    words_are_found_however_they_are_written,
    compounds_are_found_by_their_parts_and_words_by_both,
    a_letter_of_a_short_word_makes_another_word,
    what_was_typed_comes_before_beginnings_and_these_before_typos,
    changes_are_found_and_what_is_gone_is_not,
    types_can_be_chosen_and_nothing_is_shown_that_may_not_be_seen,
    a_query_has_bounds,
);
