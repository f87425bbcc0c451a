//! What clients may ask for, as they meet it.

use jiff::{SignedDuration, Timestamp};
use kundig::auth::Scope;
use kundig_tests::{Answer, Database, Server, Settings, block_on, tokens};
use reqwest::header::ACCEPT;
use serde_json::{Value, json};

use crate::objects::{PERSON, SERVICE, TEAM};
use crate::support::{eventually, mutate};

/// A server with the defaults, which the tests of other things are spared, and these settings.
pub(crate) async fn server(database: &Database, settings: &[(&str, &str)]) -> Server {
    let defaults = [
        ("KUNDIG_SUBJECT_RATE", "50000"),
        ("KUNDIG_ADDRESS_RATE", "10000"),
        ("KUNDIG_MAX_COST", "50000"),
    ];
    let all = defaults.iter().chain(settings);
    let start = all.fold(Settings::new(database), |start, (name, value)| {
        start.env(*name, *value)
    });
    start.start().await
}

#[track_caller]
fn refused(answer: &Answer, status: u16, code: &str, message: &str) {
    assert_eq!(answer.status(), status, "{answer}");
    let error = answer.expect_error_code(code);
    let text = error["message"].as_str().unwrap_or_default();
    assert!(text.contains(message), "{answer}");
}

/// Sends a body as it is.
async fn post(server: &Server, body: &Value) -> (u16, Value) {
    let answer = server
        .http()
        .post(server.url("/graphql"))
        .header(ACCEPT, "application/graphql-response+json")
        .bearer_auth(tokens::everything())
        .json(body)
        .send()
        .await
        .unwrap_or_else(|error| panic!("{error}"));
    let status = answer.status().as_u16();
    (status, answer.json().await.unwrap_or_default())
}

#[test]
fn the_schema_is_loaded_at_the_default_settings() {
    block_on(async {
        let database = Database::sqlite();
        let server = server(&database, &[]).await;
        let query = include_str!("../../../api/src/server/graphql/cost/introspection.graphql");
        let answer = server.query(query).send().await;
        let types = answer.expect_data()["__schema"]["types"]
            .as_array()
            .map(Vec::len);
        assert!(types.is_some_and(|types| types > 50), "{types:?}");
        // The estimate has to be about what an answer really has.
        let estimate = answer.body()["extensions"]["cost"]["requestedQueryCost"].as_u64();
        let actual = leaves_and_objects(&answer.body()["data"]);
        let estimate = estimate.unwrap_or_default();
        assert!(
            (actual / 3..actual * 3).contains(&estimate),
            "{estimate} points for {actual} fields"
        );
    });
}

/// How many fields an answer has.
fn leaves_and_objects(value: &Value) -> u64 {
    match value {
        Value::Object(fields) => fields
            .values()
            .map(|value| 1 + leaves_and_objects(value))
            .sum(),
        Value::Array(items) => items.iter().map(leaves_and_objects).sum(),
        _ => 0,
    }
}

#[test]
fn a_subject_pays_by_cost_and_has_to_wait_when_nothing_is_left() {
    block_on(async {
        let database = Database::sqlite();
        let server = server(
            &database,
            &[
                ("KUNDIG_SUBJECT_RATE", "1"),
                ("KUNDIG_SUBJECT_BURST", "200"),
            ],
        )
        .await;
        let anna = tokens::local("anna", &[Scope::CatalogRead]);
        let query = "{ people(first: 10) { nodes { id name email slug } } }";
        let ask = async |token: &str| server.query(query).token(token).send().await;
        for left in [158, 116, 74, 32] {
            let answer = ask(&anna).await;
            let cost = &answer.body()["extensions"]["cost"];
            assert_eq!(cost["requestedQueryCost"], 42, "{answer}");
            let available = cost["throttleStatus"]["currentlyAvailable"].as_u64();
            // A point a second comes back meanwhile.
            assert!(
                (left..left + 30).contains(&available.unwrap_or_default()),
                "{answer}"
            );
        }
        let answer = eventually("nothing is left", async || {
            let answer = ask(&anna).await;
            (answer.status() != 200).then_some(answer)
        })
        .await;
        refused(&answer, 429, "RATE_LIMITED", "Try again in");
        let wait = answer
            .header("retry-after")
            .and_then(|wait| wait.parse::<u64>().ok());
        assert!(
            wait.is_some_and(|wait| (1..=42).contains(&wait)),
            "{wait:?}"
        );
        let policy = answer.header("ratelimit-policy");
        assert_eq!(policy, Some("\"subject\";q=200;w=200"));
        let left = answer.header("ratelimit").unwrap_or_default();
        assert!(left.starts_with("\"subject\";r="), "{left}");

        let berta = tokens::local("berta", &[Scope::CatalogRead]);
        assert_eq!(ask(&berta).await.status(), 200, "each subject has its own");
        let counted = server
            .metrics()
            .await
            .get("kundig_rate_limited_total{policy=\"subject\"}");
        assert!(counted.is_some_and(|count| count > 0.5), "{counted:?}");
    });
}

#[test]
fn whoever_guesses_tokens_is_stopped_by_address() {
    block_on(async {
        let database = Database::sqlite();
        let server = server(
            &database,
            &[("KUNDIG_ADDRESS_RATE", "1"), ("KUNDIG_ADDRESS_BURST", "50")],
        )
        .await;
        for _ in 0..5 {
            let answer = server.query("{ __typename }").token("guess").send().await;
            assert_eq!(answer.status(), 401, "{answer}");
        }
        // A point a second comes back, so it may take another guess.
        let answer = eventually("nothing is left", async || {
            let answer = server.query("{ __typename }").token("guess").send().await;
            (answer.status() != 401).then_some(answer)
        })
        .await;
        refused(&answer, 429, "RATE_LIMITED", "Try again in");
        let valid = server.query("{ __typename }").send().await;
        assert_eq!(valid.status(), 200, "a valid token pays for itself");
    });
}

#[test]
fn a_large_body_is_for_those_who_may_import() {
    block_on(async {
        let database = Database::sqlite();
        let server = server(
            &database,
            &[
                ("KUNDIG_MAX_BODY", "2KiB"),
                ("KUNDIG_MAX_IMPORT_BODY", "8KiB"),
            ],
        )
        .await;
        let reader = tokens::local("reader", &[Scope::CatalogRead]);
        let writer = tokens::local("writer", &[Scope::CatalogWrite]);
        let ask = async |token: &str, kibibytes: usize| {
            let padding = format!("# {}\n{{ __typename }}", "x".repeat(kibibytes * 1024));
            server.query(padding).token(token).send().await
        };
        assert_eq!(ask(&reader, 1).await.status(), 200);
        refused(&ask(&reader, 3).await, 413, "BAD_USER_INPUT", "2048 bytes");
        assert_eq!(ask(&writer, 3).await.status(), 200);
        refused(&ask(&writer, 9).await, 413, "BAD_USER_INPUT", "8192 bytes");
    });
}

#[test]
fn an_import_that_takes_too_long_is_stopped_while_others_are_answered() {
    block_on(async {
        let database = Database::sqlite();
        let server = server(&database, &[("KUNDIG_TIME_LIMIT", "100ms")]).await;
        let source: Vec<_> = (0..20_000)
            .map(|number| {
                format!("---\napiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {{name: c{number}}}\nspec: {{type: website, lifecycle: production, owner: nobody}}\n")
            })
            .collect();
        let import = server
            .query("mutation ($input: ImportCatalogInput!) { importCatalog(input: $input) { userErrors { message } } }")
            .variables(json!({ "input": { "format": "BACKSTAGE", "source": source.concat() } }))
            .send();
        // The limit is short for whoever else asks a busy machine, too.
        let count = || {
            eventually("others are answered", async || {
                let answer = server.query("{ services { totalCount } }").send().await;
                (answer.status() == 200)
                    .then(|| answer.expect_data()["services"]["totalCount"].clone())
            })
        };
        let (import, other) = tokio::join!(import, count());
        refused(
            &import,
            503,
            "TIMEOUT",
            "is not known: look before sending it again",
        );
        assert_eq!([other, count().await], [0, 0]);
    });
}

#[test]
fn only_trusted_documents_run_where_there_is_a_list() {
    block_on(async {
        let database = Database::sqlite();
        let folder = tempfile::tempdir().unwrap_or_else(|error| panic!("{error}"));
        let file = folder.path().join("documents.json");
        let manifest = json!({
            "format": "apollo-persisted-query-manifest",
            "version": 1,
            "operations": [{ "id": "count", "name": "Count", "type": "query", "body": "query Count { services { totalCount } }" }],
        });
        std::fs::write(&file, manifest.to_string()).unwrap_or_else(|error| panic!("{error}"));
        let server = server(
            &database,
            &[("KUNDIG_TRUSTED_DOCUMENTS", &file.display().to_string())],
        )
        .await;
        let (status, answer) = post(&server, &json!({ "documentId": "count" })).await;
        assert_eq!(
            (status, &answer["data"]["services"]["totalCount"]),
            (200, &json!(0)),
            "{answer}"
        );
        let answer = server.query("{ services { totalCount } }").send().await;
        refused(&answer, 403, "FORBIDDEN", "trusted documents");
        let (status, answer) = post(&server, &json!({ "documentId": "other" })).await;
        assert_eq!(status, 400);
        assert_eq!(
            answer["errors"][0]["extensions"]["code"],
            "PERSISTED_QUERY_NOT_FOUND"
        );
    });
}

#[test]
fn an_answer_does_not_grow_beyond_what_a_request_may_cost() {
    block_on(async {
        let database = Database::sqlite();
        let server = server(&database, &[]).await;
        let teams = [
            TEAM.create_plain(&server, "One").await,
            TEAM.create_plain(&server, "Two").await,
        ];
        let ids = teams.each_ref().map(|team| team["id"].clone());
        for number in 0..40 {
            let person = json!({"name": format!("Person {number}"), "teamIds": ids});
            PERSON.create(&server, person).await;
        }
        // By what is usual that is 10 × 3 × 10 × 3 × 10 people, here it is 40 × 2 × 40 × 2 × 40.
        let document = "{ team(slug: \"one\") { members { teams { members { teams { members { id } } } } } } }";
        let answer = server.query(document).send().await;
        refused(&answer, 400, "QUERY_TOO_COMPLEX", "more than 50000 objects");
        let document = "{ team(slug: \"one\") { members { teams { members { id } } } } }";
        let answer = server.query(document).send().await;
        let members = &answer.expect_data()["team"]["members"];
        assert_eq!(
            members[39]["teams"][1]["members"].as_array().map(Vec::len),
            Some(40)
        );
    });
}

#[test]
fn clocks_are_explained_as_far_as_an_answer_may_grow() {
    block_on(async {
        let database = Database::sqlite();
        let server = server(&database, &[]).await;
        // Twenty-eight openings a day.
        let days = [
            "MONDAY",
            "TUESDAY",
            "WEDNESDAY",
            "THURSDAY",
            "FRIDAY",
            "SATURDAY",
            "SUNDAY",
        ];
        let hours: Vec<Value> = days
            .iter()
            .flat_map(|day| (0..28).map(move |half| (day, half * 50)))
            .map(|(day, minute)| {
                let time = |minute: i32| format!("{:02}:{:02}", minute / 60, minute % 60);
                json!({"weekday": day, "opens": time(minute), "closes": time(minute + 25)})
            })
            .collect();
        let calendar = json!({"name": "Often", "timeZone": "Africa/Casablanca", "hours": hours});
        let create = async |mutation: &str, object: &str, input: Value| {
            let answer = mutate(&server, mutation, &format!("{object} {{ id }}"), input).await;
            answer.expect_payload()[object]["id"].clone()
        };
        let calendar = create("createSupportCalendar", "supportCalendar", calendar).await;
        let service = SERVICE.create_plain(&server, "Beds").await["id"].clone();
        let agreement = json!({
            "name": "Promise", "serviceId": service, "calendarId": calendar, "validFrom": "1999-01-01",
            "targets": [
                {"metric": "RESPONSE_TIME", "within": "PT1H", "objective": "95"},
                {"metric": "RESOLUTION_TIME", "within": "PT1H", "objective": "95"},
            ],
        });
        create(
            "createServiceLevelAgreement",
            "serviceLevelAgreement",
            agreement,
        )
        .await;
        let report = |started_at: String| {
            let input = json!({"title": "No beds", "severity": "OUTAGE", "serviceIds": [service], "startedAt": started_at});
            create("reportIncident", "incident", input)
        };
        let old = report("2000-01-01T00:00:00Z".to_owned()).await;
        let week_ago = Timestamp::now() - SignedDuration::from_hours(7 * 24);
        let recent = report(week_ago.to_string()).await;
        let explain = |id: &Value| {
            let document = format!(
                "{{ node(id: {id}) {{ ... on Incident {{ slaClocks {{ elapsed explain {{ counted }} }} }} }} }}"
            );
            server.query(document)
        };
        let answer = explain(&recent).send().await;
        let clocks = &answer.expect_data()["node"]["slaClocks"];
        let count = clocks[1]["explain"].as_array().map(Vec::len);
        assert!(count.is_some_and(|count| count > 350), "{count:?}");
        let answer = explain(&old).send().await;
        refused(&answer, 400, "QUERY_TOO_COMPLEX", "more than 50000 objects");
    });
}

#[test]
fn nothing_is_searched_for_that_no_name_can_have() {
    block_on(async {
        let database = Database::sqlite();
        let server = server(&database, &[]).await;
        let part = "ü".repeat(251);
        for query in [
            "query ($part: String!) { services(filter: {nameContains: $part}) { totalCount } }",
            "query ($part: String!) { serviceFacets(by: TAG, filter: {nameContains: $part}) { count } }",
            "query ($part: String!) { serviceOfferings(filter: {nameContains: $part}) { totalCount } }",
        ] {
            let ask = |part: &str| {
                server
                    .query(query)
                    .variables(json!({ "part": part }))
                    .send()
            };
            let error = ask(&part).await.expect_error_code("BAD_USER_INPUT").clone();
            let message = error["message"].as_str().unwrap_or_default();
            assert!(
                message.contains("`nameContains` has 251 characters; names have 250 at most"),
                "{error}"
            );
            ask(&"ü".repeat(250)).await.expect_data();
        }
    });
}

#[test]
fn changes_are_counted_once_in_an_answer() {
    block_on(async {
        let database = Database::sqlite();
        let server = server(&database, &[]).await;
        let statements = async |selection: &str| {
            let of = "kundig_sql_statements_total{purpose=\"request\"}";
            let before = server.metrics().await.get(of).unwrap_or_default();
            let query = format!("{{ changes(first: 0) {{ {selection} }} }}");
            server.query(query).send().await.expect_data();
            server.metrics().await.get(of).unwrap_or_default() - before
        };
        let uncounted = statements("pageInfo { hasNextPage }").await;
        let counted = statements("totalCount").await;
        let again = statements("totalCount again: totalCount more: totalCount").await;
        assert!((counted - uncounted - 1.0).abs() < 0.5, "{counted}");
        assert!((again - counted).abs() < 0.5, "{again}");
    });
}
