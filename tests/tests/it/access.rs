//! Who may do what: every field of the roots, asked for with every sort of token.

mod bearers;
mod operations;

use std::collections::BTreeSet;

use kundig_tests::{Answer, Database, Server, on_both_databases};
use serde_json::{Value, json};

use self::bearers::{Bearer, Bearers};
use self::operations::{Operation, mutations, queries};
use crate::objects::{ALL, list, newest_change, text, until_shown};

/// The catalog that is asked about, and who answers for what in it.
struct World {
    server: Server,
    bearers: Bearers,
    /// A service whose business owner is the bearer "owner".
    owned: Value,
    /// A service whose service owner is the bearer "owner of another service".
    other: Value,
    /// The customer of those who may submit.
    customer: Value,
    /// One of them.
    person: Value,
}

impl World {
    async fn new(database: &Database) -> Self {
        let bearers = Bearers::new();
        let server = bearers.settings(database).start().await;
        let customer = json!({ "name": "The ward" });
        let customer = crate::objects::CUSTOMER.create(&server, customer).await;
        let person = json!({"name": "A submitter", "subject": "requests:submit", "customerId": customer["id"]});
        let person = crate::objects::PERSON.create(&server, person).await;
        let mut services = Vec::new();
        for (subject, role) in [
            (bearers::OWNER, "businessOwnerId"),
            (bearers::OTHER_OWNER, "serviceOwnerId"),
        ] {
            let person = json!({"name": subject, "subject": subject, "customerId": customer["id"]});
            let person = crate::objects::PERSON.create(&server, person).await;
            let service = json!({"name": format!("Of the {subject}"), role: person["id"]});
            services.push(crate::objects::SERVICE.create(&server, service).await);
        }
        let [owned, other] = services.try_into().expect("two services");
        Self {
            server,
            bearers,
            owned,
            other,
            customer,
            person,
        }
    }

    async fn run(&self, operation: &Operation, bearer: &Bearer) -> Answer {
        // What an operation needs is made before it runs, by an administrator.
        let variables = operation.variables(self, bearer).await;
        let query = self.server.query(&operation.document).variables(variables);
        match &bearer.token {
            Some(token) => query.token(token).send().await,
            None => query.anonymous().send().await,
        }
    }
}

/// What an answer means for who asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Allowed,
    Forbidden,
    Unauthenticated,
}

fn outcome(answer: &Answer) -> Outcome {
    let code = answer
        .errors()
        .first()
        .map(|error| text(&error["extensions"]["code"]));
    match (answer.status().as_u16(), code.as_deref()) {
        (200, None) => Outcome::Allowed,
        (200, Some("FORBIDDEN")) => Outcome::Forbidden,
        (401, Some("UNAUTHENTICATED")) => {
            let challenge = answer.header("WWW-Authenticate").unwrap_or_default();
            assert!(challenge.starts_with("Bearer "), "{answer}");
            Outcome::Unauthenticated
        }
        _ => panic!("neither allowed nor refused\n{answer}"),
    }
}

/// Runs each operation with each bearer and compares what comes of it with the table.
async fn check(world: &World, operations: &[Operation]) {
    for operation in operations {
        for bearer in &world.bearers.all {
            let answer = world.run(operation, bearer).await;
            let expected = if operation.may.contains(&bearer.name) {
                Outcome::Allowed
            } else if bearer.is_valid {
                Outcome::Forbidden
            } else {
                Outcome::Unauthenticated
            };
            let what = format!("{} with {}", operation.field, bearer.name);
            assert_eq!(outcome(&answer), expected, "{what}\n{answer}");
            if expected == Outcome::Allowed {
                if operation.is_mutation {
                    answer.expect_payload();
                }
            } else {
                let data = &answer.body()["data"];
                let nothing = data.is_null() || data[&operation.field].is_null();
                assert!(nothing, "{what} is refused and answered\n{answer}");
            }
        }
    }
}

/// Who has changed anything.
async fn actors(world: &World) -> BTreeSet<String> {
    let mut actors = BTreeSet::new();
    let mut after = "0".to_owned();
    loop {
        let document = "query ($after: String!) { changes(first: 100, after: $after) { nodes { actor } pageInfo { endCursor } } }";
        let query = world
            .server
            .query(document)
            .variables(json!({ "after": after }));
        let answer = query.send().await;
        let page = &answer.expect_data()["changes"];
        actors.extend(
            list(&page["nodes"])
                .iter()
                .map(|change| text(&change["actor"])),
        );
        match page["pageInfo"]["endCursor"].as_str() {
            Some(end) => end.clone_into(&mut after),
            None => return actors,
        }
    }
}

async fn every_query_is_answered_for_exactly_those_who_may_have_it(database: Database) {
    let world = World::new(&database).await;
    check(&world, &queries()).await;
}

async fn every_mutation_is_done_for_exactly_those_who_may_do_it(database: Database) {
    let world = World::new(&database).await;
    check(&world, &mutations()).await;
    until_shown(&world.server).await;
    let expected = [
        "admin",
        "catalog:write",
        "requests:submit",
        "requests:work",
        bearers::OWNER,
    ]
    .map(str::to_owned);
    assert_eq!(actors(&world).await, expected.into());
}

async fn the_tables_cover_the_roots(database: Database) {
    let world = World::new(&database).await;
    let answer = world
        .server
        .query("{ __schema { queryType { fields { name } } mutationType { fields { name } } } }")
        .send()
        .await;
    let schema = &answer.expect_data()["__schema"];
    for (root, operations) in [("queryType", queries()), ("mutationType", mutations())] {
        // Webhooks are for admins only, which their own tests look at.
        let served: BTreeSet<String> = list(&schema[root]["fields"])
            .iter()
            .map(|field| text(&field["name"]))
            .filter(|name| !name.to_lowercase().contains("webhook"))
            .collect();
        let covered = operations.into_iter().map(|operation| operation.field);
        assert_eq!(covered.collect::<BTreeSet<_>>(), served);
    }
}

async fn objects_do_not_exist_for_those_who_may_not_read_the_catalog(database: Database) {
    let world = World::new(&database).await;
    let mut ids = Vec::new();
    for ty in ALL {
        let object = ty.create_plain(&world.server, "Seen by few").await;
        ids.push(text(&object["id"]));
    }
    let document = "query ($ids: [ID!]!, $after: String!, $first: ID!) {
        nodes(ids: $ids) { __typename }
        node(id: $first) { __typename }
        changes(first: 1) { totalCount nodes { actor } pageInfo { hasNextPage hasPreviousPage } }
        later: changes(after: $after) { totalCount nodes { actor } pageInfo { hasNextPage hasPreviousPage } }
        viewer { subject scopes person { name } }
      }";
    until_shown(&world.server).await;
    let newest = newest_change(&world.server).await;
    let variables = json!({ "ids": ids, "first": ids[0], "after": newest });
    let nothing = json!({
        "totalCount": 0, "nodes": [], "pageInfo": {"hasNextPage": false, "hasPreviousPage": false}
    });
    for bearer in world.bearers.all.iter().filter(|bearer| bearer.is_valid) {
        let query = world.server.query(document).variables(variables.clone());
        let token = bearer.token.clone().expect("a valid token is one");
        let answer = query.token(token).send().await;
        let data = answer.expect_data();
        let seen = list(&data["nodes"])
            .iter()
            .filter(|node| !node.is_null())
            .count();
        if bearers::READERS.contains(&bearer.name) {
            let hidden = usize::from(!operations::INSIGHT.contains(&bearer.name));
            assert_eq!(seen, ids.len() - hidden, "{}\n{answer}", bearer.name);
            assert!(data["node"].is_object(), "{}\n{answer}", bearer.name);
            assert_ne!(
                data["changes"]["nodes"],
                json!([]),
                "{}\n{answer}",
                bearer.name
            );
        } else {
            // Shadow IT is seen with insights, and is part of no other object.
            let sees_shadow_it = operations::INSIGHT.contains(&bearer.name);
            assert_eq!(
                seen,
                usize::from(sees_shadow_it),
                "{}\n{answer}",
                bearer.name
            );
            assert_eq!(data["node"], Value::Null, "{}\n{answer}", bearer.name);
            if !sees_shadow_it {
                assert_eq!(data["changes"], nothing, "{}\n{answer}", bearer.name);
                assert_eq!(data["later"], nothing, "{}\n{answer}", bearer.name);
            }
            // Who submits is told who they are.
            let person = match bearer.name {
                "requests:submit" => json!({"name": "A submitter"}),
                "owner who may not read" => json!({ "name": bearers::OWNER }),
                _ => Value::Null,
            };
            assert_eq!(
                data["viewer"]["person"], person,
                "{}\n{answer}",
                bearer.name
            );
        }
    }
}

async fn owners_change_their_services_and_nothing_else(database: Database) {
    let world = World::new(&database).await;
    let owner = world.bearers.token(bearers::OWNER);
    let run = async |mutation: &str, selection: &str, input: Value| {
        let mut name = mutation.to_owned();
        name[..1].make_ascii_uppercase();
        let document = format!(
            "mutation ($input: {name}Input!) {{ {mutation}(input: $input) {{ {selection} userErrors {{ field message code }} }} }}"
        );
        let query = world.server.query(document);
        let answer = query
            .variables(json!({"input": input}))
            .token(&owner)
            .send()
            .await;
        (outcome(&answer), answer)
    };
    let (mine, theirs) = (&world.owned["id"], &world.other["id"]);

    let offering = json!({"name": "Mine", "serviceId": mine});
    let (done, answer) = run("createServiceOffering", "serviceOffering { id }", offering).await;
    assert_eq!(done, Outcome::Allowed, "{answer}");
    let my_offering = answer.expect_payload()["serviceOffering"]["id"].clone();
    let input = json!({"name": "Theirs", "serviceId": theirs});
    let their_offering = crate::objects::OFFERING.create(&world.server, input).await;

    for (mutation, selection, input) in [
        (
            "createServiceOffering",
            "serviceOffering { id }",
            json!({"name": "New", "serviceId": theirs}),
        ),
        (
            "updateServiceOffering",
            "serviceOffering { id }",
            json!({"id": my_offering, "serviceId": theirs}),
        ),
        (
            "updateServiceOffering",
            "serviceOffering { id }",
            json!({"id": their_offering["id"], "serviceId": mine}),
        ),
        (
            "deleteServiceOffering",
            "deletedId",
            json!({"id": their_offering["id"]}),
        ),
        (
            "updateService",
            "service { id }",
            json!({"id": theirs, "businessOwnerId": null}),
        ),
        // What else is wrong with it is nobody's business, and so is whether it would change anything.
        (
            "updateService",
            "service { id }",
            json!({"id": theirs, "name": ""}),
        ),
        (
            "updateService",
            "service { id }",
            json!({"id": theirs, "expectedVersion": 99}),
        ),
        ("updateService", "service { id }", json!({"id": theirs})),
        (
            "setDependency",
            "dependency { strength }",
            json!({"dependentId": theirs, "dependencyId": mine}),
        ),
        (
            "removeDependency",
            "dependent { id }",
            json!({"dependentId": theirs, "dependencyId": mine}),
        ),
    ] {
        let (refused, answer) = run(mutation, selection, input).await;
        assert_eq!(refused, Outcome::Forbidden, "{mutation}\n{answer}");
    }

    // Handing it over is a change like any theirs, and the last one.
    let (done, answer) = run(
        "updateService",
        "service { id }",
        json!({"id": mine, "businessOwnerId": null}),
    )
    .await;
    assert_eq!(done, Outcome::Allowed, "{answer}");
    let (refused, answer) = run(
        "updateService",
        "service { id }",
        json!({"id": mine, "name": "Mine again"}),
    )
    .await;
    assert_eq!(refused, Outcome::Forbidden, "{answer}");
    let (refused, answer) = run(
        "updateServiceOffering",
        "serviceOffering { id }",
        json!({"id": my_offering, "name": "Mine again"}),
    )
    .await;
    assert_eq!(refused, Outcome::Forbidden, "{answer}");
}

async fn anonymous_reading_is_reading_the_catalog_and_nothing_else(database: Database) {
    let bearers = Bearers::new();
    let settings = bearers.settings(&database).arg("--anonymous-read");
    let server = settings.start().await;
    let person = json!({"name": "Somebody", "subject": bearers::OWNER});
    crate::objects::PERSON.create(&server, person).await;
    until_shown(&server).await;

    let answer = server
        .query("{ people { totalCount } changes { totalCount nodes { actor tokenId } } viewer { subject scopes person { name } } }")
        .anonymous()
        .send()
        .await;
    let data = answer.expect_data();
    assert_eq!(data["people"]["totalCount"], 1);
    assert_eq!(data["changes"]["totalCount"], 1);
    assert_eq!(data["changes"]["nodes"][0]["tokenId"], Value::Null);
    assert_eq!(
        data["viewer"],
        json!({"subject": null, "scopes": ["catalog:read"], "person": null})
    );

    let mutation = server
        .query(r#"mutation { createTeam(input: {name: "Nobody's"}) { team { id } userErrors { message } } }"#);
    let answer = mutation.anonymous().send().await;
    assert_eq!(outcome(&answer), Outcome::Unauthenticated);

    // A token that is no good is worse than none.
    let expired = bearers.token("an expired token");
    let answer = server
        .query("{ people { totalCount } }")
        .token(expired)
        .send()
        .await;
    assert_eq!(outcome(&answer), Outcome::Unauthenticated);

    let submitter = bearers.token("requests:submit");
    let answer = server
        .query("{ people { totalCount } viewer { scopes } }")
        .token(submitter)
        .send()
        .await;
    let data = answer.expect_data();
    assert_eq!(
        data["people"]["totalCount"], 1,
        "whoever shows a token may read as well"
    );
    assert_eq!(
        data["viewer"]["scopes"],
        json!(["catalog:read", "requests:submit"])
    );
}

async fn a_change_names_who_did_it_with_which_token_by_which_program(database: Database) {
    let world = World::new(&database).await;
    let before = newest_change(&world.server).await;
    let token = world.bearers.token("catalog:write");
    let answer = world
        .server
        .query(r#"mutation { createTeam(input: {name: "Night shift"}) { team { id } userErrors { message } } }"#)
        .token(&token)
        .header("X-Request-Id", "the-request")
        .send()
        .await;
    answer.expect_payload();
    until_shown(&world.server).await;

    let trail = async |bearer: &str| {
        let answer = world
            .server
            .query("query ($after: String!) { changes(after: $after) { nodes { actor tokenId clientId requestId } } }")
            .variables(json!({ "after": before }))
            .token(world.bearers.token(bearer))
            .send()
            .await;
        answer.expect_data()["changes"]["nodes"].clone()
    };
    assert_eq!(
        trail("admin").await,
        json!([{
            "actor": "catalog:write",
            "tokenId": bearers::token_id(&token),
            "clientId": "kundig-tests",
            "requestId": "the-request",
        }])
    );
    assert_eq!(
        trail("catalog:read").await,
        json!([{"actor": "catalog:write", "tokenId": null, "clientId": null, "requestId": null}])
    );
}

on_both_databases!(
    every_query_is_answered_for_exactly_those_who_may_have_it,
    every_mutation_is_done_for_exactly_those_who_may_do_it,
    the_tables_cover_the_roots,
    objects_do_not_exist_for_those_who_may_not_read_the_catalog,
    owners_change_their_services_and_nothing_else,
    anonymous_reading_is_reading_the_catalog_and_nothing_else,
    a_change_names_who_did_it_with_which_token_by_which_program,
);
