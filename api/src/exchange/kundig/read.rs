//! One document: its envelope, and the helpers that its fields are read with.

use std::{borrow::Cow, collections::BTreeMap, fmt::Display, str::FromStr};

use rust_decimal::Decimal;
use serde_json::Map;
use strum::IntoEnumIterator;

use super::{API_VERSION, spec};
use crate::{
    exchange::{
        diagnostics::{Place, Problems},
        fields::{Fields, Spot},
        plan::{Identity, Item, Manner, Stated, fields},
        sources::Source,
        yaml::{Node, Value},
    },
    shared::{form::HeaderPatch, ids::ObjectType, patch::Patch, record::Unresolved},
};

/// Reads one document. What is wrong is told; an item comes of it wherever its slug is known, so that what refers to it
/// is not told as well.
pub(super) fn document(node: &Node, source: &Source, problems: &mut Problems) -> Option<Item> {
    let Some(mut root) = Fields::of_document(&source.name, node) else {
        problems.error(
            source.place(node.mark),
            format!(
                "a document is a mapping with `apiVersion: {API_VERSION}`, not {}",
                node.what()
            ),
        );
        return None;
    };
    let kind = kind(&mut root, &source.place(node.mark), problems)?;
    let mut metadata = root.mapping("metadata", problems);
    let spec_fields = root.mapping("spec", problems);
    root.refuse_rest(problems);
    let slug = required(&mut metadata, "slug", &source.place(node.mark), problems);
    let name = required(&mut metadata, "name", &source.place(node.mark), problems);
    let origin = metadata
        .text("origin", problems)
        .map(|origin| origin.value.to_owned());
    let annotations = metadata.mapping("annotations", problems);
    let annotations: Map<_, _> = annotations
        .rest()
        .map(|entry| (entry.key.clone(), entry.value.to_json()))
        .collect();
    let mut reader = Reader {
        slug: slug.as_ref().map(|slug| slug.value),
        origin: origin.as_deref(),
        fields: spec_fields,
        stated: Vec::new(),
        places: BTreeMap::new(),
        problems,
    };
    for (field, spot) in [("slug", &slug), ("name", &name)] {
        if let Some(spot) = spot {
            reader.places.insert(field.into(), spot.at.clone());
        }
    }
    if let Some(place) = metadata.place_of("annotations") {
        reader.places.insert("annotations".into(), place);
    }
    let header = HeaderPatch {
        name: Patch::from(name.map(|name| name.value.to_owned())),
        annotations: Patch::Set(annotations.into()),
        slug: Patch::Keep,
    };
    let change = spec::read(kind, header, &mut reader);
    reader.fields.refuse_rest(reader.problems);
    metadata.refuse_rest(reader.problems);
    let (stated, places) = (reader.stated, reader.places);
    let slug = slug?;
    Some(Item {
        at: slug.at,
        identity: Identity {
            origin,
            slug: slug.value.to_owned(),
            suffix: "",
        },
        manner: Manner::Replace,
        change,
        stated,
        mentions: Vec::new(),
        places,
    })
}

fn kind(root: &mut Fields<'_>, document: &Place, problems: &mut Problems) -> Option<ObjectType> {
    let version = required(root, "apiVersion", document, problems);
    let kind = required(root, "kind", document, problems)?;
    if let Some(version) = version.filter(|version| version.value != API_VERSION) {
        let hint = if version.value.contains("backstage.io") {
            "; Backstage's descriptors are imported with the format backstage"
        } else {
            ""
        };
        problems.error(
            version.at,
            format!(
                "`apiVersion` is `{}`, not `{API_VERSION}`{hint}",
                version.value
            ),
        );
        return None;
    }
    let known = kind.value.parse().ok();
    if known.is_none() {
        let kinds: Vec<String> = ObjectType::iter().map(|kind| kind.to_string()).collect();
        problems.error(
            kind.at,
            format!(
                "unknown kind `{}`; known are {}",
                kind.value,
                kinds.join(", ")
            ),
        );
    }
    known
}

pub(super) fn required<'a>(
    fields: &mut Fields<'a>,
    name: &'static str,
    document: &Place,
    problems: &mut Problems,
) -> Option<Spot<&'a str>> {
    if !fields.has(name) {
        let at = fields.at().unwrap_or_else(|| document.clone());
        problems.error(at, format!("`{}` is missing", fields.path_of(name)));
    }
    fields.text(name, problems)
}

/// The fields of a document's `spec`.
pub(super) struct Reader<'a, 'p> {
    pub(super) slug: Option<&'p str>,
    pub(super) origin: Option<&'p str>,
    pub(super) fields: Fields<'a>,
    pub(super) stated: Vec<Stated>,
    pub(super) places: BTreeMap<Cow<'static, str>, Place>,
    pub(super) problems: &'p mut Problems,
}

impl<'a> Reader<'a, '_> {
    /// A text.
    pub(super) fn text(&mut self, name: &'static str) -> Patch<String> {
        self.locate(name);
        let text = self.fields.text(name, self.problems);
        Patch::from(text.map(|text| text.value.to_owned()))
    }

    /// True or false.
    pub(super) fn flag(&mut self, name: &'static str) -> Patch<bool> {
        Patch::from(self.fields.flag(name, self.problems))
    }

    /// Any value.
    pub(super) fn json(&mut self, name: &'static str) -> Patch<serde_json::Value> {
        self.locate(name);
        Patch::from(self.fields.raw(name).map(Node::to_json))
    }

    /// One of a few words.
    pub(super) fn word<T: FromStr + IntoEnumIterator + Display>(
        &mut self,
        name: &'static str,
    ) -> Patch<T> {
        Patch::from(word(&mut self.fields, name, self.problems))
    }

    /// A list of mappings, with the place of each; `None` where the document has no such list.
    pub(super) fn rows(&mut self, name: &'static str) -> Option<Vec<Fields<'a>>> {
        self.locate(name);
        let there = self.fields.has(name);
        let rows = self.fields.mappings(name, self.problems);
        for (index, row) in rows.iter().enumerate() {
            if let Some(place) = row.at() {
                self.places.insert(format!("{name}.{index}").into(), place);
            }
        }
        there.then_some(rows)
    }

    /// What a text of this form means.
    pub(super) fn parsed<T: FromStr>(&mut self, name: &'static str, example: &str) -> Option<T> {
        self.locate(name);
        parsed(&mut self.fields, name, example, self.problems)
    }

    /// An exact number, written as a string.
    pub(super) fn decimal(&mut self, name: &'static str) -> Patch<Decimal> {
        Patch::from(self.parsed(name, DECIMAL))
    }

    /// A list of texts.
    pub(super) fn texts(&mut self, name: &'static str) -> Patch<Vec<String>> {
        self.locate(name);
        let texts = self.fields.texts(name, self.problems);
        Patch::Set(
            texts
                .into_iter()
                .map(|text| text.value.to_owned())
                .collect(),
        )
    }

    /// A field that points to one object of a type. `field` is its name in the API.
    pub(super) fn point(&mut self, name: &'static str, field: &str, target: ObjectType) {
        if let Some(text) = self.fields.text(name, self.problems) {
            let path = self.fields.path_of(name);
            self.state(path, field, target, text, None, None);
        }
    }

    /// A field that points to several.
    pub(super) fn points(&mut self, name: &'static str, field: &str, target: ObjectType) {
        let origin = self.origin.map(str::to_owned);
        for text in self.fields.texts(name, self.problems) {
            let path = self.fields.path_of(name);
            self.state(path, field, target, text, None, origin.clone());
        }
    }

    /// A list of mappings, each of which points to one object and carries a number in (0, 1].
    pub(super) fn edges(&mut self, edges: &Edges) {
        for mut edge in self.fields.mappings(edges.name, self.problems) {
            let target = required(&mut edge, edges.target, &self.place(), self.problems);
            let number = edge.number(edges.number, self.problems);
            let origin = edges
                .with_origin
                .then(|| edge.text("origin", self.problems))
                .flatten()
                .map(|origin| origin.value.to_owned());
            edge.refuse_rest(self.problems);
            if let Some(number) = number
                .as_ref()
                .filter(|number| !(number.value > 0.0 && number.value <= 1.0))
            {
                self.problems.error(
                    number.at.clone(),
                    format!(
                        "`{}` is {}; it must be above 0 and at most 1",
                        edge.path_of(edges.number),
                        number.value
                    ),
                );
            }
            if edges.needs_number && !edge.has(edges.number) {
                self.problems.error(
                    edge.at().unwrap_or_else(|| self.place()),
                    format!("`{}` is missing", edge.path_of(edges.number)),
                );
            }
            if let Some(text) = target {
                let path = edge.path_of(edges.target);
                // A full strength goes without saying.
                let number = number
                    .filter(|number| edges.needs_number || number.value < 1.0)
                    .map(|number| number.value.to_string());
                self.state(path, edges.field, edges.target_type, text, number, origin);
            }
        }
    }

    fn state(
        &mut self,
        path: String,
        field: &str,
        target: ObjectType,
        text: Spot<&str>,
        strength: Option<String>,
        origin: Option<String>,
    ) {
        if text.value.is_empty() {
            self.problems.error(text.at, format!("`{path}` is empty"));
            return;
        }
        let wanted = Unresolved {
            field: field.to_owned(),
            target_type: target.to_string(),
            target: text.value.to_owned(),
            strength,
            origin,
        };
        let to_itself = target == ObjectType::Service
            && [fields::DEPENDENCIES, fields::DEPENDENTS].contains(&field)
            && [self.slug, self.origin].contains(&Some(text.value));
        if to_itself {
            self.problems.error(
                text.at,
                format!("`{path}` names the service itself, which cannot depend on itself"),
            );
            return;
        }
        let twice = self.stated.iter().find(|stated| {
            (&stated.wanted.field, &stated.wanted.target) == (&wanted.field, &wanted.target)
        });
        if let Some(twice) = twice {
            self.problems.error(
                text.at,
                format!(
                    "`{path}` names `{}` a second time, after line {}",
                    text.value, twice.at.mark.line
                ),
            );
            return;
        }
        self.stated.push(Stated {
            wanted,
            at: text.at,
            field: path,
        });
    }

    /// Remembers where a field stands, for what the rules have to say about it.
    pub(super) fn locate(&mut self, name: &'static str) {
        if let Some(place) = self.fields.place_of(name) {
            self.places.insert(name.into(), place);
        }
    }

    fn place(&self) -> Place {
        self.fields.at().unwrap_or_else(|| {
            Place::new(
                &std::sync::Arc::from(""),
                crate::exchange::diagnostics::Mark::START,
            )
        })
    }
}

/// A list of mappings that point to other objects.
pub(super) struct Edges {
    /// The list's name in the document.
    pub(super) name: &'static str,
    /// Its name in the API.
    pub(super) field: &'static str,
    /// The key of the reference.
    pub(super) target: &'static str,
    /// What it points to.
    pub(super) target_type: ObjectType,
    /// The key of the number.
    pub(super) number: &'static str,
    /// Whether the number must be there; a dependency without one is a full one.
    pub(super) needs_number: bool,
    /// Whether an edge may say which document stated it.
    pub(super) with_origin: bool,
}

/// How an exact number looks.
pub(super) const DECIMAL: &str = "a decimal number in quotes like \"12400.00\"";

/// One of a few words, or an error that names them.
pub(super) fn word<T: FromStr + IntoEnumIterator + Display>(
    fields: &mut Fields<'_>,
    name: &'static str,
    problems: &mut Problems,
) -> Option<T> {
    let text = fields.text(name, problems)?;
    let word = text.value.parse();
    if word.is_err() {
        let words: Vec<String> = T::iter().map(|word| word.to_string()).collect();
        problems.error(
            text.at,
            format!(
                "`{}` is `{}`; it can be {}",
                fields.path_of(name),
                text.value,
                words.join(", ")
            ),
        );
    }
    word.ok()
}

/// A text that means something, or an error that shows how it would.
pub(super) fn parsed<T: FromStr>(
    fields: &mut Fields<'_>,
    name: &'static str,
    example: &str,
    problems: &mut Problems,
) -> Option<T> {
    let node = fields.raw(name)?;
    let Value::Text(text) = &node.value else {
        problems.error(
            fields.place(node),
            format!(
                "`{}` must be {example}, not {}",
                fields.path_of(name),
                node.what()
            ),
        );
        return None;
    };
    let value = text.parse().ok();
    if value.is_none() {
        problems.error(
            fields.place(node),
            format!(
                "`{}` is `{text}`; it must be {example}",
                fields.path_of(name)
            ),
        );
    }
    value
}
