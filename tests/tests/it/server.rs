//! What the server is to whoever operates it, whatever catalog it holds.

use std::path::Path;
use std::process::Output;

use kundig_tests::{
    Database, Server, Settings, block_on, kundig, on_both_databases, script, tokens,
};
use serde_json::json;

async fn a_server_lives_is_ready_and_counts(database: Database) {
    let server = Server::start(&database).await;
    assert_eq!(server.get("/healthz").await.status(), 200);
    assert_eq!(server.get("/readyz").await.status(), 200);
    let answer = server.query("{ __typename }").send().await;
    assert_eq!(answer.expect_data(), &json!({"__typename": "Query"}));
    server.metrics().await.sql_statements("request");
}

async fn a_server_that_is_asked_to_stop_does_so_in_order(database: Database) {
    let server = Server::start(&database).await;
    let status = server.stop().await;
    assert_eq!(status.code(), Some(0));
}

async fn a_server_starts_again_after_it_was_killed(database: Database) {
    let server = Server::start(&database).await;
    let settings = server.kill();
    let server = settings.start().await;
    server.query("{ __typename }").send().await.expect_data();
}

on_both_databases!(
    a_server_lives_is_ready_and_counts,
    a_server_that_is_asked_to_stop_does_so_in_order,
    a_server_starts_again_after_it_was_killed,
);

#[test]
fn it_follows_the_graphql_over_http_specification() {
    block_on(async {
        let database = Database::sqlite();
        let server = Server::start(&database).await;
        script::run(
            "graphql_http.mjs",
            &[&server.url("/graphql"), tokens::everything()],
        );
    });
}

#[test]
fn its_explorer_works_in_a_browser() {
    block_on(async {
        let database = Database::sqlite();
        // Whoever opens the page has no token yet.
        let server = Settings::new(&database)
            .arg("--anonymous-read")
            .start()
            .await;
        let screenshot = Path::new(env!("CARGO_TARGET_TMPDIR")).join("explorer.png");
        script::run_in_browser(
            "explorer.mjs",
            &[
                server.address(),
                &screenshot.to_string_lossy(),
                tokens::everything(),
            ],
        );
    });
}

#[test]
fn an_unknown_flag_is_refused_with_its_name() -> anyhow::Result<()> {
    let output = kundig()
        .args(["serve", "--lisen", "127.0.0.1:0"])
        .output()?;
    assert_refused(&output, "--lisen");
    Ok(())
}

fn assert_refused(output: &Output, why: &str) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "it was accepted:\n{said}");
    assert!(said.contains(why), "the error does not name {why}:\n{said}");
    assert!(!said.contains("panicked"), "{said}");
}
