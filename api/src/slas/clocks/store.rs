//! Clocks in the database.

use std::collections::HashMap;
use std::fmt::from_fn;
use std::sync::Arc;

use entity::sla_clock;
use jiff::{SignedDuration, Timestamp};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbErr, EntityTrait,
    FromQueryResult, QueryFilter, QueryOrder, QuerySelect, Select, Set,
};
use strum::IntoEnumIterator;
use uuid::Uuid;

use super::rules::{Promised, StoredClock};
use crate::shared::dialect::{self, Insert};
use crate::shared::loads::Question;
use crate::shared::nullable::Nullable;
use crate::shared::store::{CHUNK, DamagedRow, json};
use crate::shared::subject::SubjectRef;
use crate::shared::work::{WorkReader, instant, instant_or_never};

/// A row as it is read. What was promised stays text: many clocks of a list have the same.
#[derive(Debug, FromQueryResult)]
struct ClockRow {
    subject_id: Uuid,
    place: i16,
    subject_type: String,
    metric: String,
    promised: String,
    state: String,
    started_at: i64,
    elapsed: i64,
    as_of: i64,
    due_at: i64,
    warns_at: i64,
    breaches_at: i64,
    at_risk_at: Nullable<i64>,
    breached_at: Nullable<i64>,
    ended_at: Nullable<i64>,
    decided_at: i64,
    good: bool,
    customer_id: Nullable<Uuid>,
}

impl ClockRow {
    /// Selects such rows.
    fn find() -> Select<sla_clock::Entity> {
        use sla_clock::Column::{AgreementId, NextAt, TargetId};
        let columns = sla_clock::Column::iter()
            .filter(|column| !matches!(column, AgreementId | TargetId | NextAt));
        sla_clock::Entity::find().select_only().columns(columns)
    }
}

/// What was promised, by the text that says it.
type Promises = HashMap<String, Arc<Vec<Promised>>>;

/// Asks for the clocks of requests and incidents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ClocksOf;

impl Question for ClocksOf {
    type Key = Uuid;
    type Answer = Vec<StoredClock>;

    async fn answer(
        &self,
        database: &DatabaseConnection,
        subjects: Vec<Uuid>,
    ) -> Result<HashMap<Uuid, Vec<StoredClock>>, DbErr> {
        let mut found: HashMap<Uuid, Vec<StoredClock>> = HashMap::with_capacity(subjects.len());
        for chunk in subjects.chunks(CHUNK) {
            for clock in of_subjects(database, chunk).await? {
                found.entry(clock.subject.id).or_default().push(clock);
            }
        }
        for clocks in found.values_mut() {
            clocks.sort_by_key(|clock| clock.place);
        }
        Ok(found)
    }
}

async fn of_subjects<C: ConnectionTrait>(
    connection: &C,
    subjects: &[Uuid],
) -> Result<Vec<StoredClock>, DbErr> {
    let rows = ClockRow::find()
        .filter(sla_clock::Column::SubjectId.is_in(subjects.iter().copied()))
        .into_model()
        .all(connection)
        .await?;
    read(rows)
}

/// The clocks of a request or an incident, in their order.
pub async fn of_subject<C: ConnectionTrait>(
    connection: &C,
    subject: Uuid,
) -> Result<Vec<StoredClock>, DbErr> {
    let mut clocks = of_subjects(connection, &[subject]).await?;
    clocks.sort_by_key(|clock| clock.place);
    Ok(clocks)
}

/// The first clocks of which something has to be recorded by an instant, the earliest first.
pub async fn due<C: ConnectionTrait>(
    connection: &C,
    now: Timestamp,
    limit: u64,
) -> Result<Vec<StoredClock>, DbErr> {
    let rows = ClockRow::find()
        .filter(sla_clock::Column::NextAt.lt(now.as_microsecond()))
        .order_by_asc(sla_clock::Column::NextAt)
        .limit(limit)
        .into_model::<ClockRow>()
        .all(connection)
        .await?;
    let mut promises = Promises::new();
    let clocks = rows.into_iter().map(|row| row.read(&mut promises));
    // One that is damaged must not keep the others from being told of.
    let told = clocks.filter_map(|clock| {
        clock
            .inspect_err(|error| tracing::error!(%error, "a clock can't be read"))
            .ok()
    });
    Ok(told.collect())
}

fn read(rows: Vec<ClockRow>) -> Result<Vec<StoredClock>, DbErr> {
    let mut promises = Promises::new();
    let clocks = rows.into_iter().map(|row| row.read(&mut promises));
    let clocks: Result<_, DamagedRow> = clocks.collect();
    Ok(clocks?)
}

/// What adds new clocks.
pub fn inserts(clocks: &[StoredClock]) -> Vec<Insert> {
    dialect::inserts(clocks.iter().map(row))
}

/// Adds new clocks.
pub async fn insert(
    transaction: &DatabaseTransaction,
    clocks: &[StoredClock],
) -> Result<(), DbErr> {
    dialect::insert_all(transaction, inserts(clocks)).await
}

/// Stores the new state of a clock that is as it was before; false where it is not: somebody has recorded something since.
pub async fn update<C: ConnectionTrait>(
    connection: &C,
    before: &StoredClock,
    after: &StoredClock,
) -> Result<bool, DbErr> {
    let mut changed = row(after);
    changed.subject_id = sea_orm::NotSet;
    changed.place = sea_orm::NotSet;
    changed.customer_id = sea_orm::NotSet;
    let updated = sla_clock::Entity::update_many()
        .set(changed)
        .filter(sla_clock::Column::SubjectId.eq(before.subject.id))
        .filter(sla_clock::Column::Place.eq(before.place))
        .filter(sla_clock::Column::AsOf.eq(before.as_of.as_microsecond()))
        .filter(sla_clock::Column::NextAt.eq(instant_or_never(before.next_at())))
        .exec(connection)
        .await?;
    Ok(updated.rows_affected == 1)
}

/// Stores the new states of a subject's clocks, and those that are new; false where somebody has recorded something since.
pub async fn replace(
    connection: &DatabaseTransaction,
    before: &[StoredClock],
    after: &[StoredClock],
) -> Result<bool, DbErr> {
    for (before, after) in before.iter().zip(after) {
        if before != after && !update(connection, before, after).await? {
            return Ok(false);
        }
    }
    let new = after.get(before.len()..).unwrap_or_default();
    insert(connection, new).await?;
    Ok(true)
}

fn row(clock: &StoredClock) -> sla_clock::ActiveModel {
    let judged_by = clock.judged_by();
    let key = |of: Option<Uuid>| of.unwrap_or_default();
    sla_clock::ActiveModel {
        subject_id: Set(clock.subject.id),
        place: Set(clock.place),
        subject_type: Set(clock.subject.kind.to_string()),
        metric: Set(clock.metric.to_string()),
        agreement_id: Set(key(judged_by.map(|it| it.agreement))),
        target_id: Set(key(judged_by.map(|it| it.target.id.key()))),
        promised: Set(json(&clock.promised).to_string()),
        state: Set(clock.state.to_string()),
        started_at: Set(clock.started_at.as_microsecond()),
        elapsed: Set(i64::try_from(clock.elapsed.as_micros()).unwrap_or(i64::MAX)),
        as_of: Set(clock.as_of.as_microsecond()),
        due_at: Set(instant_or_never(clock.due_at)),
        warns_at: Set(instant_or_never(clock.warns_at)),
        breaches_at: Set(instant_or_never(clock.breaches_at)),
        at_risk_at: Set(clock.at_risk_at.map(Timestamp::as_microsecond)),
        breached_at: Set(clock.breached_at.map(Timestamp::as_microsecond)),
        ended_at: Set(clock.ended_at.map(Timestamp::as_microsecond)),
        decided_at: Set(instant_or_never(clock.decided_at)),
        good: Set(clock.good),
        next_at: Set(instant_or_never(clock.next_at())),
        customer_id: Set(clock.customer),
    }
}

impl ClockRow {
    fn read(self, promises: &mut Promises) -> Result<StoredClock, DamagedRow> {
        let row = self;
        let reader = WorkReader::new(from_fn(|f| {
            write!(f, "clock {} of {}", row.place, row.subject_id)
        }));
        let known = |column, Nullable(at): Nullable<i64>| {
            at.map(|at| reader.instant(column, at)).transpose()
        };
        Ok(StoredClock {
            subject: SubjectRef {
                kind: reader.parse("subject_type", &row.subject_type)?,
                id: row.subject_id,
            },
            metric: reader.parse("metric", &row.metric)?,
            promised: reader.json("promised", row.promised, promises)?,
            started_at: reader.instant("started_at", row.started_at)?,
            as_of: reader.instant("as_of", row.as_of)?,
            state: reader.parse("state", &row.state)?,
            elapsed: SignedDuration::from_micros(row.elapsed),
            due_at: instant(row.due_at),
            warns_at: instant(row.warns_at),
            breaches_at: instant(row.breaches_at),
            at_risk_at: known("at_risk_at", row.at_risk_at)?,
            breached_at: known("breached_at", row.breached_at)?,
            ended_at: known("ended_at", row.ended_at)?,
            decided_at: instant(row.decided_at),
            good: row.good,
            place: row.place,
            customer: row.customer_id.0,
        })
    }
}
