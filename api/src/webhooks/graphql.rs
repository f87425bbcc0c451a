//! Webhooks in the API.

use async_graphql::{Context, ID, Object, Result};
use entity::webhook_delivery;
use jiff::Timestamp;
use uuid::Uuid;

use super::list::Deliveries;
use super::rules::Endpoint;
use super::store::{self, ById};
use crate::auth::{Scope, Viewer};
use crate::shared::connection::PageArgs;
use crate::shared::direct::{Direct, List};
use crate::shared::graphql::{internal, unreadable};
use crate::shared::loads::Loads;
use crate::shared::scalars::DateTime;
use crate::shared::subject::WorkType;
use crate::shared::work_connection::WorkConnection;
use crate::snapshot::Replica;

/// Where events are sent to.
pub type EndpointNode = Direct<EndpointFields>;

/// One page of what was sent to an endpoint.
pub type DeliveryConnection = WorkConnection<Deliveries, DeliveryNode>;

/// Where events are sent to.
#[derive(Clone)]
pub struct EndpointFields(pub Endpoint);

/// Where events are sent to: whatever happens, or what it is narrowed to, in the order in which it happened, each event at least
/// once.
#[Object(name = "WebhookEndpoint", serial)]
impl EndpointFields {
    /// Opaque, never changes.
    pub(crate) async fn id(&self) -> ID {
        self.0.subject().to_string().into()
    }

    /// The address.
    async fn url(&self) -> &str {
        &self.0.url
    }

    /// For people.
    async fn description(&self) -> Option<&str> {
        self.0.description.as_deref()
    }

    /// Which events: names and patterns, such as `service_request.updated` or `service.*`; all where there are none.
    async fn events(&self) -> Vec<String> {
        self.0.events.iter().map(ToString::to_string).collect()
    }

    /// Whether events are sent.
    async fn enabled(&self) -> bool {
        self.0.enabled
    }

    /// Why none are sent; null where some are.
    async fn disabled_reason(&self) -> Option<&str> {
        self.0.disabled_reason.as_deref()
    }

    /// The sequence up to which every event has been delivered, or nearly: where nothing happens that it wants, this follows the
    /// feed at a distance.
    async fn delivered_until(&self) -> String {
        self.0.position.to_string()
    }

    /// How often the next event has been tried in vain.
    async fn failed_attempts(&self) -> u32 {
        self.0.failed_attempts
    }

    /// When it is tried again; null where it is at once, or nothing is.
    async fn next_attempt_at(&self) -> Option<DateTime> {
        let next = self.0.next_attempt_at.filter(|_| self.0.enabled);
        next.map(DateTime)
    }

    /// Until when events are signed with the secret before this one as well; null where they are not.
    async fn former_secret_until(&self) -> Option<DateTime> {
        let until = self.0.former_secret.as_ref().map(|(_, until)| *until);
        until
            .filter(|until| *until > Timestamp::now())
            .map(DateTime)
    }

    /// What was sent lately, the newest first.
    async fn deliveries(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "At most so many from the front.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "At most so many from the back.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<DeliveryConnection> {
        let args = PageArgs {
            first,
            after,
            last,
            before,
        };
        let node = |row| Ok(Direct(DeliveryFields(row)));
        WorkConnection::read(ctx, "AT", (Deliveries, Some(self.0.id)), &args, node).await
    }

    /// The `sub` of the token that it was made with.
    async fn created_by(&self) -> &str {
        &self.0.created_by
    }

    /// When it was made.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// When it was changed last.
    async fn updated_at(&self) -> DateTime {
        DateTime(self.0.updated_at)
    }

    /// Grows with every change, not with deliveries.
    async fn version(&self) -> i32 {
        self.0.version
    }
}

/// One attempt to deliver an event.
pub type DeliveryNode = Direct<DeliveryFields>;

/// One attempt to deliver an event.
pub struct DeliveryFields(pub webhook_delivery::Model);

/// One attempt to deliver an event, and what the receiver answered. Forgotten after a while.
#[Object(name = "WebhookDelivery", serial)]
impl DeliveryFields {
    /// Opaque, never changes.
    async fn id(&self) -> ID {
        format!("hdel_{}", self.0.id.simple()).into()
    }

    /// The change in the feed; null where it was a test.
    async fn sequence(&self) -> Option<String> {
        self.0.sequence.map(|sequence| sequence.to_string())
    }

    /// The event's name: `service_request.updated`, or `test`.
    async fn event(&self) -> &str {
        &self.0.event
    }

    /// How often it had been tried by then, this time included.
    async fn attempt(&self) -> i32 {
        self.0.attempt
    }

    /// When.
    async fn at(&self) -> Result<DateTime> {
        let at = Timestamp::from_microsecond(self.0.at);
        at.map(DateTime).map_err(|error| internal(&error))
    }

    /// How long it took, in milliseconds.
    async fn took_milliseconds(&self) -> i32 {
        self.0.took
    }

    /// The status of the receiver's answer; null where there was none.
    async fn status(&self) -> Option<i32> {
        self.0.status
    }

    /// Why the event counts as not delivered; null where it was.
    async fn error(&self) -> Option<&str> {
        self.0.error.as_deref()
    }
}

/// The endpoint with this key, if the viewer sees it.
pub async fn endpoint(ctx: &Context<'_>, key: Uuid) -> Result<Option<EndpointNode>> {
    if !ctx.data_unchecked::<Viewer>().may(Scope::Admin) {
        return Ok(None);
    }
    let loads = ctx.data_unchecked::<Loads>();
    let found = loads.ask(ById, key).await;
    let found = found.map_err(|error| unreadable(&error))?;
    Ok(found.map(|endpoint| Direct(EndpointFields(endpoint))))
}

/// Queries for webhooks.
#[derive(Default)]
pub struct WebhookQueries;

#[Object]
impl WebhookQueries {
    /// The endpoint with this id; null where there is none.
    async fn webhook_endpoint(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its id.")] id: ID,
    ) -> Result<Option<EndpointNode>> {
        match WorkType::WebhookEndpoint.key(&id) {
            Some(key) => endpoint(ctx, key).await,
            None => Ok(None),
        }
    }

    /// All endpoints, the oldest first; there are 100 at most.
    async fn webhook_endpoints(&self, ctx: &Context<'_>) -> Result<List<EndpointNode>> {
        let database = &ctx.data_unchecked::<Replica>().database().read;
        let endpoints = store::all(database)
            .await
            .map_err(|error| internal(&error))?;
        let nodes = endpoints.into_iter().map(EndpointFields).map(Direct);
        Ok(nodes.collect())
    }
}
