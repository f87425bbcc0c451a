//! Submitting requests: Kundig's `submitServiceRequest` beside a server that does the same inserts in one transaction.

use std::sync::Arc;

use anyhow::{Context as _, ensure};
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entity::{change, request_event, service_request, sla_clock};
use kundig_tests::tokens;
use sea_orm::sqlx::{self, PgPool};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _,
};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::world::{SUBMIT, World};
use crate::{Target, compare, handwritten};

/// Measures it.
pub(crate) async fn measure() -> anyhow::Result<()> {
    let world = World::new().await?;
    // What Kundig writes for one request is what is written by hand for each.
    world.submit("the first").await;
    let before = world.statements("write").await;
    world.submit("the second").await;
    let statements = world.statements("write").await - before;
    println!(
        "A submission runs {statements} statements of Kundig's, begin and commit not counted."
    );
    let rows = Arc::new(Rows::read(&world).await?);
    let routes = |pool| async move {
        Ok(Router::new()
            .route("/", post(submit))
            .with_state((pool, rows)))
    };
    let url = handwritten::start(world.database.url(), routes)?;
    world.connection.execute_unprepared("CHECKPOINT").await?;

    let kundig = Target {
        url: world.server.url("/graphql"),
        token: Some(tokens::everything()),
        body: &|number| {
            let variables = json!({"input": world.input(&format!("key {number}"))});
            json!({"query": SUBMIT, "variables": variables}).to_string()
        },
        beginning: r#"{"data":{"submitServiceRequest":{"replayed":false,"#,
    };
    let by_hand = Target {
        url,
        token: None,
        body: &|number| world.input(&format!("key {number}")).to_string(),
        beginning: r#"{"id":"#,
    };
    compare("Submitting a request", &kundig, &by_hand)?;
    check(&world).await
}

/// The rows of one request, as Kundig has written them.
struct Rows {
    request: service_request::Model,
    event: request_event::Model,
    clocks: Vec<sla_clock::Model>,
    change: change::Model,
}

impl Rows {
    async fn read(world: &World) -> anyhow::Result<Self> {
        let connection = &world.connection;
        let request = service_request::Entity::find().one(connection).await?;
        let request = request.context("Kundig has submitted one")?;
        let event = request_event::Entity::find()
            .filter(request_event::Column::RequestId.eq(request.id))
            .one(connection)
            .await?;
        let clocks = sla_clock::Entity::find()
            .filter(sla_clock::Column::SubjectId.eq(request.id))
            .order_by_asc(sla_clock::Column::Place)
            .all(connection)
            .await?;
        let change = change::Entity::find()
            .filter(change::Column::SubjectId.eq(request.id))
            .one(connection)
            .await?;
        ensure!(clocks.len() == 2, "there are {} clocks", clocks.len());
        Ok(Self {
            event: event.context("an event")?,
            change: change.context("a change")?,
            request,
            clocks,
        })
    }
}

/// That both have written the same number of rows for each request.
async fn check(world: &World) -> anyhow::Result<()> {
    const COUNTS: &str = "SELECT (SELECT count(*) FROM service_request) AS requests, (SELECT count(*) FROM request_event) AS events,
        (SELECT count(*) FROM sla_clock) AS clocks, (SELECT count(*) FROM idempotency_key) AS keys,
        (SELECT count(*) FROM change WHERE subject_type = 'ServiceRequest') AS changes";
    let row = world
        .connection
        .query_one_raw(sea_orm::Statement::from_string(
            sea_orm::DbBackend::Postgres,
            COUNTS,
        ));
    let row = row.await?.context("counts")?;
    let count = |name: &str| row.try_get::<i64>("", name);
    let requests = count("requests")?;
    for (name, each) in [("events", 1), ("clocks", 2), ("keys", 1), ("changes", 1)] {
        ensure!(
            count(name)? == requests * each,
            "{requests} requests and {} {name}",
            count(name)?
        );
    }
    println!("{requests} requests were submitted.");
    Ok(())
}

/// What is submitted by hand.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Input {
    inputs: Value,
    idempotency_key: String,
}

type Shared = (PgPool, Arc<Rows>);

async fn submit(
    State((pool, rows)): State<Shared>,
    body: String,
) -> Result<Json<Value>, (StatusCode, String)> {
    let failed = |error: anyhow::Error| (StatusCode::INTERNAL_SERVER_ERROR, format!("{error:#}"));
    insert(&pool, &rows, &body).await.map(Json).map_err(failed)
}

/// The same inserts as Kundig's, one statement a table.
async fn insert(pool: &PgPool, rows: &Rows, body: &str) -> anyhow::Result<Value> {
    let input: Input = serde_json::from_str(body)?;
    let id = Uuid::now_v7();
    let now = jiff::Timestamp::now().as_microsecond();
    let mut transaction = pool.begin().await?;
    let taken = sqlx::query(
        "INSERT INTO idempotency_key (subject, operation, key, input_hash, result_id, created_at)
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
    )
    .bind(tokens::SUBJECT)
    .bind("submitServiceRequest")
    .bind(&input.idempotency_key)
    .bind(hash(body))
    .bind(id)
    .bind(now)
    .execute(&mut *transaction)
    .await?;
    ensure!(taken.rows_affected() == 1, "the key is taken");
    let number = request(&mut transaction, &rows.request, (id, now), &input.inputs).await?;
    event(&mut transaction, &rows.event, (id, now)).await?;
    clocks(&mut transaction, &rows.clocks, (id, now)).await?;
    change_row(&mut transaction, &rows.change, (id, now)).await?;
    transaction.commit().await?;
    Ok(json!({"id": id, "number": format!("REQ-{number}")}))
}

fn hash(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(text.as_bytes()))
}

async fn request(
    connection: &mut sqlx::PgConnection,
    row: &service_request::Model,
    (id, now): (Uuid, i64),
    inputs: &Value,
) -> anyhow::Result<i64> {
    let number = sqlx::query_scalar(
        "INSERT INTO service_request (id, number, title, offering_id, service_id, customer_id, requester_id, submitted_by,
           requires_approval, inputs, priority, status, due_at, breaches_at, version, created_at, updated_at)
         VALUES ($1, nextval('service_request_number'), $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 1, $14, $14)
         RETURNING number",
    )
    .bind(id)
    .bind(&row.title)
    .bind(row.offering_id)
    .bind(row.service_id)
    .bind(row.customer_id)
    .bind(row.requester_id)
    .bind(&row.submitted_by)
    .bind(row.requires_approval)
    .bind(inputs)
    .bind(row.priority)
    .bind(&row.status)
    .bind(row.due_at)
    .bind(row.breaches_at)
    .bind(now)
    .fetch_one(connection)
    .await?;
    Ok(number)
}

async fn event(
    connection: &mut sqlx::PgConnection,
    row: &request_event::Model,
    (id, now): (Uuid, i64),
) -> anyhow::Result<()> {
    sqlx::query(
        "INSERT INTO request_event (request_id, place, at, actor, kind, to_status, priority) VALUES ($1, 1, $2, $3, $4, $5, $6)",
    )
    .bind(id)
    .bind(now)
    .bind(&row.actor)
    .bind(&row.kind)
    .bind(&row.to_status)
    .bind(row.priority)
    .execute(connection)
    .await?;
    Ok(())
}

async fn clocks(
    connection: &mut sqlx::PgConnection,
    rows: &[sla_clock::Model],
    (id, now): (Uuid, i64),
) -> anyhow::Result<()> {
    let mut insert = sqlx::query(
        "INSERT INTO sla_clock (subject_id, place, subject_type, metric, agreement_id, target_id, promised, state, started_at,
           elapsed, as_of, due_at, warns_at, breaches_at, decided_at, good, next_at, customer_id)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18),
           ($19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36)",
    );
    for row in rows {
        insert = insert
            .bind(id)
            .bind(row.place)
            .bind(&row.subject_type)
            .bind(&row.metric)
            .bind(row.agreement_id)
            .bind(row.target_id)
            .bind(&row.promised)
            .bind(&row.state)
            .bind(now)
            .bind(row.elapsed)
            .bind(now)
            .bind(row.due_at)
            .bind(row.warns_at)
            .bind(row.breaches_at)
            .bind(row.decided_at)
            .bind(row.good)
            .bind(row.next_at)
            .bind(row.customer_id);
    }
    insert.execute(connection).await?;
    Ok(())
}

async fn change_row(
    connection: &mut sqlx::PgConnection,
    row: &change::Model,
    (id, now): (Uuid, i64),
) -> anyhow::Result<()> {
    sqlx::query(
        "INSERT INTO change (sequence, at, actor, kind, subject_type, subject_id, diff, request_id)
         VALUES (pg_current_xact_id()::text::bigint << 20, $1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(now)
    .bind(&row.actor)
    .bind(&row.kind)
    .bind(&row.subject_type)
    .bind(id)
    .bind(&row.diff)
    .bind(id.to_string())
    .execute(connection)
    .await?;
    Ok(())
}
