//! How much single fields weigh in the cost of an operation: the one table of what is not plain from the schema.

use async_graphql::{
    parser::types::Field,
    registry::{MetaField, MetaTypeName, Registry},
};

use crate::shared::connection;

/// The length of a page where nothing is said.
pub(super) const DEFAULT_PAGE: u64 = connection::DEFAULT_PAGE as u64;
/// The length of a page at most.
pub(super) const MAX_PAGE: u64 = connection::MAX_PAGE as u64;
/// The length of a list that nothing is known about.
const UNKNOWN_LENGTH: u64 = 25;
/// What every mutation costs: a transaction.
const MUTATION: u64 = 10;

/// Fields that cost more than to look up an object: by type and name, in points.
const BASES: &[(&str, &str, u64)] = &[
    // Several SQL statements.
    ("Query", "changes", 500),
    ("Query", "serviceFacets", 200),
    // The whole index, for each word.
    ("Query", "search", 300),
    ("Query", "similarDemands", 300),
    ("DemandPayload", "similarDemands", 300),
    // One SQL statement each, or one for all of a list.
    ("Query", "serviceRequest", 20),
    ("Query", "serviceRequests", 50),
    ("Service", "serviceRequests", 10),
    ("Customer", "serviceRequests", 10),
    ("Query", "incident", 20),
    ("Query", "incidents", 50),
    ("Service", "incidents", 10),
    ("Query", "demand", 20),
    ("Query", "demands", 50),
    ("Service", "demands", 10),
    ("Customer", "demands", 10),
    ("BusinessOutcome", "demands", 10),
    ("Demand", "supporters", 5),
    ("ServiceRequest", "events", 5),
    ("ServiceRequest", "slaClocks", 5),
    ("Incident", "events", 5),
    ("Incident", "services", 5),
    ("Incident", "slaClocks", 5),
    ("SlaClock", "explain", 10),
    ("ShadowItSighting", "demand", 5),
    ("Feedback", "serviceRequest", 5),
    // One statement for all of a list, which counts every answer of a period.
    ("Service", "satisfaction", 20),
    ("Customer", "satisfaction", 20),
    // A few statements, and the impact of every service that something is open of.
    ("Query", "worklist", 2_000),
    // A look at the reasons for many services, in chunks.
    ("PortfolioGap", "unaskedServices", 1_000),
    ("PortfolioGap", "watermelons", 500),
    ("PortfolioGap", "unmetDemands", 50),
    ("PortfolioGap", "missedSearches", 20),
    // Counts of whatever a customer requested in years, and the impact of incidents.
    ("Query", "businessReview", 2_000),
    ("BusinessReview", "attainment", 100),
    ("BusinessReview", "satisfaction", 20),
    // A search over all that needs the service, which may be the whole catalog.
    ("Service", "impact", 100),
    ("Incident", "impact", 100),
    ("BusinessImpact", "customers", 50),
    // Two statements, which may add up a year of measurements.
    ("ServiceLevelAgreement", "attainment", 20),
    ("Mutation", "recordAvailability", 100),
    ("Mutation", "submitServiceRequests", 200),
    ("Mutation", "recalculateSlaClocks", 200),
    ("Mutation", "importCatalog", 100),
];

/// Fields that cost more where they have the argument `filter`: it may have to look at every object there is.
const FILTERED: &[(&str, &str, u64)] = &[
    ("Query", "serviceOfferings", 1_000),
    ("Query", "services", 2_000),
    ("Query", "serviceFacets", 4_000),
    // A part of the register has an index of its own.
    ("Query", "shadowItSightings", 1),
    ("Query", "serviceRequests", 500),
    ("Service", "serviceRequests", 100),
    ("Customer", "serviceRequests", 100),
    ("Query", "incidents", 500),
    ("Service", "incidents", 100),
    ("Query", "demands", 500),
    ("Service", "demands", 100),
    ("Customer", "demands", 100),
    // Paid for each event, which is looked at in passing.
    ("Subscription", "changes", 5),
];

/// Connections whose `totalCount` is counted anew by the database: by type and name, in points. Where a connection has the
/// argument `filter`, to count costs as much as to search.
const COUNTED: &[(&str, &str, u64)] = &[
    ("Query", "changes", 2_000),
    ("Query", "serviceRequests", 2_000),
    ("Service", "serviceRequests", 200),
    ("Customer", "serviceRequests", 200),
    ("Query", "incidents", 2_000),
    ("Service", "incidents", 200),
    ("Query", "demands", 2_000),
    ("Service", "demands", 200),
    ("Customer", "demands", 200),
    ("BusinessOutcome", "demands", 200),
    ("PortfolioGap", "unmetDemands", 2_000),
    ("PortfolioGap", "unaskedServices", 5_000),
    ("PortfolioGap", "servicesWithoutBusinessOwner", 500),
    ("PortfolioGap", "outcomesWithoutService", 500),
    ("PortfolioGap", "staleOwnership", 500),
];

/// Lists of objects without pages: by type and name, with the length that is assumed.
const LENGTHS: &[(&str, &str, u64)] = &[
    ("DemandPayload", "similarDemands", 5),
    ("BusinessCapability", "children", 10),
    ("BusinessImpact", "customers", 10),
    ("BusinessImpact", "outcomes", 10),
    ("BusinessOutcome", "contributions", 10),
    ("BusinessReview", "attainment", 25),
    ("BusinessReview", "parts", 10),
    ("Customer", "outcomes", 10),
    ("Demand", "supporters", 10),
    ("Incident", "services", 3),
    ("Incident", "slaClocks", 6),
    ("OutcomeImpact", "path", 4),
    ("Person", "teams", 3),
    ("Service", "contributions", 5),
    ("Service", "links", 5),
    ("ServiceLevelAgreement", "attainment", 5),
    ("ServiceLevelAgreement", "targets", 5),
    ("SupportCalendar", "holidays", 25),
    ("SupportCalendar", "hours", 7),
    ("ServiceRequest", "slaClocks", 2),
    ("SlaClock", "explain", 25),
    ("RecalculateSlaClocksPayload", "results", 100),
    ("SubmitServiceRequestsPayload", "results", 100),
    ("Team", "members", 10),
    ("Query", "webhookEndpoints", 10),
];

/// How many objects a field has below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Length {
    /// One, or none.
    One,
    /// As many as its argument `first` or `last` says.
    First,
    /// One connection, whose page is as long as `first` or `last` says.
    PageBelow,
    /// As long as the page of the connection that it belongs to.
    Page,
    /// As many as its argument `ids` names.
    Ids,
    /// So many, for all that is known.
    Assumed(u64),
}

/// The length of a field.
pub(super) fn length(parent: &str, field: &MetaField) -> Length {
    known_length(parent, field).unwrap_or(Length::Assumed(UNKNOWN_LENGTH))
}

fn known_length(parent: &str, field: &MetaField) -> Option<Length> {
    let is_list = MetaTypeName::create(&field.ty).is_list();
    let is_paged = field.args.contains_key("first");
    let of = MetaTypeName::concrete_typename(&field.ty);
    match (is_list, is_paged) {
        (false, true) if of.ends_with("Connection") => Some(Length::PageBelow),
        (false, _) => Some(Length::One),
        (true, true) => Some(Length::First),
        (true, false) if field.args.contains_key("ids") => Some(Length::Ids),
        (true, false) if is_page(parent, &field.name) => Some(Length::Page),
        // Only a mutation that is refused has any, and then nothing else below it.
        (true, false) if of == "UserError" => Some(Length::One),
        (true, false) => of_table(LENGTHS, parent, &field.name).map(Length::Assumed),
    }
}

fn is_page(parent: &str, name: &str) -> bool {
    parent.ends_with("Connection") && matches!(name, "nodes" | "edges")
}

/// What a field costs beside one point and what is below it.
pub(super) fn base(registry: &Registry, parent: &str, field: &Field) -> u64 {
    let is_mutation = registry.mutation_type.as_deref() == Some(parent);
    let mutation = if is_mutation { MUTATION } else { 0 };
    let base = of_table(BASES, parent, &field.name.node).unwrap_or_default();
    mutation + base + search(parent, field)
}

/// What `totalCount` of a connection costs beside one point.
pub(super) fn count(parent: &str, field: &Field) -> u64 {
    let counted = of_table(COUNTED, parent, &field.name.node);
    counted.unwrap_or_else(|| search(parent, field))
}

/// What it costs that a field has a filter.
fn search(parent: &str, field: &Field) -> u64 {
    let mut arguments = field.arguments.iter();
    let is_filtered = arguments.any(|(name, _)| name.node == "filter");
    let price = of_table(FILTERED, parent, &field.name.node);
    price.filter(|_| is_filtered).unwrap_or_default()
}

fn of_table(table: &[(&str, &str, u64)], parent: &str, name: &str) -> Option<u64> {
    let mut rows = table.iter();
    rows.find(|(of, field, _)| *of == parent && *field == name)
        .map(|(_, _, number)| *number)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use std::sync::Arc;

    use async_graphql::{SchemaEnv, registry::MetaType};

    use super::*;
    use crate::{schema, server::graphql::document::Documents};

    async fn api() -> SchemaEnv {
        let documents = Documents::new(schema::roots(), Arc::default());
        documents.schema_env().await.unwrap().clone()
    }

    /// Every field of the API, with the name of its type.
    fn fields(registry: &Registry) -> Vec<(&str, &MetaField)> {
        let objects = registry.types.values().filter_map(|object| match object {
            MetaType::Object { name, fields, .. } | MetaType::Interface { name, fields, .. }
                if !name.starts_with("__") =>
            {
                Some((name, fields))
            }
            _ => None,
        });
        objects
            .flat_map(|(name, fields)| fields.values().map(move |field| (name.as_str(), field)))
            .collect()
    }

    #[tokio::test]
    async fn the_length_of_every_list_of_objects_is_known() {
        let api = api().await;
        let fields = fields(&api.registry);
        assert!(fields.len() > 100, "the API has many fields");
        let is_object = |field: &MetaField| {
            let of = MetaTypeName::concrete_typename(&field.ty);
            api.registry.types[of].is_composite()
        };
        let unknown: Vec<_> = fields
            .iter()
            .filter(|(parent, field)| is_object(field) && known_length(parent, field).is_none())
            .map(|(parent, field)| format!("{parent}.{}", field.name))
            .collect();
        assert!(unknown.is_empty(), "not in the table: {unknown:?}");
    }

    #[tokio::test]
    async fn every_line_of_the_tables_is_about_a_field_that_there_is() {
        let api = api().await;
        let fields = fields(&api.registry);
        let find = |parent: &str, name: &str| {
            let mut fields = fields.iter();
            let found = fields.find(|(of, field)| *of == parent && field.name == name);
            found
                .unwrap_or_else(|| panic!("there is no {parent}.{name}"))
                .1
        };
        for (parent, name, _) in BASES {
            find(parent, name);
        }
        for (parent, name, _) in COUNTED {
            let connection = MetaTypeName::concrete_typename(&find(parent, name).ty);
            find(connection, "totalCount");
        }
        for (parent, name, _) in FILTERED {
            assert!(
                find(parent, name).args.contains_key("filter"),
                "{parent}.{name}"
            );
        }
        for (parent, name, length) in LENGTHS {
            let expected = Some(Length::Assumed(*length));
            assert_eq!(
                known_length(parent, find(parent, name)),
                expected,
                "{parent}.{name}"
            );
        }
    }

    #[tokio::test]
    async fn every_search_of_the_catalog_has_its_price() {
        let api = api().await;
        let free: Vec<_> = fields(&api.registry)
            .into_iter()
            .filter(|(parent, field)| {
                field.args.contains_key("filter")
                    && of_table(FILTERED, parent, &field.name).is_none()
                    && of_table(BASES, parent, &field.name).is_none()
            })
            .map(|(parent, field)| format!("{parent}.{}", field.name))
            .collect();
        assert!(free.is_empty(), "in none of the tables: {free:?}");
    }

    #[test]
    fn pages_are_as_long_as_the_api_makes_them() {
        use crate::shared::connection::page_size;
        let longest = i32::try_from(MAX_PAGE).unwrap();
        assert!(page_size("first", longest).is_ok());
        assert!(page_size("first", longest + 1).is_err());
    }
}
