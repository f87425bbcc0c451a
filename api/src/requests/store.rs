//! Requests and their history in the database.

use std::collections::HashMap;
use std::fmt::{Display, from_fn};
use std::sync::Arc;

use entity::{request_event, service_request};
use jiff::Timestamp;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseConnection, DbErr, EntityTrait, FromQueryResult,
    QueryFilter, QuerySelect, Select, Set,
};
use serde_json::Value;
use strum::IntoEnumIterator;
use uuid::Uuid;

use super::rules::{Event, EventKind, NewRequest, RequestNumber, ServiceRequest};
use crate::declines::rules::Decline;
use crate::declines::store::DeclineColumns;
use crate::shared::dialect::{self, Insert};
use crate::shared::ids::Id;
use crate::shared::loads::Question;
use crate::shared::nullable::Nullable;
use crate::shared::store::{CHUNK, DamagedRow};
use crate::shared::work::{WorkReader, instant, instant_or_never};
use crate::slas::priority::Priority;

/// A row of a request without its inputs.
#[derive(Clone, Debug, FromQueryResult)]
pub struct RequestRow {
    /// The key.
    pub id: Uuid,
    number: i64,
    title: String,
    offering_id: Uuid,
    service_id: Uuid,
    customer_id: Nullable<Uuid>,
    requester_id: Nullable<Uuid>,
    submitted_by: String,
    requires_approval: bool,
    /// 1 to 4.
    pub priority: i16,
    status: String,
    approved_at: Nullable<i64>,
    decline_reason: Nullable<String>,
    decline_explanation: Nullable<String>,
    decline_alternative_id: Nullable<Uuid>,
    decline_revisit_on: Nullable<String>,
    declined_by: Nullable<String>,
    declined_at: Nullable<i64>,
    /// Microseconds since 1970.
    pub due_at: i64,
    breaches_at: i64,
    version: i32,
    /// Microseconds since 1970.
    pub created_at: i64,
    /// Microseconds since 1970.
    pub updated_at: i64,
}

impl RequestRow {
    /// Selects such rows.
    pub fn find() -> Select<service_request::Entity> {
        let columns = service_request::Column::iter();
        let columns = columns.filter(|column| !matches!(column, service_request::Column::Inputs));
        service_request::Entity::find()
            .select_only()
            .columns(columns)
    }
}

/// A row of a request's history.
#[derive(Clone, Debug, FromQueryResult)]
pub struct EventRow {
    /// The request.
    pub request_id: Uuid,
    /// The request's version after it.
    pub place: i32,
    at: i64,
    actor: String,
    kind: String,
    from_status: Nullable<String>,
    to_status: Nullable<String>,
    priority: Nullable<i16>,
    comment: Nullable<String>,
}

/// Asks for the inputs of requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct InputsOf;

impl Question for InputsOf {
    type Key = Uuid;
    type Answer = Arc<Value>;

    async fn answer(
        &self,
        database: &DatabaseConnection,
        requests: Vec<Uuid>,
    ) -> Result<HashMap<Uuid, Arc<Value>>, DbErr> {
        let mut found = HashMap::with_capacity(requests.len());
        for chunk in requests.chunks(CHUNK) {
            let rows: Vec<(Uuid, Value)> = service_request::Entity::find()
                .select_only()
                .columns([service_request::Column::Id, service_request::Column::Inputs])
                .filter(service_request::Column::Id.is_in(chunk.iter().copied()))
                .into_tuple()
                .all(database)
                .await?;
            found.extend(rows.into_iter().map(|(id, inputs)| (id, Arc::new(inputs))));
        }
        Ok(found)
    }
}

/// Asks for requests by their keys, whoever may see them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ById;

impl Question for ById {
    type Key = Uuid;
    type Answer = Option<ServiceRequest>;

    async fn answer(
        &self,
        database: &DatabaseConnection,
        keys: Vec<Uuid>,
    ) -> Result<HashMap<Uuid, Option<ServiceRequest>>, DbErr> {
        let mut found = HashMap::with_capacity(keys.len());
        for keys in keys.chunks(CHUNK) {
            for request in by_ids(database, keys).await? {
                found.insert(request.id, Some(request));
            }
        }
        Ok(found)
    }
}

/// Asks for requests by their numbers, whoever may see them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ByNumber;

impl Question for ByNumber {
    type Key = i64;
    type Answer = Option<ServiceRequest>;

    async fn answer(
        &self,
        database: &DatabaseConnection,
        numbers: Vec<i64>,
    ) -> Result<HashMap<i64, Option<ServiceRequest>>, DbErr> {
        let rows = RequestRow::find()
            .filter(service_request::Column::Number.is_in(numbers))
            .into_model::<RequestRow>()
            .all(database)
            .await?;
        rows.into_iter()
            .map(|row| Ok((row.number, Some(ServiceRequest::try_from(row)?))))
            .collect()
    }
}

/// The requests with these keys.
pub async fn by_ids<C: ConnectionTrait>(
    connection: &C,
    keys: &[Uuid],
) -> Result<Vec<ServiceRequest>, DbErr> {
    let rows = RequestRow::find()
        .filter(service_request::Column::Id.is_in(keys.iter().copied()))
        .into_model::<RequestRow>()
        .all(connection)
        .await?;
    let requests: Result<_, DamagedRow> = rows.into_iter().map(TryFrom::try_from).collect();
    Ok(requests?)
}

/// The request with this key, if there is one.
pub async fn by_id<C: ConnectionTrait>(
    connection: &C,
    key: Uuid,
) -> Result<Option<ServiceRequest>, DbErr> {
    Ok(by_ids(connection, &[key]).await?.pop())
}

/// The history of a request as its clocks hear it, oldest first: without what was only said.
pub async fn history<C: ConnectionTrait>(
    connection: &C,
    request: Uuid,
) -> Result<Vec<Event>, DbErr> {
    let mut histories = histories(connection, &[request]).await?;
    Ok(histories.remove(&request).unwrap_or_default())
}

async fn histories<C: ConnectionTrait>(
    connection: &C,
    requests: &[Uuid],
) -> Result<HashMap<Uuid, Vec<Event>>, DbErr> {
    let columns = request_event::Column::iter();
    let columns = columns.filter(|column| !matches!(column, request_event::Column::Comment));
    let mut found: HashMap<Uuid, Vec<Event>> = HashMap::with_capacity(requests.len());
    for chunk in requests.chunks(CHUNK) {
        let rows = request_event::Entity::find()
            .select_only()
            .columns(columns.clone())
            .column_as(Expr::val(Option::<String>::None).cast_as("text"), "comment")
            .filter(request_event::Column::RequestId.is_in(chunk.iter().copied()))
            .filter(request_event::Column::Kind.ne(EventKind::Commented.to_string()))
            .into_model::<EventRow>()
            .all(connection)
            .await?;
        for row in rows {
            let event = Event::try_from(row)?;
            found.entry(event.request_id).or_default().push(event);
        }
    }
    for events in found.values_mut() {
        events.sort_by_key(|event| event.place);
    }
    Ok(found)
}

/// Asks for the histories of requests as their clocks hear them, oldest first: without what was only said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct HistoryOf;

impl Question for HistoryOf {
    type Key = Uuid;
    type Answer = Vec<Event>;

    async fn answer(
        &self,
        database: &DatabaseConnection,
        requests: Vec<Uuid>,
    ) -> Result<HashMap<Uuid, Vec<Event>>, DbErr> {
        histories(database, &requests).await
    }
}

/// What adds new requests.
pub fn inserts(requests: &[NewRequest]) -> Vec<Insert> {
    let rows = requests.iter().map(|new| service_request::ActiveModel {
        inputs: Set(new.inputs.clone()),
        ..row(&new.request)
    });
    dialect::inserts(rows)
}

/// Stores the new state of a request that has this version; false where it has another.
pub async fn update<C: ConnectionTrait>(
    connection: &C,
    request: &ServiceRequest,
    version: i32,
) -> Result<bool, DbErr> {
    let mut changed = row(request);
    changed.id = sea_orm::NotSet;
    let updated = service_request::Entity::update_many()
        .set(changed)
        .filter(service_request::Column::Id.eq(request.id))
        .filter(service_request::Column::Version.eq(version))
        .exec(connection)
        .await?;
    Ok(updated.rows_affected == 1)
}

/// What adds to histories.
pub fn event_inserts(events: &[Event]) -> Vec<Insert> {
    let rows = events.iter().map(|event| request_event::ActiveModel {
        request_id: Set(event.request_id),
        place: Set(event.place),
        at: Set(event.at.as_microsecond()),
        actor: Set(event.actor.clone()),
        kind: Set(event.kind.to_string()),
        from_status: Set(event.from.map(|status| status.to_string())),
        to_status: Set(event.to.map(|status| status.to_string())),
        priority: Set(event.priority.map(Priority::number)),
        comment: Set(event.comment.clone()),
    });
    dialect::inserts(rows)
}

fn row(request: &ServiceRequest) -> service_request::ActiveModel {
    let decline = DeclineColumns::from(request.decline.as_ref());
    service_request::ActiveModel {
        id: Set(request.id),
        number: Set(request.number.0),
        title: Set(request.title.clone()),
        offering_id: Set(request.offering_id.key()),
        service_id: Set(request.service_id.key()),
        customer_id: Set(request.customer_id.map(Id::key)),
        requester_id: Set(request.requester_id.map(Id::key)),
        submitted_by: Set(request.submitted_by.clone()),
        requires_approval: Set(request.requires_approval),
        inputs: sea_orm::NotSet,
        priority: Set(request.priority.number()),
        status: Set(request.status.to_string()),
        approved_at: Set(request.approved_at.map(Timestamp::as_microsecond)),
        decline_reason: Set(decline.reason),
        decline_explanation: Set(decline.explanation),
        decline_alternative_id: Set(decline.alternative_id),
        decline_revisit_on: Set(decline.revisit_on),
        declined_by: Set(decline.declined_by),
        declined_at: Set(decline.declined_at),
        due_at: Set(instant_or_never(request.due_at)),
        breaches_at: Set(instant_or_never(request.breaches_at)),
        version: Set(request.version),
        created_at: Set(request.created_at.as_microsecond()),
        updated_at: Set(request.updated_at.as_microsecond()),
    }
}

impl TryFrom<RequestRow> for ServiceRequest {
    type Error = DamagedRow;

    fn try_from(row: RequestRow) -> Result<Self, DamagedRow> {
        let reader = WorkReader::new(from_fn(|f| write!(f, "service request {}", row.id)));
        Ok(Self {
            number: RequestNumber(row.number),
            offering_id: Id::new(row.offering_id),
            service_id: Id::new(row.service_id),
            customer_id: row.customer_id.0.map(Id::new),
            requester_id: row.requester_id.0.map(Id::new),
            priority: reader.value("priority", Priority::from_number(row.priority))?,
            status: reader.parse("status", &row.status)?,
            approved_at: row
                .approved_at
                .0
                .map(|at| reader.instant("approved_at", at))
                .transpose()?,
            decline: decline(&reader, &row)?,
            due_at: instant(row.due_at),
            breaches_at: instant(row.breaches_at),
            created_at: reader.instant("created_at", row.created_at)?,
            updated_at: reader.instant("updated_at", row.updated_at)?,
            id: row.id,
            title: row.title,
            submitted_by: row.submitted_by,
            requires_approval: row.requires_approval,
            version: row.version,
        })
    }
}

fn decline(
    reader: &WorkReader<impl Display>,
    row: &RequestRow,
) -> Result<Option<Decline>, DamagedRow> {
    let columns = DeclineColumns {
        reason: row.decline_reason.0.clone(),
        explanation: row.decline_explanation.0.clone(),
        alternative_id: row.decline_alternative_id.0,
        revisit_on: row.decline_revisit_on.0.clone(),
        declined_by: row.declined_by.0.clone(),
        declined_at: row.declined_at.0,
    };
    columns.read(reader)
}

impl TryFrom<EventRow> for Event {
    type Error = DamagedRow;

    fn try_from(row: EventRow) -> Result<Self, DamagedRow> {
        let reader = WorkReader::new(from_fn(|f| {
            write!(f, "event {} of request {}", row.place, row.request_id)
        }));
        let status = |column, Nullable(status): Nullable<String>| {
            status.map(|it| reader.parse(column, &it)).transpose()
        };
        Ok(Self {
            at: reader.instant("at", row.at)?,
            kind: reader.parse("kind", &row.kind)?,
            from: status("from_status", row.from_status)?,
            to: status("to_status", row.to_status)?,
            priority: row
                .priority
                .0
                .map(|it| reader.value("priority", Priority::from_number(it)))
                .transpose()?,
            request_id: row.request_id,
            place: row.place,
            actor: row.actor,
            comment: row.comment.0,
        })
    }
}
