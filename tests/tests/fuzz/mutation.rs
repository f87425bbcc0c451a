//! Damage: to bytes, to a document's tokens, to JSON.

use fastrand::Rng;
use serde_json::Value;

use crate::values::{Values, one_of};

/// Bytes that mean something to one parser or another.
const BYTES: &[u8] = b"\0\n\r\t \"'\\{}[]()<>:;,.!$@#&|=-+%_*/~^`0aA\x7f\x80\xc3\xe2\xf0\xff";

/// What documents are made of.
const TOKENS: [&str; 44] = [
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    ":",
    "!",
    "$",
    "@",
    "&",
    "|",
    "=",
    "...",
    "\"",
    "\"\"\"",
    "\\",
    "#",
    ",",
    "\u{feff}",
    "query",
    "mutation",
    "subscription",
    "fragment",
    "on",
    "type",
    "extend",
    "null",
    "true",
    "1",
    "-1",
    "0.5e9",
    "1e400",
    "00",
    "\"\\u0000\"",
    "\"\\uD800\"",
    "$a",
    "@skip(if: true)",
    "@include(if: $a)",
    "__typename",
    "__schema",
    "id",
    "a",
    "Query",
];

/// Changes bytes in a few places.
pub(crate) fn mutate_bytes(random: &mut Rng, bytes: &mut Vec<u8>) {
    for _ in 0..random.usize(1..=4) {
        let at = random.usize(..=bytes.len());
        let end = (at + random.usize(..=16)).min(bytes.len());
        match random.u8(..7) {
            0 => bytes.truncate(at),
            1 => drop(bytes.drain(at..end)),
            2 => bytes.insert(at, *one_of(random, BYTES)),
            3 => bytes.insert(at, random.u8(..)),
            4 => {
                let piece = bytes[at..end].repeat(random.usize(1..=20));
                bytes.splice(at..at, piece);
            }
            5 => {
                let to = random.usize(..=bytes.len());
                let piece = bytes[at..end].to_vec();
                bytes.splice(to..to, piece);
            }
            _ => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << random.u8(..8);
                }
            }
        }
    }
}

/// Changes tokens of a document in a few places.
pub(crate) fn mutate_tokens(random: &mut Rng, document: &str) -> String {
    let mut tokens = split(document);
    for _ in 0..random.usize(1..=4) {
        let at = random.usize(..=tokens.len());
        let end = (at + random.usize(..=8)).min(tokens.len());
        match random.u8(..6) {
            0 => drop(tokens.drain(at..end)),
            1 => tokens.insert(at, *one_of(random, &TOKENS)),
            2 => {
                if let Some(token) = tokens.get_mut(at) {
                    *token = *one_of(random, &TOKENS);
                }
            }
            3 => {
                let times = *one_of(random, &[1, 2, 5, 100]);
                let piece = tokens[at..end].repeat(times);
                tokens.splice(at..at, piece);
            }
            4 => {
                let piece = tokens[at..end].to_vec();
                let to = random.usize(..=tokens.len());
                tokens.splice(to..to, piece);
            }
            _ => tokens[at..end].reverse(),
        }
    }
    tokens.join(" ")
}

/// Words, and everything between them character by character; blanks are left out.
fn split(document: &str) -> Vec<&str> {
    let is_word = |character: char| character.is_alphanumeric() || character == '_';
    let mut tokens = Vec::new();
    let mut rest = document;
    while let Some(first) = rest.chars().next() {
        let length = match rest.find(|character| !is_word(character)) {
            Some(0) => first.len_utf8(),
            Some(end) => end,
            None => rest.len(),
        };
        let (token, after) = rest.split_at(length);
        if !token.trim().is_empty() {
            tokens.push(token);
        }
        rest = after;
    }
    tokens
}

/// Replaces a value somewhere in a JSON value, removes it, doubles it or buries it.
pub(crate) fn mutate_json(random: &mut Rng, values: &Values<'_>, value: &mut Value) {
    let goes_down = random.u8(..4) > 0;
    match value {
        Value::Object(fields) if goes_down && !fields.is_empty() => {
            let at = random.usize(..fields.len());
            let Some((name, _)) = fields.iter().nth(at) else {
                return;
            };
            let name = name.clone();
            match random.u8(..8) {
                0 => drop(fields.remove(&name)),
                1 => {
                    let value = values.any(random, 0);
                    fields.insert(format!("{name}\u{200b}"), value);
                }
                _ => {
                    if let Some(field) = fields.get_mut(&name) {
                        mutate_json(random, values, field);
                    }
                }
            }
        }
        Value::Array(items) if goes_down && !items.is_empty() => {
            let at = random.usize(..items.len());
            match random.u8(..4) {
                0 => drop(items.remove(at)),
                1 => {
                    let copies = vec![items[at].clone(); *one_of(random, &[1, 10, 200])];
                    items.extend(copies);
                }
                _ => mutate_json(random, values, &mut items[at]),
            }
        }
        Value::String(text) if random.bool() => {
            let mut bytes = std::mem::take(text).into_bytes();
            mutate_bytes(random, &mut bytes);
            *text = String::from_utf8_lossy(&bytes).into_owned();
        }
        _ if random.u8(..10) == 0 => {
            let depth = *one_of(random, &[1, 20, 100, 125, 130]);
            for _ in 0..depth {
                *value = Value::Array(vec![value.take()]);
            }
        }
        _ => *value = values.any(random, 0),
    }
}
