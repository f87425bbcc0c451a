//! Lists in the database, read by key: a page is a window on an index, never an offset.
//!
//! A list is either whole (all requests) or one of many that belong to parents (the requests of each service). Pages,
//! counts and edges of the latter are read for all parents of an answer in one statement: they are [`Question`]s.

use std::collections::HashMap;
use std::hash::Hash;

use sea_orm::sea_query::{Expr, ExprTrait, Order, Query, SelectStatement, SimpleExpr, UnionType};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbErr, FromQueryResult, QueryResult};
use uuid::Uuid;

use super::dialect;
use super::loads::Question;
use super::paging::{Direction, OrderKey, Take, Window};

/// A list of rows in the order of a whole number and a key.
pub trait Listing: Clone + Eq + Hash + Send + Sync + 'static {
    /// What an entry is.
    type Row: FromQueryResult + Clone + Send + Sync + 'static;

    /// What the order names its columns of; needed where a list has several parts.
    const TABLE: &'static str = "part";

    /// All rows, or those of a parent, in no order. Where they come by several ways, each with an index of its own, a
    /// selection for each; what comes by two is there once.
    fn select(&self, parent: Option<SimpleExpr>) -> Vec<SelectStatement>;

    /// What the list is ordered by: a column of whole numbers, and the key that makes the order complete.
    fn order(&self) -> (SimpleExpr, SimpleExpr);

    /// Which way it is read.
    fn direction(&self) -> Direction;

    /// An entry's place in the order.
    fn place(&self, row: &Self::Row) -> Place;
}

/// An entry's place in a list.
pub type Place = (i64, Uuid);

/// The part of a list that is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct KeyWindow {
    /// Only what comes after this.
    pub after: Option<Place>,
    /// Only what comes before this.
    pub before: Option<Place>,
    /// How many from the front, or from the back.
    pub take: (usize, End),
}

/// An end of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum End {
    /// Where it begins.
    Front,
    /// Where it ends.
    Back,
}

/// A cursor of another kind of list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a cursor of this list holds a number")]
pub struct ForeignCursor;

impl TryFrom<Window> for KeyWindow {
    type Error = ForeignCursor;

    fn try_from(window: Window) -> Result<Self, ForeignCursor> {
        let place = |position: Option<(OrderKey, Uuid)>| match position {
            None => Ok(None),
            Some((OrderKey::Number(number), id)) => Ok(Some((number, id))),
            Some(_) => Err(ForeignCursor),
        };
        Ok(Self {
            after: place(window.after)?,
            before: place(window.before)?,
            take: match window.take {
                Take::First(count) => (count, End::Front),
                Take::Last(count) => (count, End::Back),
            },
        })
    }
}

/// The rows of a window, in the list's order.
#[derive(Clone, Debug)]
pub struct Rows<R> {
    /// As many as were asked for, at most.
    pub rows: Vec<R>,
    /// Whether there are more beyond the end that was counted to.
    pub more: bool,
}

impl<R> Default for Rows<R> {
    fn default() -> Self {
        Self {
            rows: Vec::new(),
            more: false,
        }
    }
}

/// Asks for the rows of a window; of the whole list, or of each parent's.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PageOf<L> {
    /// The list.
    pub list: L,
    /// Which part.
    pub window: KeyWindow,
}

impl<L: Listing> Question for PageOf<L> {
    type Key = Option<Uuid>;
    type Answer = Rows<L::Row>;

    async fn answer(
        &self,
        database: &DatabaseConnection,
        parents: Vec<Option<Uuid>>,
    ) -> Result<HashMap<Option<Uuid>, Rows<L::Row>>, DbErr> {
        let mut answers: HashMap<_, Rows<L::Row>> = HashMap::new();
        let select = |parent| self.select(parent);
        for (parent, row) in each(database, parents, select).await? {
            let row = L::Row::from_query_result(&row, "")?;
            answers.entry(parent).or_default().rows.push(row);
        }
        for answer in answers.values_mut() {
            self.arrange(answer);
        }
        Ok(answers)
    }
}

impl<L: Listing> PageOf<L> {
    /// One row more than asked for, to see whether there are more.
    fn select(&self, parent: Option<SimpleExpr>) -> SelectStatement {
        let (count, from) = self.window.take;
        let forwards = (from == End::Front) == (self.list.direction() == Direction::Ascending);
        let order = if forwards { Order::Asc } else { Order::Desc };
        let (column, key) = self.list.order();
        let bounds = [
            (self.window.after, End::Back),
            (self.window.before, End::Front),
        ];
        let cut = |select: &mut SelectStatement| {
            select
                .order_by_expr(column.clone(), order.clone())
                .order_by_expr(key.clone(), order.clone())
                .limit(count as u64 + 1);
        };
        let parts = self.list.select(parent).into_iter().map(|mut part| {
            for (place, side) in bounds {
                if let Some(place) = place {
                    part.and_where(beyond(&self.list, place, side, false));
                }
            }
            cut(&mut part);
            part
        });
        let mut parts: Vec<_> = parts.collect();
        if parts.len() == 1 {
            return parts.remove(0);
        }
        let mut select = united(parts, L::TABLE);
        cut(&mut select);
        select
    }

    fn arrange(&self, answer: &mut Rows<L::Row>) {
        let (count, from) = self.window.take;
        let ascending = self.list.direction() == Direction::Ascending;
        let forwards = (from == End::Front) == ascending;
        answer.rows.sort_by_key(|row| self.list.place(row));
        if !forwards {
            answer.rows.reverse();
        }
        answer.more = answer.rows.len() > count;
        answer.rows.truncate(count);
        if from == End::Back {
            answer.rows.reverse();
        }
    }
}

/// Asks how many rows there are; in the whole list, or in each parent's.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CountOf<L>(pub L);

impl<L: Listing> Question for CountOf<L> {
    type Key = Option<Uuid>;
    type Answer = i64;

    async fn answer(
        &self,
        database: &DatabaseConnection,
        parents: Vec<Option<Uuid>>,
    ) -> Result<HashMap<Option<Uuid>, i64>, DbErr> {
        let select = |parent: Option<SimpleExpr>| {
            let (_, key) = self.0.order();
            let parts = self.0.select(parent).into_iter().map(|mut part| {
                part.clear_selects().expr(key.clone());
                part
            });
            Query::select()
                .expr_as(Expr::cust("count(*)"), "found_count")
                .from_subquery(united(parts.collect(), "listed"), "counted")
                .take()
        };
        let rows = each(database, parents, select).await?.into_iter();
        rows.map(|(parent, row)| Ok((parent, row.try_get("", "found_count")?)))
            .collect()
    }
}

/// Asks whether anything stands at a place or beyond it; in the whole list, or in each parent's.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AnyBeyond<L> {
    /// The list.
    pub list: L,
    /// The place.
    pub place: Place,
    /// Beyond it towards this end.
    pub side: End,
}

impl<L: Listing> Question for AnyBeyond<L> {
    type Key = Option<Uuid>;
    type Answer = bool;

    async fn answer(
        &self,
        database: &DatabaseConnection,
        parents: Vec<Option<Uuid>>,
    ) -> Result<HashMap<Option<Uuid>, bool>, DbErr> {
        let select = |parent| {
            let parts = self.list.select(parent).into_iter().map(|mut part| {
                part.clear_selects()
                    .expr_as(Expr::val(1).cast_as("integer"), "found_one")
                    .and_where(beyond(&self.list, self.place, self.side, true))
                    .limit(1);
                part
            });
            united(parts.collect(), "found")
        };
        let rows = each(database, parents, select).await?.into_iter();
        Ok(rows.map(|(parent, _)| (parent, true)).collect())
    }
}

/// The rows of all parts, each once.
fn united(parts: Vec<SelectStatement>, name: &'static str) -> SelectStatement {
    // A part with an order and a limit of its own has to be wrapped.
    let mut parts = parts.into_iter().map(|part| {
        Query::select()
            .expr(Expr::cust("*"))
            .from_subquery(part, "part")
            .take()
    });
    let mut all = parts.next().unwrap_or_default();
    for part in parts {
        all.union(UnionType::Distinct, part);
    }
    Query::select()
        .expr(Expr::cust("*"))
        .from_subquery(all, name)
        .take()
}

/// That a row stands beyond a place towards an end of the list, or at it where `including`.
fn beyond<L: Listing>(list: &L, (number, id): Place, side: End, including: bool) -> SimpleExpr {
    let (column, key) = list.order();
    let row = Expr::tuple([column, key]);
    let place = Expr::tuple([Expr::val(number), Expr::val(id)]);
    let upwards = (side == End::Back) == (list.direction() == Direction::Ascending);
    match (upwards, including) {
        (true, false) => row.gt(place),
        (true, true) => row.gte(place),
        (false, false) => row.lt(place),
        (false, true) => row.lte(place),
    }
}

/// Runs a selection for the whole list, or for each of the parents at once; each row with its parent.
async fn each(
    database: &DatabaseConnection,
    parents: Vec<Option<Uuid>>,
    select: impl Fn(Option<SimpleExpr>) -> SelectStatement,
) -> Result<Vec<(Option<Uuid>, QueryResult)>, DbErr> {
    const PARENT: &str = "parent_key";
    let mut found = Vec::new();
    if parents.contains(&None) {
        let rows = database.query_all(&select(None)).await?;
        found.extend(rows.into_iter().map(|row| (None, row)));
    }
    let keys: Vec<Uuid> = parents.into_iter().flatten().collect();
    if keys.is_empty() {
        return Ok(found);
    }
    let of_parent = |key: SimpleExpr| {
        let mut rows = select(Some(key.clone()));
        rows.expr_as(key, PARENT);
        rows
    };
    let backend = database.get_database_backend();
    for statement in dialect::for_each_key(backend, &keys, of_parent) {
        for row in database.query_all(&statement).await? {
            found.push((Some(row.try_get("", PARENT)?), row));
        }
    }
    Ok(found)
}
