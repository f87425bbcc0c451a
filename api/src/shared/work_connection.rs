//! Relay's connections over lists in the database.

use std::borrow::Cow;

use async_graphql::connection::PageInfo;
use async_graphql::{Context, Object, ObjectType, Result, TypeName};
use uuid::Uuid;

use super::connection::{Edge, PageArgs};
use super::direct::List;
use super::graphql::{bad_input, unreadable};
use super::keyset::{AnyBeyond, CountOf, End, KeyWindow, Listing, PageOf, Place};
use super::loads::Loads;
use super::paging::OrderKey;

/// One page of a list in the database.
pub struct WorkConnection<L: Listing, N> {
    list: L,
    /// Whose list it is; none where it is the whole one.
    parent: Option<Uuid>,
    window: KeyWindow,
    /// Whether there are more beyond the end that was counted to.
    more: bool,
    edges: Vec<Edge<N>>,
}

impl<L: Listing, N: ObjectType> WorkConnection<L, N> {
    /// Reads the page that the arguments ask for. `sequence` names the list's order in cursors; `node` shows a row.
    pub async fn read(
        ctx: &Context<'_>,
        sequence: &'static str,
        (list, parent): (L, Option<Uuid>),
        args: &PageArgs,
        node: impl Fn(L::Row) -> Result<N>,
    ) -> Result<Self> {
        let window = args.window(sequence)?;
        let window = KeyWindow::try_from(window).map_err(|error| bad_input(error.to_string()))?;
        let question = PageOf { list, window };
        let loads = ctx.data_unchecked::<Loads>();
        let page = loads.ask(question.clone(), parent).await;
        let page = page.map_err(|error| unreadable(&error))?;
        let edge = |row: L::Row| {
            let (number, id) = question.list.place(&row);
            let position = (OrderKey::Number(number), id);
            Ok(Edge::new(sequence, position, node(row)?))
        };
        let edges = page.rows.into_iter().map(edge).collect::<Result<_>>()?;
        Ok(Self {
            list: question.list,
            parent,
            window,
            more: page.more,
            edges,
        })
    }

    async fn any_beyond(&self, ctx: &Context<'_>, place: Option<Place>, side: End) -> Result<bool> {
        let Some(place) = place else {
            return Ok(false);
        };
        let question = AnyBeyond {
            list: self.list.clone(),
            place,
            side,
        };
        let loads = ctx.data_unchecked::<Loads>();
        let answer = loads.ask(question, self.parent).await;
        answer.map_err(|error| unreadable(&error))
    }
}

impl<L: Listing, N: ObjectType> TypeName for WorkConnection<L, N> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Connection", N::type_name()).into()
    }
}

/// One page of a list, and where in the list it is.
#[Object(name_type, serial)]
impl<L: Listing, N: ObjectType> WorkConnection<L, N> {
    /// Where in the list the page is.
    async fn page_info(&self, ctx: &Context<'_>) -> Result<PageInfo> {
        let asks = |field| ctx.look_ahead().field(field).exists();
        let (_, from) = self.window.take;
        let more_at = |end| self.more && from != end;
        Ok(PageInfo {
            has_previous_page: asks("hasPreviousPage")
                && (more_at(End::Front)
                    || self.any_beyond(ctx, self.window.after, End::Front).await?),
            has_next_page: asks("hasNextPage")
                && (more_at(End::Back)
                    || self.any_beyond(ctx, self.window.before, End::Back).await?),
            start_cursor: self.edges.first().map(Edge::written_cursor),
            end_cursor: self.edges.last().map(Edge::written_cursor),
        })
    }

    /// The page's entries, each with its place in the list.
    async fn edges(&self) -> List<&Edge<N>> {
        self.edges.iter().collect()
    }

    /// The page's entries.
    async fn nodes(&self) -> List<&N> {
        self.edges.iter().map(Edge::entry).collect()
    }

    /// How many there are on all pages; computed only when it is selected.
    async fn total_count(&self, ctx: &Context<'_>) -> Result<i32> {
        let loads = ctx.data_unchecked::<Loads>();
        let count = loads.ask(CountOf(self.list.clone()), self.parent).await;
        let count = count.map_err(|error| unreadable(&error))?;
        Ok(i32::try_from(count).unwrap_or(i32::MAX))
    }
}
