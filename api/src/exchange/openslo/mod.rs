//! OpenSLO v1: services and service level objectives.
//!
//! OpenSLO says how a service is measured, Kundig what was promised. So a Service only makes a service where there is none, and
//! an SLO brings the share that it aims at; how that is measured is kept in annotations. What changes the meaning of the share,
//! and what is not taken over, is a warning.

mod slo;

use std::collections::{BTreeMap, HashMap};

use serde_json::{Map, Value as Json};

use super::{
    diagnostics::{Place, Problems},
    fields::{Fields, Spot},
    plan::{Change, Found, Identity, Item, Manner},
    sources::{Source, Sources},
    yaml::{self, Node},
};
use crate::{
    catalog::services::rules::{ServiceKind, ServicePatch},
    shared::{form::HeaderPatch, patch::Patch, text::slug_from},
};

/// What stands in `apiVersion`.
const API_VERSION: &str = "openslo/v1";
/// What an annotation begins with that keeps a field of a document.
pub(super) const KEPT: &str = "openslo.com/";
/// Kinds that say how something is measured, and whom to wake.
const LEFT_OUT: [&str; 5] = [
    "SLI",
    "DataSource",
    "AlertPolicy",
    "AlertCondition",
    "AlertNotificationTarget",
];

/// Reads every document of `sources`. `progress` is told after each file how many are read and how many are known.
pub fn items(
    sources: &mut Sources,
    problems: &mut Problems,
    mut progress: impl FnMut(usize, usize),
) -> Vec<Item> {
    let mut documents = Documents::default();
    let mut files = 0;
    while let Some(source) = sources.next(problems) {
        for document in yaml::read(&source.text) {
            match document {
                Ok(node) => documents.read(&node, &source, problems),
                Err(error) => problems.error(source.place(error.mark), error.message),
            }
        }
        files += 1;
        progress(files, files + sources.waiting());
    }
    documents.items()
}

/// What is read so far.
#[derive(Default)]
struct Documents {
    /// Where each kind and name stands first.
    first: HashMap<(String, String), Place>,
    /// Services by slug; those that are only named give way to those that are described.
    services: BTreeMap<String, Item>,
    objectives: Vec<Item>,
}

impl Documents {
    fn items(self) -> Vec<Item> {
        self.services.into_values().chain(self.objectives).collect()
    }

    fn read(&mut self, node: &Node, source: &Source, problems: &mut Problems) {
        let Some(mut root) = Fields::of_document(&source.name, node) else {
            problems.warning(
                source.place(node.mark),
                format!(
                    "a document of OpenSLO is a mapping, not {}; it is left out",
                    node.what()
                ),
            );
            return;
        };
        let place = source.place(node.mark);
        let Some(kind) = kind(&mut root, &place, problems) else {
            return;
        };
        let mut metadata = root.mapping("metadata", problems);
        let spec = root.mapping("spec", problems);
        root.refuse_rest(problems);
        let Some(name) = name(&mut metadata, &place, problems) else {
            return;
        };
        if self.is_second(&kind, &name, problems) {
            return;
        }
        let about = About::read(name, &mut metadata, problems);
        if kind == "Service" {
            self.service(service(about, spec, problems));
        } else if let Some((item, service)) = slo::read(about, spec, problems) {
            self.services.entry(slug(&service)).or_insert(service);
            self.objectives.push(item);
        }
    }

    /// Whether the document describes what another has described already; that one counts.
    fn is_second(&mut self, kind: &str, name: &Spot<&str>, problems: &mut Problems) -> bool {
        let identity = (kind.to_owned(), name.value.to_owned());
        let Some(first) = self.first.get(&identity) else {
            self.first.insert(identity, name.at.clone());
            return false;
        };
        let message = format!(
            "the {kind} `{}` is described at {first} already; this one is left out",
            name.value
        );
        problems.warning(name.at.clone(), message);
        true
    }

    fn service(&mut self, item: Item) {
        let slug = slug(&item);
        let described = self
            .services
            .get(&slug)
            .is_some_and(|known| matches!(known.manner, Manner::Found(Found::Described)));
        if !described {
            self.services.insert(slug, item);
        }
    }
}

fn slug(item: &Item) -> String {
    item.identity.slug.clone()
}

/// The kind of a document that is to be read.
fn kind(root: &mut Fields<'_>, document: &Place, problems: &mut Problems) -> Option<String> {
    let version = root.text("apiVersion", problems);
    let kind = root.text("kind", problems);
    let version = version.filter(|version| version.value.starts_with("openslo"));
    let (Some(version), Some(kind)) = (version, kind) else {
        let message = format!(
            "this is no document of OpenSLO (`apiVersion: {API_VERSION}` and a `kind`); it is left out"
        );
        problems.warning(document.clone(), message);
        return None;
    };
    if version.value != API_VERSION {
        let message = format!(
            "`apiVersion` is `{}`; `{API_VERSION}` can be imported",
            version.value
        );
        problems.error(version.at, message);
        return None;
    }
    if ["Service", "SLO"].contains(&kind.value) {
        return Some(kind.value.to_owned());
    }
    let message = if LEFT_OUT.contains(&kind.value) {
        format!(
            "a document of kind {} says how something is measured, not what is promised; it is left out",
            kind.value
        )
    } else {
        format!(
            "unknown kind `{}`; Service and SLO are imported; it is left out",
            kind.value
        )
    };
    problems.warning(kind.at, message);
    None
}

fn name<'a>(
    metadata: &mut Fields<'a>,
    document: &Place,
    problems: &mut Problems,
) -> Option<Spot<&'a str>> {
    if !metadata.has("name") {
        let at = metadata.at().unwrap_or_else(|| document.clone());
        problems.error(at, "`metadata.name` is missing");
    }
    let name = metadata.text("name", problems)?;
    if slug_from(name.value).is_empty() {
        let message = format!("`metadata.name` is `{}`, which names nothing", name.value);
        problems.error(name.at, message);
        return None;
    }
    Some(name)
}

/// What a document says of its object whatever its kind.
struct About {
    at: Place,
    name: String,
    title: Option<String>,
    annotations: Map<String, Json>,
}

impl About {
    fn read(name: Spot<&str>, metadata: &mut Fields<'_>, problems: &mut Problems) -> Self {
        let title = metadata.text("displayName", problems);
        let own = metadata.mapping("annotations", problems);
        let mut about = Self {
            at: name.at,
            name: name.value.to_owned(),
            title: title.map(|title| title.value.to_owned()),
            annotations: own
                .rest()
                .map(|entry| (entry.key.clone(), entry.value.to_json()))
                .collect(),
        };
        for entry in metadata.rest() {
            let path = format!("metadata.{}", entry.key);
            about.keep(&path, entry.value.to_json());
        }
        about
    }

    /// Keeps a field that Kundig has no place for.
    fn keep(&mut self, path: &str, value: Json) {
        if !value.is_null() {
            self.annotations.insert(format!("{KEPT}{path}"), value);
        }
    }

    fn header(self) -> HeaderPatch {
        HeaderPatch {
            name: Patch::Set(self.title.unwrap_or(self.name)),
            annotations: Patch::Set(self.annotations.into()),
            slug: Patch::Keep,
        }
    }
}

fn service(mut about: About, mut spec: Fields<'_>, problems: &mut Problems) -> Item {
    let description = spec.text("description", problems);
    for entry in spec.rest() {
        about.keep(&format!("spec.{}", entry.key), entry.value.to_json());
    }
    let (at, slug) = (about.at.clone(), slug_from(&about.name));
    let patch = ServicePatch {
        description: Patch::from(description.map(|text| text.value.to_owned())),
        ..plain(about.header())
    };
    found(at, slug, patch, Found::Described)
}

/// A service that a document only names.
fn named(name: &Spot<&str>) -> Item {
    let header = HeaderPatch {
        name: Patch::Set(name.value.to_owned()),
        ..HeaderPatch::default()
    };
    let slug = slug_from(name.value);
    found(name.at.clone(), slug, plain(header), Found::Named)
}

fn plain(header: HeaderPatch) -> ServicePatch {
    ServicePatch {
        header,
        kind: Patch::Set(ServiceKind::Application),
        ..ServicePatch::default()
    }
}

fn found(at: Place, slug: String, patch: ServicePatch, found: Found) -> Item {
    Item {
        at,
        identity: Identity {
            origin: None,
            slug,
            suffix: "application",
        },
        manner: Manner::Found(found),
        change: Change::Service(Box::new(patch), None),
        stated: Vec::new(),
        mentions: Vec::new(),
        places: BTreeMap::new(),
    }
}
