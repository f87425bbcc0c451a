//! What an operation costs, in points. One point is about what one field of one object costs to find and to write.
//!
//! ```text
//! cost(field) = 1 + base(field) + length(field) × Σ cost(selected below it)
//! ```
//!
//! `base` is in the table of [`weights`](super::weights). `length` is 1 for one object; for a list the most objects that it
//! can have: `first` or `last`, 25 where neither is given; as many as `ids` names; else what the table assumes. A connection
//! gives the length of its page to its `nodes` and `edges`. Mutations cost one more for each KiB of text in their arguments.
//!
//! Nothing is subtracted for what may turn out to be less: all fragments count, whichever applies, and so does what `@skip`
//! and `@include` leave out.
//!
//! The formula is worked out once for an operation. What depends on variables stays open in it, and most operations have
//! nothing of the kind: their cost is a number.

use std::collections::HashMap;

use async_graphql::{
    Name, Positioned, Value as ConstValue, Variables,
    parser::types::{Field, FragmentDefinition, OperationType, Selection, SelectionSet},
    registry::{MetaField, MetaTypeName, Registry},
};
use async_graphql_value::Value;

use super::{
    document::Operation,
    introspection::SchemaSize,
    measure::INTROSPECTION,
    weights::{self, DEFAULT_PAGE, Length, MAX_PAGE},
};

/// A cost that may depend on variables.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Cost {
    /// What it is in any case.
    fixed: u64,
    /// What comes to it.
    products: Vec<(Size, Cost)>,
}

/// A number that variables decide.
#[derive(Clone, Debug, PartialEq)]
enum Size {
    /// The length of a page: the arguments `first` and `last`.
    Page(Vec<Value>),
    /// The length of a list.
    Items(Value),
    /// How many KiB of text there are.
    Text(Vec<Value>),
}

impl Cost {
    /// Works out the formula for an operation that fits the schema.
    pub(super) fn of(registry: &Registry, schema: &SchemaSize, operation: &Operation) -> Self {
        let root = match operation.kind {
            OperationType::Query => Some(registry.query_type.as_str()),
            OperationType::Mutation => registry.mutation_type.as_deref(),
            OperationType::Subscription => registry.subscription_type.as_deref(),
        };
        let formula = Formula {
            registry,
            schema,
            fragments: &operation.fragments,
        };
        let selection_set = &operation.definition.node.selection_set.node;
        formula.selection_set(root.unwrap_or_default(), selection_set, None)
    }

    /// The points for one request's variables.
    pub(super) fn points(&self, operation: &Operation, variables: &Variables) -> u64 {
        let given = Given {
            operation,
            variables,
        };
        self.evaluate(&given)
    }

    fn evaluate(&self, given: &Given<'_>) -> u64 {
        let products = self.products.iter();
        products.fold(self.fixed, |sum, (size, cost)| {
            let product = match size.evaluate(given) {
                0 => 0,
                size => size.saturating_mul(cost.evaluate(given)),
            };
            sum.saturating_add(product)
        })
    }

    fn number(points: u64) -> Self {
        Self {
            fixed: points,
            products: Vec::new(),
        }
    }

    fn add(&mut self, other: Self) {
        self.fixed = self.fixed.saturating_add(other.fixed);
        self.products.extend(other.products);
    }

    /// As many times as a size says; one that needs no variables is multiplied out.
    fn times(self, size: Size) -> Self {
        match size.settled() {
            Some(factor) => self.scaled(factor),
            None if self == Self::default() => self,
            None => Self {
                fixed: 0,
                products: vec![(size, self)],
            },
        }
    }

    fn scaled(mut self, factor: u64) -> Self {
        self.fixed = self.fixed.saturating_mul(factor);
        for (_, cost) in &mut self.products {
            *cost = std::mem::take(cost).scaled(factor);
        }
        self
    }
}

impl Size {
    /// Its number, where it has no variables.
    fn settled(&self) -> Option<u64> {
        let values = match self {
            Self::Page(values) | Self::Text(values) => values.as_slice(),
            Self::Items(value) => std::slice::from_ref(value),
        };
        (!values.iter().any(has_variable)).then(|| self.count(|_| None))
    }

    fn evaluate(&self, given: &Given<'_>) -> u64 {
        self.count(|name| given.value(name))
    }

    /// What is more than a list may have is refused when it is asked for, with a better message.
    fn count<'v>(&self, variable: impl Fn(&Name) -> Option<&'v ConstValue> + Copy) -> u64 {
        match self {
            Self::Page(values) => {
                let sizes = values.iter().filter_map(|value| whole(value, variable));
                sizes.max().unwrap_or(DEFAULT_PAGE).min(MAX_PAGE)
            }
            Self::Items(value) => items(value, variable).min(MAX_PAGE),
            Self::Text(values) => {
                let bytes = values.iter().map(|value| text(value, variable));
                bytes.sum::<usize>() as u64 / 1024
            }
        }
    }
}

/// A whole number that a value is; a negative one is 0.
fn whole<'v>(value: &Value, variable: impl Fn(&Name) -> Option<&'v ConstValue>) -> Option<u64> {
    let number = match value {
        Value::Variable(name) => match variable(name)? {
            ConstValue::Number(number) => number,
            _ => return None,
        },
        Value::Number(number) => number,
        _ => return None,
    };
    number
        .as_u64()
        .or_else(|| number.as_i64().map(|_| 0))
        .or(Some(u64::MAX))
}

fn items<'v>(value: &Value, variable: impl Fn(&Name) -> Option<&'v ConstValue>) -> u64 {
    let length = match value {
        Value::List(values) => values.len(),
        Value::Variable(name) => match variable(name) {
            Some(ConstValue::List(values)) => values.len(),
            Some(_) => 1,
            None => 0,
        },
        // A single value is taken for a list of one.
        _ => 1,
    };
    length as u64
}

/// The bytes of all strings in a value.
fn text<'v>(value: &Value, variable: impl Fn(&Name) -> Option<&'v ConstValue> + Copy) -> usize {
    match value {
        Value::String(string) => string.len(),
        Value::List(values) => values.iter().map(|value| text(value, variable)).sum(),
        Value::Object(fields) => fields.values().map(|value| text(value, variable)).sum(),
        Value::Variable(name) => variable(name).map_or(0, const_text),
        _ => 0,
    }
}

fn const_text(value: &ConstValue) -> usize {
    match value {
        ConstValue::String(text) => text.len(),
        ConstValue::List(values) => values.iter().map(const_text).sum(),
        ConstValue::Object(fields) => fields.values().map(const_text).sum(),
        _ => 0,
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

/// One request's variables over the operation's defaults.
struct Given<'a> {
    operation: &'a Operation,
    variables: &'a Variables,
}

impl<'a> Given<'a> {
    fn value(&self, name: &Name) -> Option<&'a ConstValue> {
        self.variables.get(name).or_else(|| {
            let mut declared = self
                .operation
                .definition
                .node
                .variable_definitions
                .iter()
                .map(|definition| &definition.node);
            let definition = declared.find(|definition| definition.name.node == *name)?;
            definition.default_value.as_ref().map(|value| &value.node)
        })
    }
}

struct Formula<'a> {
    registry: &'a Registry,
    schema: &'a SchemaSize,
    fragments: &'a HashMap<Name, Positioned<FragmentDefinition>>,
}

impl Formula<'_> {
    /// `page` is the length of the connection's page that this is selected of.
    fn selection_set(
        &self,
        parent: &str,
        selection_set: &SelectionSet,
        page: Option<&Size>,
    ) -> Cost {
        let mut cost = Cost::default();
        for selection in &selection_set.items {
            match &selection.node {
                Selection::Field(field) => cost.add(self.field(parent, &field.node, page)),
                Selection::InlineFragment(fragment) => {
                    let condition = fragment.node.type_condition.as_ref();
                    let on = condition.map_or(parent, |condition| &condition.node.on.node);
                    cost.add(self.selection_set(on, &fragment.node.selection_set.node, page));
                }
                Selection::FragmentSpread(spread) => {
                    if let Some(fragment) = self.fragments.get(&spread.node.fragment_name.node) {
                        let on = &fragment.node.type_condition.node.on.node;
                        cost.add(self.selection_set(on, &fragment.node.selection_set.node, page));
                    }
                }
            }
        }
        cost
    }

    fn field(&self, parent: &str, field: &Field, page: Option<&Size>) -> Cost {
        let name = field.name.node.as_str();
        if INTROSPECTION.contains(&name) {
            return Cost::number(self.schema.cost(field, self.fragments));
        }
        let known = self
            .registry
            .types
            .get(parent)
            .and_then(|parent| parent.field_by_name(name));
        // `__typename` is in no type.
        let Some(known) = known else {
            return Cost::number(1);
        };
        let mut cost = self.below(parent, field, known, page);
        cost.fixed = cost.fixed.saturating_add(1).saturating_add(weights::base(
            self.registry,
            parent,
            field,
        ));
        if self.registry.mutation_type.as_deref() == Some(parent) {
            let arguments = field.arguments.iter();
            let values = arguments.map(|(_, value)| value.node.clone()).collect();
            cost.add(Cost::number(1).times(Size::Text(values)));
        }
        cost
    }

    fn below(&self, parent: &str, field: &Field, known: &MetaField, page: Option<&Size>) -> Cost {
        let selection_set = &field.selection_set.node;
        let of = MetaTypeName::concrete_typename(&known.ty);
        match weights::length(parent, known) {
            Length::One => self.selection_set(of, selection_set, None),
            Length::Assumed(length) => self.selection_set(of, selection_set, None).scaled(length),
            Length::Page => {
                let size = page.cloned().unwrap_or_else(|| Size::Page(Vec::new()));
                self.selection_set(of, selection_set, None).times(size)
            }
            Length::PageBelow => {
                let size = Size::Page(arguments(field, &["first", "last"]));
                self.selection_set(of, selection_set, Some(&size))
            }
            Length::First => {
                let size = Size::Page(arguments(field, &["first", "last"]));
                self.selection_set(of, selection_set, None).times(size)
            }
            Length::Ids => {
                let ids = arguments(field, &["ids"]).pop().unwrap_or(Value::Null);
                let size = Size::Items(ids);
                self.selection_set(of, selection_set, None).times(size)
            }
        }
    }
}

fn arguments(field: &Field, names: &[&str]) -> Vec<Value> {
    let arguments = field.arguments.iter();
    arguments
        .filter(|(name, _)| names.contains(&name.node.as_str()))
        .map(|(_, value)| value.node.clone())
        .collect()
}

#[cfg(test)]
mod tests;
