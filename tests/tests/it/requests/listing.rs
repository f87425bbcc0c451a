use kundig_tests::{Database, Server, Settings, on_both_databases};
use serde_json::{Value, json};

use super::{submit, take};
use crate::objects::{CUSTOMER, OFFERING, PERSON, SERVICE, TEAM, list, text};

/// Services of two teams with requests in several states, for two customers.
struct World {
    server: Server,
    services: Vec<Value>,
    customers: Vec<Value>,
    requests: Vec<Value>,
    team: Value,
}

impl World {
    async fn new(database: &Database, services: usize, each: usize) -> Self {
        let server = Settings::new(database).start().await;
        let team = TEAM.create_plain(&server, "Night shift").await;
        let mut customers = Vec::new();
        for name in ["Ward 3", "Laboratory"] {
            customers.push(CUSTOMER.create_plain(&server, name).await);
        }
        let person = json!({"name": "Ada", "customerId": customers[0]["id"]});
        let ada = PERSON.create(&server, person).await;
        let (mut all, mut requests) = (Vec::new(), Vec::new());
        for number in 0..services {
            let mut service = json!({"name": format!("Service {number:03}")});
            if number % 2 == 0 {
                service["teamId"] = team["id"].clone();
            }
            let service = SERVICE.create(&server, service).await;
            let offering =
                json!({"name": format!("Offering {number:03}"), "serviceId": service["id"]});
            let offering = OFFERING.create(&server, offering).await;
            for turn in 0..each {
                let priority = format!("P{}", turn % 4 + 1);
                let mut input = json!({"offeringId": offering["id"], "priority": priority});
                match turn % 3 {
                    0 => input["customerId"] = customers[1]["id"].clone(),
                    1 => input["requesterId"] = ada["id"].clone(),
                    _ => {}
                }
                let mut request = submit(&server, input).await;
                if turn % 4 == 1 {
                    request = take(&server, "start", &request, json!({})).await;
                }
                requests.push(request);
            }
            all.push(service);
        }
        Self {
            server,
            services: all,
            customers,
            requests,
            team,
        }
    }

    async fn ask(&self, arguments: &str, variables: Value) -> Value {
        let document = format!(
            "query ($id: ID, $since: DateTime, $after: String, $before: String) {{ serviceRequests({arguments}) {{ totalCount nodes {{ number status priority createdAt updatedAt }}
               edges {{ cursor }} pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }} }} }}"
        );
        let document = used_variables(&document, &variables);
        let answer = self
            .server
            .query(document)
            .variables(variables)
            .send()
            .await;
        answer.expect_data()["serviceRequests"].clone()
    }
}

/// Only variables that are used may be declared.
fn used_variables(document: &str, variables: &Value) -> String {
    let declared = [
        ("id", "ID"),
        ("since", "DateTime"),
        ("after", "String"),
        ("before", "String"),
    ];
    let used: Vec<String> = declared
        .iter()
        .filter(|(name, _)| !variables[*name].is_null())
        .map(|(name, ty)| format!("${name}: {ty}"))
        .collect();
    let rest = &document[document.find("{ serviceRequests").expect("a query")..];
    if used.is_empty() {
        rest.to_owned()
    } else {
        format!("query ({}) {rest}", used.join(", "))
    }
}

fn numbers(page: &Value) -> Vec<String> {
    let nodes = list(&page["nodes"]);
    nodes.iter().map(|node| text(&node["number"])).collect()
}

async fn pages_forwards_and_backwards_are_the_whole_list(database: Database) {
    let world = World::new(&database, 3, 7).await;
    for field in ["CREATED_AT", "UPDATED_AT", "PRIORITY", "DUE_AT"] {
        for direction in ["ASC", "DESC"] {
            let order = format!("orderBy: {{field: {field}, direction: {direction}}}");
            let whole = world.ask(&format!("{order}, first: 100"), json!({})).await;
            let expected = numbers(&whole);
            assert_eq!(expected.len(), 21);
            assert_eq!(whole["totalCount"], 21);
            assert_eq!(whole["pageInfo"]["hasNextPage"], false);
            assert_eq!(whole["pageInfo"]["hasPreviousPage"], false);
            let sorted_by = match field {
                "UPDATED_AT" => Some("updatedAt"),
                "CREATED_AT" => Some("createdAt"),
                "PRIORITY" => Some("priority"),
                _ => None,
            };
            if let Some(key) = sorted_by {
                let mut keys: Vec<String> = list(&whole["nodes"])
                    .iter()
                    .map(|it| text(&it[key]))
                    .collect();
                if direction == "DESC" {
                    keys.reverse();
                }
                assert!(keys.is_sorted(), "{field} {direction}: {keys:?}");
            }
            for (size, forwards) in [(4, true), (5, false), (21, true), (1, false)] {
                let mut met = Vec::new();
                let mut cursor = Value::Null;
                loop {
                    let (arguments, variables) = match (forwards, cursor.is_null()) {
                        (true, true) => (format!("{order}, first: {size}"), json!({})),
                        (true, false) => (
                            format!("{order}, first: {size}, after: $after"),
                            json!({"after": cursor}),
                        ),
                        (false, true) => (format!("{order}, last: {size}"), json!({})),
                        (false, false) => (
                            format!("{order}, last: {size}, before: $before"),
                            json!({"before": cursor}),
                        ),
                    };
                    let page = world.ask(&arguments, variables).await;
                    let info = &page["pageInfo"];
                    let came_before = met.len();
                    if forwards {
                        met.extend(numbers(&page));
                        assert_eq!(info["hasPreviousPage"], json!(came_before > 0));
                        assert_eq!(info["hasNextPage"], json!(met.len() < 21));
                        cursor = info["endCursor"].clone();
                    } else {
                        met.splice(0..0, numbers(&page));
                        assert_eq!(info["hasNextPage"], json!(came_before > 0));
                        assert_eq!(info["hasPreviousPage"], json!(met.len() < 21));
                        cursor = info["startCursor"].clone();
                    }
                    if met.len() >= 21 {
                        break;
                    }
                }
                assert_eq!(met, expected, "{field} {direction} by {size}");
            }
        }
    }
}

async fn filters_leave_what_they_say(database: Database) {
    let world = World::new(&database, 2, 8).await;
    let total = async |filter: &str, variables: Value| {
        let page = world
            .ask(&format!("first: 100, filter: {{{filter}}}"), variables)
            .await;
        assert_eq!(page["totalCount"], json!(numbers(&page).len()), "{filter}");
        numbers(&page).len()
    };
    assert_eq!(total("", json!({})).await, 16);
    assert_eq!(total("statuses: [IN_PROGRESS]", json!({})).await, 4);
    assert_eq!(total("statuses: []", json!({})).await, 0);
    assert_eq!(
        total("statuses: [IN_PROGRESS, SUBMITTED]", json!({})).await,
        16
    );
    assert_eq!(total("priorities: [P1, P2]", json!({})).await, 8);
    assert_eq!(
        total("serviceId: $id", json!({"id": world.services[0]["id"]})).await,
        8
    );
    assert_eq!(
        total("teamId: $id", json!({"id": world.team["id"]})).await,
        8
    );
    assert_eq!(
        total("customerId: $id", json!({"id": world.customers[1]["id"]})).await,
        6
    );
    assert_eq!(
        total("customerId: $id", json!({"id": world.customers[0]["id"]})).await,
        6
    );
    assert_eq!(total("breached: true", json!({})).await, 0);
    assert_eq!(total("breached: false", json!({})).await, 16);
    let middle = json!({"since": world.requests[6]["createdAt"]});
    assert_eq!(total("createdSince: $since", middle.clone()).await, 10);
    assert_eq!(total("createdUntil: $since", middle).await, 6);

    let answer = world
        .server
        .query("{ serviceRequests(filter: {serviceId: \"nonsense\"}) { totalCount } }")
        .send()
        .await;
    answer.expect_error_code("BAD_USER_INPUT");
}

/// How many SQL statements a query takes.
async fn statements(server: &Server, document: &str) -> u64 {
    let before = server.metrics().await.sql_statements("request");
    server.query(document).send().await.expect_data();
    server.metrics().await.sql_statements("request") - before
}

async fn a_list_of_a_hundred_takes_as_many_statements_as_one_of_ten(database: Database) {
    let world = World::new(&database, 100, 3).await;
    for (template, expected) in [
        (
            "{ serviceRequests(first: N) { nodes { number offering { name service { name } } customer { name } requester { name }
                events(last: 1) { nodes { at actor } } } } }",
            2,
        ),
        (
            "{ serviceRequests(first: N) { totalCount nodes { number events(last: 1) { totalCount nodes { at } } first: events(first: 2) { nodes { at } } } } }",
            5,
        ),
        (
            "{ services(first: N) { nodes { name serviceRequests(first: 2) { totalCount nodes { number events(first: 1) { nodes { actor } } } } } } }",
            3,
        ),
        (
            "{ teams { nodes { services(first: N) { nodes { serviceRequests(last: 2) { nodes { number } pageInfo { hasPreviousPage } } } } } } }",
            1,
        ),
        ("{ services(first: N) { nodes { name offerings { nodes { name } } } } }", 0),
    ] {
        let of = |size: &str| template.replace('N', size);
        let ten = statements(&world.server, &of("10")).await;
        let hundred = statements(&world.server, &of("100")).await;
        assert_eq!((ten, hundred), (expected, expected), "{template}");
    }
}

async fn each_parent_has_its_own_page(database: Database) {
    let world = World::new(&database, 3, 5).await;
    let answer = world
        .server
        .query("{ services(orderBy: {field: SLUG}) { nodes { serviceRequests(first: 2, orderBy: {field: CREATED_AT, direction: ASC}) {
            totalCount nodes { number service { slug } } pageInfo { hasNextPage endCursor } } } } }")
        .send()
        .await;
    let services = list(&answer.expect_data()["services"]["nodes"]);
    let found: Vec<Vec<String>> = services
        .iter()
        .map(|it| numbers(&it["serviceRequests"]))
        .collect();
    assert_eq!(
        found,
        [["REQ-1", "REQ-2"], ["REQ-6", "REQ-7"], ["REQ-11", "REQ-12"]]
    );
    for service in services {
        let page = &service["serviceRequests"];
        assert_eq!(page["totalCount"], 5);
        assert_eq!(page["pageInfo"]["hasNextPage"], true);
    }
    let foreign = text(&services[0]["serviceRequests"]["pageInfo"]["endCursor"]);
    let document = format!(
        "{{ serviceRequests(after: \"{foreign}\", orderBy: {{field: PRIORITY}}) {{ totalCount }} }}"
    );
    let answer = world.server.query(document).send().await;
    answer.expect_error_code("BAD_USER_INPUT");
}

on_both_databases!(
    pages_forwards_and_backwards_are_the_whole_list,
    filters_leave_what_they_say,
    a_list_of_a_hundred_takes_as_many_statements_as_one_of_ten,
    each_parent_has_its_own_page,
);
