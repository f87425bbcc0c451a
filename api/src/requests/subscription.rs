//! Subscriptions to requests.

use async_graphql::{Context, ID, Result, Subscription};
use futures_util::stream::{self, BoxStream, StreamExt};

use super::graphql::{RequestNode, request};
use crate::changes::store::ChangeFilter;
use crate::changes::subscription::open;
use crate::shared::error_code::ErrorCode;
use crate::shared::live::Stage;
use crate::shared::subject::WorkType;

/// Subscriptions to requests.
#[derive(Default)]
pub struct RequestSubscriptions;

#[Subscription]
impl RequestSubscriptions {
    /// A request as it is, each time that it has changed: its fields, its state, its clocks. Errors: `NOT_FOUND` where there is none
    /// that the viewer may see.
    async fn service_request_changed(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its id.")] id: ID,
    ) -> Result<BoxStream<'static, RequestNode>> {
        let found = match WorkType::ServiceRequest.key(&id) {
            Some(key) => request(ctx, key).await?.map(|request| (key, request)),
            None => None,
        };
        match (Stage::of(ctx), found) {
            (Stage::Opening(opening), Some((key, _))) => {
                let filter = ChangeFilter {
                    types: Some(vec![WorkType::ServiceRequest.to_string()]),
                    subjects: Some(vec![key]),
                    ..ChangeFilter::default()
                };
                opening.set(open(ctx, filter, None).await?);
                Ok(stream::empty().boxed())
            }
            (Stage::Opening(_), None) => {
                let message = format!("There is no service request {:?}.", id.0);
                Err(ErrorCode::NotFound.error(message))
            }
            (Stage::Event(_), found) => {
                let request = found.map(|(_, request)| request);
                Ok(stream::iter(request).boxed())
            }
        }
    }
}
