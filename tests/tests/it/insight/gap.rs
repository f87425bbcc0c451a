//! Where supply and demand miss each other.

use std::collections::BTreeSet;

use fastrand::Rng;
use kundig_tests::{Database, Server, Settings, on_both_databases};
use serde_json::{Value, json};

use super::oracle::World;
use crate::objects::{list, text};
use crate::support::mutate;

const PAGE: usize = 19;

/// A service, as the server names it and as its world does.
struct Known {
    id: Value,
    offering: Value,
}

async fn the_gap_is_that_of_looking_at_everything(database: Database) {
    let server = Settings::new(&database)
        .env("KUNDIG_OWNERSHIP_VALID_DAYS", "30")
        .start()
        .await;
    let mut random = Rng::with_seed(9);
    let (mut unasked, mut unowned, mut without_service) =
        (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    let mut unmet = Vec::new();
    for number in 0..100 {
        let world = World::random(&format!("w{number}"), &mut random);
        world.import(&server).await;
        for outcome in world.outcomes_without_service() {
            without_service.insert(outcome.to_owned());
        }
        for (place, service) in world
            .services
            .iter()
            .enumerate()
            .filter(|(_, it)| !it.is_retired)
        {
            unowned.insert(service.slug.clone());
            let asked = ask_for(&server, &world, (place, &mut random), &mut unmet).await;
            if !asked && !world.is_wanted(place) {
                unasked.insert(service.slug.clone());
            }
        }
    }
    assert_eq!(slugs(&server, "unaskedServices").await, unasked);
    assert_eq!(
        slugs(&server, "servicesWithoutBusinessOwner").await,
        unowned
    );
    assert_eq!(
        slugs(&server, "outcomesWithoutService").await,
        without_service
    );
    assert_eq!(
        slugs(&server, "staleOwnership").await,
        BTreeSet::new(),
        "all of it is new"
    );
    assert_eq!(
        slugs(&server, "watermelons").await,
        BTreeSet::new(),
        "nobody said anything"
    );
    let found = walk(&server, "unmetDemands", "number valuePerMonth { amount }").await;
    let values = found.iter().map(|it| {
        text(&it["valuePerMonth"]["amount"])
            .parse::<f64>()
            .expect("a number")
    });
    assert!(
        values
            .collect::<Vec<_>>()
            .is_sorted_by(|one, other| one >= other)
    );
    let mut numbers: Vec<String> = found.iter().map(|it| text(&it["number"])).collect();
    numbers.sort();
    unmet.sort();
    assert_eq!(numbers, unmet);
}

/// Asks for a service or not, by a request or a demand that it answers; and raises a demand or not that nothing answers. Whether
/// it was asked for.
async fn ask_for(
    server: &Server,
    world: &World,
    (place, random): (usize, &mut Rng),
    unmet: &mut Vec<String>,
) -> bool {
    let slug = &world.services[place].slug;
    let chance = random.u8(..6);
    if chance > 2 {
        return false;
    }
    let known = known(server, slug).await;
    if chance == 0 {
        let input = json!({ "offeringId": known.offering });
        mutate(
            server,
            "submitServiceRequest",
            "serviceRequest { id }",
            input,
        )
        .await
        .expect_payload();
        return true;
    }
    let customer = crate::objects::CUSTOMER
        .by_slug(server, &format!("{}-customer-0", world.name))
        .await;
    let mut input = json!({
        "title": "Something", "kind": "WISH", "customerId": customer["id"], "valuePerMonth": random.u16(..).to_string(),
    });
    if chance == 1 {
        input["serviceId"] = known.id;
    }
    let answer = mutate(server, "raiseDemand", "demand { number }", input).await;
    if chance == 2 {
        unmet.push(text(&answer.expect_payload()["demand"]["number"]));
    }
    chance == 1
}

async fn known(server: &Server, slug: &str) -> Known {
    let answer = server
        .query(format!(
            "{{ service(slug: \"{slug}\") {{ id offerings {{ nodes {{ id }} }} }} }}"
        ))
        .send()
        .await;
    let service = &answer.expect_data()["service"];
    Known {
        id: service["id"].clone(),
        offering: service["offerings"]["nodes"][0]["id"].clone(),
    }
}

async fn slugs(server: &Server, field: &str) -> BTreeSet<String> {
    let found = walk(server, field, "slug").await;
    let count = found.len();
    let slugs: BTreeSet<String> = found.iter().map(|it| text(&it["slug"])).collect();
    assert_eq!(slugs.len(), count, "each once");
    slugs
}

/// All pages of a part of the gap.
async fn walk(server: &Server, field: &str, selection: &str) -> Vec<Value> {
    let mut found = Vec::new();
    let mut cursor = json!(null);
    loop {
        let answer = server
            .query(format!(
                "query ($after: String) {{ portfolioGap {{ {field}(first: {PAGE}, after: $after) {{
                   totalCount pageInfo {{ hasNextPage endCursor }} nodes {{ {selection} }}
                }} }} }}"
            ))
            .variables(json!({ "after": cursor }))
            .send()
            .await;
        let page = &answer.expect_data()["portfolioGap"][field];
        found.extend(list(&page["nodes"]).iter().cloned());
        if page["pageInfo"]["hasNextPage"] == false {
            assert_eq!(page["totalCount"], found.len(), "{field}");
            return found;
        }
        cursor = page["pageInfo"]["endCursor"].clone();
    }
}

async fn ownership_is_stale_once_nobody_confirmed_it_for_long(database: Database) {
    let server = Server::start(&database).await;
    let service = |slug: &str, confirmed: &str, lifecycle: &str| {
        format!(
            "---\napiVersion: kundig/v1\nkind: Service\nmetadata: {{slug: {slug}, name: {slug}}}\n\
             spec: {{kind: API, lifecycle: {lifecycle}, tier: TIER_3, ownershipConfirmedAt: {confirmed}}}\n"
        )
    };
    let source = [
        service("younger", "2021-05-01T00:00:00Z", "LIVE"),
        service("older", "2020-05-01T00:00:00Z", "DEPRECATED"),
        service("retired", "2019-05-01T00:00:00Z", "RETIRED"),
        service("fresh", &jiff::Timestamp::now().to_string(), "LIVE"),
    ]
    .concat();
    let input = json!({"format": "KUNDIG", "source": source});
    mutate(&server, "importCatalog", "result { created }", input)
        .await
        .expect_payload();
    let found = walk(&server, "staleOwnership", "id slug").await;
    let slugs: Vec<_> = found.iter().map(|it| text(&it["slug"])).collect();
    assert_eq!(slugs, ["older", "younger"], "what is longest ago first");
    let input = json!({ "serviceId": found[0]["id"] });
    mutate(&server, "confirmOwnership", "service { id }", input)
        .await
        .expect_payload();
    let left = walk(&server, "staleOwnership", "slug").await;
    assert_eq!(left, [json!({"slug": "younger"})]);
}

on_both_databases!(
    the_gap_is_that_of_looking_at_everything,
    ownership_is_stale_once_nobody_confirmed_it_for_long,
);
