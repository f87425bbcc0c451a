//! Asking the index on behalf of a request.

use async_graphql::{Context, Error};

use super::engine::{Search, SearchError};
use super::matching::{Found, Page, Wanted};
use crate::shared::error_code::ErrorCode;
use crate::shared::graphql::internal;
use crate::shared::request::RequestCatalog;

/// A page of what matches, and whether nothing would even for somebody who sees all, once the index knows what the request's
/// catalog knows.
///
/// # Errors
/// The index is not there yet, or can't be read.
pub async fn find(
    ctx: &Context<'_>,
    wanted: Wanted,
    page: Page,
) -> Result<(Found, bool), SearchError> {
    let sequence = ctx
        .data_unchecked::<RequestCatalog>()
        .read()
        .position
        .newest();
    let search = ctx.data_unchecked::<Search>();
    search.find(wanted, page, sequence).await
}

/// Why there is no answer, as a client hears it.
pub fn refusal(error: &SearchError) -> Error {
    match error {
        SearchError::Building => ErrorCode::Unavailable.error(error.to_string()),
        SearchError::Index(_) | SearchError::Broken(_) => internal(error),
    }
}
