//! What the most expensive queries that the limits allow take, on a catalog of 20,000 services:
//!
//! ```sh
//! cargo bench -p kundig-tests --bench worst_query
//! ```
//!
//! Each query asks for as much of one kind as the default limit on cost lets pass. `SERVICES` changes the catalog's size.

#![expect(clippy::print_stdout, reason = "it prints what it measured")]

use std::env;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use kundig_tests::generator::{Catalog, Size};
use kundig_tests::{Answer, Database, Server, Settings, block_on};
use migration::{Migrator, MigratorTrait as _};

/// How often each query is asked.
const ROUNDS: usize = 20;

fn main() -> anyhow::Result<()> {
    kundig_tests::binary::path();
    block_on(run())
}

async fn run() -> anyhow::Result<()> {
    let services = env::var("SERVICES").map_or(Ok(20_000), |text| text.parse());
    let size = Size::of_services(services.context("SERVICES is no number")?);
    let database = Database::sqlite();
    let connection = database.connect().await;
    Migrator::up(&connection, None).await?;
    Catalog::generate(&size, 7).write(&connection).await?;
    let server = Settings::new(&database)
        .env("KUNDIG_MAX_COST", "50000")
        .start()
        .await;
    println!(
        "{:<44} {:>8} {:>10} {:>10}",
        "", "points", "bytes", "median"
    );
    for (name, query) in queries() {
        measure(&server, name, &query).await?;
    }
    Ok(())
}

fn queries() -> Vec<(&'static str, String)> {
    // As often as the limit on cost lets pass.
    let repeated = |count: usize, field: &str| {
        let fields: Vec<_> = (0..count)
            .map(|number| format!("q{number}: {field}"))
            .collect();
        format!("{{ {} }}", fields.join(" "))
    };
    let service = "id slug name description kind lifecycle tier tags version createdAt updatedAt ownershipConfirmedAt";
    let owners = "businessOwner { name email } serviceOwner { name email } team { slug name }";
    vec![
        (
            "services with everything beside them",
            format!("{{ services(first: 100) {{ nodes {{ {service} {owners} annotations dependencies(first: 33) {{ nodes {{ strength dependency {{ {service} }} }} }} }} }} }}"),
        ),
        (
            "services through their neighbours",
            "{ services(first: 20) { nodes { name dependents(first: 20) { totalCount nodes { dependent { name dependencies(first: 20) { nodes { dependency { name slug kind } } } } } } } } }".to_owned(),
        ),
        (
            "searches for a part of the name",
            repeated(12, "services(filter: {nameContains: \"e\"}, first: 100) { totalCount nodes { id } }"),
        ),
        (
            "facets of a search",
            repeated(10, "serviceFacets(by: TAG, filter: {nameContains: \"e\"}, first: 100) { value count }"),
        ),
        (
            "changes",
            repeated(15, "changes(first: 100) { totalCount nodes { sequence at actor kind type diff subject { id } } }"),
        ),
        (
            "the schema",
            include_str!("../../api/src/server/graphql/cost/introspection.graphql").to_owned(),
        ),
    ]
}

async fn measure(server: &Server, name: &str, query: &str) -> anyhow::Result<()> {
    let mut times = Vec::with_capacity(ROUNDS);
    let mut last: Option<Answer> = None;
    for _ in 0..ROUNDS {
        let start = Instant::now();
        let answer = server.query(query).send().await;
        times.push(start.elapsed());
        last = Some(answer);
    }
    times.sort();
    let answer = last.context("each query is asked")?;
    answer.expect_data();
    let cost = &answer.body()["extensions"]["cost"]["requestedQueryCost"];
    let bytes = answer.body().to_string().len();
    let median: Duration = times[ROUNDS / 2];
    println!("{name:<44} {cost:>8} {bytes:>10} {median:>10.1?}");
    Ok(())
}
