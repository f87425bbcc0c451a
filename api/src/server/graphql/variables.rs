//! Variables: whether a request brings what its operation declares, and what becomes of those it leaves out.
//!
//! The specification wants variables coerced before anything runs. async-graphql looks at them where they are used, so a
//! mutation could have done its first half by then; and it takes a variable that was left out for an explicit null, so
//! `updateX(input: {id: $id, description: $description})` would clear a description that nobody mentioned.

use async_graphql::{
    Name, Positioned, ServerError, Value as ConstValue, Variables,
    parser::types::{BaseType, Selection, SelectionSet, Type, VariableDefinition},
    registry::{MetaType, MetaTypeName, Registry},
};
use async_graphql_value::Value;

/// Checks the variables against their declarations.
///
/// # Errors
/// One error per variable that is missing or of the wrong type, with the path to what is wrong in it.
pub(super) fn check(
    registry: &Registry,
    declared: &[Positioned<VariableDefinition>],
    given: &Variables,
) -> Result<(), Vec<ServerError>> {
    let problems: Vec<_> = declared
        .iter()
        .filter_map(|definition| check_one(registry, definition, given))
        .collect();
    if problems.is_empty() {
        Ok(())
    } else {
        Err(problems)
    }
}

fn check_one(
    registry: &Registry,
    definition: &Positioned<VariableDefinition>,
    given: &Variables,
) -> Option<ServerError> {
    let name = &definition.node.name.node;
    let expected = &definition.node.var_type.node;
    let problem = match given.get(name) {
        None if expected.nullable || definition.node.default_value.is_some() => return None,
        None => {
            format!("Variable \"${name}\" of type \"{expected}\" is required but was not provided.")
        }
        Some(value) => {
            let problem = mismatch(registry, expected, value)?;
            format!("Variable \"${name}\" of type \"{expected}\" got an invalid value{problem}.")
        }
    };
    Some(ServerError::new(problem, Some(definition.pos)))
}

/// How many values there are, those inside lists and objects included.
pub(super) fn count(given: &Variables) -> usize {
    fn within(value: &ConstValue) -> usize {
        1 + match value {
            ConstValue::List(values) => values.iter().map(within).sum(),
            ConstValue::Object(fields) => fields.values().map(within).sum(),
            _ => 0,
        }
    }
    given.values().map(within).sum()
}

/// Where and why a value does not fit a type: ` at "input.tags[1]": expected "String!"`.
struct Mismatch {
    path: String,
    reason: String,
}

impl Mismatch {
    fn here(reason: String) -> Self {
        Self {
            path: String::new(),
            reason,
        }
    }

    fn expected(type_name: &str, value: &ConstValue) -> Self {
        Self::here(format!(
            "expected \"{type_name}\", found {}",
            describe(value)
        ))
    }

    fn below(mut self, segment: &str) -> Self {
        let separator = if self.path.is_empty() || self.path.starts_with('[') {
            ""
        } else {
            "."
        };
        self.path = format!("{segment}{separator}{}", self.path);
        self
    }
}

impl std::fmt::Display for Mismatch {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if !self.path.is_empty() {
            write!(out, " at \"{}\"", self.path)?;
        }
        write!(out, ": {}", self.reason)
    }
}

/// Names a value without repeating all of it: it may be long, or a secret.
fn describe(value: &ConstValue) -> &'static str {
    match value {
        ConstValue::Null => "null",
        ConstValue::Number(number) if number.is_f64() => "a number with a fraction",
        ConstValue::Number(_) => "a whole number",
        ConstValue::String(_) => "a string",
        ConstValue::Boolean(_) => "a boolean",
        ConstValue::Binary(_) => "binary data",
        ConstValue::Enum(_) => "an enum value",
        ConstValue::List(_) => "a list",
        ConstValue::Object(_) => "an object",
    }
}

fn mismatch(registry: &Registry, expected: &Type, value: &ConstValue) -> Option<Mismatch> {
    match (&expected.base, value) {
        (_, ConstValue::Null) if expected.nullable => None,
        (_, ConstValue::Null) => Some(Mismatch::expected(&expected.to_string(), value)),
        (BaseType::List(element), ConstValue::List(values)) => {
            first_in_list(values, |value| mismatch(registry, element, value))
        }
        (BaseType::List(element), value) => mismatch(registry, element, value),
        (BaseType::Named(name), value) => mismatch_named(registry, name, value),
    }
}

/// As [`mismatch`], for types as the registry writes them: `[String!]!`.
pub(super) fn mismatch_in_registry(
    registry: &Registry,
    expected: &str,
    value: &ConstValue,
) -> Option<String> {
    registry_mismatch(registry, expected, value).map(|problem| problem.to_string())
}

fn registry_mismatch(registry: &Registry, expected: &str, value: &ConstValue) -> Option<Mismatch> {
    match (MetaTypeName::create(expected), value) {
        (MetaTypeName::NonNull(_), ConstValue::Null) => Some(Mismatch::expected(expected, value)),
        (_, ConstValue::Null) => None,
        (MetaTypeName::NonNull(inner), value) => registry_mismatch(registry, inner, value),
        (MetaTypeName::List(element), ConstValue::List(values)) => {
            first_in_list(values, |value| registry_mismatch(registry, element, value))
        }
        (MetaTypeName::List(element), value) => registry_mismatch(registry, element, value),
        (MetaTypeName::Named(name), value) => mismatch_named(registry, name, value),
    }
}

fn first_in_list(
    values: &[ConstValue],
    check: impl Fn(&ConstValue) -> Option<Mismatch>,
) -> Option<Mismatch> {
    values
        .iter()
        .enumerate()
        .find_map(|(index, value)| Some(check(value)?.below(&format!("[{index}]"))))
}

fn mismatch_named(registry: &Registry, name: &str, value: &ConstValue) -> Option<Mismatch> {
    match registry.types.get(name)? {
        MetaType::Scalar {
            is_valid: Some(is_valid),
            ..
        } if !is_valid(value) => Some(Mismatch::expected(name, value)),
        MetaType::Enum { enum_values, .. } => match value {
            ConstValue::Enum(chosen) if enum_values.contains_key(chosen.as_str()) => None,
            ConstValue::String(chosen) if enum_values.contains_key(chosen.as_str()) => None,
            _ => {
                let known: Vec<_> = enum_values.keys().map(String::as_str).collect();
                Some(Mismatch::here(format!(
                    "expected one of {}",
                    known.join(", ")
                )))
            }
        },
        MetaType::InputObject {
            input_fields,
            oneof,
            ..
        } => {
            let ConstValue::Object(fields) = value else {
                return Some(Mismatch::expected(name, value));
            };
            if *oneof
                && (fields.len() != 1 || fields.values().any(|value| *value == ConstValue::Null))
            {
                return Some(Mismatch::here(format!(
                    "\"{name}\" takes exactly one field, and not null"
                )));
            }
            let unknown = fields
                .keys()
                .find(|field| !input_fields.contains_key(field.as_str()));
            if let Some(field) = unknown {
                return Some(Mismatch::here(format!(
                    "\"{name}\" has no field \"{field}\""
                )));
            }
            input_fields
                .values()
                .find_map(|field| match fields.get(field.name.as_str()) {
                    Some(value) => {
                        Some(registry_mismatch(registry, &field.ty, value)?.below(&field.name))
                    }
                    None if field.ty.ends_with('!') && field.default_value.is_none() => {
                        Some(Mismatch::here(format!(
                            "field \"{}\" of type \"{}\" is required",
                            field.name, field.ty
                        )))
                    }
                    None => None,
                })
        }
        _ => None,
    }
}

/// The declared variables that a request leaves out and that have no default: where one is used as an argument or as a
/// field of an input object, that argument or field counts as not written at all.
pub(super) fn left_out<'a>(
    declared: &'a [Positioned<VariableDefinition>],
    given: &Variables,
) -> Vec<&'a Name> {
    declared
        .iter()
        .map(|definition| &definition.node)
        .filter(|definition| {
            definition.default_value.is_none() && !given.contains_key(&definition.name.node)
        })
        .map(|definition| &definition.name.node)
        .collect()
}

/// Removes arguments and input fields that are variables which were left out.
pub(super) fn remove_left_out(selection_set: &mut SelectionSet, left_out: &[&Name]) {
    for selection in &mut selection_set.items {
        match &mut selection.node {
            Selection::Field(field) => {
                let arguments = &mut field.node.arguments;
                arguments.retain(|(_, value)| !is_left_out(&value.node, left_out));
                for (_, value) in arguments {
                    remove_from_value(&mut value.node, left_out);
                }
                remove_left_out(&mut field.node.selection_set.node, left_out);
            }
            Selection::InlineFragment(fragment) => {
                remove_left_out(&mut fragment.node.selection_set.node, left_out);
            }
            Selection::FragmentSpread(_) => {}
        }
    }
}

fn is_left_out(value: &Value, left_out: &[&Name]) -> bool {
    matches!(value, Value::Variable(name) if left_out.contains(&name))
}

fn remove_from_value(value: &mut Value, left_out: &[&Name]) {
    match value {
        Value::Object(fields) => {
            fields.retain(|_, value| !is_left_out(value, left_out));
            fields
                .values_mut()
                .for_each(|value| remove_from_value(value, left_out));
        }
        Value::List(values) => values
            .iter_mut()
            .for_each(|value| remove_from_value(value, left_out)),
        _ => {}
    }
}
