//! Kundig beside PostGraphile 5 on the same data in the same database, on one machine:
//!
//! ```sh
//! cargo bench -p kundig-tests --bench against_postgraphile
//! ```
//!
//! It makes a throw-away PostgreSQL with a generated catalog, installs PostGraphile and Node from npm and needs `wrk`.
//! `SERVICES`, `ROUNDS` and `SECONDS` (of each server in a round) change how much is measured.

#![expect(clippy::print_stdout, reason = "it prints what it measured")]

mod issuer;
mod load;
mod page;
mod postgraphile;
mod updates;

use std::env;
use std::str::FromStr;
use std::thread::available_parallelism;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use kundig_tests::generator::{Catalog, Size};
use kundig_tests::{Database, Server, Settings, block_on};
use migration::{Migrator, MigratorTrait as _};
use sea_orm::ConnectionTrait as _;
use serde_json::Value;

use crate::page::Flavour;

/// A server under load.
#[derive(Debug)]
pub(crate) struct Target {
    name: String,
    url: String,
    flavour: Flavour,
    /// The access token that comes with each request.
    token: Option<String>,
}

fn main() -> anyhow::Result<()> {
    load::check()?;
    postgraphile::install()?;
    kundig_tests::binary::path();
    block_on(run())
}

/// Neither server logs its requests.
async fn run() -> anyhow::Result<()> {
    let database = generated().await?;
    let settings = issuer::trusted_by(Settings::new(&database))
        .arg("--log")
        .arg("warn,kundig::cli=info");
    let server = starts(&settings).await;
    let memory_at_start = server.process().memory();
    changes(&server, &settings.start().await).await;
    compare(&server, database.url()).await?;
    println!(
        "Kundig's memory        {} after start, {} after load",
        mebibytes(memory_at_start),
        mebibytes(server.process().memory())
    );
    Ok(())
}

/// A database that is as durable as in production, with a generated catalog.
async fn generated() -> anyhow::Result<Database> {
    let size = Size::of_services(setting("SERVICES", 20_000)?);
    let catalog = Catalog::generate(&size, 1);
    println!(
        "The catalog            {} services, {} dependencies, {} contributions, {} people, {} offerings",
        catalog.services.len(),
        catalog.dependencies.len(),
        catalog.contributions.len(),
        catalog.people.len(),
        catalog.offerings.len()
    );
    let database = Database::postgres();
    let connection = database.connect().await;
    Migrator::up(&connection, None).await?;
    catalog.write(&connection).await?;
    for statement in [
        "ALTER SYSTEM SET fsync = on",
        "ALTER SYSTEM SET synchronous_commit = on",
        "ALTER SYSTEM SET full_page_writes = on",
        "SELECT pg_reload_conf()",
        "VACUUM ANALYZE",
        "CHECKPOINT",
    ] {
        connection.execute_unprepared(statement).await?;
    }
    connection.close().await?;
    Ok(database)
}

/// Times a few starts; the last one's server goes on.
async fn starts(settings: &Settings) -> Server {
    let mut times = Vec::new();
    loop {
        let start = Instant::now();
        let server = settings.start().await;
        times.push(start.elapsed());
        if times.len() == 5 {
            println!("Start to ready         {}", spread(&times));
            return server;
        }
    }
}

/// Times changes on one server and on another.
async fn changes(writer: &Server, reader: &Server) {
    let warm_up = 10;
    let delays = updates::measure(writer, reader, warm_up + 200)
        .await
        .split_off(warm_up);
    let answered: Vec<_> = delays.iter().map(|delay| delay.answered).collect();
    let elsewhere: Vec<_> = delays.iter().map(|delay| delay.elsewhere).collect();
    println!(
        "Update, sent to seen   {} (here, answered)",
        spread(&answered)
    );
    println!(
        "                       {} (on another replica)",
        spread(&elsewhere)
    );
}

/// Puts the servers under load in turn, several times, and prints how they compare.
async fn compare(server: &Server, database: &str) -> anyhow::Result<()> {
    let cores = available_parallelism()?.get();
    let (_one, one) = postgraphile::start(database, 1)?;
    let (_many, many) = postgraphile::start(database, cores)?;
    let kundig = |name: &str, token| Target {
        name: name.to_owned(),
        url: server.url("/graphql"),
        flavour: Flavour::Kundig,
        token,
    };
    let postgraphile = |name: String, url| Target {
        name,
        url,
        flavour: Flavour::Postgraphile,
        token: None,
    };
    let targets = [
        kundig("Kundig", None),
        kundig("Kundig, token", Some(issuer::token())),
        postgraphile("PostGraphile".to_owned(), one),
        postgraphile(format!("PostGraphile × {cores}"), many),
    ];
    check_that_answers_agree(server, &targets).await?;

    let seconds = Duration::from_secs(setting("SECONDS", 8)?);
    for target in &targets {
        load::requests_per_second(target, seconds)?;
    }
    println!(
        "A page of 50 services with owner, team and contributions, 16 connections, requests per second:"
    );
    let line = |cells: [String; 4]| {
        println!(
            "  {:>14} {:>14} {:>14} {:>17}",
            cells[0], cells[1], cells[2], cells[3]
        );
    };
    let rates = |rates: [f64; 4]| line(rates.map(|rate| format!("{rate:.0}")));
    line(targets.each_ref().map(|target| target.name.clone()));
    let mut rounds: [Vec<f64>; 4] = Default::default();
    for _ in 0..setting("ROUNDS", 5)? {
        for (target, rates) in targets.iter().zip(&mut rounds) {
            rates.push(load::requests_per_second(target, seconds)?);
        }
        rates(
            rounds
                .each_ref()
                .map(|rates| rates.last().copied().unwrap_or_default()),
        );
    }
    let medians @ [kundig, with_token, one, many] = rounds.each_ref().map(|rates| median(rates));
    println!("Medians:");
    rates(medians);
    println!(
        "Kundig is {:.1} times PostGraphile in one process and {:.1} times in {cores}.",
        kundig / one,
        kundig / many
    );
    // Round by round, so that what else the machine does meets both alike.
    let pairs = rounds[1].iter().zip(&rounds[0]);
    let kept: Vec<f64> = pairs.map(|(token, none)| token / none).collect();
    println!(
        "With a verified token it is {:.3} times as fast as without one ({with_token:.0} to {kundig:.0}).",
        median(&kept)
    );
    Ok(())
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    if sorted.len().is_multiple_of(2) {
        f64::midpoint(sorted[middle - 1], sorted[middle])
    } else {
        sorted[middle]
    }
}

async fn check_that_answers_agree(server: &Server, targets: &[Target]) -> anyhow::Result<()> {
    let mut pages = Vec::new();
    for target in targets {
        let mut request = server.http().post(&target.url).body(target.flavour.body());
        if let Some(token) = &target.token {
            request = request.bearer_auth(token);
        }
        let answer: Value = request
            .header("content-type", "application/json")
            .send()
            .await?
            .json()
            .await?;
        pages.push(
            target
                .flavour
                .content(&answer)
                .with_context(|| target.name.clone())?,
        );
    }
    ensure!(
        pages[0].len() == 50,
        "Kundig's page has {} services",
        pages[0].len()
    );
    for (target, page) in targets.iter().zip(&pages) {
        ensure!(
            page.len() == pages[0].len(),
            "{} has {} services",
            target.name,
            page.len()
        );
        for (theirs, ours) in page.iter().zip(&pages[0]) {
            ensure!(
                theirs == ours,
                "{}: {theirs:#?}\nKundig: {ours:#?}",
                target.name
            );
        }
    }
    Ok(())
}

fn setting<T: FromStr<Err: std::error::Error + Send + Sync + 'static>>(
    name: &str,
    default: T,
) -> anyhow::Result<T> {
    match env::var(name) {
        Ok(text) => text.parse().with_context(|| format!("{name} is {text:?}")),
        Err(_) => Ok(default),
    }
}

/// Median, 95th percentile and longest.
fn spread(times: &[Duration]) -> String {
    let mut sorted = times.to_vec();
    sorted.sort();
    let at = |percent: usize| sorted[(sorted.len() - 1) * percent / 100].as_secs_f64() * 1_000.0;
    format!(
        "{:.1} ms median, {:.1} ms 95 %, {:.1} ms at most",
        at(50),
        at(95),
        at(100)
    )
}

fn mebibytes(bytes: u64) -> String {
    format!("{} MiB", bytes / (1024 * 1024))
}
