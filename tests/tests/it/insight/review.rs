//! What IT did for a customer in a period.

use jiff::{SignedDuration, Timestamp};
use kundig_tests::{Database, Server, on_both_databases};
use migration::{Migrator, MigratorTrait as _};
use serde_json::{Value, json};

use crate::objects::{AGREEMENT, CALENDAR, CUSTOMER, OFFERING, OUTCOME, SERVICE, text};
use crate::support::mutate;

const REVIEW: &str = "customer { slug } from until requestsSubmitted requestsFulfilled requestsDeclined selfServed incidents
    lostValue { amount currency } demandsMet demandsOpen attainment { total good attained met } summary";

struct World {
    server: Server,
    customer: Value,
    service: Value,
    now: Timestamp,
}

impl World {
    async fn new(database: &Database) -> Self {
        let server = Server::start(database).await;
        let customer = CUSTOMER.create(&server, json!({"name": "Ward"})).await;
        let service = SERVICE.create(&server, json!({"name": "Beds"})).await;
        let input =
            json!({"name": "Discharge", "customerId": customer["id"], "valuePerHour": "1000"});
        let outcome = OUTCOME.create(&server, input).await;
        let input = json!({"serviceId": service["id"], "outcomeId": outcome["id"], "share": 0.5});
        mutate(&server, "setContribution", "contribution { share }", input)
            .await
            .expect_payload();
        Self {
            server,
            customer,
            service,
            now: Timestamp::now(),
        }
    }

    fn hours_ago(&self, hours: i64) -> String {
        (self.now - SignedDuration::from_hours(hours)).to_string()
    }

    async fn report(&self, service: &Value, severity: &str, hours_ago: i64) {
        let started = self.hours_ago(hours_ago);
        let input = json!({"title": "Broken", "severity": severity, "serviceIds": [service["id"]], "startedAt": started});
        mutate(&self.server, "reportIncident", "incident { id }", input)
            .await
            .expect_payload();
    }

    async fn review(&self, from: i64, until: i64) -> Value {
        let answer = self
            .server
            .query(format!(
                "query ($id: ID!, $from: DateTime!, $until: DateTime!) {{
                   businessReview(customerId: $id, from: $from, until: $until) {{ {REVIEW} }} }}"
            ))
            .variables(json!({"id": self.customer["id"], "from": self.hours_ago(from), "until": self.hours_ago(until)}))
            .send()
            .await;
        answer.expect_data()["businessReview"].clone()
    }
}

async fn what_incidents_cost_is_value_per_hour_times_the_hours_in_the_period(database: Database) {
    let world = World::new(&database).await;
    world.report(&world.service, "OUTAGE", 5).await;
    world.report(&world.service, "DEGRADED", 3).await;
    let other = SERVICE
        .create(&world.server, json!({"name": "Elsewhere"}))
        .await;
    world.report(&other, "OUTAGE", 5).await;
    // Two hours of 500 and one of 250.
    let review = world.review(4, 2).await;
    assert_eq!(review["lostValue"]["amount"], "1250.00", "{review}");
    assert_eq!(review["incidents"], 2, "{review}");
    let before = world.review(20, 10).await;
    assert_eq!(before["lostValue"]["amount"], "0.00");
    assert_eq!(before["incidents"], 0);
    assert_eq!(
        before["summary"][0],
        "No incident cost their own outcomes anything."
    );
}

async fn an_incident_of_what_was_promised_counts_though_it_costs_nothing(database: Database) {
    let world = World::new(&database).await;
    let server = &world.server;
    let calendar = CALENDAR.create_plain(server, "Clinic").await;
    // The service that was promised needs what fails; the other agreement is over.
    let failing = SERVICE.create_plain(server, "Network").await;
    let promised = SERVICE.create_plain(server, "Mail").await;
    let input =
        json!({"dependentId": promised["id"], "dependencyId": failing["id"], "strength": 0.1});
    mutate(server, "setDependency", "dependency { strength }", input)
        .await
        .expect_payload();
    let forgotten = SERVICE.create_plain(server, "Fax").await;
    for (service, until) in [(&promised, json!(null)), (&forgotten, json!("2020-12-31"))] {
        let input = json!({"name": "Promise", "serviceId": service["id"], "customerId": world.customer["id"], "calendarId": calendar["id"],
            "validFrom": "2020-01-01", "validUntil": until, "targets": [{"metric": "AVAILABILITY", "objective": "99.9"}]});
        AGREEMENT.create(server, input).await;
    }
    world.report(&failing, "MINOR", 2).await;
    world.report(&forgotten, "OUTAGE", 2).await;
    let review = world.review(3, 0).await;
    assert_eq!(review["incidents"], 1, "{review}");
    assert_eq!(review["lostValue"]["amount"], "0.00");
    assert_eq!(
        review["summary"][0],
        "1 incident concerned them and cost their own outcomes nothing."
    );
    let answer = server
        .query("query ($id: ID!) { worklist(filter: {customerId: $id}) { nodes { subject { ... on Incident { number } } } } }")
        .variables(json!({ "id": world.customer["id"] }))
        .send()
        .await;
    let expected = json!([{"subject": {"number": "INC-1"}}]);
    assert_eq!(answer.expect_data()["worklist"]["nodes"], expected);
}

async fn promises_are_told_as_they_were_kept_in_the_period(database: Database) {
    let world = World::new(&database).await;
    let server = &world.server;
    let calendar = CALENDAR.create_plain(server, "Clinic").await;
    for kind in ["SLA", "OLA"] {
        let input = json!({"name": kind, "kind": kind, "serviceId": world.service["id"], "customerId": world.customer["id"],
            "calendarId": calendar["id"], "validFrom": "2020-01-01", "targets": [{"metric": "AVAILABILITY", "objective": "99"}]});
        AGREEMENT.create(server, input).await;
    }
    let measured = |from: i64, until: i64, good: i64| json!({"from": world.hours_ago(from), "until": world.hours_ago(until), "good": good, "total": 100});
    let measurements = json!([measured(9, 8, 0), measured(3, 2, 99), measured(2, 1, 98)]);
    let input = json!({"serviceId": world.service["id"], "measurements": measurements});
    mutate(server, "recordAvailability", "recorded", input)
        .await
        .expect_payload();
    let review = world.review(4, 0).await;
    assert_eq!(
        review["attainment"],
        json!([{"total": 200, "good": 197, "attained": "98.5", "met": false}])
    );
}

/// Promises of the world's service: to a customer, or to everybody.
async fn promise(world: &World, name: &str, customer: Option<&Value>, targets: Value) {
    let server = &world.server;
    let calendar = CALENDAR
        .create_plain(server, &format!("Hours of {name}"))
        .await;
    let input = json!({"name": name, "serviceId": world.service["id"], "customerId": customer.map(|it| &it["id"]),
        "calendarId": calendar["id"], "validFrom": "2020-01-01", "targets": targets});
    AGREEMENT.create(server, input).await;
}

/// Submits requests to the world's service for a customer, and fulfils them.
async fn fulfil(world: &World, customer: &Value, many: usize) {
    let server = &world.server;
    let name = format!("For {}", text(&customer["name"]));
    let input = json!({"name": name, "serviceId": world.service["id"]});
    let offering = OFFERING.create(server, input).await;
    for _ in 0..many {
        let input = json!({"offeringId": offering["id"], "customerId": customer["id"]});
        let made = "serviceRequest { id }";
        let answer = mutate(server, "submitServiceRequest", made, input).await;
        let id = answer.expect_payload()["serviceRequest"]["id"].clone();
        step(server, "fulfilServiceRequest", &id).await;
    }
}

impl World {
    /// Agreement, metric, how many and how many good of each promise in the review of the last hours.
    async fn promises(&self, customer: &Value) -> Value {
        let answer = self
            .server
            .query(
                "query ($id: ID!, $from: DateTime!, $until: DateTime!) { businessReview(customerId: $id, from: $from, until: $until) {
                   attainment { total good target { metric agreement { name } } } } }",
            )
            .variables(json!({"id": customer["id"], "from": self.hours_ago(4), "until": self.hours_ago(-1)}))
            .send()
            .await;
        let kept = answer.expect_data()["businessReview"]["attainment"].clone();
        let kept = kept.as_array().into_iter().flatten();
        kept.map(|it| {
            let target = &it["target"];
            json!([
                target["agreement"]["name"],
                target["metric"],
                it["total"],
                it["good"]
            ])
        })
        .collect()
    }
}

async fn what_is_promised_to_everybody_is_told_by_the_customers_own_clocks(database: Database) {
    let world = World::new(&database).await;
    let (server, customer) = (&world.server, &world.customer);
    let time =
        |metric: &str, within: &str| json!({"metric": metric, "within": within, "objective": "90"});
    let available = json!({"metric": "AVAILABILITY", "objective": "99"});
    let general = json!([
        time("RESPONSE_TIME", "PT1H"),
        time("RESOLUTION_TIME", "PT8H"),
        available
    ]);
    promise(&world, "Everybody", None, general).await;
    let own = json!([time("RESOLUTION_TIME", "PT2H")]);
    promise(&world, "Ward", Some(customer), own).await;
    let other = CUSTOMER.create(server, json!({"name": "Kitchen"})).await;
    fulfil(&world, customer, 2).await;
    fulfil(&world, &other, 3).await;
    let from = world.hours_ago(2);
    let measurements =
        json!([{"from": from, "until": world.hours_ago(1), "good": 90, "total": 100}]);
    let input = json!({"serviceId": world.service["id"], "measurements": measurements});
    mutate(server, "recordAvailability", "recorded", input)
        .await
        .expect_payload();
    assert_eq!(
        world.promises(customer).await,
        json!([
            ["Ward", "RESOLUTION_TIME", 2, 2],
            ["Everybody", "RESPONSE_TIME", 2, 2],
            ["Everybody", "AVAILABILITY", 100, 90],
        ])
    );
    // They have no outcome and no agreement, but requested something.
    assert_eq!(
        world.promises(&other).await,
        json!([
            ["Everybody", "RESPONSE_TIME", 3, 3],
            ["Everybody", "RESOLUTION_TIME", 3, 3],
            ["Everybody", "AVAILABILITY", 100, 90],
        ])
    );
    let nobody = CUSTOMER.create(server, json!({"name": "Garden"})).await;
    assert_eq!(world.promises(&nobody).await, json!([]));
    // Several at once don't mix.
    let review =
        "businessReview(customerId: $id, from: $from, until: $until) { attainment { total } }";
    let other_review = review.replace("$id", "$other");
    let answer = server
        .query(format!("query ($id: ID!, $other: ID!, $from: DateTime!, $until: DateTime!) {{ one: {review} other: {other_review} }}"))
        .variables(json!({"id": customer["id"], "other": other["id"], "from": world.hours_ago(4), "until": world.hours_ago(-1)}))
        .send()
        .await;
    let totals = |name: &str| answer.expect_data()[name]["attainment"].clone();
    assert_eq!(
        totals("one"),
        json!([{"total": 2}, {"total": 2}, {"total": 100}])
    );
    assert_eq!(
        totals("other"),
        json!([{"total": 3}, {"total": 3}, {"total": 100}])
    );
    // What is promised to them goes before what is promised to everybody.
    promise(&world, "Ward, always", Some(customer), json!([available])).await;
    assert_eq!(
        world.promises(customer).await,
        json!([
            ["Ward", "RESOLUTION_TIME", 2, 2],
            ["Ward, always", "AVAILABILITY", 100, 90],
            ["Everybody", "RESPONSE_TIME", 2, 2],
        ])
    );
}

async fn clocks_that_ran_before_the_schema_knew_their_customers_count_too(database: Database) {
    let world = World::new(&database).await;
    let targets = json!([{"metric": "RESPONSE_TIME", "within": "PT1H", "objective": "90"}]);
    promise(&world, "Everybody", None, targets).await;
    fulfil(&world, &world.customer, 2).await;
    let connection = database.connect().await;
    // How many have come since the one that adds the column, itself included.
    let all = Migrator::migrations();
    let place = all
        .iter()
        .position(|it| it.name() == "m0016_clock_customer");
    let later = all.len() - place.expect("it is there");
    Migrator::down(&connection, u32::try_from(later).ok())
        .await
        .expect("migrations can be undone");
    Migrator::up(&connection, None)
        .await
        .expect("migrations can be done again");
    assert_eq!(
        world.promises(&world.customer).await,
        json!([["Everybody", "RESPONSE_TIME", 2, 2]])
    );
}

async fn a_review_names_the_parts_that_it_leaves_out(database: Database) {
    let world = World::new(&database).await;
    let review = async || {
        let answer = world
            .server
            .query("query ($id: ID!, $from: DateTime!, $until: DateTime!) { businessReview(customerId: $id, from: $from, until: $until) {
                parts { slug } summary } }")
            .variables(json!({"id": world.customer["id"], "from": world.hours_ago(1), "until": world.hours_ago(0)}))
            .send()
            .await;
        answer.expect_data()["businessReview"].clone()
    };
    let whole = review().await;
    assert_eq!(whole["parts"], json!([]));
    assert_eq!(
        whole["summary"].as_array().map(Vec::len),
        Some(3),
        "{whole}"
    );
    for name in ["Surgery", "Emergency"] {
        let input = json!({"name": name, "parentId": world.customer["id"]});
        CUSTOMER.create(&world.server, input).await;
    }
    let review = review().await;
    assert_eq!(
        review["parts"],
        json!([{"slug": "emergency"}, {"slug": "surgery"}])
    );
    assert_eq!(
        review["summary"][3],
        "Without their parts: Emergency, Surgery."
    );
}

/// How many SQL statements a review takes.
async fn statements(world: &World) -> u64 {
    let before = world.server.metrics().await.sql_statements("request");
    world.review(100, -1).await;
    world.server.metrics().await.sql_statements("request") - before
}

async fn a_review_of_much_takes_as_many_statements_as_one_of_little(database: Database) {
    let world = World::new(&database).await;
    let server = &world.server;
    let calendar = CALENDAR.create_plain(server, "Clinic").await;
    let fill = async |many: i64| {
        for number in 0..many {
            let input = json!({"name": format!("Promise {many} {number}"), "serviceId": world.service["id"], "customerId": world.customer["id"],
                "calendarId": calendar["id"], "validFrom": "2020-01-01", "targets": [{"metric": "AVAILABILITY", "objective": "99"}]});
            AGREEMENT.create(server, input).await;
            let targets = json!([{"metric": "RESPONSE_TIME", "within": "PT1H", "objective": "90"}]);
            promise(&world, &format!("Everybody {many} {number}"), None, targets).await;
            world.report(&world.service, "MINOR", number + 1).await;
        }
        fulfil(&world, &world.customer, 2).await;
    };
    fill(2).await;
    let little = statements(&world).await;
    fill(20).await;
    assert_eq!(statements(&world).await, little);
}

async fn requests_and_demands_are_counted(database: Database) {
    let world = World::new(&database).await;
    let (server, customer) = (&world.server, &world.customer["id"]);
    for (name, automated) in [("By hand", false), ("By itself", true)] {
        let input = json!({"name": name, "serviceId": world.service["id"], "automated": automated});
        let offering = OFFERING.create(server, input).await;
        for _ in 0..2 {
            let input = json!({"offeringId": offering["id"], "customerId": customer});
            let answer = mutate(
                server,
                "submitServiceRequest",
                "serviceRequest { id }",
                input,
            )
            .await;
            let id = answer.expect_payload()["serviceRequest"]["id"].clone();
            step(server, "fulfilServiceRequest", &id).await;
        }
        let input = json!({"offeringId": offering["id"], "customerId": customer});
        mutate(
            server,
            "submitServiceRequest",
            "serviceRequest { id }",
            input,
        )
        .await
        .expect_payload();
    }
    for is_met in [true, false, false] {
        let input =
            json!({"title": "More", "kind": "NEED", "customerId": customer, "valuePerMonth": "10"});
        let answer = mutate(server, "raiseDemand", "demand { id }", input).await;
        let id = answer.expect_payload()["demand"]["id"].clone();
        if is_met {
            let input = json!({"id": id, "serviceId": world.service["id"]});
            mutate(server, "meetDemand", "demand { id }", input)
                .await
                .expect_payload();
        }
    }
    let review = world.review(1, -1).await;
    let counted = json!([
        review["requestsSubmitted"],
        review["requestsFulfilled"],
        review["requestsDeclined"],
        review["selfServed"],
        review["demandsMet"],
        review["demandsOpen"],
    ]);
    assert_eq!(counted, json!([6, 4, 0, 50.0, 1, 2]), "{review}");
    assert_eq!(
        review["summary"][1],
        "Of 6 requests for them 4 are fulfilled, 2 of these without anybody's hand, and 0 are declined."
    );
    let earlier = world.review(9, 8).await;
    assert_eq!(earlier["requestsSubmitted"], 0);
    assert_eq!(earlier["selfServed"], json!(null));
}

async fn step(server: &Server, mutation: &str, id: &Value) {
    let answer = server
        .query(format!("mutation ($input: RequestStepInput!) {{ {mutation}(input: $input) {{ userErrors {{ message }} }} }}"))
        .variables(json!({"input": {"id": id}}))
        .send()
        .await;
    answer.expect_payload();
}

async fn a_period_has_a_length_and_a_bound(database: Database) {
    let world = World::new(&database).await;
    let ask = async |id: &Value, from: &str, until: &str| {
        let query = "query ($id: ID!, $from: DateTime!, $until: DateTime!) { businessReview(customerId: $id, from: $from, until: $until) { incidents } }";
        let variables = json!({"id": id, "from": from, "until": until});
        world.server.query(query).variables(variables).send().await
    };
    let id = &world.customer["id"];
    let (day, years_later) = ("2026-01-01T00:00:00Z", "2036-01-01T00:00:00Z");
    for (from, until, says) in [
        (
            day,
            day,
            "`until` is 2026-01-01T00:00:00Z, which is not after `from`, 2026-01-01T00:00:00Z",
        ),
        (
            day,
            years_later,
            "`from` and `until` are 3652 days apart; a review covers 1100 days at most",
        ),
    ] {
        let answer = ask(id, from, until).await;
        assert_eq!(
            text(&answer.expect_error_code("BAD_USER_INPUT")["message"]),
            says
        );
    }
    let nobody = json!("cust_00000000000000000000000000000000");
    let answer = ask(&nobody, day, "2026-02-01T00:00:00Z").await;
    assert_eq!(answer.expect_data()["businessReview"], json!(null));
}

on_both_databases!(
    what_incidents_cost_is_value_per_hour_times_the_hours_in_the_period,
    an_incident_of_what_was_promised_counts_though_it_costs_nothing,
    promises_are_told_as_they_were_kept_in_the_period,
    what_is_promised_to_everybody_is_told_by_the_customers_own_clocks,
    clocks_that_ran_before_the_schema_knew_their_customers_count_too,
    a_review_names_the_parts_that_it_leaves_out,
    a_review_of_much_takes_as_many_statements_as_one_of_little,
    requests_and_demands_are_counted,
    a_period_has_a_length_and_a_bound,
);
