//! Setting up webhooks, in the API.

use std::time::Duration;

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, Result, SimpleObject};
use sea_orm::DbErr;
use tokio::time::sleep;
use uuid::Uuid;

use super::events::{self, TEST};
use super::graphql::{DeliveryFields, DeliveryNode, EndpointFields, EndpointNode};
use super::rules::{Endpoint, MAX_ENDPOINTS, Patch};
use super::sender::{Message, Sender};
use super::signature::Secret;
use super::store::{self, Sent};
use crate::payload;
use crate::shared::diff::diff;
use crate::shared::direct::Direct;
use crate::shared::draft::ChangeKind;
use crate::shared::errors::{UserError as Refusal, UserErrorCode, UserErrors};
use crate::shared::graphql::{UserError, author, internal, not_written, user_errors};
use crate::shared::request::RequestCatalog;
use crate::shared::subject::WorkType;
use crate::shared::work::{Attempt, Attempts, WorkTransaction};
use crate::shared::write::{Author, WriteError, now};
use crate::snapshot::Replica;

/// An endpoint to be made.
#[derive(InputObject)]
pub struct CreateWebhookEndpointInput {
    /// The address that events are sent to: https, and a public one unless settings allow others.
    url: String,
    /// For people; up to 20,000 characters.
    description: Option<String>,
    /// Which events: names and patterns, such as `service_request.updated` or `service.*`; all where there are none.
    events: Option<Vec<String>>,
}

/// What to change about an endpoint.
#[derive(InputObject)]
pub struct UpdateWebhookEndpointInput {
    /// Its id.
    id: ID,
    /// The address.
    url: Option<String>,
    /// For people.
    description: MaybeUndefined<String>,
    /// Which events.
    events: Option<Vec<String>>,
    /// Refuse with `STALE_VERSION` unless this is its version.
    expected_version: Option<i32>,
}

/// An endpoint that something is to be done with.
#[derive(InputObject)]
pub struct WebhookEndpointInput {
    /// Its id.
    id: ID,
    /// Refuse with `STALE_VERSION` unless this is its version.
    expected_version: Option<i32>,
}

/// An endpoint that is to get events again.
#[derive(InputObject)]
pub struct EnableWebhookEndpointInput {
    /// Its id.
    id: ID,
    /// Whether it gets only what happens from now on; else it gets what it has missed.
    #[graphql(default)]
    from_now_on: bool,
    /// Refuse with `STALE_VERSION` unless this is its version.
    expected_version: Option<i32>,
}

/// What became of an endpoint with a new secret.
#[derive(SimpleObject)]
pub struct WebhookSecretPayload {
    /// The endpoint; null where it was refused.
    webhook_endpoint: Option<EndpointNode>,
    /// What its events are signed with from now on, after Standard Webhooks. It is shown this once.
    secret: Option<String>,
    /// Why nothing was done; empty where it was.
    user_errors: Vec<UserError>,
}

payload! {
    /// What became of a change of an endpoint.
    WebhookEndpointPayload {
        /// The endpoint as it is now; null where the change was refused.
        webhook_endpoint: EndpointNode
    }
}

payload! {
    /// What became of the deletion of an endpoint.
    DeleteWebhookEndpointPayload {
        /// The id of the endpoint that is gone; null where it was refused.
        deleted_id: ID
    }
}

payload! {
    /// What became of a test.
    TestWebhookEndpointPayload {
        /// What was sent, and what the receiver answered; null where there is no such endpoint.
        delivery: DeliveryNode
    }
}

/// Changes of webhooks.
#[derive(Default)]
pub struct WebhookMutations;

#[Object]
impl WebhookMutations {
    /// Makes an endpoint, which gets what happens from now on. User errors: `INVALID`.
    async fn create_webhook_endpoint(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to make.")] input: CreateWebhookEndpointInput,
    ) -> Result<WebhookSecretPayload> {
        let patch = Patch {
            url: Some(input.url),
            description: Some(input.description),
            events: input.events,
        };
        let secret = Secret::new().map_err(|error| internal(&error))?;
        let made = create(ctx, secret.clone(), patch).await?;
        Ok(secret_payload(made, &secret))
    }

    /// Changes an endpoint: an absent field stays, an explicit null clears. User errors: `INVALID`, `NOT_FOUND`, `STALE_VERSION`.
    async fn update_webhook_endpoint(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to change.")] input: UpdateWebhookEndpointInput,
    ) -> Result<WebhookEndpointPayload> {
        let patch = Patch {
            url: input.url,
            description: match input.description {
                MaybeUndefined::Undefined => None,
                MaybeUndefined::Null => Some(None),
                MaybeUndefined::Value(text) => Some(Some(text)),
            },
            events: input.events,
        };
        let allowed = &ctx.data_unchecked::<Sender>().settings().allowed;
        let target = (input.id.as_str(), input.expected_version);
        let changed = change(ctx, target, |endpoint| {
            endpoint.apply(patch.clone(), allowed)
        });
        Ok(payload(changed.await?))
    }

    /// Removes an endpoint and its log. User errors: `NOT_FOUND`, `STALE_VERSION`.
    async fn delete_webhook_endpoint(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] input: WebhookEndpointInput,
    ) -> Result<DeleteWebhookEndpointPayload> {
        let target = (input.id.as_str(), input.expected_version);
        let removed = step(ctx, target, &Step::Delete).await?;
        let id = |endpoint: Endpoint| endpoint.subject().to_string().into();
        Ok(DeleteWebhookEndpointPayload::new(removed.map(id)))
    }

    /// Gives an endpoint another secret. For 24 hours its events are signed with the former one as well, so that the receiver
    /// can be given the new one meanwhile. User errors: `NOT_FOUND`, `STALE_VERSION`.
    async fn rotate_webhook_secret(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] input: WebhookEndpointInput,
    ) -> Result<WebhookSecretPayload> {
        let secret = Secret::new().map_err(|error| internal(&error))?;
        let target = (input.id.as_str(), input.expected_version);
        let rotated = change(ctx, target, |endpoint| {
            endpoint.rotate(secret.clone(), now());
            Ok(())
        });
        let rotated = rotated.await?;
        Ok(secret_payload(rotated, &secret))
    }

    /// Sends an endpoint events again that has been disabled: what it has missed, or what happens from now on. User errors:
    /// `NOT_FOUND`, `STALE_VERSION`.
    async fn enable_webhook_endpoint(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and from where.")] input: EnableWebhookEndpointInput,
    ) -> Result<WebhookEndpointPayload> {
        let replica = ctx.data_unchecked::<Replica>();
        let from = if input.from_now_on {
            Some(newest(replica).await?)
        } else {
            None
        };
        let target = (input.id.as_str(), input.expected_version);
        let enable = |endpoint: &mut Endpoint| {
            endpoint.enable(from);
            Ok(())
        };
        let enabled = step(ctx, target, &Step::Move(&enable)).await?;
        Ok(payload(enabled))
    }

    /// Sends an endpoint nothing until it is enabled again. User errors: `NOT_FOUND`, `STALE_VERSION`.
    async fn disable_webhook_endpoint(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] input: WebhookEndpointInput,
    ) -> Result<WebhookEndpointPayload> {
        let author = author(ctx);
        let reason = format!("disabled by {}", author.actor);
        let target = (input.id.as_str(), input.expected_version);
        let disabled = change(ctx, target, |endpoint| {
            endpoint.disable(reason.clone());
            Ok(())
        });
        Ok(payload(disabled.await?))
    }

    /// Sends an endpoint an event of the type `dev.kundig.test` at once, whether it is enabled or not, and says what became of it.
    /// User errors: `NOT_FOUND`, `STALE_VERSION`.
    async fn test_webhook_endpoint(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] input: WebhookEndpointInput,
    ) -> Result<TestWebhookEndpointPayload> {
        let database = &ctx.data_unchecked::<Replica>().database();
        let found = match WorkType::WebhookEndpoint.key(&input.id) {
            Some(key) => store::by_id(&database.read, key)
                .await
                .map_err(|error| internal(&error))?,
            None => None,
        };
        let endpoint = match wanted(found, (&input.id, input.expected_version)) {
            Ok(endpoint) => endpoint,
            Err(refusals) => return Ok(TestWebhookEndpointPayload::new(Err(refusals))),
        };
        let sender = ctx.data_unchecked::<Sender>();
        let at = now();
        let id = format!("evt_test_{}", Uuid::now_v7().simple());
        let body = events::write_test(&id, &sender.settings().source, at);
        let message = Message {
            id: &id,
            body: &body,
        };
        let answer = sender.send(&endpoint, message, at).await;
        let sent = Sent {
            endpoint: endpoint.id,
            sequence: None,
            event: TEST,
            attempt: 1,
            at,
        };
        let row = store::logged(&sent, &answer);
        if let Err(error) = store::log(&database.write, &row).await {
            // It was sent all the same.
            tracing::warn!(%error, "a test of a webhook is not in the log");
        }
        let delivery = Direct(DeliveryFields(row));
        Ok(TestWebhookEndpointPayload::new(Ok(delivery)))
    }
}

/// Where what happens from now on begins. Where a transaction that began earlier keeps changes back that are committed
/// already, it is waited for a little: mostly it ends at once, and then none of them counts as new.
async fn newest(replica: &Replica) -> Result<i64> {
    const PAUSE: Duration = Duration::from_millis(10);
    const PATIENCE: u32 = 50;
    let catch_up = async || {
        let caught_up = replica.catch_up().await;
        caught_up.map_err(|error| internal(&error))
    };
    let known = catch_up().await?.position.newest();
    let mut until = 0;
    for _ in 0..PATIENCE {
        until = catch_up().await?.position.complete_to();
        if until >= known {
            break;
        }
        sleep(PAUSE).await;
    }
    Ok(until)
}

async fn create(
    ctx: &Context<'_>,
    secret: Secret,
    patch: Patch,
) -> Result<Result<Endpoint, UserErrors>> {
    let replica = ctx.data_unchecked::<Replica>();
    let author = author(ctx);
    let allowed = &ctx.data_unchecked::<Sender>().settings().allowed;
    let mut endpoint = Endpoint::new(secret, &author.actor, newest(replica).await?, now());
    if let Err(refusals) = endpoint.apply(patch, allowed) {
        return Ok(Err(refusals));
    }
    let written = insert(replica, &author, &endpoint).await;
    let written = written.map_err(|error| not_written(&WriteError::Database(error)))?;
    let Some(sequence) = written else {
        let message = format!("there are {MAX_ENDPOINTS} endpoints, as many as there may be");
        return Ok(Err(vec![Refusal::at(UserErrorCode::Invalid, &[], message)]));
    };
    ctx.data_unchecked::<RequestCatalog>().committed(sequence);
    Ok(Ok(endpoint))
}

/// The change's sequence; none where there are too many endpoints.
async fn insert(
    replica: &Replica,
    author: &Author,
    endpoint: &Endpoint,
) -> Result<Option<i64>, DbErr> {
    let mut work = WorkTransaction::begin(replica, author, endpoint.created_at).await?;
    if store::count(work.connection()).await? >= MAX_ENDPOINTS {
        work.give_up().await?;
        return Ok(None);
    }
    store::insert(work.connection(), endpoint).await?;
    let created = diff(&serde_json::Map::new(), &endpoint.fields());
    work.record(endpoint.subject(), ChangeKind::Created, created);
    work.commit().await
}

type Change<'a> = &'a (dyn Fn(&mut Endpoint) -> Result<(), UserErrors> + Send + Sync);

/// What is to be done with an endpoint.
enum Step<'a> {
    /// To change what clients set.
    Change(Change<'a>),
    /// To change where it is in the feed as well.
    Move(Change<'a>),
    /// To remove it.
    Delete,
}

/// Changes an endpoint.
async fn change(
    ctx: &Context<'_>,
    target: (&str, Option<i32>),
    change: impl Fn(&mut Endpoint) -> Result<(), UserErrors> + Send + Sync,
) -> Result<Result<Endpoint, UserErrors>> {
    step(ctx, target, &Step::Change(&change)).await
}

/// Does something with the endpoint of an id that has a version.
async fn step(
    ctx: &Context<'_>,
    target: (&str, Option<i32>),
    step: &Step<'_>,
) -> Result<Result<Endpoint, UserErrors>> {
    let replica = ctx.data_unchecked::<Replica>();
    let author = author(ctx);
    let mut attempts = Attempts::new(replica);
    loop {
        attempts.next().await.map_err(|error| not_written(&error))?;
        let attempt = attempt(replica, &author, target, step).await;
        match Attempt::settled(attempt).map_err(|error| not_written(&error))? {
            Some(Ok((endpoint, sequence))) => {
                if let Some(sequence) = sequence {
                    ctx.data_unchecked::<RequestCatalog>().committed(sequence);
                }
                return Ok(Ok(endpoint));
            }
            Some(Err(refusals)) => return Ok(Err(refusals)),
            None => {}
        }
    }
}

type Stepped = Result<(Endpoint, Option<i64>), UserErrors>;

async fn attempt(
    replica: &Replica,
    author: &Author,
    target: (&str, Option<i32>),
    step: &Step<'_>,
) -> Result<Attempt<Stepped>, DbErr> {
    let mut work = WorkTransaction::begin(replica, author, now()).await?;
    let found = match WorkType::WebhookEndpoint.key(target.0) {
        Some(key) => store::by_id(work.connection(), key).await?,
        None => None,
    };
    let before = match wanted(found, target) {
        Ok(endpoint) => endpoint,
        Err(refusals) => {
            work.give_up().await?;
            return Ok(Attempt::Done(Err(refusals)));
        }
    };
    let mut after = before.clone();
    let changed = match step {
        Step::Change(change) | Step::Move(change) => change(&mut after),
        Step::Delete => Ok(()),
    };
    if let Err(refusals) = changed {
        work.give_up().await?;
        return Ok(Attempt::Done(Err(refusals)));
    }
    let moves = matches!(step, Step::Move(_));
    let is_deletion = matches!(step, Step::Delete);
    if !is_deletion && after == before {
        work.give_up().await?;
        return Ok(Attempt::Done(Ok((before, None))));
    }
    let written = if is_deletion {
        store::delete(work.connection(), before.id, before.version).await?
    } else {
        after.version += 1;
        after.updated_at = now();
        store::update(work.connection(), &after, (before.version, moves)).await?
    };
    if !written {
        work.give_up().await?;
        return Ok(Attempt::Overtaken);
    }
    let (kind, fields) = if is_deletion {
        (ChangeKind::Deleted, serde_json::Map::new())
    } else {
        (ChangeKind::Updated, after.fields())
    };
    work.record(after.subject(), kind, diff(&before.fields(), &fields));
    let sequence = work.commit().await?;
    Ok(Attempt::Done(Ok((after, sequence))))
}

/// The endpoint, unless there is none or it has another version than the client expects.
fn wanted(
    found: Option<Endpoint>,
    (id, version): (&str, Option<i32>),
) -> Result<Endpoint, UserErrors> {
    let Some(endpoint) = found else {
        return Err(vec![WorkType::WebhookEndpoint.not_found(id)]);
    };
    match version {
        Some(version) if version != endpoint.version => {
            let message = format!(
                "the version is {}, not {version}: it has changed since you read it",
                endpoint.version
            );
            Err(vec![Refusal::new(
                UserErrorCode::StaleVersion,
                "expectedVersion",
                message,
            )])
        }
        _ => Ok(endpoint),
    }
}

fn payload(changed: Result<Endpoint, UserErrors>) -> WebhookEndpointPayload {
    let shown = changed.map(|endpoint| Direct(EndpointFields(endpoint)));
    WebhookEndpointPayload::new(shown)
}

fn secret_payload(changed: Result<Endpoint, UserErrors>, secret: &Secret) -> WebhookSecretPayload {
    match changed {
        Ok(endpoint) => WebhookSecretPayload {
            webhook_endpoint: Some(Direct(EndpointFields(endpoint))),
            secret: Some(secret.expose()),
            user_errors: Vec::new(),
        },
        Err(refusals) => WebhookSecretPayload {
            webhook_endpoint: None,
            secret: None,
            user_errors: user_errors(refusals),
        },
    }
}
