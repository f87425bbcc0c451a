//! The envelope that all descriptors share: `apiVersion`, `kind`, `metadata`.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::{Map, Value as Json};

use super::{
    entity::{Entity, Reference},
    entity_ref::EntityRef,
    file, includes, kinds, location, templating,
};
use crate::{
    catalog::services::rules::{Link, check_url},
    exchange::{
        diagnostics::{Place, Problems},
        fields::{Fields, Spot},
        sources::{Source, Sources},
        yaml::{Entry, Node},
    },
};

/// What is put before the dotted path of a field that is kept as an annotation.
pub(super) const KEPT: &str = "backstage.io/";

/// Reads one document; nothing where it is no entity, or one that cannot be taken over.
pub(super) fn read(
    mut node: Node,
    source: &Source,
    sources: &mut Sources,
    problems: &mut Problems,
) -> Option<Entity> {
    let kind = kind_of(&node, source, problems)?;
    includes::resolve(&mut node, source, problems);
    let mut root = Fields::of_document(file(source), &node)?;
    root.raw("apiVersion");
    root.raw("kind");
    let mut metadata = root.mapping("metadata", problems);
    let mut spec = root.mapping("spec", problems);
    if kind == "location" {
        location::follow(&mut spec, source, sources, problems);
        return None;
    }
    let name = name_of(&mut metadata, &source.place(node.mark), problems)?;
    let namespace = namespace_of(&mut metadata, problems)?;
    let mut draft = Draft {
        id: EntityRef::new(&kind, namespace, name.value),
        name,
        title: metadata.text("title", problems).map(|title| title.value),
        description: metadata
            .text("description", problems)
            .map(|description| description.value.to_owned()),
        annotations: Map::new(),
        mentions: Vec::new(),
        places: BTreeMap::new(),
        problems,
    };
    draft.locate("description", &metadata, "description");
    draft.locate("links", &metadata, "links");
    draft.locate("name", &metadata, "title");
    draft.annotate(&mut metadata);
    let body = kinds::read(&kind, &mut draft, &mut metadata, &mut spec);
    draft.keep_unknown(&metadata);
    draft.keep_unknown(&spec);
    draft.keep_unknown(&root);
    Some(Entity {
        at: draft.name.at.clone(),
        name: draft.title.unwrap_or(draft.name.value).to_owned(),
        id: draft.id,
        description: draft.description,
        annotations: draft.annotations,
        mentions: draft.mentions,
        places: draft.places,
        body,
    })
}

/// An entity while its fields are read.
pub(super) struct Draft<'a, 'p> {
    pub(super) id: EntityRef,
    name: Spot<&'a str>,
    title: Option<&'a str>,
    description: Option<String>,
    annotations: Map<String, Json>,
    mentions: Vec<Reference>,
    places: BTreeMap<Cow<'static, str>, Place>,
    pub(super) problems: &'p mut Problems,
}

impl<'a> Draft<'a, '_> {
    fn annotate(&mut self, metadata: &mut Fields<'a>) {
        for entry in metadata.mapping("annotations", self.problems).rest() {
            self.annotations
                .insert(entry.key.clone(), entry.value.to_json());
        }
        // Kundig compares names without regard to case; the spelling would be lost otherwise.
        if self.title.is_some() && self.name.value != self.id.name {
            self.keep_value("metadata.name", self.name.value.into());
        }
        self.keep(metadata, "labels");
    }

    /// Remembers where a plain field of Kundig's stands in the descriptor.
    pub(super) fn locate(&mut self, field: &'static str, fields: &Fields<'a>, name: &str) {
        if let Some(place) = fields.place_of(name) {
            self.places.insert(field.into(), place);
        }
    }

    /// Takes `display_name` for the name where there is no title, else keeps it as an annotation.
    pub(super) fn also_called(&mut self, path: &str, display_name: &'a str) {
        match self.title {
            None => self.title = Some(display_name),
            Some(title) if title != display_name => self.keep_value(path, display_name.into()),
            Some(_) => {}
        }
    }

    /// Keeps a field that Backstage knows and Kundig does not.
    pub(super) fn keep(&mut self, fields: &mut Fields<'a>, name: &'static str) {
        if let Some(node) = fields.raw(name) {
            self.keep_value(&fields.path_of(name), node.to_json());
        }
    }

    /// Keeps a value under the path of its field.
    pub(super) fn keep_value(&mut self, path: &str, value: Json) {
        self.annotations.insert(format!("{KEPT}{path}"), value);
    }

    /// Keeps the fields that neither Backstage nor Kundig knows.
    pub(super) fn keep_unknown(&mut self, fields: &Fields<'a>) {
        for Entry { key, mark, value } in fields.rest() {
            if value.is_null() {
                continue;
            }
            let path = fields.path_of(key);
            let at = Place::new(&self.name.at.file, *mark);
            self.problems.warning(
                at,
                format!("Backstage knows no field `{path}` here; it is kept as the annotation `{KEPT}{path}`"),
            );
            self.keep_value(&path, value.to_json());
        }
    }

    /// A field that names an entity.
    pub(super) fn reference(
        &mut self,
        fields: &mut Fields<'a>,
        name: &'static str,
        default_kind: &str,
    ) -> Option<Reference> {
        let text = fields.text(name, self.problems)?;
        self.parse(fields, name, default_kind, text)
    }

    /// A field that names several entities; nothing where it is absent.
    pub(super) fn references(
        &mut self,
        fields: &mut Fields<'a>,
        name: &'static str,
        default_kind: &str,
    ) -> Vec<Reference> {
        fields
            .texts(name, self.problems)
            .into_iter()
            .filter_map(|text| self.parse(fields, name, default_kind, text))
            .collect()
    }

    /// The same, kept as an annotation besides: what they fill are fields of other objects, and there is no telling later
    /// which of their values came from here.
    pub(super) fn recorded_references(
        &mut self,
        fields: &mut Fields<'a>,
        name: &'static str,
        default_kind: &str,
    ) -> Vec<Reference> {
        let references = self.references(fields, name, default_kind);
        if !references.is_empty() {
            self.keep(fields, name);
        }
        references
    }

    /// Keeps a reference that Kundig has no place for; whether it leads anywhere is still told.
    pub(super) fn mention(
        &mut self,
        fields: &mut Fields<'a>,
        name: &'static str,
        default_kind: &str,
    ) {
        if let Some(node) = fields.raw(name) {
            self.keep_value(&fields.path_of(name), node.to_json());
        }
        if let Some(reference) = self.reference(fields, name, default_kind) {
            self.mentions.push(reference);
        }
    }

    /// Tells that a field is missing that Backstage asks for.
    pub(super) fn tell_missing(&mut self, fields: &Fields<'a>, name: &str, so: &str) {
        let at = fields.at().unwrap_or_else(|| self.name.at.clone());
        let path = fields.path_of(name);
        self.problems
            .warning(at, format!("`{}` has no `{path}`; {so}", self.id));
    }

    /// Tells that a reference is of a kind that its field has no use for, and keeps it.
    pub(super) fn unfit(&mut self, reference: &Reference, wanted: &str) {
        let Reference { field, to, at } = reference;
        self.problems.warning(
            at.clone(),
            format!("`{field}` names `{to}`, which is no {wanted}; it is kept as an annotation"),
        );
        let (field, text) = (field.clone(), to.to_string());
        self.keep_also(&field, text.into());
    }

    /// Keeps one more value under the path of its field.
    fn keep_also(&mut self, path: &str, value: Json) {
        let kept = match self.annotations.remove(&format!("{KEPT}{path}")) {
            None => value,
            Some(Json::Array(mut kept)) => {
                kept.push(value);
                kept.into()
            }
            Some(kept) => Json::Array(vec![kept, value]),
        };
        self.keep_value(path, kept);
    }

    fn parse(
        &mut self,
        fields: &Fields<'a>,
        name: &'static str,
        default_kind: &str,
        text: Spot<&'a str>,
    ) -> Option<Reference> {
        let field = fields.path_of(name);
        match EntityRef::parse(text.value, default_kind, &self.id.namespace) {
            Ok(to) => Some(Reference {
                field,
                to,
                at: text.at,
            }),
            Err(why) => {
                self.problems.warning(
                    text.at,
                    format!("`{field}`: {why}; it is kept as an annotation"),
                );
                self.keep_also(&field, text.value.into());
                None
            }
        }
    }

    /// `metadata.links`; what is no web address is kept as an annotation with the rest of its list.
    pub(super) fn links(&mut self, metadata: &mut Fields<'a>) -> Option<Vec<Link>> {
        metadata.has("links").then(|| {
            let mut links = Vec::new();
            let mut all_said = true;
            for mut link in metadata.mappings("links", self.problems) {
                let url = link.text("url", self.problems);
                let title = link
                    .text("title", self.problems)
                    .map(|title| title.value.to_owned());
                all_said &= link.rest().next().is_none();
                match (url, link.at()) {
                    (Some(url), _) => match check_url(url.value) {
                        Ok(()) => links.push(Link {
                            url: url.value.to_owned(),
                            title,
                        }),
                        Err(why) => {
                            all_said = false;
                            self.problems
                                .warning(url.at, format!("{why}; it is kept as an annotation"));
                        }
                    },
                    (None, Some(at)) if !link.has("url") => {
                        all_said = false;
                        self.problems
                            .warning(at, "this link has no `url`; it is kept as an annotation");
                    }
                    (None, _) => {}
                }
            }
            if !all_said {
                self.keep(metadata, "links");
            }
            links
        })
    }
}

/// The document's kind in lower case, if it is an entity of a kind that can be taken over.
fn kind_of(node: &Node, source: &Source, problems: &mut Problems) -> Option<String> {
    let text = |name: &str| node.get(name).and_then(Node::text);
    let (Some(version), Some(kind)) = (text("apiVersion"), text("kind")) else {
        problems.warning(
            source.place(node.mark),
            "this document is no catalog entity, which has an `apiVersion` and a `kind`; it is left out",
        );
        return None;
    };
    let group = version.split('/').next().unwrap_or_default();
    if group != "backstage.io" && !group.ends_with(".backstage.io") {
        problems.warning(
            source.place(node.mark),
            format!("this document is of `{version}`, not of Backstage; it is left out"),
        );
        return None;
    }
    let lower = kind.to_lowercase();
    if lower == "location" || kinds::KINDS.contains(&lower.as_str()) {
        return Some(lower);
    }
    let at = node.get("kind").map_or(node.mark, |kind| kind.mark);
    problems.warning(
        source.place(at),
        format!("Kundig has nothing that a Backstage `{kind}` could become; it is left out"),
    );
    None
}

fn name_of<'a>(
    metadata: &mut Fields<'a>,
    document: &Place,
    problems: &mut Problems,
) -> Option<Spot<&'a str>> {
    let at = metadata.at().unwrap_or_else(|| document.clone());
    if !metadata.has("name") {
        problems.error(at, "`metadata.name` is missing");
        return None;
    }
    let name = metadata.text("name", problems)?;
    if templating::has_braces(name.value) {
        problems.warning(
            name.at,
            format!(
                "`{}` is to be filled in by a template; this document is left out",
                name.value
            ),
        );
        return None;
    }
    if let Err(why) = EntityRef::parse(name.value, "component", name.value) {
        problems.error(name.at, format!("`metadata.name`: {why}"));
        return None;
    }
    Some(name)
}

fn namespace_of<'a>(metadata: &mut Fields<'a>, problems: &mut Problems) -> Option<&'a str> {
    let Some(namespace) = metadata.text("namespace", problems) else {
        return (!metadata.has("namespace")).then_some("default");
    };
    if templating::has_braces(namespace.value) {
        problems.warning(
            namespace.at,
            format!(
                "`{}` is to be filled in by a template; this document is left out",
                namespace.value
            ),
        );
        return None;
    }
    match EntityRef::parse(namespace.value, "component", "x") {
        Ok(_) => Some(namespace.value),
        Err(why) => {
            problems.error(namespace.at, format!("`metadata.namespace`: {why}"));
            None
        }
    }
}
