use kundig_tests::{Database, Server, Settings, on_both_databases};
use serde_json::{Value, json};

use super::{raise, take, try_step};
use crate::objects::{CUSTOMER, OFFERING, PERSON, SERVICE, changes_after, newest_change, text};
use crate::support::eventually;

/// The states a demand can be in, each with the steps that lead there.
const STATES: [(&str, &[&str]); 4] = [
    ("OPEN", &[]),
    ("PLANNED", &["plan"]),
    ("MET", &["meet"]),
    ("DECLINED", &["plan", "decline"]),
];

/// Where each step leads, and from where it may be taken.
const STEPS: [(&str, &str, &[&str]); 7] = [
    ("update", "", &["OPEN", "PLANNED"]),
    ("support", "", &["OPEN", "PLANNED"]),
    ("withdraw", "", &["OPEN", "PLANNED"]),
    ("plan", "PLANNED", &["OPEN"]),
    ("meet", "MET", &["OPEN", "PLANNED"]),
    ("decline", "DECLINED", &["OPEN", "PLANNED"]),
    ("reopen", "OPEN", &["MET", "DECLINED"]),
];

struct World {
    server: Server,
    customer: Value,
    service: Value,
    people: Vec<Value>,
}

impl World {
    async fn new(database: &Database) -> Self {
        let server = Settings::new(database).start().await;
        let mut people = Vec::new();
        for name in ["Ada", "Bob"] {
            people.push(PERSON.create_plain(&server, name).await);
        }
        Self {
            customer: CUSTOMER.create_plain(&server, "Ward 3").await,
            service: SERVICE.create_plain(&server, "Bed board").await,
            people,
            server,
        }
    }

    fn more(&self, verb: &str) -> Value {
        match verb {
            "update" => json!({"title": "In other words"}),
            "support" => json!({"personId": self.people[1]["id"]}),
            "withdraw" => json!({"personId": self.people[0]["id"]}),
            "meet" => json!({"serviceId": self.service["id"]}),
            "decline" => {
                json!({"reason": "COST", "explanation": "It costs more than it is worth."})
            }
            _ => json!({}),
        }
    }

    /// A demand that Ada supports.
    async fn in_state(&self, steps: &[&str]) -> Value {
        let customer = json!({"customerId": self.customer["id"]});
        let mut demand = raise(&self.server, customer).await;
        let ada = json!({"personId": self.people[0]["id"]});
        demand = take(&self.server, "support", &demand, ada).await;
        for verb in steps {
            demand = take(&self.server, verb, &demand, self.more(verb)).await;
        }
        demand
    }
}

async fn every_step_is_taken_from_where_it_may_be_and_refused_elsewhere(database: Database) {
    let world = World::new(&database).await;
    for (state, way) in STATES {
        for (verb, leads_to, from) in STEPS {
            let demand = world.in_state(way).await;
            assert_eq!(demand["status"], state);
            let answer = try_step(&world.server, verb, &demand, world.more(verb)).await;
            if from.contains(&state) {
                let after = &answer.expect_payload()["demand"];
                let expected = if leads_to.is_empty() { state } else { leads_to };
                assert_eq!(after["status"], expected, "{verb} from {state}");
                assert_eq!(after["version"], json!(way.len() + 3));
                let is_end = ["MET", "DECLINED"].contains(&expected);
                assert_eq!(after["endedAt"].is_string(), is_end, "{after}");
            } else {
                let error = answer.expect_user_error(&[], "ILLEGAL_TRANSITION");
                let message = text(&error["message"]);
                let list = message.split("what can be done: ").nth(1);
                for (legal, _, from) in STEPS {
                    let field = match legal {
                        "withdraw" => "withdrawDemandSupport".to_owned(),
                        verb => format!("{verb}Demand"),
                    };
                    let named = list.is_some_and(|list| list.split(", ").any(|it| it == field));
                    assert_eq!(named, from.contains(&state), "{legal}: {message}");
                }
            }
        }
    }
}

async fn a_person_supports_a_demand_once(database: Database) {
    let world = World::new(&database).await;
    let server = &world.server;
    let before = newest_change(server).await;
    let demand = world.in_state(&[]).await;
    let [ada, bob] = [0, 1].map(|at| json!({"personId": world.people[at]["id"]}));
    let again = take(server, "support", &demand, ada.clone()).await;
    assert_eq!(again, demand, "a second time changes nothing");
    let both = take(server, "support", &demand, bob.clone()).await;
    assert_eq!(both["supporterCount"], 2);
    assert_eq!(
        both["supporters"],
        json!([{"slug": "ada"}, {"slug": "bob"}])
    );
    let one = take(server, "withdraw", &demand, ada.clone()).await;
    assert_eq!(one["supporters"], json!([{"slug": "bob"}]));
    let same = take(server, "withdraw", &demand, ada.clone()).await;
    assert_eq!(same, one);
    // The tests' own subject is nobody of the catalog.
    let nobody = try_step(server, "support", &demand, json!({})).await;
    nobody.expect_user_error(&["personId"], "INVALID");
    let unknown = json!({"personId": world.customer["id"]});
    let unknown = try_step(server, "support", &demand, unknown).await;
    unknown.expect_user_error(&["personId"], "NOT_FOUND");
    take(server, "plan", &demand, json!({})).await;
    take(server, "decline", &demand, world.more("decline")).await;
    let late = take(server, "support", &demand, bob).await;
    assert_eq!(late["status"], "DECLINED", "nothing to change is no step");

    let changes = eventually("the feed shows all", async || {
        let found = changes_after(server, &before).await;
        (found.len() == 6).then_some(found)
    })
    .await;
    let ids = [0, 1].map(|at| world.people[at]["id"].clone());
    assert_eq!(
        changes[1]["diff"]["supporterCount"],
        json!({"from": 0, "to": 1})
    );
    assert_eq!(
        changes[1]["diff"]["supporters"],
        json!({"from": null, "to": [ids[0]]})
    );
    assert_eq!(
        changes[2]["diff"]["supporters"],
        json!({"from": null, "to": [ids[1]]})
    );
    assert_eq!(
        changes[3]["diff"]["supporters"],
        json!({"from": [ids[0]], "to": null})
    );
    assert_eq!(
        changes[4]["diff"]["status"],
        json!({"from": "OPEN", "to": "PLANNED"})
    );
}

async fn many_supporters_at_once_are_all_counted(database: Database) {
    let world = World::new(&database).await;
    let customer = json!({"customerId": world.customer["id"]});
    let demand = raise(&world.server, customer).await;
    let mut running = Vec::new();
    for number in 0..8 {
        let person = PERSON
            .create_plain(&world.server, &format!("Person {number}"))
            .await;
        // Each twice.
        for _ in 0..2 {
            let (document, variables) =
                super::step("support", &demand, &json!({"personId": person["id"]}));
            let query = world.server.query(document).variables(variables);
            running.push(tokio::spawn(query.send()));
        }
    }
    for answer in running {
        answer.await.expect("an answer").expect_payload();
    }
    let after = world
        .server
        .query("{ demand(number: \"DEM-1\") { supporterCount supporters { slug } } }");
    let after = after.send().await.expect_data()["demand"].clone();
    assert_eq!(after["supporterCount"], 8);
    assert_eq!(after["supporters"].as_array().map(Vec::len), Some(8));
}

async fn of_two_writers_the_second_hears_of_it(database: Database) {
    let world = World::new(&database).await;
    let demand = world.in_state(&[]).await;
    let version = demand["version"].clone();
    let mut first = world.more("update");
    first["expectedVersion"] = version.clone();
    take(&world.server, "update", &demand, first).await;
    for verb in ["update", "plan", "meet", "decline"] {
        let mut second = world.more(verb);
        second["expectedVersion"] = version.clone();
        let answer = try_step(&world.server, verb, &demand, second).await;
        answer.expect_user_error(&["expectedVersion"], "STALE_VERSION");
    }
}

async fn a_no_explains_itself_and_reopening_disputes_an_answer(database: Database) {
    let world = World::new(&database).await;
    let server = &world.server;
    let demand = world.in_state(&[]).await;
    let short = json!({"reason": "COST", "explanation": "Too dear."});
    let answer = try_step(server, "decline", &demand, short).await;
    answer.expect_user_error(&["explanation"], "INVALID");
    let covered = json!({"reason": "COVERED_BY_ALTERNATIVE", "explanation": "The other board shows the same beds."});
    let answer = try_step(server, "decline", &demand, covered.clone()).await;
    answer.expect_user_error(&["alternativeOfferingId"], "INVALID");
    let offering = json!({"name": "Board", "serviceId": world.service["id"]});
    let offering = OFFERING.create(server, offering).await;
    let mut covered = covered;
    covered["alternativeOfferingId"] = offering["id"].clone();
    covered["revisitOn"] = json!("2030-01-01");
    let declined = take(server, "decline", &demand, covered).await;
    assert_eq!(declined["decline"]["reason"], "COVERED_BY_ALTERNATIVE");
    assert_eq!(declined["decline"]["alternative"]["slug"], "board");
    assert_eq!(declined["decline"]["revisitOn"], "2030-01-01");
    let reopened = take(server, "reopen", &demand, json!({})).await;
    assert_eq!(
        reopened["decline"], declined["decline"],
        "it stays to be read"
    );

    let met = take(server, "meet", &demand, world.more("meet")).await;
    assert_eq!(met["service"]["slug"], "bed-board");
    let disputed = take(server, "reopen", &demand, json!({})).await;
    assert_eq!(disputed["service"], json!(null), "it does not answer it");
    let retired = json!({"id": world.service["id"], "lifecycle": "RETIRED"});
    SERVICE.update(server, retired).await;
    let answer = try_step(server, "meet", &demand, world.more("meet")).await;
    answer.expect_user_error(&["serviceId"], "INVALID");
    let unknown = json!({"id": world.customer["id"]});
    let answer = try_step(server, "plan", &unknown, json!({})).await;
    answer.expect_user_error(&["id"], "NOT_FOUND");
}

on_both_databases!(
    every_step_is_taken_from_where_it_may_be_and_refused_elsewhere,
    a_person_supports_a_demand_once,
    many_supporters_at_once_are_all_counted,
    of_two_writers_the_second_hears_of_it,
    a_no_explains_itself_and_reopening_disputes_an_answer,
);
