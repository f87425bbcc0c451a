//! What is open, in the database: counts of requests that are worth the same, and the next of them by their keys.

use std::collections::HashMap;
use std::fmt::from_fn;

use entity::{demand, incident, service_request};
use sea_orm::sea_query::{Condition, Expr, ExprTrait, Query, SelectStatement, SimpleExpr};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseBackend, DatabaseConnection, DbErr, EntityTrait,
    FromQueryResult, QueryFilter, QueryOrder, QuerySelect,
};
use uuid::Uuid;

use crate::incidents::rules::Severity;
use crate::shared::dialect::{for_each_pair, keys};
use crate::shared::loads::Question;
use crate::shared::store::DamagedRow;
use crate::shared::work::WorkReader;
use crate::slas::priority::Priority;

/// Requests that have not ended: the words of the partial indexes.
const OPEN_REQUEST: &str =
    "status IN ('SUBMITTED', 'APPROVED', 'IN_PROGRESS', 'WAITING_ON_CUSTOMER')";
/// Demands that are still to be met: the words of the partial index.
const OPEN_DEMAND: &str = "status IN ('OPEN', 'PLANNED')";

/// A service and a priority: open requests that have both are worth the same.
pub type Group = (Uuid, Priority);

/// Asks how many open requests there are of each service and priority; all of them, or those of one customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct OpenGroups {
    /// For this customer.
    pub customer: Option<Uuid>,
}

impl Question for OpenGroups {
    type Key = ();
    type Answer = Vec<(Group, u64)>;

    async fn answer(
        &self,
        database: &DatabaseConnection,
        _: Vec<()>,
    ) -> Result<HashMap<(), Self::Answer>, DbErr> {
        let rows: Vec<(Uuid, i16, i64)> = service_request::Entity::find()
            .select_only()
            .columns([
                service_request::Column::ServiceId,
                service_request::Column::Priority,
            ])
            .column_as(Expr::cust("count(*)"), "count")
            .filter(open_requests(self.customer))
            .group_by(service_request::Column::ServiceId)
            .group_by(service_request::Column::Priority)
            .into_tuple()
            .all(database)
            .await?;
        let groups = rows.into_iter().map(|(service, number, count)| {
            let reader = WorkReader::new(format!("open requests of {service}"));
            let priority = reader.value("priority", Priority::from_number(number))?;
            Ok((
                (service, priority),
                u64::try_from(count).unwrap_or_default(),
            ))
        });
        let groups: Result<Vec<_>, DamagedRow> = groups.collect();
        Ok(HashMap::from([((), groups?)]))
    }
}

fn open_requests(customer: Option<Uuid>) -> Condition {
    let column = service_request::Column::CustomerId;
    Condition::all()
        .add(Expr::cust(OPEN_REQUEST))
        .add_option(customer.map(|customer| column.eq(customer)))
}

/// An open request, as far as its place needs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromQueryResult)]
pub struct OpenRequest {
    /// The key.
    pub id: Uuid,
    /// For people.
    pub number: i64,
    /// The service.
    pub service_id: Uuid,
    /// 1 to 4.
    pub priority: i16,
    /// When its clock that ends first is due, microseconds since 1970; the greatest number where none is.
    pub due_at: i64,
}

/// Asks for the first open requests of groups by what is due first, then by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FirstOfGroup {
    /// For this customer.
    pub customer: Option<Uuid>,
    /// Not before this due instant and number.
    pub from: Option<(i64, i64)>,
    /// At most so many of each.
    pub limit: u64,
}

impl Question for FirstOfGroup {
    type Key = Group;
    type Answer = Vec<OpenRequest>;

    async fn answer(
        &self,
        database: &DatabaseConnection,
        groups: Vec<Group>,
    ) -> Result<HashMap<Group, Vec<OpenRequest>>, DbErr> {
        let mut found: HashMap<Group, Vec<OpenRequest>> = HashMap::with_capacity(groups.len());
        let backend = database.get_database_backend();
        let pairs: Vec<(Uuid, i16)> = groups
            .iter()
            .map(|(service, priority)| (*service, priority.number()))
            .collect();
        let select = |service: SimpleExpr, priority: SimpleExpr| {
            let mut select = requests_by_due(self.customer, self.from, self.limit);
            select
                .and_where(service_request::Column::ServiceId.into_expr().eq(service))
                .and_where(service_request::Column::Priority.into_expr().eq(priority));
            select
        };
        for statement in for_each_pair(backend, &pairs, select) {
            for row in database.query_all(&statement).await? {
                let request = OpenRequest::from_query_result(&row, "")?;
                let reader =
                    WorkReader::new(from_fn(|f| write!(f, "service request {}", request.id)));
                let priority = Priority::from_number(request.priority);
                let priority = reader.value("priority", priority)?;
                let group = (request.service_id, priority);
                found.entry(group).or_default().push(request);
            }
        }
        Ok(found)
    }
}

/// Asks for the open requests that are due first, then by number, whoever they are for and whatever they are worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FirstOfAll {
    /// Not before this due instant and number.
    pub from: Option<(i64, i64)>,
    /// At most so many.
    pub limit: u64,
}

impl Question for FirstOfAll {
    type Key = ();
    type Answer = Vec<OpenRequest>;

    async fn answer(
        &self,
        database: &DatabaseConnection,
        _: Vec<()>,
    ) -> Result<HashMap<(), Vec<OpenRequest>>, DbErr> {
        let requests = requests_by_due(None, self.from, self.limit);
        let rows = database.query_all(&requests).await?;
        let requests: Result<Vec<_>, DbErr> = rows
            .iter()
            .map(|row| OpenRequest::from_query_result(row, ""))
            .collect();
        Ok(HashMap::from([((), requests?)]))
    }
}

fn requests_by_due(
    customer: Option<Uuid>,
    from: Option<(i64, i64)>,
    limit: u64,
) -> SelectStatement {
    use service_request::Column::{DueAt, Id, Number, Priority, ServiceId};
    let mut select = Query::select();
    select
        .columns([Id, Number, ServiceId, Priority, DueAt])
        .from(service_request::Entity)
        .cond_where(open_requests(customer))
        .order_by(DueAt, sea_orm::Order::Asc)
        .order_by(Number, sea_orm::Order::Asc)
        .limit(limit);
    if let Some((due_at, number)) = from {
        // The first says no more than the second, but is a range of the index.
        let later = Condition::any()
            .add(DueAt.gt(due_at))
            .add(Number.gte(number));
        select.and_where(DueAt.gte(due_at)).cond_where(later);
    }
    select
}

/// An incident that is not resolved, as far as its place needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenIncident {
    /// The key.
    pub id: Uuid,
    /// For people.
    pub number: i64,
    /// How much of its services is lost.
    pub severity: Severity,
    /// When its clock that ends first is due, microseconds since 1970; the greatest number where none is.
    pub due_at: i64,
}

/// Asks for the incidents that are not resolved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct OpenIncidents;

impl Question for OpenIncidents {
    type Key = ();
    type Answer = Vec<OpenIncident>;

    async fn answer(
        &self,
        database: &DatabaseConnection,
        _: Vec<()>,
    ) -> Result<HashMap<(), Vec<OpenIncident>>, DbErr> {
        use incident::Column::{DueAt, Id, Number, Severity, Status};
        let rows: Vec<(Uuid, i64, String, i64)> = incident::Entity::find()
            .select_only()
            .columns([Id, Number, Severity, DueAt])
            .filter(Status.is_in(["OPEN", "ACKNOWLEDGED"]))
            .into_tuple()
            .all(database)
            .await?;
        let incidents = rows.into_iter().map(|(id, number, severity, due_at)| {
            let reader = WorkReader::new(format!("incident {id}"));
            Ok(OpenIncident {
                id,
                number,
                severity: reader.parse("severity", &severity)?,
                due_at,
            })
        });
        let incidents: Result<Vec<_>, DamagedRow> = incidents.collect();
        Ok(HashMap::from([((), incidents?)]))
    }
}

/// Which open demands.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct OpenDemands {
    /// Of this customer.
    pub customer: Option<Uuid>,
    /// That one of these services is to answer.
    pub services: Option<Vec<Uuid>>,
}

impl OpenDemands {
    fn condition(&self, backend: DatabaseBackend) -> Condition {
        let of_customer = self.customer.map(|it| demand::Column::CustomerId.eq(it));
        let services = self.services.as_ref();
        let of_services = services.map(|services| {
            let service = demand::Column::ServiceId.into_expr();
            service.in_subquery(keys(backend, services))
        });
        Condition::all()
            .add(Expr::cust(OPEN_DEMAND))
            .add_option(of_customer)
            .add_option(of_services)
    }
}

/// An open demand, as far as its place needs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromQueryResult)]
pub struct OpenDemand {
    /// The key.
    pub id: Uuid,
    /// For people.
    pub number: i64,
    /// Ten-thousandths of the reporting currency.
    pub value_per_month: i64,
}

/// Asks for the most valuable open demands, then by number.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FirstDemands {
    /// Which ones.
    pub which: OpenDemands,
    /// Worth at most this, and of those that are worth just that not before this number.
    pub from: Option<(i64, i64)>,
    /// At most so many.
    pub limit: u64,
}

impl Question for FirstDemands {
    type Key = ();
    type Answer = Vec<OpenDemand>;

    async fn answer(
        &self,
        database: &DatabaseConnection,
        _: Vec<()>,
    ) -> Result<HashMap<(), Vec<OpenDemand>>, DbErr> {
        use demand::Column::{Id, Number, ValuePerMonth};
        let mut select = demand::Entity::find()
            .select_only()
            .columns([Id, Number, ValuePerMonth])
            .filter(self.which.condition(database.get_database_backend()));
        if let Some((value, number)) = self.from {
            let later = Condition::any()
                .add(ValuePerMonth.lt(value))
                .add(Number.gte(number));
            select = select.filter(ValuePerMonth.lte(value)).filter(later);
        }
        let demands = select
            .order_by_desc(ValuePerMonth)
            .order_by_asc(Number)
            .limit(self.limit)
            .into_model()
            .all(database)
            .await?;
        Ok(HashMap::from([((), demands)]))
    }
}

/// Asks how many demands are open.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CountDemands(pub OpenDemands);

impl Question for CountDemands {
    type Key = ();
    type Answer = u64;

    async fn answer(
        &self,
        database: &DatabaseConnection,
        _: Vec<()>,
    ) -> Result<HashMap<(), u64>, DbErr> {
        let count: Option<i64> = demand::Entity::find()
            .select_only()
            .column_as(Expr::cust("count(*)"), "count")
            .filter(self.0.condition(database.get_database_backend()))
            .into_tuple()
            .one(database)
            .await?;
        let count = u64::try_from(count.unwrap_or_default()).unwrap_or_default();
        Ok(HashMap::from([((), count)]))
    }
}
