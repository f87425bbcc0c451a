//! How much memory a parsed document takes, about. Its text does not tell: a digit of a list takes as much as a long name,
//! and what is worked out of an operation grows with its fragments as often as they are spread.

use async_graphql::{
    Name, Positioned, Value as ConstValue,
    parser::types::{
        Directive, ExecutableDocument, FragmentDefinition, OperationDefinition, Selection,
        SelectionSet, VariableDefinition,
    },
};
use async_graphql_value::Value;

/// What comes to everything that has a place of its own in memory.
const ALLOCATION: usize = 16;
/// What is kept for each selection of an operation, its fragments spread: a place in the answer's order and in the formula of
/// the cost.
const WORKED_OUT: usize = 256;

/// The bytes of a document whose operations come to so many selections.
pub(super) fn of(document: &ExecutableDocument, selections: usize) -> usize {
    let operations = document.operations.iter();
    let operations: usize = operations
        .map(|(name, definition)| name.map_or(0, of_name) + of_operation(&definition.node))
        .sum();
    let fragments = document.fragments.iter();
    let fragments: usize = fragments
        .map(|(name, definition)| of_name(name) + of_fragment(&definition.node))
        .sum();
    operations + fragments + selections * WORKED_OUT
}

fn of_operation(operation: &OperationDefinition) -> usize {
    let variables = operation.variable_definitions.iter();
    let variables: usize = variables.map(|variable| of_variable(&variable.node)).sum();
    size_of::<OperationDefinition>()
        + variables
        + of_directives(&operation.directives)
        + of_selection_set(&operation.selection_set.node)
}

fn of_variable(variable: &VariableDefinition) -> usize {
    let default = variable.default_value.as_ref();
    size_of::<Positioned<VariableDefinition>>()
        + of_name(&variable.name.node)
        + variable.var_type.node.to_string().len()
        + of_directives(&variable.directives)
        + default.map_or(0, |value| of_const_value(&value.node))
}

fn of_fragment(fragment: &FragmentDefinition) -> usize {
    size_of::<FragmentDefinition>()
        + of_name(&fragment.type_condition.node.on.node)
        + of_directives(&fragment.directives)
        + of_selection_set(&fragment.selection_set.node)
}

fn of_selection_set(selection_set: &SelectionSet) -> usize {
    let selections = selection_set.items.iter();
    let selections: usize = selections
        .map(|selection| of_selection(&selection.node))
        .sum();
    ALLOCATION + selections
}

fn of_selection(selection: &Selection) -> usize {
    let inside = match selection {
        Selection::Field(field) => {
            let field = &field.node;
            let alias = field.alias.as_ref().map_or(0, |alias| of_name(&alias.node));
            let arguments = field.arguments.iter();
            let arguments = arguments.map(|(name, value)| {
                size_of::<(Positioned<Name>, Positioned<Value>)>()
                    + of_name(&name.node)
                    + of_value(&value.node)
            });
            of_name(&field.name.node)
                + alias
                + arguments.sum::<usize>()
                + of_selection_set(&field.selection_set.node)
        }
        Selection::InlineFragment(fragment) => {
            let condition = fragment.node.type_condition.as_ref();
            condition.map_or(0, |condition| of_name(&condition.node.on.node))
                + of_selection_set(&fragment.node.selection_set.node)
        }
        Selection::FragmentSpread(spread) => of_name(&spread.node.fragment_name.node),
    };
    size_of::<Positioned<Selection>>() + of_directives(selection.directives()) + inside
}

fn of_directives(directives: &[Positioned<Directive>]) -> usize {
    let directives = directives.iter().map(|directive| {
        let arguments = directive.node.arguments.iter();
        let arguments: usize = arguments
            .map(|(name, value)| of_name(&name.node) + of_value(&value.node))
            .sum();
        size_of::<Positioned<Directive>>() + of_name(&directive.node.name.node) + arguments
    });
    directives.sum()
}

fn of_name(name: &Name) -> usize {
    ALLOCATION + name.len()
}

fn of_value(value: &Value) -> usize {
    let inside = match value {
        Value::Variable(name) | Value::Enum(name) => of_name(name),
        Value::String(text) => ALLOCATION + text.len(),
        Value::Binary(bytes) => ALLOCATION + bytes.len(),
        Value::List(values) => ALLOCATION + values.iter().map(of_value).sum::<usize>(),
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| of_entry(name) + of_value(value))
            .sum(),
        Value::Null | Value::Number(_) | Value::Boolean(_) => 0,
    };
    size_of::<Value>() + inside
}

fn of_const_value(value: &ConstValue) -> usize {
    let inside = match value {
        ConstValue::Enum(name) => of_name(name),
        ConstValue::String(text) => ALLOCATION + text.len(),
        ConstValue::Binary(bytes) => ALLOCATION + bytes.len(),
        ConstValue::List(values) => ALLOCATION + values.iter().map(of_const_value).sum::<usize>(),
        ConstValue::Object(fields) => fields
            .iter()
            .map(|(name, value)| of_entry(name) + of_const_value(value))
            .sum(),
        ConstValue::Null | ConstValue::Number(_) | ConstValue::Boolean(_) => 0,
    };
    size_of::<ConstValue>() + inside
}

/// A key of an object, with its hash and its place in the index.
fn of_entry(name: &Name) -> usize {
    size_of::<Name>() + 2 * size_of::<usize>() + of_name(name)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use async_graphql::parser::parse_query;

    use super::*;

    fn bytes(text: &str) -> usize {
        of(&parse_query(text).unwrap(), 0)
    }

    #[test]
    fn a_value_weighs_what_it_takes_and_not_what_is_written() {
        let ones = |count: usize| format!("{{ a(b: [{}]) }}", "1 ".repeat(count));
        let more = bytes(&ones(1_100)) - bytes(&ones(100));
        assert_eq!(more, 1_000 * size_of::<Value>());
        let defaults = |count: usize| {
            let ones = "1 ".repeat(count);
            format!("query ($b: [Int] = [{ones}]) {{ a(b: $b) }}")
        };
        let more = bytes(&defaults(1_100)) - bytes(&defaults(100));
        assert_eq!(more, 1_000 * size_of::<ConstValue>());
    }

    #[test]
    fn everything_that_can_be_repeated_weighs_something() {
        for (before, part, after) in [
            ("{", "a ", "}"),
            ("{ a {", "b ", "} }"),
            ("{", "... { a } ", "}"),
            ("{", "...F ", "} fragment F on T { a }"),
            ("{ a } fragment F on T {", "a ", "}"),
            ("{ a(b: \"", "x", "\") }"),
            ("{ a ", "@skip(if: true) ", "}"),
            ("query ", "@a(b: [1]) ", "{ a }"),
        ] {
            let text = |times: usize| format!("{before}{}{after}", part.repeat(times));
            let growth = bytes(&text(3)) - bytes(&text(2));
            assert!(growth > 0, "{part}");
            assert_eq!(bytes(&text(12)) - bytes(&text(2)), 10 * growth, "{part}");
        }
    }

    #[test]
    fn what_is_spread_weighs_as_often_as_it_is_spread() {
        let document = parse_query("{ a }").unwrap();
        assert_eq!(of(&document, 100) - of(&document, 0), 100 * WORKED_OUT);
    }
}
