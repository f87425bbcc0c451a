//! Checking a request's `inputs` against its offering's JSON Schema (2020-12).

use std::sync::{Arc, LazyLock};

use jsonschema::Validator;
use jsonschema::error::ValidationErrorKind;
use jsonschema::paths::LocationSegment;
use quick_cache::sync::Cache;
use serde_json::Value;

use crate::catalog::offerings::rules::Offering;
use crate::shared::errors::{UserError, UserErrorCode, UserErrors};
use crate::shared::form::holds_nul;
use crate::shared::ids::Id;

/// The largest inputs, bytes of JSON.
pub const MAX_INPUTS: usize = 256 * 1024;
/// How many violations are told of at once.
const MOST: usize = 50;
/// How much of a message is told: it may quote what is wrong, at any length.
const LONGEST_MESSAGE: usize = 300;
/// How many schemas are kept compiled.
const KEPT: usize = 1_000;

/// By offering and version.
type Schemas = Cache<(Id<Offering>, i32), Arc<Validator>>;

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
    let compile = || jsonschema::draft202012::new(&offering.input_schema).map(Arc::new);
    match COMPILED.get_or_insert_with(&key, compile) {
        Ok(validator) => violations(&validator, inputs),
        // What an offering is given is checked then, so this takes a damaged row.
        Err(error) => {
            let message = format!("can't be checked, the offering's schema is none: {error}");
            vec![UserError::new(UserErrorCode::Invalid, "inputs", message)]
        }
    }
}

fn violations(validator: &Validator, inputs: &Value) -> UserErrors {
    let errors = validator.iter_errors(inputs).take(MOST);
    errors
        .map(|error| {
            let mut field = vec!["inputs".to_owned()];
            let place = error.instance_path();
            field.extend(place.iter().map(|segment| match segment {
                LocationSegment::Property(name) => name.into_owned(),
                LocationSegment::Index(index) => index.to_string(),
            }));
            // What is missing is wrong where it would be.
            if let ValidationErrorKind::Required { property } = error.kind() {
                field.extend(property.as_str().map(str::to_owned));
            }
            UserError {
                field,
                message: shortened(error.to_string()),
                code: UserErrorCode::Invalid,
            }
        })
        .collect()
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
        let validator = jsonschema::draft202012::new(schema).expect("a schema");
        let violations = violations(&validator, inputs).into_iter();
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
}
