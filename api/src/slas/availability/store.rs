//! Measurements in the database.

use std::fmt::from_fn;

use std::collections::{BTreeMap, HashMap};

use entity::{availability_measurement as table, service};
use jiff::Timestamp;
use sea_orm::sea_query::{
    Expr, ExprTrait, LockType, OnConflict, Query, SelectStatement, SimpleExpr,
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseConnection, DbErr, EntityTrait, FromQueryResult,
    QueryFilter, QueryOrder, QuerySelect, QueryTrait, Set,
};
use serde_json::{Map, json};
use uuid::Uuid;

use super::rules::{self, Measurement, Plan};
use crate::catalog::services::rules::Service;
use crate::shared::dialect;
use crate::shared::draft::ChangeKind;
use crate::shared::errors::UserErrors;
use crate::shared::form::not_found;
use crate::shared::ids::Id;
use crate::shared::loads::Question;
use crate::shared::store::{CHUNK, DamagedRow};
use crate::shared::work::{Attempt, Attempts, WorkReader, WorkTransaction};
use crate::shared::write::{Author, WriteError, now};
use crate::snapshot::Replica;

/// How much was recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// Intervals that are new.
    pub new: usize,
    /// Intervals that were recorded before.
    pub replaced: usize,
    /// The change in the feed; none where all of it was there already.
    pub sequence: Option<i64>,
}

/// Records measurements of a service, all of them or none.
pub async fn record(
    replica: &Replica,
    author: &Author,
    service: Id<Service>,
    wanted: &[Measurement],
) -> Result<Result<Recorded, UserErrors>, WriteError> {
    let mut attempts = Attempts::new(replica);
    loop {
        attempts.next().await?;
        let attempt = attempt(replica, author, service, wanted).await;
        if let Some(recorded) = Attempt::settled(attempt)? {
            return Ok(recorded);
        }
    }
}

async fn attempt(
    replica: &Replica,
    author: &Author,
    service: Id<Service>,
    wanted: &[Measurement],
) -> Result<Attempt<Result<Recorded, UserErrors>>, DbErr> {
    let now = now();
    let mut transaction = WorkTransaction::begin(replica, author, now).await?;
    let planned = plan(transaction.connection(), service, wanted).await?;
    let plan = match planned {
        Ok(plan) => plan,
        Err(refusals) => {
            transaction.give_up().await?;
            return Ok(Attempt::Done(Err(refusals)));
        }
    };
    if !plan.changed.is_empty() {
        write(transaction.connection(), service, &plan.changed, now).await?;
        transaction.record(service.any().into(), ChangeKind::Updated, shown(&plan));
    }
    let sequence = transaction.commit().await?;
    Ok(Attempt::Done(Ok(Recorded {
        new: plan.recorded,
        replaced: plan.replaced,
        sequence,
    })))
}

/// Plans on what is there. Whoever records for the same service waits: two intervals that overlap could come at once.
async fn plan<C: ConnectionTrait>(
    connection: &C,
    service: Id<Service>,
    wanted: &[Measurement],
) -> Result<Result<Plan, UserErrors>, DbErr> {
    let held = service::Entity::find_by_id(service.key())
        .select_only()
        .column(service::Column::Id)
        .lock(LockType::NoKeyUpdate)
        .into_tuple::<Uuid>()
        .one(connection)
        .await?;
    if held.is_none() {
        let error = not_found::<Service>(&["serviceId"], &service.to_string());
        return Ok(Err(vec![error]));
    }
    let present = beside(connection, service, wanted).await?;
    Ok(rules::plan(wanted, &present))
}

/// For each of these measurements the first that is there and overlaps it, sorted and each once.
async fn beside<C: ConnectionTrait>(
    connection: &C,
    service: Id<Service>,
    wanted: &[Measurement],
) -> Result<Vec<Measurement>, DbErr> {
    let spans: Vec<(i64, i64)> = wanted
        .iter()
        .map(|wanted| (wanted.from.as_microsecond(), wanted.until.as_microsecond()))
        .collect();
    let first = |from, until| first_within(service, from, until);
    let mut found = BTreeMap::new();
    for statement in dialect::for_each_pair(connection.get_database_backend(), &spans, first) {
        for row in connection.query_all(&statement).await? {
            let measurement = measurement(&table::Model::from_query_result(&row, "")?)?;
            found.insert(measurement.from, measurement);
        }
    }
    Ok(found.into_values().collect())
}

/// The first measurement that overlaps a span of time. As none overlaps another, that is the last one that begins before it, or
/// the first that begins in it: two rows are looked at.
fn first_within(service: Id<Service>, from: SimpleExpr, until: SimpleExpr) -> SelectStatement {
    let last_before = Query::select()
        .expr(table::Column::StartsAt.max())
        .from(table::Entity)
        .and_where(table::Column::ServiceId.eq(service.key()))
        .and_where(Expr::col(table::Column::StartsAt).lte(from.clone()))
        .take();
    let first = Expr::expr(last_before).if_null(from.clone());
    table::Entity::find()
        .filter(table::Column::ServiceId.eq(service.key()))
        .filter(Expr::col(table::Column::StartsAt).gte(first))
        .filter(Expr::col(table::Column::StartsAt).lt(until))
        .filter(Expr::col(table::Column::EndsAt).gt(from))
        .order_by_asc(table::Column::StartsAt)
        .limit(1)
        .into_query()
}

fn measurement(row: &table::Model) -> Result<Measurement, DamagedRow> {
    let reader = WorkReader::new(from_fn(|f| {
        write!(f, "measurement of the service {}", row.service_id)
    }));
    Ok(Measurement {
        from: reader.instant("starts_at", row.starts_at)?,
        until: reader.instant("ends_at", row.ends_at)?,
        good: row.good,
        total: row.total,
    })
}

async fn write<C: ConnectionTrait>(
    connection: &C,
    service: Id<Service>,
    measurements: &[Measurement],
    now: Timestamp,
) -> Result<(), DbErr> {
    let rows = measurements.iter().map(|measurement| table::ActiveModel {
        service_id: Set(service.key()),
        starts_at: Set(measurement.from.as_microsecond()),
        ends_at: Set(measurement.until.as_microsecond()),
        good: Set(measurement.good),
        total: Set(measurement.total),
        recorded_at: Set(now.as_microsecond()),
    });
    let key = [table::Column::ServiceId, table::Column::StartsAt];
    let replaced = [
        table::Column::Good,
        table::Column::Total,
        table::Column::RecordedAt,
    ];
    table::Entity::insert_many(rows)
        .on_conflict(OnConflict::columns(key).update_columns(replaced).to_owned())
        .exec_without_returning(connection)
        .await?;
    Ok(())
}

/// As the feed tells it: the whole stretch of time and how many intervals in it.
fn shown(plan: &Plan) -> Map<String, serde_json::Value> {
    let from = plan
        .changed
        .iter()
        .map(|measurement| measurement.from)
        .min();
    let until = plan
        .changed
        .iter()
        .map(|measurement| measurement.until)
        .max();
    let to = json!({ "from": from, "until": until, "measurements": plan.changed.len() });
    Map::from_iter([("availability".to_owned(), json!({ "from": null, "to": to }))])
}

/// What was measured in a period: each measurement counts in the period in which it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Measured {
    /// From this instant on, microseconds since 1970.
    pub from: i64,
    /// Before this instant, microseconds since 1970.
    pub until: i64,
}

/// How much there was, and how much of it was good.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// All.
    pub total: i64,
    /// The good ones.
    pub good: i64,
}

impl Question for Measured {
    /// A service.
    type Key = Uuid;
    type Answer = Tally;

    async fn answer(
        &self,
        database: &DatabaseConnection,
        services: Vec<Uuid>,
    ) -> Result<HashMap<Uuid, Tally>, DbErr> {
        let mut tallies = HashMap::with_capacity(services.len());
        let sum = |column: table::Column| Expr::expr(column.sum()).cast_as("bigint");
        for services in services.chunks(CHUNK) {
            let rows: Vec<(Uuid, i64, i64)> = table::Entity::find()
                .select_only()
                .column(table::Column::ServiceId)
                .column_as(sum(table::Column::Total), "total")
                .column_as(sum(table::Column::Good), "good")
                .filter(table::Column::ServiceId.is_in(services.iter().copied()))
                .filter(table::Column::StartsAt.gte(self.from))
                .filter(table::Column::StartsAt.lt(self.until))
                .group_by(table::Column::ServiceId)
                .into_tuple()
                .all(database)
                .await?;
            let found = rows.into_iter();
            tallies.extend(found.map(|(service, total, good)| (service, Tally { total, good })));
        }
        Ok(tallies)
    }
}
