//! How often one selection asks for the same thing. An answer has it once, so that repeating it is only work for the server.

use std::collections::HashMap;

use async_graphql::{
    Positioned, ServerError,
    parser::types::{ExecutableDocument, Field, Selection, SelectionSet},
};

use super::problem::Problem;
use crate::shared::error_code::ErrorCode;

/// How often a field may stand in a selection. Clients that put a page together from fragments, each with what it needs,
/// repeat some of it.
const MAX_REPETITIONS: usize = 100;

/// Refuses a field that stands too often in this selection or in one below it. Fragments count where they are spread; what
/// is below their own fields does not. Their number has to be bounded, and none may spread itself.
pub(super) fn check(
    document: &ExecutableDocument,
    selection_set: &SelectionSet,
) -> Result<(), Problem> {
    let mut counts = HashMap::new();
    count(document, selection_set, &mut counts)?;
    selection_set
        .items
        .iter()
        .try_for_each(|selection| match &selection.node {
            Selection::Field(field) => check(document, &field.node.selection_set.node),
            Selection::InlineFragment(fragment) => {
                check(document, &fragment.node.selection_set.node)
            }
            Selection::FragmentSpread(_) => Ok(()),
        })
}

fn count<'a>(
    document: &'a ExecutableDocument,
    selection_set: &'a SelectionSet,
    counts: &mut HashMap<&'a str, usize>,
) -> Result<(), Problem> {
    for selection in &selection_set.items {
        match &selection.node {
            Selection::Field(field) => {
                let count = counts.entry(field.node.response_key().node.as_str());
                let count = count.and_modify(|count| *count += 1).or_insert(1);
                if *count > MAX_REPETITIONS {
                    return Err(repeated(field));
                }
            }
            Selection::InlineFragment(fragment) => {
                count(document, &fragment.node.selection_set.node, counts)?;
            }
            Selection::FragmentSpread(spread) => {
                // A fragment that does not exist is found by validation, with a better message.
                if let Some(fragment) = document.fragments.get(&spread.node.fragment_name.node) {
                    count(document, &fragment.node.selection_set.node, counts)?;
                }
            }
        }
    }
    Ok(())
}

fn repeated(field: &Positioned<Field>) -> Problem {
    let message = format!(
        "\"{}\" stands more than {MAX_REPETITIONS} times in one selection, its fragments included. Once is enough.",
        field.node.response_key().node
    );
    let error = ServerError::new(message, Some(field.pos));
    Problem::refused(ErrorCode::QueryTooComplex, error)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use async_graphql::parser::parse_query;

    use super::*;

    /// Checks the only operation of a document.
    fn check(text: &str) -> Result<(), Problem> {
        let document = parse_query(text).unwrap();
        let (_, operation) = document.operations.iter().next().unwrap();
        super::check(&document, &operation.node.selection_set.node)
    }

    #[test]
    fn a_field_may_be_repeated_a_hundred_times_and_no_more() {
        for (before, field, after) in [
            ("{", "a ", "}"),
            ("{ a {", "b ", "} }"),
            ("{ ... { a {", "x: b ", "} } }"),
            ("{", "... { a } ", "}"),
            ("{", "...F ", "} fragment F on T { a }"),
        ] {
            let text = |times: usize| format!("{before}{}{after}", field.repeat(times));
            assert!(check(&text(100)).is_ok(), "{field}");
            let problem = check(&text(101)).unwrap_err();
            let message = &problem.errors[0].message;
            assert!(message.contains("more than 100 times"), "{message}");
        }
    }

    #[test]
    fn fields_with_names_of_their_own_are_no_repetition() {
        let fields: Vec<_> = (0..200).map(|number| format!("a{number}: b")).collect();
        assert!(check(&format!("{{ {} }}", fields.join(" "))).is_ok());
        let objects = "a { id } ".repeat(100);
        assert!(check(&format!("{{ {objects} id }}")).is_ok());
    }
}
