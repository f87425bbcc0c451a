//! The page for owners and managers.

use std::path::Path;

use kundig::auth::Scope;
use kundig_tests::{Database, Settings, block_on, script, tokens};

#[test]
fn the_board_shows_everybody_what_the_api_says() {
    block_on(async {
        let database = Database::sqlite();
        let server = Settings::new(&database).arg("--demo").start().await;
        let screenshots = Path::new(env!("CARGO_TARGET_TMPDIR")).join("board");
        script::run_in_browser(
            "board.mjs",
            &[
                server.address(),
                &screenshots.to_string_lossy(),
                tokens::everything(),
                &tokens::local("m.nguyen", &[Scope::CatalogRead]),
                &tokens::local("m.nguyen", &[Scope::InsightRead]),
            ],
        );
    });
}

#[test]
fn the_boards_bundle_is_what_its_sources_give_and_its_queries_fit_the_schema() {
    script::run_npm("api/board", "check");
}
