//! The one field of a subscription, from which its events come.
//!
//! The specification wants exactly one, and no `@skip` or `@include` around it. async-graphql checks neither, and does not
//! look for it in fragments.

use std::collections::HashMap;

use async_graphql::{
    Name, Positioned, ServerError,
    parser::types::{
        Directive, ExecutableDocument, Field, FragmentDefinition, OperationType, Selection,
        SelectionSet,
    },
};

use super::document::Operation;

/// What is wrong with the roots of a document's subscriptions.
pub(super) fn check(document: &ExecutableDocument) -> Vec<ServerError> {
    let mut problems = Vec::new();
    for (_, operation) in document.operations.iter() {
        if operation.node.ty != OperationType::Subscription {
            continue;
        }
        let mut root = Root::default();
        let fragments = &document.fragments;
        root.collect(&operation.node.selection_set.node, &|name| {
            fragments.get(name)
        });
        let problem = match root.fields.as_slice() {
            _ if root.is_conditional => "the field of a subscription may not depend on directives",
            [first, others @ ..] if others.iter().all(|other| is_same(first, other)) => {
                if !first.node.name.node.starts_with("__") {
                    continue;
                }
                "the field of a subscription may not be one of introspection"
            }
            _ => "a subscription has exactly one field at its root",
        };
        problems.push(ServerError::new(problem, Some(operation.pos)));
    }
    problems
}

/// The field of a subscription that has been checked, with everything that is selected of it.
pub(super) fn field(operation: &Operation) -> Option<Positioned<Selection>> {
    let mut root = Root::default();
    let fragments: HashMap<&Name, &Positioned<FragmentDefinition>> = operation
        .fragments
        .iter()
        .map(|(name, fragment)| (name, &**fragment))
        .collect();
    let selection_set = &operation.definition.node.selection_set.node;
    root.collect(selection_set, &|name| fragments.get(name).copied());
    let mut fields = root.fields.into_iter();
    let mut first = Positioned::clone(fields.next()?);
    for other in fields {
        let more = other.node.selection_set.node.items.iter().cloned();
        first.node.selection_set.node.items.extend(more);
    }
    Some(Positioned::new(Selection::Field(first.clone()), first.pos))
}

/// Whether two fields are answered under one key; that they then are the same is checked elsewhere.
fn is_same(one: &Positioned<Field>, other: &Positioned<Field>) -> bool {
    one.node.response_key().node == other.node.response_key().node
}

/// What is selected at the root.
#[derive(Default)]
struct Root<'a> {
    fields: Vec<&'a Positioned<Field>>,
    is_conditional: bool,
    /// Fragments that have been looked into: they may spread each other in circles until that is checked.
    seen: Vec<&'a Name>,
}

impl<'a> Root<'a> {
    fn collect(
        &mut self,
        selection_set: &'a SelectionSet,
        fragment: &impl Fn(&Name) -> Option<&'a Positioned<FragmentDefinition>>,
    ) {
        for selection in &selection_set.items {
            match &selection.node {
                Selection::Field(field) => {
                    self.note(&field.node.directives);
                    self.fields.push(field);
                }
                Selection::InlineFragment(inline) => {
                    self.note(&inline.node.directives);
                    self.collect(&inline.node.selection_set.node, fragment);
                }
                Selection::FragmentSpread(spread) => {
                    self.note(&spread.node.directives);
                    let name = &spread.node.fragment_name.node;
                    if self.seen.contains(&name) {
                        continue;
                    }
                    self.seen.push(name);
                    if let Some(found) = fragment(name) {
                        self.collect(&found.node.selection_set.node, fragment);
                    }
                }
            }
        }
    }

    fn note(&mut self, directives: &[Positioned<Directive>]) {
        self.is_conditional |= !directives.is_empty();
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use async_graphql::parser::parse_query;

    use super::*;

    #[test]
    fn a_subscription_has_one_field_wherever_it_stands() {
        for (document, problem) in [
            ("subscription { a { b } }", None),
            ("subscription { a { b } a { c } }", None),
            (
                "subscription { ...F } fragment F on S { ... on S { a } }",
                None,
            ),
            (
                "subscription { ...F ...F } fragment F on S { a ...F }",
                None,
            ),
            ("query { a b __typename }", None),
            ("subscription { a b }", Some("exactly one")),
            ("subscription { a c: a }", Some("exactly one")),
            (
                "subscription { a ...F } fragment F on S { b }",
                Some("exactly one"),
            ),
            ("subscription { __typename }", Some("introspection")),
            ("subscription { a @skip(if: false) }", Some("directives")),
            (
                "subscription { ... @include(if: true) { a } }",
                Some("directives"),
            ),
            (
                "subscription { ...F @skip(if: true) } fragment F on S { a }",
                Some("directives"),
            ),
        ] {
            let found = check(&parse_query(document).unwrap());
            assert_eq!(found.len(), usize::from(problem.is_some()), "{document}");
            if let (Some(problem), Some(found)) = (problem, found.first()) {
                assert!(found.message.contains(problem), "{document}: {found}");
            }
        }
    }
}
