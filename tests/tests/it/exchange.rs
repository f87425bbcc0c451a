//! Import and export through the running program: the mutation, the command line, both databases.

use std::path::{Path, PathBuf};
use std::process::Output;

use anyhow::Context as _;
use kundig_tests::{Answer, Database, Server, Settings, kundig, on_both_databases};
use serde_json::{Value, json};

use crate::objects::until_shown;
use crate::support::{changes_without_clocks, mutate};

on_both_databases!(
    an_import_over_the_api_is_repeatable,
    an_import_that_is_wrong_anywhere_changes_nothing,
    what_is_as_deep_as_an_import_lets_it_be_can_be_read_back,
    an_untidy_folder_is_imported_with_a_warning_for_each_thing,
    holidays_and_objectives_are_imported,
    an_export_is_imported_as_the_identical_catalog,
    the_demo_is_served_and_put_into_an_empty_database_only,
);

const DESCRIPTORS: &str = "\
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: shop, annotations: {exact: 1.0, nested: {b: [null, true], a: ''}}}
spec: {type: website, lifecycle: production, owner: sales, dependsOn: ['resource:orders']}
---
apiVersion: backstage.io/v1alpha1
kind: Group
metadata: {name: sales}
spec: {type: team}
";

async fn import(server: &Server, input: Value) -> Answer {
    let selection = "result { created updated unchanged warnings }";
    mutate(server, "importCatalog", selection, input).await
}

async fn an_import_over_the_api_is_repeatable(database: Database) {
    let server = Server::start(&database).await;
    let backstage =
        |dry_run: bool| json!({ "format": "BACKSTAGE", "source": DESCRIPTORS, "dryRun": dry_run });
    let warning = "line 4, column 72: `spec.dependsOn` names `resource:default/orders`, which is not in the catalog; \
                   it is linked when an import brings it";
    let result = |created: u32, unchanged: u32| json!({ "created": created, "updated": 0, "unchanged": unchanged, "warnings": [warning] });

    let tried = import(&server, backstage(true)).await;
    assert_eq!(tried.expect_payload()["result"], result(2, 0));
    assert_eq!(
        import(&server, backstage(false)).await.expect_payload()["result"],
        result(2, 0)
    );
    let again = import(&server, backstage(false)).await;
    assert_eq!(again.expect_payload()["result"], result(0, 2));

    let orders = "apiVersion: backstage.io/v1alpha1\nkind: Resource\nmetadata: {name: orders}\nspec: {owner: sales}\n";
    let later = import(&server, json!({ "format": "BACKSTAGE", "source": orders })).await;
    assert_eq!(
        later.expect_payload()["result"],
        json!({ "created": 1, "updated": 1, "unchanged": 0, "warnings": [] })
    );
    let shop = "{ service(slug: \"shop\") { kind team { slug } annotations dependencies { nodes { dependency { slug } } } } }";
    let answer = server.query(shop).send().await;
    let service = &answer.expect_data()["service"];
    assert_eq!(service["kind"], "APPLICATION");
    assert_eq!(service["team"]["slug"], "sales");
    assert_eq!(
        service["annotations"]["nested"],
        json!({ "b": [null, true], "a": "" })
    );
    assert_eq!(
        service["dependencies"]["nodes"],
        json!([{ "dependency": { "slug": "orders" } }])
    );
}

async fn an_import_that_is_wrong_anywhere_changes_nothing(database: Database) {
    let server = Server::start(&database).await;
    let broken = format!(
        "{DESCRIPTORS}---\nkind: [\n---\napiVersion: backstage.io/v1alpha1\nkind: API\nmetadata: {{name: 5}}\n"
    );
    let refused = import(&server, json!({ "format": "BACKSTAGE", "source": broken })).await;
    refused.expect_user_error(&["source"], "INVALID");
    let errors = &refused.expect_data()["importCatalog"]["userErrors"];
    let messages: Vec<&str> = errors
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|error| error["message"].as_str())
        .collect();
    assert_eq!(messages.len(), 2, "all errors at once: {messages:?}");
    assert!(
        messages[1].starts_with("line 15, column 18: `metadata.name` must be a string"),
        "{messages:?}"
    );

    let strict = json!({ "format": "BACKSTAGE", "source": DESCRIPTORS, "strict": true });
    import(&server, strict)
        .await
        .expect_user_error(&["source"], "INVALID");
    let kundig = json!({ "format": "KUNDIG", "source": "apiVersion: kundig/v1\nkind: Servise\n" });
    import(&server, kundig)
        .await
        .expect_user_error(&["source"], "INVALID");
    let openslo = json!({ "format": "OPENSLO", "source": "apiVersion: openslo/v2\nkind: SLO\n" });
    import(&server, openslo)
        .await
        .expect_user_error(&["source"], "INVALID");

    let answer = server
        .query("{ services { totalCount } teams { totalCount } changes { nodes { sequence } } }")
        .send()
        .await;
    assert_eq!(
        answer.expect_data(),
        &json!({ "services": { "totalCount": 0 }, "teams": { "totalCount": 0 }, "changes": { "nodes": [] } })
    );
}

/// Runs a command to its end.
fn run(database: &Database, arguments: &[&str]) -> anyhow::Result<Output> {
    let mut command = kundig();
    command.args(arguments).args(["--database", database.url()]);
    command.output().context("kundig can be run")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The lines about places of a file in the folder, without the folder.
fn told(output: &Output, folder: &Path) -> Vec<String> {
    let prefix = format!("{}/", folder.display());
    text(&output.stderr)
        .lines()
        .filter_map(|line| line.strip_prefix(&prefix))
        .map(|line| line.replace(&prefix, ""))
        .collect()
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/backstage")
}

async fn what_is_as_deep_as_an_import_lets_it_be_can_be_read_back(database: Database) {
    let server = Server::start(&database).await;
    let mut refused = 0;
    for depth in 80..130 {
        let nested = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        let source = format!(
            "apiVersion: kundig/v1\nkind: Team\nmetadata: {{slug: t{depth}, name: T, annotations: {{deep: {nested}}}}}\n"
        );
        let answer = import(&server, json!({ "format": "KUNDIG", "source": source })).await;
        let errors = &answer.expect_data()["importCatalog"]["userErrors"];
        refused += usize::from(errors.to_string().contains("nest deeper"));
        assert_eq!(*errors == json!([]), refused == 0, "{answer}");
    }
    assert!((1..50).contains(&refused), "{refused}");
    until_shown(&server).await;
    let read =
        "{ changes(first: 100) { nodes { diff } } teams(first: 100) { nodes { annotations } } }";
    let answer = server.query(read).send().await;
    let changes = answer.expect_data()["changes"]["nodes"].as_array();
    assert_eq!(changes.map(Vec::len), Some(50 - refused));
}

async fn an_untidy_folder_is_imported_with_a_warning_for_each_thing(
    database: Database,
) -> anyhow::Result<()> {
    let folder = fixtures();
    let path = folder.to_str().context("a path in UTF-8")?;
    let expected = include_str!("../../fixtures/backstage.warnings.txt");

    let tried = run(
        &database,
        &["import", "--format", "backstage", "--dry-run", path],
    )?;
    assert!(tried.status.success(), "{}", text(&tried.stderr));
    assert!(
        text(&tried.stdout).contains("+ service shop-application (shop)\n"),
        "{}",
        text(&tried.stdout)
    );
    let strict = run(
        &database,
        &["import", "--format", "backstage", "--strict", path],
    )?;
    assert_eq!(strict.status.code(), Some(3), "{}", text(&strict.stderr));

    let imported = run(&database, &["import", "--format", "backstage", path])?;
    assert!(imported.status.success(), "{}", text(&imported.stderr));
    assert_eq!(
        told(&imported, &folder),
        expected.lines().collect::<Vec<_>>()
    );
    assert!(
        text(&imported.stderr).ends_with("9 created, 0 updated, 0 unchanged, 16 warnings\n"),
        "{}",
        text(&imported.stderr)
    );

    let again = run(&database, &["import", "--format", "backstage", path])?;
    assert!(
        text(&again.stderr).contains("0 created, 0 updated, 8 unchanged"),
        "{}",
        text(&again.stderr)
    );
    let missing = run(
        &database,
        &["import", "--format", "backstage", "/nowhere.yaml"],
    )?;
    assert_eq!(missing.status.code(), Some(3));
    assert!(text(&missing.stderr).contains("/nowhere.yaml:1:1: error: this file does not exist"));
    Ok(())
}

/// Holidays and objectives come from files of others.
async fn holidays_and_objectives_are_imported(database: Database) -> anyhow::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let (slos, holidays) = (folder.join("openslo"), folder.join("holidays.ics"));
    let slos = slos.to_str().context("a path in UTF-8")?;
    let holidays = holidays.to_str().context("a path in UTF-8")?;
    let import_slos = &["import", "--format", "openslo", slos][..];
    for (arguments, expected) in [
        (
            import_slos,
            "5 created, 0 updated, 0 unchanged, 5 warnings\n",
        ),
        (
            import_slos,
            "0 created, 0 updated, 4 unchanged, 4 warnings\n",
        ),
    ] {
        let output = run(&database, arguments)?;
        assert!(
            text(&output.stderr).ends_with(expected),
            "{}",
            text(&output.stderr)
        );
    }

    let import_holidays =
        |more: &'static [&str]| [&["import", "--format", "ics"], more, &[holidays]].concat();
    let nowhere = run(&database, &import_holidays(&["--calendar", "nowhere"]))?;
    assert_eq!(nowhere.status.code(), Some(3), "{}", text(&nowhere.stderr));
    let around = &["--calendar", "around-the-clock"];
    let tried = run(
        &database,
        &import_holidays(&["--calendar", "around-the-clock", "--dry-run"]),
    )?;
    assert!(
        text(&tried.stdout).contains("2026-10-03"),
        "{}",
        text(&tried.stdout)
    );
    for expected in [
        "0 created, 1 updated, 0 unchanged, 1 warning\n",
        "0 created, 0 updated, 1 unchanged, 1 warning\n",
    ] {
        let output = run(&database, &import_holidays(around))?;
        assert!(
            text(&output.stderr).ends_with(expected),
            "{}",
            text(&output.stderr)
        );
        assert!(text(&output.stderr).contains("holidays.ics:14:1: warning: \"Staff meeting\""));
    }
    let unnamed = run(&database, &import_holidays(&[]))?;
    assert_eq!(unnamed.status.code(), Some(2), "{}", text(&unnamed.stderr));
    let misplaced = run(&database, &["import", "--calendar", "x", slos])?;
    assert!(text(&misplaced.stderr).contains("--calendar goes with --format ics"));
    Ok(())
}

async fn an_export_is_imported_as_the_identical_catalog(database: Database) -> anyhow::Result<()> {
    let folder = fixtures();
    let path = folder.to_str().context("a path in UTF-8")?;
    for arguments in [
        &["import", "--demo"][..],
        &["import", "--format", "backstage", path],
    ] {
        let output = run(&database, arguments)?;
        assert!(output.status.success(), "{}", text(&output.stderr));
    }
    let export = run(&database, &["export"])?.stdout;
    assert!(
        text(&export).contains("backstage:resource:default/stock"),
        "what is not there yet is kept"
    );

    let directory = tempfile::tempdir()?;
    let file = directory.path().join("catalog.yaml");
    let file = file.to_str().context("a path in UTF-8")?;
    // Into an empty one of each kind: what a catalog is does not depend on where it lies.
    for other in [Database::sqlite(), Database::postgres()] {
        std::fs::write(file, &export)?;
        let output = run(&other, &["import", file])?;
        assert!(output.status.success(), "{}", text(&output.stderr));
        std::fs::remove_file(file)?;
        let output = run(&other, &["export", "--output", file])?;
        assert!(
            output.status.success() && output.stdout.is_empty(),
            "{}",
            text(&output.stderr)
        );
        assert!(std::fs::read(file)? == export, "the exports differ");
    }
    Ok(())
}

async fn the_demo_is_served_and_put_into_an_empty_database_only(database: Database) {
    const COUNT: &str = "{ services { totalCount } }";
    let settings = Settings::new(&database).arg("--demo");
    let server = settings.start().await;
    let first = server.query(COUNT).send().await;
    let services = first.expect_data()["services"]["totalCount"].as_i64();
    assert!(
        services.is_some_and(|services| services >= 55),
        "{services:?}"
    );
    server.stop().await;
    let written = changes_without_clocks(&database).await;

    let again = settings.start().await.query(COUNT).send().await;
    assert_eq!(again.expect_data(), first.expect_data());
    let since = changes_without_clocks(&database).await;
    assert_eq!(since, written, "nothing is written");
}
