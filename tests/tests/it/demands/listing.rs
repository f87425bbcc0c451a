use std::cmp::Ordering;

use kundig_tests::{Database, Server, Settings, on_both_databases, tokens};
use serde_json::{Value, json};

use super::{mutation, raise, submitter, take};
use crate::objects::{CUSTOMER, OUTCOME, PERSON, SERVICE, list, text};

/// Demands of two customers, in all states.
struct World {
    server: Server,
    customers: Vec<Value>,
    outcome: Value,
    service: Value,
    demands: Vec<Value>,
}

const FIELDS: &str = "number status kind createdAt score supporterCount valuePerMonth { amount } customer { slug } outcome { slug } service { slug }";

impl World {
    async fn new(database: &Database, count: usize) -> Self {
        let server = Settings::new(database).start().await;
        let mut customers = Vec::new();
        for name in ["Ward 3", "Laboratory"] {
            customers.push(CUSTOMER.create_plain(&server, name).await);
        }
        let outcome =
            json!({"name": "Discharge", "customerId": customers[0]["id"], "valuePerHour": "1"});
        let outcome = OUTCOME.create(&server, outcome).await;
        let service = SERVICE.create_plain(&server, "Bed board").await;
        let mut people = Vec::new();
        for name in ["Ada", "Bob", "Eve"] {
            people.push(PERSON.create_plain(&server, name).await);
        }
        for number in 0..count {
            let mut input = json!({"customerId": customers[number % 2]["id"], "valuePerMonth": number * 7 % 5 * 100});
            input["kind"] = json!(["NEED", "WISH", "DRIVER"][number % 3]);
            if number % 4 != 3 {
                input["effort"] = json!(number % 3 + 1);
            }
            if number % 6 == 0 {
                input["outcomeId"] = outcome["id"].clone();
            }
            if number % 5 == 4 {
                input["serviceId"] = service["id"].clone();
            }
            let demand = raise(&server, input).await;
            for person in &people[..number % 4] {
                take(
                    &server,
                    "support",
                    &demand,
                    json!({"personId": person["id"]}),
                )
                .await;
            }
            match number % 7 {
                1 => drop(take(&server, "plan", &demand, json!({})).await),
                2 => drop(
                    take(
                        &server,
                        "meet",
                        &demand,
                        json!({"serviceId": service["id"]}),
                    )
                    .await,
                ),
                3 => {
                    let no =
                        json!({"reason": "COST", "explanation": "It costs more than it is worth."});
                    take(&server, "decline", &demand, no).await;
                }
                _ => {}
            }
        }
        let document = format!("{{ demands(first: 100) {{ nodes {{ {FIELDS} }} }} }}");
        let answer = server.query(document).send().await;
        let mut demands = list(&answer.expect_data()["demands"]["nodes"]).to_vec();
        demands.reverse();
        Self {
            server,
            customers,
            outcome,
            service,
            demands,
        }
    }

    async fn ask(&self, arguments: &str) -> Value {
        self.ask_as(tokens::everything(), arguments).await
    }

    async fn ask_as(&self, token: &str, arguments: &str) -> Value {
        let document = format!(
            "{{ demands({arguments}) {{ totalCount nodes {{ number }} pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }} }} }}"
        );
        let answer = self.server.query(document).token(token).send().await;
        answer.expect_data()["demands"].clone()
    }

    /// All pages of a list, forwards or backwards.
    async fn pages(
        &self,
        token: &str,
        order: &str,
        (size, forwards): (usize, bool),
    ) -> Vec<String> {
        let mut met = Vec::new();
        let mut place = String::new();
        loop {
            let take = if forwards { "first" } else { "last" };
            let page = format!("{order}, {take}: {size}{place}");
            let page = self.ask_as(token, &page).await;
            let info = &page["pageInfo"];
            let nodes = numbers(list(&page["nodes"]));
            let more = if forwards {
                met.extend(nodes);
                place = format!(", after: {}", info["endCursor"]);
                &info["hasNextPage"]
            } else {
                met.splice(0..0, nodes);
                place = format!(", before: {}", info["startCursor"]);
                &info["hasPreviousPage"]
            };
            assert_eq!(page["totalCount"] != json!(met.len()), *more, "{page}");
            if *more == false {
                return met;
            }
        }
    }

    /// Whether these demands are what somebody sees, in every order, forwards and backwards.
    async fn expect_pages(&self, token: &str, demands: &[Value]) {
        for field in ["CREATED_AT", "VALUE_PER_MONTH", "SCORE", "SUPPORTERS"] {
            let mut sorted = demands.to_vec();
            sorted.sort_by(|one, other| compare(field, one, other));
            for direction in ["ASC", "DESC"] {
                if direction == "DESC" {
                    sorted.reverse();
                }
                let expected = numbers(&sorted);
                let order = format!("orderBy: {{field: {field}, direction: {direction}}}");
                for window in [(100, true), (4, true), (5, false)] {
                    let met = self.pages(token, &order, window).await;
                    assert_eq!(met, expected, "{field} {direction} by {window:?}");
                }
            }
        }
    }
}

fn numbers<'a>(demands: impl IntoIterator<Item = &'a Value>) -> Vec<String> {
    demands.into_iter().map(|it| text(&it["number"])).collect()
}

fn number(value: &Value) -> f64 {
    let text = value.as_str().map(|text| text.parse().expect("a number"));
    text.or_else(|| value.as_f64()).unwrap_or(-1.0)
}

/// How a list in this order ascends; what is equal is in the order in which it was raised.
fn compare(field: &str, one: &Value, other: &Value) -> Ordering {
    let by = |of: &dyn Fn(&Value) -> f64| of(one).total_cmp(&of(other));
    match field {
        "VALUE_PER_MONTH" => by(&|it| number(&it["valuePerMonth"]["amount"])),
        "SCORE" => by(&|it| number(&it["score"])),
        "SUPPORTERS" => by(&|it| number(&it["supporterCount"])),
        _ => Ordering::Equal,
    }
}

async fn pages_forwards_and_backwards_are_the_whole_list(database: Database) {
    let world = World::new(&database, 23).await;
    assert_eq!(world.demands.len(), 23);
    let demands = world.demands.clone();
    world.expect_pages(tokens::everything(), &demands).await;
}

/// Eve has raised demands of one customer and belongs to another since: some are hers, some are her customer's, and of some she is
/// the raiser for both reasons.
async fn pages_of_what_somebody_sees_for_several_reasons_hold_each_demand_once(database: Database) {
    let world = World::new(&database, 15).await;
    let (server, [ward, lab]) = (&world.server, [0, 1].map(|at| &world.customers[at]));
    let eve = json!({"name": "Eve Miller", "subject": "eve", "customerId": lab["id"]});
    let eve = PERSON.create(server, eve).await;
    let raise_for = async |customer: &Value, number: i32| {
        let input = json!({"title": "T", "kind": "WISH", "customerId": customer["id"],
            "valuePerMonth": number * 100, "effort": number % 3 + 1});
        let (document, variables) = mutation("raiseDemand", "RaiseDemandInput", &input);
        let query = server.query(document).variables(variables);
        let answer = query.token(submitter("eve")).send().await;
        answer.expect_payload()["demand"].clone()
    };
    let mut all = world.demands.clone();
    for number in 0..4 {
        all.push(raise_for(lab, number).await);
    }
    let moved = json!({"id": eve["id"], "customerId": ward["id"]});
    PERSON.update(server, moved).await;
    for number in 2..5 {
        all.push(raise_for(ward, number).await);
    }
    all.retain(|it| it["customer"]["slug"] == "ward-3" || it["raisedBy"]["slug"] == eve["slug"]);
    assert_eq!(all.len(), 8 + 4 + 3);
    world.expect_pages(&submitter("eve"), &all).await;
}

type Oracle = fn(&Value) -> bool;

async fn filters_leave_what_they_say(database: Database) {
    let world = World::new(&database, 30).await;
    let is_open = |it: &Value| it["status"] == "OPEN" || it["status"] == "PLANNED";
    assert!(
        world
            .demands
            .iter()
            .any(|it| is_open(it) && !it["service"].is_null())
    );
    let id = |object: &Value| object["id"].to_string();
    let cases: [(String, Oracle); 10] = [
        (String::new(), |_| true),
        ("statuses: [MET, DECLINED]".to_owned(), |it| {
            it["status"] == "MET" || it["status"] == "DECLINED"
        }),
        ("statuses: []".to_owned(), |_| false),
        ("kinds: [WISH]".to_owned(), |it| it["kind"] == "WISH"),
        (format!("customerId: {}", id(&world.customers[1])), |it| {
            it["customer"]["slug"] == "laboratory"
        }),
        (format!("outcomeId: {}", id(&world.outcome)), |it| {
            !it["outcome"].is_null()
        }),
        (format!("serviceId: {}", id(&world.service)), |it| {
            !it["service"].is_null()
        }),
        ("unmet: true".to_owned(), |it| {
            ["OPEN", "PLANNED"].map(Value::from).contains(&it["status"]) && it["service"].is_null()
        }),
        ("unmet: false".to_owned(), |it| {
            !(["OPEN", "PLANNED"].map(Value::from).contains(&it["status"])
                && it["service"].is_null())
        }),
        (
            format!(
                "unmet: true, kinds: [NEED, DRIVER], customerId: {}",
                id(&world.customers[0])
            ),
            |it| {
                ["OPEN", "PLANNED"].map(Value::from).contains(&it["status"])
                    && it["service"].is_null()
                    && it["kind"] != "WISH"
                    && it["customer"]["slug"] == "ward-3"
            },
        ),
    ];
    for (filter, oracle) in cases {
        let expected = numbers(world.demands.iter().filter(|it| oracle(it)));
        let order = "orderBy: {field: CREATED_AT, direction: ASC}";
        let page = world
            .ask(&format!("first: 100, {order}, filter: {{{filter}}}"))
            .await;
        assert_eq!(numbers(list(&page["nodes"])), expected, "{filter}");
        assert_eq!(page["totalCount"], json!(expected.len()), "{filter}");
    }
    let bad = "{ demands(filter: {serviceId: \"nonsense\"}) { totalCount } }";
    world
        .server
        .query(bad)
        .send()
        .await
        .expect_error_code("BAD_USER_INPUT");
}

/// How many SQL statements a query takes.
async fn statements(server: &Server, document: &str) -> u64 {
    let before = server.metrics().await.sql_statements("request");
    server.query(document).send().await.expect_data();
    server.metrics().await.sql_statements("request") - before
}

async fn a_list_of_a_hundred_takes_as_many_statements_as_one_of_ten(database: Database) {
    let server = Settings::new(&database).start().await;
    let ada = PERSON.create_plain(&server, "Ada").await;
    let service = SERVICE.create_plain(&server, "Bed board").await;
    for number in 0..100 {
        let customer = CUSTOMER
            .create_plain(&server, &format!("Ward {number:03}"))
            .await;
        let demand = json!({"customerId": customer["id"], "serviceId": service["id"]});
        let demand = raise(&server, demand).await;
        take(&server, "support", &demand, json!({"personId": ada["id"]})).await;
    }
    for (template, expected) in [
        (
            "{ demands(first: N) { nodes { number customer { name } service { name } raisedBy { name } } } }",
            1,
        ),
        (
            "{ demands(first: N, orderBy: {field: SUPPORTERS}) { totalCount nodes { number supporters { name } } } }",
            3,
        ),
        (
            "{ customers(first: N) { nodes { demands(first: 2) { totalCount nodes { number supporters { name } } } } } }",
            3,
        ),
        (
            "{ customers(first: N) { nodes { demands(last: 2, orderBy: {field: SCORE}) { nodes { number } pageInfo { hasPreviousPage } } } } }",
            1,
        ),
    ] {
        let of = |size: &str| template.replace('N', size);
        let ten = statements(&server, &of("10")).await;
        let hundred = statements(&server, &of("100")).await;
        assert_eq!((ten, hundred), (expected, expected), "{template}");
    }
}

async fn each_parent_has_its_own_page(database: Database) {
    let world = World::new(&database, 12).await;
    let answer = world
        .server
        .query("{ customers { nodes { slug demands(first: 2, orderBy: {field: VALUE_PER_MONTH}) { totalCount nodes { number valuePerMonth { amount } } } } }
            businessOutcomes { nodes { demands { totalCount nodes { number } } } } services { nodes { demands(filter: {unmet: false}) { totalCount nodes { number service { slug } } } } } }")
        .send()
        .await;
    let data = answer.expect_data();
    for customer in list(&data["customers"]["nodes"]) {
        let mut theirs: Vec<Value> = world.demands.clone();
        theirs.retain(|it| it["customer"]["slug"] == customer["slug"]);
        theirs.sort_by(|one, other| compare("VALUE_PER_MONTH", one, other));
        theirs.reverse();
        let page = &customer["demands"];
        assert_eq!(page["totalCount"], json!(theirs.len()));
        assert_eq!(
            numbers(list(&page["nodes"])),
            numbers(&theirs[..2.min(theirs.len())])
        );
    }
    let of_outcome = &data["businessOutcomes"]["nodes"][0]["demands"];
    assert_eq!(numbers(list(&of_outcome["nodes"])), ["DEM-7", "DEM-1"]);
    let of_service = &data["services"]["nodes"][0]["demands"];
    let expected = world.demands.iter().filter(|it| !it["service"].is_null());
    assert_eq!(of_service["totalCount"], json!(expected.count()));
}

on_both_databases!(
    pages_forwards_and_backwards_are_the_whole_list,
    pages_of_what_somebody_sees_for_several_reasons_hold_each_demand_once,
    filters_leave_what_they_say,
    a_list_of_a_hundred_takes_as_many_statements_as_one_of_ten,
    each_parent_has_its_own_page,
);
