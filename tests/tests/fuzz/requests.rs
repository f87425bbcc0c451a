//! Whole HTTP requests: bodies, addresses and headers that may be anything.

use std::fmt::Write as _;

use axum::http::Method;
use fastrand::Rng;
use serde_json::{Map, Value, json};

use crate::case::Case;
use crate::documents::Document;
use crate::mutation::{mutate_bytes, mutate_json, mutate_tokens};
use crate::tokens::Tokens;
use crate::values::{Values, chance, one_of};

/// Documents that have something to it which the grammar does not come by.
const SEEDS: [&str; 8] = [
    include_str!("../../../api/src/server/graphql/cost/introspection.graphql"),
    "query cop { __schema { types { fields { type { fields { type { fields { type { name } } } } } } } } }",
    "query Q($id: ID!, $first: Int = 3) { node(id: $id) { __typename id ... on Service { name dependencies { strength } } } services(first: $first) { nodes { id } } }",
    "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }",
    "{ services(filter: { text: \"\"\"block \\\"\"\" text\"\"\" }) { totalCount } }",
    "mutation { a: createTeam(input: { name: \"A\" }) { team { id } userErrors { code field message } } b: createTeam(input: { name: \"A\" }) { userErrors { code } } }",
    "{ viewer { __typename } changes(first: 5) { nodes { sequence diff subject { id } } pageInfo { endCursor } } }",
    "{ serviceFacets(by: TAG, first: 5) { value count } services(orderBy: { field: NAME, direction: DESC }, last: 3) { edges { cursor } } }",
];

/// A document that fits the schema, is damaged, or is none.
pub(crate) fn document(random: &mut Rng, values: &Values<'_>, tokens: &Tokens) -> Case {
    let document = Document::generate(random, values, 30);
    let mut text = match random.u8(..10) {
        0 => (*one_of(random, &SEEDS)).to_owned(),
        1 => (0..random.usize(..200)).map(|_| random.char(..)).collect(),
        2 => tower(random),
        _ => document.text,
    };
    match random.u8(..10) {
        0..3 => text = mutate_tokens(random, &text),
        3 | 4 => {
            let mut bytes = text.into_bytes();
            mutate_bytes(random, &mut bytes);
            text = String::from_utf8_lossy(&bytes).into_owned();
        }
        _ => {}
    }
    let body = json!({
        "query": text,
        "variables": document.variables,
        "operationName": document.operation,
    });
    Case::post(tokens.usual(random), body.to_string().into_bytes())
}

/// A document that is as high or as wide as its length allows.
fn tower(random: &mut Rng) -> String {
    let size = *one_of(random, &[10, 31, 99, 1_000, 2_000]);
    let numbered = |write: fn(usize) -> String| (0..size).map(write).collect::<String>();
    match random.u8(..6) {
        0 => {
            let chain = numbered(|n| format!("fragment F{n} on Query{{...F{}}}", n + 1));
            let start = random.usize(..size);
            format!("{{...F{start}}}{chain}fragment F{size} on Query{{__typename}}")
        }
        1 => {
            let fragments = numbered(|n| format!("fragment F{n} on Query{{...G ...G}}"));
            format!("{{...F0}}{fragments}fragment G on Query{{services{{nodes{{id}}}}}}")
        }
        2 => {
            let operations = numbered(|n| format!("query O{n}{{services{{...F}}}}"));
            format!("{operations}fragment F on ServiceConnection{{totalCount nodes{{id}}}}")
        }
        3 => format!(
            "query({}){{__typename}}",
            numbered(|n| format!("$a{n}:Int "))
        ),
        4 => format!("{{{}__typename{}}}", "...{".repeat(size), "}".repeat(size)),
        _ => {
            let list = ["[", "{a:"][random.usize(..2)].repeat(size);
            format!("{{services(filter:{list}")
        }
    }
}

/// A document that fits the schema, with variables that need not.
pub(crate) fn variables(random: &mut Rng, values: &Values<'_>, tokens: &Tokens) -> Case {
    let document = Document::generate(random, values, 95);
    let mut variables = document.variables;
    for _ in 0..random.usize(..3) {
        let count = variables.len().max(1);
        if let Some(value) = variables.values_mut().nth(random.usize(..count)) {
            mutate_json(random, values, value);
        }
    }
    let mut variables = Value::Object(variables);
    if chance(random, 5) {
        mutate_json(random, values, &mut variables);
    }
    let mut variables = variables.to_string();
    if chance(random, 10) {
        variables = numbers_replaced(random, &variables);
    }
    let query = json!(document.text);
    let operation = json!(document.operation);
    let body =
        format!(r#"{{"query":{query},"operationName":{operation},"variables":{variables}}}"#);
    Case::post(tokens.usual(random), body.into_bytes())
}

/// JSON with numbers in it that no type of ours can hold.
fn numbers_replaced(random: &mut Rng, json: &str) -> String {
    let numbers = [
        "1e400",
        "-1e400",
        "1E+2",
        "0.1e-400",
        "123456789012345678901234567890",
        "01",
        "1.",
        "NaN",
        "-",
    ];
    let digits = |character: char| character.is_ascii_digit();
    let number = one_of(random, &numbers);
    match json.split_once(digits) {
        Some((before, after)) => format!("{before}{number}{}", after.trim_start_matches(digits)),
        None => json.to_owned(),
    }
}

/// A request that is one after HTTP, and need not be one after GraphQL.
pub(crate) fn request(random: &mut Rng, values: &Values<'_>, tokens: &Tokens) -> Case {
    let mut case = Case::post(tokens.usual(random), body(random, values));
    if chance(random, 30) {
        case.uri = query_string(random, values);
        case.method = Method::GET;
        case.body.clear();
    }
    if chance(random, 20) {
        let methods = [
            "GET", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH", "TRACE", "QUERY", "post",
        ];
        if let Ok(method) = one_of(random, &methods).parse() {
            case.method = method;
        }
    }
    if chance(random, 10) {
        let paths = [
            "/",
            "/graphql/",
            "//graphql",
            "/GRAPHQL",
            "/explorer/explorer.css",
            "/explorer/../../etc/passwd",
            "/explorer/%2e%2e/Cargo.toml",
            "/explorer/%00",
            "/healthz",
            "/readyz",
            "/metrics",
            "/%ff",
            "*",
            "/graphql?",
        ];
        case.uri = (*one_of(random, &paths)).to_owned();
    }
    for _ in 0..random.usize(..4) {
        odd_header(random, &mut case);
    }
    case
}

/// A body: parameters in any mixture, a batch, or something damaged.
fn body(random: &mut Rng, values: &Values<'_>) -> Vec<u8> {
    let mut body = match random.u8(..10) {
        0 => Value::Array(
            (0..random.usize(..6))
                .map(|_| parameters(random, values))
                .collect(),
        ),
        1 => values.any(random, 0),
        _ => parameters(random, values),
    };
    if chance(random, 30) {
        mutate_json(random, values, &mut body);
    }
    let mut body = body.to_string().into_bytes();
    match random.u8(..20) {
        0..4 => mutate_bytes(random, &mut body),
        4 => body.splice(0..0, *b"\xef\xbb\xbf").for_each(drop),
        5 => body = body.iter().flat_map(|byte| [*byte, 0]).collect(),
        6 => body.extend(vec![b' '; *one_of(random, &[1, 1_000, 1_100_000])]),
        7 => body = nested(random, "["),
        8 => body = nested(random, "{\"query\":"),
        _ => {}
    }
    body
}

fn nested(random: &mut Rng, opening: &str) -> Vec<u8> {
    let depth = *one_of(random, &[1, 127, 128, 100_000]);
    opening.repeat(depth).into_bytes()
}

fn parameters(random: &mut Rng, values: &Values<'_>) -> Value {
    let document = Document::generate(random, values, 30);
    let mut parameters = Map::new();
    if chance(random, 90) {
        parameters.insert("query".to_owned(), json!(document.text));
        parameters.insert("variables".to_owned(), Value::Object(document.variables));
    }
    if chance(random, 30) {
        parameters.insert("operationName".to_owned(), json!(document.operation));
    }
    if chance(random, 10) {
        parameters.insert("documentId".to_owned(), values.any(random, 3));
    }
    if chance(random, 30) {
        parameters.insert("extensions".to_owned(), extensions(random, values));
    }
    Value::Object(parameters)
}

/// Persisted queries, good ones and bad ones.
fn extensions(random: &mut Rng, values: &Values<'_>) -> Value {
    // That of the empty text, and those of nothing.
    let hashes = [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855".to_owned(),
        "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855".to_owned(),
        "a".repeat(64),
        "é".repeat(32),
        String::new(),
    ];
    let mut extensions = json!({
        "persistedQuery": {
            "version": one_of(random, &[1, 1, 1, 0, 2]),
            "sha256Hash": one_of(random, &hashes),
        }
    });
    if chance(random, 50) {
        mutate_json(random, values, &mut extensions);
    }
    extensions
}

fn query_string(random: &mut Rng, values: &Values<'_>) -> String {
    let Value::Object(parameters) = parameters(random, values) else {
        return "/graphql".to_owned();
    };
    let mut text = "/graphql?".to_owned();
    for (name, value) in parameters {
        let value = match value {
            Value::String(text) => text,
            value => value.to_string(),
        };
        for _ in 0..*one_of(random, &[1, 1, 1, 1, 1, 1, 1, 2]) {
            _ = write!(text, "{name}={}&", percent_encoded(&value));
        }
    }
    if chance(random, 20) {
        let mut bytes = text.into_bytes();
        mutate_bytes(random, &mut bytes);
        text = String::from_utf8_lossy(&bytes).into_owned();
    }
    text
}

fn percent_encoded(text: &str) -> String {
    let encoded = text.bytes().map(|byte| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(byte).to_string(),
        byte => format!("%{byte:02x}"),
    });
    encoded.collect()
}

/// Headers that somebody reads, with values that they may not be ready for.
const HEADERS: [(&str, &[&[u8]]); 16] = [
    (
        "content-type",
        &[
            b"application/json; charset=utf-8",
            b"application/json;charset=latin1",
            b"text/plain",
            b"\xff",
            b"",
            b"application/json;;;=",
            b"application/graphql+json",
        ],
    ),
    (
        "accept",
        &[
            b"*/*",
            b"text/html",
            b"application/json;q=0.1",
            b"application/graphql-response+json;q=2",
            b"application/json;q=NaN",
            b"application/json;q=-0",
            b",,,;;=",
            b"\xff",
        ],
    ),
    (
        "accept-encoding",
        &[b"gzip", b"br;q=1, *;q=0", b"zstd", b"identity;q=0", b"\xff"],
    ),
    ("content-encoding", &[b"gzip", b"br"]),
    (
        "content-length",
        &[b"0", b"1", b"99999999999999999999", b"-1", b"x"],
    ),
    ("transfer-encoding", &[b"chunked", b"gzip, chunked"]),
    (
        "origin",
        &[
            b"http://evil.example",
            b"null",
            b"",
            b"\xff",
            b"http://localhost:4000",
        ],
    ),
    ("host", &[b"localhost", b"", b"a b", b"\xff"]),
    (
        "sec-fetch-site",
        &[b"cross-site", b"same-origin", b"none", b"\xff"],
    ),
    ("access-control-request-method", &[b"POST", b"x"]),
    (
        "kundig-min-sequence",
        &[
            b"0",
            b"1",
            b"-1",
            b"+1",
            b" 1",
            b"1e3",
            b"99999999999999999999",
            b"\xff",
        ],
    ),
    (
        "x-request-id",
        &[b"a", b"", b"a b", b"\xff", b"\"><script>"],
    ),
    (
        "x-forwarded-for",
        &[b"1.2.3.4", b"::1, [::1]:80, x", b",,,", b"\xff"],
    ),
    ("forwarded", &[b"for=\"[::1]:80\"", b"for=", b"\xff"]),
    ("if-none-match", &[b"*", b"\"x\"", b"W/\"", b"\xff"]),
    ("expect", &[b"100-continue", b"x"]),
];

/// Adds a header, replaces one or leaves one out.
fn odd_header(random: &mut Rng, case: &mut Case) {
    let (name, values) = *one_of(random, &HEADERS);
    if random.bool() {
        case.without(name);
    }
    if chance(random, 80) {
        case.header(name, one_of::<&[u8]>(random, values));
    }
}
