//! Who may ask for what: the one place that says so.
//!
//! Every field of the roots and every object type stands in a table here. [`Guarded`](super::guard::Guarded) asks the table
//! before a root's field is resolved and refuses a field that it does not know, the schema's descriptions are completed from
//! it, and a test walks the schema and finds a rule for everything.
//!
//! What a viewer may not see does not exist for them. For the catalog that is so by construction: a request of somebody who
//! may not read it is answered from an empty one ([`Viewer::visible`](super::Viewer::visible)).

use std::fmt::{self, Display, Formatter};

use super::{Scope, Viewer};

/// What a viewer needs for a field of a root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Nothing, not even a token.
    Everybody,
    /// A token of any scope; none where anonymous reading is allowed. The answer holds only what the viewer may see.
    AnyToken,
    /// This scope.
    Scope(Scope),
    /// One of these scopes.
    Either(Scope, Scope),
    /// Both of these scopes.
    Both(Scope, Scope),
    /// This scope, or to be business owner or service owner of the service that changes (and to read the catalog). Whose
    /// service it is turns out when the change is planned: [`Authority`](crate::shared::authority::Authority).
    ScopeOrOwner(Scope),
    /// The first of these scopes for what is one's own, the second for what is anybody's. Whose it is turns out when it is
    /// read: [`Visible`](crate::requests::access::Visible).
    OwnOrAll(Scope, Scope),
    /// The first of these scopes for what is one's own, one of the others for what is anybody's.
    OwnOrEither(Scope, Scope, Scope),
}

use Access::{AnyToken, Everybody, OwnOrAll, OwnOrEither, ScopeOrOwner};
use Scope::{Admin, CatalogRead, CatalogWrite, InsightRead, RequestsSubmit, RequestsWork};

const READ: Access = Access::Scope(CatalogRead);
const WRITE: Access = Access::Scope(CatalogWrite);
const WRITE_OR_OWN: Access = ScopeOrOwner(CatalogWrite);
const WORK: Access = Access::Scope(RequestsWork);
const WORK_OR_OWN: Access = ScopeOrOwner(RequestsWork);
const ADMIN: Access = Access::Scope(Admin);
/// One's own for who submits, all for who works on it or reads insights.
const DEMANDS: Access = OwnOrEither(RequestsSubmit, RequestsWork, InsightRead);
const SUBMIT: Access = OwnOrAll(RequestsSubmit, RequestsWork);
/// Whoever sees shadow IT and writes the catalog. The demand that a tool covers goes with it, without [`RequestsWork`].
const ADOPT: Access = Access::Both(CatalogWrite, InsightRead);
const INSIGHT: Access = Access::Scope(InsightRead);
const WATCH: Access = Access::Either(RequestsWork, InsightRead);

/// The fields of `Query`.
const QUERIES: &[(&str, Access)] = &[
    ("viewer", Everybody),
    ("node", AnyToken),
    ("nodes", AnyToken),
    ("changes", AnyToken),
    ("search", AnyToken),
    ("similarDemands", AnyToken),
    ("service", READ),
    ("services", READ),
    ("serviceFacets", READ),
    ("person", READ),
    ("people", READ),
    ("team", READ),
    ("teams", READ),
    ("customer", READ),
    ("customers", READ),
    ("businessOutcome", READ),
    ("businessOutcomes", READ),
    ("businessCapability", READ),
    ("businessCapabilities", READ),
    ("serviceOffering", READ),
    ("serviceOfferings", READ),
    ("supportCalendar", READ),
    ("supportCalendars", READ),
    ("serviceLevelAgreement", READ),
    ("serviceLevelAgreements", READ),
    ("shadowItSighting", INSIGHT),
    ("shadowItSightings", INSIGHT),
    ("serviceRequest", SUBMIT),
    ("serviceRequests", SUBMIT),
    ("webhookEndpoint", ADMIN),
    ("webhookEndpoints", ADMIN),
    ("incident", WATCH),
    ("incidents", WATCH),
    ("demand", DEMANDS),
    ("demands", DEMANDS),
    ("worklist", INSIGHT),
    ("portfolioGap", INSIGHT),
    ("businessReview", INSIGHT),
];

/// The fields of `Mutation`.
const MUTATIONS: &[(&str, Access)] = &[
    ("createPerson", WRITE),
    ("updatePerson", WRITE),
    ("deletePerson", WRITE),
    ("createTeam", WRITE),
    ("updateTeam", WRITE),
    ("deleteTeam", WRITE),
    ("createCustomer", WRITE),
    ("updateCustomer", WRITE),
    ("deleteCustomer", WRITE),
    ("createBusinessOutcome", WRITE),
    ("updateBusinessOutcome", WRITE),
    ("deleteBusinessOutcome", WRITE),
    ("createBusinessCapability", WRITE),
    ("updateBusinessCapability", WRITE),
    ("deleteBusinessCapability", WRITE),
    ("createService", WRITE),
    ("updateService", WRITE_OR_OWN),
    ("deleteService", WRITE),
    ("confirmOwnership", WRITE_OR_OWN),
    ("setDependency", WRITE_OR_OWN),
    ("removeDependency", WRITE_OR_OWN),
    ("setContribution", WRITE_OR_OWN),
    ("removeContribution", WRITE_OR_OWN),
    ("createServiceOffering", WRITE_OR_OWN),
    ("updateServiceOffering", WRITE_OR_OWN),
    ("deleteServiceOffering", WRITE_OR_OWN),
    ("createSupportCalendar", WRITE),
    ("updateSupportCalendar", WRITE),
    ("deleteSupportCalendar", WRITE),
    ("createServiceLevelAgreement", WRITE),
    ("updateServiceLevelAgreement", WRITE),
    ("deleteServiceLevelAgreement", WRITE),
    ("createShadowItSighting", WRITE),
    ("updateShadowItSighting", WRITE),
    ("deleteShadowItSighting", WRITE),
    ("adoptShadowIt", ADOPT),
    ("giveFeedback", Access::Scope(RequestsSubmit)),
    ("recordAvailability", WORK_OR_OWN),
    ("importCatalog", WRITE),
    ("createWebhookEndpoint", ADMIN),
    ("updateWebhookEndpoint", ADMIN),
    ("deleteWebhookEndpoint", ADMIN),
    ("rotateWebhookSecret", ADMIN),
    ("enableWebhookEndpoint", ADMIN),
    ("disableWebhookEndpoint", ADMIN),
    ("testWebhookEndpoint", ADMIN),
    ("submitServiceRequest", SUBMIT),
    ("submitServiceRequests", SUBMIT),
    ("approveServiceRequest", WORK),
    ("startServiceRequest", WORK),
    ("holdServiceRequest", WORK),
    ("fulfilServiceRequest", WORK),
    ("declineServiceRequest", WORK),
    ("cancelServiceRequest", SUBMIT),
    ("reopenServiceRequest", SUBMIT),
    ("reprioritiseServiceRequest", WORK),
    ("commentOnServiceRequest", SUBMIT),
    ("reportIncident", WORK),
    ("acknowledgeIncident", WORK),
    ("resolveIncident", WORK),
    ("commentOnIncident", WORK),
    ("recalculateSlaClocks", WORK),
    ("raiseDemand", SUBMIT),
    ("updateDemand", SUBMIT),
    ("supportDemand", SUBMIT),
    ("withdrawDemandSupport", SUBMIT),
    ("planDemand", WORK),
    ("meetDemand", WORK),
    ("declineDemand", WORK),
    ("reopenDemand", SUBMIT),
];

/// The fields of `Subscription`.
const SUBSCRIPTIONS: &[(&str, Access)] = &[
    ("changes", AnyToken),
    ("serviceRequestChanged", SUBMIT),
    ("slaWarnings", SUBMIT),
];

/// Who sees objects of a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Visibility {
    /// Everybody.
    Everybody,
    /// Who has this scope. For others there are none, wherever they look.
    Scope(Scope),
    /// Who has one of these scopes. For others there are none.
    Either(Scope, Scope),
    /// Who has the first scope sees what is their own and their customer's, who has the second sees all.
    OwnOrAll(Scope, Scope),
    /// Who has the first scope sees what is their own and their customer's, who has one of the others sees all.
    OwnOrEither(Scope, Scope, Scope),
    /// Who sees what it is about: a change is seen by those who see its subject.
    WithSubject,
    /// Who sees the object, or did the change, whose part it is.
    WithWhole,
}

use Visibility::{WithSubject, WithWhole};

const READERS: Visibility = Visibility::Scope(CatalogRead);
/// It says what the catalog does not do well enough.
const SHADOW_IT: Visibility = Visibility::Scope(InsightRead);

/// The object types. Connections and their edges are seen with their nodes, payloads by whoever may run their mutation.
const TYPES: &[(&str, Visibility)] = &[
    ("Person", READERS),
    ("Team", READERS),
    ("Customer", READERS),
    ("BusinessOutcome", READERS),
    ("OutcomeMetric", READERS),
    ("OutcomeContribution", READERS),
    ("BusinessCapability", READERS),
    ("Service", READERS),
    ("ServiceDependency", READERS),
    ("ServiceOffering", READERS),
    ("SupportCalendar", READERS),
    ("OpeningHours", READERS),
    ("Holiday", READERS),
    ("ServiceLevelAgreement", READERS),
    ("ServiceLevelTarget", READERS),
    ("TargetAttainment", READERS),
    ("ShadowItSighting", SHADOW_IT),
    (
        "Feedback",
        Visibility::OwnOrAll(RequestsSubmit, InsightRead),
    ),
    ("Satisfaction", READERS),
    ("FacetCount", READERS),
    (
        "ServiceRequest",
        Visibility::OwnOrAll(RequestsSubmit, RequestsWork),
    ),
    ("RequestEvent", WithWhole),
    ("WebhookEndpoint", Visibility::Scope(Admin)),
    ("WebhookDelivery", WithWhole),
    ("Decline", WithWhole),
    ("Incident", Visibility::Either(RequestsWork, InsightRead)),
    ("IncidentEvent", WithWhole),
    ("PortfolioGap", Visibility::Scope(InsightRead)),
    ("BusinessReview", Visibility::Scope(InsightRead)),
    ("MissedSearch", Visibility::Scope(InsightRead)),
    ("WorkItem", Visibility::Scope(InsightRead)),
    ("BusinessImpact", Visibility::Scope(InsightRead)),
    ("OutcomeImpact", Visibility::Scope(InsightRead)),
    (
        "Demand",
        Visibility::OwnOrEither(RequestsSubmit, RequestsWork, InsightRead),
    ),
    ("SlaClock", WithWhole),
    ("SlaWarning", WithWhole),
    ("SlaInterval", WithWhole),
    ("SlaRecalculation", WithWhole),
    ("Change", WithSubject),
    ("Viewer", Visibility::Everybody),
    ("Link", WithWhole),
    ("Money", WithWhole),
    ("PageInfo", WithWhole),
    ("UserError", WithWhole),
    ("ImportResult", WithWhole),
];

/// What a field of a root needs; none where no rule is declared, and then nobody may have it.
pub fn of_root_field(root: &str, field: &str) -> Option<Access> {
    let table = match root {
        "Query" => QUERIES,
        "Mutation" => MUTATIONS,
        "Subscription" => SUBSCRIPTIONS,
        _ => return None,
    };
    find(table, field)
}

/// Who sees objects of a type; none where no rule is declared.
pub fn of_type(name: &str) -> Option<Visibility> {
    // What is found may be of any type; it is found by those who see it.
    if name.ends_with("Payload") || matches!(name, "SearchConnection" | "SearchEdge") {
        return Some(WithWhole);
    }
    let shown = name
        .strip_suffix("Connection")
        .or_else(|| name.strip_suffix("Edge"))
        .unwrap_or(name);
    find(TYPES, shown)
}

fn find<T: Copy>(table: &[(&str, T)], name: &str) -> Option<T> {
    table
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, rule)| *rule)
}

impl Access {
    /// Whether the viewer may have the field, as far as that can be said before it is resolved.
    pub fn permits(self, viewer: &Viewer) -> bool {
        match self {
            Self::Everybody => true,
            Self::AnyToken => viewer.is_known() || viewer.may(CatalogRead),
            Self::Scope(scope) => viewer.may(scope),
            Self::Either(one, other) => viewer.may(one) || viewer.may(other),
            Self::Both(one, other) => viewer.may(one) && viewer.may(other),
            Self::OwnOrAll(own, all) => viewer.is_known() && (viewer.may(own) || viewer.may(all)),
            Self::OwnOrEither(own, one, other) => {
                viewer.is_known() && (viewer.may(own) || viewer.may(one) || viewer.may(other))
            }
            Self::ScopeOrOwner(scope) => {
                viewer.may(scope) || (viewer.person().is_some() && viewer.may(CatalogRead))
            }
        }
    }
}

/// As the API's descriptions and errors say it: what is needed.
impl Display for Access {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Everybody => out.write_str("no token"),
            Self::AnyToken => out.write_str("a token of any scope"),
            Self::Scope(scope) => write!(out, "the scope `{scope}`"),
            Self::Either(one, other) => write!(out, "the scope `{one}` or `{other}`"),
            Self::Both(one, other) => write!(out, "the scopes `{one}` and `{other}`"),
            Self::ScopeOrOwner(scope) => {
                write!(out, "the scope `{scope}`, or to own the service")
            }
            Self::OwnOrAll(own, all) => {
                write!(out, "the scope `{own}` for one's own, `{all}` for all")
            }
            Self::OwnOrEither(own, one, other) => {
                write!(
                    out,
                    "the scope `{own}` for one's own, `{one}` or `{other}` for all"
                )
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use async_graphql::parser::parse_schema;
    use async_graphql::parser::types::{TypeKind, TypeSystemDefinition};
    use strum::IntoEnumIterator;

    use super::*;
    use crate::schema;
    use crate::shared::ids::ObjectType;

    /// The API's object types, each with its fields.
    fn object_types() -> BTreeMap<String, BTreeSet<String>> {
        let document = parse_schema(schema::sdl()).expect("our own SDL");
        let definitions = document.definitions.into_iter();
        definitions
            .filter_map(|definition| match definition {
                TypeSystemDefinition::Type(ty) => Some(ty.node),
                _ => None,
            })
            .filter_map(|ty| match ty.kind {
                TypeKind::Object(object) => {
                    let fields = object.fields.into_iter();
                    let names = fields.map(|field| field.node.name.node.to_string());
                    Some((ty.name.node.to_string(), names.collect()))
                }
                _ => None,
            })
            .collect()
    }

    fn declared<T>(table: &[(&str, T)]) -> BTreeSet<String> {
        let names: BTreeSet<_> = table.iter().map(|(name, _)| (*name).to_owned()).collect();
        assert_eq!(names.len(), table.len(), "a name is declared twice");
        names
    }

    #[test]
    fn every_field_of_the_roots_has_a_rule_and_every_rule_a_field() {
        let types = object_types();
        assert_eq!(declared(QUERIES), types["Query"]);
        assert_eq!(declared(MUTATIONS), types["Mutation"]);
        assert_eq!(declared(SUBSCRIPTIONS), types["Subscription"]);
    }

    #[test]
    fn every_object_type_has_a_rule_and_every_rule_a_type() {
        let mut types = object_types();
        types.retain(|name, _| !["Query", "Mutation", "Subscription"].contains(&name.as_str()));
        for name in types.keys() {
            assert!(of_type(name).is_some(), "no rule says who sees {name}");
        }
        for name in declared(TYPES) {
            assert!(types.contains_key(&name), "there is no type {name}");
        }
    }

    #[test]
    fn whatever_the_catalog_holds_is_for_those_who_may_read_the_catalog() {
        for kind in ObjectType::iter() {
            let expected = match kind {
                ObjectType::ShadowItSighting => SHADOW_IT,
                _ => READERS,
            };
            assert_eq!(of_type(&kind.to_string()), Some(expected), "{kind}");
        }
    }

    #[test]
    fn no_mutation_is_for_everybody() {
        for (name, access) in MUTATIONS {
            assert!(
                matches!(
                    access,
                    Access::Scope(_) | Access::Both(..) | ScopeOrOwner(_) | OwnOrAll(..)
                ),
                "{name} needs {access}"
            );
        }
    }
}
