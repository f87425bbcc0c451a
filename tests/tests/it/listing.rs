//! Lists: pages, orders, filters, counts.

mod oracle;

use fastrand::Rng;
use kundig_tests::{Answer, Database, Server, on_both_databases};
use oracle::{Stock, random_filter};
use serde_json::{Value, json};

use crate::objects::{ALL, SERVICE, TEAM, list, text};

const SERVICES: usize = 60;
const PAGE: usize = 7;
const ORDERS: [&str; 5] = ["NAME", "SLUG", "TIER", "CREATED_AT", "UPDATED_AT"];

async fn every_order_yields_every_service_once_both_ways(database: Database) {
    let server = Server::start(&database).await;
    let stock = Stock::fill(&server, SERVICES, 1).await;
    for field in ORDERS {
        let mut ways = Vec::new();
        for direction in ["ASC", "DESC"] {
            let order = json!({"field": field, "direction": direction});
            let forward = walk(&server, &order, Way::Forward).await;
            let backward = walk(&server, &order, Way::Backward).await;
            assert_eq!(forward, backward, "{field} {direction}");
            ways.push(forward);
        }
        stock.expect_sorted(&ways[0], field);
        ways[1].reverse();
        assert_eq!(
            ways[0], ways[1],
            "descending is ascending backwards: {field}"
        );
    }
    let by_name = json!({"field": "NAME"});
    let answer = page(&server, json!({"first": 100})).await;
    assert_eq!(
        ids(services(&answer)),
        walk(&server, &by_name, Way::Forward).await,
        "by name where nothing is said"
    );
    let answer = page(&server, json!({})).await;
    assert_eq!(ids(services(&answer)).len(), 25, "25 where nothing is said");
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Forward,
    Backward,
}

/// All pages in one direction, the services in the list's own order; on the way, that each page knows where it is.
async fn walk(server: &Server, order: &Value, way: Way) -> Vec<String> {
    let mut pages = Vec::new();
    let mut cursor = json!(null);
    loop {
        let arguments = match way {
            Way::Forward => json!({"orderBy": order, "first": PAGE, "after": cursor}),
            Way::Backward => json!({"orderBy": order, "last": PAGE, "before": cursor}),
        };
        let answer = page(server, arguments).await;
        let services = services(&answer);
        let info = &services["pageInfo"];
        assert_eq!(services["totalCount"], SERVICES, "{answer}");
        let edges = list(&services["edges"]);
        assert_eq!(info["startCursor"], edges[0]["cursor"], "{answer}");
        assert_eq!(
            info["endCursor"],
            edges[edges.len() - 1]["cursor"],
            "{answer}"
        );
        let of_edges: Vec<&Value> = edges.iter().map(|edge| &edge["node"]["id"]).collect();
        assert_eq!(json!(of_edges), json!(ids(services)), "{answer}");

        let (behind, ahead, next) = match way {
            Way::Forward => ("hasPreviousPage", "hasNextPage", "endCursor"),
            Way::Backward => ("hasNextPage", "hasPreviousPage", "startCursor"),
        };
        assert_eq!(info[behind], !pages.is_empty(), "{answer}");
        cursor = info[next].clone();
        pages.push(ids(services));
        if info[ahead] == false {
            break;
        }
        assert_eq!(
            edges.len(),
            PAGE,
            "only the last page may be short\n{answer}"
        );
    }
    if way == Way::Backward {
        pages.reverse();
    }
    pages.concat()
}

async fn page(server: &Server, variables: Value) -> Answer {
    server
        .query(
            "query ($filter: ServiceFilter, $orderBy: ServiceOrder, $first: Int, $after: String, $last: Int, $before: String) {
               services(filter: $filter, orderBy: $orderBy, first: $first, after: $after, last: $last, before: $before) {
                 edges { cursor node { id } } nodes { id slug } totalCount
                 pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }",
        )
        .variables(variables)
        .send()
        .await
}

#[track_caller]
fn services(answer: &Answer) -> &Value {
    &answer.expect_data()["services"]
}

fn ids(services: &Value) -> Vec<String> {
    list(&services["nodes"])
        .iter()
        .map(|node| text(&node["id"]))
        .collect()
}

async fn a_page_that_makes_no_sense_is_refused(database: Database) {
    let server = Server::start(&database).await;
    for name in ["A", "B", "C"] {
        SERVICE.create(&server, json!({"name": name})).await;
    }
    let by_slug = page(&server, json!({"orderBy": {"field": "SLUG"}, "first": 1})).await;
    let cursor = &services(&by_slug)["pageInfo"]["endCursor"];
    for (wrong, named) in [
        (json!({"first": 1, "last": 1}), "first"),
        (json!({"first": 101}), "100"),
        (json!({"last": 101}), "100"),
        (json!({"first": -1}), "first"),
        (json!({"last": -1}), "last"),
        (json!({"first": i32::MIN}), "first"),
        (json!({"after": "nonsense"}), "after"),
        (json!({"before": ""}), "before"),
        (json!({"after": "WyJOQU1FIixbXV0"}), "after"),
        (
            json!({"orderBy": {"field": "NAME"}, "after": cursor}),
            "SLUG",
        ),
        (
            json!({"orderBy": {"field": "TIER"}, "before": cursor}),
            "SLUG",
        ),
    ] {
        let answer = page(&server, wrong.clone()).await;
        let error = answer.expect_error_code("BAD_USER_INPUT");
        assert_eq!(error["path"], json!(["services"]), "{wrong}");
        assert!(
            text(&error["message"]).contains(named),
            "{named} in: {error}"
        );
    }
    let other_way = json!({"orderBy": {"field": "SLUG", "direction": "DESC"}, "after": cursor});
    assert_eq!(
        ids(services(&page(&server, other_way).await)),
        [""; 0],
        "the first is the last the other way"
    );

    let none = page(&server, json!({"first": 0})).await;
    let none = services(&none);
    assert_eq!(
        (&none["nodes"], &none["totalCount"]),
        (&json!([]), &json!(3))
    );
    assert_eq!(
        none["pageInfo"],
        json!({"hasNextPage": true, "hasPreviousPage": false, "startCursor": null, "endCursor": null})
    );
}

async fn a_cursor_stays_good_when_its_service_goes_or_moves(database: Database) {
    let server = Server::start(&database).await;
    let mut made = Vec::new();
    for name in ["A", "B", "C", "D", "E", "F"] {
        made.push(SERVICE.create(&server, json!({"name": name})).await);
    }
    let first = page(&server, json!({"first": 3})).await;
    let after_c = services(&first)["pageInfo"]["endCursor"].clone();
    let slugs = async |variables: Value| {
        let answer = page(&server, variables).await;
        let slugs: Vec<String> = list(&services(&answer)["nodes"])
            .iter()
            .map(|node| text(&node["slug"]))
            .collect();
        (slugs.join(" "), services(&answer)["pageInfo"].clone())
    };

    SERVICE.delete(&server, &made[2]).await;
    let (after, info) = slugs(json!({"after": after_c})).await;
    assert_eq!(
        (after.as_str(), &info["hasPreviousPage"]),
        ("d e f", &json!(true))
    );
    let (before, info) = slugs(json!({"before": after_c, "last": 2})).await;
    assert_eq!(
        (before.as_str(), &info["hasNextPage"]),
        ("a b", &json!(true))
    );

    let at_d = page(&server, json!({"after": after_c, "first": 1})).await;
    let after_d = services(&at_d)["pageInfo"]["endCursor"].clone();
    SERVICE
        .update(&server, json!({"id": made[3]["id"], "name": "Z"}))
        .await;
    assert_eq!(
        slugs(json!({"after": after_d})).await.0,
        "e f d",
        "it moved to the end and is met there"
    );
    assert_eq!(slugs(json!({"before": after_d})).await.0, "a b");
    SERVICE
        .update(&server, json!({"id": made[3]["id"], "name": "0"}))
        .await;
    assert_eq!(slugs(json!({"after": after_d})).await.0, "e f");

    for service in [&made[0], &made[1], &made[3], &made[4], &made[5]] {
        SERVICE.delete(&server, service).await;
    }
    let (nothing, info) = slugs(json!({"after": after_c})).await;
    assert_eq!(nothing, "");
    assert_eq!(
        info,
        json!({"hasNextPage": false, "hasPreviousPage": false, "startCursor": null, "endCursor": null})
    );
}

async fn a_filter_finds_what_looking_at_every_service_finds(database: Database) {
    let server = Server::start(&database).await;
    let stock = Stock::fill(&server, SERVICES, 2).await;
    let mut random = Rng::with_seed(3);
    let (mut empty, mut full) = (0, 0);
    for _ in 0..80 {
        let filter = random_filter(&stock, &mut random);
        let expected = stock.matching(&filter);
        empty += usize::from(expected.is_empty());
        full += usize::from(expected.len() > SERVICES / 2);

        let variables = json!({"filter": filter, "orderBy": {"field": "SLUG"}, "first": 100});
        let answer = page(&server, variables).await;
        assert_eq!(ids(services(&answer)), expected, "{filter:#}");
        assert_eq!(
            services(&answer)["totalCount"],
            expected.len(),
            "{filter:#}"
        );

        let order = json!({"field": ORDERS[random.usize(..ORDERS.len())], "direction": "DESC"});
        let whole = page(
            &server,
            json!({"filter": filter, "orderBy": order, "first": 100}),
        )
        .await;
        let whole = ids(services(&whole));
        let mut paged = Vec::new();
        let mut cursor = json!(null);
        loop {
            let variables =
                json!({"filter": filter, "orderBy": order, "first": PAGE, "after": cursor});
            let answer = page(&server, variables).await;
            paged.extend(ids(services(&answer)));
            let info = &services(&answer)["pageInfo"];
            assert_eq!(
                info["hasNextPage"],
                paged.len() < expected.len(),
                "{filter:#}"
            );
            if info["hasNextPage"] == false {
                break;
            }
            cursor = info["endCursor"].clone();
        }
        assert_eq!(paged, whole, "{filter:#}");
        let mut sorted = paged;
        sorted.sort();
        let mut expected = expected;
        expected.sort();
        assert_eq!(sorted, expected, "{filter:#}");
    }
    assert!(
        empty < 60 && full > 2,
        "the filters say little: {empty} find nothing, {full} much"
    );
}

async fn facets_count_what_the_filter_finds(database: Database) {
    let server = Server::start(&database).await;
    let stock = Stock::fill(&server, SERVICES, 4).await;
    let mut random = Rng::with_seed(5);
    for round in 0..40 {
        let filter = match round {
            0 => json!(null),
            1 => json!({}),
            _ => random_filter(&stock, &mut random),
        };
        let answer = server
            .query(
                "query ($filter: ServiceFilter) {
                   KIND: serviceFacets(filter: $filter, by: KIND, first: 100) { value count }
                   LIFECYCLE: serviceFacets(filter: $filter, by: LIFECYCLE, first: 100) { value count }
                   TIER: serviceFacets(filter: $filter, by: TIER, first: 100) { value count }
                   TAG: serviceFacets(filter: $filter, by: TAG, first: 100) { value count }
                   TEAM: serviceFacets(filter: $filter, by: TEAM, first: 100) { value count }
                   BUSINESS_OWNER: serviceFacets(filter: $filter, by: BUSINESS_OWNER, first: 100) { value count }
                   CAPABILITY: serviceFacets(filter: $filter, by: CAPABILITY, first: 100) { value count } }",
            )
            .variables(json!({"filter": filter}))
            .send()
            .await;
        for (facet, counts) in answer.expect_data().as_object().into_iter().flatten() {
            assert_eq!(
                counts,
                &stock.facet(&filter, facet),
                "{facet} of {filter:#}"
            );
        }
    }
    let all = stock.facet(&json!(null), "TAG");
    let few = server
        .query("{ serviceFacets(by: TAG, first: 2) { value count } }")
        .send()
        .await;
    assert_eq!(list(&few.expect_data()["serviceFacets"]), &list(&all)[..2]);
    for wrong in ["-1", "101"] {
        let query = format!("{{ serviceFacets(by: TAG, first: {wrong}) {{ value }} }}");
        server
            .query(query)
            .send()
            .await
            .expect_error_code("BAD_USER_INPUT");
    }
}

async fn an_id_of_another_type_in_a_filter_is_refused(database: Database) {
    let server = Server::start(&database).await;
    let service = SERVICE.create(&server, json!({"name": "Beds"})).await;
    for field in [
        "teamId",
        "businessOwnerId",
        "capabilityId",
        "customerId",
        "outcomeId",
    ] {
        for wrong in [&service["id"], &json!("nonsense"), &json!("")] {
            let answer = page(&server, json!({"filter": {field: wrong}})).await;
            let error = answer.expect_error_code("BAD_USER_INPUT");
            assert!(text(&error["message"]).contains(field), "{error}");
        }
    }
    let gone = TEAM.create(&server, json!({"name": "Gone"})).await;
    TEAM.delete(&server, &gone).await;
    let answer = page(&server, json!({"filter": {"teamId": gone["id"]}})).await;
    assert_eq!(
        services(&answer)["totalCount"],
        0,
        "an id of its type finds nothing once it is gone"
    );
    let answer = server
        .query("query ($id: ID) { serviceOfferings(filter: {serviceId: $id}) { totalCount } }")
        .variables(json!({"id": gone["id"]}))
        .send()
        .await;
    answer.expect_error_code("BAD_USER_INPUT");
}

async fn nodes_come_in_the_order_of_their_ids(database: Database) {
    let server = Server::start(&database).await;
    let mut objects = Vec::new();
    for ty in ALL {
        let object = ty.create_plain(&server, "Something").await;
        objects.push((ty.name, object["id"].clone()));
    }
    let nodes = async |ids: Value| {
        server
            .query("query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }")
            .variables(json!({ "ids": ids }))
            .send()
            .await
    };
    let mut ids: Vec<Value> = objects.iter().map(|(_, id)| id.clone()).collect();
    let mut expected: Vec<Value> = objects
        .iter()
        .map(|(name, id)| json!({"__typename": name, "id": id}))
        .collect();
    ids.reverse();
    expected.reverse();
    ids.insert(2, json!("nonsense"));
    expected.insert(2, json!(null));
    ids.push(ids[0].clone());
    expected.push(expected[0].clone());
    assert_eq!(
        nodes(json!(ids)).await.expect_data()["nodes"],
        json!(expected)
    );

    for (name, id) in &objects {
        let answer = server
            .query("query ($id: ID!) { node(id: $id) { __typename id } }")
            .variables(json!({ "id": id }))
            .send()
            .await;
        assert_eq!(
            answer.expect_data()["node"],
            json!({"__typename": name, "id": id})
        );
    }
    let (_, team) = &objects[0];
    let answer = server
        .query("query ($id: ID!) { node(id: $id) { ... on Customer { industry } ... on Service { tier } } nodes(ids: [$id, \"none\"]) { ... on Customer { industry } } }")
        .variables(json!({ "id": team }))
        .send()
        .await;
    assert_eq!(
        answer.expect_data(),
        &json!({ "node": {}, "nodes": [{}, null] }),
        "an object is there, whether or not anything of it is selected"
    );
    let answer = server.query("{ node(id: \"serv_0\") { id } }").send().await;
    assert_eq!(answer.expect_data()["node"], Value::Null);

    let many = vec!["x"; 101];
    nodes(json!(many)).await.expect_error_code("BAD_USER_INPUT");
    assert_eq!(
        nodes(json!(many[..100])).await.expect_data()["nodes"],
        json!(vec![Value::Null; 100])
    );
}

async fn every_list_can_be_paged(database: Database) {
    const LISTS: [(&str, &str); 10] = [
        ("Team", "teams"),
        ("Customer", "customers"),
        ("Person", "people"),
        ("BusinessCapability", "businessCapabilities"),
        ("BusinessOutcome", "businessOutcomes"),
        ("Service", "services"),
        ("ServiceOffering", "serviceOfferings"),
        ("SupportCalendar", "supportCalendars"),
        ("ServiceLevelAgreement", "serviceLevelAgreements"),
        ("ShadowItSighting", "shadowItSightings"),
    ];
    let server = Server::start(&database).await;
    for (ty, (name, field)) in ALL.into_iter().zip(LISTS) {
        assert_eq!(ty.name, name);
        for name in ["Ärger", "armada", "Zebra", "Beere", "apfel"] {
            ty.create_plain(&server, name).await;
        }
        let mut met = Vec::new();
        let mut cursor = json!(null);
        let name = ty.name_field();
        let by_name = if name == "product" {
            "orderBy: {field: PRODUCT, direction: ASC}, "
        } else {
            ""
        };
        loop {
            let answer = server
                .query(format!(
                    "query ($after: String) {{ {field}({by_name}first: 2, after: $after) {{
                       nodes {{ name: {name} }} totalCount pageInfo {{ hasNextPage endCursor }} }} }}"
                ))
                .variables(json!({ "after": cursor }))
                .send()
                .await;
            let page = &answer.expect_data()[field];
            met.extend(list(&page["nodes"]).iter().map(|node| text(&node["name"])));
            if page["pageInfo"]["hasNextPage"] == false {
                assert_eq!(page["totalCount"], met.len(), "{field}");
                break;
            }
            cursor = page["pageInfo"]["endCursor"].clone();
        }
        // What others needed in order to be created is in some of the lists too.
        met.retain(|name| !name.starts_with("Some "));
        assert_eq!(
            met,
            ["apfel", "Ärger", "armada", "Beere", "Zebra"],
            "{field}"
        );
    }
}

on_both_databases!(
    every_order_yields_every_service_once_both_ways,
    a_page_that_makes_no_sense_is_refused,
    a_cursor_stays_good_when_its_service_goes_or_moves,
    a_filter_finds_what_looking_at_every_service_finds,
    facets_count_what_the_filter_finds,
    an_id_of_another_type_in_a_filter_is_refused,
    nodes_come_in_the_order_of_their_ids,
    every_list_can_be_paged,
);
