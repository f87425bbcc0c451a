//! From descriptors to what the planner takes.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use super::{
    descriptor::KEPT,
    entity::{Body, Direction, Entity, Reference, ServiceBody},
    entity_ref::EntityRef,
};
use crate::{
    catalog::{
        capabilities::rules::CapabilityPatch,
        offerings::rules::OfferingPatch,
        people::rules::PersonPatch,
        services::rules::{ServiceKind, ServicePatch},
        teams::rules::TeamPatch,
    },
    exchange::plan::{Change, Identity, Item, Manner, Merge, Stated, fields},
    shared::{
        form::HeaderPatch, ids::ObjectType, patch::Patch, record::Unresolved, text::slug_from,
    },
};

/// What the planner takes, for each descriptor.
pub fn items(entities: Vec<Entity>) -> Vec<Item> {
    entities.into_iter().map(item).collect()
}

/// The slug that an entity would have best: its name, with its namespace before it where that is not the usual one.
pub fn slug_of(id: &EntityRef) -> String {
    if id.namespace == "default" {
        slug_from(&id.name)
    } else {
        slug_from(&format!("{} {}", id.namespace, id.name))
    }
}

/// The type of Kundig's that a kind of Backstage's becomes.
pub(super) fn object_type(kind: &str) -> Option<ObjectType> {
    match kind {
        "domain" => Some(ObjectType::BusinessCapability),
        "system" | "component" | "api" | "resource" => Some(ObjectType::Service),
        "group" => Some(ObjectType::Team),
        "user" => Some(ObjectType::Person),
        "template" => Some(ObjectType::ServiceOffering),
        _ => None,
    }
}

fn item(entity: Entity) -> Item {
    let origin = entity.id.origin();
    let mut said = Said {
        origin: &origin,
        optional: BTreeSet::new(),
        stated: Vec::new(),
    };
    let header = HeaderPatch {
        name: Patch::Set(entity.name),
        annotations: Patch::Set(entity.annotations.into()),
        slug: Patch::Keep,
    };
    let description = said.optional("description", entity.description);
    let (change, suffix) = match entity.body {
        Body::Capability { parent } => {
            said.point(fields::PARENT, parent);
            let patch = CapabilityPatch {
                header,
                description,
                ..CapabilityPatch::default()
            };
            (Change::Capability(patch), "domain")
        }
        Body::Service(service) => {
            let suffix = suffix(service.kind);
            let patch = said.service(*service, header, description);
            (Change::Service(Box::new(patch), None), suffix)
        }
        Body::Team {
            parent,
            children,
            members,
        } => {
            said.point(fields::PARENT, parent);
            said.list(fields::CHILDREN, children);
            said.list(fields::MEMBERS, members);
            let patch = TeamPatch {
                header,
                description,
                ..TeamPatch::default()
            };
            (Change::Team(patch), "team")
        }
        Body::Person { email, teams } => {
            said.list(fields::TEAMS, teams);
            let patch = PersonPatch {
                header,
                email: said.optional("email", email),
                ..PersonPatch::default()
            };
            (Change::Person(patch), "person")
        }
        Body::Offering {
            system,
            input_schema,
        } => {
            said.point(fields::SERVICE, system);
            let patch = OfferingPatch {
                header,
                description,
                input_schema: said.optional("inputSchema", input_schema),
                ..OfferingPatch::default()
            };
            (Change::Offering(patch), "offering")
        }
    };
    let (optional, stated) = (said.optional, said.stated);
    Item {
        at: entity.at,
        identity: Identity {
            slug: slug_of(&entity.id),
            origin: Some(origin),
            suffix,
        },
        manner: Manner::Merge(Merge {
            said: optional,
            fallback_name: entity.id.name,
        }),
        change,
        stated,
        mentions: entity
            .mentions
            .into_iter()
            .filter_map(|reference| stated_as("", None, reference))
            .collect(),
        places: entity.places,
    }
}

/// What one descriptor says, collected.
struct Said<'a> {
    origin: &'a str,
    optional: BTreeSet<&'static str>,
    stated: Vec<Stated>,
}

impl Said<'_> {
    /// A plain field that the descriptor may have.
    fn optional<T>(&mut self, field: &'static str, value: Option<T>) -> Patch<T> {
        if value.is_some() {
            self.optional.insert(field);
        }
        Patch::from(value)
    }

    /// A field that points to one other object.
    fn point(&mut self, field: &'static str, reference: Option<Reference>) {
        if let Some(reference) = reference {
            self.optional.insert(field);
            self.stated.extend(stated_as(field, None, reference));
        }
    }

    /// A field that points to several.
    fn list(&mut self, field: &'static str, references: Vec<Reference>) {
        let origin = self.origin;
        self.stated.extend(
            references
                .into_iter()
                .filter_map(|reference| stated_as(field, Some(origin), reference)),
        );
    }

    fn service(
        &mut self,
        service: ServiceBody,
        header: HeaderPatch,
        description: Patch<String>,
    ) -> ServicePatch {
        if let Some(owner) = service.owner {
            let field = if owner.to.kind == "user" {
                fields::SERVICE_OWNER
            } else {
                fields::TEAM
            };
            self.point(field, Some(owner));
        }
        self.point(fields::CAPABILITY, service.domain);
        for need in service.needs {
            let field = match need.direction {
                Direction::Needs => fields::DEPENDENCIES,
                Direction::NeededBy => fields::DEPENDENTS,
            };
            self.list(field, vec![need.other]);
        }
        ServicePatch {
            header,
            description,
            kind: Patch::Set(service.kind),
            lifecycle: Patch::from(service.lifecycle),
            tags: self.optional("tags", service.tags),
            links: self.optional("links", service.links),
            ..ServicePatch::default()
        }
    }
}

fn stated_as(field: &str, origin: Option<&str>, reference: Reference) -> Option<Stated> {
    let target_type = object_type(&reference.to.kind)?;
    Some(Stated {
        wanted: Unresolved {
            field: field.to_owned(),
            target_type: target_type.to_string(),
            target: reference.to.origin(),
            strength: None,
            origin: origin.map(str::to_owned),
        },
        at: reference.at,
        field: reference.field,
    })
}

/// What tells services of one name apart.
fn suffix(kind: ServiceKind) -> &'static str {
    match kind {
        ServiceKind::BusinessService => "business-service",
        ServiceKind::Application => "application",
        ServiceKind::Api => "api",
        ServiceKind::Resource => "resource",
    }
}

/// Whom an annotation that keeps a list of references names, as origins.
pub fn recorded(
    annotations: &serde_json::Map<String, Json>,
    list: RecordedList,
    namespace: &str,
) -> BTreeSet<String> {
    let (path, default_kind) = match list {
        RecordedList::Members => ("spec.members", "User"),
        RecordedList::Children => ("spec.children", "Group"),
        RecordedList::MemberOf => ("spec.memberOf", "Group"),
    };
    annotations
        .get(&format!("{KEPT}{path}"))
        .and_then(Json::as_array)
        .into_iter()
        .flatten()
        .filter_map(Json::as_str)
        .filter_map(|text| EntityRef::parse(text, default_kind, namespace).ok())
        .map(|reference| reference.origin())
        .collect()
}

/// Lists that are kept as annotations because other objects hold what they say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordedList {
    /// Of a group.
    Members,
    /// Of a group.
    Children,
    /// Of a user.
    MemberOf,
}
