//! `graphql-transport-ws`, rule by rule.

use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use kundig::auth::{LocalKey, Scope};
use kundig_tests::{
    Database, Handshake, Server, Settings, Socket, on_both_databases,
    tokens::{self, data_dir},
};
use serde_json::{Value, json};

use super::CHANGES;
use crate::objects::{SERVICE, TEAM};
use crate::support::eventually;

async fn changes_come_as_they_happen(database: Database) {
    let server = Server::start(&database).await;
    TEAM.create(&server, json!({"name": "Before"})).await;
    let mut socket = Socket::open(&server).await;
    socket.subscribe("all", CHANGES, json!({})).await;
    socket
        .subscribe(
            "services",
            CHANGES,
            json!({"filter": {"types": ["Service"]}}),
        )
        .await;
    until_subscribed(&server, 2).await;

    let team = TEAM.create(&server, json!({"name": "Nights"})).await;
    let change = &socket.data("all").await["changes"];
    assert_eq!(change["kind"], "CREATED");
    assert_eq!(change["type"], "Team");
    assert_eq!(change["actor"], tokens::SUBJECT);
    assert_eq!(
        change["subject"],
        json!({"id": team["id"], "name": "Nights"})
    );

    socket.send(json!({"type": "complete", "id": "all"})).await;
    socket.send(json!({"type": "ping"})).await;
    assert_eq!(socket.next().await, Ok(json!({"type": "pong"})));
    let service = SERVICE.create(&server, json!({"name": "Beds"})).await;
    let change = &socket.data("services").await["changes"];
    assert_eq!(change["subjectId"], service["id"]);
    TEAM.delete(&server, &team).await;
    assert_eq!(
        socket.next_within(Duration::from_millis(300)).await,
        None,
        "nobody waits for teams any more"
    );
}

async fn what_the_viewer_may_not_see_is_left_out(database: Database) {
    let server = Server::start(&database).await;
    let start = TEAM.create(&server, json!({"name": "First"})).await;
    let nobody = tokens::local("nobody", &[Scope::RequestsSubmit]);
    let mut blind = Socket::open_as(&server, &nobody).await;
    blind.subscribe("1", CHANGES, json!({"after": "0"})).await;
    let reader = tokens::local("reader", &[Scope::CatalogRead]);
    let mut seeing = Socket::open_as(&server, &reader).await;
    seeing.subscribe("1", CHANGES, json!({"after": "0"})).await;
    assert_eq!(seeing.data("1").await["changes"]["subjectId"], start["id"]);
    assert_eq!(blind.next_within(Duration::from_millis(300)).await, None);

    let mut anonymous = Handshake::with(&server).make().await.expect("a WebSocket");
    anonymous.send(json!({"type": "connection_init"})).await;
    assert_eq!(
        anonymous.next().await,
        Ok(json!({"type": "connection_ack"}))
    );
    anonymous.subscribe("1", CHANGES, json!({})).await;
    let refusal = anonymous.next().await.expect("a message");
    assert_eq!(refusal["type"], "error", "{refusal}");
    assert_eq!(refusal["id"], "1");
    assert_eq!(code(&refusal), "UNAUTHENTICATED");
}

async fn queries_and_mutations_run_over_the_socket_too(database: Database) {
    let server = Server::start(&database).await;
    let mut socket = Socket::open(&server).await;
    let mutation = "mutation { createTeam(input: {name: \"Nights\"}) { team { slug } } }";
    socket.subscribe("m", mutation, json!({})).await;
    assert_eq!(
        socket.data("m").await["createTeam"]["team"]["slug"],
        "nights"
    );
    assert_eq!(
        socket.next().await,
        Ok(json!({"type": "complete", "id": "m"}))
    );
    let query = "query ($slug: String) { team(slug: $slug) { name } }";
    socket
        .subscribe("m", query, json!({"slug": "nights"}))
        .await;
    assert_eq!(socket.data("m").await["team"]["name"], "Nights");
    assert_eq!(
        socket.next().await,
        Ok(json!({"type": "complete", "id": "m"})),
        "an id is free again once its operation has ended"
    );
}

async fn an_operation_that_may_not_run_is_told_why_and_the_connection_stays(database: Database) {
    let server = Settings::new(&database)
        .env("KUNDIG_MAX_SUBSCRIPTIONS", "2")
        .start()
        .await;
    let mut socket = Socket::open(&server).await;
    for (document, variables, expected) in [
        ("subscription {", json!({}), "GRAPHQL_PARSE_FAILED"),
        ("subscription { nothing }", json!({}), "GRAPHQL_VALIDATION_FAILED"),
        (
            "subscription { changes { type } more: changes { type } }",
            json!({}),
            "GRAPHQL_VALIDATION_FAILED",
        ),
        (CHANGES, json!({"after": "soon"}), "BAD_USER_INPUT"),
        (CHANGES, json!({"after": 7}), "BAD_USER_INPUT"),
        (CHANGES, json!({"filter": {"types": ["Thing"]}}), "BAD_USER_INPUT"),
        (
            "subscription { changes { subject { ... on Team { parent { parent { parent { parent { parent { parent {
             parent { parent { parent { parent { parent { parent { parent { id } } } } } } } } } } } } } } } } }",
            json!({}),
            "QUERY_TOO_DEEP",
        ),
    ] {
        socket.subscribe("x", document, variables).await;
        let refusal = socket.next().await.expect("a message");
        assert_eq!(refusal["type"], "error", "{refusal}");
        assert_eq!(refusal["id"], "x");
        assert_eq!(code(&refusal), expected, "{refusal}");
    }
    for id in ["1", "2", "3"] {
        socket.subscribe(id, CHANGES, json!({})).await;
    }
    let refusal = socket.next().await.expect("a message");
    assert_eq!(
        (&refusal["type"], &refusal["id"]),
        (&json!("error"), &json!("3"))
    );
    assert_eq!(code(&refusal), "RATE_LIMITED");
}

async fn a_sequence_beyond_the_end_of_the_feed_is_refused(database: Database) {
    let server = Server::start(&database).await;
    TEAM.create(&server, json!({"name": "Nights"})).await;
    let mut socket = Socket::open(&server).await;
    socket.subscribe("a", CHANGES, json!({"after": "0"})).await;
    let seen = socket.data("a").await;
    let text = seen["changes"]["sequence"].as_str().expect("a sequence");
    let newest: i64 = text.parse().expect("a number");
    socket
        .subscribe("b", CHANGES, json!({ "after": text }))
        .await;
    let beyond = json!({"after": (newest + 1).to_string()});
    socket.subscribe("c", CHANGES, beyond).await;
    let refusal = socket.next().await.expect("a message");
    assert_eq!(
        (&refusal["type"], &refusal["id"]),
        (&json!("error"), &json!("c"))
    );
    assert_eq!(code(&refusal), "BAD_USER_INPUT");
    let message = refusal["payload"][0]["message"]
        .as_str()
        .unwrap_or_default();
    assert!(message.contains(text), "{message}");
}

async fn whoever_breaks_the_rules_is_told_by_the_code(database: Database) {
    let server = Server::start(&database).await;
    let connect = async || Handshake::with(&server).make().await.expect("a WebSocket");

    let mut unread = connect().await;
    unread.send(json!({"type": "start", "id": "1"})).await;
    assert_eq!(unread.closed().await.0, 4400);
    let mut binary = connect().await;
    binary.send_bytes(b"{\"type\":\"ping\"}").await;
    assert_eq!(binary.closed().await.0, 4400);
    let mut early = connect().await;
    early.subscribe("1", CHANGES, json!({})).await;
    assert_eq!(early.closed().await, (4401, "Unauthorized".to_owned()));
    let mut twice = Socket::open(&server).await;
    twice.send(json!({"type": "connection_init"})).await;
    assert_eq!(
        twice.closed().await,
        (4429, "Too many initialisation requests".to_owned())
    );
    let mut same = Socket::open(&server).await;
    same.subscribe("a", CHANGES, json!({})).await;
    same.subscribe("a", CHANGES, json!({})).await;
    assert_eq!(
        same.closed().await,
        (4409, "Subscriber for a already exists".to_owned())
    );
    let mut without_query = Socket::open(&server).await;
    without_query
        .send(json!({"type": "subscribe", "id": "1", "payload": {"variables": {}}}))
        .await;
    assert_eq!(without_query.closed().await.0, 4400);
    let mut stranger = connect().await;
    stranger
        .send(json!({"type": "connection_init", "payload": {"Authorization": "Bearer nonsense"}}))
        .await;
    let (code, reason) = stranger.closed().await;
    assert_eq!(code, 4403, "{reason}");

    let mut silent = connect().await;
    silent
        .send(json!({"type": "ping", "payload": {"a": 1}}))
        .await;
    assert_eq!(
        silent.next().await,
        Ok(json!({"type": "pong", "payload": {"a": 1}}))
    );
    assert_eq!(
        silent.closed().await,
        (4408, "Connection initialisation timeout".to_owned())
    );
}

async fn pages_of_other_sites_open_no_socket(database: Database) {
    let server = Settings::new(&database)
        .env("KUNDIG_CORS_ORIGINS", "https://portal.example.com")
        .start()
        .await;
    let own = server.address().to_owned();
    let handshake = |headers: &[(&str, &str)]| {
        let mut handshake = Handshake::with(&server);
        for (name, value) in headers {
            handshake = handshake.header(name, value);
        }
        handshake.make()
    };
    for allowed in [
        vec![("origin", own.as_str())],
        vec![("origin", "https://portal.example.com")],
        vec![
            ("origin", "https://portal.example.com"),
            ("sec-fetch-site", "cross-site"),
        ],
        vec![],
    ] {
        assert!(handshake(&allowed).await.is_ok(), "{allowed:?}");
    }
    for refused in [
        vec![("origin", "https://evil.example.com")],
        vec![("origin", "null")],
        vec![
            ("origin", "https://evil.example.com"),
            ("sec-fetch-site", "cross-site"),
        ],
        vec![
            ("origin", "http://localhost:1"),
            ("sec-fetch-site", "same-site"),
        ],
    ] {
        let status = handshake(&refused).await.expect_err("it is another site");
        assert_eq!(status, 403, "{refused:?}");
    }
}

async fn a_handshake_names_the_protocol_and_a_good_token(database: Database) {
    let server = Server::start(&database).await;
    let handshake = || Handshake::with(&server);
    for protocol in [None, Some("graphql-ws"), Some("chat")] {
        let status = handshake().protocol(protocol).make().await;
        assert_eq!(status.expect_err("another protocol"), 400);
    }
    let bad = handshake().header("authorization", "Bearer nonsense");
    assert_eq!(bad.make().await.expect_err("no token"), 401);

    let bearer = format!("Bearer {}", tokens::everything());
    let good = handshake().header("authorization", &bearer).make().await;
    let mut socket = good.expect("a WebSocket");
    socket.send(json!({"type": "connection_init"})).await;
    assert_eq!(socket.next().await, Ok(json!({"type": "connection_ack"})));
    socket
        .subscribe("1", "{ viewer { subject } }", json!({}))
        .await;
    assert_eq!(
        socket.data("1").await,
        json!({"viewer": {"subject": tokens::SUBJECT}})
    );
}

async fn a_connection_ends_with_its_token(database: Database) {
    let server = Server::start(&database).await;
    // A token is accepted for 30 s after its end.
    let key = LocalKey::open(&data_dir()).expect("the key of the tests");
    let lifetime = SignedDuration::from_secs(60);
    let issued = Timestamp::now() - lifetime - SignedDuration::from_secs(15);
    let token = key
        .sign("shortlived", &[Scope::Admin], lifetime, issued)
        .expect("a token");
    let mut socket = Socket::open_as(&server, &token).await;
    socket.subscribe("1", CHANGES, json!({})).await;
    let (code, reason) = socket.closed().await;
    assert_eq!(code, 4403);
    assert!(reason.contains("expired"), "{reason}");
    expect_ended(&server, "websocket", "expired").await;
}

async fn a_client_that_does_not_read_is_disconnected(database: Database) {
    let server = Settings::new(&database)
        .env("KUNDIG_SEND_TIMEOUT", "500ms")
        .start()
        .await;
    let text = "long ".repeat(3_900);
    let team = TEAM
        .create(&server, json!({"name": "Nights", "description": text}))
        .await;
    let mut socket = Socket::open(&server).await;
    // Each change is answered with so much that what lies between the two is full at some time.
    for id in 0..40 {
        let document = "subscription { changes { subject { ... on Team { a: description b: description c: description
            d: description e: description f: description g: description h: description } } } }";
        socket
            .subscribe(
                &id.to_string(),
                document,
                json!({"filter": {"types": ["Team"]}}),
            )
            .await;
    }
    until_subscribed(&server, 40).await;
    let start = Instant::now();
    for version in 0.. {
        let annotations = json!({"version": version});
        let input = json!({"id": team["id"], "annotations": annotations});
        TEAM.update(&server, input).await;
        if ended(&server, "websocket", "slow").await > 0 {
            break;
        }
        assert!(start.elapsed() < Duration::from_mins(1), "nobody minds");
    }
    let (code, reason) = socket.closed().await;
    assert!(
        code == 1013 && reason.contains("too slowly") || code == 1006,
        "{code} {reason}"
    );
    assert_eq!(live(&server).await, 0, "nothing is kept for it");
}

async fn a_client_has_so_many_connections_and_no_more(database: Database) {
    let server = Settings::new(&database)
        .env("KUNDIG_MAX_LIVE_CONNECTIONS", "2")
        .start()
        .await;
    let token = tokens::local("anna", &[Scope::CatalogRead]);
    let mut sockets = vec![Socket::open_as(&server, &token).await];
    sockets.push(Socket::open_as(&server, &token).await);
    let mut third = Handshake::with(&server).make().await.expect("a WebSocket");
    let payload = json!({"Authorization": format!("Bearer {token}")});
    third
        .send(json!({"type": "connection_init", "payload": payload}))
        .await;
    let (code, reason) = third.closed().await;
    assert_eq!(code, 1013, "{reason}");
    assert!(reason.contains("max_live_connections"), "{reason}");
    let other = tokens::local("berta", &[Scope::CatalogRead]);
    drop(Socket::open_as(&server, &other).await);
    drop(sockets.pop());
    eventually("a place is free again", async || {
        let count = live(&server).await;
        (count == 1).then_some(())
    })
    .await;
    drop(Socket::open_as(&server, &token).await);
}

async fn a_server_that_stops_says_so(database: Database) {
    let server = Server::start(&database).await;
    let mut socket = Socket::open(&server).await;
    socket.subscribe("1", CHANGES, json!({})).await;
    until_subscribed(&server, 1).await;
    let stopping = tokio::spawn(server.stop());
    let (code, reason) = socket.closed().await;
    assert_eq!(code, 1001, "{reason}");
    assert!(stopping.await.expect("it stops").success());
}

/// Waits until so many subscriptions are answered.
pub(super) async fn until_subscribed(server: &Server, count: u64) {
    eventually("subscriptions are answered", async || {
        let metrics = server.metrics().await;
        let all: u64 = ["websocket", "events"]
            .map(|transport| {
                metrics.count(&format!(
                    "kundig_subscriptions{{transport=\"{transport}\"}}"
                ))
            })
            .into_iter()
            .sum();
        (all == count).then_some(())
    })
    .await;
}

/// Waits until a connection has ended for this reason.
pub(super) async fn expect_ended(server: &Server, transport: &str, reason: &str) {
    eventually("a connection has ended", async || {
        (ended(server, transport, reason).await == 1).then_some(())
    })
    .await;
}

async fn ended(server: &Server, transport: &str, reason: &str) -> u64 {
    let name = format!(
        "kundig_live_connections_ended_total{{transport=\"{transport}\",reason=\"{reason}\"}}"
    );
    server.metrics().await.count(&name)
}

async fn live(server: &Server) -> u64 {
    let name = "kundig_live_connections{transport=\"websocket\"}";
    server.metrics().await.count(name)
}

fn code(message: &Value) -> &str {
    message["payload"][0]["extensions"]["code"]
        .as_str()
        .unwrap_or_default()
}

on_both_databases!(
    changes_come_as_they_happen,
    what_the_viewer_may_not_see_is_left_out,
    queries_and_mutations_run_over_the_socket_too,
    a_client_that_does_not_read_is_disconnected,
    a_server_that_stops_says_so,
);

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
        an_operation_that_may_not_run_is_told_why_and_the_connection_stays,
        a_sequence_beyond_the_end_of_the_feed_is_refused,
        whoever_breaks_the_rules_is_told_by_the_code,
        pages_of_other_sites_open_no_socket,
        a_handshake_names_the_protocol_and_a_good_token,
        a_connection_ends_with_its_token,
        a_client_has_so_many_connections_and_no_more,
    );
}
