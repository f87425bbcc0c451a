//! What each kind of descriptor becomes.

use serde_json::Value as Json;

use super::{
    descriptor::Draft,
    entity::{Body, Direction, Need, Reference, ServiceBody},
    includes,
    parameters::{self, Page},
};
use crate::{
    catalog::services::rules::{Lifecycle, ServiceKind},
    exchange::{
        fields::Fields,
        yaml::{Node, Value},
    },
};

/// The kinds that become something, in lower case.
pub(super) const KINDS: &[&str] = &[
    "domain",
    "system",
    "component",
    "api",
    "resource",
    "group",
    "user",
    "template",
];

/// Backstage's kinds that are services in Kundig.
const SERVICES: &[&str] = &["system", "component", "api", "resource"];

/// Reads the `spec` of an entity of one of the [`KINDS`].
pub(super) fn read<'a>(
    kind: &str,
    draft: &mut Draft<'a, '_>,
    metadata: &mut Fields<'a>,
    spec: &mut Fields<'a>,
) -> Body {
    draft.keep(spec, "type");
    let body = match kind {
        "domain" => domain(draft, spec),
        "group" => group(draft, spec),
        "user" => user(draft, spec),
        "template" => template(draft, spec),
        service => {
            let kind = service_kind(service).unwrap_or(ServiceKind::Application);
            return self::service(kind, draft, metadata, spec);
        }
    };
    draft.keep(metadata, "tags");
    draft.keep(metadata, "links");
    body
}

/// What kind of service a kind of Backstage's, in lower case, becomes.
pub fn service_kind(kind: &str) -> Option<ServiceKind> {
    match kind {
        "system" => Some(ServiceKind::BusinessService),
        "component" => Some(ServiceKind::Application),
        "api" => Some(ServiceKind::Api),
        "resource" => Some(ServiceKind::Resource),
        _ => None,
    }
}

fn service<'a>(
    kind: ServiceKind,
    draft: &mut Draft<'a, '_>,
    metadata: &mut Fields<'a>,
    spec: &mut Fields<'a>,
) -> Body {
    draft.locate("tags", metadata, "tags");
    let tags = metadata.has("tags").then(|| {
        metadata
            .texts("tags", draft.problems)
            .into_iter()
            .map(|tag| tag.value.to_owned())
            .collect()
    });
    let links = draft.links(metadata);
    let lifecycle = lifecycle(kind, draft, spec);
    let owner = owner(draft, spec);
    let mut needs = Vec::new();
    let mut domain = None;
    if kind == ServiceKind::BusinessService {
        domain = draft
            .reference(spec, "domain", "Domain")
            .and_then(|domain| fitting(draft, domain, &["domain"], "domain"));
    } else {
        let system = draft.reference(spec, "system", "System");
        need(
            draft,
            &mut needs,
            Direction::NeededBy,
            system,
            &["system"],
            "system",
        );
    }
    if kind == ServiceKind::Application {
        let parent = draft.reference(spec, "subcomponentOf", "Component");
        need(
            draft,
            &mut needs,
            Direction::NeededBy,
            parent,
            &["component"],
            "component",
        );
        for (field, direction) in [
            ("providesApis", Direction::NeededBy),
            ("consumesApis", Direction::Needs),
        ] {
            let apis = draft.references(spec, field, "API");
            need(draft, &mut needs, direction, apis, &["api"], "API");
        }
    }
    if kind == ServiceKind::Api {
        draft.keep(spec, "definition");
    }
    for (field, direction) in [
        ("dependsOn", Direction::Needs),
        ("dependencyOf", Direction::NeededBy),
    ] {
        let others = draft.references(spec, field, "Component");
        need(draft, &mut needs, direction, others, SERVICES, "service");
    }
    Body::Service(Box::new(ServiceBody {
        kind,
        lifecycle,
        tags,
        links,
        owner,
        domain,
        needs,
    }))
}

/// `spec.lifecycle`; systems and resources have none in Backstage.
fn lifecycle<'a>(
    kind: ServiceKind,
    draft: &mut Draft<'a, '_>,
    spec: &mut Fields<'a>,
) -> Option<Lifecycle> {
    let wanted = matches!(kind, ServiceKind::Application | ServiceKind::Api);
    let Some(text) = spec.text("lifecycle", draft.problems) else {
        if wanted && !spec.has("lifecycle") {
            draft.tell_missing(spec, "lifecycle", "it is taken for live");
        }
        return None;
    };
    match text.value.to_lowercase().as_str() {
        "experimental" => Some(Lifecycle::Experimental),
        "production" => Some(Lifecycle::Live),
        "deprecated" => Some(Lifecycle::Deprecated),
        _ => {
            let path = spec.path_of("lifecycle");
            draft.problems.warning(
                text.at,
                format!(
                    "the lifecycle `{}` is none of experimental, production, deprecated; it is taken for live and kept as an annotation",
                    text.value
                ),
            );
            draft.keep_value(&path, text.value.into());
            Some(Lifecycle::Live)
        }
    }
}

fn owner<'a>(draft: &mut Draft<'a, '_>, spec: &mut Fields<'a>) -> Option<Reference> {
    if !spec.has("owner") {
        spec.raw("owner");
        draft.tell_missing(spec, "owner", "it is imported without one");
        return None;
    }
    let owner = draft.reference(spec, "owner", "Group")?;
    fitting(draft, owner, &["group", "user"], "group or user")
}

fn domain<'a>(draft: &mut Draft<'a, '_>, spec: &mut Fields<'a>) -> Body {
    draft.mention(spec, "owner", "Group");
    let parent = draft
        .reference(spec, "subdomainOf", "Domain")
        .and_then(|parent| fitting(draft, parent, &["domain"], "domain"));
    Body::Capability { parent }
}

fn group<'a>(draft: &mut Draft<'a, '_>, spec: &mut Fields<'a>) -> Body {
    let mut profile = profile(draft, spec);
    draft.keep(&mut profile, "email");
    draft.keep_unknown(&profile);
    let parent = draft
        .reference(spec, "parent", "Group")
        .and_then(|parent| fitting(draft, parent, &["group"], "group"));
    let children = draft.recorded_references(spec, "children", "Group");
    let members = draft.recorded_references(spec, "members", "User");
    Body::Team {
        parent,
        children: all_fitting(draft, children, &["group"], "group"),
        members: all_fitting(draft, members, &["user"], "user"),
    }
}

fn user<'a>(draft: &mut Draft<'a, '_>, spec: &mut Fields<'a>) -> Body {
    let mut profile = profile(draft, spec);
    draft.locate("email", &profile, "email");
    let email = profile
        .text("email", draft.problems)
        .map(|email| email.value.to_owned());
    draft.keep_unknown(&profile);
    let teams = draft.recorded_references(spec, "memberOf", "Group");
    Body::Person {
        email,
        teams: all_fitting(draft, teams, &["group"], "group"),
    }
}

/// `spec.profile`, with its name and picture taken.
fn profile<'a>(draft: &mut Draft<'a, '_>, spec: &mut Fields<'a>) -> Fields<'a> {
    let mut profile = spec.mapping("profile", draft.problems);
    if let Some(name) = profile.text("displayName", draft.problems) {
        draft.also_called(&profile.path_of("displayName"), name.value);
    }
    draft.keep(&mut profile, "picture");
    profile
}

fn template<'a>(draft: &mut Draft<'a, '_>, spec: &mut Fields<'a>) -> Body {
    draft.mention(spec, "owner", "Group");
    for field in [
        "steps",
        "output",
        "lifecycle",
        "presentation",
        "EXPERIMENTAL_formDecorators",
    ] {
        draft.keep(spec, field);
    }
    let system = draft
        .reference(spec, "system", "System")
        .and_then(|system| fitting(draft, system, &["system"], "system"));
    draft.locate("inputSchema", spec, "parameters");
    let input_schema = spec.raw("parameters").and_then(|node| {
        let (pages, complete) = pages(node, draft, spec)?;
        if !complete {
            draft.keep_value(&spec.path_of("parameters"), node.to_json());
        }
        Some(parameters::input_schema(&pages))
    });
    Body::Offering {
        system,
        input_schema,
    }
}

/// The pages of a template's form, and whether that is all of them: a placeholder that could not be read stands for
/// pages that nobody knows.
fn pages<'a>(
    node: &Node,
    draft: &mut Draft<'a, '_>,
    spec: &Fields<'a>,
) -> Option<(Vec<Page>, bool)> {
    let items = match &node.value {
        Value::List(items) => items.as_slice(),
        _ => std::slice::from_ref(node),
    };
    if let Some(wrong) = items
        .iter()
        .find(|item| !matches!(item.value, Value::Map(_)))
    {
        draft.problems.error(
            spec.place(wrong),
            format!(
                "`spec.parameters` must be a mapping or a list of mappings, not {}",
                wrong.what()
            ),
        );
        return None;
    }
    let pages = items
        .iter()
        .filter(|item| !includes::is_placeholder(item))
        .filter_map(page)
        .collect();
    Some((pages, !includes::has_placeholder(node)))
}

fn page(node: &Node) -> Option<Page> {
    let Json::Object(schema) = node.to_json() else {
        return None;
    };
    let properties = node
        .get("properties")
        .map(Node::entries)
        .unwrap_or_default();
    Some(Page {
        schema,
        order: properties.iter().map(|entry| entry.key.clone()).collect(),
    })
}

/// Adds one dependency for each of `others` that is of a fitting kind.
fn need(
    draft: &mut Draft<'_, '_>,
    needs: &mut Vec<Need>,
    direction: Direction,
    others: impl IntoIterator<Item = Reference>,
    kinds: &[&str],
    wanted: &str,
) {
    for other in others {
        if other.to == draft.id {
            draft.problems.warning(
                other.at,
                format!("`{}` names the entity itself; it is left out", other.field),
            );
        } else if let Some(other) = fitting(draft, other, kinds, wanted) {
            needs.push(Need { direction, other });
        }
    }
}

fn all_fitting(
    draft: &mut Draft<'_, '_>,
    references: Vec<Reference>,
    kinds: &[&str],
    wanted: &str,
) -> Vec<Reference> {
    references
        .into_iter()
        .filter_map(|reference| fitting(draft, reference, kinds, wanted))
        .collect()
}

/// The reference, unless it is of a kind that its field has no use for.
fn fitting(
    draft: &mut Draft<'_, '_>,
    reference: Reference,
    kinds: &[&str],
    wanted: &str,
) -> Option<Reference> {
    if kinds.contains(&reference.to.kind.as_str()) {
        return Some(reference);
    }
    draft.unfit(&reference, wanted);
    None
}
