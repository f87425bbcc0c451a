//! What a service is.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::catalog::capabilities::rules::Capability;
use crate::catalog::people::rules::Person;
use crate::catalog::teams::rules::Team;
use crate::outcomes::rules::Outcome;
use crate::shared::edit::Editable;
use crate::shared::errors::{UserError, UserErrorCode};
use crate::shared::form::{Form, HeaderPatch};
use crate::shared::ids::{Id, ObjectType};
use crate::shared::patch::Patch;
use crate::shared::record::{Header, Record, Reference};
use crate::shared::text::{MAX_LINE, is_blank};
use crate::snapshot::{Catalog, Table};

/// What is delivered: a business service, or what it is made of.
///
/// Its dependencies and contributions belong to it: a change of one is a change of the service.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Service {
    /// What every object has.
    #[serde(flatten)]
    pub header: Header,
    /// What it does.
    pub description: Option<String>,
    /// What sort of service.
    pub kind: ServiceKind,
    /// Where it is in its life.
    pub lifecycle: Lifecycle,
    /// How critical it is.
    pub tier: Tier,
    /// Words to find it by, sorted.
    pub tags: Vec<String>,
    /// Pages about it.
    pub links: Vec<Link>,
    /// Who answers for it towards the business.
    pub business_owner_id: Option<Id<Person>>,
    /// Who answers for its delivery.
    pub service_owner_id: Option<Id<Person>>,
    /// Who delivers it.
    pub team_id: Option<Id<Team>>,
    /// What it makes the business able to do.
    pub capability_id: Option<Id<Capability>>,
    /// When an owner last said that the ownership is still right.
    pub ownership_confirmed_at: Option<Timestamp>,
    /// What it needs to work.
    pub dependencies: BTreeMap<Id<Service>, Dependency>,
    /// What rests on it: the share of each outcome that is lost while it is down, in (0, 1].
    pub contributions: BTreeMap<Id<Outcome>, f64>,
}

/// How much a service needs another.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Dependency {
    /// Share of the dependent's work that stops when the dependency is fully down, in (0, 1].
    pub strength: f64,
    /// The import document that stated it; none: a person did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
}

/// What sort of service.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    strum::Display,
    strum::EnumString,
    strum::EnumIter,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum ServiceKind {
    /// What a customer sees and names.
    BusinessService,
    /// Software that runs.
    Application,
    /// An interface that others program against.
    Api,
    /// What software runs on: a database, a queue, a cluster.
    Resource,
}

/// Where a service is in its life.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    strum::Display,
    strum::EnumString,
    strum::EnumIter,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum Lifecycle {
    /// An idea that is written down.
    Proposed,
    /// Tried out; no promises yet.
    Experimental,
    /// In use.
    Live,
    /// In use, not for anything new.
    Deprecated,
    /// No longer there.
    Retired,
}

/// How critical a service is; the first is the most critical.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    strum::Display,
    strum::EnumString,
    strum::EnumIter,
    strum::FromRepr,
)]
#[repr(i16)]
pub enum Tier {
    /// The business stops without it.
    #[serde(rename = "TIER_1")]
    #[strum(serialize = "TIER_1")]
    One = 1,
    /// The business limps without it.
    #[serde(rename = "TIER_2")]
    #[strum(serialize = "TIER_2")]
    Two = 2,
    /// The business notices.
    #[serde(rename = "TIER_3")]
    #[strum(serialize = "TIER_3")]
    Three = 3,
    /// Nice to have.
    #[serde(rename = "TIER_4")]
    #[strum(serialize = "TIER_4")]
    Four = 4,
}

/// A page about a service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// Where: http, https or mailto.
    pub url: String,
    /// What is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
}

impl Record for Service {
    const TYPE: ObjectType = ObjectType::Service;

    fn header(&self) -> &Header {
        &self.header
    }

    fn header_mut(&mut self) -> &mut Header {
        &mut self.header
    }

    fn references(&self) -> Vec<Reference> {
        let own = [
            Reference::maybe("businessOwnerId", self.business_owner_id),
            Reference::maybe("serviceOwnerId", self.service_owner_id),
            Reference::maybe("teamId", self.team_id),
            Reference::maybe("capabilityId", self.capability_id),
        ];
        let needs = self
            .dependencies
            .keys()
            .map(|&service| Reference::to("dependencies", service));
        let serves = self
            .contributions
            .keys()
            .map(|&outcome| Reference::to("contributions", outcome));
        own.into_iter()
            .flatten()
            .chain(needs)
            .chain(serves)
            .collect()
    }

    fn table(catalog: &Catalog) -> &Table<Self> {
        &catalog.services
    }

    fn table_mut(catalog: &mut Catalog) -> &mut Table<Self> {
        &mut catalog.services
    }

    fn reindex(catalog: &mut Catalog, old: Option<&Arc<Self>>, new: Option<&Arc<Self>>) {
        if let Some(old) = old {
            catalog.service_indexes.remove(old);
        }
        if let Some(new) = new {
            catalog.service_indexes.insert(new);
        }
        catalog.impact_graph.update(old, new);
    }
}

impl Catalog {
    /// Whether a service is there and not retired.
    pub fn is_in_use(&self, service: Id<Service>) -> bool {
        let service = self.get(service);
        service.is_some_and(|service| service.lifecycle != Lifecycle::Retired)
    }
}

/// A partial change of a service.
#[derive(Clone, Debug, Default)]
pub struct ServicePatch {
    /// Name, slug, annotations.
    pub header: HeaderPatch,
    /// What it does.
    pub description: Patch<String>,
    /// What sort of service.
    pub kind: Patch<ServiceKind>,
    /// Where it is in its life.
    pub lifecycle: Patch<Lifecycle>,
    /// How critical it is.
    pub tier: Patch<Tier>,
    /// All words to find it by.
    pub tags: Patch<Vec<String>>,
    /// All pages about it.
    pub links: Patch<Vec<Link>>,
    /// A person's id.
    pub business_owner_id: Patch<String>,
    /// A person's id.
    pub service_owner_id: Patch<String>,
    /// A team's id.
    pub team_id: Patch<String>,
    /// A capability's id.
    pub capability_id: Patch<String>,
}

impl Editable for Service {
    type Patch = ServicePatch;

    fn blank(header: Header) -> Self {
        Self {
            header,
            description: None,
            kind: ServiceKind::BusinessService,
            lifecycle: Lifecycle::Live,
            tier: Tier::Three,
            tags: Vec::new(),
            links: Vec::new(),
            business_owner_id: None,
            service_owner_id: None,
            team_id: None,
            capability_id: None,
            ownership_confirmed_at: None,
            dependencies: BTreeMap::new(),
            contributions: BTreeMap::new(),
        }
    }

    fn apply(&mut self, patch: ServicePatch, form: &mut Form<'_>) {
        let header = &mut self.header;
        form.header::<Self>(patch.header, header);
        form.optional_text("description", patch.description, &mut self.description);
        form.required("kind", patch.kind, &mut self.kind);
        form.required("lifecycle", patch.lifecycle, &mut self.lifecycle);
        form.required("tier", patch.tier, &mut self.tier);
        match patch.tags {
            Patch::Keep => {}
            Patch::Clear => self.tags.clear(),
            Patch::Set(tags) => self.tags = checked_tags(form, &tags),
        }
        match patch.links {
            Patch::Keep => {}
            Patch::Clear => self.links.clear(),
            Patch::Set(links) => self.links = checked_links(form, links),
        }
        form.reference(
            "businessOwnerId",
            patch.business_owner_id,
            &mut self.business_owner_id,
            header,
        );
        form.reference(
            "serviceOwnerId",
            patch.service_owner_id,
            &mut self.service_owner_id,
            header,
        );
        form.reference("teamId", patch.team_id, &mut self.team_id, header);
        form.reference(
            "capabilityId",
            patch.capability_id,
            &mut self.capability_id,
            header,
        );
    }
}

/// How many tags or links a service may have.
const MAX_LIST: usize = 100;
/// The longest tag, in characters.
const MAX_TAG: usize = 63;
/// The longest address of a page, in characters: what browsers and proxies are sure to take.
const MAX_URL: usize = 2_000;

fn checked_tags(form: &mut Form<'_>, tags: &[String]) -> Vec<String> {
    check_length(form, "tags", tags.len());
    let mut checked: Vec<String> = tags.iter().map(|tag| tag.trim().to_owned()).collect();
    checked.sort();
    checked.dedup();
    for tag in &checked {
        if !form.text_fits("tags", tag, MAX_TAG) {
            continue;
        }
        if is_blank(tag) {
            form.invalid("tags", "a tag can't be empty");
        } else if tag.contains(char::is_whitespace) {
            form.invalid(
                "tags",
                format!("the tag {tag:?} holds a blank; use hyphens"),
            );
        }
    }
    checked
}

fn checked_links(form: &mut Form<'_>, links: Vec<Link>) -> Vec<Link> {
    check_length(form, "links", links.len());
    for (index, link) in links.iter().enumerate() {
        let index = index.to_string();
        let place = ["links", &index, "url"];
        // The parser of URLs would drop or escape what can't be stored.
        if form.text_fits_at(&place, &link.url, MAX_URL)
            && let Err(reason) = check_url(&link.url)
        {
            form.refuse(UserError::at(UserErrorCode::Invalid, &place, reason));
        }
        if let Some(title) = &link.title {
            form.text_fits_at(&["links", &index, "title"], title, MAX_LINE);
        }
    }
    links
}

fn check_length(form: &mut Form<'_>, field: &str, length: usize) {
    if length > MAX_LIST {
        form.invalid(
            field,
            format!("has {length} entries; at most {MAX_LIST} are allowed"),
        );
    }
}

/// That a link leads to a page or a mailbox, and can't run a script in a portal that shows it.
pub fn check_url(text: &str) -> Result<(), String> {
    let url = Url::parse(text).map_err(|error| format!("{text:?} is not a URL: {error}"))?;
    if ["http", "https", "mailto"].contains(&url.scheme()) {
        Ok(())
    } else {
        Err(format!("{text:?} must start with https:, http: or mailto:"))
    }
}
