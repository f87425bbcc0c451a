//! Subscriptions to what becomes of promises.

use std::future::ready;
use std::sync::Arc;

use async_graphql::{Context, ID, Result, SimpleObject, Subscription, Union};
use futures_util::stream::{self, BoxStream, StreamExt, TryStreamExt};

use super::graphql::{RequestNode, request};
use crate::catalog::teams::rules::Team;
use crate::changes::store::{Change, ChangeFilter};
use crate::changes::subscription::open;
use crate::shared::direct::Direct;
use crate::shared::graphql::filter_id;
use crate::shared::ids::Id;
use crate::shared::live::{Event, Stage};
use crate::shared::request::RequestCatalog;
use crate::shared::subject::WorkType;
use crate::slas::clocks::graphql::{ClockNode, clock};

/// What work is about.
#[derive(Union)]
pub enum WorkSubject {
    /// What somebody asked for.
    ServiceRequest(RequestNode),
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
    /// A clock became at risk or was missed, of a request that the viewer may see. Errors: `BAD_USER_INPUT` for what is no id of
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
                    types: Some(vec![WorkType::ServiceRequest.to_string()]),
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
    let change = event.get::<Arc<Change>>();
    let key = change.and_then(|change| change.subject.as_work(WorkType::ServiceRequest));
    let (Some(key), Some(place)) = (key, clock_of(event)) else {
        return Ok(None);
    };
    let Some(Direct(request)) = request(ctx, key).await? else {
        return Ok(None);
    };
    let is_of_team = team.is_none_or(|team| {
        let catalog = ctx.data_unchecked::<RequestCatalog>().whole();
        let service = catalog.get(request.0.service_id);
        service.is_some_and(|service| service.team_id == Some(team))
    });
    if !is_of_team {
        return Ok(None);
    }
    let clock = clock(ctx, (key, place), Arc::new(request.clone())).await?;
    Ok(clock.map(|clock| SlaWarning {
        clock,
        subject: WorkSubject::ServiceRequest(Direct(request)),
    }))
}

/// Which of its subject's clocks a change warns of.
fn clock_of(event: &Event) -> Option<i64> {
    let change = event.get::<Arc<Change>>()?;
    let mut fields = change.diff.as_object()?.iter();
    let (_, warning) = fields.find(|(name, _)| name.starts_with("slaClocks."))?;
    warning.get("clock")?.as_i64()
}
