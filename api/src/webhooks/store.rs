//! Endpoints and deliveries in the database.

use std::collections::HashMap;

use entity::{webhook_delivery, webhook_endpoint};
use jiff::Timestamp;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DatabaseConnection, DbErr, EntityTrait,
    PaginatorTrait, QueryFilter, QueryOrder, Set,
};
use serde_json::Value;
use uuid::Uuid;

use super::events::Pattern;
use super::rules::{Answer, Endpoint, Verdict};
use super::signature::Secret;
use crate::shared::loads::Question;
use crate::shared::store::DamagedRow;

use webhook_delivery::Entity as Deliveries;
use webhook_endpoint::{Column, Entity as Endpoints};

/// Asks for endpoints by their keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ById;

impl Question for ById {
    type Key = Uuid;
    type Answer = Option<Endpoint>;

    async fn answer(
        &self,
        database: &DatabaseConnection,
        keys: Vec<Uuid>,
    ) -> Result<HashMap<Uuid, Option<Endpoint>>, DbErr> {
        let rows = Endpoints::find()
            .filter(Column::Id.is_in(keys))
            .all(database)
            .await?;
        rows.into_iter()
            .map(|row| Ok((row.id, Some(Endpoint::try_from(row)?))))
            .collect()
    }
}

/// The endpoint with this key, if there is one.
pub async fn by_id<C: ConnectionTrait>(
    connection: &C,
    key: Uuid,
) -> Result<Option<Endpoint>, DbErr> {
    let found = Endpoints::find_by_id(key).one(connection).await?;
    Ok(found.map(Endpoint::try_from).transpose()?)
}

/// All endpoints, the oldest first; there are not many.
pub async fn all<C: ConnectionTrait>(connection: &C) -> Result<Vec<Endpoint>, DbErr> {
    let rows = Endpoints::find()
        .order_by_asc(Column::CreatedAt)
        .order_by_asc(Column::Id)
        .all(connection)
        .await?;
    endpoints(rows)
}

/// How many there are.
pub async fn count<C: ConnectionTrait>(connection: &C) -> Result<u64, DbErr> {
    Endpoints::find().count(connection).await
}

/// Those that events are sent to.
pub async fn enabled<C: ConnectionTrait>(connection: &C) -> Result<Vec<Endpoint>, DbErr> {
    let rows = Endpoints::find()
        .filter(Column::Enabled.eq(true))
        .all(connection)
        .await?;
    endpoints(rows)
}

fn endpoints(rows: Vec<webhook_endpoint::Model>) -> Result<Vec<Endpoint>, DbErr> {
    let endpoints: Result<_, DamagedRow> = rows.into_iter().map(Endpoint::try_from).collect();
    Ok(endpoints?)
}

/// Adds an endpoint.
pub async fn insert<C: ConnectionTrait>(connection: &C, endpoint: &Endpoint) -> Result<(), DbErr> {
    Endpoints::insert(row(endpoint))
        .exec_without_returning(connection)
        .await
        .map(drop)
}

/// Writes what has become of an endpoint that had this version. False where it has another by now.
///
/// Where it is goes on being the delivery's, unless `moves`.
pub async fn update<C: ConnectionTrait>(
    connection: &C,
    endpoint: &Endpoint,
    (version, moves): (i32, bool),
) -> Result<bool, DbErr> {
    let mut row = row(endpoint);
    row.id = sea_orm::ActiveValue::NotSet;
    if !moves {
        row.position = sea_orm::ActiveValue::NotSet;
        row.failed_attempts = sea_orm::ActiveValue::NotSet;
        row.next_attempt_at = sea_orm::ActiveValue::NotSet;
    }
    let updated = Endpoints::update_many()
        .set(row)
        .filter(Column::Id.eq(endpoint.id))
        .filter(Column::Version.eq(version))
        .exec(connection)
        .await?;
    Ok(updated.rows_affected == 1)
}

/// Removes an endpoint that has this version, with its log. False where it has another by now.
pub async fn delete<C: ConnectionTrait>(
    connection: &C,
    id: Uuid,
    version: i32,
) -> Result<bool, DbErr> {
    let deleted = Endpoints::delete_many()
        .filter(Column::Id.eq(id))
        .filter(Column::Version.eq(version))
        .exec(connection)
        .await?;
    Ok(deleted.rows_affected == 1)
}

/// An endpoint as a turn of the delivery knows it.
pub type Known = (Uuid, i32);

/// Whether an endpoint still has the version that is known of it, and gets events.
pub async fn is_current<C: ConnectionTrait>(
    connection: &C,
    (id, version): Known,
) -> Result<bool, DbErr> {
    let found = Endpoints::find_by_id(id)
        .filter(Column::Version.eq(version))
        .filter(Column::Enabled.eq(true))
        .count(connection)
        .await?;
    Ok(found == 1)
}

/// Notes up to where everything has been delivered. False where the endpoint has been changed since, or gets no events any more:
/// then where it goes on is not for this turn to say.
pub async fn advance<C: ConnectionTrait>(
    connection: &C,
    known: Known,
    position: i64,
) -> Result<bool, DbErr> {
    move_on(connection, known, (position, 0, 0)).await
}

/// Notes that an event was not delivered, and when it is tried again. False as for [`advance`].
pub async fn put_off<C: ConnectionTrait>(
    connection: &C,
    known: Known,
    position: i64,
    (failed, again): (u32, Timestamp),
) -> Result<bool, DbErr> {
    let failed = i32::try_from(failed).unwrap_or(i32::MAX);
    move_on(
        connection,
        known,
        (position, failed, again.as_microsecond()),
    )
    .await
}

async fn move_on<C: ConnectionTrait>(
    connection: &C,
    (id, version): Known,
    (position, failed, again): (i64, i32, i64),
) -> Result<bool, DbErr> {
    let moved = Endpoints::update_many()
        .col_expr(Column::Position, Expr::val(position))
        .col_expr(Column::FailedAttempts, Expr::val(failed))
        .col_expr(Column::NextAttemptAt, Expr::val(again))
        .filter(Column::Id.eq(id))
        .filter(Column::Version.eq(version))
        .filter(Column::Enabled.eq(true))
        .exec(connection)
        .await?;
    Ok(moved.rows_affected == 1)
}

/// What was sent.
#[derive(Clone, Debug)]
pub struct Sent<'a> {
    /// To which endpoint.
    pub endpoint: Uuid,
    /// The change in the feed; none of a test.
    pub sequence: Option<i64>,
    /// The event's name.
    pub event: &'a str,
    /// How often it has been tried, this time included.
    pub attempt: u32,
    /// When.
    pub at: Timestamp,
}

/// The log's row of an attempt.
pub fn logged(sent: &Sent<'_>, answer: &Answer) -> webhook_delivery::Model {
    webhook_delivery::Model {
        endpoint_id: sent.endpoint,
        id: Uuid::now_v7(),
        sequence: sent.sequence,
        event: sent.event.to_owned(),
        attempt: i32::try_from(sent.attempt).unwrap_or(i32::MAX),
        at: sent.at.as_microsecond(),
        took: i32::try_from(answer.took.as_millis()).unwrap_or(i32::MAX),
        status: answer.status.map(i32::from),
        error: answer.error.clone(),
    }
}

/// Adds a row to the log.
pub async fn log<C: ConnectionTrait>(
    connection: &C,
    row: &webhook_delivery::Model,
) -> Result<(), DbErr> {
    let row = webhook_delivery::ActiveModel::from(row.clone()).reset_all();
    Deliveries::insert(row)
        .exec_without_returning(connection)
        .await
        .map(drop)
}

/// Forgets what was sent before this instant.
pub async fn forget<C: ConnectionTrait>(connection: &C, before: Timestamp) -> Result<u64, DbErr> {
    let deleted = Deliveries::delete_many()
        .filter(webhook_delivery::Column::At.lt(before.as_microsecond()))
        .exec(connection)
        .await?;
    Ok(deleted.rows_affected)
}

/// Notes what follows from an attempt, short of disabling the endpoint. False as for [`advance`].
pub async fn note<C: ConnectionTrait>(
    connection: &C,
    known: Known,
    (position, sequence): (i64, i64),
    verdict: &Verdict,
) -> Result<bool, DbErr> {
    match verdict {
        Verdict::Delivered => advance(connection, known, sequence).await,
        Verdict::Retry(failed, again) => {
            put_off(connection, known, position, (*failed, *again)).await
        }
        Verdict::Disable(_) => is_current(connection, known).await,
    }
}

fn row(endpoint: &Endpoint) -> webhook_endpoint::ActiveModel {
    let events: Vec<Value> = endpoint
        .events
        .iter()
        .map(|pattern| pattern.to_string().into())
        .collect();
    let former = endpoint.former_secret.as_ref();
    webhook_endpoint::ActiveModel {
        id: Set(endpoint.id),
        url: Set(endpoint.url.clone()),
        description: Set(endpoint.description.clone()),
        events: Set(Value::Array(events)),
        secret: Set(endpoint.secret.expose()),
        former_secret: Set(former.map(|(secret, _)| secret.expose())),
        former_secret_until: Set(former.map(|(_, until)| until.as_microsecond())),
        enabled: Set(endpoint.enabled),
        disabled_reason: Set(endpoint.disabled_reason.clone()),
        position: Set(endpoint.position),
        failed_attempts: Set(i32::try_from(endpoint.failed_attempts).unwrap_or(i32::MAX)),
        next_attempt_at: Set(endpoint
            .next_attempt_at
            .map_or(0, Timestamp::as_microsecond)),
        created_by: Set(endpoint.created_by.clone()),
        version: Set(endpoint.version),
        created_at: Set(endpoint.created_at.as_microsecond()),
        updated_at: Set(endpoint.updated_at.as_microsecond()),
    }
}

impl TryFrom<webhook_endpoint::Model> for Endpoint {
    type Error = DamagedRow;

    fn try_from(row: webhook_endpoint::Model) -> Result<Self, DamagedRow> {
        let name = format!("webhook endpoint {}", row.id);
        let damaged = |what: &str| DamagedRow::new(name.clone(), what.to_owned());
        let instant = |microseconds: i64| {
            Timestamp::from_microsecond(microseconds).map_err(|_| damaged("an instant is none"))
        };
        let secret = |text: &str| Secret::parse(text).ok_or_else(|| damaged("a secret is none"));
        let former = match (row.former_secret, row.former_secret_until) {
            (Some(former), Some(until)) => Some((secret(&former)?, instant(until)?)),
            _ => None,
        };
        // A type that this version does not know has no events here.
        let events = row.events.as_array().into_iter().flatten();
        let events = events.filter_map(|text| text.as_str()?.parse::<Pattern>().ok());
        Ok(Self {
            id: row.id,
            description: row.description,
            events: events.collect(),
            secret: secret(&row.secret)?,
            former_secret: former,
            enabled: row.enabled,
            disabled_reason: row.disabled_reason,
            position: row.position,
            failed_attempts: u32::try_from(row.failed_attempts).unwrap_or_default(),
            next_attempt_at: match row.next_attempt_at {
                0 => None,
                at => Some(instant(at)?),
            },
            created_by: row.created_by,
            version: row.version,
            created_at: instant(row.created_at)?,
            updated_at: instant(row.updated_at)?,
            url: row.url,
        })
    }
}
