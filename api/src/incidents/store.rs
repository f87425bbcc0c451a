//! Incidents and their history in the database.

use std::collections::HashMap;
use std::fmt::from_fn;

use entity::{incident, incident_event, incident_service};
use jiff::Timestamp;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseConnection, DbErr, EntityTrait, QueryFilter, Set,
};
use uuid::Uuid;

use super::reporting::NewIncident;
use super::rules::{Event, Incident, IncidentNumber};
use crate::catalog::services::rules::Service;
use crate::shared::dialect::{self, Insert};
use crate::shared::ids::Id;
use crate::shared::loads::Question;
use crate::shared::store::{CHUNK, DamagedRow};
use crate::shared::work::{WorkReader, instant, instant_or_never};

/// Asks for incidents by their keys, whoever may see them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ById;

impl Question for ById {
    type Key = Uuid;
    type Answer = Option<Incident>;

    async fn answer(
        &self,
        database: &DatabaseConnection,
        keys: Vec<Uuid>,
    ) -> Result<HashMap<Uuid, Option<Incident>>, DbErr> {
        let mut found = HashMap::with_capacity(keys.len());
        for keys in keys.chunks(CHUNK) {
            let rows = incident::Entity::find()
                .filter(incident::Column::Id.is_in(keys.iter().copied()))
                .all(database)
                .await?;
            for row in rows {
                found.insert(row.id, Some(Incident::try_from(row)?));
            }
        }
        Ok(found)
    }
}

/// Asks for incidents by their numbers, whoever may see them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ByNumber;

impl Question for ByNumber {
    type Key = i64;
    type Answer = Option<Incident>;

    async fn answer(
        &self,
        database: &DatabaseConnection,
        numbers: Vec<i64>,
    ) -> Result<HashMap<i64, Option<Incident>>, DbErr> {
        let rows = incident::Entity::find()
            .filter(incident::Column::Number.is_in(numbers))
            .all(database)
            .await?;
        rows.into_iter()
            .map(|row| Ok((row.number, Some(Incident::try_from(row)?))))
            .collect()
    }
}

/// Asks for the services that incidents break, in the order of their keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ServicesOf;

impl Question for ServicesOf {
    type Key = Uuid;
    type Answer = Vec<Id<Service>>;

    async fn answer(
        &self,
        database: &DatabaseConnection,
        incidents: Vec<Uuid>,
    ) -> Result<HashMap<Uuid, Vec<Id<Service>>>, DbErr> {
        let mut found: HashMap<Uuid, Vec<_>> = HashMap::with_capacity(incidents.len());
        for incidents in incidents.chunks(CHUNK) {
            for (incident, service) in services_of(database, incidents).await? {
                found.entry(incident).or_default().push(service);
            }
        }
        for services in found.values_mut() {
            services.sort();
        }
        Ok(found)
    }
}

/// Incidents with the services that they break, in no order.
pub async fn services_of<C: ConnectionTrait>(
    connection: &C,
    incidents: &[Uuid],
) -> Result<Vec<(Uuid, Id<Service>)>, DbErr> {
    let rows = incident_service::Entity::find()
        .filter(incident_service::Column::IncidentId.is_in(incidents.iter().copied()))
        .all(connection)
        .await?;
    let pairs = rows.into_iter();
    Ok(pairs
        .map(|row| (row.incident_id, Id::new(row.service_id)))
        .collect())
}

/// The incident with this key, if there is one.
pub async fn by_id<C: ConnectionTrait>(
    connection: &C,
    key: Uuid,
) -> Result<Option<Incident>, DbErr> {
    let found = incident::Entity::find_by_id(key).one(connection);
    let found = found.await?.map(Incident::try_from);
    Ok(found.transpose()?)
}

/// What adds a new incident with the services that it breaks.
pub fn inserts(new: &NewIncident) -> Vec<Insert> {
    let incident = &new.incident;
    let services = new
        .services
        .iter()
        .map(|service| incident_service::ActiveModel {
            incident_id: Set(incident.id),
            service_id: Set(service.key()),
            created_at: Set(incident.created_at.as_microsecond()),
        });
    let mut inserts = dialect::inserts([row(incident)]);
    inserts.extend(dialect::inserts(services));
    inserts
}

/// Stores the new state of an incident that has this version; false where it has another.
pub async fn update<C: ConnectionTrait>(
    connection: &C,
    incident: &Incident,
    version: i32,
) -> Result<bool, DbErr> {
    let mut changed = row(incident);
    changed.id = sea_orm::NotSet;
    let updated = incident::Entity::update_many()
        .set(changed)
        .filter(incident::Column::Id.eq(incident.id))
        .filter(incident::Column::Version.eq(version))
        .exec(connection)
        .await?;
    Ok(updated.rows_affected == 1)
}

/// What adds to an incident's history.
pub fn event_inserts(event: &Event) -> Vec<Insert> {
    dialect::inserts([incident_event::ActiveModel {
        incident_id: Set(event.incident_id),
        place: Set(event.place),
        at: Set(event.at.as_microsecond()),
        actor: Set(event.actor.clone()),
        kind: Set(event.kind.to_string()),
        from_status: Set(event.from.map(|status| status.to_string())),
        to_status: Set(event.to.map(|status| status.to_string())),
        comment: Set(event.comment.clone()),
    }])
}

fn row(incident: &Incident) -> incident::ActiveModel {
    incident::ActiveModel {
        id: Set(incident.id),
        number: Set(incident.number.0),
        title: Set(incident.title.clone()),
        severity: Set(incident.severity.to_string()),
        status: Set(incident.status.to_string()),
        reported_by: Set(incident.reported_by.clone()),
        started_at: Set(incident.started_at.as_microsecond()),
        acknowledged_at: Set(incident.acknowledged_at.map(Timestamp::as_microsecond)),
        resolved_at: Set(incident.resolved_at.map(Timestamp::as_microsecond)),
        due_at: Set(instant_or_never(incident.due_at)),
        breaches_at: Set(instant_or_never(incident.breaches_at)),
        version: Set(incident.version),
        created_at: Set(incident.created_at.as_microsecond()),
        updated_at: Set(incident.updated_at.as_microsecond()),
    }
}

impl TryFrom<incident::Model> for Incident {
    type Error = DamagedRow;

    fn try_from(row: incident::Model) -> Result<Self, DamagedRow> {
        let reader = WorkReader::new(from_fn(|f| write!(f, "incident {}", row.id)));
        let known = |column, at: Option<i64>| at.map(|at| reader.instant(column, at)).transpose();
        Ok(Self {
            number: IncidentNumber(row.number),
            severity: reader.parse("severity", &row.severity)?,
            status: reader.parse("status", &row.status)?,
            started_at: reader.instant("started_at", row.started_at)?,
            acknowledged_at: known("acknowledged_at", row.acknowledged_at)?,
            resolved_at: known("resolved_at", row.resolved_at)?,
            due_at: instant(row.due_at),
            breaches_at: instant(row.breaches_at),
            created_at: reader.instant("created_at", row.created_at)?,
            updated_at: reader.instant("updated_at", row.updated_at)?,
            id: row.id,
            title: row.title,
            reported_by: row.reported_by,
            version: row.version,
        })
    }
}

impl TryFrom<incident_event::Model> for Event {
    type Error = DamagedRow;

    fn try_from(row: incident_event::Model) -> Result<Self, DamagedRow> {
        let reader = WorkReader::new(from_fn(|f| {
            write!(f, "event {} of incident {}", row.place, row.incident_id)
        }));
        let status =
            |column, status: Option<String>| status.map(|it| reader.parse(column, &it)).transpose();
        Ok(Self {
            at: reader.instant("at", row.at)?,
            kind: reader.parse("kind", &row.kind)?,
            from: status("from_status", row.from_status)?,
            to: status("to_status", row.to_status)?,
            incident_id: row.incident_id,
            place: row.place,
            actor: row.actor,
            comment: row.comment,
        })
    }
}
