//! Feedback in the database.

use std::collections::HashMap;

use entity::{feedback, feedback_latest};
use sea_orm::sea_query::{Condition, Expr, ExprTrait};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseConnection, DbErr, EntityTrait, QueryFilter, QuerySelect,
    Set,
};
use uuid::Uuid;

use super::rules::Feedback;
use super::satisfaction::Scores;
use crate::shared::dialect::{self, Insert};
use crate::shared::ids::Id;
use crate::shared::loads::Question;
use crate::shared::store::{CHUNK, DamagedRow};
use crate::shared::work::WorkReader;

/// Asks for feedback by its keys, whoever may read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ById;

impl Question for ById {
    type Key = Uuid;
    type Answer = Option<Feedback>;

    async fn answer(
        &self,
        database: &DatabaseConnection,
        keys: Vec<Uuid>,
    ) -> Result<HashMap<Uuid, Option<Feedback>>, DbErr> {
        let mut found = HashMap::with_capacity(keys.len());
        for keys in keys.chunks(CHUNK) {
            let rows = feedback::Entity::find()
                .filter(feedback::Column::Id.is_in(keys.iter().copied()))
                .all(database)
                .await?;
            for row in rows {
                found.insert(row.id, Some(Feedback::try_from(row)?));
            }
        }
        Ok(found)
    }
}

/// What a subject said last of something ([`Giver::about`](super::rules::Giver::about)).
pub async fn latest<C: ConnectionTrait>(
    connection: &C,
    about: Uuid,
    subject: &str,
) -> Result<Option<Feedback>, DbErr> {
    let key = (about, subject.to_owned());
    let latest = feedback_latest::Entity::find_by_id(key).one(connection);
    let Some(latest) = latest.await? else {
        return Ok(None);
    };
    let found = feedback::Entity::find_by_id(latest.feedback_id);
    let found = found.one(connection).await?.map(Feedback::try_from);
    Ok(found.transpose()?)
}

/// What adds new feedback.
pub fn inserts<'a>(all: impl IntoIterator<Item = &'a Feedback>) -> Vec<Insert> {
    dialect::inserts(all.into_iter().map(row))
}

/// What makes feedback, each with what it is about, the latest of its giver, who had none on the same.
pub fn latest_inserts<'a>(all: impl IntoIterator<Item = (Uuid, &'a Feedback)>) -> Vec<Insert> {
    let rows = all
        .into_iter()
        .map(|(about, feedback)| feedback_latest::ActiveModel {
            about_id: Set(about),
            given_by: Set(feedback.given_by.clone()),
            feedback_id: Set(feedback.id),
        });
    dialect::inserts(rows)
}

/// Makes a feedback the latest of its giver on what it is about in place of another; false where that is not the latest.
pub async fn supersede<C: ConnectionTrait>(
    connection: &C,
    (about, feedback): (Uuid, &Feedback),
    before: Uuid,
) -> Result<bool, DbErr> {
    use feedback_latest::Column;
    let updated = feedback_latest::Entity::update_many()
        .col_expr(Column::FeedbackId, Expr::value(feedback.id))
        .filter(Column::AboutId.eq(about))
        .filter(Column::GivenBy.eq(&feedback.given_by))
        .filter(Column::FeedbackId.eq(before))
        .exec(connection)
        .await?;
    Ok(updated.rows_affected == 1)
}

/// Stores the new state of a feedback that has this version; false where it has another.
pub async fn update<C: ConnectionTrait>(
    connection: &C,
    feedback: &Feedback,
    version: i32,
) -> Result<bool, DbErr> {
    let mut changed = row(feedback);
    changed.id = sea_orm::NotSet;
    let updated = feedback::Entity::update_many()
        .set(changed)
        .filter(feedback::Column::Id.eq(feedback.id))
        .filter(feedback::Column::Version.eq(version))
        .exec(connection)
        .await?;
    Ok(updated.rows_affected == 1)
}

/// Whose scores are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Whose {
    /// Those of a service.
    Service,
    /// Those that were given for a customer.
    Customer,
}

/// Asks what people think: the scores that were given in a period, counted. One statement for all keys, answered from an index alone
/// where the givers are not counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ScoresOf {
    /// Whether to count the givers, too.
    pub with_givers: bool,
    /// Of what the keys are.
    pub whose: Whose,
    /// From this instant on, microseconds since 1970.
    pub since: Option<i64>,
    /// Before this instant, microseconds since 1970.
    pub until: Option<i64>,
}

impl Question for ScoresOf {
    /// A service or a customer.
    type Key = Uuid;
    type Answer = Scores;

    async fn answer(
        &self,
        database: &DatabaseConnection,
        keys: Vec<Uuid>,
    ) -> Result<HashMap<Uuid, Scores>, DbErr> {
        use feedback::Column::{CreatedAt, CustomerId, GivenBy, Score, ServiceId};
        let column = match self.whose {
            Whose::Service => ServiceId,
            Whose::Customer => CustomerId,
        };
        let period = Condition::all()
            .add_option(self.since.map(|since| CreatedAt.gte(since)))
            .add_option(self.until.map(|until| CreatedAt.lt(until)));
        let is_good = Expr::case(Expr::col(Score).gte(4), 1).finally(0);
        let givers = if self.with_givers {
            GivenBy.into_expr().count_distinct()
        } else {
            Expr::val(Option::<i64>::None).cast_as("bigint")
        };
        let mut found = HashMap::with_capacity(keys.len());
        for keys in keys.chunks(CHUNK) {
            let rows: Vec<(Uuid, i64, i64, i64, Option<i64>)> = feedback::Entity::find()
                .select_only()
                .column(column)
                .column_as(Score.count(), "responses")
                .column_as(Expr::expr(Score.sum()).cast_as("bigint"), "total")
                .column_as(
                    Expr::expr(Expr::expr(is_good.clone()).sum()).cast_as("bigint"),
                    "good",
                )
                .column_as(givers.clone(), "givers")
                .filter(column.is_in(keys.iter().copied()))
                .filter(period.clone())
                .group_by(column)
                .into_tuple()
                .all(database)
                .await?;
            found.extend(rows.into_iter().map(|row| {
                let (key, responses, total, good, givers) = row;
                let scores = Scores {
                    responses,
                    total,
                    good,
                    givers,
                };
                (key, scores)
            }));
        }
        Ok(found)
    }
}

fn row(feedback: &Feedback) -> feedback::ActiveModel {
    feedback::ActiveModel {
        id: Set(feedback.id),
        service_id: Set(feedback.service_id.key()),
        service_request_id: Set(feedback.service_request_id),
        customer_id: Set(feedback.customer_id.map(Id::key)),
        given_by: Set(feedback.given_by.clone()),
        score: Set(feedback.score),
        comment: Set(feedback.comment.clone()),
        version: Set(feedback.version),
        created_at: Set(feedback.created_at.as_microsecond()),
        updated_at: Set(feedback.updated_at.as_microsecond()),
    }
}

impl TryFrom<feedback::Model> for Feedback {
    type Error = DamagedRow;

    fn try_from(row: feedback::Model) -> Result<Self, DamagedRow> {
        let reader = WorkReader::new(format!("feedback {}", row.id));
        Ok(Self {
            service_id: Id::new(row.service_id),
            service_request_id: row.service_request_id,
            customer_id: row.customer_id.map(Id::new),
            created_at: reader.instant("created_at", row.created_at)?,
            updated_at: reader.instant("updated_at", row.updated_at)?,
            id: row.id,
            given_by: row.given_by,
            score: row.score,
            comment: row.comment,
            version: row.version,
        })
    }
}
