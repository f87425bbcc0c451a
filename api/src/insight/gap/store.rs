//! What the portfolio gap asks the database.

use std::collections::HashMap;

use entity::{demand, feedback, service_request};
use sea_orm::sea_query::{Expr, ExprTrait, Query, SimpleExpr};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseConnection, DbErr, EntityTrait, QueryFilter, QuerySelect,
};
use uuid::Uuid;

use crate::search::store::{MissedSearch, missed};
use crate::shared::dialect::{KEY, keys};
use crate::shared::loads::Question;
use crate::shared::store::CHUNK;

/// Asks of services whether anybody ever requested one of their offerings, or raised a demand that they answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct WasAsked;

impl Question for WasAsked {
    type Key = Uuid;
    type Answer = bool;

    async fn answer(
        &self,
        database: &DatabaseConnection,
        services: Vec<Uuid>,
    ) -> Result<HashMap<Uuid, bool>, DbErr> {
        let backend = database.get_database_backend();
        let is_key = |column: SimpleExpr| column.eq(Expr::col(("wanted", KEY)));
        let requested = Query::select()
            .expr(Expr::val(1))
            .from(service_request::Entity)
            .and_where(is_key(service_request::Column::ServiceId.into_expr()))
            .take();
        let needed = Query::select()
            .expr(Expr::val(1))
            .from(demand::Entity)
            .and_where(is_key(demand::Column::ServiceId.into_expr()))
            .take();
        let was_asked = Expr::exists(requested).or(Expr::exists(needed));
        let select = Query::select()
            .column(("wanted", KEY))
            .from_subquery(keys(backend, &services), "wanted")
            .and_where(was_asked)
            .take();
        let mut asked = HashMap::new();
        for row in database.query_all(&select).await? {
            asked.insert(row.try_get("", KEY)?, true);
        }
        Ok(asked)
    }
}

/// Asks which services customers are content with less than so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Discontent {
    /// Answers given from this instant on, microseconds since 1970.
    pub since: i64,
    /// From so many answers on, by as many people.
    pub answers: i64,
    /// With a smaller share of scores of 4 and 5 than this, percent.
    pub below: i64,
}

impl Question for Discontent {
    type Key = ();
    type Answer = Vec<Uuid>;

    async fn answer(
        &self,
        database: &DatabaseConnection,
        _: Vec<()>,
    ) -> Result<HashMap<(), Vec<Uuid>>, DbErr> {
        use feedback::Column::{CreatedAt, Score, ServiceId};
        let good = Expr::expr(Expr::case(Expr::col(Score).gte(4), 1).finally(0)).sum();
        let rows: Vec<(Uuid, i64, i64)> = feedback::Entity::find()
            .select_only()
            .column(ServiceId)
            .column_as(Expr::cust("count(*)"), "answers")
            .column_as(Expr::expr(good).cast_as("bigint"), "good")
            .filter(CreatedAt.gte(self.since))
            .group_by(ServiceId)
            .into_tuple()
            .all(database)
            .await?;
        let discontent = rows.into_iter().filter(|(_, answers, good)| {
            *answers >= self.answers && good * 100 < self.below * answers
        });
        let services: Vec<Uuid> = discontent.map(|(service, ..)| service).collect();
        let mut many = Vec::new();
        for services in services.chunks(CHUNK) {
            many.extend(self.of_many(database, services).await?);
        }
        Ok(HashMap::from([((), many)]))
    }
}

impl Discontent {
    /// Those of these services whose answers are of so many people: one who says it five times is no more than one.
    async fn of_many(
        &self,
        database: &DatabaseConnection,
        services: &[Uuid],
    ) -> Result<Vec<Uuid>, DbErr> {
        use feedback::Column::{CreatedAt, GivenBy, ServiceId};
        feedback::Entity::find()
            .select_only()
            .column(ServiceId)
            .filter(ServiceId.is_in(services.iter().copied()))
            .filter(CreatedAt.gte(self.since))
            .group_by(ServiceId)
            .having(GivenBy.into_expr().count_distinct().gte(self.answers))
            .into_tuple()
            .all(database)
            .await
    }
}

/// Asks for the most frequent searches that found nothing, at most so many.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MissedSearches(pub u64);

impl Question for MissedSearches {
    type Key = ();
    type Answer = Vec<MissedSearch>;

    async fn answer(
        &self,
        database: &DatabaseConnection,
        _: Vec<()>,
    ) -> Result<HashMap<(), Vec<MissedSearch>>, DbErr> {
        Ok(HashMap::from([((), missed(database, self.0).await?)]))
    }
}
