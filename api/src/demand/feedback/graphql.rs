//! Feedback and satisfaction in the API.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use uuid::Uuid;

use super::access::Visible;
use super::giving;
use super::rules::{Feedback, Giver, Wanted};
use super::satisfaction::{Scores, day_begins, day_ends};
use super::store::{ById, ScoresOf, Whose};
use crate::auth::{Scope, Viewer};
use crate::catalog::customers::graphql::CustomerNode;
use crate::catalog::services::graphql::ServiceNode;
use crate::payload;
use crate::requests::graphql::{RequestNode, request, visible};
use crate::shared::direct::Direct;
use crate::shared::graphql::{author, bad_input, expect, lookup, not_written, unreadable};
use crate::shared::loads::Loads;
use crate::shared::request::RequestCatalog;
use crate::shared::scalars::DateTime;
use crate::shared::work::first_microsecond;
use crate::snapshot::Replica;

/// What somebody says of a service, or of what became of a request.
pub type FeedbackNode = Direct<FeedbackFields>;

/// What somebody says of a service, or of what became of a request.
#[derive(Clone)]
pub struct FeedbackFields(pub Feedback);

/// Shows feedback, and to whom it is shown what it refers to.
fn shown(ctx: &Context<'_>, feedback: Feedback) -> FeedbackNode {
    ctx.data_unchecked::<RequestCatalog>()
        .reveal(&feedback.references());
    Direct(FeedbackFields(feedback))
}

/// What somebody says of a service, or of what became of a request. Whoever gave it reads it, and who has `insight:read`.
#[Object(name = "Feedback", serial)]
impl FeedbackFields {
    /// Opaque, never changes.
    pub(crate) async fn id(&self) -> ID {
        self.0.subject().to_string().into()
    }

    /// What it is about.
    async fn service(&self, ctx: &Context<'_>) -> Result<ServiceNode> {
        expect(ctx, self.0.service_id).map(ServiceNode::from)
    }

    /// The request that it is about; null where it is about the service as a whole, or the viewer may not see the request.
    async fn service_request(&self, ctx: &Context<'_>) -> Result<Option<RequestNode>> {
        match self.0.service_request_id {
            Some(key) => request(ctx, key).await,
            None => Ok(None),
        }
    }

    /// For which customer it is said.
    async fn customer(&self, ctx: &Context<'_>) -> Option<CustomerNode> {
        lookup(ctx, self.0.customer_id).map(CustomerNode::from)
    }

    /// 1 (bad) to 5 (good).
    async fn score(&self) -> i32 {
        self.0.score.into()
    }

    /// In words.
    async fn comment(&self) -> Option<&str> {
        self.0.comment.as_deref()
    }

    /// When it was first given.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// When it was changed last.
    async fn updated_at(&self) -> DateTime {
        DateTime(self.0.updated_at)
    }

    /// Until when it can be changed: for 30 days after it was given.
    async fn changeable_until(&self) -> DateTime {
        DateTime(self.0.changeable_until())
    }
}

/// The feedback with this key, if the viewer reads it.
pub async fn feedback(ctx: &Context<'_>, key: Uuid) -> Result<Option<FeedbackNode>> {
    let loads = ctx.data_unchecked::<Loads>();
    let found = loads.ask(ById, key).await;
    let found = found.map_err(|error| unreadable(&error))?;
    let visible = Visible::to(ctx.data_unchecked::<Viewer>());
    let found = found.filter(|feedback| visible.includes(feedback));
    Ok(found.map(|feedback| shown(ctx, feedback)))
}

/// What people think of a service, or as a customer of all services.
#[derive(Clone, Copy, Debug, SimpleObject)]
pub struct Satisfaction {
    /// How many answers there are.
    pub responses: i32,
    /// Their average, 1 (bad) to 5 (good); null without any, and for those without `insight:read` where they are of fewer than three
    /// people.
    pub average: Option<f64>,
    /// Share of scores of 4 and 5, percent (CSAT); null as `average` is.
    pub csat: Option<f64>,
}

impl Satisfaction {
    /// What scores come to, for somebody who reads the answers themselves or for somebody who doesn't.
    pub fn new(scores: Scores, reads_all: bool) -> Self {
        let is_told = reads_all || scores.are_of_many();
        Self {
            responses: i32::try_from(scores.responses).unwrap_or(i32::MAX),
            average: scores.average().filter(|_| is_told),
            csat: scores.csat().filter(|_| is_told),
        }
    }
}

/// What the answers of a period come to. For those who may not read the answers the period is made of whole days, UTC.
pub async fn satisfaction(
    ctx: &Context<'_>,
    (whose, key): (Whose, Uuid),
    (since, until): (Option<DateTime>, Option<DateTime>),
) -> Result<Satisfaction> {
    let (since, until) = (since.map(|it| it.0), until.map(|it| it.0));
    if let (Some(since), Some(until)) = (since, until)
        && until <= since
    {
        return Err(bad_input(format!(
            "`until` is {until}, which is not after `since`, {since}"
        )));
    }
    let reads_all = ctx.data_unchecked::<Viewer>().may(Scope::InsightRead);
    let (since, until) = if reads_all {
        (since, until)
    } else {
        (since.map(day_begins), until.map(day_ends))
    };
    let question = ScoresOf {
        with_givers: !reads_all,
        whose,
        since: since.map(first_microsecond),
        until: until.map(first_microsecond),
    };
    let scores = ctx.data_unchecked::<Loads>().ask(question, key).await;
    let scores = scores.map_err(|error| unreadable(&error))?;
    Ok(Satisfaction::new(scores, reads_all))
}

/// What somebody says.
#[derive(InputObject)]
pub struct GiveFeedbackInput {
    /// What it is about; of a request its service.
    service_id: ID,
    /// The request that it is about: one that the viewer sees, and that is FULFILLED or DECLINED. Absent: the service as a whole.
    service_request_id: Option<ID>,
    /// For which customer it is said; the request's where it is about one, else the viewer's own where absent. Another than one's own
    /// takes `requests:work`.
    customer_id: Option<ID>,
    /// 1 (bad) to 5 (good).
    score: i32,
    /// In words; up to 20,000 characters.
    comment: Option<String>,
}

payload! {
    /// What became of feedback.
    GiveFeedbackPayload {
        /// The feedback as it is now; null where it was refused.
        feedback: FeedbackNode
    }
}

/// Giving feedback.
#[derive(Default)]
pub struct FeedbackMutations;

#[Object]
impl FeedbackMutations {
    /// Says how good a service is, or what became of a request. There is one feedback per person and request, and one per person, service
    /// and customer: given again within 30 days it replaces the one before. After that it stays: on a request nothing more can be said,
    /// on a service anew. User errors: `INVALID`, `NOT_FOUND`.
    async fn give_feedback(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to say.")] input: GiveFeedbackInput,
    ) -> Result<GiveFeedbackPayload> {
        let wanted = Wanted {
            service_id: input.service_id.0,
            service_request_id: input.service_request_id.map(|id| id.0),
            customer_id: input.customer_id.map(|id| id.0),
            score: input.score,
            comment: input.comment,
        };
        let viewer = ctx.data_unchecked::<Viewer>();
        let customer = viewer.person().and_then(|person| {
            let catalog = ctx.data_unchecked::<RequestCatalog>().whole();
            catalog.get(person)?.customer_id
        });
        let giver = Giver {
            // The access table lets nobody without a token get here.
            subject: viewer.subject().unwrap_or("anonymous").to_owned(),
            customer,
            speaks_for_all: viewer.may(Scope::RequestsWork),
            sees_catalog: viewer.sees_catalog(),
        };
        let replica = ctx.data_unchecked::<Replica>();
        let (seen, author) = (visible(ctx), author(ctx));
        let said = giving::give(replica, &author, (&seen, &giver), &wanted);
        let said = Box::pin(said).await;
        let said = said.map_err(|error| not_written(&error))?;
        Ok(GiveFeedbackPayload::new(said.map(|said| {
            if let Some(sequence) = said.sequence {
                ctx.data_unchecked::<RequestCatalog>().committed(sequence);
            }
            shown(ctx, said.feedback)
        })))
    }
}
