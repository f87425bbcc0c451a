//! The API's schema: what clients rely on is there, and everything in it is explained.

mod compare;

use std::path::Path;

use anyhow::{Context as _, ensure};
use async_graphql::Positioned;
use async_graphql::parser::types::{EnumType, TypeKind};
use compare::{Breaches, Definitions, compare_types, fields};
use kundig_tests::{Database, Server, block_on, kundig};
use serde_json::Value;

const CONTRACT: &str = include_str!("../../fixtures/contract.graphql");

/// The types that are created, changed and deleted over the API.
const MUTABLE: [(&str, &str); 10] = [
    ("Person", "person"),
    ("Team", "team"),
    ("Customer", "customer"),
    ("BusinessOutcome", "businessOutcome"),
    ("BusinessCapability", "businessCapability"),
    ("Service", "service"),
    ("ServiceOffering", "serviceOffering"),
    ("SupportCalendar", "supportCalendar"),
    ("ServiceLevelAgreement", "serviceLevelAgreement"),
    ("ShadowItSighting", "shadowItSighting"),
];

#[test]
fn the_committed_schema_is_the_one_that_is_served() -> anyhow::Result<()> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../api/schema.graphql");
    let committed = std::fs::read_to_string(&path).context("api/schema.graphql can't be read")?;
    ensure!(
        committed == printed_schema()?,
        "api/schema.graphql is not what `kundig schema` prints. If the change of the API is meant, refresh it: \
         cargo run -- schema > api/schema.graphql"
    );
    Ok(())
}

#[test]
fn everything_in_the_contract_is_served() -> anyhow::Result<()> {
    let contract = Definitions::parse(CONTRACT)?;
    let served = Definitions::parse(&printed_schema()?)?;
    let mut breaches = Breaches::default();
    for (name, wanted) in &contract.0 {
        match served.0.get(name) {
            Some(found) => compare_types(name, wanted, found, &mut breaches),
            None => breaches.add(name, "the type is missing"),
        }
    }
    breaches.none()
}

#[test]
fn every_connection_has_edges_nodes_page_info_and_a_total() -> anyhow::Result<()> {
    let served = Definitions::parse(&printed_schema()?)?;
    let mut breaches = Breaches::default();
    let connections: Vec<&str> = served
        .0
        .keys()
        .filter_map(|name| name.strip_suffix("Connection"))
        .collect();
    ensure!(
        connections.len() >= 9,
        "connections are missing: {connections:?}"
    );
    for name in connections {
        let connection = format!("{name}Connection");
        // What is found may be of any type.
        let node = match name {
            "Search" => "SearchResult",
            node => node,
        };
        for (field, ty) in [
            ("edges", format!("[{name}Edge!]!")),
            ("nodes", format!("[{node}!]!")),
            ("pageInfo", "PageInfo!".to_owned()),
            ("totalCount", "Int!".to_owned()),
        ] {
            served.expect_field(&connection, field, &ty, &mut breaches);
        }
        let edge = format!("{name}Edge");
        served.expect_field(&edge, "cursor", "String!", &mut breaches);
        served.expect_field(&edge, "node", &format!("{node}!"), &mut breaches);
    }
    breaches.none()
}

#[test]
fn every_type_can_be_created_changed_and_deleted_in_the_same_way() -> anyhow::Result<()> {
    let served = Definitions::parse(&printed_schema()?)?;
    let mut breaches = Breaches::default();
    for (name, field) in MUTABLE {
        for verb in ["create", "update", "delete"] {
            let mut title = verb.to_owned();
            title[..1].make_ascii_uppercase();
            let mutation = format!("{verb}{name}");
            let payload = format!("{title}{name}Payload");
            served.expect_field("Mutation", &mutation, &format!("{payload}!"), &mut breaches);
            let input = served.argument("Mutation", &mutation, "input");
            breaches.check(
                &mutation,
                input == Some(format!("{title}{name}Input!")),
                "takes another input",
            );
            served.expect_field(&payload, "userErrors", "[UserError!]!", &mut breaches);
            match verb {
                "delete" => served.expect_field(&payload, "deletedId", "ID", &mut breaches),
                _ => served.expect_field(&payload, field, name, &mut breaches),
            }
        }
        let update = format!("Update{name}Input");
        let delete = format!("Delete{name}Input");
        for input in [&update, &delete] {
            served.expect_input(input, "id", "ID!", &mut breaches);
            served.expect_input(input, "expectedVersion", "Int", &mut breaches);
        }
        for created in served.inputs(&format!("Create{name}Input")) {
            let nullable = created.ty.to_string().trim_end_matches('!').to_owned();
            served.expect_input(&update, &created.name.node, &nullable, &mut breaches);
        }
        for changed in served.inputs(&update) {
            let plain = changed.default_value.is_none();
            breaches.check(
                &update,
                plain,
                &format!("{} has a default", changed.name.node),
            );
        }
    }
    breaches.none()
}

#[test]
fn every_definition_in_the_schema_says_what_it_is() -> anyhow::Result<()> {
    let served = Definitions::parse(&printed_schema()?)?;
    let mut silent = Breaches::default();
    let mut expect = |place: String, description: Option<&Positioned<String>>| {
        let speaks = description.is_some_and(|text| text.node.trim().len() >= 3);
        silent.check(&place, speaks, "no description");
    };
    for (name, definition) in &served.0 {
        expect(name.clone(), definition.description.as_ref());
        for field in fields(&definition.kind) {
            let place = format!("{name}.{}", field.node.name.node);
            for argument in &field.node.arguments {
                let argument = &argument.node;
                expect(
                    format!("{place}({})", argument.name.node),
                    argument.description.as_ref(),
                );
            }
            expect(place, field.node.description.as_ref());
        }
        for input in served.inputs(name) {
            expect(
                format!("{name}.{}", input.name.node),
                input.description.as_ref(),
            );
        }
        if let TypeKind::Enum(EnumType { values }) = &definition.kind {
            for value in values {
                expect(
                    format!("{name}.{}", value.node.value.node),
                    value.node.description.as_ref(),
                );
            }
        }
    }
    silent.none()
}

/// What a client's tools see is what `kundig schema` prints.
#[test]
fn introspection_shows_the_descriptions_too() {
    block_on(async {
        let database = Database::sqlite();
        let server = Server::start(&database).await;
        let answer = server
            .query(
                "{ __schema { types { kind name description
                     fields(includeDeprecated: true) { name description args(includeDeprecated: true) { name description } }
                     inputFields(includeDeprecated: true) { name description }
                     enumValues(includeDeprecated: true) { name description } } } }",
            )
            .send()
            .await;
        let types = answer.expect_data()["__schema"]["types"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        assert!(types.iter().any(|ty| ty["name"] == "Service"), "{answer}");
        let mut silent = Vec::new();
        for ty in &types {
            // Introspection's own types come from the library, which leaves some of them undescribed.
            if !ty["name"].as_str().unwrap_or_default().starts_with("__") {
                collect_silent(ty, String::new(), &mut silent);
            }
        }
        assert!(silent.is_empty(), "no description: {silent:#?}");
    });
}

fn collect_silent(definition: &Value, inside: String, silent: &mut Vec<String>) {
    let place = inside + definition["name"].as_str().unwrap_or_default();
    if definition["description"]
        .as_str()
        .unwrap_or_default()
        .is_empty()
    {
        silent.push(place.clone());
    }
    for part in ["fields", "args", "inputFields", "enumValues"] {
        for member in definition[part].as_array().into_iter().flatten() {
            collect_silent(member, format!("{place}."), silent);
        }
    }
}

fn printed_schema() -> anyhow::Result<String> {
    let output = kundig().arg("schema").output()?;
    ensure!(output.status.success(), "kundig schema: {}", output.status);
    Ok(String::from_utf8(output.stdout)?)
}
