//! The clients that applications use: `graphql-ws` and `graphql-sse`.

use kundig_tests::{Database, Server, Settings, on_both_databases, on_postgres, script, tokens};

async fn graphql_ws_and_graphql_sse_get_along_with_it(database: Database) {
    let server = Server::start(&database).await;
    script::run(
        "live_clients.mjs",
        &[server.address(), tokens::everything()],
    );
}

async fn they_go_on_at_another_replica_when_theirs_stops(database: Database) {
    let settings = Settings::new(&database);
    let (mut first, second) = (settings.start().await, settings.start().await);
    script::run(
        "live_handover.mjs",
        &[
            first.address(),
            &first.process().id().to_string(),
            second.address(),
            tokens::everything(),
        ],
    );
    assert!(first.wait().await.success());
}

on_both_databases!(graphql_ws_and_graphql_sse_get_along_with_it);
on_postgres!(they_go_on_at_another_replica_when_theirs_stops);
