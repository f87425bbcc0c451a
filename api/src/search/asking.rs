//! Asking the index on behalf of a request.

use async_graphql::{Context, Error};

use super::engine::{Search, SearchError};
use super::matching::{Found, Page, Wanted};
use crate::shared::error_code::ErrorCode;
use crate::shared::graphql::internal;
use crate::shared::request::RequestCatalog;

/// A page of what matches, once the index knows what the request's catalog knows, and what the request itself has written.
///
/// # Errors
/// The index is not there yet, or can't be read.
pub async fn find(ctx: &Context<'_>, wanted: Wanted, page: Page) -> Result<Found, SearchError> {
    let search = ctx.data_unchecked::<Search>();
    search.find(wanted, page, generation(ctx).await).await
}

/// The first page of what matches, and whether nothing of the catalog answers it, whoever looks.
///
/// # Errors
/// As for [`find`].
pub async fn find_or_miss(
    ctx: &Context<'_>,
    wanted: Wanted,
    first: usize,
) -> Result<(Found, bool), SearchError> {
    let search = ctx.data_unchecked::<Search>();
    let generation = generation(ctx).await;
    search.find_or_miss(wanted, first, generation).await
}

/// Which of these texts the catalog has no answer to, whoever looks: the first ones, so many at most.
///
/// # Errors
/// As for [`find`].
pub async fn still_missed(
    ctx: &Context<'_>,
    texts: Vec<String>,
    most: usize,
) -> Result<Vec<String>, SearchError> {
    let search = ctx.data_unchecked::<Search>();
    let generation = generation(ctx).await;
    search.still_missed(texts, most, generation).await
}

/// What the index has to know to answer a request.
async fn generation(ctx: &Context<'_>) -> u64 {
    let request = ctx.data_unchecked::<RequestCatalog>();
    let generation = match request.ahead() {
        Some(written) => generation_with(ctx.data_unchecked(), written).await,
        None => None,
    };
    generation.unwrap_or_else(|| request.read().generation)
}

/// The snapshot that contains a change; none where it can't be read, which keeps nobody from searching.
async fn generation_with(search: &Search, sequence: i64) -> Option<u64> {
    match search.replica().containing(sequence).await {
        Ok(catalog) => Some(catalog.generation),
        Err(error) => {
            tracing::warn!(%error, "can't catch up; searching without the newest changes");
            None
        }
    }
}

/// Why there is no answer, as a client hears it.
pub fn refusal(error: &SearchError) -> Error {
    match error {
        SearchError::Building => ErrorCode::Unavailable.error(error.to_string()),
        SearchError::Index(_) | SearchError::Broken(_) => internal(error),
    }
}
