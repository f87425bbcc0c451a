//! Relay's connections over the catalog: what a list takes, and what it answers.

use std::borrow::Cow;
use std::sync::{Arc, LazyLock};

use async_graphql::connection::PageInfo;
use async_graphql::{Context, Object, ObjectType, Result, TypeName};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Uuid;

use super::direct::List;
use super::graphql::{bad_input, internal};
use super::ids::Id;
use super::paging::{Direction, Page, Position, Take, Window};
use super::record::Record;
use super::request::RequestCatalog;

/// How many entries a page has where nothing is said.
pub const DEFAULT_PAGE: u8 = 25;
/// How many entries a page has at most.
pub const MAX_PAGE: u8 = 100;

/// The arguments of a connection.
#[derive(Clone, Debug, Default)]
pub struct PageArgs {
    /// So many from the front.
    pub first: Option<i32>,
    /// After this cursor.
    pub after: Option<String>,
    /// So many from the back.
    pub last: Option<i32>,
    /// Before this cursor.
    pub before: Option<String>,
}

impl PageArgs {
    /// The window that they ask for in a sequence with this name; cursors of other sequences are refused.
    pub fn window(&self, sequence: &str) -> Result<Window> {
        let take = match (self.first, self.last) {
            (Some(_), Some(_)) => return Err(bad_input("give `first` or `last`, not both")),
            (None, Some(last)) => Take::Last(page_size("last", last)?),
            (Some(first), None) => Take::First(page_size("first", first)?),
            (None, None) => Take::First(DEFAULT_PAGE.into()),
        };
        let cursor = |name: &str, text: &Option<String>| {
            text.as_deref()
                .map(|text| Cursor::read(name, text, sequence))
                .transpose()
        };
        Ok(Window {
            after: cursor("after", &self.after)?,
            before: cursor("before", &self.before)?,
            take,
        })
    }
}

/// The size of a page that an argument asks for.
pub fn page_size(name: &str, size: i32) -> Result<usize> {
    match usize::try_from(size) {
        Ok(size) if size <= MAX_PAGE.into() => Ok(size),
        _ => Err(bad_input(format!(
            "`{name}` is {size}; it must be between 0 and {MAX_PAGE}"
        ))),
    }
}

/// A place in an ordered list. Its text form is opaque and belongs to that list's order.
pub struct Cursor {
    sequence: &'static str,
    position: Position,
}

impl Cursor {
    fn read(argument: &str, text: &str, sequence: &str) -> Result<Position> {
        let (name, position) = URL_SAFE_NO_PAD
            .decode(text)
            .ok()
            .and_then(|bytes| serde_json::from_slice::<(String, Position)>(&bytes).ok())
            .ok_or_else(|| bad_input(format!("`{argument}` is not a cursor of this API")))?;
        if name == sequence {
            Ok(position)
        } else {
            Err(bad_input(format!(
                "`{argument}` is a cursor of a list ordered by {name}; this one is ordered by {sequence}"
            )))
        }
    }

    fn write(&self) -> String {
        let bytes = serde_json::to_vec(&(self.sequence, &self.position)).unwrap_or_default();
        URL_SAFE_NO_PAD.encode(bytes)
    }
}

/// One page of a list.
pub struct Connection<N> {
    edges: Vec<Edge<N>>,
    has_previous: bool,
    has_next: bool,
    /// How many entries the whole list has, counted once it is asked for.
    total: LazyLock<usize, Box<dyn FnOnce() -> usize + Send>>,
}

impl<N: ObjectType> TypeName for Connection<N> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Connection", N::type_name()).into()
    }
}

/// One page of a list, and where in the list it is.
#[Object(name_type, serial)]
impl<N: ObjectType> Connection<N> {
    /// Where in the list the page is.
    async fn page_info(&self) -> PageInfo {
        let cursor = |edge: Option<&Edge<N>>| edge.map(|edge| edge.cursor.write());
        PageInfo {
            has_previous_page: self.has_previous,
            has_next_page: self.has_next,
            start_cursor: cursor(self.edges.first()),
            end_cursor: cursor(self.edges.last()),
        }
    }

    /// The page's entries, each with its place in the list.
    async fn edges(&self) -> List<&Edge<N>> {
        self.edges.iter().collect()
    }

    /// The page's entries.
    async fn nodes(&self) -> List<&N> {
        self.edges.iter().map(|edge| &edge.node).collect()
    }

    /// How many there are on all pages; computed only when it is selected.
    async fn total_count(&self) -> Result<i32> {
        i32::try_from(*self.total).map_err(|error| internal(&error))
    }
}

/// An entry of a page.
pub struct Edge<N> {
    cursor: Cursor,
    node: N,
}

impl<N> Edge<N> {
    /// The entry at a position in a sequence with this name.
    pub fn new(sequence: &'static str, position: Position, node: N) -> Self {
        Self {
            cursor: Cursor { sequence, position },
            node,
        }
    }

    /// The entry's object.
    pub(super) fn entry(&self) -> &N {
        &self.node
    }

    /// The cursor as clients see it.
    pub(crate) fn written_cursor(&self) -> String {
        self.cursor.write()
    }
}

impl<N: ObjectType> TypeName for Edge<N> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Edge", N::type_name()).into()
    }
}

/// An entry of a page, and its place in the list.
#[Object(name_type, serial)]
impl<N: ObjectType> Edge<N> {
    /// Its place in the list, for `after` and `before`.
    async fn cursor(&self) -> String {
        self.cursor.write()
    }

    /// The entry.
    async fn node(&self) -> &N {
        &self.node
    }
}

/// Makes a connection of a page; `node` finds each entry's object.
pub fn connection<N>(
    sequence: &'static str,
    page: Page,
    node: impl Fn(Uuid) -> Option<N>,
    total: impl FnOnce() -> usize + Send + 'static,
) -> Connection<N> {
    let edge = |position: Position| {
        Some(Edge {
            node: node(position.1)?,
            cursor: Cursor { sequence, position },
        })
    };
    Connection {
        edges: page.items.into_iter().filter_map(edge).collect(),
        has_previous: page.has_previous,
        has_next: page.has_next,
        total: LazyLock::new(Box::new(total)),
    }
}

/// The name of lists in the order of names.
pub const BY_NAME: &str = "NAME";

/// All objects of a type as a connection, by name.
pub fn all_by_name<T: Record, N: From<Arc<T>>>(
    ctx: &Context<'_>,
    args: &PageArgs,
) -> Result<Connection<N>> {
    let catalog = ctx.data_unchecked::<RequestCatalog>().get();
    let window = args.window(BY_NAME)?;
    let page = T::table(&catalog)
        .by_name()
        .page(&(), Direction::Ascending, &window, |_| true);
    let all = Arc::clone(&catalog);
    Ok(connection(
        BY_NAME,
        page,
        |id| catalog.get(Id::<T>::new(id)).cloned().map(N::from),
        move || T::table(&all).len(),
    ))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use async_graphql::{EmptyMutation, EmptySubscription, Schema, SimpleObject};

    use super::*;

    #[derive(SimpleObject)]
    struct Thing {
        name: String,
    }

    struct Things(Arc<AtomicUsize>);

    #[Object]
    impl Things {
        async fn things(&self) -> Connection<Thing> {
            let page = Page {
                items: Vec::new(),
                has_previous: false,
                has_next: false,
            };
            let counted = Arc::clone(&self.0);
            connection(
                BY_NAME,
                page,
                |_| None,
                move || {
                    counted.fetch_add(1, Ordering::Relaxed);
                    7
                },
            )
        }
    }

    #[tokio::test]
    async fn a_list_is_counted_once_and_only_where_somebody_asks() {
        let counted = Arc::default();
        let things = Things(Arc::clone(&counted));
        let schema = Schema::new(things, EmptyMutation, EmptySubscription);
        for (query, times) in [
            ("{ things { nodes { name } } }", 0),
            ("{ things { totalCount again: totalCount } }", 1),
        ] {
            let answer = schema.execute(query).await;
            assert!(answer.errors.is_empty(), "{:?}", answer.errors);
            assert_eq!(counted.load(Ordering::Relaxed), times, "{query}");
            if times > 0 {
                let data = answer.data.into_json().unwrap();
                assert_eq!(data["things"]["again"], 7);
            }
        }
    }
}
