//! What to do first.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use fastrand::Rng;
use kundig::auth::Scope;
use kundig_tests::{Database, Server, Settings, on_both_databases, tokens};
use serde_json::{Value, json};

use super::impact::assert_close;
use super::oracle::World;
use crate::objects::{
    AGREEMENT, CALENDAR, CUSTOMER, OFFERING, OUTCOME, PERSON, SERVICE, list, text,
};
use crate::requests::clocks::{promise, target};
use crate::requests::take;
use crate::support::mutate;

const PAGE: usize = 17;
/// What the weights are where nothing is configured.
const WEIGHTS: [f64; 4] = [0.10, 0.03, 0.01, 0.003];

const ITEM: &str = "valuePerHour { amount } dueAt atRisk breached reasons subject {
    ... on Incident { number slaClocks { dueAt atRisk breached } }
    ... on ServiceRequest { number slaClocks { dueAt atRisk breached } }
    ... on Demand { number }
}";

/// Everything open, by its number, with what an hour of waiting for it costs.
type Open = BTreeMap<String, f64>;

async fn the_ranking_is_that_of_looking_at_everything(database: Database) {
    let server = Server::start(&database).await;
    let mut random = Rng::with_seed(3);
    let mut open = Open::new();
    for number in 0..100 {
        let world = World::random(&format!("w{number}"), &mut random);
        world.import(&server).await;
        break_and_ask(&server, &world, &mut random, &mut open).await;
        need(&server, &world, &mut random, &mut open).await;
    }
    for weights in [None, Some([1.0, 0.5, 0.0, 0.2])] {
        let used = weights.unwrap_or(WEIGHTS);
        let found = walk(
            &server,
            weights.map(|[p1, p2, p3, p4]| json!({"p1": p1, "p2": p2, "p3": p3, "p4": p4})),
        )
        .await;
        let numbers: Vec<String> = found.iter().map(number_of).collect();
        let mut sorted = numbers.clone();
        sorted.sort();
        let mut expected: Vec<String> = open.keys().map(|key| bare(key).to_owned()).collect();
        expected.sort();
        assert_eq!(sorted, expected, "each once");
        for (item, number) in found.iter().zip(&numbers) {
            let (key, outage) = open
                .iter()
                .find(|(key, _)| bare(key) == number)
                .expect("it is open");
            let weight = key.split_once('@').map_or(1.0, |(_, priority)| {
                used[priority.parse::<usize>().expect("a priority") - 1]
            });
            assert_close(&item["valuePerHour"]["amount"], outage * weight);
            assert_promises(item);
            assert!(!list(&item["reasons"]).is_empty(), "{item}");
        }
        for pair in found.windows(2) {
            assert_eq!(order(&pair[0], &pair[1]), Ordering::Less, "{pair:?}");
        }
    }
}

fn bare(key: &str) -> &str {
    key.split_once('@').map_or(key, |(number, _)| number)
}

fn number_of(item: &Value) -> String {
    text(&item["subject"]["number"])
}

/// Value descending, then due ascending with none last, then number.
fn order(one: &Value, other: &Value) -> Ordering {
    let value = |item: &Value| -> f64 {
        text(&item["valuePerHour"]["amount"])
            .parse()
            .expect("a number")
    };
    let due = |item: &Value| item["dueAt"].as_str().unwrap_or("never").to_owned();
    let number = |item: &Value| -> (u64, Option<usize>) {
        let text = number_of(item);
        let (kind, number) = text.split_once('-').expect("a number");
        let kind = ["INC", "REQ", "DEM"].iter().position(|it| *it == kind);
        (number.parse().expect("a number"), kind)
    };
    value(other)
        .total_cmp(&value(one))
        .then_with(|| due(one).cmp(&due(other)))
        .then_with(|| number(one).cmp(&number(other)))
}

/// The clock that ends first, and whether one is at risk, or breached.
fn assert_promises(item: &Value) {
    let clocks = item["subject"]["slaClocks"]
        .as_array()
        .map_or(&[][..], Vec::as_slice);
    let due = clocks
        .iter()
        .filter_map(|clock| clock["dueAt"].as_str())
        .min();
    assert_eq!(item["dueAt"].as_str(), due, "{item}");
    for what in ["atRisk", "breached"] {
        let any = clocks.iter().any(|clock| clock[what] == true);
        assert_eq!(item[what], any, "{item}");
    }
}

/// Some incidents and requests of a world, of which some end at once.
async fn break_and_ask(server: &Server, world: &World, random: &mut Rng, open: &mut Open) {
    let slugs: Vec<_> = world.services.iter().map(|service| &service.slug).collect();
    let answer = server
        .query("query ($slugs: [String!]) { services(filter: {slugs: $slugs}, first: 100) { nodes { id slug offerings { nodes { id } } } } }")
        .variables(json!({ "slugs": slugs }))
        .send()
        .await;
    let nodes: BTreeMap<String, Value> = list(&answer.expect_data()["services"]["nodes"])
        .iter()
        .map(|node| (text(&node["slug"]), node.clone()))
        .collect();
    let places: Vec<usize> = (0..slugs.len())
        .filter(|place| !world.services[*place].is_retired)
        .collect();
    if places.is_empty() {
        return;
    }
    for _ in 0..random.usize(..3) {
        let many = random.usize(1..=2);
        let failed = random.choose_multiple(&places, many);
        let failed: Vec<usize> = failed.into_iter().copied().collect();
        let ids: Vec<_> = failed
            .iter()
            .map(|place| &nodes[slugs[*place]]["id"])
            .collect();
        let (severity, lost) =
            [("OUTAGE", 1.0), ("DEGRADED", 0.5), ("MINOR", 0.1)][random.usize(..3)];
        let input = json!({"title": "Broken", "severity": severity, "serviceIds": ids});
        let answer = mutate(server, "reportIncident", "incident { id number }", input).await;
        let incident = answer.expect_payload()["incident"].clone();
        if random.u8(..4) == 0 {
            let input = json!({"id": incident["id"]});
            let document = "mutation ($input: IncidentStepInput!) { resolveIncident(input: $input) { userErrors { message } } }";
            let query = server.query(document).variables(json!({ "input": input }));
            query.send().await.expect_payload();
        } else {
            open.insert(text(&incident["number"]), world.impact(&failed, lost).value);
        }
    }
    for _ in 0..random.usize(..4) {
        let place = random.usize(..slugs.len());
        if world.services[place].is_retired {
            continue;
        }
        let offering = &nodes[slugs[place]]["offerings"]["nodes"][0]["id"];
        let priority = random.usize(1..=4);
        let input = json!({"offeringId": offering, "priority": format!("P{priority}")});
        let answer = mutate(
            server,
            "submitServiceRequest",
            "serviceRequest { id number }",
            input,
        )
        .await;
        let request = answer.expect_payload()["serviceRequest"].clone();
        if random.u8(..4) == 0 {
            let input = json!({"id": request["id"]});
            let cancelled = "serviceRequest { id }";
            let answer = server
                .query(format!("mutation ($input: RequestStepInput!) {{ cancelServiceRequest(input: $input) {{ {cancelled} userErrors {{ message }} }} }}"))
                .variables(json!({ "input": input }))
                .send()
                .await;
            answer.expect_payload();
        } else {
            let key = format!("{}@{priority}", text(&request["number"]));
            open.insert(key, world.impact(&[place], 1.0).value);
        }
    }
}

/// A demand or none of a world, of which some are declined at once.
async fn need(server: &Server, world: &World, random: &mut Rng, open: &mut Open) {
    for _ in 0..random.usize(..3) {
        let customer = format!("{}-customer-0", world.name);
        let customer = &CUSTOMER.by_slug(server, &customer).await["id"];
        let value = random.u32(..100) * 7_305;
        let input = json!({"title": "Something", "kind": "NEED", "customerId": customer, "valuePerMonth": value.to_string()});
        let answer = mutate(server, "raiseDemand", "demand { id number }", input).await;
        let demand = answer.expect_payload()["demand"].clone();
        if random.u8(..4) == 0 {
            let explanation = "Nobody would ever use it, says everybody.";
            let input = json!({"id": demand["id"], "reason": "COST", "explanation": explanation});
            mutate(server, "declineDemand", "demand { id }", input)
                .await
                .expect_payload();
        } else {
            open.insert(text(&demand["number"]), f64::from(value) / 730.5);
        }
    }
}

/// All pages.
async fn walk(server: &Server, weights: Option<Value>) -> Vec<Value> {
    let mut found = Vec::new();
    let mut cursor = json!(null);
    loop {
        let answer = server
            .query(format!(
                "query ($after: String, $weights: WorklistWeightsInput) {{ worklist(first: {PAGE}, after: $after, weights: $weights) {{
                   totalCount pageInfo {{ hasNextPage hasPreviousPage endCursor }} nodes {{ {ITEM} }}
                }} }}"
            ))
            .variables(json!({"after": cursor, "weights": weights}))
            .send()
            .await;
        let page = &answer.expect_data()["worklist"];
        let info = &page["pageInfo"];
        assert_eq!(info["hasPreviousPage"], !found.is_empty());
        found.extend(list(&page["nodes"]).iter().cloned());
        if info["hasNextPage"] == false {
            assert_eq!(page["totalCount"], found.len());
            return found;
        }
        cursor = info["endCursor"].clone();
    }
}

async fn bad_arguments_are_refused(database: Database) {
    let server = Server::start(&database).await;
    for (arguments, says) in [
        (
            "weights: {p1: 1.5}",
            "`weights.p1` is 1.5; it must be between 0 and 1",
        ),
        (
            "weights: {p4: -0.1}",
            "`weights.p4` is -0.1; it must be between 0 and 1",
        ),
        ("first: 101", "`first` is 101; it must be between 0 and 100"),
        ("after: \"x\"", "`after` is not a cursor of this API"),
        (
            "filter: {teamId: \"x\"}",
            "`teamId` is \"x\", which is not the id of a team",
        ),
    ] {
        let answer = server
            .query(format!("{{ worklist({arguments}) {{ totalCount }} }}"))
            .send()
            .await;
        let error = answer.expect_error_code("BAD_USER_INPUT");
        assert_eq!(error["message"], says);
    }
}

/// How many SQL statements a page of work of a kind takes.
async fn statements(server: &Server, kind: &str, count: usize) -> u64 {
    let before = server.metrics().await.sql_statements("request");
    let document = format!(
        "{{ worklist(first: {count}, filter: {{kinds: [{kind}]}}) {{ totalCount nodes {{ {ITEM} }} }} }}"
    );
    let answer = server.query(document).send().await;
    let nodes = &answer.expect_data()["worklist"]["nodes"];
    assert_eq!(list(nodes).len(), count);
    server.metrics().await.sql_statements("request") - before
}

async fn a_page_of_a_hundred_takes_as_many_statements_as_one_of_ten(database: Database) {
    let server = Server::start(&database).await;
    let ward = CUSTOMER.create_plain(&server, "Ward").await;
    let mut requests = Vec::new();
    for number in 0..25 {
        let service = SERVICE
            .create_plain(&server, &format!("Service {number}"))
            .await;
        let input = json!({"name": "Some", "serviceId": service["id"]});
        let offering = OFFERING.create(&server, input).await;
        for place in 0..4 {
            let priority = format!("P{}", place + 1);
            requests.push(json!({"offeringId": offering["id"], "priority": priority}));
            let input =
                json!({"title": "Broken", "severity": "MINOR", "serviceIds": [service["id"]]});
            mutate(&server, "reportIncident", "incident { id }", input)
                .await
                .expect_payload();
            let input = json!({"title": "More", "kind": "NEED", "customerId": ward["id"], "valuePerMonth": number.to_string()});
            mutate(&server, "raiseDemand", "demand { id }", input)
                .await
                .expect_payload();
        }
    }
    let input = json!({ "requests": requests });
    mutate(
        &server,
        "submitServiceRequests",
        "results { serviceRequest { id } }",
        input,
    )
    .await
    .expect_payload();
    for kind in ["INCIDENT", "SERVICE_REQUEST", "DEMAND"] {
        let ten = statements(&server, kind, 10).await;
        assert_eq!(statements(&server, kind, 100).await, ten, "{kind}");
    }
}

async fn a_filter_leaves_what_is_of_a_team_a_customer_or_a_kind(database: Database) {
    let server = Server::start(&database).await;
    let team = &crate::objects::TEAM.create_plain(&server, "Clinic").await["id"];
    let ward = &CUSTOMER.create_plain(&server, "Ward").await["id"];
    let lab = &CUSTOMER.create_plain(&server, "Lab").await["id"];
    let beds = SERVICE
        .create(&server, json!({"name": "Beds", "teamId": team}))
        .await;
    let mail = SERVICE.create(&server, json!({"name": "Mail"})).await;
    let input = json!({"name": "Discharge", "customerId": ward, "valuePerHour": "15500"});
    let outcome = OUTCOME.create(&server, input).await;
    let input = json!({"serviceId": beds["id"], "outcomeId": outcome["id"], "share": 0.8});
    mutate(&server, "setContribution", "contribution { share }", input)
        .await
        .expect_payload();
    for service in [&beds, &mail] {
        let input = json!({"title": "Broken", "severity": "OUTAGE", "serviceIds": [service["id"]]});
        mutate(&server, "reportIncident", "incident { id }", input)
            .await
            .expect_payload();
        let input = json!({"name": "Some", "serviceId": service["id"]});
        let offering = OFFERING.create(&server, input).await;
        let input = json!({"offeringId": offering["id"], "customerId": lab, "priority": "P2"});
        mutate(
            &server,
            "submitServiceRequest",
            "serviceRequest { id }",
            input,
        )
        .await
        .expect_payload();
    }
    for (customer, value) in [(ward, "730500"), (lab, "73.05")] {
        let input = json!({"title": "More", "kind": "NEED", "customerId": customer, "valuePerMonth": value});
        mutate(&server, "raiseDemand", "demand { id }", input)
            .await
            .expect_payload();
    }
    for (filter, expected) in [
        (
            json!({}),
            &["INC-1", "DEM-1", "REQ-1", "DEM-2", "INC-2", "REQ-2"][..],
        ),
        (json!({ "teamId": team }), &["INC-1", "REQ-1"]),
        (json!({ "customerId": ward }), &["INC-1", "DEM-1"]),
        (json!({ "customerId": lab }), &["REQ-1", "DEM-2", "REQ-2"]),
        (json!({"kinds": ["DEMAND"]}), &["DEM-1", "DEM-2"]),
        (
            json!({"kinds": ["SERVICE_REQUEST"], "teamId": team}),
            &["REQ-1"],
        ),
        (json!({"kinds": []}), &[]),
    ] {
        let answer = server
            .query(format!("query ($filter: WorklistFilter) {{ worklist(filter: $filter) {{ totalCount nodes {{ {ITEM} }} }} }}"))
            .variables(json!({ "filter": filter }))
            .send()
            .await;
        let page = &answer.expect_data()["worklist"];
        let numbers: Vec<String> = list(&page["nodes"]).iter().map(number_of).collect();
        assert_eq!(numbers, expected, "{filter}");
        assert_eq!(page["totalCount"], expected.len());
    }
    assert_reasons_add_up(&server).await;
}

/// An incident, a demand and a request tell what they cost, each in both languages.
async fn assert_reasons_add_up(server: &Server) {
    let answer = server
        .query("{ worklist { nodes { reasons } } }")
        .send()
        .await;
    let reasons =
        |place: usize| answer.expect_data()["worklist"]["nodes"][place]["reasons"].clone();
    assert_eq!(
        reasons(0),
        json!([
            "EUR 12 400 per hour: Discharge (80 %) by way of Beds",
            "Nothing works any more: Beds"
        ])
    );
    assert_eq!(
        reasons(1),
        json!([
            "EUR 1 000 per hour: worth EUR 730 500 per month to Ward",
            "No service answers it yet"
        ])
    );
    assert_eq!(
        reasons(2),
        json!([
            "EUR 372 per hour: P2 counts as 3 % of an outage of Beds, which costs EUR 12 400 per hour",
            "Of the outage, EUR 12 400 per hour: Discharge (80 %) by way of Beds",
            "Priority P2",
        ])
    );
    let told = reasons_in_both_languages(server).await;
    assert_eq!(
        told[1][1],
        [
            "1.000 € je Stunde: für Ward 730.500 € im Monat wert",
            "Noch antwortet kein Service darauf"
        ]
    );
    assert_eq!(
        told[2][1],
        [
            "372 € je Stunde: P2 zählt als 3 % eines Ausfalls von Beds, der 12.400 € je Stunde kostet",
            "Vom Ausfall 12.400 € je Stunde: Discharge (80 %) über Beds",
            "Priorität P2",
        ]
    );
}

/// Reasons of the whole worklist: in English, and in German.
async fn reasons_in_both_languages(server: &Server) -> Vec<[Vec<String>; 2]> {
    let answer = server
        .query("{ worklist { nodes { english: reasons german: reasons(language: DE) } } }")
        .send()
        .await;
    let texts = |reasons: &Value| list(reasons).iter().map(text).collect();
    list(&answer.expect_data()["worklist"]["nodes"])
        .iter()
        .map(|node| [texts(&node["english"]), texts(&node["german"])])
        .collect()
}

async fn a_broken_promise_is_told_right_after_the_cost_in_either_language(database: Database) {
    let server = Server::start(&database).await;
    ask_for_a_service_worth(&server, "10000").await;
    let beds = SERVICE.by_slug(&server, "beds").await["id"].clone();
    let targets = json!([
        target("RESPONSE_TIME", None, "PT1H"),
        target("RESOLUTION_TIME", None, "PT80000H"),
    ]);
    promise(&server, &beds, None, targets).await;
    let input = json!({"title": "Broken", "severity": "DEGRADED", "serviceIds": [beds], "startedAt": "2026-01-05T08:00:00Z"});
    let answer = mutate(&server, "reportIncident", "incident { id }", input).await;
    server
        .query("mutation ($input: IncidentStepInput!) { acknowledgeIncident(input: $input) { userErrors { message } } }")
        .variables(json!({"input": {"id": answer.expect_payload()["incident"]["id"]}}))
        .send()
        .await
        .expect_payload();
    let told = reasons_in_both_languages(&server).await;
    let [english, german] = &told[0];
    assert_eq!(
        english[0],
        "EUR 5 000 per hour: Discharge (50 %) by way of Beds"
    );
    assert_eq!(german[0], "5.000 € je Stunde: Discharge (50 %) über Beds");
    assert!(
        english[1].starts_with("A promise is broken; the next is due in "),
        "{english:?}"
    );
    assert!(
        german[1].starts_with("Eine Zusage ist gebrochen; die nächste ist in "),
        "{german:?}"
    );
    assert_eq!(english[2], "Half of it works: Beds");
    assert_eq!(german[2], "Die Hälfte geht noch: Beds");
    let page = server
        .query(format!("{{ worklist {{ nodes {{ {ITEM} }} }} }}"))
        .send()
        .await;
    let items = list(&page.expect_data()["worklist"]["nodes"]).to_vec();
    items.iter().for_each(assert_promises);
    assert_eq!(
        (&items[0]["breached"], &items[1]["breached"]),
        (&json!(true), &json!(false))
    );
}

async fn weights_are_as_configured_where_nothing_is_said(database: Database) {
    let server = Settings::new(&database)
        .env("KUNDIG_WORKLIST_P4", "0.0025")
        .start()
        .await;
    let request = ask_for_a_service_worth(&server, "10000").await;
    let answer = server
        .query("{ worklist { nodes { valuePerHour { amount } reasons } } }")
        .send()
        .await;
    let first = &answer.expect_data()["worklist"]["nodes"][0];
    assert_eq!(first["valuePerHour"]["amount"], "25.00", "{request}");
    assert_eq!(
        first["reasons"][0],
        "EUR 25.00 per hour: P4 counts as 0.25 % of an outage of Beds, which costs EUR 10 000 per hour"
    );
}

/// An open P4 request of a service that an outcome of this value per hour rests on wholly.
async fn ask_for_a_service_worth(server: &Server, value: &str) -> Value {
    let ward = CUSTOMER.create_plain(server, "Ward").await;
    let beds = SERVICE.create_plain(server, "Beds").await;
    let input = json!({"name": "Discharge", "customerId": ward["id"], "valuePerHour": value});
    let outcome = OUTCOME.create(server, input).await;
    let input = json!({"serviceId": beds["id"], "outcomeId": outcome["id"], "share": 1});
    mutate(server, "setContribution", "contribution { share }", input)
        .await
        .expect_payload();
    let offering = OFFERING
        .create(server, json!({"name": "Bed", "serviceId": beds["id"]}))
        .await;
    let person = PERSON
        .create(server, json!({"name": "Ada", "subject": "ada"}))
        .await;
    let input =
        json!({"offeringId": offering["id"], "priority": "P4", "requesterId": person["id"]});
    let answer = mutate(
        server,
        "submitServiceRequest",
        "serviceRequest { id number service { id } }",
        input,
    )
    .await;
    answer.expect_payload()["serviceRequest"].clone()
}

async fn what_is_retired_is_said_to_be(database: Database) {
    let server = Server::start(&database).await;
    let request = ask_for_a_service_worth(&server, "10000").await;
    let input = json!({"id": request["service"]["id"], "lifecycle": "RETIRED"});
    SERVICE.update(&server, input).await;
    let answer = server
        .query("{ worklist { nodes { reasons } } }")
        .send()
        .await;
    let reasons = &answer.expect_data()["worklist"]["nodes"][0]["reasons"];
    assert_eq!(reasons[0], "EUR 0 per hour: Beds is retired");
}

async fn others_requests_are_told_without_what_was_written(database: Database) {
    let server = Server::start(&database).await;
    let request = ask_for_a_service_worth(&server, "10000").await;
    let ask = async |token: &str, field: &str| {
        let document = format!(
            "{{ worklist {{ nodes {{ subject {{ ... on ServiceRequest {{ number {field} }} }} }} }} }}"
        );
        server.query(document).token(token).send().await
    };
    let owner = tokens::local("owner", &[Scope::InsightRead]);
    let worker = tokens::local("worker", &[Scope::InsightRead, Scope::RequestsWork]);
    let explanation = "Nobody has the time before spring.";
    let why = json!({"reason": "CAPACITY", "explanation": explanation});
    let declined = take(&server, "decline", &request, why).await;
    take(&server, "reopen", &declined, json!({})).await;
    for field in ["inputs", "events { nodes { comment } }", "submittedBy"] {
        ask(&owner, field).await.expect_error_code("FORBIDDEN");
        ask(&worker, field).await.expect_data();
    }
    let told = async |token: &str| {
        let answer = ask(
            token,
            "requester { name } decline { explanation declinedBy }",
        )
        .await;
        answer.expect_data()["worklist"]["nodes"][0]["subject"].clone()
    };
    let number = &request["number"];
    assert_eq!(
        told(&owner).await,
        json!({"number": number, "requester": null, "decline": null})
    );
    let all = json!({"number": number, "requester": {"name": "Ada"},
        "decline": {"explanation": explanation, "declinedBy": "tests"}});
    assert_eq!(told(&worker).await, all);
    let ada = tokens::local("ada", &[Scope::InsightRead, Scope::RequestsSubmit]);
    assert_eq!(told(&ada).await, all, "her own");
}

/// Requests of as many offerings as there are, one after the other, as many as that.
async fn submit_many(server: &Server, offerings: &[Value], count: usize) {
    let requests: Vec<_> = (0..count)
        .map(|number| {
            let offering = &offerings[number % offerings.len()];
            json!({"offeringId": offering, "priority": format!("P{}", number / offerings.len() % 4 + 1)})
        })
        .collect();
    for requests in requests.chunks(500) {
        let input = json!({ "requests": requests });
        let results = "results { serviceRequest { id } userErrors { message } }";
        let answer = mutate(server, "submitServiceRequests", results, input).await;
        for result in list(&answer.expect_payload()["results"]) {
            assert_eq!(result["userErrors"], json!([]));
        }
    }
}

async fn work_that_is_worth_nothing_is_found_behind_much_that_is_due_sooner(database: Database) {
    let server = Server::start(&database).await;
    let document = |number: usize| {
        format!(
            "---\napiVersion: kundig/v1\nkind: Service\nmetadata: {{slug: s{number}, name: s{number}}}\n\
             spec: {{kind: API, lifecycle: LIVE, tier: TIER_3}}\n\
             ---\napiVersion: kundig/v1\nkind: ServiceOffering\nmetadata: {{slug: o{number}, name: o{number}}}\n\
             spec: {{service: s{number}}}\n"
        )
    };
    let source: String = (0..100).map(document).collect();
    let input = json!({"format": "KUNDIG", "source": source});
    mutate(&server, "importCatalog", "result { created }", input)
        .await
        .expect_payload();
    let answer = server
        .query("{ services(first: 100) { nodes { offerings { nodes { id } } } } }")
        .send()
        .await;
    let services = list(&answer.expect_data()["services"]["nodes"]);
    let plain: Vec<Value> = services
        .iter()
        .map(|service| service["offerings"]["nodes"][0]["id"].clone())
        .collect();
    let request = ask_for_a_service_worth(&server, "10000").await;
    let calendar = CALENDAR.create_plain(&server, "Clinic").await;
    let input = json!({"name": "Promise", "serviceId": request["service"]["id"], "calendarId": calendar["id"], "validFrom": "2020-01-01",
        "targets": [{"metric": "RESOLUTION_TIME", "within": "P1D", "objective": "90"}]});
    AGREEMENT.create(&server, input).await;
    let promised = OFFERING.by_slug(&server, "bed").await["id"].clone();
    submit_many(&server, &[promised], 599).await;
    submit_many(&server, &plain, 700).await;

    let mut numbers = Vec::new();
    let mut cursor = json!(null);
    loop {
        let answer = server
            .query("query ($after: String) { worklist(first: 100, after: $after) { totalCount pageInfo { hasNextPage endCursor }
                nodes { valuePerHour { amount } dueAt subject { ... on ServiceRequest { number } } } } }")
            .variables(json!({ "after": cursor }))
            .send()
            .await;
        let page = &answer.expect_data()["worklist"];
        assert_eq!(page["totalCount"], 1_300);
        for item in list(&page["nodes"]) {
            let is_worth_something = item["valuePerHour"]["amount"] != "0.00";
            assert_eq!(is_worth_something, numbers.len() < 600, "{item}");
            numbers.push(number_of(item));
        }
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
        cursor = page["pageInfo"]["endCursor"].clone();
    }
    let expected: Vec<String> = (601..=1_300)
        .map(|number| format!("REQ-{number}"))
        .collect();
    assert_eq!(numbers[600..], expected);
    numbers.sort();
    numbers.dedup();
    assert_eq!(numbers.len(), 1_300, "each once");
}

on_both_databases!(
    a_broken_promise_is_told_right_after_the_cost_in_either_language,
    work_that_is_worth_nothing_is_found_behind_much_that_is_due_sooner,
    weights_are_as_configured_where_nothing_is_said,
    what_is_retired_is_said_to_be,
    others_requests_are_told_without_what_was_written,
    a_page_of_a_hundred_takes_as_many_statements_as_one_of_ten,
    a_filter_leaves_what_is_of_a_team_a_customer_or_a_kind,
    the_ranking_is_that_of_looking_at_everything,
    bad_arguments_are_refused,
);
