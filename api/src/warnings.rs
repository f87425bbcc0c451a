//! Subscriptions to what becomes of promises, of requests and incidents alike.

use std::future::ready;
use std::sync::Arc;

use async_graphql::{Context, ID, Result, SimpleObject, Subscription, Union};
use futures_util::stream::{self, BoxStream, StreamExt, TryStreamExt};

use crate::catalog::services::rules::Service;
use crate::catalog::teams::rules::Team;
use crate::changes::store::{Change, ChangeFilter};
use crate::changes::subscription::open;
use crate::demand::graphql::DemandNode;
use crate::incidents::graphql::{IncidentNode, incident};
use crate::incidents::store::ServicesOf;
use crate::requests::graphql::{RequestNode, request};
use crate::shared::direct::Direct;
use crate::shared::graphql::{filter_id, unreadable};
use crate::shared::ids::Id;
use crate::shared::live::{Event, Stage};
use crate::shared::loads::Loads;
use crate::shared::request::RequestCatalog;
use crate::shared::subject::{SubjectType, WorkType};
use crate::slas::clocks::graphql::{Chronicle, ClockNode, clock};

/// What work is about.
#[derive(Union)]
pub enum WorkSubject {
    /// What somebody asked for.
    ServiceRequest(RequestNode),
    /// What is broken.
    Incident(IncidentNode),
    /// What a customer needs, wishes for or is driven by.
    Demand(DemandNode),
}

/// A clock that became at risk or was missed.
#[derive(SimpleObject)]
pub struct SlaWarning {
    /// The clock as it is now.
    clock: ClockNode,
    /// What it is about.
    subject: WorkSubject,
}

/// Subscriptions to warnings.
#[derive(Default)]
pub struct WarningSubscriptions;

#[Subscription]
impl WarningSubscriptions {
    /// A clock became at risk or was missed, of a request or an incident that the viewer may see. Errors: `BAD_USER_INPUT` for what is no id of
    /// a team.
    async fn sla_warnings(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only of services that this team delivers.")] team_id: Option<ID>,
    ) -> Result<BoxStream<'static, SlaWarning>> {
        let team = filter_id::<Team>("teamId", team_id)?;
        match Stage::of(ctx) {
            Stage::Opening(opening) => {
                let filter = ChangeFilter {
                    types: Some(vec![
                        WorkType::ServiceRequest.to_string(),
                        WorkType::Incident.to_string(),
                    ]),
                    ..ChangeFilter::default()
                };
                let source = open(ctx, filter, None).await?;
                let warnings = source.try_filter(|event| ready(clock_of(event).is_some()));
                opening.set(warnings.boxed());
                Ok(stream::empty().boxed())
            }
            Stage::Event(event) => {
                let warning = warning(ctx, event, team).await?;
                Ok(stream::iter(warning).boxed())
            }
        }
    }
}

/// What an event warns of; none where it is of another team, or not the viewer's to see any more.
async fn warning(
    ctx: &Context<'_>,
    event: &Event,
    team: Option<Id<Team>>,
) -> Result<Option<SlaWarning>> {
    let (Some(change), Some(place)) = (event.get::<Arc<Change>>(), clock_of(event)) else {
        return Ok(None);
    };
    let key = change.subject.id;
    let (subject, services, chronicle): (_, _, Arc<dyn Chronicle>) = match change.subject.kind {
        SubjectType::Work(WorkType::ServiceRequest) => {
            let Some(Direct(found)) = request(ctx, key).await? else {
                return Ok(None);
            };
            let subject = WorkSubject::ServiceRequest(Direct(found.clone()));
            (subject, vec![found.0.service_id], Arc::new(found))
        }
        SubjectType::Work(WorkType::Incident) => {
            let Some(Direct(found)) = incident(ctx, key).await? else {
                return Ok(None);
            };
            let loads = ctx.data_unchecked::<Loads>();
            let services = loads.ask(ServicesOf, key).await;
            let services = services.map_err(|error| unreadable(&error))?;
            let subject = WorkSubject::Incident(Direct(found.clone()));
            (subject, services, Arc::new(found))
        }
        _ => return Ok(None),
    };
    if team.is_some_and(|team| !delivers(ctx, team, &services)) {
        return Ok(None);
    }
    let clock = clock(ctx, (key, place), chronicle).await?;
    Ok(clock.map(|clock| SlaWarning { clock, subject }))
}

/// Whether a team delivers one of these services.
fn delivers(ctx: &Context<'_>, team: Id<Team>, services: &[Id<Service>]) -> bool {
    let catalog = ctx.data_unchecked::<RequestCatalog>().whole();
    let mut services = services.iter().filter_map(|service| catalog.get(*service));
    services.any(|service| service.team_id == Some(team))
}

/// Which of its subject's clocks a change warns of.
fn clock_of(event: &Event) -> Option<i64> {
    let change = event.get::<Arc<Change>>()?;
    let mut fields = change.diff.as_object()?.iter();
    let (_, warning) = fields.find(|(name, _)| name.starts_with("slaClocks."))?;
    warning.get("clock")?.as_i64()
}
