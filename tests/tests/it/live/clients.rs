//! The clients that applications use: `graphql-ws` and `graphql-sse`.

use kundig_tests::{Database, Server, on_both_databases, script, tokens};

async fn graphql_ws_and_graphql_sse_get_along_with_it(database: Database) {
    let server = Server::start(&database).await;
    script::run(
        "live_clients.mjs",
        &[server.address(), tokens::everything()],
    );
}

on_both_databases!(graphql_ws_and_graphql_sse_get_along_with_it);
