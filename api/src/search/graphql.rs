//! Search in the API.

use std::sync::Arc;

use async_graphql::connection::PageInfo;
use async_graphql::{Context, Object, Result, Union};
use futures_util::future::try_join_all;
use strum::IntoEnumIterator;
use uuid::Uuid;

use super::asking::{find, find_or_miss, refusal};
use super::demands;
use super::documents::Kind;
use super::engine::Search;
use super::matching::{Found, Hit, Page, Place, Wanted};
use super::rules;
use crate::auth::Viewer;
use crate::catalog::capabilities::graphql::CapabilityNode;
use crate::catalog::customers::graphql::CustomerNode;
use crate::catalog::offerings::graphql::OfferingNode;
use crate::catalog::people::graphql::PersonNode;
use crate::catalog::services::graphql::ServiceNode;
use crate::catalog::teams::graphql::TeamNode;
use crate::demand::graphql::{self as demand, DemandNode};
use crate::outcomes::graphql::OutcomeNode;
use crate::shared::connection::{Edge, PageArgs};
use crate::shared::graphql::{bad_input, internal, lookup};
use crate::shared::ids::Id;
use crate::shared::paging::{OrderKey, Take};
use crate::shared::record::Record;

/// The name of lists in the order of how well they match.
const BY_RELEVANCE: &str = "RELEVANCE";

/// What can be found.
#[expect(
    clippy::large_enum_variant,
    reason = "a page has few, and the union's members are the nodes themselves"
)]
#[derive(Union)]
pub enum SearchResult {
    /// What is delivered.
    Service(ServiceNode),
    /// What can be requested.
    ServiceOffering(OfferingNode),
    /// Whom services are for.
    Customer(CustomerNode),
    /// What the business wants.
    BusinessOutcome(OutcomeNode),
    /// What the business can do.
    BusinessCapability(CapabilityNode),
    /// What customers need.
    Demand(DemandNode),
    /// Somebody.
    Person(PersonNode),
    /// Delivers services.
    Team(TeamNode),
}

/// One page of what was found.
pub struct SearchConnection {
    edges: Vec<SearchEdge>,
    found: Found,
}

/// One page of what was found, best first.
#[Object]
impl SearchConnection {
    /// What was found, each with how well it matches.
    async fn edges(&self) -> Vec<&SearchEdge> {
        self.edges.iter().collect()
    }

    /// What was found.
    async fn nodes(&self) -> Vec<&SearchResult> {
        self.edges.iter().map(|edge| &edge.node).collect()
    }

    /// Where in the list the page is.
    async fn page_info(&self) -> PageInfo {
        info(&self.found)
    }

    /// How many there are on all pages, of those that the viewer may see.
    async fn total_count(&self) -> Result<i32> {
        i32::try_from(self.found.total).map_err(|error| internal(&error))
    }
}

/// Something that was found.
pub struct SearchEdge {
    cursor: String,
    node: SearchResult,
    score: f64,
}

/// Something that was found, and its place in the list.
#[Object]
impl SearchEdge {
    /// Its place in the list, for `after`.
    async fn cursor(&self) -> &str {
        &self.cursor
    }

    /// What was found.
    async fn node(&self) -> &SearchResult {
        &self.node
    }

    /// How well it matches, above 0 and at most about 1: 1 where every word is in the name as it was typed, less for another form of a word, for
    /// the beginning of one and for typos, in this order, and less where it is not in the name.
    async fn score(&self) -> f64 {
        self.score
    }
}

/// Searches for anything.
#[derive(Default)]
pub struct SearchQueries;

#[Object]
impl SearchQueries {
    /// Full-text search over everything the viewer may see, best first; typos are forgiven. Every word has to be there: as it is, in another
    /// form (German and English), as the beginning of a word or the end of a long one, as one with the next word, or with a typo; `ü`, `ue` and `u` are the same. Errors: `BAD_USER_INPUT`
    /// for more than 200 characters or 10 words, an unknown type, a bad page size or cursor; `UNAVAILABLE` while the index is being built, just
    /// after a start.
    async fn search(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Words to look for; at most 200 characters and 10 words.")] query: String,
        #[graphql(desc = "Only objects of these types, e.g. `Service`; all where absent.")]
        types: Option<Vec<String>>,
        #[graphql(desc = "At most so many; 25 where nothing is said, 100 at most.")] first: Option<
            i32,
        >,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
    ) -> Result<SearchConnection> {
        let words = rules::query(&query).map_err(|error| bad_input(format!("`query` {error}")))?;
        let kinds = types.map(kinds).transpose()?;
        let page = page(first, after)?;
        let count = words.len();
        let wanted = Wanted {
            marks: Some(visible_marks(ctx, kinds.as_deref())),
            ..Wanted::all(words)
        };
        let found = if page.after.is_none() && count > 0 {
            let found = find_or_miss(ctx, wanted, page.first).await;
            let (found, is_missed) = found.map_err(|error| refusal(&error))?;
            let subject = ctx.data_unchecked::<Viewer>().subject();
            ctx.data_unchecked::<Search>()
                .note(subject, &query, is_missed);
            found
        } else {
            let found = find(ctx, wanted, page).await;
            found.map_err(|error| refusal(&error))?
        };
        connection(ctx, found, count).await
    }
}

fn page(first: Option<i32>, after: Option<String>) -> Result<Page> {
    let args = PageArgs {
        first,
        after,
        ..PageArgs::default()
    };
    let window = args.window(BY_RELEVANCE)?;
    let after = window.after.map(|(key, id)| match key {
        OrderKey::Number(below) => Ok(Place { below, id }),
        _ => Err(bad_input("`after` is not a cursor of a search")),
    });
    let (Take::First(first) | Take::Last(first)) = window.take;
    Ok(Page {
        after: after.transpose()?,
        first,
    })
}

/// The kinds that a client names.
fn kinds(names: Vec<String>) -> Result<Vec<Kind>> {
    let kind = |name: String| {
        name.parse().map_err(|_| {
            let known: Vec<_> = Kind::iter().map(Kind::name).collect();
            let known = known.join(", ");
            bad_input(format!(
                "`types` has {name:?}; these can be searched for: {known}"
            ))
        })
    };
    names.into_iter().map(kind).collect()
}

/// What a viewer may see of these kinds, or of all, as marks of documents.
fn visible_marks(ctx: &Context<'_>, kinds: Option<&[Kind]>) -> Vec<Vec<String>> {
    let viewer = ctx.data_unchecked::<Viewer>();
    let is_wanted = |kind: &Kind| kinds.is_none_or(|kinds| kinds.contains(kind));
    let marks_of = |kind: Kind| match kind {
        Kind::Demand => demands::marks(&demand::visible(ctx)),
        _ if viewer.sees_catalog() => vec![vec![kind.mark()]],
        _ => Vec::new(),
    };
    Kind::iter().filter(is_wanted).flat_map(marks_of).collect()
}

/// What was found, without what has gone since.
async fn connection(ctx: &Context<'_>, found: Found, words: usize) -> Result<SearchConnection> {
    let edge = async |hit: Hit| {
        let node = result(ctx, hit).await?;
        Ok::<_, async_graphql::Error>(node.map(|node| SearchEdge {
            cursor: cursor(hit.place),
            node,
            score: hit.place.score(words),
        }))
    };
    let edges = try_join_all(found.hits.iter().map(|&hit| edge(hit))).await?;
    Ok(SearchConnection {
        edges: edges.into_iter().flatten().collect(),
        found,
    })
}

/// Where a page is, by what was found, though some of it may have gone since: a page without entries leads on, too.
fn info(found: &Found) -> PageInfo {
    let cursor = |hit: Option<&Hit>| hit.map(|hit| cursor(hit.place));
    PageInfo {
        has_previous_page: found.has_previous,
        has_next_page: found.has_next,
        start_cursor: cursor(found.hits.first()),
        end_cursor: cursor(found.hits.last()),
    }
}

fn cursor(place: Place) -> String {
    let position = (OrderKey::Number(place.below), place.id);
    Edge::new(BY_RELEVANCE, position, ()).written_cursor()
}

async fn result(ctx: &Context<'_>, hit: Hit) -> Result<Option<SearchResult>> {
    fn found<T: Record, N: From<Arc<T>> + Into<SearchResult>>(
        ctx: &Context<'_>,
        key: Uuid,
    ) -> Option<SearchResult> {
        lookup(ctx, Some(Id::<T>::new(key))).map(|record| N::from(record).into())
    }
    let key = hit.place.id;
    Ok(match Kind::from_repr(hit.kind) {
        Some(Kind::Service) => found::<_, ServiceNode>(ctx, key),
        Some(Kind::ServiceOffering) => found::<_, OfferingNode>(ctx, key),
        Some(Kind::Customer) => found::<_, CustomerNode>(ctx, key),
        Some(Kind::BusinessOutcome) => found::<_, OutcomeNode>(ctx, key),
        Some(Kind::BusinessCapability) => found::<_, CapabilityNode>(ctx, key),
        Some(Kind::Person) => found::<_, PersonNode>(ctx, key),
        Some(Kind::Team) => found::<_, TeamNode>(ctx, key),
        Some(Kind::Demand) => demand::demand(ctx, key).await?.map(SearchResult::from),
        None => None,
    })
}
