#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{fmt::Write as _, sync::Arc};

use async_graphql::{parser::parse_query, registry::MetaType};
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use serde_json::json;

use super::*;
use crate::{
    config::LimitSettings,
    schema,
    server::graphql::{Engine, parameters::Body},
};

async fn engine() -> Engine {
    Engine::new(schema::roots, &Arc::new(LimitSettings::default()))
        .await
        .unwrap()
}

async fn cost_with(engine: &Engine, query: &str, variables: serde_json::Value) -> u64 {
    let body = json!({ "query": query, "variables": variables }).to_string();
    let Body::Single(parameters) = Body::from_json(body.as_bytes(), 1).unwrap() else {
        panic!("one object is one request");
    };
    let document = engine.document(&parameters, |_| Ok(())).await.unwrap();
    let operation = document.operation(None).unwrap();
    let prepared = engine.prepare(operation, parameters.variables);
    prepared
        .unwrap_or_else(|problem| panic!("{query}: {problem:?}"))
        .cost
}

#[tokio::test]
async fn the_formula_holds_for_documents_without_variables() {
    let engine = engine().await;
    for (query, expected) in [
        ("{ __typename }", 1),
        ("{ service(slug: \"a\") { name slug } }", 1 + 2),
        (
            "{ service(slug: \"a\") { businessOwner { name } } }",
            1 + 1 + 1,
        ),
        // The page's length counts for nodes and edges, not for what stands beside them.
        (
            "{ services(first: 7) { totalCount pageInfo { hasNextPage } nodes { name } edges { cursor node { name } } } }",
            1 + 1 + 2 + (1 + 7) + (1 + 7 * (1 + 2)),
        ),
        (
            "{ services(filter: {}, first: 0) { totalCount } }",
            2001 + 2001,
        ),
        // Counted in a fragment, and twice.
        (
            "{ serviceOfferings(filter: {}, first: 0) { ...F again: totalCount } } fragment F on ServiceOfferingConnection { totalCount }",
            1001 + 2 * 1001,
        ),
        ("{ serviceOfferings { totalCount } }", 1 + 1),
        ("{ changes(first: 0) { totalCount } }", 501 + 2001),
        (
            "{ changes(first: 0) { pageInfo { hasNextPage } } }",
            501 + 2,
        ),
        ("{ people { nodes { name } } }", 1 + (1 + 25)),
        ("{ people(last: 3) { nodes { name } } }", 1 + (1 + 3)),
        ("{ people(first: 0) { nodes { name } } }", 1 + 1),
        // Refused when it is asked for, by what is more to the point.
        ("{ people(first: 1000) { nodes { name } } }", 1 + (1 + 100)),
        ("{ people(first: -1) { nodes { name } } }", 1 + 1),
        (
            "{ nodes(ids: [\"a\", \"b\", \"c\"]) { id ... on Team { name } ... on Person { name } } }",
            1 + 3 * 3,
        ),
        (
            "{ service(slug: \"a\") { contributions { share outcome { name } } } }",
            1 + (1 + 5 * (1 + 2)),
        ),
        ("{ serviceFacets(by: TAG, first: 4) { value } }", 201 + 4),
        (
            "{ a: person(slug: \"a\") { name } ...F ...F } fragment F on Query { person(slug: \"a\") { name @skip(if: true) } }",
            3 * 2,
        ),
    ] {
        assert_eq!(
            cost_with(&engine, query, json!({})).await,
            expected,
            "{query}"
        );
    }
}

#[tokio::test]
async fn variables_decide_where_they_stand_for_lengths() {
    let engine = engine().await;
    let query = "query ($n: Int = 4, $m: Int) { people(first: $n) { nodes { ownedServices(first: $m) { nodes { name } } } } }";
    let expected = |n: u64, m: u64| 1 + (1 + n * (1 + (1 + m)));
    for (variables, n, m) in [
        (json!({}), 4, 25),
        (json!({ "n": 10, "m": 3 }), 10, 3),
        (json!({ "n": null, "m": 0 }), 25, 0),
        (json!({ "n": 1000, "m": -3 }), 100, 0),
    ] {
        let cost = cost_with(&engine, query, variables.clone()).await;
        assert_eq!(cost, expected(n, m), "{variables}");
    }
    let query = "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }";
    for (ids, length) in [(json!(["a", "b"]), 2), (json!("a"), 1), (json!([]), 0)] {
        assert_eq!(
            cost_with(&engine, query, json!({ "ids": ids })).await,
            1 + length
        );
    }
    let query = "query ($id: ID!) { nodes(ids: [$id, \"b\"]) { id } }";
    assert_eq!(cost_with(&engine, query, json!({ "id": "a" })).await, 1 + 2);
}

#[tokio::test]
async fn an_import_costs_by_the_size_of_its_source() {
    let engine = engine().await;
    let query = "mutation ($input: ImportCatalogInput!) { importCatalog(input: $input) { result { created } userErrors { message } } }";
    let of = async |bytes: usize| {
        let input = json!({ "format": "KUNDIG", "source": "x".repeat(bytes) });
        cost_with(&engine, query, json!({ "input": input })).await
    };
    let least = of(0).await;
    assert_eq!(least, 1 + 110 + (1 + 1) + (1 + 1));
    assert_eq!(of(10 * 1024).await, least + 10);
    let all = of(LimitSettings::default().max_import_body).await;
    assert!(all < LimitSettings::default().max_cost, "{all}");
    let inline = format!(
        "mutation {{ importCatalog(input: {{ format: KUNDIG, source: \"{}\" }}) {{ result {{ created }} userErrors {{ message }} }} }}",
        "x".repeat(3 * 1024)
    );
    assert_eq!(cost_with(&engine, &inline, json!({})).await, least + 3);
}

/// What tools ask for when they load a schema.
const INTROSPECTION: &str = include_str!("introspection.graphql");

#[tokio::test]
async fn loading_the_schema_is_allowed_with_room_to_grow() {
    let engine = engine().await;
    let cost = cost_with(&engine, INTROSPECTION, json!({})).await;
    let most = LimitSettings::default().max_cost;
    assert!((most / 20..most / 2).contains(&cost), "{cost}");
}

/// Makes documents of the API from a list of decisions.
struct Author<'a> {
    registry: &'a Registry,
    decisions: std::vec::IntoIter<u8>,
    variables: serde_json::Map<String, serde_json::Value>,
    text: String,
}

impl Author<'_> {
    fn decide(&mut self, among: usize) -> usize {
        usize::from(self.decisions.next().unwrap_or_default()) % among
    }

    /// The length of a page: nothing, a literal or a variable, given or not.
    fn page(&mut self) {
        match self.decide(5) {
            0 => {}
            1 => {
                let first = self.decide(6);
                write!(self.text, "(first: {first})").unwrap();
            }
            2 => self.text += "(last: 3)",
            choice => {
                let name = format!("v{}", self.decide(4));
                if choice == 3 {
                    let value = self.decide(6);
                    self.variables.entry(name.clone()).or_insert(json!(value));
                }
                write!(self.text, "(first: ${name})").unwrap();
            }
        }
    }

    fn selection(&mut self, of: &str, depth: usize) {
        let fields = self.registry.types[of].fields().unwrap();
        // A field that needs arguments is not one of those that documents are made of here.
        let usable: Vec<_> = fields
            .values()
            .filter(|field| {
                field
                    .args
                    .values()
                    .all(|argument| !argument.ty.ends_with('!'))
            })
            .filter(|field| !field.name.starts_with("__"))
            .filter(|field| !(self.is_object(field) && depth == 0))
            .collect();
        self.text += " { __typename";
        for number in 0..=self.decide(3) {
            let field = usable[self.decide(usable.len())];
            let alias = format!("f{}_{number}", self.text.len());
            write!(self.text, " {alias}: {}", field.name).unwrap();
            if field.args.contains_key("last") {
                self.page();
            }
            if self.is_object(field) {
                self.selection(MetaTypeName::concrete_typename(&field.ty), depth - 1);
            } else if self.is_union(field) {
                self.text += " { __typename }";
            }
        }
        self.text += " }";
    }

    fn is_object(&self, field: &MetaField) -> bool {
        let of = MetaTypeName::concrete_typename(&field.ty);
        matches!(
            self.registry.types[of],
            MetaType::Object { .. } | MetaType::Interface { .. }
        )
    }

    fn is_union(&self, field: &MetaField) -> bool {
        let of = MetaTypeName::concrete_typename(&field.ty);
        matches!(self.registry.types[of], MetaType::Union { .. })
    }
}

/// Counts by going through a worst answer, object by object.
struct Oracle<'a> {
    registry: &'a Registry,
    variables: &'a serde_json::Map<String, serde_json::Value>,
}

impl Oracle<'_> {
    /// `page` is the length of the connection's page, `total` what it costs to count it.
    fn count(&self, of: &str, selection_set: &SelectionSet, (page, total): (u64, u64)) -> u64 {
        let mut count = 0;
        for selection in &selection_set.items {
            let Selection::Field(field) = &selection.node else {
                panic!("the author uses no fragments");
            };
            let field = &field.node;
            count += 1;
            let Some(known) = self.registry.types[of].field_by_name(&field.name.node) else {
                continue;
            };
            count += weights::base(self.registry, of, field);
            if field.name.node == "totalCount" {
                count += total;
            }
            let below = MetaTypeName::concrete_typename(&known.ty);
            let (objects, connection) = match weights::length(of, known) {
                Length::One => (1, (0, 0)),
                Length::Assumed(length) => (length, (0, 0)),
                Length::Page => (page, (0, 0)),
                Length::PageBelow => (1, (self.page(field), weights::count(of, field))),
                Length::First => (self.page(field), (0, 0)),
                Length::Ids => panic!("the author leaves required arguments alone"),
            };
            for _ in 0..objects {
                count += self.count(below, &field.selection_set.node, connection);
            }
        }
        count
    }

    fn page(&self, field: &Field) -> u64 {
        let given = field
            .arguments
            .first()
            .and_then(|(_, value)| match &value.node {
                Value::Number(number) => number.as_u64(),
                Value::Variable(name) => self.variables.get(name.as_str())?.as_u64(),
                other => panic!("the author writes numbers, not {other}"),
            });
        given.unwrap_or(25)
    }
}

#[test]
fn the_cost_is_that_of_the_worst_answer() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let limits = LimitSettings {
        max_aliases: 10_000,
        max_depth: 30,
        ..LimitSettings::default()
    };
    let (engine, env) = runtime.block_on(async {
        let documents =
            crate::server::graphql::document::Documents::new(schema::roots(), Arc::default());
        let env = documents.schema_env().await.unwrap().clone();
        (
            Engine::new(schema::roots, &Arc::new(limits)).await.unwrap(),
            env,
        )
    });
    let registry = &env.registry;
    let decisions = proptest::collection::vec(any::<u8>(), 20..120);
    let config = Config {
        failure_persistence: None,
        ..Config::default()
    };
    let checked = TestRunner::new(config).run(&decisions, |decisions| {
        let mut author = Author {
            registry,
            decisions: decisions.into_iter(),
            variables: serde_json::Map::new(),
            text: String::new(),
        };
        author.selection("Query", 5);
        let declared: Vec<_> = (0..4)
            .map(|number| format!("$v{number}: Int"))
            .filter(|declaration| author.text.contains(declaration.split(':').next().unwrap()))
            .collect();
        let declared = match declared.as_slice() {
            [] => String::new(),
            declared => format!("({})", declared.join(", ")),
        };
        let query = format!("query {declared}{}", author.text);
        let variables = author.variables;
        let cost = runtime.block_on(cost_with(&engine, &query, json!(variables)));
        let document = parse_query(&query).unwrap();
        let (_, operation) = document.operations.iter().next().unwrap();
        let oracle = Oracle {
            registry,
            variables: &variables,
        };
        let expected = oracle.count("Query", &operation.node.selection_set.node, (0, 0));
        prop_assert_eq!(cost, expected, "{} {:?}", query, variables);
        Ok(())
    });
    checked.unwrap();
}
