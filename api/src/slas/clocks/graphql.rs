//! Clocks in the API.

use std::sync::Arc;

use async_graphql::{Context, Enum, Object, Result};
use futures_util::future::BoxFuture;
use sea_orm::DbErr;
use uuid::Uuid;

use super::calendars::{Compiled, ContentHash, Contents};
use super::rules::{Standing, StoredClock, Story};
use super::store::ClocksOf;
use crate::shared::budget::Budget;
use crate::shared::direct::{Direct, List};
use crate::shared::error_code::ErrorCode;
use crate::shared::graphql::{internal, unreadable};
use crate::shared::loads::Loads;
use crate::shared::request::RequestCatalog;
use crate::shared::scalars::{DateTime, Duration};
use crate::slas::agreements::graphql::TargetNode;
use crate::slas::agreements::target::SlaMetric;
use crate::slas::clock::{self, ClockState, Interval};
use crate::snapshot::Replica;

/// Who knows what happened to the subject of clocks.
pub trait Chronicle: Send + Sync {
    /// What clocks of a metric hear.
    fn story<'a>(&'a self, ctx: &'a Context<'_>, metric: SlaMetric)
    -> BoxFuture<'a, Result<Story>>;
}

/// The clocks of a request or an incident.
pub async fn clocks(
    ctx: &Context<'_>,
    subject: Uuid,
    chronicle: Arc<dyn Chronicle>,
) -> Result<List<ClockNode>> {
    Ok(shown(ctx, subject, chronicle).await?.into_iter().collect())
}

/// One of them, by its place.
pub async fn clock(
    ctx: &Context<'_>,
    (subject, place): (Uuid, i64),
    chronicle: Arc<dyn Chronicle>,
) -> Result<Option<ClockNode>> {
    let mut clocks = shown(ctx, subject, chronicle).await?.into_iter();
    Ok(clocks.find(|Direct(fields)| i64::from(fields.clock.place) == place))
}

async fn shown(
    ctx: &Context<'_>,
    subject: Uuid,
    chronicle: Arc<dyn Chronicle>,
) -> Result<Vec<ClockNode>> {
    let loads = ctx.data_unchecked::<Loads>();
    let clocks = loads.ask(ClocksOf, subject).await;
    let clocks = clocks.map_err(|error| unreadable(&error))?;
    let counting = clocks.iter().filter_map(StoredClock::counting_calendar);
    let compiled = compiled(ctx, counting.cloned()).await?;
    let now = ctx.data_unchecked::<RequestCatalog>().moment();
    let nodes = clocks.into_iter().map(|clock| {
        let calendar = clock.counting_calendar().and_then(|it| compiled.get(it));
        let standing = clock.at(now, calendar.map(|it| &**it));
        Direct(ClockFields {
            standing,
            chronicle: Arc::clone(&chronicle),
            clock,
        })
    });
    Ok(nodes.collect())
}

/// The contents of calendars, those that are new to this process from the database.
async fn compiled(
    ctx: &Context<'_>,
    hashes: impl Iterator<Item = ContentHash>,
) -> Result<Compiled> {
    let contents = ctx.data_unchecked::<Replica>().calendars();
    let (mut compiled, unknown) = contents.met(hashes);
    if unknown.is_empty() {
        return Ok(compiled);
    }
    let loads = ctx.data_unchecked::<Loads>();
    let question = Contents(contents.clone());
    let loaded = loads.ask_all(&question, unknown.iter().cloned()).await;
    let loaded = loaded.map_err(|error| unreadable(&error))?;
    let loaded = unknown.into_iter().zip(loaded);
    compiled.extend(loaded.filter_map(|(hash, open_time)| Some((hash, open_time?))));
    Ok(compiled)
}

/// A promise being kept, or not, for one request or incident.
pub type ClockNode = Direct<ClockFields>;

/// A promise being kept, or not, for one request or incident.
pub struct ClockFields {
    clock: StoredClock,
    standing: Standing,
    chronicle: Arc<dyn Chronicle>,
}

/// A promise being kept, or not, for one request or incident. All that depends on the time is told for one instant, that of the
/// answer.
#[Object(name = "SlaClock", serial)]
impl ClockFields {
    /// What was promised, as it stood when it was chosen; the last one where the priority was changed.
    async fn target(&self) -> Result<TargetNode> {
        let chosen = self.clock.chosen();
        let target = chosen.map(|chosen| chosen.target.clone().into());
        target.ok_or_else(|| internal(&DbErr::RecordNotFound("a target".to_owned())))
    }

    /// How it stands.
    async fn state(&self) -> SlaClockState {
        self.standing.state.into()
    }

    /// When it started: with the submission, or with the incident.
    async fn started_at(&self) -> DateTime {
        DateTime(self.clock.started_at)
    }

    /// When all of the present target's `within` is used up if nothing changes, or was, where the clock runs on; null while
    /// paused or ended. A clock that was breached by the target of a former priority stays breached, and this may yet be to
    /// come: `breachedAt` says when it was.
    async fn due_at(&self) -> Option<DateTime> {
        self.clock.due_at.map(DateTime)
    }

    /// Open time used so far.
    async fn elapsed(&self) -> Duration {
        Duration(self.standing.elapsed)
    }

    /// Open time left of the present target's `within`; below zero where more was used. Where the target of a former priority
    /// was breached, some may be left of the present one.
    async fn remaining(&self) -> Duration {
        Duration(self.standing.remaining)
    }

    /// Whether the share of `within` that the target warns at is used up, and it is neither breached nor ended.
    async fn at_risk(&self) -> bool {
        self.standing.at_risk
    }

    /// Whether more was used than was promised; never undone.
    async fn breached(&self) -> bool {
        self.standing.breached
    }

    /// When it was breached; null where it was not.
    async fn breached_at(&self) -> Option<DateTime> {
        let at = self.clock.breaches_at.or(self.clock.breached_at);
        at.filter(|_| self.standing.breached).map(DateTime)
    }

    /// When it ended; null while it runs or waits.
    async fn ended_at(&self) -> Option<DateTime> {
        self.clock.ended_at.map(DateTime)
    }

    /// How `elapsed` came about: every interval since the start, counted or not, and why. Adjacent, no gaps; the counted ones
    /// add up to `elapsed`. Errors: `QUERY_TOO_COMPLEX` where there are more than the answer has room for.
    async fn explain(&self, ctx: &Context<'_>) -> Result<List<IntervalNode>> {
        let story = self.chronicle.story(ctx, self.clock.metric).await?;
        let compiled = compiled(ctx, self.clock.calendars()).await?;
        let now = ctx.data_unchecked::<RequestCatalog>().moment();
        // Many years take a while. Between one clock and the next others have a turn, and the time limit is looked at.
        ctx.data_unchecked::<Loads>().pause().await;
        let budget = ctx.data_unchecked::<Budget>();
        let left = usize::try_from(budget.left()).unwrap_or(usize::MAX);
        let intervals = match left {
            0 => None,
            most => self.clock.explain(&story, &compiled, (now, most)),
        };
        let intervals = intervals
            .ok_or_else(|| ErrorCode::QueryTooComplex.error(budget.overspent().to_string()))?;
        let nodes = intervals.into_iter().map(|it| Direct(IntervalFields(it)));
        Ok(nodes.collect())
    }
}

/// A part of a clock's course.
pub type IntervalNode = Direct<IntervalFields>;

/// A part of a clock's course.
pub struct IntervalFields(Interval);

/// A part of a clock's course.
#[Object(name = "SlaInterval", serial)]
impl IntervalFields {
    /// Its first instant.
    async fn from(&self) -> DateTime {
        DateTime(self.0.from)
    }

    /// The instant at which it is over.
    async fn until(&self) -> DateTime {
        DateTime(self.0.until)
    }

    /// Whether it is part of `elapsed`.
    async fn counted(&self) -> bool {
        self.0.counted
    }

    /// Why, or why not.
    async fn reason(&self) -> SlaIntervalReason {
        self.0.reason.into()
    }
}

/// How a clock stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "ClockState")]
pub enum SlaClockState {
    /// Open time counts.
    Running,
    /// It waits.
    Paused,
    /// It ended, and the promise was kept.
    Met,
    /// The promise was broken, whatever happened since: it may still run, wait, or have ended.
    Missed,
    /// It ended without an answer to whether the promise was kept.
    Cancelled,
}

/// Why a part of a clock's course counted or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "clock::IntervalReason")]
pub enum SlaIntervalReason {
    /// It counted: the service was attended, and nothing was waited for.
    Open,
    /// The service is not attended at that hour.
    OutsideHours,
    /// The day was a holiday.
    Holiday,
    /// The customer had to answer, whatever the hour and the approval.
    WaitingOnCustomer,
    /// An approval was missing, whatever the hour.
    WaitingForApproval,
    /// Between an end and a reopening.
    Ended,
}
