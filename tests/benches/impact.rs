//! What one impact takes on a catalog of 100,000 services with 400,000 dependencies, beside the same by going round until nothing
//! changes any more:
//!
//! ```sh
//! cargo bench -p kundig-tests --bench impact
//! ```
//!
//! `SERVICES` changes the catalog's size. Services need earlier ones, as in layers, so how much is affected depends on what fails.

#![expect(clippy::print_stdout, reason = "it prints what it measured")]

use std::collections::BTreeMap;
use std::env;
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use fastrand::Rng;
use jiff::Timestamp;
use kundig::catalog::services::rules::{Dependency, Service};
use kundig::incidents::rules::Severity;
use kundig::outcomes::rules::Outcome;
use kundig::shared::edit::Editable as _;
use kundig::shared::ids::Id;
use kundig::shared::money::Amount;
use kundig::shared::record::Header;
use kundig::snapshot::Catalog;
use uuid::Uuid;

const DEPENDENCIES: usize = 4;
const ROUNDS: usize = 300;

fn main() -> anyhow::Result<()> {
    let count = env::var("SERVICES").map_or(Ok(100_000), |text| text.parse());
    let count: usize = count.context("SERVICES is no number")?;
    println!("Strengths from 5 to 100 %:");
    let catalog = measure(count, 1);
    beside_going_round(&catalog.0, &catalog.1, count);
    println!("All strengths 100 %, so that most chains are worth the same:");
    measure(count, 20);
    Ok(())
}

/// The catalog, and how many services each run found affected, and in which time.
fn measure(count: usize, weakest: u8) -> (Catalog, Vec<(usize, Duration)>) {
    let mut random = Rng::with_seed(7);
    let start = Instant::now();
    let catalog = catalog(count, weakest, &mut random);
    println!(
        "{count} services, {} dependencies: made in {:.1?}",
        count * DEPENDENCIES,
        start.elapsed()
    );
    let mut runs: Vec<(usize, Duration)> = (0..ROUNDS)
        .map(|_| {
            let failed = [service(random.usize(..count))];
            let start = Instant::now();
            let impact = black_box(catalog.work_out_impact(&failed, Severity::Outage));
            (impact.affected, start.elapsed())
        })
        .collect();
    runs.sort_unstable();
    println!(
        "{:>10} {:>6} {:>10} {:>10}",
        "affected", "runs", "median", "most"
    );
    for (least, most) in [
        (1, 10),
        (10, 100),
        (100, 1_000),
        (1_000, 10_000),
        (10_000, count / 2),
        (count / 2, count + 1),
    ] {
        let mut times: Vec<Duration> = runs
            .iter()
            .filter(|(affected, _)| (least..most).contains(affected))
            .map(|(_, time)| *time)
            .collect();
        times.sort_unstable();
        if let Some(longest) = times.last() {
            println!(
                "{:>10} {:>6} {:>10.1?} {longest:>10.1?}",
                format!("< {most}"),
                times.len(),
                times[times.len() / 2]
            );
        }
    }
    (catalog, runs)
}

/// The usual way, once: every service asks what it needs, until a round changes nothing.
fn beside_going_round(catalog: &Catalog, runs: &[(usize, Duration)], count: usize) {
    let start = Instant::now();
    let mut losses: BTreeMap<Id<Service>, f64> = BTreeMap::from([(service(count / 2), 1.0)]);
    loop {
        let mut changed = false;
        for service in catalog.services.iter() {
            let through = service
                .dependencies
                .iter()
                .map(|(needed, edge)| losses.get(needed).map_or(0.0, |loss| loss * edge.strength));
            let loss = through.fold(0.0, f64::max);
            let id = Id::new(service.header.id);
            if loss > losses.get(&id).copied().unwrap_or_default() {
                losses.insert(id, loss);
                changed = true;
            }
        }
        if !changed {
            break;
        }
    }
    let naive = start.elapsed();
    let median = runs[runs.len() / 2].1;
    println!(
        "going round until nothing changes: {naive:.1?}, {:.0} times the median",
        naive.as_secs_f64() / median.as_secs_f64()
    );
}

fn service(place: usize) -> Id<Service> {
    Id::new(Uuid::from_u128(place as u128 + 1))
}

fn outcome(place: usize) -> Id<Outcome> {
    Id::new(Uuid::from_u128((1 << 64) + place as u128))
}

fn header(key: Uuid, slug: String) -> Header {
    Header::new(key, slug.clone(), slug, Timestamp::UNIX_EPOCH)
}

/// Services that need earlier ones, most of them near, two contributions each to one of a tenth as many outcomes.
fn catalog(count: usize, weakest: u8, random: &mut Rng) -> Catalog {
    let mut catalog = Catalog::default();
    let outcomes = count / 10;
    for place in 0..outcomes {
        let mut record = Outcome::blank(header(outcome(place).key(), format!("outcome-{place}")));
        record.value_per_hour = Amount::from_stored(random.i64(1..1_000_000_000));
        catalog.put(Arc::new(record));
    }
    for place in 0..count {
        let mut record = Service::blank(header(service(place).key(), format!("service-{place}")));
        for _ in 0..DEPENDENCIES.min(place) {
            let needed = random.usize(..place).max(random.usize(..place));
            let edge = Dependency {
                strength: share(weakest, random),
                origin: None,
            };
            record.dependencies.insert(service(needed), edge);
        }
        for _ in 0..2 {
            record
                .contributions
                .insert(outcome(random.usize(..outcomes)), share(1, random));
        }
        catalog.put(Arc::new(record));
    }
    catalog
}

fn share(weakest: u8, random: &mut Rng) -> f64 {
    f64::from(random.u8(weakest..=20)) / 20.0
}
