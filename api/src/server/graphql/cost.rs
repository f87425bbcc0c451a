//! What an operation costs, in points. One point is about what one field of one object costs to find and to write.
//!
//! ```text
//! cost(field) = 1 + base(field) + length(field) × Σ cost(selected below it)
//! ```
//!
//! `base` is in the table of [`weights`](super::weights). `length` is 1 for one object; for a list the most objects that it
//! can have: `first` or `last`, 25 where neither is given; as many as `ids` names; else what the table assumes. A connection
//! gives the length of its page to its `nodes` and `edges`, and its `totalCount` costs a search of its own where it has to count.
//! Mutations cost one more for each KiB of text in their arguments.
//!
//! Nothing is subtracted for what may turn out to be less: all fragments count, whichever applies, and so does what `@skip`
//! and `@include` leave out.
//!
//! The formula is worked out once for an operation. What depends on variables stays open in it, and most operations have
//! nothing of the kind: their cost is a number.

use async_graphql::{
    Name, Value as ConstValue, Variables,
    parser::types::{Field, OperationType, Selection, SelectionSet},
    registry::{MetaField, MetaTypeName, Registry},
};
use async_graphql_value::Value;

use super::{
    document::{Fragments, Operation},
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
    /// How many KiB of text there are: so many bytes, and those in variables.
    Text(usize, Vec<Name>),
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
        let is_variable = |value: &Value| matches!(value, Value::Variable(_));
        let is_open = match self {
            Self::Page(values) => values.iter().any(is_variable),
            // How long a list is can be seen, whatever is in it.
            Self::Items(value) => is_variable(value),
            Self::Text(_, variables) => !variables.is_empty(),
        };
        (!is_open).then(|| self.count(|_| None))
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
            Self::Text(bytes, variables) => {
                let values = variables.iter().filter_map(variable);
                (bytes + values.map(const_text).sum::<usize>()) as u64 / 1024
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

/// The bytes of all strings in a value; its variables are put aside.
fn text(value: &Value, variables: &mut Vec<Name>) -> usize {
    match value {
        Value::String(string) => string.len(),
        Value::List(values) => values.iter().map(|value| text(value, variables)).sum(),
        Value::Object(fields) => fields.values().map(|value| text(value, variables)).sum(),
        Value::Variable(name) => {
            variables.push(name.clone());
            0
        }
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
    fragments: &'a Fragments,
}

/// A connection that something is selected of.
struct Connection {
    /// The length of its page.
    page: Size,
    /// What it costs to count all its pages.
    count: u64,
}

impl Formula<'_> {
    fn selection_set(
        &self,
        parent: &str,
        selection_set: &SelectionSet,
        of: Option<&Connection>,
    ) -> Cost {
        let mut cost = Cost::default();
        for selection in &selection_set.items {
            match &selection.node {
                Selection::Field(field) => cost.add(self.field(parent, &field.node, of)),
                Selection::InlineFragment(fragment) => {
                    let condition = fragment.node.type_condition.as_ref();
                    let on = condition.map_or(parent, |condition| &condition.node.on.node);
                    cost.add(self.selection_set(on, &fragment.node.selection_set.node, of));
                }
                Selection::FragmentSpread(spread) => {
                    if let Some(fragment) = self.fragments.get(&spread.node.fragment_name.node) {
                        let on = &fragment.node.type_condition.node.on.node;
                        cost.add(self.selection_set(on, &fragment.node.selection_set.node, of));
                    }
                }
            }
        }
        cost
    }

    fn field(&self, parent: &str, field: &Field, of: Option<&Connection>) -> Cost {
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
        let base = match of {
            Some(connection) if name == "totalCount" => connection.count,
            _ => weights::base(self.registry, parent, field),
        };
        let mut cost = self.below(parent, field, known, of);
        cost.fixed = cost.fixed.saturating_add(1).saturating_add(base);
        if self.registry.mutation_type.as_deref() == Some(parent) {
            let mut variables = Vec::new();
            let arguments = field.arguments.iter();
            let bytes = arguments
                .map(|(_, value)| text(&value.node, &mut variables))
                .sum();
            cost.add(Cost::number(1).times(Size::Text(bytes, variables)));
        }
        cost
    }

    fn below(
        &self,
        parent: &str,
        field: &Field,
        known: &MetaField,
        of: Option<&Connection>,
    ) -> Cost {
        let selection_set = &field.selection_set.node;
        let page = || of.map(|connection| connection.page.clone());
        let of = MetaTypeName::concrete_typename(&known.ty);
        match weights::length(parent, known) {
            Length::One => self.selection_set(of, selection_set, None),
            Length::Assumed(length) => self.selection_set(of, selection_set, None).scaled(length),
            Length::Page => {
                let size = page().unwrap_or_else(|| Size::Page(Vec::new()));
                self.selection_set(of, selection_set, None).times(size)
            }
            Length::PageBelow => {
                let connection = Connection {
                    page: Size::Page(arguments(field, &["first", "last"])),
                    count: weights::count(parent, field),
                };
                self.selection_set(of, selection_set, Some(&connection))
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
