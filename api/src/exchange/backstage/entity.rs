//! What a Backstage descriptor says, in Kundig's terms, before it meets the catalog.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::{Map, Value as Json};

use super::entity_ref::EntityRef;
use crate::{
    catalog::services::rules::{Lifecycle, Link, ServiceKind},
    exchange::diagnostics::Place,
};

/// One descriptor.
#[derive(Clone, Debug)]
pub struct Entity {
    /// Where its name stands.
    pub at: Place,
    /// Who it is.
    pub id: EntityRef,
    /// What people call it.
    pub name: String,
    /// What it is, in words.
    pub description: Option<String>,
    /// Its annotations, and every field that Kundig has no place for.
    pub annotations: Map<String, Json>,
    /// What it becomes.
    pub body: Body,
    /// Entities that it names in fields which are kept as annotations.
    pub mentions: Vec<Reference>,
    /// Where its plain fields stand, by their names in Kundig's API.
    pub places: BTreeMap<Cow<'static, str>, Place>,
}

/// What an entity becomes in Kundig.
#[derive(Clone, Debug)]
pub enum Body {
    /// From a Domain.
    Capability {
        /// `spec.subdomainOf`
        parent: Option<Reference>,
    },
    /// From a System, Component, API or Resource.
    Service(Box<ServiceBody>),
    /// From a Group.
    Team {
        /// `spec.parent`
        parent: Option<Reference>,
        /// `spec.children`: teams whose parent this is.
        children: Vec<Reference>,
        /// `spec.members`: people of this team.
        members: Vec<Reference>,
    },
    /// From a User.
    Person {
        /// `spec.profile.email`
        email: Option<String>,
        /// `spec.memberOf`
        teams: Vec<Reference>,
    },
    /// From a Template.
    Offering {
        /// `spec.system`
        system: Option<Reference>,
        /// `spec.parameters` as JSON Schema 2020-12; nothing where the template has none.
        input_schema: Option<Json>,
    },
}

/// What is particular to a service.
#[derive(Clone, Debug)]
pub struct ServiceBody {
    /// What kind of service it becomes.
    pub kind: ServiceKind,
    /// `spec.lifecycle`; nothing where the descriptor has none.
    pub lifecycle: Option<Lifecycle>,
    /// `metadata.tags`; nothing where the descriptor has none.
    pub tags: Option<Vec<String>>,
    /// `metadata.links`; nothing where the descriptor has none.
    pub links: Option<Vec<Link>>,
    /// `spec.owner`, a group or a user.
    pub owner: Option<Reference>,
    /// `spec.domain`
    pub domain: Option<Reference>,
    /// Who needs whom.
    pub needs: Vec<Need>,
}

/// One side of a dependency, as a descriptor states it.
#[derive(Clone, Debug)]
pub struct Need {
    /// Which way it goes.
    pub direction: Direction,
    /// The entity at the other end.
    pub other: Reference,
}

/// Which way a dependency goes, seen from the descriptor that states it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// This entity needs the other.
    Needs,
    /// The other needs this entity.
    NeededBy,
}

/// A field that names another entity.
#[derive(Clone, Debug)]
pub struct Reference {
    /// The field's dotted path.
    pub field: String,
    /// Whom it names.
    pub to: EntityRef,
    /// Where it stands.
    pub at: Place,
}
