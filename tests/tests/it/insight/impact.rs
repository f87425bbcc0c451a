//! What the business loses while services fail.

use std::collections::BTreeSet;

use fastrand::Rng;
use kundig::auth::Scope;
use kundig_tests::{Database, Server, on_both_databases, tokens};
use serde_json::{Value, json};

use super::oracle::{Expected, World};
use crate::objects::{list, text};
use crate::support::mutate;

const IMPACT: &str = "valuePerHour { amount currency } affectedServices customers { slug }
    outcomes { outcome { slug customer { slug } } loss valuePerHour { amount } path { slug } }";

async fn impact_is_what_following_every_chain_says(database: Database) {
    let server = Server::start(&database).await;
    let mut random = Rng::with_seed(5);
    for number in 0..100 {
        let world = World::random(&format!("w{number}"), &mut random);
        world.import(&server).await;
        let slugs: Vec<_> = world.services.iter().map(|service| &service.slug).collect();
        let answer = server
            .query(format!(
                "query ($slugs: [String!]) {{ services(filter: {{slugs: $slugs}}, first: 100) {{ nodes {{
                   id slug outage: impact {{ {IMPACT} }} degraded: impact(severity: DEGRADED) {{ {IMPACT} }}
                }} }} }}"
            ))
            .variables(json!({ "slugs": slugs }))
            .send()
            .await;
        let nodes = list(&answer.expect_data()["services"]["nodes"]);
        assert_eq!(nodes.len(), slugs.len());
        let place = |slug: &str| {
            slugs
                .iter()
                .position(|it| *it == slug)
                .expect("one of them")
        };
        for node in nodes {
            let failed = [place(&text(&node["slug"]))];
            expect(&node["outage"], &world.impact(&failed, 1.0));
            expect(&node["degraded"], &world.impact(&failed, 0.5));
        }
        let failed: Vec<&Value> = nodes
            .iter()
            .filter(|node| !world.services[place(&text(&node["slug"]))].is_retired && random.bool())
            .take(3)
            .collect();
        if failed.is_empty() {
            continue;
        }
        let ids: Vec<_> = failed.iter().map(|node| &node["id"]).collect();
        let input = json!({"title": "Several at once", "severity": "OUTAGE", "serviceIds": ids});
        let selection = format!("incident {{ impact {{ {IMPACT} }} }}");
        let answer = mutate(&server, "reportIncident", &selection, input).await;
        let failed: Vec<usize> = failed
            .iter()
            .map(|node| place(&text(&node["slug"])))
            .collect();
        let impact = &answer.expect_payload()["incident"]["impact"];
        expect(impact, &world.impact(&failed, 1.0));
    }
}

#[track_caller]
fn expect(impact: &Value, expected: &Expected) {
    assert_close(&impact["valuePerHour"]["amount"], expected.value);
    assert_eq!(impact["affectedServices"], expected.affected, "{impact}");
    let customers = list(&impact["customers"])
        .iter()
        .map(|it| text(&it["slug"]));
    assert_eq!(
        customers.collect::<BTreeSet<_>>(),
        expected.customers,
        "{impact}"
    );
    let outcomes = list(&impact["outcomes"]);
    assert_eq!(outcomes.len(), expected.outcomes.len(), "{impact}");
    let mut last = f64::INFINITY;
    for lost in outcomes {
        let (loss, value, path) = &expected.outcomes[&text(&lost["outcome"]["slug"])];
        let found = lost["loss"].as_f64().expect("a number");
        assert!((found - loss).abs() < 1e-9, "{lost}");
        assert_close(&lost["valuePerHour"]["amount"], *value);
        let found: Vec<_> = list(&lost["path"])
            .iter()
            .map(|it| text(&it["slug"]))
            .collect();
        assert_eq!(&found, path, "{lost}");
        assert!(*value <= last + 0.001, "the most costly first: {impact}");
        last = *value;
    }
}

#[track_caller]
pub(super) fn assert_close(amount: &Value, expected: f64) {
    let found: f64 = text(amount).parse().expect("a number");
    assert!(
        (found - expected).abs() < 0.001,
        "{found} is not {expected}"
    );
}

async fn impact_is_for_those_who_need_insight(database: Database) {
    let server = Server::start(&database).await;
    let world = World::random("w", &mut Rng::with_seed(11));
    world.import(&server).await;
    let slug = &world.services[0].slug;
    let id = &crate::objects::SERVICE.by_slug(&server, slug).await["id"];
    let input = json!({"title": "Broken", "severity": "MINOR", "serviceIds": [id]});
    mutate(&server, "reportIncident", "incident { id }", input)
        .await
        .expect_payload();

    let of_service = format!("{{ service(slug: \"{slug}\") {{ impact {{ {IMPACT} }} }} }}");
    let of_incident = format!("{{ incident(number: \"INC-1\") {{ impact {{ {IMPACT} }} }} }}");
    let reader = tokens::local("reader", &[Scope::CatalogRead]);
    let answer = server.query(&of_service).token(&reader).send().await;
    let error = answer.expect_error_code("FORBIDDEN");
    assert_eq!(
        error["extensions"]["requiredScope"], "insight:read",
        "{error}"
    );
    let worker = tokens::local("worker", &[Scope::RequestsWork]);
    let answer = server.query(&of_incident).token(&worker).send().await;
    answer.expect_error_code("FORBIDDEN");

    // Whoever has insight sees what it names, also without reading the whole catalog.
    let insight = tokens::local("manager", &[Scope::InsightRead]);
    let answer = server.query(&of_incident).token(&insight).send().await;
    let impact = &answer.expect_data()["incident"]["impact"];
    expect(impact, &world.impact(&[0], 0.1));
}

on_both_databases!(
    impact_is_what_following_every_chain_says,
    impact_is_for_those_who_need_insight,
);
