//! The change feed in the database.

use std::str::FromStr;

use entity::change;
use jiff::Timestamp;
use sea_orm::sea_query::{Expr, ExprTrait, Order, Query, SelectStatement, SimpleExpr, UnionType};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, IntoSimpleExpr, QueryFilter,
    QueryOrder, QuerySelect, QueryTrait,
};
use serde_json::Value;
use uuid::Uuid;

use super::seen::Seen;
use crate::shared::dialect;
use crate::shared::draft::ChangeKind;
use crate::shared::store::DamagedRow;
use crate::shared::subject::{SubjectRef, SubjectType};

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
    /// Of work of these types only what somebody sees; of other types all.
    pub seen: Vec<Seen>,
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

    /// The parts that the wanted changes lie in, none of them in two. Each is found by an index of its own, so that what
    /// lies between in the feed is not read, however much there is; none where there can't be any.
    fn parts(&self) -> Vec<Part> {
        if let Some(subjects) = &self.subjects {
            let (subjects, types) = (subjects.clone(), self.types.clone());
            return vec![Part::Subjects(subjects, types, self.seen.clone())];
        }
        if self.types.is_none() && self.seen.is_empty() {
            return vec![Part::Everything];
        }
        let types = match &self.types {
            Some(types) => types.clone(),
            None => SubjectType::iter().map(|kind| kind.to_string()).collect(),
        };
        let part = |kind: String| {
            let mut restricted = self.seen.iter();
            match restricted.find(|seen| seen.kind.to_string() == kind) {
                Some(seen) => Part::Seen(Box::new(seen.clone())),
                None => Part::Type(kind),
            }
        };
        types.into_iter().map(part).collect()
    }

    /// The sequences of the wanted changes in a range, in each part the first so many.
    fn sequences(&self, (after, until): (i64, i64), limit: Option<u64>) -> Option<SelectStatement> {
        let by_actor = self.actor.as_ref();
        let by_actor = by_actor.map(|actor| change::Column::Actor.eq(actor));
        let of_part = |part: Part| {
            let place = part.place();
            let mut first = change::Entity::find()
                .select_only()
                .column(change::Column::Sequence)
                .filter(part.condition())
                .filter(Condition::all().add_option(by_actor.clone()))
                .filter(change::Column::Sequence.gt(after))
                .filter(change::Column::Sequence.lte(until))
                .into_query();
            if let Some(limit) = limit {
                first.order_by_expr(place, Order::Asc).limit(limit);
            }
            Query::select()
                .column(change::Column::Sequence)
                .from_subquery(first, "part")
                .take()
        };
        let mut parts = self.parts().into_iter().map(of_part);
        let mut all = parts.next()?;
        for part in parts {
            all.union(UnionType::All, part);
        }
        Some(all)
    }
}

/// A part of the feed.
enum Part {
    /// All of it.
    Everything,
    /// Changes of objects of a type.
    Type(String),
    /// Changes of what somebody sees of a type of work.
    Seen(Box<Seen>),
    /// Changes of these objects, of these types, and of some types of work only of what somebody sees.
    Subjects(Vec<Uuid>, Option<Vec<String>>, Vec<Seen>),
}

impl Part {
    fn condition(&self) -> Condition {
        let of_type = change::Column::SubjectType;
        match self {
            Self::Everything => Condition::all(),
            Self::Type(kind) => Condition::all().add(of_type.eq(kind)),
            // Keys are unique across types.
            Self::Seen(seen) => Condition::all().add(of_seen(seen)),
            Self::Subjects(ids, types, seen) => {
                let restricted = seen.iter().map(|seen| {
                    Condition::any()
                        .add(of_type.ne(seen.kind.to_string()))
                        .add(of_seen(seen))
                });
                let wanted = Condition::all()
                    .add(change::Column::SubjectId.is_in(ids.iter().copied()))
                    .add_option(types.as_ref().map(|types| of_type.is_in(types)));
                restricted.fold(wanted, Condition::add)
            }
        }
    }

    /// What a part is ordered by. An expression keeps the database from going along the whole feed, in its order, to find
    /// what little of it is about somebody's work.
    fn place(&self) -> SimpleExpr {
        let sequence = change::Column::Sequence.into_simple_expr();
        match self {
            Self::Everything | Self::Type(_) => sequence,
            Self::Seen(_) | Self::Subjects(..) => sequence.add(0),
        }
    }
}

/// That a change is of what somebody sees.
fn of_seen(seen: &Seen) -> SimpleExpr {
    change::Column::SubjectId.in_subquery(seen.keys.clone())
}

/// The sequence up to which nothing will ever be added to the feed.
pub async fn complete_to<C: ConnectionTrait>(connection: &C) -> Result<i64, DbErr> {
    Ok(dialect::horizon(connection).await? - 1)
}

/// The first changes after a sequence, oldest first, up to another below which nothing will ever be added.
pub async fn read<C: ConnectionTrait>(
    connection: &C,
    filter: &ChangeFilter,
    range: (i64, i64),
    limit: u64,
) -> Result<Vec<Change>, DbErr> {
    let Some(sequences) = filter.sequences(range, Some(limit)) else {
        return Ok(Vec::new());
    };
    let first = Query::select()
        .column(change::Column::Sequence)
        .from_subquery(sequences, "wanted")
        .order_by(change::Column::Sequence, Order::Asc)
        .limit(limit)
        .take();
    let rows = change::Entity::find()
        .filter(change::Column::Sequence.in_subquery(first))
        .order_by_asc(change::Column::Sequence)
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
    let Some(sequences) = filter.sequences((0, until), Some(1)) else {
        return Ok(false);
    };
    let found = connection.query_all(&sequences).await?;
    Ok(!found.is_empty())
}

/// How many changes there are up to a sequence.
pub async fn count<C: ConnectionTrait>(
    connection: &C,
    filter: &ChangeFilter,
    until: i64,
) -> Result<u64, DbErr> {
    let Some(sequences) = filter.sequences((0, until), None) else {
        return Ok(0);
    };
    let counted = Query::select()
        .expr_as(Expr::cust("count(*)"), "number")
        .from_subquery(sequences, "wanted")
        .take();
    let row = connection.query_one(&counted).await?;
    let number: i64 = row
        .ok_or_else(|| DbErr::RecordNotFound("a count".to_owned()))?
        .try_get("", "number")?;
    Ok(number.unsigned_abs())
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
