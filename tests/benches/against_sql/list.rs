//! Listing requests: a page of 50 of 400,000 with offering, customer, requester, clocks and the last event, by Kundig and by a server
//! that runs one statement for it.

use anyhow::{Context as _, ensure};
use axum::Router;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderName, StatusCode};
use axum::routing::post;
use entity::service_request;
use fastrand::Rng;
use jiff::Timestamp;
use kundig_tests::tokens;
use sea_orm::sqlx::{self, PgPool};
use sea_orm::{ConnectionTrait as _, EntityTrait as _};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::world::World;
use crate::{Target, compare, handwritten, setting};

/// Seconds from one request to the next.
const PACE: i64 = 20;
/// 2026-01-01T00:00:00Z in seconds: when the first was submitted.
const BEGINNING: i64 = 1_767_225_600;

const LIST: &str = "query ($until: DateTime!) {
  serviceRequests(first: 50, filter: {createdUntil: $until}, orderBy: {field: CREATED_AT, direction: DESC}) { nodes {
    id number title status priority createdAt offering { name } customer { name } requester { name email }
    slaClocks { target { metric } state dueAt } events(last: 1) { nodes { at kind actor comment } } } } }";

const SQL: &str = r#"
SELECT json_build_object('data', json_build_object('serviceRequests', json_build_object('nodes',
    json_agg(node ORDER BY created_at DESC, id DESC))))::text
FROM (
  SELECT r.created_at, r.id, json_build_object(
      'id', 'sreq_' || replace(r.id::text, '-', ''), 'number', 'REQ-' || r.number, 'title', r.title, 'status', r.status,
      'priority', 'P' || r.priority,
      'createdAt', to_char(to_timestamp(r.created_at / 1000000) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
      'offering', json_build_object('name', offering.name),
      'customer', CASE WHEN customer.id IS NOT NULL THEN json_build_object('name', customer.name) END,
      'requester', CASE WHEN person.id IS NOT NULL THEN json_build_object('name', person.name, 'email', person.email) END,
      'slaClocks', clocks.nodes, 'events', json_build_object('nodes', json_build_array(event.node))) AS node
  FROM (SELECT * FROM service_request WHERE created_at < $1 ORDER BY created_at DESC, id DESC LIMIT 50) r
  JOIN service_offering offering ON offering.id = r.offering_id
  LEFT JOIN customer ON customer.id = r.customer_id
  LEFT JOIN person ON person.id = r.requester_id
  CROSS JOIN LATERAL (
    SELECT json_agg(json_build_object('target', json_build_object('metric', metric), 'state', state, 'dueAt',
        CASE WHEN due_at < 9223372036854775807
          THEN to_char(to_timestamp(due_at / 1000000) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') END) ORDER BY place) AS nodes
    FROM sla_clock WHERE subject_id = r.id) clocks
  CROSS JOIN LATERAL (
    SELECT json_build_object('at', to_char(to_timestamp(at / 1000000) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
        'kind', kind, 'actor', actor, 'comment', comment) AS node
    FROM request_event WHERE request_id = r.id ORDER BY place DESC LIMIT 1) event
) page"#;

/// Measures it.
pub(crate) async fn measure() -> anyhow::Result<()> {
    let requests: i64 = setting("REQUESTS", 400_000)?;
    let world = World::new().await?;
    fill(&world, requests).await?;
    let url = handwritten::start(world.database.url(), |pool| async {
        Ok(Router::new().route("/", post(list)).with_state(pool))
    })?;
    // Anywhere in the list, but where there is a whole page.
    let until = |number: u64| {
        let place = Rng::with_seed(number).i64(100..=requests);
        Timestamp::from_second(BEGINNING + place * PACE)
            .unwrap_or_default()
            .to_string()
    };
    check(&world, &url, &until(1)).await?;
    let kundig = Target {
        url: world.server.url("/graphql"),
        token: Some(tokens::everything()),
        body: &|number| json!({"query": LIST, "variables": {"until": until(number)}}).to_string(),
        beginning: r#"{"data":{"serviceRequests":{"nodes":[{"id":"sreq_"#,
    };
    let by_hand = Target {
        url,
        token: None,
        body: &|number| json!({"until": until(number)}).to_string(),
        beginning: r#"{"data" : {"serviceRequests" : {"nodes" : [{"id" : "sreq_"#,
    };
    compare(&format!("50 of {requests} requests"), &kundig, &by_hand)
}

/// That both answer the same, and in how many statements.
async fn check(world: &World, url: &str, until: &str) -> anyhow::Result<()> {
    let before = world.statements("request").await;
    let answer = world
        .server
        .query(LIST)
        .variables(json!({ "until": until }))
        .send()
        .await;
    let statements = world.statements("request").await - before;
    let ours = answer.expect_data();
    let request = world
        .server
        .http()
        .post(url)
        .json(&json!({ "until": until }));
    let theirs: Value = request.send().await?.json().await?;
    let nodes = ours["serviceRequests"]["nodes"]
        .as_array()
        .context("nodes")?;
    ensure!(nodes.len() == 50, "{} requests are listed", nodes.len());
    ensure!(
        ours == &theirs["data"],
        "Kundig: {:#}\nby hand: {:#}",
        nodes[0],
        theirs["data"]["serviceRequests"]["nodes"][0]
    );
    println!("Kundig answers in {statements} statements.");
    Ok(())
}

/// Copies a request that Kundig has written, with other ids, places in time and objects of the catalog.
async fn fill(world: &World, requests: i64) -> anyhow::Result<()> {
    world.submit("the template").await;
    // Ids grow with time, as Kundig's do.
    let id = format!(
        "(lpad(to_hex(({BEGINNING} + i * {PACE}) * 1000), 12, '0') || '7' || substr(md5(i::text), 1, 3) || '8' || substr(md5(i::text), 4, 15))::uuid"
    );
    let at = format!("(({BEGINNING} + i * {PACE}) * 1000000)");
    let copies = format!(
        "CREATE TEMP TABLE copies AS SELECT i, {id} AS id, {at} AS at, o.id AS offering_id, o.service_id, c.id AS customer_id, p.id AS person_id
         FROM generate_series(1::bigint, {requests}) i
         JOIN (SELECT id, service_id, row_number() OVER () - 1 AS n FROM service_offering) o ON o.n = i * 7 % (SELECT count(*) FROM service_offering)
         JOIN (SELECT id, row_number() OVER () - 1 AS n FROM customer) c ON c.n = i % (SELECT count(*) FROM customer)
         JOIN (SELECT id, row_number() OVER () - 1 AS n FROM person) p ON p.n = i * 3 % (SELECT count(*) FROM person)"
    );
    let template = service_request::Entity::find()
        .one(&world.connection)
        .await?;
    let template = template.context("Kundig has submitted one")?.id;
    let inserted = [
        "SET session_replication_role = replica".to_owned(),
        copies,
        format!(
            "INSERT INTO service_request (id, number, title, offering_id, service_id, customer_id, requester_id, submitted_by,
               requires_approval, inputs, priority, status, due_at, breaches_at, version, created_at, updated_at)
             SELECT copies.id, 1000000 + i, t.title, copies.offering_id, copies.service_id, copies.customer_id, copies.person_id, t.submitted_by,
               t.requires_approval, t.inputs, 1 + i % 4, CASE WHEN i % 20 = 0 THEN 'IN_PROGRESS' ELSE 'FULFILLED' END,
               CASE WHEN i % 20 = 0 THEN at + 315360000000000 ELSE 9223372036854775807 END, 9223372036854775807, 2, at, at
             FROM copies, service_request t WHERE t.id = '{template}'"
        ),
        "INSERT INTO request_event (request_id, place, at, actor, kind, from_status, to_status, priority, comment)
         SELECT id, 1, at, 'tests', 'SUBMITTED', NULL, 'SUBMITTED', 2, NULL FROM copies UNION ALL
         SELECT id, 2, at, 'desk', CASE WHEN i % 20 = 0 THEN 'STARTED' ELSE 'FULFILLED' END, 'SUBMITTED',
           CASE WHEN i % 20 = 0 THEN 'IN_PROGRESS' ELSE 'FULFILLED' END, NULL, 'Done with a word to whom it is for.' FROM copies"
            .to_owned(),
        format!(
            "INSERT INTO sla_clock (subject_id, place, subject_type, metric, agreement_id, target_id, promised, state, started_at, elapsed,
               as_of, due_at, warns_at, breaches_at, ended_at, decided_at, good, next_at)
             SELECT copies.id, t.place, t.subject_type, t.metric, t.agreement_id, t.target_id, t.promised, CASE WHEN runs THEN 'RUNNING' ELSE 'MET' END,
               at, 0, at, CASE WHEN runs THEN at + 315360000000000 ELSE 9223372036854775807 END, 9223372036854775807, 9223372036854775807,
               CASE WHEN NOT runs THEN at END, CASE WHEN runs THEN 9223372036854775807 ELSE at END, true, 9223372036854775807
             FROM copies, sla_clock t, LATERAL (SELECT i % 20 = 0 AND t.place = 1 AS runs) how WHERE t.subject_id = '{template}'"
        ),
        "DROP TABLE copies".to_owned(),
        "SET session_replication_role = origin".to_owned(),
    ];
    // One after the other on one connection: what is temporary is the connection's own.
    world
        .connection
        .execute_unprepared(&inserted.join(";\n"))
        .await?;
    for statement in ["VACUUM ANALYZE", "CHECKPOINT"] {
        world.connection.execute_unprepared(statement).await?;
    }
    Ok(())
}

/// What is asked for by hand.
#[derive(Deserialize)]
struct Wanted {
    until: Timestamp,
}

type Page = ([(HeaderName, &'static str); 1], String);

async fn list(State(pool): State<PgPool>, body: String) -> Result<Page, (StatusCode, String)> {
    let failed = |error: anyhow::Error| (StatusCode::INTERNAL_SERVER_ERROR, format!("{error:#}"));
    let page = async {
        let wanted: Wanted = serde_json::from_str(&body)?;
        let page = sqlx::query_scalar(SQL).bind(wanted.until.as_microsecond());
        anyhow::Ok(page.fetch_one(&pool).await?)
    };
    let page: String = page.await.map_err(failed)?;
    Ok(([(CONTENT_TYPE, "application/json")], page))
}
