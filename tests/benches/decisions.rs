//! What the first page of the worklist takes where 10,000 things are open, and the review of a customer with 100,000 requests, on SQLite
//! and PostgreSQL:
//!
//! ```sh
//! cargo bench -p kundig-tests --bench decisions
//! ```
//!
//! `SERVICES` changes the catalog's size. Cold is the first answer after a start, when no impact is known.

#![expect(clippy::print_stdout, reason = "it prints what it measured")]

use std::env;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use entity::{demand, incident, incident_service, service_request, sla_clock};
use fastrand::Rng;
use kundig_tests::generator::{Catalog, Size};
use kundig_tests::{Database, Server, block_on};
use migration::{Migrator, MigratorTrait as _};
use sea_orm::{ConnectionTrait, DatabaseConnection, EntityTrait as _, IntoActiveModel as _};
use serde_json::json;
use uuid::Uuid;

const OPEN_REQUESTS: usize = 9_000;
const OPEN_INCIDENTS: usize = 200;
const OPEN_DEMANDS: usize = 800;
const OF_CUSTOMER: usize = 100_000;
/// How many targets the clocks of these have.
const TARGETS: usize = 200;
/// 2026-01-01T00:00:00Z in microseconds.
const BEGINNING: i64 = 1_767_225_600_000_000;
/// The instant that stands for never.
const NEVER: i64 = i64::MAX;
const ROUNDS: usize = 20;

const WORKLIST: &str = "{ worklist { nodes { valuePerHour { amount } dueAt atRisk reasons subject {
    ... on Incident { number title } ... on ServiceRequest { number title } ... on Demand { number title } } } } }";
const REVIEW: &str = "query ($id: ID!) { businessReview(customerId: $id, from: \"2026-01-01T00:00:00Z\", until: \"2027-01-01T00:00:00Z\") {
    requestsSubmitted requestsFulfilled requestsDeclined selfServed incidents lostValue { amount } demandsMet demandsOpen summary
    attainment { total good } } }";

fn main() -> anyhow::Result<()> {
    kundig_tests::binary::path();
    println!("{:<44} {:>10} {:>10}", "", "cold", "median");
    block_on(run("SQLite", Database::sqlite()))?;
    block_on(run("PostgreSQL", Database::postgres()))
}

async fn run(name: &str, database: Database) -> anyhow::Result<()> {
    let services = env::var("SERVICES").map_or(Ok(5_000), |text| text.parse());
    let size = Size::of_services(services.context("SERVICES is no number")?);
    let connection = database.connect().await;
    Migrator::up(&connection, None).await?;
    let catalog = Catalog::generate(&size, 7);
    let world = World::of(&catalog);
    catalog.write(&connection).await?;
    world.write(&connection).await?;
    connection.execute_unprepared("ANALYZE").await?;
    let server = Server::start(&database).await;
    let customer = format!("cust_{}", world.customers[0].simple());
    measure(
        &server,
        &format!("{name}: first page of the worklist"),
        WORKLIST,
        json!({}),
    )
    .await?;
    measure(
        &server,
        &format!("{name}: review"),
        REVIEW,
        json!({ "id": customer }),
    )
    .await
}

async fn measure(
    server: &Server,
    name: &str,
    query: &str,
    variables: serde_json::Value,
) -> anyhow::Result<()> {
    let mut times: Vec<Duration> = Vec::with_capacity(ROUNDS);
    for _ in 0..=ROUNDS {
        let start = Instant::now();
        let answer = server
            .query(query)
            .variables(variables.clone())
            .send()
            .await;
        times.push(start.elapsed());
        answer.expect_data();
    }
    let cold = times.remove(0);
    times.sort();
    println!("{name:<44} {cold:>10.1?} {:>10.1?}", times[ROUNDS / 2]);
    Ok(())
}

/// What work refers to.
struct World {
    /// Each with its service.
    offerings: Vec<(Uuid, Uuid)>,
    services: Vec<Uuid>,
    customers: Vec<Uuid>,
}

impl World {
    fn of(catalog: &Catalog) -> Self {
        let offerings = catalog.offerings.iter();
        Self {
            offerings: offerings.map(|it| (it.id, it.service_id)).collect(),
            services: catalog.services.iter().map(|it| it.id).collect(),
            customers: catalog.customers.iter().map(|it| it.id).collect(),
        }
    }

    async fn write(&self, connection: &DatabaseConnection) -> anyhow::Result<()> {
        let mut random = Rng::with_seed(3);
        let requests: Vec<_> = (0..OPEN_REQUESTS + OF_CUSTOMER)
            .map(|number| self.request(number, &mut random))
            .collect();
        let targets: Vec<Uuid> = (0..TARGETS).map(|_| Uuid::now_v7()).collect();
        for rows in requests.chunks(500) {
            let clocks = rows
                .iter()
                .flat_map(|request| [0, 1].map(|place| clock(request, place, &targets)))
                .map(sla_clock::Model::into_active_model);
            sla_clock::Entity::insert_many(clocks)
                .exec_without_returning(connection)
                .await?;
            let rows = rows
                .iter()
                .cloned()
                .map(service_request::Model::into_active_model);
            service_request::Entity::insert_many(rows)
                .exec_without_returning(connection)
                .await?;
        }
        for number in 0..OPEN_INCIDENTS {
            let row = incident(number, &mut random);
            let service = incident_service::Model {
                incident_id: row.id,
                service_id: self.services[random.usize(..self.services.len())],
                created_at: row.created_at,
            };
            incident::Entity::insert(row.into_active_model())
                .exec_without_returning(connection)
                .await?;
            let service = incident_service::Entity::insert(service.into_active_model());
            service.exec_without_returning(connection).await?;
        }
        let demands: Vec<_> = (0..OPEN_DEMANDS)
            .map(|number| self.demand(number, &mut random))
            .collect();
        for rows in demands.chunks(1_000) {
            let rows = rows.iter().cloned().map(demand::Model::into_active_model);
            demand::Entity::insert_many(rows)
                .exec_without_returning(connection)
                .await?;
        }
        Ok(())
    }

    /// The first ones are open and anybody's, the rest are done and the first customer's.
    fn request(&self, number: usize, random: &mut Rng) -> service_request::Model {
        let (offering, service) = self.offerings[random.usize(..self.offerings.len())];
        let is_open = number < OPEN_REQUESTS;
        let customer = if is_open {
            random.usize(..self.customers.len())
        } else {
            0
        };
        let created_at = at(number);
        service_request::Model {
            id: Uuid::now_v7(),
            number: signed(number) + 1,
            title: "Something".to_owned(),
            offering_id: offering,
            service_id: service,
            customer_id: Some(self.customers[customer]),
            requester_id: None,
            submitted_by: "somebody".to_owned(),
            requires_approval: false,
            inputs: json!({}),
            priority: random.i16(1..=4),
            status: if is_open { "SUBMITTED" } else { "FULFILLED" }.to_owned(),
            approved_at: None,
            decline_reason: None,
            decline_explanation: None,
            decline_alternative_id: None,
            decline_revisit_on: None,
            declined_by: None,
            declined_at: None,
            due_at: if is_open {
                created_at + random.i64(..1_000_000_000_000)
            } else {
                NEVER
            },
            breaches_at: NEVER,
            version: 1,
            created_at,
            updated_at: created_at,
        }
    }

    fn demand(&self, number: usize, random: &mut Rng) -> demand::Model {
        demand::Model {
            id: Uuid::now_v7(),
            number: signed(number) + 1,
            title: "Something".to_owned(),
            description: None,
            kind: "NEED".to_owned(),
            status: "OPEN".to_owned(),
            customer_id: self.customers[random.usize(..self.customers.len())],
            raised_by_id: None,
            submitted_by: "somebody".to_owned(),
            outcome_id: None,
            service_id: None,
            quantity: 1,
            value_per_month: random.i64(..10_000_000_000),
            effort: None,
            score_order: -1,
            supporters: 0,
            ended_at: None,
            decline_reason: None,
            decline_explanation: None,
            decline_alternative_id: None,
            decline_revisit_on: None,
            declined_by: None,
            declined_at: None,
            version: 1,
            created_at: at(number),
            updated_at: at(number),
        }
    }
}

/// One of a request's two clocks, which was decided an hour after it began.
fn clock(request: &service_request::Model, place: i16, targets: &[Uuid]) -> sla_clock::Model {
    let decided_at = request.created_at + 3_600_000_000;
    let target = usize::try_from(request.number).unwrap_or_default() % targets.len();
    sla_clock::Model {
        subject_id: request.id,
        place,
        subject_type: "ServiceRequest".to_owned(),
        metric: ["RESPONSE_TIME", "RESOLUTION_TIME"][usize::from(place == 1)].to_owned(),
        agreement_id: Uuid::nil(),
        target_id: targets[target],
        promised: "[]".to_owned(),
        state: "MET".to_owned(),
        started_at: request.created_at,
        elapsed: 0,
        as_of: decided_at,
        due_at: NEVER,
        warns_at: NEVER,
        breaches_at: NEVER,
        at_risk_at: None,
        breached_at: None,
        ended_at: Some(decided_at),
        decided_at,
        good: request.number % 10 > 0,
        next_at: NEVER,
        customer_id: request.customer_id,
    }
}

fn incident(number: usize, random: &mut Rng) -> incident::Model {
    incident::Model {
        id: Uuid::now_v7(),
        number: signed(number) + 1,
        title: "Something".to_owned(),
        severity: ["OUTAGE", "DEGRADED", "MINOR"][random.usize(..3)].to_owned(),
        status: "OPEN".to_owned(),
        reported_by: "somebody".to_owned(),
        started_at: at(number),
        acknowledged_at: None,
        resolved_at: None,
        due_at: NEVER,
        breaches_at: NEVER,
        version: 1,
        created_at: at(number),
        updated_at: at(number),
    }
}

/// A minute after another.
fn at(number: usize) -> i64 {
    BEGINNING + signed(number) * 60_000_000
}

/// A count as the database has it.
fn signed(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
