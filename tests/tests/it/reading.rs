//! What a request reads: one catalog from memory, with everything in it that was written before.

use kundig_tests::generator::{Catalog, Size};
use kundig_tests::{Database, Server, Settings, on_both_databases, on_postgres, tokens};
use migration::{Migrator, MigratorTrait as _};
use serde_json::{Value, json};

use crate::objects::{SERVICE, TEAM, changes_after, list, text};
use crate::support::mutate;

/// Every edge of the catalog's graph, nine levels deep.
const DEEP: &str = "query ($rows: Int) {
  services(first: $rows, orderBy: {field: CREATED_AT}) { totalCount nodes {
    name
    businessOwner { name teams { name members { name ownedServices(first: 3) { totalCount nodes { name team { name } } } } } }
    serviceOwner { name customer { name representative { name } } }
    team { name parent { name } members { name } services(first: 3) { nodes { name } } }
    capability { name parent { name } children { name services(first: 2) { totalCount } } }
    dependencies(first: 3) { nodes { strength dependency {
      name dependents(last: 3) { nodes { dependent { name offerings(first: 2) { nodes { name price { amount currency } } } } } }
      dependencies(first: 2) { nodes { dependency { name dependencies(first: 2) { nodes { dependency { name } } } } } } } } }
    contributions { share outcome {
      name valuePerHour { amount } owner { name }
      customer { name parent { name } outcomes { name contributions { share service { name } } } } } }
    offerings(first: 5) { totalCount nodes { name inputSchema service { name } } }
    annotations links { url } tags createdAt
  } }
  serviceFacets(by: TAG) { value count }
  customers(first: $rows) { nodes { name outcomes { name metric { target } } } }
  people(last: $rows) { nodes { name ownedServices { totalCount } } }
}";

async fn a_deep_query_runs_no_sql_however_many_rows_it_has(
    database: Database,
) -> anyhow::Result<()> {
    let connection = database.connect().await;
    Migrator::up(&connection, None).await?;
    Catalog::generate(&Size::of_services(100), 6)
        .write(&connection)
        .await?;
    let server = Server::start(&database).await;
    let before = server.metrics().await.sql_statements("request");
    for rows in [10, 100] {
        let answer = server
            .query(DEEP)
            .variables(json!({ "rows": rows }))
            .send()
            .await;
        let nodes = list(&answer.expect_data()["services"]["nodes"]);
        assert_eq!(nodes.len(), rows);
        // Something is there on every branch, so that nothing was free for want of rows.
        for (branch, path) in [
            (
                "owner's team mates",
                "/businessOwner/teams/0/members/0/ownedServices/nodes",
            ),
            (
                "dependencies",
                "/dependencies/nodes/0/dependency/dependencies/nodes",
            ),
            ("outcomes", "/contributions/0/outcome/customer/outcomes"),
            ("offerings", "/offerings/nodes"),
        ] {
            let found = nodes
                .iter()
                .any(|node| node.pointer(path).is_some_and(|it| !list(it).is_empty()));
            assert!(found, "no {branch} among {rows}");
        }
    }
    assert_eq!(server.metrics().await.sql_statements("request"), before);

    // The feed is read from the database, which shows that the counter counts.
    changes_after(&server, "0").await;
    assert!(server.metrics().await.sql_statements("request") > before);
    Ok(())
}

async fn a_mutation_shows_what_it_wrote_and_so_does_the_next_query(database: Database) {
    let server = Server::start(&database).await;
    let team = TEAM.create(&server, json!({"name": "Nights"})).await;
    for number in 1..=20 {
        let input = json!({"name": format!("Service {number}"), "teamId": team["id"]});
        let selection = "service { name team { name services { totalCount } } }";
        let answer = mutate(&server, "createService", selection, input).await;
        let payload = &answer.expect_payload()["service"];
        assert_eq!(
            payload["team"]["services"]["totalCount"], number,
            "{answer}"
        );
        let answer = server.query("{ services { totalCount } }").send().await;
        assert_eq!(answer.expect_data()["services"]["totalCount"], number);
    }
}

async fn mutations_of_one_request_see_those_before_them(database: Database) {
    let server = Server::start(&database).await;
    let team = TEAM.create(&server, json!({"name": "Nights"})).await;
    let beds = SERVICE.create(&server, json!({"name": "Beds"})).await;
    let answer = server
        .query(
            "mutation ($team: ID!, $beds: ID!) {
               first: createService(input: {name: \"Beds\", teamId: $team}) { service { slug version team { services { totalCount } } } userErrors { code } }
               second: createService(input: {name: \"Beds\", teamId: $team}) { service { slug version team { services { totalCount } } } userErrors { code } }
               third: updateService(input: {id: $beds, name: \"More beds\", expectedVersion: 1}) { service { name version team { name } } userErrors { code } }
               fourth: updateService(input: {id: $beds, teamId: $team, expectedVersion: 2}) { service { name version team { name services { totalCount } } } userErrors { code } }
               stale: updateService(input: {id: $beds, name: \"Lost\", expectedVersion: 2}) { service { name } userErrors { code } }
               used: deleteTeam(input: {id: $team}) { deletedId userErrors { code } }
               last: deleteService(input: {id: $beds}) { deletedId userErrors { code } }
             }",
        )
        .variables(json!({"team": team["id"], "beds": beds["id"]}))
        .send()
        .await;
    assert_eq!(
        answer.expect_data(),
        &json!({
            "first": {"service": {"slug": "beds-2", "version": 1, "team": {"services": {"totalCount": 1}}}, "userErrors": []},
            "second": {"service": {"slug": "beds-3", "version": 1, "team": {"services": {"totalCount": 2}}}, "userErrors": []},
            "third": {"service": {"name": "More beds", "version": 2, "team": null}, "userErrors": []},
            "fourth": {"service": {"name": "More beds", "version": 3, "team": {"name": "Nights", "services": {"totalCount": 3}}}, "userErrors": []},
            "stale": {"service": null, "userErrors": [{"code": "STALE_VERSION"}]},
            "used": {"deletedId": null, "userErrors": [{"code": "IN_USE"}]},
            "last": {"deletedId": beds["id"], "userErrors": []},
        })
    );
}

async fn the_sequence_grows_with_every_change(database: Database) {
    let server = Server::start(&database).await;
    let start = server
        .query("{ __typename }")
        .send()
        .await
        .sequence()
        .to_owned();
    let mut newest: i64 = start.parse().unwrap_or(-1);
    for number in 0..5 {
        let answer = mutate(
            &server,
            "createTeam",
            "team { id }",
            json!({"name": format!("Team {number}")}),
        )
        .await;
        let sequence: i64 = answer.sequence().parse().unwrap_or(-1);
        assert!(sequence > newest, "{sequence} after {newest}");
        newest = sequence;
        let refused = mutate(&server, "createTeam", "team { id }", json!({"name": ""})).await;
        let read = server.query("{ teams { totalCount } }").send().await;
        for answer in [&refused, &read] {
            assert_eq!(answer.sequence(), newest.to_string(), "nothing was written");
        }
    }
    let changes = changes_after(&server, &start).await;
    assert_eq!(
        changes.last().map(|change| text(&change["sequence"])),
        Some(newest.to_string())
    );
}

async fn a_read_that_names_a_sequence_sees_it_on_every_replica(database: Database) {
    let settings = Settings::new(&database);
    let replicas = [settings.start().await, settings.start().await];
    for number in 1..=30 {
        let (writer, reader) = (&replicas[number % 2], &replicas[(number + 1) % 2]);
        let input = json!({"name": format!("Service {number}")});
        let written = mutate(writer, "createService", "service { slug }", input).await;
        written.expect_payload();
        let read = reader
            .query(
                "query ($slug: String!) { service(slug: $slug) { name } services { totalCount } }",
            )
            .variables(json!({"slug": format!("service-{number}")}))
            .header("Kundig-Min-Sequence", written.sequence())
            .send()
            .await;
        let expected = json!({"service": {"name": format!("Service {number}")}, "services": {"totalCount": number}});
        assert_eq!(read.expect_data(), &expected);
        let (seen, wanted): (Option<i64>, Option<i64>) = (
            read.sequence().parse().ok(),
            written.sequence().parse().ok(),
        );
        assert!(wanted.is_some() && seen >= wanted, "{read}");
    }
    let answer = replicas[0]
        .query("{ __typename }")
        .header("Kundig-Min-Sequence", "soon")
        .send()
        .await;
    assert_eq!(answer.status(), 400);
    answer.expect_error_code("BAD_USER_INPUT");
}

async fn an_answer_keeps_the_order_of_its_selection(database: Database) {
    let server = Server::start(&database).await;
    SERVICE.create(&server, json!({"name": "Beds"})).await;
    let query = "{
      z: services { totalCount nodes { version ...names kind __typename id: slug } pageInfo { hasNextPage } }
      a: service(slug: \"beds\") { tier team { id } ...names lifecycle ... on Service { tags kind } contributions { share } }
      serviceFacets(by: KIND) { value count }
      __typename
    }
    fragment names on Service { slug a: name }";
    let answer = server
        .http()
        .post(server.url("/graphql"))
        .bearer_auth(tokens::everything())
        .json(&json!({ "query": query }))
        .send()
        .await
        .and_then(reqwest::Response::error_for_status);
    let text = match answer {
        Ok(answer) => answer.text().await.unwrap_or_default(),
        Err(error) => panic!("{error}"),
    };
    let expected = concat!(
        r#"{"data":{"z":{"totalCount":1,"nodes":[{"version":1,"slug":"beds","a":"Beds","kind":"BUSINESS_SERVICE","#,
        r#""__typename":"Service","id":"beds"}],"pageInfo":{"hasNextPage":false}},"#,
        r#""a":{"tier":"TIER_3","team":null,"slug":"beds","a":"Beds","lifecycle":"LIVE","tags":[],"#,
        r#""kind":"BUSINESS_SERVICE","contributions":[]},"#,
        r#""serviceFacets":[{"value":"BUSINESS_SERVICE","count":1}],"__typename":"Query"},"extensions":{"cost":"#,
    );
    assert_eq!(text.get(..expected.len()), Some(expected));
}

async fn what_is_not_there_is_null(database: Database) {
    let server = Server::start(&database).await;
    let answer = server
        .query(
            "{ service(slug: \"x\") { id } person(slug: \"x\") { id } team(slug: \"x\") { id } customer(slug: \"x\") { id }
               businessOutcome(slug: \"x\") { id } businessCapability(slug: \"x\") { id } serviceOffering(slug: \"\") { id }
               supportCalendar(slug: \"x\") { id } serviceLevelAgreement(slug: \"x\") { id }
               node(id: \"\") { id } }",
        )
        .send()
        .await;
    let fields = answer.expect_data().as_object();
    assert_eq!(fields.map(serde_json::Map::len), Some(10));
    assert!(
        fields
            .into_iter()
            .flatten()
            .all(|(_, value)| *value == Value::Null),
        "{answer}"
    );
}

on_both_databases!(
    a_deep_query_runs_no_sql_however_many_rows_it_has,
    a_mutation_shows_what_it_wrote_and_so_does_the_next_query,
    mutations_of_one_request_see_those_before_them,
    the_sequence_grows_with_every_change,
    an_answer_keeps_the_order_of_its_selection,
    what_is_not_there_is_null,
);

on_postgres!(a_read_that_names_a_sequence_sees_it_on_every_replica);
