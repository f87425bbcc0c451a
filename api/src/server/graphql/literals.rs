//! Literal lists and objects that contain variables: the part of the document that async-graphql can only check with the
//! variables of one request. Checked here with the variables left open, so that a validated document stays validated
//! whatever variables come with it later.

use async_graphql::{
    Positioned, ServerError,
    parser::types::{ExecutableDocument, OperationType, Selection, SelectionSet},
    registry::{MetaInputValue, MetaType, MetaTypeName, Registry},
};
use async_graphql_value::Value;

use super::variables::mismatch_in_registry;

/// Checks all literals with variables inside, in operations and fragments.
pub(super) fn check(registry: &Registry, document: &ExecutableDocument) -> Vec<ServerError> {
    let mut checker = Checker {
        registry,
        problems: Vec::new(),
    };
    for (_, operation) in document.operations.iter() {
        let root = match operation.node.ty {
            OperationType::Query => Some(registry.query_type.as_str()),
            OperationType::Mutation => registry.mutation_type.as_deref(),
            OperationType::Subscription => registry.subscription_type.as_deref(),
        };
        checker.selection_set(root, &operation.node.selection_set.node);
    }
    for fragment in document.fragments.values() {
        checker.selection_set(
            Some(fragment.node.type_condition.node.on.node.as_str()),
            &fragment.node.selection_set.node,
        );
    }
    checker.problems
}

struct Checker<'a> {
    registry: &'a Registry,
    problems: Vec<ServerError>,
}

impl<'a> Checker<'a> {
    fn selection_set(&mut self, parent: Option<&'a str>, selection_set: &'a SelectionSet) {
        let Some(parent) = parent else { return };
        for selection in &selection_set.items {
            match &selection.node {
                Selection::Field(field) => {
                    let field = &field.node;
                    let parent_type = self.registry.types.get(parent);
                    let Some(known) =
                        parent_type.and_then(|parent| parent.field_by_name(&field.name.node))
                    else {
                        continue;
                    };
                    for (name, value) in &field.arguments {
                        if let Some(argument) = known.args.get(name.node.as_str()) {
                            self.argument(argument, value);
                        }
                    }
                    self.selection_set(
                        Some(MetaTypeName::concrete_typename(&known.ty)),
                        &field.selection_set.node,
                    );
                }
                Selection::InlineFragment(fragment) => {
                    let condition = fragment
                        .node
                        .type_condition
                        .as_ref()
                        .map(|condition| condition.node.on.node.as_str());
                    self.selection_set(
                        condition.or(Some(parent)),
                        &fragment.node.selection_set.node,
                    );
                }
                Selection::FragmentSpread(_) => {}
            }
        }
    }

    fn argument(&mut self, argument: &MetaInputValue, value: &Positioned<Value>) {
        // A literal without variables is async-graphql's to check, and it has.
        if matches!(value.node, Value::Variable(_)) || !has_variable(&value.node) {
            return;
        }
        if let Some(problem) = self.mismatch(&argument.ty, &value.node) {
            let message = format!("Invalid value for argument \"{}\"{problem}", argument.name);
            self.problems
                .push(ServerError::new(message, Some(value.pos)));
        }
    }

    fn mismatch(&self, expected: &str, value: &Value) -> Option<String> {
        if !has_variable(value) {
            return value
                .clone()
                .into_const()
                .and_then(|value| mismatch_in_registry(self.registry, expected, &value));
        }
        match (MetaTypeName::create(expected), value) {
            (_, Value::Variable(_)) => None,
            (MetaTypeName::NonNull(inner), value) => self.mismatch(inner, value),
            (MetaTypeName::List(element), Value::List(values)) => values
                .iter()
                .find_map(|value| self.mismatch(element, value)),
            (MetaTypeName::List(element), value) => self.mismatch(element, value),
            (MetaTypeName::Named(name), value) => self.mismatch_named(name, value),
        }
    }

    fn mismatch_named(&self, name: &str, value: &Value) -> Option<String> {
        let MetaType::InputObject { input_fields, .. } = self.registry.types.get(name)? else {
            return None;
        };
        let Value::Object(fields) = value else {
            return Some(format!(": expected \"{name}\""));
        };
        if let Some(field) = fields
            .keys()
            .find(|field| !input_fields.contains_key(field.as_str()))
        {
            return Some(format!(": \"{name}\" has no field \"{field}\""));
        }
        input_fields
            .values()
            .find_map(|field| match fields.get(field.name.as_str()) {
                Some(value) => self.mismatch(&field.ty, value),
                None if field.ty.ends_with('!') && field.default_value.is_none() => Some(format!(
                    ": field \"{}\" of type \"{}\" is required",
                    field.name, field.ty
                )),
                None => None,
            })
    }
}

fn has_variable(value: &Value) -> bool {
    match value {
        Value::Variable(_) => true,
        Value::List(values) => values.iter().any(has_variable),
        Value::Object(fields) => fields.values().any(has_variable),
        _ => false,
    }
}
