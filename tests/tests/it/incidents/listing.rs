use kundig_tests::{Database, Server, Settings, on_both_databases};
use serde_json::{Value, json};

use super::{report, service, take, try_report};
use crate::objects::{list, text};
use crate::requests::clocks::{promise, target};

/// Three services with some incidents each; every second incident breaks two of them.
struct World {
    server: Server,
    services: Vec<Value>,
}

impl World {
    async fn new(database: &Database, count: usize) -> Self {
        let server = Settings::new(database).start().await;
        let mut services = Vec::new();
        for name in ["Beds", "Labs", "Mail"] {
            services.push(service(&server, name).await);
        }
        for number in 0..count {
            let severity = ["OUTAGE", "DEGRADED", "MINOR"][number % 3];
            let mut broken = vec![&services[number % 3]];
            if number % 2 == 1 {
                broken.push(&services[(number + 1) % 3]);
            }
            let input = json!({"severity": severity, "serviceIds": broken});
            let answer = try_report(&server, input).await;
            let incident = &answer.expect_payload()["incident"];
            match number % 4 {
                1 => drop(take(&server, "acknowledge", incident, json!({})).await),
                3 => drop(take(&server, "resolve", incident, json!({})).await),
                _ => {}
            }
        }
        Self { server, services }
    }

    /// A page of all incidents, or of the first service's.
    async fn page(&self, of_service: bool, arguments: &str) -> Value {
        let page = format!(
            "incidents({arguments}) {{ totalCount nodes {{ number createdAt }} pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }} }}"
        );
        let document = if of_service {
            format!("{{ service(slug: \"beds\") {{ {page} }} }}")
        } else {
            format!("{{ {page} }}")
        };
        let answer = self.server.query(document).send().await;
        let data = answer.expect_data();
        let at = if of_service { &data["service"] } else { data };
        at["incidents"].clone()
    }
}

fn numbers(page: &Value) -> Vec<String> {
    let nodes = list(&page["nodes"]);
    nodes.iter().map(|node| text(&node["number"])).collect()
}

async fn pages_forwards_and_backwards_are_the_whole_list(database: Database) {
    let world = World::new(&database, 12).await;
    // Each third breaks it, and those that break the one before it and the next: 0 3 6 9, and 5 11.
    for (of_service, count) in [(false, 12), (true, 6)] {
        let whole = world.page(of_service, "first: 100").await;
        let expected = numbers(&whole);
        assert_eq!(expected.len(), count);
        assert_eq!(whole["totalCount"], json!(count));
        let created = list(&whole["nodes"])
            .iter()
            .map(|it| text(&it["createdAt"]));
        let mut created: Vec<String> = created.collect();
        created.reverse();
        assert!(created.is_sorted(), "the newest first");
        for (size, forwards) in [(4, true), (5, false), (1, true), (count, false)] {
            let (end, cursor) = if forwards {
                ("first", "after")
            } else {
                ("last", "before")
            };
            let mut met: Vec<String> = Vec::new();
            let mut arguments = format!("{end}: {size}");
            while met.len() < count {
                let page = world.page(of_service, &arguments).await;
                let info = &page["pageInfo"];
                let (is_first, at) = (met.is_empty(), if forwards { met.len() } else { 0 });
                met.splice(at..at, numbers(&page));
                let is_last = met.len() == count;
                let (next, previous) = if forwards {
                    (!is_last, !is_first)
                } else {
                    (!is_first, !is_last)
                };
                assert_eq!(info["hasNextPage"], json!(next), "{arguments}");
                assert_eq!(info["hasPreviousPage"], json!(previous), "{arguments}");
                let place = if forwards {
                    &info["endCursor"]
                } else {
                    &info["startCursor"]
                };
                arguments = format!("{end}: {size}, {cursor}: {place}");
            }
            assert_eq!(met, expected);
        }
    }
}

async fn filters_leave_what_they_say(database: Database) {
    let world = World::new(&database, 12).await;
    let labs = &world.services[1];
    for (filter, all, of_first_service) in [
        (String::new(), 12, 6),
        ("statuses: [OPEN]".to_owned(), 6, 2),
        (
            "statuses: [ACKNOWLEDGED, RESOLVED, RESOLVED]".to_owned(),
            6,
            4,
        ),
        ("statuses: []".to_owned(), 0, 0),
        ("severities: [OUTAGE]".to_owned(), 4, 4),
        (
            "severities: [DEGRADED, MINOR], statuses: [OPEN]".to_owned(),
            4,
            0,
        ),
        (format!("serviceId: {labs}"), 6, 2),
    ] {
        for (of_service, expected) in [(false, all), (true, of_first_service)] {
            let page = world
                .page(of_service, &format!("first: 100, filter: {{{filter}}}"))
                .await;
            assert_eq!(page["totalCount"], json!(expected), "{filter} {of_service}");
            assert_eq!(numbers(&page).len(), expected, "{filter} {of_service}");
        }
    }
    let nonsense = world
        .server
        .query("{ incidents(filter: {serviceId: \"x\"}) { totalCount } }");
    nonsense.send().await.expect_error_code("BAD_USER_INPUT");
}

/// How many SQL statements a query takes.
async fn statements(server: &Server, document: &str) -> u64 {
    let before = server.metrics().await.sql_statements("request");
    server.query(document).send().await.expect_data();
    server.metrics().await.sql_statements("request") - before
}

async fn a_list_of_a_hundred_takes_as_many_statements_as_one_of_ten(database: Database) {
    let server = Settings::new(&database).start().await;
    let mut services = Vec::new();
    for number in 0..100 {
        services.push(service(&server, &format!("Service {number:03}")).await);
    }
    let targets = json!([
        target("RESPONSE_TIME", None, "PT4H"),
        target("RESOLUTION_TIME", None, "PT8H")
    ]);
    promise(&server, &services[0], None, targets).await;
    for number in 0..100 {
        report(&server, &[&services[number], &services[(number + 1) % 100]]).await;
    }
    for (template, expected) in [
        (
            "{ incidents(first: N) { nodes { number services { name team { name } } slaClocks { state dueAt explain { from } target { within } }
                events(last: 1) { nodes { at } } } } }",
            4,
        ),
        (
            "{ services(first: N) { nodes { incidents(first: 2) { totalCount nodes { number services { name } events(last: 1) { totalCount nodes { at } } } pageInfo { hasPreviousPage } } } } }",
            5,
        ),
    ] {
        let of = |size: &str| template.replace('N', size);
        let ten = statements(&server, &of("10")).await;
        let hundred = statements(&server, &of("100")).await;
        assert_eq!((ten, hundred), (expected, expected), "{template}");
    }
}

on_both_databases!(
    pages_forwards_and_backwards_are_the_whole_list,
    filters_leave_what_they_say,
    a_list_of_a_hundred_takes_as_many_statements_as_one_of_ten,
);
