//! Asking the index on behalf of a request.

use async_graphql::{Context, Error};

use super::engine::{Search, SearchError};
use super::matching::{Found, Page, Wanted};
use crate::shared::error_code::ErrorCode;
use crate::shared::graphql::internal;
use crate::shared::request::RequestCatalog;

/// A page of what matches, and whether nothing would even for somebody who sees all, once the index knows what the request's
/// catalog knows, and what the request itself has written.
///
/// # Errors
/// The index is not there yet, or can't be read.
pub async fn find(
    ctx: &Context<'_>,
    wanted: Wanted,
    page: Page,
) -> Result<(Found, bool), SearchError> {
    let search = ctx.data_unchecked::<Search>();
    let request = ctx.data_unchecked::<RequestCatalog>();
    let generation = match request.ahead() {
        Some(written) => generation_with(search, written).await,
        None => None,
    };
    let generation = generation.unwrap_or_else(|| request.read().generation);
    search.find(wanted, page, generation).await
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
