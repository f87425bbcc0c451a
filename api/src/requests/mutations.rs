//! Submitting requests and taking steps with them, in the API.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};

use super::graphql::{RequestNode, shown, visible};
use super::moves;
use super::rules::Step;
use super::steps::Wanted;
use super::submission::{Submission, Submitter};
use super::submit::{self, Outcome, Submitted};
use crate::auth::Viewer;
use crate::declines::graphql::DeclineReason;
use crate::declines::rules::WantedDecline;
use crate::payload;
use crate::shared::direct::{Direct, List};
use crate::shared::errors::{UserError as Refusal, UserErrors};
use crate::shared::graphql::{UserError, author, bad_input, not_written, user_errors};
use crate::shared::idempotency::Key;
use crate::shared::request::RequestCatalog;
use crate::shared::scalars::{Date, Json};
use crate::slas::priority::Priority;
use crate::snapshot::Replica;

/// What to submit.
#[derive(InputObject)]
pub struct SubmitServiceRequestInput {
    /// What is asked for.
    offering_id: ID,
    /// One line of at most 250 characters; the offering's name where absent.
    title: Option<String>,
    /// For whom, of the business; the requester's customer where absent.
    customer_id: Option<ID>,
    /// Whom it is for; the viewer where absent.
    requester_id: Option<ID>,
    /// What the offering's `inputSchema` asks for; `{}` where absent. At most 256 KiB, and less where
    /// the schema holds each value against hundreds of others.
    inputs: Option<Json>,
    /// How urgent it is; P3 where null or absent.
    #[graphql(default_with = "Some(Priority::P3)")]
    priority: Option<Priority>,
    /// Same key and input from the same subject: the first request is returned, and nothing is submitted again. Kept for at
    /// least 24 h. At most 250 characters.
    idempotency_key: Option<String>,
}

/// What to submit at once.
#[derive(InputObject)]
pub struct SubmitServiceRequestsInput {
    /// The submissions, at most 500; each has its own result.
    requests: Vec<SubmitServiceRequestInput>,
}

impl SubmitServiceRequestInput {
    fn into_submitted(self, subject: &str) -> Result<Submitted, Refusal> {
        let submission = Submission {
            offering_id: self.offering_id.0,
            title: self.title,
            customer_id: self.customer_id.map(|id| id.0),
            requester_id: self.requester_id.map(|id| id.0),
            inputs: self.inputs.map(|json| json.0),
            priority: self.priority.unwrap_or(Priority::P3),
        };
        let key = self.idempotency_key.map(|key| {
            let input = submission.canonical();
            Key::new(subject, "submitServiceRequest", &key, &input)
        });
        let key = key.transpose()?;
        Ok(Submitted { submission, key })
    }
}

/// What became of a submission.
#[derive(SimpleObject)]
pub struct SubmitServiceRequestPayload {
    /// The request; null where it was refused.
    service_request: Option<RequestNode>,
    /// True where an earlier submission with this key is returned.
    replayed: bool,
    /// Why nothing was submitted; empty where it was.
    user_errors: Vec<UserError>,
}

/// What became of several submissions.
#[derive(SimpleObject)]
pub struct SubmitServiceRequestsPayload {
    /// What became of each, in the order of the input.
    results: List<Direct<SubmitServiceRequestPayload>>,
    /// Why none was looked at; empty where each has its own result.
    user_errors: Vec<UserError>,
}

payload! {
    /// What became of a step.
    ServiceRequestPayload {
        /// The request as it is now; null where the step was refused.
        service_request: RequestNode
    }
}

/// A step with a request.
#[derive(InputObject)]
pub struct RequestStepInput {
    /// The request's id.
    id: ID,
    /// In words, for its history; up to 20,000 characters.
    comment: Option<String>,
    /// Refuse with `STALE_VERSION` unless this is its version.
    expected_version: Option<i32>,
}

/// A no.
#[derive(InputObject)]
pub struct DeclineServiceRequestInput {
    /// The request's id.
    id: ID,
    /// The kind of reason.
    reason: DeclineReason,
    /// At least 20 characters, for the customer to read.
    explanation: String,
    /// The other way; required where the reason is `COVERED_BY_ALTERNATIVE`.
    alternative_offering_id: Option<ID>,
    /// When it is worth asking again.
    revisit_on: Option<Date>,
    /// Refuse with `STALE_VERSION` unless this is its version.
    expected_version: Option<i32>,
}

/// Another priority.
#[derive(InputObject)]
pub struct ReprioritiseServiceRequestInput {
    /// The request's id.
    id: ID,
    /// How urgent it is from now on.
    priority: Priority,
    /// In words, for its history; up to 20,000 characters.
    comment: Option<String>,
    /// Refuse with `STALE_VERSION` unless this is its version.
    expected_version: Option<i32>,
}

/// How many submissions are taken at once.
const MOST_AT_ONCE: usize = 500;

/// Changes of requests.
#[derive(Default)]
pub struct RequestMutations;

#[Object]
impl RequestMutations {
    /// Submits a request. Its SLA clocks start. User errors: `INVALID` (one for each violation of the offering's `inputSchema`, with
    /// the path to it), `NOT_FOUND`, `IDEMPOTENCY_CONFLICT`.
    async fn submit_service_request(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to submit.")] input: SubmitServiceRequestInput,
    ) -> Result<SubmitServiceRequestPayload> {
        let mut results = submit_all(ctx, vec![input]).await?;
        let result = results.pop().unwrap_or_else(|| Err(Vec::new()));
        Ok(submitted(ctx, result))
    }

    /// Submits up to 500 requests, each of which has its own result: one that is refused keeps no other back. User errors: as
    /// with `submitServiceRequest`. Errors: `BAD_USER_INPUT` for more than 500.
    async fn submit_service_requests(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to submit.")] input: SubmitServiceRequestsInput,
    ) -> Result<SubmitServiceRequestsPayload> {
        let count = input.requests.len();
        if count > MOST_AT_ONCE {
            return Err(bad_input(format!(
                "`requests` has {count} entries; at most {MOST_AT_ONCE} are taken at once"
            )));
        }
        let results = submit_all(ctx, input.requests).await?.into_iter();
        Ok(SubmitServiceRequestsPayload {
            results: results.map(|it| Direct(submitted(ctx, it))).collect(),
            user_errors: Vec::new(),
        })
    }

    /// Agrees to a request. User errors: `NOT_FOUND`, `STALE_VERSION`, `ILLEGAL_TRANSITION` (which names what can be done), `INVALID`.
    async fn approve_service_request(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and why.")] input: RequestStepInput,
    ) -> Result<ServiceRequestPayload> {
        step(ctx, Step::Approve, input).await
    }

    /// Starts work, or resumes it after waiting. User errors: `NOT_FOUND`, `STALE_VERSION`, `ILLEGAL_TRANSITION` (which names what can
    /// be done), `INVALID`.
    async fn start_service_request(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and why.")] input: RequestStepInput,
    ) -> Result<ServiceRequestPayload> {
        step(ctx, Step::Start, input).await
    }

    /// Waits on the customer: resolution clocks pause. User errors: `NOT_FOUND`, `STALE_VERSION`, `ILLEGAL_TRANSITION` (which names
    /// what can be done), `INVALID`.
    async fn hold_service_request(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and why.")] input: RequestStepInput,
    ) -> Result<ServiceRequestPayload> {
        step(ctx, Step::Hold, input).await
    }

    /// Says that it is done. User errors: `NOT_FOUND`, `STALE_VERSION`, `ILLEGAL_TRANSITION` (which names what can be done), `INVALID`.
    async fn fulfil_service_request(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and why.")] input: RequestStepInput,
    ) -> Result<ServiceRequestPayload> {
        step(ctx, Step::Fulfil, input).await
    }

    /// Says no, with an explanation and, where there is one, another way. User errors: `NOT_FOUND`, `STALE_VERSION`,
    /// `ILLEGAL_TRANSITION` (which names what can be done), `INVALID`.
    async fn decline_service_request(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and why.")] input: DeclineServiceRequestInput,
    ) -> Result<ServiceRequestPayload> {
        let decline = WantedDecline {
            reason: input.reason.into(),
            explanation: input.explanation,
            alternative: input.alternative_offering_id.map(|id| id.0),
            revisit_on: input.revisit_on.map(|day| day.0),
        };
        let wanted = Wanted {
            decline: Some(decline),
            ..wanted(Step::Decline, None, input.expected_version)
        };
        take(ctx, &input.id, &wanted).await
    }

    /// Takes it back; one's own too. User errors: `NOT_FOUND`, `STALE_VERSION`, `ILLEGAL_TRANSITION` (which names what can be done),
    /// `INVALID`.
    async fn cancel_service_request(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and why.")] input: RequestStepInput,
    ) -> Result<ServiceRequestPayload> {
        step(ctx, Step::Cancel, input).await
    }

    /// Disputes an end (fulfilled or declined): back to SUBMITTED, clocks go on; one's own too. User errors: `NOT_FOUND`,
    /// `STALE_VERSION`, `ILLEGAL_TRANSITION` (which names what can be done), `INVALID`.
    async fn reopen_service_request(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and why.")] input: RequestStepInput,
    ) -> Result<ServiceRequestPayload> {
        step(ctx, Step::Reopen, input).await
    }

    /// Changes the priority; clocks are measured again from their start against the new targets. The priority that it has already
    /// goes into its history and leaves the clocks as they are. User errors: `NOT_FOUND`, `STALE_VERSION`, `ILLEGAL_TRANSITION`
    /// (which names what can be done), `INVALID`.
    async fn reprioritise_service_request(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and why.")] input: ReprioritiseServiceRequestInput,
    ) -> Result<ServiceRequestPayload> {
        let wanted = Wanted {
            priority: Some(input.priority),
            ..wanted(Step::Reprioritise, input.comment, input.expected_version)
        };
        take(ctx, &input.id, &wanted).await
    }

    /// Says something, for the request's history; of one's own too. User errors: `NOT_FOUND`, `STALE_VERSION`, `INVALID`.
    async fn comment_on_service_request(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and what.")] input: RequestStepInput,
    ) -> Result<ServiceRequestPayload> {
        step(ctx, Step::Comment, input).await
    }
}

async fn submit_all(
    ctx: &Context<'_>,
    inputs: Vec<SubmitServiceRequestInput>,
) -> Result<Vec<Result<Outcome, UserErrors>>> {
    let viewer = ctx.data_unchecked::<Viewer>();
    let submitter = Submitter {
        // The access table lets nobody without a token get here.
        subject: viewer.subject().unwrap_or("anonymous"),
        person: viewer.person(),
        sees_catalog: viewer.sees_catalog(),
    };
    let inputs = inputs.into_iter();
    let read: Vec<_> = inputs
        .map(|input| input.into_submitted(submitter.subject))
        .collect();
    let good: Vec<Submitted> = read.iter().flatten().cloned().collect();
    let replica = ctx.data_unchecked::<Replica>();
    let outcomes = Box::pin(submit::submit(replica, &author(ctx), submitter, &good)).await;
    let outcomes = outcomes.map_err(|error| not_written(&error))?;
    note(ctx, outcomes.sequence);
    let mut results = outcomes.results.into_iter();
    Ok(read
        .into_iter()
        .map(|read| match read {
            Ok(_) => results.next().unwrap_or_else(|| Err(Vec::new())),
            Err(refusal) => Err(vec![refusal]),
        })
        .collect())
}

fn submitted(
    ctx: &Context<'_>,
    result: Result<Outcome, UserErrors>,
) -> SubmitServiceRequestPayload {
    match result {
        Ok(outcome) => SubmitServiceRequestPayload {
            service_request: Some(shown(ctx, outcome.request)),
            replayed: outcome.replayed,
            user_errors: Vec::new(),
        },
        Err(refusals) => SubmitServiceRequestPayload {
            service_request: None,
            replayed: false,
            user_errors: user_errors(refusals),
        },
    }
}

fn wanted(step: Step, comment: Option<String>, expected_version: Option<i32>) -> Wanted {
    Wanted {
        step,
        comment,
        expected_version,
        decline: None,
        priority: None,
    }
}

async fn step(
    ctx: &Context<'_>,
    step: Step,
    input: RequestStepInput,
) -> Result<ServiceRequestPayload> {
    let wanted = wanted(step, input.comment, input.expected_version);
    take(ctx, &input.id, &wanted).await
}

async fn take(ctx: &Context<'_>, id: &str, wanted: &Wanted) -> Result<ServiceRequestPayload> {
    let replica = ctx.data_unchecked::<Replica>();
    let taken = Box::pin(moves::take(
        replica,
        &author(ctx),
        &visible(ctx),
        id,
        wanted,
    ))
    .await;
    let taken = taken.map_err(|error| not_written(&error))?;
    Ok(ServiceRequestPayload::new(taken.map(|moved| {
        note(ctx, moved.sequence);
        shown(ctx, moved.request)
    })))
}

fn note(ctx: &Context<'_>, sequence: Option<i64>) {
    if let Some(sequence) = sequence {
        ctx.data_unchecked::<RequestCatalog>().committed(sequence);
    }
}
