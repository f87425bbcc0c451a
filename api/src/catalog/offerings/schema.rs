//! What an offering asks for, as a JSON Schema (2020-12).

use std::collections::BTreeSet;

use jsonschema::{PatternOptions, ValidationError, ValidationOptions, Validator};
use serde_json::Value;

use super::effort::effort;
use crate::shared::form::Form;

/// A schema that inputs can be held against.
#[derive(Debug)]
pub struct Compiled {
    /// Finds what is wrong.
    pub validator: Validator,
    /// Against how many schemas one value is held at most.
    pub effort: u64,
}

/// Compiles a schema; what is wrong with it, where it can't be.
pub fn compile(schema: &Value) -> Result<Compiled, String> {
    let effort = effort(schema)?;
    let validator = options().build(schema).map_err(|error| error.to_string())?;
    Ok(Compiled { validator, effort })
}

/// Formats are held to, as whoever writes `"format": "email"` means it; those that nobody knows say nothing. Patterns that look around
/// or back may take long, and are given up early.
fn options() -> ValidationOptions<'static> {
    const MOST_BACKTRACKS: usize = 10_000;
    jsonschema::draft202012::options()
        .should_validate_formats(true)
        .with_pattern_options(PatternOptions::fancy_regex().backtrack_limit(MOST_BACKTRACKS))
}

/// That a schema is one by JSON Schema 2020-12, refers to nothing outside itself and makes little work.
pub fn check(form: &mut Form<'_>, schema: &Value) -> bool {
    const FIELD: &str = "inputSchema";
    if !schema.is_object() && !schema.is_boolean() {
        form.invalid(FIELD, "must be a JSON Schema: an object, or true or false");
        return false;
    }
    if !form.json_fits(FIELD, schema) {
        return false;
    }
    if let Some(remote) = remote_reference(schema) {
        form.invalid(
            FIELD,
            format!("refers to {remote:?}; only references into the schema itself (`#/$defs/…`) are followed"),
        );
        return false;
    }
    let errors = meta_errors(schema);
    for error in &errors {
        form.invalid(FIELD, format!("is not a JSON Schema (2020-12): {error}"));
    }
    if !errors.is_empty() {
        return false;
    }
    // What the meta-schema can't see: patterns that are none, references to nothing, what has no end.
    let compiled = compile(schema);
    if let Err(error) = &compiled {
        form.invalid(
            FIELD,
            format!("can't be used as a JSON Schema (2020-12): {error}"),
        );
    }
    compiled.is_ok()
}

/// The first errors that the meta-schema finds, each once: it meets some of them on several ways.
fn meta_errors(schema: &Value) -> BTreeSet<String> {
    const MOST: usize = 10;
    let mut errors = BTreeSet::new();
    for error in jsonschema::draft202012::meta::validator().iter_errors(schema) {
        errors.insert(told(&error));
        if errors.len() == MOST {
            break;
        }
    }
    errors
}

fn told(error: &ValidationError<'_>) -> String {
    match error.instance_path().as_str() {
        "" => error.to_string(),
        path => format!("at {path}: {error}"),
    }
}

/// The first reference that leads out of the schema.
fn remote_reference(schema: &Value) -> Option<&str> {
    match schema {
        Value::Object(map) => ["$ref", "$dynamicRef"]
            .into_iter()
            .filter_map(|keyword| map.get(keyword)?.as_str())
            .find(|target| !target.starts_with('#'))
            .or_else(|| map.values().find_map(remote_reference)),
        Value::Array(items) => items.iter().find_map(remote_reference),
        _ => None,
    }
}
