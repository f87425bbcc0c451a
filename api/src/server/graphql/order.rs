//! The order of an answer's fields.
//!
//! The specification wants them as the document selects them. async-graphql adds them as they are done, so one that waited for
//! the database comes after those that did not.

use async_graphql::{
    Name, Value,
    indexmap::IndexMap,
    parser::types::{Selection, SelectionSet},
};

use super::{document::Fragments, presence};

/// The response keys of a selection in their order, each with those below it.
#[derive(Debug, Default)]
pub(super) struct Shape {
    keys: IndexMap<Name, Shape>,
    /// Whether an object has a mark of its presence, which is not part of the answer.
    is_marked: bool,
}

impl Shape {
    /// The shape of a selection of a validated document. Which of its fragments apply is known only by the answer: keys that it
    /// lacks are passed over.
    pub(super) fn new(selection: &SelectionSet, fragments: &Fragments) -> Self {
        let mut shape = Self {
            keys: IndexMap::new(),
            is_marked: presence::may_be_empty(selection),
        };
        shape.add(selection, fragments);
        shape
    }

    fn add(&mut self, selection: &SelectionSet, fragments: &Fragments) {
        for item in &selection.items {
            match &item.node {
                Selection::Field(field) => {
                    let key = field.node.response_key().node.clone();
                    let selection = &field.node.selection_set.node;
                    let below = self.keys.entry(key).or_default();
                    below.is_marked |= presence::may_be_empty(selection);
                    below.add(selection, fragments);
                }
                Selection::InlineFragment(fragment) => {
                    self.add(&fragment.node.selection_set.node, fragments);
                }
                Selection::FragmentSpread(spread) => {
                    if let Some(fragment) = fragments.get(&spread.node.fragment_name.node) {
                        self.add(&fragment.node.selection_set.node, fragments);
                    }
                }
            }
        }
    }

    /// Puts the fields of an answer into order. An answer that is in order costs one comparison a field.
    pub(super) fn arrange(&self, value: &mut Value) {
        match value {
            Value::List(items) => items.iter_mut().for_each(|item| self.arrange(item)),
            Value::Object(fields) => self.arrange_fields(fields),
            _ => {}
        }
    }

    fn arrange_fields(&self, fields: &mut IndexMap<Name, Value>) {
        if self.is_marked {
            presence::unmark(fields);
        }
        if self.arrange_in_turn(fields) {
            return;
        }
        let rank = |name: &Name| self.keys.get_index_of(name);
        fields.sort_by(|a, _, b, _| rank(a).cmp(&rank(b)));
        self.arrange_in_turn(fields);
    }

    /// Arranges what is below the fields as long as they are in order themselves; whether all are.
    fn arrange_in_turn(&self, fields: &mut IndexMap<Name, Value>) -> bool {
        let mut expected = self.keys.iter();
        fields.iter_mut().all(|(name, value)| {
            let Some((_, below)) = expected.find(|(key, _)| *key == name) else {
                return false;
            };
            // A scalar can be an object too: it has nothing selected below it and stays as it is.
            if !below.keys.is_empty() {
                below.arrange(value);
            }
            true
        })
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;

    use super::*;
    use crate::server::graphql::document::share;

    fn arranged(document: &str, answer: &str) -> String {
        let document = parse_query(document).expect("a document");
        let mut value = serde_json::from_str(answer).expect("JSON");
        let fragments = share(document.fragments);
        for (_, operation) in document.operations.iter() {
            let selection = &operation.node.selection_set.node;
            Shape::new(selection, &fragments).arrange(&mut value);
        }
        serde_json::to_string(&value).expect("JSON")
    }

    #[test]
    fn fields_come_as_the_document_selects_them() {
        assert_eq!(
            arranged(
                "{ slow { b a } quick: other { a } }",
                r#"{"quick":{"a":1},"slow":[{"a":1,"b":2},null,{"b":3,"a":{"z":1,"y":2}}]}"#
            ),
            r#"{"slow":[{"b":2,"a":1},null,{"b":3,"a":{"z":1,"y":2}}],"quick":{"a":1}}"#
        );
    }

    #[test]
    fn fields_of_fragments_come_where_the_fragment_stands() {
        assert_eq!(
            arranged(
                "{ node { __typename ...S ... on Person { email } id } } fragment S on Service { tier name }",
                r#"{"node":{"id":1,"name":2,"tier":3,"__typename":"Service"}}"#
            ),
            r#"{"node":{"__typename":"Service","tier":3,"name":2,"id":1}}"#
        );
    }
}
