//! The whole catalog as text, the same text for the same catalog.

use std::{collections::BTreeMap, sync::Arc};

use rust_decimal::Decimal;
use serde::Serialize;
use serde_json::{Map, Value as Json};
use strum::IntoEnumIterator;

use super::API_VERSION;
use crate::{
    catalog::{
        capabilities::rules::Capability,
        customers::rules::Customer,
        offerings::rules::Offering,
        people::rules::Person,
        services::rules::{Lifecycle, Link, Service, ServiceKind, Tier},
        teams::rules::Team,
    },
    demand::shadow_it::rules::Sighting,
    exchange::{plan::fields, yaml},
    outcomes::rules::{Metric, Outcome},
    shared::{
        ids::{Id, ObjectType},
        money::Amount,
        record::{Header, Record, Unresolved},
    },
    slas::{agreements::rules::Agreement, calendars::rules::Calendar},
    snapshot::Catalog,
};

/// Writes every object of the catalog, by type and then by slug.
///
/// # Errors
/// When something cannot be said in YAML, which no catalog holds.
pub fn export(catalog: &Catalog) -> Result<String, serde_saphyr::ser::Error> {
    let mut text = String::new();
    for kind in ObjectType::iter() {
        match kind {
            ObjectType::Team => all::<Team>(catalog, &mut text)?,
            ObjectType::Customer => all::<Customer>(catalog, &mut text)?,
            ObjectType::Person => all::<Person>(catalog, &mut text)?,
            ObjectType::BusinessCapability => all::<Capability>(catalog, &mut text)?,
            ObjectType::BusinessOutcome => all::<Outcome>(catalog, &mut text)?,
            ObjectType::Service => all::<Service>(catalog, &mut text)?,
            ObjectType::ServiceOffering => all::<Offering>(catalog, &mut text)?,
            ObjectType::SupportCalendar => all::<Calendar>(catalog, &mut text)?,
            ObjectType::ServiceLevelAgreement => all::<Agreement>(catalog, &mut text)?,
            ObjectType::ShadowItSighting => all::<Sighting>(catalog, &mut text)?,
        }
    }
    Ok(text)
}

fn all<T: Exportable>(
    catalog: &Catalog,
    text: &mut String,
) -> Result<(), serde_saphyr::ser::Error> {
    let records: BTreeMap<&str, &Arc<T>> = T::table(catalog)
        .iter()
        .map(|record| (record.header().slug.as_str(), record))
        .collect();
    for record in records.into_values() {
        text.push_str("---\n");
        let document = Document {
            api_version: API_VERSION,
            kind: T::TYPE.to_string(),
            metadata: Metadata::of(record.header()),
            spec: record.spec(catalog),
        };
        yaml::write(text, &document)?;
    }
    Ok(())
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a, S> {
    api_version: &'a str,
    kind: String,
    metadata: Metadata<'a>,
    spec: S,
}

#[derive(Serialize)]
struct Metadata<'a> {
    slug: &'a str,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    origin: Option<&'a str>,
    #[serde(skip_serializing_if = "is_empty")]
    annotations: &'a Map<String, Json>,
}

impl<'a> Metadata<'a> {
    fn of(header: &'a Header) -> Self {
        Self {
            slug: &header.slug,
            name: &header.name,
            origin: header.origin.as_deref(),
            annotations: &header.annotations,
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_empty(annotations: &&Map<String, Json>) -> bool {
    annotations.is_empty()
}

/// A type that has a `spec`. What stands in it is left out where it is the default.
pub(super) trait Exportable: Record {
    fn spec<'a>(&'a self, catalog: &'a Catalog) -> impl Serialize + 'a;
}

#[derive(Serialize)]
struct TeamSpec<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    children: Vec<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    members: Vec<&'a str>,
}

impl Exportable for Team {
    fn spec<'a>(&'a self, catalog: &'a Catalog) -> impl Serialize + 'a {
        let refs = References::of(catalog, &self.header);
        TeamSpec {
            description: self.description.as_deref(),
            parent: refs.one(fields::PARENT, self.parent_id),
            children: refs.wanted(fields::CHILDREN).collect(),
            members: refs.wanted(fields::MEMBERS).collect(),
        }
    }
}

#[derive(Serialize)]
struct CustomerSpec<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    industry: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    representative: Option<&'a str>,
}

impl Exportable for Customer {
    fn spec<'a>(&'a self, catalog: &'a Catalog) -> impl Serialize + 'a {
        let refs = References::of(catalog, &self.header);
        CustomerSpec {
            industry: self.industry.as_deref(),
            description: self.description.as_deref(),
            parent: refs.one(fields::PARENT, self.parent_id),
            representative: refs.one(fields::REPRESENTATIVE, self.representative_id),
        }
    }
}

#[derive(Serialize)]
struct PersonSpec<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    customer: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    teams: Vec<&'a str>,
}

impl Exportable for Person {
    fn spec<'a>(&'a self, catalog: &'a Catalog) -> impl Serialize + 'a {
        let refs = References::of(catalog, &self.header);
        let mut teams: Vec<&str> = self
            .team_ids
            .iter()
            .filter_map(|&team| slug(catalog, team))
            .chain(refs.wanted(fields::TEAMS))
            .collect();
        teams.sort_unstable();
        PersonSpec {
            email: self.email.as_deref(),
            subject: self.subject.as_deref(),
            customer: refs.one(fields::CUSTOMER, self.customer_id),
            teams,
        }
    }
}

#[derive(Serialize)]
struct CapabilitySpec<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent: Option<&'a str>,
}

impl Exportable for Capability {
    fn spec<'a>(&'a self, catalog: &'a Catalog) -> impl Serialize + 'a {
        let refs = References::of(catalog, &self.header);
        CapabilitySpec {
            description: self.description.as_deref(),
            parent: refs.one(fields::PARENT, self.parent_id),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OutcomeSpec<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    customer: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value_per_hour: Option<Decimal>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metric: Option<MetricSpec<'a>>,
}

#[derive(Serialize)]
struct MetricSpec<'a> {
    name: &'a str,
    unit: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    baseline: Option<Decimal>,
    target: Decimal,
    #[serde(skip_serializing_if = "Option::is_none")]
    current: Option<Decimal>,
}

impl<'a> MetricSpec<'a> {
    fn of(metric: &'a Metric) -> Self {
        Self {
            name: &metric.name,
            unit: &metric.unit,
            baseline: metric.baseline,
            target: metric.target,
            current: metric.current,
        }
    }
}

impl Exportable for Outcome {
    fn spec<'a>(&'a self, catalog: &'a Catalog) -> impl Serialize + 'a {
        let refs = References::of(catalog, &self.header);
        OutcomeSpec {
            description: self.description.as_deref(),
            customer: slug(catalog, self.customer_id),
            owner: refs.one(fields::OWNER, self.owner_id),
            value_per_hour: Some(self.value_per_hour.to_decimal()).filter(|value| !value.is_zero()),
            metric: self.metric.as_ref().map(MetricSpec::of),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ServiceSpec<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    kind: ServiceKind,
    lifecycle: Lifecycle,
    tier: Tier,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    tags: &'a [String],
    #[serde(skip_serializing_if = "<[Link]>::is_empty")]
    links: &'a [Link],
    #[serde(skip_serializing_if = "Option::is_none")]
    business_owner: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_owner: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    team: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    capability: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ownership_confirmed_at: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    dependencies: Vec<DependencySpec<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    dependents: Vec<DependencySpec<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    contributions: Vec<ContributionSpec<'a>>,
}

#[derive(Serialize)]
struct DependencySpec<'a> {
    service: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    strength: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    origin: Option<&'a str>,
}

impl<'a> DependencySpec<'a> {
    fn wanted(wanted: &'a Unresolved) -> Self {
        Self {
            service: &wanted.target,
            strength: not_full(number(wanted).unwrap_or(1.0)),
            origin: wanted.origin.as_deref(),
        }
    }
}

#[derive(Serialize)]
struct ContributionSpec<'a> {
    outcome: &'a str,
    share: f64,
}

impl Exportable for Service {
    fn spec<'a>(&'a self, catalog: &'a Catalog) -> impl Serialize + 'a {
        let refs = References::of(catalog, &self.header);
        let mut dependencies: Vec<DependencySpec<'a>> = self
            .dependencies
            .iter()
            .filter_map(|(&id, dependency)| {
                Some(DependencySpec {
                    service: slug(catalog, id)?,
                    strength: not_full(dependency.strength),
                    origin: dependency.origin.as_deref(),
                })
            })
            .chain(
                refs.all_wanted(fields::DEPENDENCIES)
                    .map(DependencySpec::wanted),
            )
            .collect();
        dependencies.sort_by_key(|dependency| dependency.service);
        let mut contributions: Vec<ContributionSpec<'a>> = self
            .contributions
            .iter()
            .filter_map(|(&id, &share)| {
                Some(ContributionSpec {
                    outcome: slug(catalog, id)?,
                    share,
                })
            })
            .chain(
                refs.all_wanted(fields::CONTRIBUTIONS)
                    .map(|wanted| ContributionSpec {
                        outcome: &wanted.target,
                        share: number(wanted).unwrap_or(1.0),
                    }),
            )
            .collect();
        contributions.sort_by_key(|contribution| contribution.outcome);
        ServiceSpec {
            description: self.description.as_deref(),
            kind: self.kind,
            lifecycle: self.lifecycle,
            tier: self.tier,
            tags: &self.tags,
            links: &self.links,
            business_owner: refs.one(fields::BUSINESS_OWNER, self.business_owner_id),
            service_owner: refs.one(fields::SERVICE_OWNER, self.service_owner_id),
            team: refs.one(fields::TEAM, self.team_id),
            capability: refs.one(fields::CAPABILITY, self.capability_id),
            ownership_confirmed_at: self.ownership_confirmed_at.map(|at| at.to_string()),
            dependencies,
            dependents: refs
                .all_wanted(fields::DEPENDENTS)
                .map(DependencySpec::wanted)
                .collect(),
            contributions,
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OfferingSpec<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    input_schema: Option<&'a Json>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    requires_approval: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    automated: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    price: Option<Decimal>,
    #[serde(skip_serializing_if = "Option::is_none")]
    active: Option<bool>,
}

impl Exportable for Offering {
    fn spec<'a>(&'a self, catalog: &'a Catalog) -> impl Serialize + 'a {
        let refs = References::of(catalog, &self.header);
        let anything_goes = self.input_schema.as_object().is_some_and(Map::is_empty);
        OfferingSpec {
            description: self.description.as_deref(),
            // While the offering's own service is not there it is kept by another, which is not what is meant.
            service: refs
                .wanted(fields::SERVICE)
                .next()
                .or_else(|| slug(catalog, self.service_id)),
            input_schema: (!anything_goes).then_some(&self.input_schema),
            requires_approval: self.requires_approval,
            automated: self.automated,
            price: self.price.map(Amount::to_decimal),
            active: (!self.active).then_some(false),
        }
    }
}

/// An object's references as they are written: by slug, or as they were stated where they lead to nothing yet.
pub(super) struct References<'a> {
    catalog: &'a Catalog,
    unresolved: &'a [Unresolved],
}

impl<'a> References<'a> {
    pub(super) fn of(catalog: &'a Catalog, header: &'a Header) -> Self {
        Self {
            catalog,
            unresolved: &header.unresolved,
        }
    }

    pub(super) fn one<T: Record>(&self, field: &'a str, id: Option<Id<T>>) -> Option<&'a str> {
        id.and_then(|id| slug(self.catalog, id))
            .or_else(|| self.wanted(field).next())
    }

    fn wanted(&self, field: &'a str) -> impl Iterator<Item = &'a str> {
        self.all_wanted(field).map(|wanted| wanted.target.as_str())
    }

    fn all_wanted(&self, field: &'a str) -> impl Iterator<Item = &'a Unresolved> {
        self.unresolved
            .iter()
            .filter(move |wanted| wanted.field == field)
    }
}

pub(super) fn slug<T: Record>(catalog: &Catalog, id: Id<T>) -> Option<&str> {
    catalog.get(id).map(|record| record.header().slug.as_str())
}

fn number(wanted: &Unresolved) -> Option<f64> {
    wanted
        .strength
        .as_deref()
        .and_then(|text| text.parse().ok())
}

/// A strength, unless it is the one that goes without saying.
fn not_full(strength: f64) -> Option<f64> {
    (strength < 1.0).then_some(strength)
}
