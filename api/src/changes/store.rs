//! The change feed in the database.

use std::collections::HashSet;
use std::str::FromStr;

use entity::{change, service_request};
use jiff::Timestamp;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, PaginatorTrait, QueryFilter,
    QueryOrder, QuerySelect, QueryTrait,
};
use serde_json::Value;
use uuid::Uuid;

use crate::requests::access::Visible;
use crate::shared::dialect;
use crate::shared::draft::ChangeKind;
use crate::shared::store::DamagedRow;
use crate::shared::subject::{SubjectRef, SubjectType, WorkType};

/// One committed change of one object.
#[derive(Clone, Debug)]
pub struct Change {
    /// Its place in the feed.
    pub sequence: i64,
    /// When.
    pub at: Timestamp,
    /// Who: the subject of their token, or a program.
    pub actor: String,
    /// The name of the token, `jti`.
    pub token_id: Option<String>,
    /// The program that the token was issued to.
    pub client_id: Option<String>,
    /// The HTTP request that it came with.
    pub request_id: Option<String>,
    /// What happened to the object.
    pub kind: ChangeKind,
    /// The object.
    pub subject: SubjectRef,
    /// Changed fields: name to `{from, to}`.
    pub diff: Value,
}

/// Which changes; every condition that is given must hold.
#[derive(Clone, Debug, Default)]
pub struct ChangeFilter {
    /// Of objects of one of these types.
    pub types: Option<Vec<String>>,
    /// Of one of these objects.
    pub subjects: Option<Vec<Uuid>>,
    /// By this actor.
    pub actor: Option<String>,
    /// Of requests only those that somebody sees; all where absent.
    pub requests: Option<Visible>,
}

impl ChangeFilter {
    /// Whether a change is one of them.
    pub fn lets_through(&self, change: &Change) -> bool {
        let is_of_type = self.types.as_ref().is_none_or(|types| {
            let kind = change.subject.kind.to_string();
            types.contains(&kind)
        });
        let is_of_subject = |ids: &Vec<Uuid>| ids.contains(&change.subject.id);
        is_of_type
            && self.subjects.as_ref().is_none_or(is_of_subject)
            && self.actor.as_ref().is_none_or(|it| *it == change.actor)
    }

    fn condition(&self) -> Condition {
        Condition::all()
            .add_option(
                self.types
                    .as_ref()
                    .map(|types| change::Column::SubjectType.is_in(types)),
            )
            .add_option(
                self.subjects
                    .as_ref()
                    .map(|ids| change::Column::SubjectId.is_in(ids.iter().copied())),
            )
            .add_option(
                self.actor
                    .as_ref()
                    .map(|actor| change::Column::Actor.eq(actor)),
            )
            .add_option(self.requests.as_ref().map(of_requests))
    }
}

/// That a change is of one of these requests, or of something else.
fn of_requests(visible: &Visible) -> Condition {
    let keys = service_request::Entity::find()
        .select_only()
        .column(service_request::Column::Id)
        .filter(visible.condition())
        .into_query();
    let requests = WorkType::ServiceRequest.to_string();
    Condition::any()
        .add(change::Column::SubjectType.ne(requests))
        .add(change::Column::SubjectId.in_subquery(keys))
}

/// Those of some requests that somebody sees.
pub async fn seen_requests<C: ConnectionTrait>(
    connection: &C,
    visible: &Visible,
    keys: impl IntoIterator<Item = Uuid>,
) -> Result<HashSet<Uuid>, DbErr> {
    let keys: Vec<Uuid> = service_request::Entity::find()
        .select_only()
        .column(service_request::Column::Id)
        .filter(service_request::Column::Id.is_in(keys))
        .filter(visible.condition())
        .into_tuple()
        .all(connection)
        .await?;
    Ok(keys.into_iter().collect())
}

/// The sequence up to which nothing will ever be added to the feed.
pub async fn complete_to<C: ConnectionTrait>(connection: &C) -> Result<i64, DbErr> {
    Ok(dialect::horizon(connection).await? - 1)
}

/// The first changes after a sequence, oldest first, up to another below which nothing will ever be added.
pub async fn read<C: ConnectionTrait>(
    connection: &C,
    filter: &ChangeFilter,
    (after, until): (i64, i64),
    limit: u64,
) -> Result<Vec<Change>, DbErr> {
    let rows = change::Entity::find()
        .filter(filter.condition())
        .filter(change::Column::Sequence.gt(after))
        .filter(change::Column::Sequence.lte(until))
        .order_by_asc(change::Column::Sequence)
        .limit(limit)
        .all(connection)
        .await?;
    let changes: Result<_, DamagedRow> = rows.into_iter().map(Change::from_row).collect();
    Ok(changes?)
}

/// Whether anything stands at or before a sequence.
pub async fn any_until<C: ConnectionTrait>(
    connection: &C,
    filter: &ChangeFilter,
    until: i64,
) -> Result<bool, DbErr> {
    let found: Option<i64> = change::Entity::find()
        .select_only()
        .column(change::Column::Sequence)
        .filter(filter.condition())
        .filter(change::Column::Sequence.lte(until))
        .limit(1)
        .into_tuple()
        .one(connection)
        .await?;
    Ok(found.is_some())
}

/// How many changes there are up to a sequence.
pub async fn count<C: ConnectionTrait>(
    connection: &C,
    filter: &ChangeFilter,
    until: i64,
) -> Result<u64, DbErr> {
    change::Entity::find()
        .filter(filter.condition())
        .filter(change::Column::Sequence.lte(until))
        .count(connection)
        .await
}

impl Change {
    fn from_row(row: change::Model) -> Result<Self, DamagedRow> {
        let damaged = |what: String| DamagedRow::new(format!("change {}", row.sequence), what);
        let kind = SubjectType::from_str(&row.subject_type)
            .map_err(|_| damaged(format!("unknown type {:?}", row.subject_type)))?;
        Ok(Self {
            sequence: row.sequence,
            at: Timestamp::from_microsecond(row.at).map_err(|error| damaged(error.to_string()))?,
            kind: row
                .kind
                .parse()
                .map_err(|_| damaged(format!("unknown kind {:?}", row.kind)))?,
            subject: SubjectRef {
                kind,
                id: row.subject_id,
            },
            actor: row.actor,
            token_id: row.token_id,
            client_id: row.client_id,
            request_id: row.request_id,
            diff: row.diff,
        })
    }
}
