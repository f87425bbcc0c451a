//! Documents that fit the schema, or nearly.

use std::fmt::Write as _;

use async_graphql::Positioned;
use async_graphql::parser::types::{BaseType, FieldDefinition, Type};
use fastrand::Rng;
use serde_json::{Map, Value};

use crate::grammar::Grammar;
use crate::values::{Values, chance, one_of};

/// How deep fields nest at most.
const MAX_DEPTH: usize = 9;

/// A document and values for its variables.
pub(crate) struct Document {
    pub(crate) text: String,
    pub(crate) variables: Map<String, Value>,
    /// The last of its operations.
    pub(crate) operation: String,
}

impl Document {
    /// Makes one whose arguments are variables in so many of a hundred cases.
    pub(crate) fn generate(random: &mut Rng, values: &Values<'_>, variables: u8) -> Self {
        let is_careful = chance(random, 70);
        let values = if is_careful { &values.right() } else { values };
        let mut writer = Writer {
            random,
            values,
            is_careful,
            share_of_variables: variables,
            fields_left: 40,
            declared: Vec::new(),
            given: Map::new(),
            fragments: Vec::new(),
        };
        writer.document()
    }
}

struct Writer<'r, 'a> {
    random: &'r mut Rng,
    values: &'a Values<'a>,
    /// Whether it makes no mistakes of its own, so that the document is likely to be executed.
    is_careful: bool,
    share_of_variables: u8,
    fields_left: usize,
    /// Variables of the operation that is being written, as it declares them.
    declared: Vec<String>,
    given: Map<String, Value>,
    /// Names of fragments that are spread and have to be written, and what they are on.
    fragments: Vec<(String, String)>,
}

impl<'a> Writer<'_, 'a> {
    fn document(&mut self) -> Document {
        let mut text = String::new();
        let mut last = String::new();
        for number in 0..*one_of(self.random, &[1, 1, 1, 1, 1, 1, 2, 3]) {
            last = format!("O{number}");
            let (keyword, root) = match self.random.u8(..20) {
                0..4 => ("mutation", "Mutation"),
                4 if !self.is_careful => ("subscription", "Query"),
                _ => ("query", "Query"),
            };
            self.declared.clear();
            let selection = self.selection(root, 0);
            // What fragments use has to be declared by whoever spreads them, so they are written before the head.
            let mut fragments = String::new();
            while let Some((name, on)) = self.fragments.pop() {
                let selection = self.selection(&on, MAX_DEPTH - 2);
                _ = writeln!(fragments, "fragment {name} on {on} {selection}");
            }
            let declared = match self.declared.as_slice() {
                [] => String::new(),
                variables => format!("({})", variables.join(", ")),
            };
            // None may stand there.
            let directive = if self.is_careful {
                String::new()
            } else {
                self.directive()
            };
            _ = writeln!(
                text,
                "{keyword} {last}{declared}{directive} {selection}\n{fragments}"
            );
        }
        Document {
            text,
            variables: std::mem::take(&mut self.given),
            operation: last,
        }
    }

    fn selection(&mut self, on: &str, depth: usize) -> String {
        let fields = self.grammar().fields(on);
        let mut text = "{".to_owned();
        let count = self.random.usize(1..=4);
        for _ in 0..count {
            text.push(' ');
            match self.random.u8(..40) {
                0 => text.push_str("__typename"),
                1 | 2 if depth < MAX_DEPTH => {
                    let ty = self.narrowed(on);
                    let selection = self.selection(&ty, depth + 1);
                    let directive = self.directive();
                    _ = write!(text, "... on {ty}{directive} {selection}");
                }
                3 if depth < MAX_DEPTH => {
                    let name = format!("F{}", self.random.u16(..));
                    let ty = self.narrowed(on);
                    _ = write!(text, "...{name}");
                    self.fragments.push((name, ty));
                }
                4 if !self.is_careful => text.push_str("nothing"),
                _ if fields.is_empty() => text.push_str("__typename"),
                _ => {
                    let mut field = one_of(self.random, fields);
                    // Most walks through the schema go round in it, and those are refused.
                    if self.is_careful && field.node.name.node.starts_with("__") {
                        field = one_of(self.random, fields);
                    }
                    let field = self.field(field, depth);
                    text.push_str(&field);
                }
            }
        }
        text.push_str(" }");
        text
    }

    /// A type that something of this type may be, or any.
    fn narrowed(&mut self, ty: &str) -> String {
        let types = if !self.is_careful && chance(self.random, 5) {
            self.grammar().type_names()
        } else {
            self.grammar().possible(ty)
        };
        match types.as_slice() {
            [] => ty.to_owned(),
            types => (*one_of(self.random, types)).to_owned(),
        }
    }

    fn field(&mut self, field: &Positioned<FieldDefinition>, depth: usize) -> String {
        let field = &field.node;
        let ty = base(&field.ty.node);
        let is_composite = self.grammar().is_composite(ty);
        if is_composite && (depth >= MAX_DEPTH || self.fields_left == 0) {
            return "__typename".to_owned();
        }
        self.fields_left = self.fields_left.saturating_sub(1);
        let mut text = String::new();
        // The same field with other arguments needs another name.
        let has_to_differ = self.is_careful && !field.arguments.is_empty();
        if has_to_differ || chance(self.random, 10) {
            _ = write!(text, "a{}: ", self.random.u16(..));
        }
        text.push_str(&field.name.node);
        text.push_str(&self.arguments(field));
        text.push_str(&self.directive());
        if is_composite != self.slips() {
            text.push(' ');
            text.push_str(&self.selection(ty, depth + 1));
        }
        text
    }

    fn arguments(&mut self, field: &FieldDefinition) -> String {
        let mut arguments = Vec::new();
        for argument in &field.arguments {
            let argument = &argument.node;
            let is_needed = !argument.ty.node.nullable && argument.default_value.is_none();
            if !is_needed && chance(self.random, 60) || self.slips() {
                continue;
            }
            let (name, ty) = (&argument.name.node, &argument.ty.node);
            let value = if chance(self.random, self.share_of_variables) {
                self.variable(name, ty)
            } else {
                self.values.of(self.random, name, ty, 0).to_string()
            };
            arguments.push(format!("{name}: {value}"));
        }
        match arguments.as_slice() {
            [] => String::new(),
            arguments => format!("({})", arguments.join(", ")),
        }
    }

    fn variable(&mut self, name: &str, ty: &Type) -> String {
        let variable = format!("v{}", self.given.len() + self.declared.len());
        let value = self.values.of(self.random, name, ty, 0);
        if chance(self.random, 10) {
            self.declared.push(format!("${variable}: {ty} = {value}"));
        } else {
            self.declared.push(format!("${variable}: {ty}"));
        }
        if !self.slips() {
            let value = value.into_json().unwrap_or_default();
            self.given.insert(variable.clone(), value);
        }
        format!("${variable}")
    }

    fn directive(&mut self) -> String {
        let directives = [
            " @skip(if: false)",
            " @include(if: true)",
            " @skip(if: true)",
            " @include(if: null)",
            " @nothing",
            " @skip",
        ];
        if chance(self.random, 95) {
            return String::new();
        }
        if self.random.bool() {
            let condition = self.variable("if", &boolean());
            return format!(" @include(if: {condition})");
        }
        let good = if self.is_careful { 3 } else { directives.len() };
        (*one_of(self.random, &directives[..good])).to_owned()
    }

    /// Whether a small mistake is made here.
    fn slips(&mut self) -> bool {
        !self.is_careful && chance(self.random, 2)
    }

    fn grammar(&self) -> &'a Grammar {
        self.values.grammar
    }
}

fn boolean() -> Type {
    Type {
        base: BaseType::Named(async_graphql::Name::new("Boolean")),
        nullable: false,
    }
}

/// The type of what is in the lists.
fn base(ty: &Type) -> &str {
    match &ty.base {
        BaseType::Named(name) => name,
        BaseType::List(item) => base(item),
    }
}
