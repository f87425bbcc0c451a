//! Server-sent events, each request with a stream of its own.

use jiff::{SignedDuration, Timestamp};
use kundig::auth::{LocalKey, Scope};
use kundig_tests::{
    Database, Events, Server, Settings, on_both_databases,
    tokens::{self, data_dir},
};
use reqwest::{Url, header};
use serde_json::{Value, json};

use super::CHANGES;
use super::socket::{expect_ended, until_subscribed};
use crate::objects::TEAM;

async fn changes_come_as_they_happen(database: Database) {
    let server = Server::start(&database).await;
    TEAM.create(&server, json!({"name": "Before"})).await;
    let mut events = Events::open(&server, CHANGES, json!({})).await;
    let head = events.response().headers();
    assert_eq!(
        head[header::CONTENT_TYPE],
        "text/event-stream; charset=utf-8"
    );
    assert_eq!(head[header::CACHE_CONTROL], "no-store");
    until_subscribed(&server, 1).await;
    for name in ["Nights", "Days"] {
        let team = TEAM.create(&server, json!({ "name": name })).await;
        let change = &events.data().await["changes"];
        assert_eq!(change["kind"], "CREATED");
        assert_eq!(change["subject"], json!({"id": team["id"], "name": name}));
    }
    drop(events);
    expect_ended(&server, "events", "gone").await;
    until_subscribed(&server, 0).await;
}

async fn a_subscription_can_be_asked_for_by_get(database: Database) {
    let server = Server::start(&database).await;
    let team = TEAM.create(&server, json!({"name": "Nights"})).await;
    let document = "subscription { changes(after: \"0\") { subjectId } }";
    let url =
        Url::parse_with_params(&server.url("/graphql"), [("query", document)]).expect("a URL");
    let request = server.http().get(url).bearer_auth(tokens::everything());
    let mut events = Events::send(request).await;
    assert_eq!(
        events.data().await,
        json!({"changes": {"subjectId": team["id"]}})
    );
}

async fn what_has_one_answer_is_one_event(database: Database) {
    let server = Server::start(&database).await;
    let mut events = Events::open(&server, "{ viewer { subject } }", json!({})).await;
    assert_eq!(
        events.data().await,
        json!({"viewer": {"subject": tokens::SUBJECT}})
    );
    assert_eq!(events.next().await, Some(("complete".into(), Value::Null)));
    assert_eq!(events.next().await, None);

    let document = "mutation { createTeam(input: {name: \"Nights\"}) { team { slug } } }";
    let mut events = Events::open(&server, document, json!({})).await;
    assert_eq!(events.data().await["createTeam"]["team"]["slug"], "nights");
}

async fn what_may_not_run_is_told_in_the_stream_and_who_may_not_ask_before_it(database: Database) {
    let server = Server::start(&database).await;
    for (document, code) in [
        (
            "subscription { changes(after: 7) { type } }",
            "GRAPHQL_VALIDATION_FAILED",
        ),
        (
            "subscription { changes(after: \"soon\") { type } }",
            "BAD_USER_INPUT",
        ),
        (
            "subscription { changes(after: \"9223372036854775807\") { type } }",
            "BAD_USER_INPUT",
        ),
        ("{", "GRAPHQL_PARSE_FAILED"),
    ] {
        let mut events = Events::open(&server, document, json!({})).await;
        let (name, answer) = events.next().await.expect("an event");
        assert_eq!(name, "next");
        assert_eq!(answer["errors"][0]["extensions"]["code"], code, "{answer}");
        assert_eq!(events.next().await, Some(("complete".into(), Value::Null)));
        assert_eq!(events.next().await, None);
    }
    let ask = |token: Option<&str>| {
        let request = server
            .http()
            .post(server.url("/graphql"))
            .json(&json!({ "query": CHANGES }));
        Events::send(match token {
            Some(token) => request.bearer_auth(token),
            None => request,
        })
    };
    assert_eq!(ask(Some("nonsense")).await.response().status(), 401);
    assert_eq!(ask(None).await.response().status(), 401);

    let answer = server.query(CHANGES).send().await;
    let error = answer.expect_error_code("BAD_USER_INPUT");
    let message = error["message"].as_str().unwrap_or_default();
    assert!(message.contains("text/event-stream"), "{message}");
}

async fn a_stream_ends_with_its_token(database: Database) {
    let server = Server::start(&database).await;
    // A token is accepted for 30 s after its end.
    let key = LocalKey::open(&data_dir()).expect("the key of the tests");
    let lifetime = SignedDuration::from_secs(60);
    let issued = Timestamp::now() - lifetime - SignedDuration::from_secs(15);
    let token = key
        .sign("shortlived", &[Scope::Admin], lifetime, issued)
        .expect("a token");
    let mut events = Events::open_as(&server, &token, CHANGES, json!({})).await;
    let (name, answer) = events.next().await.expect("an event");
    assert_eq!(name, "next");
    assert_eq!(answer["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");
    assert_eq!(events.next().await, Some(("complete".into(), Value::Null)));
    assert_eq!(events.next().await, None);
    expect_ended(&server, "events", "expired").await;
}

async fn a_client_has_so_many_streams_and_no_more(database: Database) {
    let server = Settings::new(&database)
        .env("KUNDIG_MAX_LIVE_CONNECTIONS", "1")
        .start()
        .await;
    let token = tokens::local("anna", &[Scope::CatalogRead]);
    let first = Events::open_as(&server, &token, CHANGES, json!({})).await;
    let request = server
        .http()
        .post(server.url("/graphql"))
        .bearer_auth(&token)
        .json(&json!({ "query": CHANGES }));
    assert_eq!(Events::send(request).await.response().status(), 429);
    drop(first);
}

async fn a_server_that_stops_says_so(database: Database) {
    let server = Server::start(&database).await;
    let mut events = Events::open(&server, CHANGES, json!({})).await;
    until_subscribed(&server, 1).await;
    let stopping = tokio::spawn(server.stop());
    let (_, answer) = events.next().await.expect("an event");
    assert_eq!(answer["errors"][0]["extensions"]["code"], "UNAVAILABLE");
    assert_eq!(events.next().await, Some(("complete".into(), Value::Null)));
    assert!(stopping.await.expect("it stops").success());
}

on_both_databases!(changes_come_as_they_happen, a_server_that_stops_says_so,);

// What follows is about the connection only, whatever the database.
mod sqlite {
    use kundig_tests::{Database, block_on};

    macro_rules! on_sqlite {
        ($($name:ident),+ $(,)?) => {$(
            #[test]
            fn $name() {
                block_on(super::$name(Database::sqlite()));
            }
        )+};
    }

    on_sqlite!(
        a_subscription_can_be_asked_for_by_get,
        what_has_one_answer_is_one_event,
        what_may_not_run_is_told_in_the_stream_and_who_may_not_ask_before_it,
        a_stream_ends_with_its_token,
        a_client_has_so_many_streams_and_no_more,
    );
}
