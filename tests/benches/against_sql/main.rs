//! Kundig's requests beside servers that are written by hand for one purpose each, with SQL by hand, on the same data in the same
//! PostgreSQL, on one machine:
//!
//! ```sh
//! cargo bench -p kundig-tests --bench against_sql             # both
//! cargo bench -p kundig-tests --bench against_sql -- submit   # submitting requests
//! cargo bench -p kundig-tests --bench against_sql -- list     # listing them
//! ```
//!
//! The hand-written servers know no tokens, check nothing and answer nothing else. `REQUESTS` (to list), `ROUNDS` and `SECONDS`
//! (of each server in a round) change how much is measured.

#![expect(clippy::print_stdout, reason = "it prints what it measured")]

mod handwritten;
mod list;
mod submit;
mod world;

use std::env;
use std::str::FromStr;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use anyhow::Context as _;
use kundig_tests::block_on;
use kundig_tests::load::Load;

/// As Kundig has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How many requests are under way at any time.
const CONNECTIONS: usize = 16;

/// A server under load: what it is sent, and how a good answer begins.
pub(crate) struct Target<'a> {
    pub(crate) url: String,
    pub(crate) token: Option<&'a str>,
    pub(crate) body: &'a (dyn Fn(u64) -> String + Sync),
    pub(crate) beginning: &'a str,
}

fn main() -> anyhow::Result<()> {
    kundig_tests::binary::path();
    // Cargo adds arguments of its own.
    let wanted: Vec<String> = env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with('-'))
        .collect();
    let is_wanted = |part: &str| wanted.is_empty() || wanted.iter().any(|name| name == part);
    if is_wanted("submit") {
        block_on(submit::measure())?;
    }
    if is_wanted("list") {
        block_on(list::measure())?;
    }
    Ok(())
}

/// Puts both servers under load in turn, several times, and prints how they compare.
pub(crate) fn compare(
    title: &str,
    kundig: &Target<'_>,
    by_hand: &Target<'_>,
) -> anyhow::Result<()> {
    let seconds = Duration::from_secs(setting("SECONDS", 8)?);
    let next = AtomicU64::new(1);
    let per_second = |target: &Target<'_>| {
        let is_good = |answer: &[u8]| answer.starts_with(target.beginning.as_bytes());
        let load = Load {
            url: &target.url,
            token: target.token,
            connections: CONNECTIONS,
            body: target.body,
            next: &next,
            is_good: &is_good,
        };
        load.per_second(seconds)
    };
    for target in [kundig, by_hand] {
        per_second(target)?;
    }
    println!("{title}, {CONNECTIONS} connections, per second:");
    println!("  {:>12} {:>12} {:>8}", "Kundig", "by hand", "ratio");
    let mut ratios = Vec::new();
    let mut rates = [Vec::new(), Vec::new()];
    for _ in 0..setting("ROUNDS", 5)? {
        let (ours, theirs) = (per_second(kundig)?, per_second(by_hand)?);
        // Round by round, so that what else the machine does meets both alike.
        ratios.push(ours / theirs);
        rates[0].push(ours);
        rates[1].push(theirs);
        println!("  {ours:>12.0} {theirs:>12.0} {:>8.2}", ours / theirs);
    }
    let [ours, theirs] = rates.each_ref().map(|rates| median(rates));
    println!("Medians:");
    println!("  {ours:>12.0} {theirs:>12.0} {:>8.2}", median(&ratios));
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

pub(crate) fn setting<T: FromStr<Err: std::error::Error + Send + Sync + 'static>>(
    name: &str,
    default: T,
) -> anyhow::Result<T> {
    match env::var(name) {
        Ok(text) => text.parse().with_context(|| format!("{name} is {text:?}")),
        Err(_) => Ok(default),
    }
}
