//! Values: what a type wants, what is near to it, and what has nothing to do with it.

use async_graphql::parser::types::{BaseType, Type};
use async_graphql::{Name, Value as Literal};
use fastrand::Rng;
use serde_json::{Map, Value, json};

use crate::grammar::Grammar;
use crate::target::Known;

/// How deep values may nest that nobody asked to be deep.
const MAX_DEPTH: usize = 4;

/// Texts that have broken something somewhere.
const ODD_TEXTS: [&str; 30] = [
    "",
    " ",
    "\0",
    "\u{1b}[31m",
    "line\nbreak\r\n\ttab",
    "\u{feff}mark",
    "\u{202e}right to left",
    "e\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}",
    "ﷺﬃİıẞ",
    "👩‍👩‍👧‍👦",
    "\u{10ffff}",
    "' OR 1=1 --",
    "%",
    "_%\\",
    "*:\"AND\" NEAR(",
    "<script>alert(1)</script>",
    "${7*7}{{7*7}}",
    "../../etc/passwd",
    "null",
    "NaN",
    "-0",
    "1e400",
    "99999999999999999999999999999.99999",
    "0000-00-00T00:00:00Z",
    "9999-12-31T23:59:60+23:59",
    "-000001-01-01T00:00:00Z",
    "javascript:alert(1)",
    "http://[::1]:99999/",
    "mailto:",
    "{\"$ref\": \"file:///etc/passwd\"}",
];

const GOOD_TEXTS: [&str; 15] = [
    "Europe/Berlin",
    "08:00",
    "24:00",
    "Patient index",
    "patient-index",
    "patient",
    "Service",
    "2026-11-23T08:30:00Z",
    "1250.50",
    "0",
    "25",
    "https://example.com/runbook",
    "mailto:desk@example.com",
    "anna@example.com",
    "a b c d e f",
];

const WHOLE_NUMBERS: [i64; 16] = [
    0,
    1,
    2,
    3,
    10,
    25,
    100,
    101,
    -1,
    127,
    65_536,
    2_147_483_647,
    2_147_483_648,
    -2_147_483_648,
    i64::MAX,
    i64::MIN,
];

/// One of these.
pub(crate) fn one_of<'a, T>(random: &mut Rng, of: &'a [T]) -> &'a T {
    &of[random.usize(..of.len())]
}

/// Whether something happens that does so in so many of a hundred cases.
pub(crate) fn chance(random: &mut Rng, percent: u8) -> bool {
    random.u8(..100) < percent
}

/// Good values of our scalars.
const DATE_TIMES: [&str; 3] = [
    "2026-11-23T08:30:00Z",
    "2026-11-23T08:30:00.123456789+05:30",
    "1970-01-01T00:00:00Z",
];
const DATES: [&str; 4] = ["2026-11-23", "2024-02-29", "0000-01-01", "9999-12-31"];
const DURATIONS: [&str; 6] = [
    "PT4H30M",
    "P1D",
    "PT0S",
    "-PT1H",
    "PT0.000000001S",
    "PT2562047788015215H",
];
const URLS: [&str; 3] = [
    "https://example.com/runbook?a=b#c",
    "http://[::1]:8080/",
    "mailto:desk@example.com",
];

/// Makes values for arguments and variables.
#[derive(Clone, Copy)]
pub(crate) struct Values<'a> {
    pub(crate) grammar: &'a Grammar,
    pub(crate) known: &'a Known,
    /// How many of a hundred values are of another type than they should be.
    pub(crate) wrong: u8,
}

impl Values<'_> {
    /// The same without mistakes.
    pub(crate) fn right(self) -> Self {
        Self { wrong: 0, ..self }
    }

    /// A value for an argument or an input field of this name and type.
    pub(crate) fn of(&self, random: &mut Rng, name: &str, ty: &Type, depth: usize) -> Literal {
        if chance(random, self.wrong) {
            return literal(self.any(random, depth));
        }
        if ty.nullable && chance(random, 10) {
            return Literal::Null;
        }
        match &ty.base {
            BaseType::List(item) => {
                let length = *one_of(random, &[0, 1, 1, 2, 3]);
                let items = (0..length).map(|_| self.of(random, name, item, depth + 1));
                Literal::List(items.collect())
            }
            BaseType::Named(type_name) => self.of_named(random, name, type_name, depth),
        }
    }

    fn of_named(&self, random: &mut Rng, name: &str, type_name: &Name, depth: usize) -> Literal {
        let values = self.grammar.values(type_name);
        if !values.is_empty() {
            return Literal::Enum((*one_of(random, &values)).clone());
        }
        let inputs = self.grammar.inputs(type_name);
        if !inputs.is_empty() {
            let mut object = async_graphql::indexmap::IndexMap::new();
            for input in inputs {
                let input = &input.node;
                let is_needed = !input.ty.node.nullable && input.default_value.is_none();
                let wanted = if depth > MAX_DEPTH { 0 } else { 40 };
                let is_forgotten = chance(random, self.wrong / 2);
                if (is_needed && !is_forgotten) || chance(random, wanted) {
                    let name = &input.name.node;
                    let value = self.of(random, name, &input.ty.node, depth + 1);
                    object.insert(name.clone(), value);
                }
            }
            return Literal::Object(object);
        }
        match type_name.as_str() {
            "Int" if chance(random, 70) => Literal::from(random.i32(0..30)),
            "Int" if self.wrong == 0 => Literal::from(random.i32(..)),
            "Int" => Literal::from(*one_of(random, &WHOLE_NUMBERS)),
            "Boolean" => Literal::Boolean(random.bool()),
            "ID" => Literal::String(self.id(random)),
            "JSON" => literal(self.any(random, depth)),
            "Decimal" if chance(random, 70) => Literal::from(random.u32(..2_000)),
            "Decimal" if self.wrong > 0 && random.bool() => literal(number(random)),
            "DateTime" if self.wrong == 0 => Literal::from(*one_of(random, &DATE_TIMES)),
            "DateTime" if chance(random, 70) => Literal::from(*one_of(random, &DATE_TIMES)),
            "Date" if self.wrong == 0 || chance(random, 70) => {
                Literal::from(*one_of(random, &DATES))
            }
            "Duration" if self.wrong == 0 || chance(random, 70) => {
                Literal::from(*one_of(random, &DURATIONS))
            }
            "URL" if self.wrong == 0 => Literal::from(*one_of(random, &URLS)),
            _ => Literal::String(self.text(random, name)),
        }
    }

    fn id(&self, random: &mut Rng) -> String {
        let id = one_of(random, &self.known.ids).clone();
        match random.u8(..10) {
            0 => odd_text(random),
            1 => mangled(random, &id),
            _ => id,
        }
    }

    /// A text for an argument of this name.
    fn text(&self, random: &mut Rng, name: &str) -> String {
        let known = match name {
            "source" => &self.known.sources,
            "after" | "before" => &self.known.cursors,
            _ => &self.known.slugs,
        };
        let text = match random.u8(..10) {
            0..5 => one_of(random, known).clone(),
            5..7 => (*one_of(random, &GOOD_TEXTS)).to_owned(),
            _ => return odd_text(random),
        };
        if chance(random, if name == "source" { 80 } else { 20 }) {
            mangled(random, &text)
        } else {
            text
        }
    }

    /// Any value.
    pub(crate) fn any(&self, random: &mut Rng, depth: usize) -> Value {
        let kinds = if depth > MAX_DEPTH { 5 } else { 8 };
        match random.u8(..kinds) {
            0 => Value::Null,
            1 => Value::Bool(random.bool()),
            2 => number(random),
            3 => Value::String(odd_text(random)),
            4 => Value::String(self.text(random, "")),
            5 => (0..random.usize(..4))
                .map(|_| self.any(random, depth + 1))
                .collect(),
            6 => schema(random),
            _ => {
                let names = ["type", "id", "", "__proto__", "$ref", "name", "a b", "é"];
                let fields = (0..random.usize(..4)).map(|_| {
                    let name = (*one_of(random, &names)).to_owned();
                    (name, self.any(random, depth + 1))
                });
                Value::Object(fields.collect::<Map<_, _>>())
            }
        }
    }
}

/// A JSON Schema, or nearly one.
fn schema(random: &mut Rng) -> Value {
    let schemas = [
        json!({ "type": "object", "properties": { "a": { "type": "string" } } }),
        json!({ "$ref": "#" }),
        json!({ "$ref": "http://192.0.2.1/schema.json" }),
        json!({ "$defs": { "a": { "$ref": "#/$defs/b" }, "b": { "$ref": "#/$defs/a" } }, "$ref": "#/$defs/a" }),
        json!({ "pattern": "(((((((((a{9}){9}){9}){9}){9}){9}){9}){9}){9})" }),
        json!({ "pattern": "(?<=a)\\p{Nope}[" }),
        json!({ "type": 7, "minimum": "x" }),
        json!({ "multipleOf": 0, "maxLength": -1 }),
        json!({ "$schema": "http://json-schema.org/draft-04/schema#", "id": "::" }),
    ];
    one_of(random, &schemas).clone()
}

fn number(random: &mut Rng) -> Value {
    match random.u8(..4) {
        0 => json!(one_of(
            random,
            &[0.5, -0.0, 1e308, -1e308, 5e-324, 0.1, 1e15]
        )),
        1 => json!(u64::MAX),
        2 => json!(random.i64(..)),
        _ => json!(one_of(random, &WHOLE_NUMBERS)),
    }
}

fn odd_text(random: &mut Rng) -> String {
    let text = *one_of(random, &ODD_TEXTS);
    match random.u8(..12) {
        0 => text.repeat(random.usize(..300)),
        1 => "a".repeat(*one_of(random, &[63, 64, 250, 251, 20_000, 20_001])),
        2 => (0..random.usize(..20)).map(|_| random.char(..)).collect(),
        _ => text.to_owned(),
    }
}

/// A text that was damaged on its way.
fn mangled(random: &mut Rng, text: &str) -> String {
    let mut bytes = text.as_bytes().to_vec();
    crate::mutation::mutate_bytes(random, &mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}

fn literal(value: Value) -> Literal {
    Literal::from_json(value).unwrap_or_default()
}
