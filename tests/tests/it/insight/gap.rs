//! Where supply and demand miss each other.

use std::collections::BTreeSet;

use entity::{demand, service};
use fastrand::Rng;
use jiff::{SignedDuration, Timestamp};
use kundig_tests::{Database, Server, Settings, on_both_databases};
use sea_orm::{EntityTrait as _, IntoActiveModel as _, QueryOrder as _, QuerySelect as _, Set};
use serde_json::{Value, json};
use uuid::Uuid;

use super::oracle::World;
use crate::objects::{AGREEMENT, CALENDAR, CUSTOMER, SERVICE, list, text};
use crate::requests::submitter;
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
    let customer = CUSTOMER
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
        service("fresh", &Timestamp::now().to_string(), "LIVE"),
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

/// A service with a promise of 99 % that was measured so, and which so many people gave these scores.
async fn promised(server: &Server, name: &str, (good, days_ago): (i64, i64), scores: &[i64]) {
    let service = SERVICE.create_plain(server, name).await;
    let calendar = CALENDAR
        .create_plain(server, &format!("{name} hours"))
        .await;
    let input = json!({"name": "Promise", "serviceId": service["id"], "calendarId": calendar["id"], "validFrom": "2020-01-01",
        "targets": [{"metric": "AVAILABILITY", "objective": "99"}]});
    AGREEMENT.create(server, input).await;
    let at =
        |hours| (Timestamp::now() - SignedDuration::from_hours(24 * days_ago + hours)).to_string();
    let measurement = json!({"from": at(2), "until": at(1), "good": good, "total": 100});
    let input = json!({"serviceId": service["id"], "measurements": [measurement]});
    mutate(server, "recordAvailability", "recorded", input)
        .await
        .expect_payload();
    for (number, score) in scores.iter().enumerate() {
        let token = submitter(&format!("{name}-{number}"));
        let input = json!({"serviceId": service["id"], "score": score});
        let query = "mutation ($input: GiveFeedbackInput!) { giveFeedback(input: $input) { feedback { id } userErrors { message } } }";
        let query = server.query(query).variables(json!({ "input": input }));
        query.token(&token).send().await.expect_payload();
    }
}

async fn watermelons_are_green_outside_and_red_inside(database: Database) {
    let server = Server::start(&database).await;
    // Two of five good: 40 %.
    promised(&server, "melon", (99, 1), &[1, 2, 3, 4, 5]).await;
    promised(&server, "another-melon", (100, 80), &[1, 1, 1, 1, 1]).await;
    // Three of five good: 60 % is content.
    promised(&server, "content", (99, 1), &[1, 2, 4, 4, 5]).await;
    promised(&server, "hardly-asked", (99, 1), &[1, 1, 1, 1]).await;
    promised(&server, "red-outside-too", (98, 1), &[1, 1, 1, 1, 1]).await;
    promised(&server, "not-measured-of-late", (99, 91), &[1, 1, 1, 1, 1]).await;
    // One who says the same for five customers is one.
    promised(&server, "noted-by-one", (100, 1), &[]).await;
    let service = SERVICE.by_slug(&server, "noted-by-one").await;
    for number in 0..5 {
        let customer = CUSTOMER
            .create_plain(&server, &format!("Ward {number}"))
            .await;
        let input = json!({"serviceId": service["id"], "customerId": customer["id"], "score": 1});
        mutate(&server, "giveFeedback", "feedback { id }", input)
            .await
            .expect_payload();
    }
    let found = walk(&server, "watermelons", "slug").await;
    assert_eq!(
        found,
        [json!({"slug": "another-melon"}), json!({"slug": "melon"})]
    );
}

/// How many SQL statements a part of the gap takes.
async fn statements(server: &Server, field: &str) -> u64 {
    let before = server.metrics().await.sql_statements("request");
    let answer = server
        .query(format!(
            "{{ portfolioGap {{ {field}(first: 100) {{ totalCount nodes {{ id }} }} }} }}"
        ))
        .send()
        .await;
    answer.expect_data();
    server.metrics().await.sql_statements("request") - before
}

async fn a_part_of_much_takes_as_many_statements_as_one_of_little(database: Database) {
    let server = Server::start(&database).await;
    let fields = [
        "unaskedServices",
        "watermelons",
        "unmetDemands",
        "staleOwnership",
    ];
    let mut little = Vec::new();
    for many in [2, 20] {
        for number in 0..many {
            let name = format!("melon-{many}-{number}");
            promised(&server, &name, (99, 1), &[1, 1, 1, 1, 1]).await;
            SERVICE
                .create(
                    &server,
                    json!({"name": format!("plain-{many}-{number}"), "lifecycle": "LIVE"}),
                )
                .await;
        }
        let mut counted = Vec::new();
        for field in fields {
            counted.push((field, statements(&server, field).await));
        }
        if little.is_empty() {
            little = counted;
        } else {
            assert_eq!(counted, little);
        }
    }
}

/// Services that many pages' worth of others stand before, which were asked for.
async fn what_nobody_asked_for_is_found_among_many_that_were(database: Database) {
    let server = Server::start(&database).await;
    let document = |number: usize| {
        format!(
            "---\napiVersion: kundig/v1\nkind: Service\nmetadata: {{slug: s{number:04}, name: s{number:04}}}\n\
             spec: {{kind: API, lifecycle: LIVE, tier: TIER_3}}\n"
        )
    };
    let source: String = (0..1_300).map(document).collect();
    let input = json!({"format": "KUNDIG", "source": source});
    mutate(&server, "importCatalog", "result { created }", input)
        .await
        .expect_payload();
    let connection = database.connect().await;
    let services: Vec<Uuid> = service::Entity::find()
        .select_only()
        .column(service::Column::Id)
        .order_by_asc(service::Column::Slug)
        .into_tuple()
        .all(&connection)
        .await
        .expect("services can be read");
    let customer = CUSTOMER.create_plain(&server, "Ward").await;
    let input = json!({"title": "More", "kind": "NEED", "customerId": customer["id"], "valuePerMonth": "1"});
    mutate(&server, "raiseDemand", "demand { id }", input)
        .await
        .expect_payload();
    let raised = demand::Entity::find().one(&connection).await;
    let raised = raised.expect("demands can be read").expect("it is there");
    let asked = services
        .iter()
        .take(1_280)
        .enumerate()
        .map(|(place, service)| demand::ActiveModel {
            id: Set(Uuid::now_v7()),
            number: Set(i64::try_from(place).expect("a small number") + 2),
            service_id: Set(Some(*service)),
            ..raised.clone().into_active_model()
        });
    for rows in asked.collect::<Vec<_>>().chunks(500) {
        let insert = demand::Entity::insert_many(rows.to_vec());
        insert
            .exec_without_returning(&connection)
            .await
            .expect("rows fit");
    }
    let found = walk(&server, "unaskedServices", "slug").await;
    let slugs: Vec<_> = found.iter().map(|it| text(&it["slug"])).collect();
    let expected: Vec<_> = (1_280..1_300)
        .map(|number| format!("s{number:04}"))
        .collect();
    assert_eq!(slugs, expected);
    let answer = server
        .query("{ portfolioGap { unaskedServices(first: 3) { pageInfo { hasNextPage } nodes { slug } } } }")
        .send()
        .await;
    let page = &answer.expect_data()["portfolioGap"]["unaskedServices"];
    assert_eq!(page["pageInfo"]["hasNextPage"], true);
    assert_eq!(
        page["nodes"],
        json!([{"slug": "s1280"}, {"slug": "s1281"}, {"slug": "s1282"}])
    );
}

on_both_databases!(
    watermelons_are_green_outside_and_red_inside,
    a_part_of_much_takes_as_many_statements_as_one_of_little,
    what_nobody_asked_for_is_found_among_many_that_were,
    the_gap_is_that_of_looking_at_everything,
    ownership_is_stale_once_nobody_confirmed_it_for_long,
);
