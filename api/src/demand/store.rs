//! Demands and their supporters in the database.

use std::collections::HashMap;

use entity::{demand, demand_supporter};
use jiff::Timestamp;
use sea_orm::sea_query::{ExprTrait, Order, UpdateStatement};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseConnection, DbErr, EntityTrait, QueryFilter, QueryTrait,
    Set,
};
use uuid::Uuid;

use super::rules::{Demand, DemandNumber, PersonDays};
use crate::catalog::people::rules::Person;
use crate::declines::store::DeclineColumns;
use crate::shared::dialect::{self, Insert};
use crate::shared::ids::Id;
use crate::shared::loads::Question;
use crate::shared::money::Amount;
use crate::shared::store::{CHUNK, DamagedRow};
use crate::shared::work::WorkReader;

/// Asks for demands by their keys, whoever may see them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ById;

impl Question for ById {
    type Key = Uuid;
    type Answer = Option<Demand>;

    async fn answer(
        &self,
        database: &DatabaseConnection,
        keys: Vec<Uuid>,
    ) -> Result<HashMap<Uuid, Option<Demand>>, DbErr> {
        let mut found = HashMap::with_capacity(keys.len());
        for keys in keys.chunks(CHUNK) {
            for demand in by_ids(database, keys).await? {
                found.insert(demand.id, Some(demand));
            }
        }
        Ok(found)
    }
}

/// Asks for demands by their numbers, whoever may see them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ByNumber;

impl Question for ByNumber {
    type Key = i64;
    type Answer = Option<Demand>;

    async fn answer(
        &self,
        database: &DatabaseConnection,
        numbers: Vec<i64>,
    ) -> Result<HashMap<i64, Option<Demand>>, DbErr> {
        let rows = demand::Entity::find()
            .filter(demand::Column::Number.is_in(numbers))
            .all(database)
            .await?;
        rows.into_iter()
            .map(|row| Ok((row.number, Some(Demand::try_from(row)?))))
            .collect()
    }
}

/// How many of a demand's supporters are shown.
pub const SHOWN_SUPPORTERS: u64 = 100;

/// Asks for the first supporters of demands, in the order in which they came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SupportersOf;

impl Question for SupportersOf {
    type Key = Uuid;
    type Answer = Vec<Id<Person>>;

    async fn answer(
        &self,
        database: &DatabaseConnection,
        demands: Vec<Uuid>,
    ) -> Result<HashMap<Uuid, Vec<Id<Person>>>, DbErr> {
        use demand_supporter::Column::{DemandId, PersonId, SupportedAt};
        let select = |demand| {
            let mut first = demand_supporter::Entity::find().into_query();
            first
                .and_where(DemandId.into_expr().eq(demand))
                .order_by_expr(SupportedAt.into_expr(), Order::Asc)
                .order_by_expr(PersonId.into_expr(), Order::Asc)
                .limit(SHOWN_SUPPORTERS);
            first
        };
        let backend = database.get_database_backend();
        let mut found: HashMap<Uuid, Vec<_>> = HashMap::with_capacity(demands.len());
        for statement in dialect::for_each_key(backend, &demands, select) {
            for row in database.query_all(&statement).await? {
                let demand = row.try_get("", "demand_id")?;
                let person: Uuid = row.try_get("", "person_id")?;
                let since: i64 = row.try_get("", "supported_at")?;
                found.entry(demand).or_default().push((since, person));
            }
        }
        let ordered = found.into_iter().map(|(demand, mut supporters)| {
            supporters.sort_unstable();
            let people = supporters.into_iter().map(|(_, person)| Id::new(person));
            (demand, people.collect())
        });
        Ok(ordered.collect())
    }
}

/// The demands with these keys.
pub async fn by_ids<C: ConnectionTrait>(
    connection: &C,
    keys: &[Uuid],
) -> Result<Vec<Demand>, DbErr> {
    let rows = demand::Entity::find()
        .filter(demand::Column::Id.is_in(keys.iter().copied()))
        .all(connection)
        .await?;
    let demands: Result<_, DamagedRow> = rows.into_iter().map(Demand::try_from).collect();
    Ok(demands?)
}

/// The demand with this key, if there is one.
pub async fn by_id<C: ConnectionTrait>(connection: &C, key: Uuid) -> Result<Option<Demand>, DbErr> {
    let found = demand::Entity::find_by_id(key).one(connection);
    let found = found.await?.map(Demand::try_from);
    Ok(found.transpose()?)
}

/// Whether a person supports a demand.
pub async fn is_supporter<C: ConnectionTrait>(
    connection: &C,
    demand: Uuid,
    person: Id<Person>,
) -> Result<bool, DbErr> {
    let found = demand_supporter::Entity::find_by_id((demand, person.key()));
    Ok(found.one(connection).await?.is_some())
}

/// What adds new demands.
pub fn inserts<'a>(demands: impl IntoIterator<Item = &'a Demand>) -> Vec<Insert> {
    dialect::inserts(demands.into_iter().map(row))
}

/// What adds supporters, each with the demand and since when.
pub fn supporter_inserts(
    supporters: impl IntoIterator<Item = (Uuid, Id<Person>, Timestamp)>,
) -> Vec<Insert> {
    let rows = supporters.into_iter();
    dialect::inserts(
        rows.map(|(demand, person, since)| demand_supporter::ActiveModel {
            demand_id: Set(demand),
            person_id: Set(person.key()),
            supported_at: Set(since.as_microsecond()),
        }),
    )
}

/// Takes a supporter away.
pub async fn remove_supporter<C: ConnectionTrait>(
    connection: &C,
    demand: Uuid,
    person: Id<Person>,
) -> Result<(), DbErr> {
    let removed = demand_supporter::Entity::delete_by_id((demand, person.key()));
    removed.exec(connection).await.map(drop)
}

/// Stores the new state of a demand that has this version; false where it has another.
pub async fn update<C: ConnectionTrait>(
    connection: &C,
    demand: &Demand,
    version: i32,
) -> Result<bool, DbErr> {
    let updated = connection.execute(&updating(demand, version)).await?;
    Ok(updated.rows_affected() == 1)
}

/// What stores the new state of a demand that has this version.
pub fn updating(demand: &Demand, version: i32) -> UpdateStatement {
    let mut changed = row(demand);
    changed.id = sea_orm::NotSet;
    demand::Entity::update_many()
        .set(changed)
        .filter(demand::Column::Id.eq(demand.id))
        .filter(demand::Column::Version.eq(version))
        .into_query()
}

fn row(demand: &Demand) -> demand::ActiveModel {
    let decline = DeclineColumns::from(demand.decline.as_ref());
    demand::ActiveModel {
        id: Set(demand.id),
        number: Set(demand.number.0),
        title: Set(demand.title.clone()),
        description: Set(demand.description.clone()),
        kind: Set(demand.kind.to_string()),
        status: Set(demand.status.to_string()),
        customer_id: Set(demand.customer_id.key()),
        raised_by_id: Set(demand.raised_by_id.map(Id::key)),
        submitted_by: Set(demand.submitted_by.clone()),
        outcome_id: Set(demand.outcome_id.map(Id::key)),
        service_id: Set(demand.service_id.map(Id::key)),
        quantity: Set(demand.quantity),
        value_per_month: Set(demand.value_per_month.stored()),
        effort: Set(demand.effort.map(PersonDays::stored)),
        score_order: Set(demand.score_order()),
        supporters: Set(demand.supporters),
        ended_at: Set(demand.ended_at.map(Timestamp::as_microsecond)),
        decline_reason: Set(decline.reason),
        decline_explanation: Set(decline.explanation),
        decline_alternative_id: Set(decline.alternative_id),
        decline_revisit_on: Set(decline.revisit_on),
        declined_by: Set(decline.declined_by),
        declined_at: Set(decline.declined_at),
        version: Set(demand.version),
        created_at: Set(demand.created_at.as_microsecond()),
        updated_at: Set(demand.updated_at.as_microsecond()),
    }
}

impl TryFrom<demand::Model> for Demand {
    type Error = DamagedRow;

    fn try_from(row: demand::Model) -> Result<Self, DamagedRow> {
        let reader = WorkReader::new(format!("demand {}", row.id));
        let decline = DeclineColumns {
            reason: row.decline_reason,
            explanation: row.decline_explanation,
            alternative_id: row.decline_alternative_id,
            revisit_on: row.decline_revisit_on,
            declined_by: row.declined_by,
            declined_at: row.declined_at,
        };
        let effort = row
            .effort
            .map(|effort| reader.value("effort", PersonDays::from_stored(effort)));
        let ended_at = row.ended_at.map(|at| reader.instant("ended_at", at));
        Ok(Self {
            number: DemandNumber(row.number),
            kind: reader.parse("kind", &row.kind)?,
            status: reader.parse("status", &row.status)?,
            customer_id: Id::new(row.customer_id),
            raised_by_id: row.raised_by_id.map(Id::new),
            outcome_id: row.outcome_id.map(Id::new),
            service_id: row.service_id.map(Id::new),
            value_per_month: Amount::from_stored(row.value_per_month),
            effort: effort.transpose()?,
            ended_at: ended_at.transpose()?,
            decline: decline.read(&reader)?,
            created_at: reader.instant("created_at", row.created_at)?,
            updated_at: reader.instant("updated_at", row.updated_at)?,
            id: row.id,
            title: row.title,
            description: row.description,
            submitted_by: row.submitted_by,
            quantity: row.quantity,
            supporters: row.supporters,
            version: row.version,
        })
    }
}
