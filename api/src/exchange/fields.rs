//! Taking a mapping apart field by field, with a word on everything that has the wrong type.

use std::sync::Arc;

use super::{
    diagnostics::{Place, Problems},
    yaml::{Entry, Node, Value},
};

/// A value and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spot<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub at: Place,
}

/// The fields of one mapping. It remembers which were asked for, so that the others can be told or kept.
pub struct Fields<'a> {
    file: Arc<str>,
    path: String,
    node: Option<&'a Node>,
    asked: Vec<&'static str>,
}

impl<'a> Fields<'a> {
    /// The fields of a document's root, which must be a mapping.
    pub fn of_document(file: &Arc<str>, node: &'a Node) -> Option<Self> {
        matches!(node.value, Value::Map(_)).then(|| Self {
            file: Arc::clone(file),
            path: String::new(),
            node: Some(node),
            asked: Vec::new(),
        })
    }

    /// Where `node` stands.
    pub fn place(&self, node: &Node) -> Place {
        Place::new(&self.file, node.mark)
    }

    /// The dotted path of a field below the document's root.
    pub fn path_of(&self, name: &str) -> String {
        if self.path.is_empty() {
            name.to_owned()
        } else {
            format!("{}.{name}", self.path)
        }
    }

    /// Where the mapping itself stands, if the document has it.
    pub fn at(&self) -> Option<Place> {
        self.node.map(|node| self.place(node))
    }

    /// The field as it stands; nothing where it is absent or null.
    pub fn raw(&mut self, name: &'static str) -> Option<&'a Node> {
        self.asked.push(name);
        self.node?.get(name).filter(|value| !value.is_null())
    }

    /// Where a field's value stands, if the mapping has it.
    pub fn place_of(&self, name: &str) -> Option<Place> {
        self.node?.get(name).map(|node| self.place(node))
    }

    /// Whether the field is there and not null, without asking for it.
    pub fn has(&self, name: &str) -> bool {
        self.node
            .and_then(|node| node.get(name))
            .is_some_and(|value| !value.is_null())
    }

    /// A string field.
    pub fn text(&mut self, name: &'static str, problems: &mut Problems) -> Option<Spot<&'a str>> {
        let node = self.raw(name)?;
        match node.text() {
            Some(text) => Some(Spot {
                value: text,
                at: self.place(node),
            }),
            None => {
                self.refuse(node, name, &a_string_instead_of(node), problems);
                None
            }
        }
    }

    /// A list of strings; empty where it is absent.
    pub fn texts(&mut self, name: &'static str, problems: &mut Problems) -> Vec<Spot<&'a str>> {
        let Some(node) = self.raw(name) else {
            return Vec::new();
        };
        let Value::List(items) = &node.value else {
            let wrong = format!("must be a list of strings, not {}", node.what());
            self.refuse(node, name, &wrong, problems);
            return Vec::new();
        };
        let mut texts = Vec::with_capacity(items.len());
        for item in items {
            match item.text() {
                Some(text) => texts.push(Spot {
                    value: text,
                    at: self.place(item),
                }),
                None => {
                    let wrong = format!("has an item that {}", a_string_instead_of(item));
                    self.refuse(item, name, &wrong, problems);
                }
            }
        }
        texts
    }

    /// A list of mappings; empty where it is absent.
    pub fn mappings(&mut self, name: &'static str, problems: &mut Problems) -> Vec<Self> {
        let Some(node) = self.raw(name) else {
            return Vec::new();
        };
        let Value::List(items) = &node.value else {
            let wrong = format!("must be a list of mappings, not {}", node.what());
            self.refuse(node, name, &wrong, problems);
            return Vec::new();
        };
        let mut mappings = Vec::with_capacity(items.len());
        for item in items {
            if matches!(item.value, Value::Map(_)) {
                mappings.push(self.child(name, Some(item)));
            } else {
                let wrong = format!("has an item that must be a mapping, not {}", item.what());
                self.refuse(item, name, &wrong, problems);
            }
        }
        mappings
    }

    /// A mapping field; one without entries where it is absent.
    pub fn mapping(&mut self, name: &'static str, problems: &mut Problems) -> Self {
        let node = self.raw(name);
        match node {
            Some(node) if !matches!(node.value, Value::Map(_)) => {
                let wrong = format!("must be a mapping, not {}", node.what());
                self.refuse(node, name, &wrong, problems);
                self.child(name, None)
            }
            node => self.child(name, node),
        }
    }

    /// A truth value.
    pub fn flag(&mut self, name: &'static str, problems: &mut Problems) -> Option<bool> {
        let node = self.raw(name)?;
        if let Value::Bool(value) = node.value {
            return Some(value);
        }
        let wrong = format!("must be true or false, not {}", node.what());
        self.refuse(node, name, &wrong, problems);
        None
    }

    /// A number.
    pub fn number(&mut self, name: &'static str, problems: &mut Problems) -> Option<Spot<f64>> {
        let node = self.raw(name)?;
        let number = match &node.value {
            Value::Number(number) => number.as_f64(),
            _ => None,
        };
        if number.is_none() {
            let wrong = format!("must be a number, not {}", node.what());
            self.refuse(node, name, &wrong, problems);
        }
        number.map(|value| Spot {
            value,
            at: self.place(node),
        })
    }

    /// The entries that nobody asked for.
    pub fn rest(&self) -> impl Iterator<Item = &'a Entry> {
        self.node
            .map(Node::entries)
            .unwrap_or_default()
            .iter()
            .filter(|entry| !self.asked.contains(&entry.key.as_str()))
    }

    /// Makes an error of every field that nobody asked for, with the names that would be right.
    pub fn refuse_rest(&self, problems: &mut Problems) {
        for entry in self.rest() {
            problems.error(
                Place::new(&self.file, entry.mark),
                format!(
                    "unknown field `{}`; known here: {}",
                    self.path_of(&entry.key),
                    self.asked.join(", ")
                ),
            );
        }
    }

    fn child(&self, name: &str, node: Option<&'a Node>) -> Self {
        Self {
            file: Arc::clone(&self.file),
            path: self.path_of(name),
            node,
            asked: Vec::new(),
        }
    }

    fn refuse(&self, node: &Node, name: &str, wrong: &str, problems: &mut Problems) {
        problems.error(
            self.place(node),
            format!("`{}` {wrong}", self.path_of(name)),
        );
    }
}

fn a_string_instead_of(node: &Node) -> String {
    match &node.value {
        Value::Bool(_) | Value::Number(_) => {
            format!("must be a string, not {}; put it in quotes", node.what())
        }
        _ => format!("must be a string, not {}", node.what()),
    }
}
