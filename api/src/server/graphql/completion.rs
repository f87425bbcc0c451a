//! Nulls for fields that failed.
//!
//! The specification wants a failed field to be null, or, where its type forbids that, the nearest thing around it that may
//! be null. async-graphql leaves the field out instead, and turns an object of which every field failed into null, so that
//! a client would miss fields which the schema promises.

use async_graphql::{
    PathSegment, Response, Value,
    indexmap::IndexMap,
    parser::types::{OperationType, Selection, SelectionSet},
    registry::{MetaTypeName, Registry},
};

use super::document::Operation;

/// Puts nulls where the response's errors say that something failed.
pub(super) fn complete(registry: &Registry, operation: &Operation, response: &mut Response) {
    let root = match operation.kind {
        OperationType::Mutation => registry.mutation_type.as_deref().unwrap_or_default(),
        OperationType::Subscription => registry.subscription_type.as_deref().unwrap_or_default(),
        OperationType::Query => registry.query_type.as_str(),
    };
    let completer = Completer {
        registry,
        operation,
    };
    let selections = [&operation.definition.node.selection_set.node];
    for error in &response.errors {
        restore_objects(&mut response.data, &error.path);
    }
    for error in response
        .errors
        .iter()
        .filter(|error| !error.path.is_empty())
    {
        completer.place_null(root, &selections, &mut response.data, &error.path);
    }
}

/// Makes objects again of those that are null only because all their fields failed.
fn restore_objects(value: &mut Value, path: &[PathSegment]) {
    match (path, value) {
        ([PathSegment::Field(_), ..], value @ Value::Null) => {
            *value = Value::Object(IndexMap::new());
        }
        ([PathSegment::Field(key), rest @ ..], Value::Object(fields)) => {
            if let Some(value) = fields.get_mut(key.as_str()) {
                restore_objects(value, rest);
            }
        }
        ([PathSegment::Index(index), rest @ ..], Value::List(values)) => {
            if let Some(value) = values.get_mut(*index) {
                restore_objects(value, rest);
            }
        }
        _ => {}
    }
}

/// Whether a null has found its place.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Null {
    Placed,
    /// The type forbids it here: what is around has to be null.
    MustGoUp,
}

struct Completer<'a> {
    registry: &'a Registry,
    operation: &'a Operation,
}

impl<'a> Completer<'a> {
    /// Follows the path of an error into a value of type `expected`, and puts the null as deep as types allow.
    fn place_null(
        &self,
        expected: &str,
        selections: &[&'a SelectionSet],
        value: &mut Value,
        path: &[PathSegment],
    ) -> Null {
        let (named_or_list, may_be_null) = match MetaTypeName::create(expected) {
            MetaTypeName::NonNull(inner) => (inner, false),
            MetaTypeName::List(_) | MetaTypeName::Named(_) => (expected, true),
        };
        let result = match (path, &mut *value) {
            // Null already, of itself or because of another error.
            (_, Value::Null) if may_be_null => Null::Placed,
            (_, Value::Null) => Null::MustGoUp,
            ([PathSegment::Index(index), rest @ ..], Value::List(values)) => {
                match (MetaTypeName::create(named_or_list), values.get_mut(*index)) {
                    (MetaTypeName::List(element), Some(value)) => {
                        self.place_null(element, selections, value, rest)
                    }
                    _ => Null::Placed,
                }
            }
            ([PathSegment::Field(key), rest @ ..], Value::Object(fields)) => {
                let Some(field) = self.find(named_or_list, selections, key) else {
                    return Null::Placed;
                };
                let value = fields
                    .entry(async_graphql::Name::new(key))
                    .or_insert(Value::Null);
                self.place_null(field.expected, &field.selections, value, rest)
            }
            // A resolver reported an error and has a value all the same.
            _ => Null::Placed,
        };
        if result == Null::MustGoUp && may_be_null {
            *value = Value::Null;
            return Null::Placed;
        }
        result
    }

    /// The field that is selected under a response key.
    fn find(
        &self,
        parent: &str,
        selections: &[&'a SelectionSet],
        key: &str,
    ) -> Option<Selected<'a>> {
        let mut found = None;
        for selection_set in selections {
            self.collect(parent, selection_set, key, &mut found);
        }
        found
    }

    fn collect(
        &self,
        parent: &str,
        selection_set: &'a SelectionSet,
        key: &str,
        found: &mut Option<Selected<'a>>,
    ) {
        for selection in &selection_set.items {
            match &selection.node {
                Selection::Field(field) if field.node.response_key().node == key => {
                    let parent_type = self.registry.types.get(parent);
                    if let Some(known) =
                        parent_type.and_then(|parent| parent.field_by_name(&field.node.name.node))
                    {
                        let found = found.get_or_insert_with(|| Selected {
                            expected: &known.ty,
                            selections: Vec::new(),
                        });
                        found.selections.push(&field.node.selection_set.node);
                    }
                }
                Selection::Field(_) => {}
                Selection::InlineFragment(fragment) => {
                    let condition = fragment
                        .node
                        .type_condition
                        .as_ref()
                        .map_or(parent, |condition| &condition.node.on.node);
                    self.collect(condition, &fragment.node.selection_set.node, key, found);
                }
                Selection::FragmentSpread(spread) => {
                    if let Some(fragment) = self
                        .operation
                        .fragments
                        .get(&spread.node.fragment_name.node)
                    {
                        let condition = &fragment.node.type_condition.node.on.node;
                        self.collect(condition, &fragment.node.selection_set.node, key, found);
                    }
                }
            }
        }
    }
}

/// A field as the document selects it, maybe several times.
struct Selected<'a> {
    expected: &'a str,
    selections: Vec<&'a SelectionSet>,
}
