//! How promises were kept: what clocks and measurements say of targets, for all agreements of an answer in one statement each.

use std::collections::HashMap;

use entity::sla_clock;
use futures_util::future::try_join;
use sea_orm::sea_query::{
    CaseStatement, Expr, ExprTrait, Query, SelectStatement, SimpleExpr, UnionType,
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseConnection, DbErr, EntityTrait, QueryFilter, QuerySelect,
};
use uuid::Uuid;

use super::rules::Agreement;
use super::target::{SlaMetric, Target, TargetId};
use crate::shared::loads::{LoadError, Loads, Question};
use crate::shared::store::CHUNK;
use crate::shared::write::now;
use crate::slas::availability::store::{Measured, Tally};

/// The clocks that were decided in a period, good or bad. A clock that runs counts once it is breached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Decided {
    /// From this instant on, microseconds since 1970.
    from: i64,
    /// Before this instant, microseconds since 1970; what lies ahead is not decided yet.
    until: i64,
}

impl Question for Decided {
    /// A target.
    type Key = Uuid;
    type Answer = Tally;

    async fn answer(
        &self,
        database: &DatabaseConnection,
        targets: Vec<Uuid>,
    ) -> Result<HashMap<Uuid, Tally>, DbErr> {
        let until = Ord::min(self.until, now().as_microsecond());
        let mut tallies = HashMap::with_capacity(targets.len());
        for targets in targets.chunks(CHUNK) {
            let rows: Vec<(Uuid, i64, i64)> = sla_clock::Entity::find()
                .select_only()
                .column(sla_clock::Column::TargetId)
                .column_as(sla_clock::Column::TargetId.count(), "total")
                .column_as(good(), "good")
                .filter(sla_clock::Column::TargetId.is_in(targets.iter().copied()))
                .filter(sla_clock::Column::DecidedAt.gte(self.from))
                .filter(sla_clock::Column::DecidedAt.lt(until))
                .group_by(sla_clock::Column::TargetId)
                .into_tuple()
                .all(database)
                .await?;
            let found = rows.into_iter();
            tallies.extend(found.map(|(target, total, good)| (target, Tally { total, good })));
        }
        Ok(tallies)
    }
}

/// The clocks of a customer's requests that were decided in a period, by target, good or bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct DecidedFor {
    /// From this instant on, microseconds since 1970.
    pub(crate) from: i64,
    /// Before this instant, microseconds since 1970; what lies ahead is not decided yet.
    pub(crate) until: i64,
}

impl Question for DecidedFor {
    /// A customer.
    type Key = Uuid;
    type Answer = Vec<(TargetId, Tally)>;

    async fn answer(
        &self,
        database: &DatabaseConnection,
        customers: Vec<Uuid>,
    ) -> Result<HashMap<Uuid, Vec<(TargetId, Tally)>>, DbErr> {
        let until = Ord::min(self.until, now().as_microsecond());
        let mut found: HashMap<Uuid, Vec<(TargetId, Tally)>> = HashMap::new();
        for customers in customers.chunks(COMPOUND) {
            let mut selects = customers.iter().map(|customer| self.of(*customer, until));
            let Some(mut select) = selects.next() else {
                continue;
            };
            select.unions(selects.map(|select| (UnionType::All, select)));
            for row in database.query_all(&select).await? {
                let tally = Tally {
                    total: row.try_get("", "total")?,
                    good: row.try_get("", "good")?,
                };
                let target = TargetId::new(row.try_get("", "target_id")?);
                let customer = row.try_get("", "customer")?;
                found.entry(customer).or_default().push((target, tally));
            }
        }
        Ok(found)
    }
}

/// How many customers are asked about in one statement; both databases take more.
const COMPOUND: usize = 100;

impl DecidedFor {
    /// Selects those of one customer. Each on its own, so that rows are told apart by their target alone, which takes SQLite 40 % less.
    fn of(&self, customer: Uuid, until: i64) -> SelectStatement {
        use sla_clock::Column::{CustomerId, DecidedAt, TargetId};
        Query::select()
            .expr_as(Expr::val(customer), "customer")
            .column(TargetId)
            .expr_as(TargetId.count(), "total")
            .expr_as(good(), "good")
            .from(sla_clock::Entity)
            .and_where(CustomerId.eq(customer))
            .and_where(DecidedAt.gte(self.from))
            .and_where(DecidedAt.lt(until))
            .group_by_col(TargetId)
            .take()
    }
}

/// How many clocks are good.
fn good() -> SimpleExpr {
    let good = CaseStatement::new()
        .case(sla_clock::Column::Good.eq(true), Expr::val(1))
        .finally(Expr::val(0));
    Expr::expr(good).sum().cast_as("bigint")
}

/// What was measured of each of an agreement's targets from one instant to before another, microseconds since 1970.
pub(crate) async fn tallies<'a>(
    loads: &Loads,
    agreement: &'a Agreement,
    (from, until): (i64, i64),
) -> Result<Vec<(&'a Target, Tally)>, LoadError> {
    let is_time = |target: &&Target| target.metric.is_time();
    let timed = agreement.targets.iter().filter(is_time);
    let timed = timed.map(|target| target.id.key());
    let has_availability = agreement
        .targets
        .iter()
        .any(|target| target.metric == SlaMetric::Availability);
    let services = has_availability.then(|| agreement.service_id.key());
    let (clocks, events) = (Decided { from, until }, Measured { from, until });
    let decided = loads.ask_all(&clocks, timed);
    let measured = loads.ask_all(&events, services);
    let (decided, measured) = try_join(decided, measured).await?;
    let (mut decided, measured) = (decided.into_iter(), measured.into_iter().next());
    let tally = |target: &'a Target| {
        let tally = if target.metric.is_time() {
            decided.next()
        } else {
            measured
        };
        (target, tally.unwrap_or_default())
    };
    Ok(agreement.targets.iter().map(tally).collect())
}
