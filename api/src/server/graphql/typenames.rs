//! Directives on `__typename`, the one field that async-graphql's validation passes over.

use std::collections::HashSet;

use async_graphql::{
    Positioned, ServerError,
    parser::types::{Directive, ExecutableDocument, Selection, SelectionSet},
    registry::{__DirectiveLocation as Location, Registry},
};

/// Finds directives on `__typename` that there are not, that belong elsewhere, or that come twice where once is allowed.
pub(super) fn check(registry: &Registry, document: &ExecutableDocument) -> Vec<ServerError> {
    let mut checker = Checker {
        registry,
        problems: Vec::new(),
    };
    for (_, operation) in document.operations.iter() {
        checker.selection_set(&operation.node.selection_set.node);
    }
    for fragment in document.fragments.values() {
        checker.selection_set(&fragment.node.selection_set.node);
    }
    checker.problems
}

struct Checker<'a> {
    registry: &'a Registry,
    problems: Vec<ServerError>,
}

impl Checker<'_> {
    fn selection_set(&mut self, selection_set: &SelectionSet) {
        for selection in &selection_set.items {
            match &selection.node {
                Selection::Field(field) if field.node.name.node == "__typename" => {
                    self.directives(&field.node.directives);
                }
                Selection::Field(field) => self.selection_set(&field.node.selection_set.node),
                Selection::InlineFragment(fragment) => {
                    self.selection_set(&fragment.node.selection_set.node);
                }
                Selection::FragmentSpread(_) => {}
            }
        }
    }

    fn directives(&mut self, directives: &[Positioned<Directive>]) {
        let mut seen = HashSet::new();
        for directive in directives {
            let name = directive.node.name.node.as_str();
            let known = self.registry.directives.get(name);
            let problem = match known {
                None => format!("Unknown directive \"{name}\""),
                Some(known) if !known.locations.contains(&Location::FIELD) => {
                    format!("Directive \"{name}\" may not be used on \"FIELD\"")
                }
                Some(known) if !seen.insert(name) && !known.is_repeatable => {
                    format!("Duplicate directive \"{name}\"")
                }
                Some(_) => continue,
            };
            self.problems
                .push(ServerError::new(problem, Some(directive.pos)));
        }
    }
}
