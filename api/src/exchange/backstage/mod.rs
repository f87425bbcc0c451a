//! Backstage's descriptors (`catalog-info.yaml`): reading them and following their `Location`s.
//!
//! Real catalogs are untidy. What a descriptor says amiss is a warning and what can be taken over is taken over; only
//! what leaves no doubt that it is broken (YAML that does not parse, a field of the wrong type) is an error.

mod descriptor;
mod entity;
mod entity_ref;
mod includes;
mod items;
mod kinds;
mod location;
mod parameters;
mod templating;

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use serde_json::{Map, Value as Json};

pub use entity::{Body, Direction, Entity, Need, Reference, ServiceBody};
pub use entity_ref::EntityRef;
pub use items::{RecordedList, items, recorded, slug_of};
pub use kinds::service_kind;

use super::{
    diagnostics::{Place, Problems},
    sources::{Found, Source, Sources},
    yaml::{self, YamlError},
};

/// Reads every descriptor of `sources`, those included that `Location`s lead to, in the order in which they are found.
/// `progress` is told after each file how many are read and how many are known.
pub fn read(
    sources: &mut Sources,
    problems: &mut Problems,
    mut progress: impl FnMut(usize, usize),
) -> Vec<Entity> {
    let mut entities = Entities::default();
    let mut files = 0;
    while let Some(source) = sources.next(problems) {
        for document in yaml::read(&source.text) {
            match document {
                Ok(node) => {
                    let document = node.to_json();
                    if let Some(entity) = descriptor::read(node, &source, sources, problems) {
                        entities.add(entity, document, problems);
                    }
                }
                Err(error) => tell_broken(&source, &error, problems),
            }
        }
        files += 1;
        progress(files, files + sources.waiting());
    }
    entities.all
}

/// Entities by identity: of two with the same one the first counts.
#[derive(Default)]
struct Entities {
    all: Vec<Entity>,
    first: HashMap<EntityRef, (Place, Json)>,
}

impl Entities {
    fn add(&mut self, entity: Entity, document: Json, problems: &mut Problems) {
        let Some((first, said)) = self.first.get(&entity.id) else {
            self.first
                .insert(entity.id.clone(), (entity.at.clone(), document));
            self.all.push(entity);
            return;
        };
        let mut other = Vec::new();
        differences("", said, &document, &mut other);
        let what = match other.as_slice() {
            [] => "says the same".to_owned(),
            [few @ ..] if few.len() <= SHOWN_DIFFERENCES => {
                format!("has another {}", few.join(", "))
            }
            [few @ .., _] => format!(
                "has another {} and {} more",
                few[..SHOWN_DIFFERENCES - 1].join(", "),
                other.len() + 1 - SHOWN_DIFFERENCES
            ),
        };
        problems.warning(
            entity.at,
            format!(
                "`{}` is described at {first} already; this one {what}, and is left out",
                entity.id
            ),
        );
    }
}

/// How many fields are named in which two descriptions of one entity differ.
const SHOWN_DIFFERENCES: usize = 3;

/// The paths at which two values differ.
fn differences(path: &str, first: &Json, second: &Json, paths: &mut Vec<String>) {
    match (first, second) {
        (Json::Object(first), Json::Object(second)) => {
            let keys: BTreeSet<&String> = first.keys().chain(second.keys()).collect();
            for key in keys {
                let path = if path.is_empty() {
                    key.clone()
                } else {
                    format!("{path}.{key}")
                };
                let of =
                    |object: &Map<String, Json>| object.get(key).cloned().unwrap_or(Json::Null);
                differences(&path, &of(first), &of(second), paths);
            }
        }
        (first, second) if first != second => paths.push(format!("`{path}`")),
        _ => {}
    }
}

/// A document that does not parse is an error, unless it is a template that somebody else has to fill in first.
fn tell_broken(source: &Source, error: &YamlError, problems: &mut Problems) {
    let (first, end) = error.lines;
    let document: String = source
        .text
        .lines()
        .skip(first.saturating_sub(1))
        .take(end - first)
        .flat_map(|line| [line, "\n"])
        .collect();
    let place = source.place(error.mark);
    let line = (error.mark.line + 1).saturating_sub(first);
    if source.found != Found::Text && templating::explains(&document, line) {
        problems.warning(
            place,
            "this is a template of a file, with braces to be filled in; it is left out",
        );
    } else {
        problems.error(place, error.message.clone());
    }
}

/// The name of `source` for a place in it.
fn file(source: &Source) -> &Arc<str> {
    &source.name
}
