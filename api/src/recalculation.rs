//! The one mutation about requests and incidents alike: giving their clocks what the catalog promises now.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};

use crate::incidents::graphql::{IncidentFields, IncidentNode};
use crate::incidents::recalculation as incidents;
use crate::requests::graphql::shown;
use crate::requests::recalculation as requests;
use crate::schema::Node;
use crate::shared::direct::{Direct, List};
use crate::shared::errors::{UserError as Refusal, UserErrorCode};
use crate::shared::graphql::{UserError, author, bad_input, internal, not_written, user_errors};
use crate::shared::request::RequestCatalog;
use crate::shared::subject::{SubjectRef, SubjectType, WorkType};
use crate::snapshot::Replica;

/// How many are recalculated at once.
const MOST_AT_ONCE: usize = 100;

/// Whose clocks to recalculate.
#[derive(InputObject)]
pub struct RecalculateSlaClocksInput {
    /// The ids of requests and incidents, at most 100; each has its own result.
    subject_ids: Vec<ID>,
}

/// What became of the clocks of one request or incident.
#[derive(SimpleObject)]
pub struct SlaRecalculation {
    /// The request or incident with its clocks as they are now; null where it was refused.
    subject: Option<Node>,
    /// Whether anything else is promised than before.
    changed: bool,
    /// Why nothing was looked at; empty where it was.
    user_errors: Vec<UserError>,
}

/// What became of several recalculations.
#[derive(SimpleObject)]
pub struct RecalculateSlaClocksPayload {
    /// What became of each, in the order of the input.
    results: List<Direct<SlaRecalculation>>,
    /// Why none was looked at; empty where each has its own result.
    user_errors: Vec<UserError>,
}

/// Recalculations.
#[derive(Default)]
pub struct RecalculationMutations;

#[Object]
impl RecalculationMutations {
    /// Gives the clocks of open requests and incidents what the catalog promises now: targets and calendars are chosen anew as of
    /// the day on which the clock started, and all that happened is measured again by them. Without it edits of agreements and
    /// calendars don't reach clocks that are running. A clock that has ended stays as it was judged, and a breach stays a
    /// breach. User errors: `NOT_FOUND`. Errors: `BAD_USER_INPUT` for more than 100 ids.
    async fn recalculate_sla_clocks(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose clocks.")] input: RecalculateSlaClocksInput,
    ) -> Result<RecalculateSlaClocksPayload> {
        let count = input.subject_ids.len();
        if count > MOST_AT_ONCE {
            return Err(bad_input(format!(
                "`subjectIds` has {count} entries; at most {MOST_AT_ONCE} are taken at once"
            )));
        }
        // The catalog as the database has it, whoever has edited it.
        let replica = ctx.data_unchecked::<Replica>();
        let caught_up = Box::pin(replica.catch_up()).await;
        caught_up.map_err(|error| internal(&error))?;
        let mut results = Vec::with_capacity(count);
        for (place, id) in input.subject_ids.iter().enumerate() {
            results.push(Direct(Box::pin(recalculate(ctx, place, id)).await?));
        }
        Ok(RecalculateSlaClocksPayload {
            results: results.into_iter().collect(),
            user_errors: Vec::new(),
        })
    }
}

async fn recalculate(ctx: &Context<'_>, place: usize, id: &str) -> Result<SlaRecalculation> {
    let Some((subject, sequence)) = node(ctx, id).await? else {
        return Ok(unknown(place, id));
    };
    if let Some(sequence) = sequence {
        ctx.data_unchecked::<RequestCatalog>().committed(sequence);
    }
    Ok(SlaRecalculation {
        subject: Some(subject),
        changed: sequence.is_some(),
        user_errors: Vec::new(),
    })
}

/// The request or incident with its clocks as they are now, and the last change of them; none where there is none.
async fn node(ctx: &Context<'_>, id: &str) -> Result<Option<(Node, Option<i64>)>> {
    let (replica, author) = (ctx.data_unchecked::<Replica>(), author(ctx));
    let Ok(SubjectRef {
        kind: SubjectType::Work(kind),
        id,
    }) = id.parse()
    else {
        return Ok(None);
    };
    match kind {
        WorkType::ServiceRequest => {
            let done = Box::pin(requests::recalculate(replica, &author, id)).await;
            let done = done.map_err(|error| not_written(&error))?;
            Ok(done.map(|done| (Node::from(shown(ctx, done.request)), done.sequence)))
        }
        WorkType::Incident => {
            let done = Box::pin(incidents::recalculate(replica, &author, id)).await;
            let done = done.map_err(|error| not_written(&error))?;
            Ok(done.map(|done| {
                let node: IncidentNode = Direct(IncidentFields(done.incident));
                (Node::from(node), done.sequence)
            }))
        }
        WorkType::WebhookEndpoint | WorkType::Demand | WorkType::Feedback => Ok(None),
    }
}

fn unknown(place: usize, id: &str) -> SlaRecalculation {
    let refusal = Refusal::at(
        UserErrorCode::NotFound,
        &["subjectIds", &place.to_string()],
        format!("no service request or incident has the id {id:?}"),
    );
    SlaRecalculation {
        subject: None,
        changed: false,
        user_errors: user_errors(vec![refusal]),
    }
}
