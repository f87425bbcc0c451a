//! `cargo bench -p kundig-tests --bench search`: full-text search over 100,000 documents, beside a scan of all of them.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::time::{Duration, Instant};

use kundig::search::index::{Document, TextIndex};
use kundig::search::matching::{Page, Wanted};
use kundig::search::rules::{self, fold};
use uuid::Uuid;

const DOCUMENTS: u128 = 100_000;
const ROUNDS: usize = 200;

/// What names and descriptions are made of, two and two.
const WORDS: [&str; 24] = [
    "patient",
    "betten",
    "druck",
    "management",
    "portal",
    "archiv",
    "zugang",
    "netz",
    "labor",
    "dienst",
    "server",
    "gateway",
    "mail",
    "konto",
    "station",
    "röntgen",
    "akte",
    "plan",
    "service",
    "cloud",
    "daten",
    "sicherung",
    "telefon",
    "rechnung",
];

/// Kinds of searches, with a query of each.
const QUERIES: [(&str, &str); 9] = [
    ("exact", "patientbetten archivzugang"),
    ("exact, in many", "druckmanagement"),
    ("prefix", "röntgenak"),
    ("prefix of 2 letters", "pa"),
    ("one typo", "netzplam"),
    ("two typos", "druckmanagmnt archivzugagn"),
    ("end of compounds", "management"),
    ("two words for one", "druck management"),
    (
        "ten words",
        "patient betten druck management portal archiv zugang netz labor dienst",
    ),
];

fn main() {
    let documents = documents();
    let start = Instant::now();
    let index = TextIndex::new().expect("an index can be made");
    index.add_new(documents.clone()).expect("documents fit");
    index.show().expect("the index can be written");
    println!(
        "built in {:.1} s, {} in memory",
        start.elapsed().as_secs_f64(),
        memory()
    );
    println!(
        "{:<22}{:>9}{:>12}{:>12}{:>12}{:>9}",
        "", "found", "median", "95 %", "scan", "ratio"
    );
    let scanned: Vec<String> = documents.iter().map(text).collect();
    for (kind, query) in QUERIES {
        let wanted = Wanted::all(rules::query(query).expect("the query is within bounds"));
        let page = Page {
            after: None,
            first: 25,
        };
        let mut times = Vec::with_capacity(ROUNDS);
        let mut total = 0;
        for _ in 0..ROUNDS {
            let start = Instant::now();
            let found = index.search(&wanted, page).expect("the index can be read");
            times.push(start.elapsed());
            total = found.total;
        }
        times.sort_unstable();
        let median = times[ROUNDS / 2];
        let scan = scan(&scanned, query);
        let ratio = scan.as_secs_f64() / median.as_secs_f64();
        let high = times[ROUNDS * 95 / 100];
        println!(
            "{kind:<22}{total:>9}{:>12}{:>12}{:>12}{ratio:>8.0}×",
            ms(median),
            ms(high),
            ms(scan)
        );
    }
}

/// Looks through all names and texts, as it would be done without an index: no typos, no ranking.
fn scan(texts: &[String], query: &str) -> Duration {
    let words: Vec<String> = query.split(' ').map(fold).collect();
    let start = Instant::now();
    let is_found = |text: &&String| {
        let folded: Vec<String> = text.split(' ').map(fold).collect();
        words
            .iter()
            .all(|word| folded.iter().any(|it| it.starts_with(word)))
    };
    let found = texts.iter().filter(is_found).count();
    std::hint::black_box(found);
    start.elapsed()
}

fn ms(time: Duration) -> String {
    format!("{:.2} ms", 1_000.0 * time.as_secs_f64())
}

/// What the process takes, as Linux tells it.
fn memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.map_or_else(|| "?".to_owned(), |line| line.trim().to_owned())
}

fn text(document: &Document) -> String {
    format!("{} {}", document.name, document.texts.join(" "))
}

fn documents() -> Vec<Document> {
    let mut random = fastrand::Rng::with_seed(1);
    let mut word = move || {
        format!(
            "{}{}",
            WORDS[random.usize(..WORDS.len())],
            WORDS[random.usize(..WORDS.len())]
        )
    };
    let document = |number: u128| Document {
        kind: 0,
        id: Uuid::from_u128(number),
        name: format!("{} {} {number}", word(), word()),
        keys: vec![format!("slug-{number}")],
        texts: vec![(0..20).map(|_| word()).collect::<Vec<_>>().join(" ")],
        marks: vec!["is:Service".to_owned()],
    };
    (0..DOCUMENTS).map(document).collect()
}
