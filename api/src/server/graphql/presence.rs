//! Objects of which nothing is selected.
//!
//! Fragments may not apply, and directives may leave everything out. The object is there all the same and is `{}`;
//! async-graphql answers null, as if there were none, and merges another selection of it into that null. So wherever a
//! selection may come to nothing it gets one field more, which is taken out of the answer again.

use async_graphql::{
    Name, Pos, Positioned, Value,
    indexmap::IndexMap,
    parser::types::{DocumentOperations, ExecutableDocument, Field, Selection, SelectionSet},
};

/// The response key of that field. It is no name, so no client has chosen it.
const MARK: &str = "?";

/// Whether there may be nothing left of what is selected of an object: nothing of it stands without a condition.
pub(super) fn may_be_empty(selection_set: &SelectionSet) -> bool {
    let is_certain = |selection: &Positioned<Selection>| match &selection.node {
        Selection::Field(field) => field.node.directives.is_empty(),
        Selection::InlineFragment(_) | Selection::FragmentSpread(_) => false,
    };
    let items = &selection_set.items;
    !items.is_empty() && !items.iter().any(is_certain)
}

/// Marks the operations of a document, and what its fields select.
pub(super) fn mark(document: &mut ExecutableDocument) {
    match &mut document.operations {
        DocumentOperations::Single(operation) => {
            mark_object(&mut operation.node.selection_set.node);
        }
        DocumentOperations::Multiple(operations) => {
            for operation in operations.values_mut() {
                mark_object(&mut operation.node.selection_set.node);
            }
        }
    }
    for fragment in document.fragments.values_mut() {
        mark_below(&mut fragment.node.selection_set.node);
    }
}

fn mark_object(selection_set: &mut SelectionSet) {
    mark_below(selection_set);
    if may_be_empty(selection_set) {
        let mark = Selection::Field(positioned(Field {
            alias: Some(positioned(Name::new(MARK))),
            name: positioned(Name::new("__typename")),
            arguments: Vec::new(),
            directives: Vec::new(),
            selection_set: Positioned::default(),
        }));
        selection_set.items.push(positioned(mark));
    }
}

fn mark_below(selection_set: &mut SelectionSet) {
    for selection in &mut selection_set.items {
        match &mut selection.node {
            Selection::Field(field) => mark_object(&mut field.node.selection_set.node),
            Selection::InlineFragment(fragment) => {
                mark_below(&mut fragment.node.selection_set.node);
            }
            Selection::FragmentSpread(_) => {}
        }
    }
}

fn positioned<T>(node: T) -> Positioned<T> {
    Positioned::new(node, Pos::default())
}

/// Takes the mark out of an answer's object.
pub(super) fn unmark(fields: &mut IndexMap<Name, Value>) {
    fields.shift_remove(MARK);
}
