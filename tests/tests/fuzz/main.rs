//! Whatever is sent, the server does not panic, does not fail, and tells nothing that is not for its clients.
//!
//! Cases are made by a generator of random numbers, a seed for each, so that one can be tried again: `FUZZ_SEED` is the seed of
//! the first case, `FUZZ_CASES` how many each test tries. The first cases of a run are what later ones find in the catalog, so
//! a case may need those before it.

mod case;
mod documents;
mod grammar;
mod mutation;
mod oracle;
mod requests;
mod target;
mod tokens;
mod values;

use std::env;
use std::io::Write as _;
use std::str::FromStr;
use std::time::{Duration, Instant};

use fastrand::Rng;

use self::case::Case;
use self::grammar::Grammar;
use self::oracle::Outcome;
use self::target::Target;
use self::tokens::Tokens;
use self::values::Values;

/// How many cases each test tries where nothing is said: some ten seconds of a slow core.
const CASES: u64 = 2_000;
/// After how many cases a new server takes over, since mutations make the catalog larger and larger.
const CASES_OF_A_SERVER: usize = 10_000;

/// Makes a case.
type Maker = fn(&mut Rng, &Values<'_>, &Tokens) -> Case;

#[test]
fn any_document_is_answered() {
    run("documents", requests::document);
}

#[test]
fn any_variables_are_answered() {
    run("variables", requests::variables);
}

#[test]
fn any_token_is_answered_and_no_forged_one_accepted() {
    run("tokens", |random, values, tokens| {
        tokens.case(random, values)
    });
}

#[test]
fn any_request_is_answered() {
    run("requests", requests::request);
}

/// Tries as many cases as are wanted.
fn run(name: &str, make: Maker) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime can be made");
    let first: u64 = setting("FUZZ_SEED").unwrap_or_default();
    let cases: u64 = setting("FUZZ_CASES").unwrap_or(CASES);
    let grammar = Grammar::new();
    let start = Instant::now();
    let mut tally = Tally::default();
    let mut seeds = first..first + cases;
    while !seeds.is_empty() {
        // Made anew as well, since tokens expire in a long run.
        let tokens = Tokens::new();
        runtime.block_on(async {
            let target = Box::pin(Target::start(&tokens)).await;
            let values = Values {
                grammar: &grammar,
                known: &target.known,
                wrong: 3,
            };
            for seed in seeds.by_ref().take(CASES_OF_A_SERVER) {
                let case = make(&mut Rng::with_seed(seed), &values, &tokens);
                let start = Instant::now();
                let outcome = try_case(name, seed, &case, &target).await;
                tally.add(seed, outcome, start.elapsed());
            }
        });
        // Written past the harness, which would keep it until the end of a run of hours.
        _ = writeln!(
            std::io::stderr(),
            "{name}: {tally:?} in {:.0?}, next seed {}",
            start.elapsed(),
            seeds.start
        );
    }
    assert!(
        cases < CASES || tally.done + tally.failed > cases / 20,
        "{name}: next to nothing is executed, so little is tried: {tally:?}"
    );
}

/// How cases went.
#[derive(Debug, Default)]
struct Tally {
    done: u64,
    failed: u64,
    refused: u64,
    /// What HTTP itself does not let through.
    unsent: u64,
    /// How long the slowest took, and its seed.
    slowest: (Duration, u64),
}

impl Tally {
    fn add(&mut self, seed: u64, outcome: Option<Outcome>, duration: Duration) {
        self.slowest = self.slowest.max((duration, seed));
        *match outcome {
            Some(Outcome::Done) => &mut self.done,
            Some(Outcome::Failed) => &mut self.failed,
            Some(Outcome::Refused) => &mut self.refused,
            None => &mut self.unsent,
        } += 1;
    }
}

async fn try_case(name: &str, seed: u64, case: &Case, target: &Target) -> Option<Outcome> {
    let answer = target.answer(case).await?;
    let outcome = oracle::check(case, &answer);
    let mut faults = Target::faults();
    faults.extend(outcome.as_ref().err().cloned());
    assert!(
        faults.is_empty(),
        "{name}: {}\nFUZZ_SEED={seed} FUZZ_CASES=1 tries it again, by itself.\n\n{case}\n\n{} {}",
        faults.join("\n"),
        answer.status,
        String::from_utf8_lossy(&answer.body)
    );
    outcome.ok()
}

/// A number that the environment sets.
fn setting<T: FromStr>(name: &str) -> Option<T> {
    let text = env::var(name).ok()?;
    let number = text.parse().ok();
    assert!(
        number.is_some(),
        "{name} is \"{text}\", which is no whole number"
    );
    number
}
