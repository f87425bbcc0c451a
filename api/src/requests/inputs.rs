//! Checking a request's `inputs` against its offering's JSON Schema (2020-12).

use std::sync::{Arc, LazyLock};

use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind;
use jsonschema::paths::LocationSegment;
use quick_cache::sync::Cache;
use serde_json::Value;

use crate::catalog::offerings::rules::Offering;
use crate::catalog::offerings::schema::{self, Compiled};
use crate::shared::errors::{UserError, UserErrorCode, UserErrors};
use crate::shared::form::holds_nul;
use crate::shared::ids::Id;

/// The largest inputs, bytes of JSON.
pub const MAX_INPUTS: usize = 256 * 1024;
/// How many times values of the inputs may be held against a schema: some tenths of a second.
const MOST_VALUES: u64 = 1_000_000;
/// How many bytes may be held against a schema: what fits none of several branches is kept with what each says of it.
const MOST_BYTES: u64 = 64 * 1024 * 1024;
/// How many violations are told of at once.
const MOST: usize = 50;
/// How much of a message is told: it may quote what is wrong, at any length.
const LONGEST_MESSAGE: usize = 300;
/// What is said of a value for which a schema has no place.
const UNKNOWN: &str = "is not asked for; nothing may stand here";
/// How many schemas are kept compiled.
const KEPT: usize = 1_000;

/// By offering and version.
type Schemas = Cache<(Id<Offering>, i32), Arc<Compiled>>;

/// Schemas that were compiled, by what they are the schema of.
static COMPILED: LazyLock<Schemas> = LazyLock::new(|| Cache::new(KEPT));

/// What is wrong with inputs, one error a violation, each with the path to it.
pub fn check(offering: &Offering, inputs: &Value) -> UserErrors {
    let size = inputs.to_string().len();
    if size > MAX_INPUTS {
        let message = format!("has {size} bytes of JSON; at most {MAX_INPUTS} are allowed");
        return vec![UserError::new(UserErrorCode::Invalid, "inputs", message)];
    }
    if holds_nul(inputs) {
        let message = "holds the control character U+0000";
        return vec![UserError::new(UserErrorCode::Invalid, "inputs", message)];
    }
    let key = (Id::new(offering.header.id), offering.header.version);
    let compile = || schema::compile(&offering.input_schema).map(Arc::new);
    match COMPILED.get_or_insert_with(&key, compile) {
        Ok(compiled) => violations(&compiled, inputs, size),
        // What an offering is given is checked then, so this takes a damaged row, or one of an older version.
        Err(error) => {
            let message = format!("can't be checked against the offering's schema: {error}");
            vec![UserError::new(UserErrorCode::Invalid, "inputs", message)]
        }
    }
}

fn violations(compiled: &Compiled, inputs: &Value, size: usize) -> UserErrors {
    let (values, size) = (count(inputs), u64::try_from(size).unwrap_or(u64::MAX));
    let most = |all: u64| all / compiled.effort;
    if values > most(MOST_VALUES) || size > most(MOST_BYTES) {
        let message = format!(
            "has {values} values in {size} bytes of JSON; at most {} values in {} bytes can be held against this offering's schema",
            most(MOST_VALUES),
            most(MOST_BYTES),
        );
        return vec![UserError::new(UserErrorCode::Invalid, "inputs", message)];
    }
    let mut violations: UserErrors = Vec::new();
    for error in compiled.validator.iter_errors(inputs) {
        for violation in told(&error, inputs) {
            if !violations.contains(&violation) {
                violations.push(violation);
            }
        }
        if violations.len() >= MOST {
            violations.truncate(MOST);
            break;
        }
    }
    violations
}

/// How many values there are, all that hold others included.
fn count(value: &Value) -> u64 {
    let below = match value {
        Value::Array(items) => items.iter().map(count).sum(),
        Value::Object(map) => map.values().map(count).sum(),
        _ => 0,
    };
    1 + below
}

/// One violation as one user error for each place that is wrong.
fn told(error: &ValidationError<'_>, inputs: &Value) -> UserErrors {
    let place: Vec<String> = std::iter::once("inputs".to_owned())
        .chain(error.instance_path().iter().map(|segment| match segment {
            LocationSegment::Property(name) => name.into_owned(),
            LocationSegment::Index(index) => index.to_string(),
        }))
        .collect();
    let at = |below: Option<&str>, message: String| UserError {
        field: place
            .iter()
            .cloned()
            .chain(below.map(str::to_owned))
            .collect(),
        message: shortened(message),
        code: UserErrorCode::Invalid,
    };
    match error.kind() {
        // What is missing is wrong where it would be.
        ValidationErrorKind::Required { property } => {
            vec![at(property.as_str(), error.to_string())]
        }
        ValidationErrorKind::AdditionalProperties { unexpected }
        | ValidationErrorKind::UnevaluatedProperties { unexpected } => unexpected
            .iter()
            .map(|name| at(Some(name), UNKNOWN.to_owned()))
            .collect(),
        ValidationErrorKind::PropertyNames { error: of_name } => {
            let name = of_name.instance().as_str();
            vec![at(
                name,
                format!("is no name for a property here: {of_name}"),
            )]
        }
        ValidationErrorKind::FalseSchema => match names(error, inputs) {
            Some(names) => names
                .map(|name| at(Some(name), UNKNOWN.to_owned()))
                .collect(),
            None => vec![at(None, UNKNOWN.to_owned())],
        },
        _ => vec![at(None, error.to_string())],
    }
}

/// The properties of a value that may have none, which is all that the validator says of it.
fn names<'i>(
    error: &ValidationError<'_>,
    inputs: &'i Value,
) -> Option<impl Iterator<Item = &'i String>> {
    let keyword = error.schema_path().as_str().rsplit('/').next()?;
    let of_all = ["additionalProperties", "propertyNames"].contains(&keyword);
    let value = inputs.pointer(error.instance_path().as_str());
    let properties = value.filter(|_| of_all)?.as_object()?;
    Some(properties.keys())
}

fn shortened(message: String) -> String {
    match message.char_indices().nth(LONGEST_MESSAGE) {
        None => message,
        Some((end, _)) => format!("{}…", &message[..end]),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn wrong(schema: &Value, inputs: &Value) -> Vec<(String, String)> {
        let compiled = schema::compile(schema).expect("a schema");
        let violations = violations(&compiled, inputs, inputs.to_string().len()).into_iter();
        violations
            .map(|error| (error.field.join("/"), error.message))
            .collect()
    }

    #[test]
    fn every_violation_is_told_with_the_path_to_it() {
        let schema = json!({
            "type": "object",
            "required": ["seats", "owner"],
            "properties": {
                "seats": {"type": "integer", "minimum": 1},
                "hosts": {"type": "array", "items": {"type": "string"}},
            },
        });
        let mut paths: Vec<_> = wrong(&schema, &json!({"seats": 0, "hosts": ["a", 2]}))
            .into_iter()
            .map(|(path, _)| path)
            .collect();
        paths.sort();
        assert_eq!(paths, ["inputs/hosts/1", "inputs/owner", "inputs/seats"]);
    }

    #[test]
    fn a_message_quotes_only_the_beginning_of_what_is_wrong() {
        let long = "x".repeat(10_000);
        let wrong = wrong(&json!({"type": "integer"}), &json!(long));
        assert_eq!(wrong[0].1.chars().count(), LONGEST_MESSAGE + 1);
    }

    #[test]
    fn a_thousand_violations_are_told_in_part() {
        let many: Vec<Value> = (0..1_000).map(Value::from).collect();
        let schema = json!({"items": {"type": "string"}});
        assert_eq!(wrong(&schema, &json!(many)).len(), MOST);
    }

    #[test]
    fn what_is_too_much_is_told_by_its_name() {
        let schema = json!({"properties": {"a": {}}, "additionalProperties": false});
        let paths = |schema: &Value, inputs: &Value| -> Vec<String> {
            let mut paths: Vec<_> = wrong(schema, inputs)
                .into_iter()
                .map(|(path, _)| path)
                .collect();
            paths.sort();
            paths
        };
        let inputs = json!({"a": 1, "b": 1, "c": 2});
        assert_eq!(paths(&schema, &inputs), ["inputs/b", "inputs/c"]);
        let nothing = json!({"additionalProperties": false});
        assert_eq!(
            paths(&nothing, &inputs),
            ["inputs/a", "inputs/b", "inputs/c"]
        );
        let unevaluated =
            json!({"allOf": [{"properties": {"a": {}}}], "unevaluatedProperties": false});
        assert_eq!(paths(&unevaluated, &inputs), ["inputs/b", "inputs/c"]);
        let names = json!({"propertyNames": false});
        assert_eq!(paths(&names, &inputs), ["inputs/a", "inputs/b", "inputs/c"]);
        let names = json!({"propertyNames": {"enum": ["a", "c"]}});
        assert_eq!(paths(&names, &inputs), ["inputs/b"]);
    }

    #[test]
    fn what_two_schemas_miss_is_told_once() {
        let schema = json!({"required": ["a", "b"], "allOf": [{"required": ["a"]}]});
        assert_eq!(wrong(&schema, &json!({})).len(), 2);
    }

    #[test]
    fn formats_are_held_to() {
        let schema = json!({"properties": {"e": {"format": "email"}, "d": {"format": "date"}, "x": {"format": "house"}}});
        let inputs = json!({"e": "nope", "d": "x", "x": "any"});
        let mut paths: Vec<_> = wrong(&schema, &inputs)
            .into_iter()
            .map(|(path, _)| path)
            .collect();
        paths.sort();
        assert_eq!(paths, ["inputs/d", "inputs/e"]);
        let fine = json!({"e": "ada@example.com", "d": "2026-02-28"});
        assert_eq!(wrong(&schema, &fine), []);
    }

    #[test]
    fn more_values_than_can_be_looked_at_are_refused() {
        let branches: Vec<Value> = (0..400).map(|place| json!({"const": place})).collect();
        let schema = json!({"items": {"anyOf": branches}});
        let many = vec![json!(1); 3_000];
        assert!(wrong(&schema, &json!(many[..2_000])).is_empty());
        let refused = wrong(&schema, &json!(many));
        assert_eq!(refused.len(), 1);
        assert!(
            refused[0].1.contains("at most 2493 values"),
            "{}",
            refused[0].1
        );
    }

    #[test]
    fn a_pattern_that_looks_back_for_ever_is_given_up() {
        let schema = json!({"pattern": "^(?=(a+)+b)x"});
        assert_eq!(wrong(&schema, &json!("a".repeat(5_000))).len(), 1);
    }
}
