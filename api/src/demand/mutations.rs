//! Raising demands and taking steps with them, in the API.

use async_graphql::{
    ComplexObject, Context, ID, InputObject, MaybeUndefined, Object, Result, SimpleObject,
};

use super::access::Party;
use super::fields::{DemandPatch, NewDemand};
use super::graphql::{DemandKind, DemandNode, shown, visible};
use super::moves;
use super::raise::{Raised, raise};
use super::rules::Demand;
use super::similar::{self, Said, similar};
use super::steps::{Action, Wanted};
use crate::auth::Viewer;
use crate::declines::graphql::DeclineReason;
use crate::declines::rules::WantedDecline;
use crate::shared::direct::List;
use crate::shared::errors::{UserError as Refusal, UserErrors};
use crate::shared::graphql::{UserError, author, not_written, user_errors};
use crate::shared::idempotency::Key;
use crate::shared::patch::Patch;
use crate::shared::request::RequestCatalog;
use crate::shared::scalars::{Date, Decimal};
use crate::snapshot::Replica;

/// What to raise.
#[derive(InputObject)]
pub struct RaiseDemandInput {
    /// One line of at most 250 characters.
    title: String,
    /// What it is about; up to 20,000 characters.
    description: Option<String>,
    /// How it comes about.
    kind: DemandKind,
    /// Whose demand it is: one's own customer, or anybody for those who work on demands.
    customer_id: ID,
    /// The outcome that it is for: one of the customer, or of a customer above or below it.
    outcome_id: Option<ID>,
    /// The service that answers it, if one does; not a retired one.
    service_id: Option<ID>,
    /// How many people or units; 1 or more.
    #[graphql(default = 1)]
    quantity: i32,
    /// What meeting it is worth, per month, in the reporting currency: 0 or more, at most 4 decimal places.
    value_per_month: Decimal,
    /// Person-days: above 0, at most 1,000,000 and at most 4 decimal places.
    effort: Option<Decimal>,
    /// Same key and input from the same subject: the first demand is returned, and nothing is raised again. Kept for at least
    /// 24 h. At most 250 characters.
    idempotency_key: Option<String>,
}

impl RaiseDemandInput {
    fn into_raised(self, subject: &str) -> Result<Raised, Refusal> {
        let new = NewDemand {
            customer_id: self.customer_id.0,
            kind: self.kind.into(),
            fields: DemandPatch {
                title: Patch::Set(self.title),
                description: self.description.into(),
                kind: Patch::Keep,
                outcome_id: Patch::from(self.outcome_id).map(|id| id.0),
                service_id: Patch::from(self.service_id).map(|id| id.0),
                quantity: Patch::Set(self.quantity),
                value_per_month: Patch::Set(self.value_per_month.0),
                effort: Patch::from(self.effort).map(|days| days.0),
            },
        };
        let key = self.idempotency_key.map(|key| {
            let input = new.canonical();
            Key::new(subject, "raiseDemand", &key, &input)
        });
        let key = key.transpose()?;
        Ok(Raised { new, key })
    }
}

/// What to change: an absent field stays, an explicit null clears.
#[derive(InputObject)]
pub struct UpdateDemandInput {
    /// The demand's id.
    id: ID,
    /// Refuse with `STALE_VERSION` unless this is its version.
    expected_version: Option<i32>,
    /// One line of at most 250 characters.
    title: MaybeUndefined<String>,
    /// What it is about; up to 20,000 characters.
    description: MaybeUndefined<String>,
    /// How it comes about.
    kind: MaybeUndefined<DemandKind>,
    /// The outcome that it is for: one of the customer, or of a customer above or below it.
    outcome_id: MaybeUndefined<ID>,
    /// The service that answers it; not a retired one.
    service_id: MaybeUndefined<ID>,
    /// How many people or units; 1 or more.
    quantity: MaybeUndefined<i32>,
    /// What meeting it is worth, per month, in the reporting currency: 0 or more, at most 4 decimal places.
    value_per_month: MaybeUndefined<Decimal>,
    /// Person-days: above 0, at most 1,000,000 and at most 4 decimal places.
    effort: MaybeUndefined<Decimal>,
}

impl UpdateDemandInput {
    fn into_patch(self) -> DemandPatch {
        DemandPatch {
            title: self.title.into(),
            description: self.description.into(),
            kind: Patch::from(self.kind).map(Into::into),
            outcome_id: Patch::from(self.outcome_id).map(|id| id.0),
            service_id: Patch::from(self.service_id).map(|id| id.0),
            quantity: self.quantity.into(),
            value_per_month: Patch::from(self.value_per_month).map(|value| value.0),
            effort: Patch::from(self.effort).map(|days| days.0),
        }
    }
}

/// Whose support for which demand.
#[derive(InputObject)]
pub struct SupportDemandInput {
    /// The demand's id.
    id: ID,
    /// The viewer's own person where absent; others are for those who work on demands.
    person_id: Option<ID>,
}

/// A step with a demand.
#[derive(InputObject)]
pub struct DemandStepInput {
    /// The demand's id.
    id: ID,
    /// Refuse with `STALE_VERSION` unless this is its version.
    expected_version: Option<i32>,
}

/// What answers a demand.
#[derive(InputObject)]
pub struct MeetDemandInput {
    /// The demand's id.
    id: ID,
    /// The service that answers it; not a retired one.
    service_id: ID,
    /// Refuse with `STALE_VERSION` unless this is its version.
    expected_version: Option<i32>,
}

/// A no.
#[derive(InputObject)]
pub struct DeclineDemandInput {
    /// The demand's id.
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

/// What became of a demand.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct DemandPayload {
    /// The demand as it is now; null where it was refused.
    demand: Option<DemandNode>,
    /// True where a demand that was raised earlier with this key is returned.
    replayed: bool,
    /// Why nothing was done; empty where it was.
    user_errors: Vec<UserError>,
}

impl DemandPayload {
    fn new(ctx: &Context<'_>, result: Result<(Demand, bool), UserErrors>) -> Self {
        match result {
            Ok((demand, replayed)) => Self {
                demand: Some(shown(ctx, demand)),
                replayed,
                user_errors: Vec::new(),
            },
            Err(refusals) => Self {
                demand: None,
                replayed: false,
                user_errors: user_errors(refusals),
            },
        }
    }
}

#[ComplexObject]
impl DemandPayload {
    /// Other open demands that say much the same, among those that the viewer may see: perhaps it was raised already. At most 5, those that have
    /// most in common first; none where nothing was done, nor where they can't be looked for, as just after a start: what was done is told
    /// anyway.
    async fn similar_demands(&self, ctx: &Context<'_>) -> List<DemandNode> {
        let Some(demand) = self.demand.as_ref().map(|node| &node.0.0) else {
            return List(Vec::new());
        };
        let said = Said {
            title: &demand.title,
            description: demand.description.as_deref(),
        };
        let found = similar(ctx, said, None, Some(demand.id), similar::DEFAULT).await;
        found.unwrap_or_else(|error| {
            tracing::warn!(error = error.message, "can't look for similar demands");
            List(Vec::new())
        })
    }
}

/// Changes of demands.
#[derive(Default)]
pub struct DemandMutations;

#[Object]
impl DemandMutations {
    /// Says what a customer needs, wishes for or is driven by. User errors: `INVALID`, `NOT_FOUND`, `IDEMPOTENCY_CONFLICT`.
    async fn raise_demand(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to raise.")] input: RaiseDemandInput,
    ) -> Result<DemandPayload> {
        let party = Party::of(ctx.data_unchecked::<Viewer>());
        let raised = match input.into_raised(&party.subject) {
            Ok(raised) => raised,
            Err(refusal) => return Ok(DemandPayload::new(ctx, Err(vec![refusal]))),
        };
        let replica = ctx.data_unchecked::<Replica>();
        let outcome = Box::pin(raise(replica, &author(ctx), &party, &raised)).await;
        let outcome = outcome.map_err(|error| not_written(&error))?;
        let result = outcome.map(|outcome| {
            note(ctx, outcome.sequence);
            (outcome.demand, outcome.replayed)
        });
        Ok(DemandPayload::new(ctx, result))
    }

    /// Changes what is said of a demand: an absent field stays, an explicit null clears. For who raised it while it is open, and for
    /// those who work on demands until it is met or declined. User errors: `INVALID`, `NOT_FOUND`, `STALE_VERSION`,
    /// `ILLEGAL_TRANSITION` (which names what can be done).
    async fn update_demand(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to change.")] input: UpdateDemandInput,
    ) -> Result<DemandPayload> {
        let (id, version) = (input.id.clone(), input.expected_version);
        take(ctx, &id, Action::Update(input.into_patch()), version).await
    }

    /// Wants it, too. Once per person: a second time changes nothing. User errors: `NOT_FOUND`, `ILLEGAL_TRANSITION` (which names
    /// what can be done), `INVALID` where the viewer is no person of the catalog.
    async fn support_demand(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and whose support.")] input: SupportDemandInput,
    ) -> Result<DemandPayload> {
        let person = input.person_id.map(|id| id.0);
        take(ctx, &input.id, Action::Support(person), None).await
    }

    /// Doesn't want it any more; where the person did not support it nothing changes. User errors: as with `supportDemand`.
    async fn withdraw_demand_support(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and whose support.")] input: SupportDemandInput,
    ) -> Result<DemandPayload> {
        let person = input.person_id.map(|id| id.0);
        take(ctx, &input.id, Action::WithdrawSupport(person), None).await
    }

    /// Decides to meet it. User errors: `NOT_FOUND`, `STALE_VERSION`, `ILLEGAL_TRANSITION` (which names what can be done).
    async fn plan_demand(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] input: DemandStepInput,
    ) -> Result<DemandPayload> {
        take(ctx, &input.id, Action::Plan, input.expected_version).await
    }

    /// Needs the service that answers it. User errors: `NOT_FOUND`, `STALE_VERSION`, `ILLEGAL_TRANSITION` (which names what can be
    /// done), `INVALID`.
    async fn meet_demand(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and by what.")] input: MeetDemandInput,
    ) -> Result<DemandPayload> {
        let action = Action::Meet(input.service_id.0);
        take(ctx, &input.id, action, input.expected_version).await
    }

    /// Says no, with an explanation and, where there is one, another way. User errors: `NOT_FOUND`, `STALE_VERSION`,
    /// `ILLEGAL_TRANSITION` (which names what can be done), `INVALID`.
    async fn decline_demand(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and why.")] input: DeclineDemandInput,
    ) -> Result<DemandPayload> {
        let decline = WantedDecline {
            reason: input.reason.into(),
            explanation: input.explanation,
            alternative: input.alternative_offering_id.map(|id| id.0),
            revisit_on: input.revisit_on.map(|day| day.0),
        };
        let action = Action::Decline(decline);
        take(ctx, &input.id, action, input.expected_version).await
    }

    /// Disputes an end (met or declined): back to OPEN; one's own too. What was said to meet it answers it no longer. User errors:
    /// `NOT_FOUND`, `STALE_VERSION`, `ILLEGAL_TRANSITION` (which names what can be done).
    async fn reopen_demand(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] input: DemandStepInput,
    ) -> Result<DemandPayload> {
        take(ctx, &input.id, Action::Reopen, input.expected_version).await
    }
}

async fn take(
    ctx: &Context<'_>,
    id: &str,
    action: Action,
    expected_version: Option<i32>,
) -> Result<DemandPayload> {
    let wanted = Wanted {
        action,
        expected_version,
    };
    let replica = ctx.data_unchecked::<Replica>();
    let party = Party::of(ctx.data_unchecked::<Viewer>());
    let (visible, author) = (visible(ctx), author(ctx));
    let who = (&visible, &party);
    let taken = Box::pin(moves::take(replica, &author, who, id, &wanted)).await;
    let taken = taken.map_err(|error| not_written(&error))?;
    let result = taken.map(|moved| {
        note(ctx, moved.sequence);
        (moved.demand, false)
    });
    Ok(DemandPayload::new(ctx, result))
}

fn note(ctx: &Context<'_>, sequence: Option<i64>) {
    if let Some(sequence) = sequence {
        ctx.data_unchecked::<RequestCatalog>().committed(sequence);
    }
}
