//! Reporting incidents and taking steps with them, in the API.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};

use super::graphql::{IncidentFields, IncidentNode, Severity};
use super::moves;
use super::report::{Reported, report};
use super::reporting::Report;
use super::rules::{Incident, Step};
use super::steps::Wanted;
use crate::shared::direct::Direct;
use crate::shared::errors::{UserError as Refusal, UserErrors};
use crate::shared::graphql::{UserError, author, not_written, user_errors};
use crate::shared::idempotency::Key;
use crate::shared::request::RequestCatalog;
use crate::shared::scalars::DateTime;
use crate::snapshot::Replica;

/// What to report.
#[derive(InputObject)]
pub struct ReportIncidentInput {
    /// One line of at most 250 characters.
    title: String,
    /// How much of the services is lost.
    severity: Severity,
    /// What it breaks: 1 to 100 services that are not retired, each once.
    service_ids: Vec<ID>,
    /// When it began; now where absent. Not before 2000, and not in the future: up to 5 minutes ahead, by a clock that is
    /// fast, count as now.
    started_at: Option<DateTime>,
    /// Same key and input from the same subject: the first incident is returned, and nothing is reported again. Kept for at
    /// least 24 h. At most 250 characters.
    idempotency_key: Option<String>,
}

impl ReportIncidentInput {
    fn into_reported(self, subject: &str) -> Result<Reported, Refusal> {
        let report = Report {
            title: self.title,
            severity: self.severity.into(),
            service_ids: self.service_ids.into_iter().map(|id| id.0).collect(),
            started_at: self.started_at.map(|at| at.0),
        };
        let key = self.idempotency_key.map(|key| {
            let input = report.canonical();
            Key::new(subject, "reportIncident", &key, &input)
        });
        let key = key.transpose()?;
        Ok(Reported { report, key })
    }
}

/// What became of a report or a step.
#[derive(SimpleObject)]
pub struct IncidentPayload {
    /// The incident as it is now; null where nothing was done.
    incident: Option<IncidentNode>,
    /// True where an earlier report with this key is returned.
    replayed: bool,
    /// Why nothing was done; empty where it was.
    user_errors: Vec<UserError>,
}

impl IncidentPayload {
    fn new(result: Result<(Incident, bool), UserErrors>) -> Self {
        match result {
            Ok((incident, replayed)) => Self {
                incident: Some(Direct(IncidentFields(incident))),
                replayed,
                user_errors: Vec::new(),
            },
            Err(refusals) => Self {
                incident: None,
                replayed: false,
                user_errors: user_errors(refusals),
            },
        }
    }
}

/// A step with an incident.
#[derive(InputObject)]
pub struct IncidentStepInput {
    /// The incident's id.
    id: ID,
    /// In words, for its history; up to 20,000 characters.
    comment: Option<String>,
    /// Refuse with `STALE_VERSION` unless this is its version.
    expected_version: Option<i32>,
}

/// Changes of incidents.
#[derive(Default)]
pub struct IncidentMutations;

#[Object]
impl IncidentMutations {
    /// Reports that services are broken. Its SLA clocks start at `startedAt`. User errors: `INVALID`, `NOT_FOUND`,
    /// `IDEMPOTENCY_CONFLICT`.
    async fn report_incident(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to report.")] input: ReportIncidentInput,
    ) -> Result<IncidentPayload> {
        let author = author(ctx);
        let reported = match input.into_reported(&author.actor) {
            Ok(reported) => reported,
            Err(refusal) => return Ok(IncidentPayload::new(Err(vec![refusal]))),
        };
        let replica = ctx.data_unchecked::<Replica>();
        let outcome = Box::pin(report(replica, &author, &reported)).await;
        let outcome = outcome.map_err(|error| not_written(&error))?;
        Ok(IncidentPayload::new(outcome.map(|outcome| {
            note(ctx, outcome.sequence);
            (outcome.incident, outcome.replayed)
        })))
    }

    /// Says that somebody has taken it on: response clocks end. User errors: `NOT_FOUND`, `STALE_VERSION`, `ILLEGAL_TRANSITION`
    /// (which names what can be done), `INVALID`.
    async fn acknowledge_incident(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and why.")] input: IncidentStepInput,
    ) -> Result<IncidentPayload> {
        step(ctx, Step::Acknowledge, input).await
    }

    /// Says that it is over: all clocks end. User errors: `NOT_FOUND`, `STALE_VERSION`, `ILLEGAL_TRANSITION` (which names what can be
    /// done), `INVALID`.
    async fn resolve_incident(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and why.")] input: IncidentStepInput,
    ) -> Result<IncidentPayload> {
        step(ctx, Step::Resolve, input).await
    }

    /// Says something, for the incident's history. User errors: `NOT_FOUND`, `STALE_VERSION`, `INVALID`.
    async fn comment_on_incident(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and what.")] input: IncidentStepInput,
    ) -> Result<IncidentPayload> {
        step(ctx, Step::Comment, input).await
    }
}

async fn step(ctx: &Context<'_>, step: Step, input: IncidentStepInput) -> Result<IncidentPayload> {
    let wanted = Wanted {
        step,
        comment: input.comment,
        expected_version: input.expected_version,
    };
    let replica = ctx.data_unchecked::<Replica>();
    let taken = Box::pin(moves::take(replica, &author(ctx), &input.id, &wanted)).await;
    let taken = taken.map_err(|error| not_written(&error))?;
    Ok(IncidentPayload::new(taken.map(|moved| {
        note(ctx, moved.sequence);
        (moved.incident, false)
    })))
}

fn note(ctx: &Context<'_>, sequence: Option<i64>) {
    if let Some(sequence) = sequence {
        ctx.data_unchecked::<RequestCatalog>().committed(sequence);
    }
}
