//! What a review asks the database: counts from indexes, and the incidents of a period.

use std::collections::HashMap;

use entity::{demand, incident, incident_service, service_request};
use jiff::Timestamp;
use sea_orm::sea_query::{Condition, Expr, ExprTrait};
use sea_orm::{ColumnTrait, DatabaseConnection, DbErr, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use crate::catalog::services::rules::Service;
use crate::incidents::rules::Severity;
use crate::shared::ids::Id;
use crate::shared::loads::Question;
use crate::shared::store::{CHUNK, DamagedRow};
use crate::shared::work::WorkReader;

/// How many requests of an offering are in a state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requests {
    /// As the API names it.
    pub status: String,
    /// The offering.
    pub offering: Uuid,
    /// How many.
    pub count: i64,
}

/// Asks what became of the requests that customers submitted in a period, microseconds since 1970. Answered from an index alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RequestsOf {
    /// From this instant on.
    pub from: i64,
    /// Before this one.
    pub until: i64,
}

impl Question for RequestsOf {
    /// A customer.
    type Key = Uuid;
    type Answer = Vec<Requests>;

    async fn answer(
        &self,
        database: &DatabaseConnection,
        customers: Vec<Uuid>,
    ) -> Result<HashMap<Uuid, Vec<Requests>>, DbErr> {
        use service_request::Column::{CreatedAt, CustomerId, OfferingId, Status};
        let mut found: HashMap<Uuid, Vec<Requests>> = HashMap::new();
        for customers in customers.chunks(CHUNK) {
            let rows: Vec<(Uuid, String, Uuid, i64)> = service_request::Entity::find()
                .select_only()
                .columns([CustomerId, Status, OfferingId])
                .column_as(Expr::cust("count(*)"), "count")
                .filter(CustomerId.is_in(customers.iter().copied()))
                .filter(CreatedAt.gte(self.from))
                .filter(CreatedAt.lt(self.until))
                .group_by(CustomerId)
                .group_by(Status)
                .group_by(OfferingId)
                .into_tuple()
                .all(database)
                .await?;
            for (customer, status, offering, count) in rows {
                let requests = Requests {
                    status,
                    offering,
                    count,
                };
                found.entry(customer).or_default().push(requests);
            }
        }
        Ok(found)
    }
}

/// How many demands of a customer were met in a period, and how many that were raised by its end are still to be met.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Demands {
    /// Met in the period.
    pub met: i64,
    /// Open or planned.
    pub open: i64,
}

/// Asks for the demands of customers in a period, microseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DemandsOf {
    /// From this instant on.
    pub from: i64,
    /// Before this one.
    pub until: i64,
}

impl Question for DemandsOf {
    /// A customer.
    type Key = Uuid;
    type Answer = Demands;

    async fn answer(
        &self,
        database: &DatabaseConnection,
        customers: Vec<Uuid>,
    ) -> Result<HashMap<Uuid, Demands>, DbErr> {
        use demand::Column::{CreatedAt, CustomerId, EndedAt, Status};
        let met = Condition::all()
            .add(Status.eq("MET"))
            .add(EndedAt.gte(self.from))
            .add(EndedAt.lt(self.until));
        let open = Condition::all()
            .add(Status.is_in(["OPEN", "PLANNED"]))
            .add(CreatedAt.lt(self.until));
        let mut found: HashMap<Uuid, Demands> = HashMap::new();
        for customers in customers.chunks(CHUNK) {
            let rows: Vec<(Uuid, String, i64)> = demand::Entity::find()
                .select_only()
                .columns([CustomerId, Status])
                .column_as(Expr::cust("count(*)"), "count")
                .filter(CustomerId.is_in(customers.iter().copied()))
                .filter(Condition::any().add(met.clone()).add(open.clone()))
                .group_by(CustomerId)
                .group_by(Status)
                .into_tuple()
                .all(database)
                .await?;
            for (customer, status, count) in rows {
                let demands = found.entry(customer).or_default();
                if status == "MET" {
                    demands.met += count;
                } else {
                    demands.open += count;
                }
            }
        }
        Ok(found)
    }
}

/// An incident, as far as what it cost needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastIncident {
    /// How much of its services was lost.
    pub severity: Severity,
    /// When it began.
    pub started_at: Timestamp,
    /// When it was over; none where it is not.
    pub resolved_at: Option<Timestamp>,
    /// What it broke.
    pub services: Vec<Id<Service>>,
}

/// Asks for the incidents that were not over before a period and began before its end, microseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct IncidentsIn {
    /// When the period begins.
    pub from: i64,
    /// When it ends.
    pub until: i64,
}

impl Question for IncidentsIn {
    type Key = ();
    type Answer = Vec<PastIncident>;

    async fn answer(
        &self,
        database: &DatabaseConnection,
        _: Vec<()>,
    ) -> Result<HashMap<(), Vec<PastIncident>>, DbErr> {
        use incident::Column::{Id as Key, ResolvedAt, Severity, StartedAt};
        let not_over = Condition::any()
            .add(ResolvedAt.gt(self.from))
            .add(ResolvedAt.is_null());
        let on = Expr::col((
            incident_service::Entity,
            incident_service::Column::IncidentId,
        ))
        .eq(Expr::col((incident::Entity, Key)));
        let mut select = sea_orm::sea_query::Query::select();
        select
            .columns(
                [Key, Severity, StartedAt, ResolvedAt].map(|column| (incident::Entity, column)),
            )
            .column((
                incident_service::Entity,
                incident_service::Column::ServiceId,
            ))
            .from(incident::Entity)
            .inner_join(incident_service::Entity, on)
            .cond_where(not_over)
            .and_where(StartedAt.lt(self.until));
        let rows = sea_orm::ConnectionTrait::query_all(database, &select).await?;
        let mut found: HashMap<Uuid, PastIncident> = HashMap::new();
        for row in rows {
            let id: Uuid = row.try_get("", "id")?;
            let service: Uuid = row.try_get("", "service_id")?;
            let reader = WorkReader::new(format!("incident {id}"));
            let read = || -> Result<PastIncident, DbErr> {
                let severity: String = row.try_get("", "severity")?;
                let started_at: i64 = row.try_get("", "started_at")?;
                let resolved_at: Option<i64> = row.try_get("", "resolved_at")?;
                let instants = || -> Result<PastIncident, DamagedRow> {
                    let resolved_at = resolved_at.map(|at| reader.instant("resolved_at", at));
                    Ok(PastIncident {
                        severity: reader.parse("severity", &severity)?,
                        started_at: reader.instant("started_at", started_at)?,
                        resolved_at: resolved_at.transpose()?,
                        services: Vec::new(),
                    })
                };
                Ok(instants()?)
            };
            match found.entry(id) {
                std::collections::hash_map::Entry::Occupied(known) => {
                    known.into_mut().services.push(Id::new(service));
                }
                std::collections::hash_map::Entry::Vacant(free) => {
                    free.insert(read()?).services.push(Id::new(service));
                }
            }
        }
        Ok(HashMap::from([((), found.into_values().collect())]))
    }
}
