//! Demands that say much the same.

use async_graphql::{Context, ID, Object, Result};
use futures_util::future::try_join_all;
use uuid::Uuid;

use super::graphql::{DemandNode, demand, visible};
use crate::catalog::customers::rules::Customer;
use crate::search::asking::{find, refusal};
use crate::search::demands::{self, OPEN};
use crate::search::matching::{Page, Wanted};
use crate::search::rules::{MAX_QUERY, telling, words};
use crate::shared::connection::page_size;
use crate::shared::direct::List;
use crate::shared::graphql::filter_id;
use crate::shared::ids::Id;

/// How many similar demands are shown where nothing is said.
pub const DEFAULT: usize = 5;
/// How many words of a title and of a description are compared.
const MAX_WORDS: [usize; 2] = [8, 6];

/// What a demand says.
#[derive(Clone, Copy, Debug)]
pub struct Said<'a> {
    /// Its title.
    pub title: &'a str,
    /// What it is about.
    pub description: Option<&'a str>,
}

/// The open demands, among those that the viewer sees, that have at least half of the words of this one's title; those that have most in
/// common with its title and its description first. Of one customer, if it is given, and without the demand itself.
pub async fn similar(
    ctx: &Context<'_>,
    said: Said<'_>,
    customer: Option<Id<Customer>>,
    itself: Option<Uuid>,
    first: usize,
) -> Result<List<DemandNode>> {
    let Some(wanted) = wanted(ctx, said, customer) else {
        return Ok(List(Vec::new()));
    };
    let page = Page {
        after: None,
        first: first + 1,
    };
    let found = find(ctx, wanted, page).await;
    let found = found.map_err(|error| refusal(&error))?;
    let keys = found.hits.iter().map(|hit| hit.place.id);
    let others = keys.filter(|&id| Some(id) != itself).take(first);
    let demands = try_join_all(others.map(|id| demand(ctx, id))).await?;
    Ok(demands.into_iter().flatten().collect())
}

fn wanted(ctx: &Context<'_>, said: Said<'_>, customer: Option<Id<Customer>>) -> Option<Wanted> {
    let beginning = |text: &str| -> String { text.chars().take(5 * MAX_QUERY).collect() };
    let mut looked_for = telling(words(&beginning(said.title)));
    looked_for.truncate(MAX_WORDS[0]);
    let enough = looked_for.len().div_ceil(2);
    if enough == 0 {
        return None;
    }
    // Most descriptions of anything share some words: theirs only say which of the demands comes first.
    let mut described = telling(words(&beginning(said.description.unwrap_or_default())));
    described.truncate(MAX_WORDS[1]);
    let marks = demands::marks(&visible(ctx)).into_iter().map(|mut marks| {
        marks.push(OPEN.to_owned());
        marks.extend(customer.map(|customer| demands::of_customer(customer.key())));
        marks
    });
    Some(Wanted {
        beside: described,
        at_least: Some(enough),
        is_being_typed: false,
        marks: Some(marks.collect()),
        ..Wanted::all(looked_for)
    })
}

/// Queries for what was raised already.
#[derive(Default)]
pub struct SimilarDemandQueries;

#[Object]
impl SimilarDemandQueries {
    /// The open demands (OPEN or PLANNED) that say much the same as one that is about to be raised, among those that the viewer may see: those
    /// with at least half of the title's words, and of them those first that have most in common with title and description. Errors: `BAD_USER_INPUT` for a bad page size or id; `UNAVAILABLE` while the index is being built,
    /// just after a start.
    async fn similar_demands(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its title.")] title: String,
        #[graphql(desc = "What it is about.")] description: Option<String>,
        #[graphql(desc = "Only demands of this customer; of all where absent.")]
        customer_id: Option<ID>,
        #[graphql(desc = "At most so many; 100 at most.", default = 5)] first: i32,
    ) -> Result<List<DemandNode>> {
        let customer = filter_id("customerId", customer_id)?;
        let first = page_size("first", first)?;
        let said = Said {
            title: &title,
            description: description.as_deref(),
        };
        similar(ctx, said, customer, None, first).await
    }
}
