//! The worklist in the API.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::{ComplexObject, Context, Enum, ID, InputObject, Object, Result, SimpleObject};
use futures_util::future::try_join4;
use jiff::Timestamp;
use rust_decimal::Decimal;
use uuid::Uuid;

use super::ranking::{Candidate, Cause, Ranked, Ranking, Wanted};
use super::rules::{Kind, Rank, Weights, hourly};
use super::store::CountDemands;
use super::words::{Promises, Reason, Teller};
use crate::catalog::customers::rules::Customer;
use crate::catalog::teams::rules::Team;
use crate::config::InsightSettings;
use crate::demand::rules::Demand;
use crate::incidents::graphql::IncidentFields;
use crate::incidents::rules::Incident;
use crate::insight::language::{Figures, Language};
use crate::requests::rules::ServiceRequest;
use crate::shared::connection::{Connection, PageArgs, connection};
use crate::shared::direct::Direct;
use crate::shared::graphql::{Currency, Money, bad_input, filter_id, unreadable};
use crate::shared::loads::{LoadError, Loads};
use crate::shared::paging::{OrderKey, Page, Position, Take};
use crate::shared::request::RequestCatalog;
use crate::shared::scalars::DateTime;
use crate::slas::clocks::rules::StoredClock;
use crate::slas::clocks::store::ClocksOf;
use crate::snapshot::Catalog;
use crate::warnings::WorkSubject;
use crate::{demand, incidents, requests};

/// What to do first. Sorted by what an hour of waiting costs the business, then by the clock that ends first.
#[derive(SimpleObject)]
#[graphql(serial, complex)]
pub struct WorkItem {
    /// What is to be done.
    subject: WorkSubject,
    /// What an hour of waiting costs.
    value_per_hour: Direct<Money>,
    /// When the SLA clock that ends first is due; null where none runs.
    due_at: Option<DateTime>,
    /// Whether a promise is at risk and not broken yet.
    at_risk: bool,
    /// Whether a promise is broken; another may still be due.
    breached: bool,
    #[graphql(skip)]
    reasons: Vec<Reason>,
}

#[ComplexObject]
impl WorkItem {
    /// The ranking in words and figures, most weighty first: what waiting costs, how the promises stand, and what that rests on.
    async fn reasons(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "In which language; names stay as they are.", default)] language: Language,
    ) -> Vec<String> {
        let currency = &ctx.data_unchecked::<Currency>().0;
        let figures = Figures { language, currency };
        let reasons = self.reasons.iter();
        reasons.map(|reason| reason.said(figures)).collect()
    }
}

/// What sort of work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "Kind")]
pub enum WorkKind {
    /// What is broken.
    Incident,
    /// What somebody asked for.
    #[graphql(name = "SERVICE_REQUEST")]
    Request,
    /// What somebody needs.
    Demand,
}

/// Which work; every condition that is given must hold.
#[derive(Default, InputObject)]
pub struct WorklistFilter {
    /// Of services that this team delivers: requests of them, incidents that break one of them, demands that one of them is to
    /// answer.
    team_id: Option<ID>,
    /// What concerns this customer: their requests and demands, and incidents of whose impact they are.
    customer_id: Option<ID>,
    /// Of these kinds.
    kinds: Option<Vec<WorkKind>>,
}

/// Share of a service's outage impact that a request of this priority stands for, from 0 to 1; absent: as configured.
#[derive(Default, InputObject)]
pub struct WorklistWeightsInput {
    /// Of P1; 0.10 unless configured.
    p1: Option<f64>,
    /// Of P2; 0.03 unless configured.
    p2: Option<f64>,
    /// Of P3; 0.01 unless configured.
    p3: Option<f64>,
    /// Of P4; 0.003 unless configured.
    p4: Option<f64>,
}

impl WorklistWeightsInput {
    /// Over those that are configured.
    fn over(self, configured: Weights) -> Result<Weights> {
        let mut weights = configured;
        let given = [
            ("p1", self.p1),
            ("p2", self.p2),
            ("p3", self.p3),
            ("p4", self.p4),
        ];
        for (weight, (name, given)) in weights.0.iter_mut().zip(given) {
            if let Some(given) = given {
                *weight = share(name, given)?;
            }
        }
        Ok(weights)
    }
}

fn share(name: &str, given: f64) -> Result<Decimal> {
    let refused = || {
        bad_input(format!(
            "`weights.{name}` is {given}; it must be between 0 and 1"
        ))
    };
    Weights::share(given).ok_or_else(refused)
}

/// Queries for what to do first.
#[derive(Default)]
pub struct WorklistQueries;

/// The name of the ranking's order, in cursors.
const SEQUENCE: &str = "WORTH";

#[Object]
impl WorklistQueries {
    /// What to do first: everything open, the most costly to wait for first; of what costs the same what is due first, then by
    /// number. `weights` tries another weighting without saving it.
    ///
    /// The ranking moves as time passes. A cursor is a place in it, by value, due instant and number, not a piece of work: a page is
    /// what is behind that place now. So pages read one after the other have nothing twice and leave out nothing that kept its
    /// place; what has become more urgent than what was read already is seen by whoever reads from the beginning again. Errors:
    /// `BAD_USER_INPUT` for a bad page size, cursor, id or weight.
    async fn worklist(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which work; all where absent.")] filter: Option<WorklistFilter>,
        #[graphql(desc = "Other weights than those that are configured.")] weights: Option<
            WorklistWeightsInput,
        >,
        #[graphql(desc = "At most so many from the front; 25 where nothing is said, 100 at most.")]
        first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
    ) -> Result<Connection<WorkItem>> {
        let filter = filter.unwrap_or_default();
        let configured = ctx.data_unchecked::<InsightSettings>().weights;
        let wanted = Wanted {
            team: filter_id::<Team>("teamId", filter.team_id)?,
            customer: filter_id::<Customer>("customerId", filter.customer_id)?,
            kinds: filter
                .kinds
                .map(|kinds| kinds.into_iter().map(Kind::from).collect()),
            weights: weights.unwrap_or_default().over(configured)?,
        };
        let args = PageArgs {
            first,
            after,
            ..PageArgs::default()
        };
        worklist(ctx, &wanted, &args).await
    }
}

async fn worklist(
    ctx: &Context<'_>,
    wanted: &Wanted,
    args: &PageArgs,
) -> Result<Connection<WorkItem>> {
    let window = args.window(SEQUENCE)?;
    let after = window.after.as_ref().map(place).transpose()?;
    let (Take::First(count) | Take::Last(count)) = window.take;
    let request = ctx.data_unchecked::<RequestCatalog>();
    let catalog = Arc::clone(&request.whole());
    let ranking = Ranking {
        loads: ctx.data_unchecked::<Loads>(),
        catalog: &catalog,
        moment: request.moment(),
        wanted,
    };
    let failed = |error: LoadError| unreadable(&error);
    let Ranked { mut first, total } = ranking.first(after, count + 1).await.map_err(failed)?;
    let has_next = first.len() > count;
    first.truncate(count);
    let total = total + count_demands(ctx, &ranking).await.map_err(failed)?;
    let positions = first
        .iter()
        .map(|it| (OrderKey::Text(it.rank.written().into()), it.key));
    let page = Page {
        items: positions.collect(),
        has_previous: after.is_some(),
        has_next,
    };
    let shown = Shown::load(ctx, &first).await.map_err(failed)?;
    let items = first.into_iter().filter_map(|it| {
        let key = it.key;
        Some((key, shown.item(ctx, (&catalog, &wanted.weights), it)?))
    });
    let items: RefCell<HashMap<Uuid, WorkItem>> = RefCell::new(items.collect());
    let item = |key| items.borrow_mut().remove(&key);
    let total = usize::try_from(total)?;
    Ok(connection(SEQUENCE, page, item, move || total))
}

/// The place that a cursor holds.
fn place((key, _): &Position) -> Result<Rank> {
    let rank = match key {
        OrderKey::Text(text) => Rank::read(text),
        OrderKey::Number(_) | OrderKey::NumberThenText(..) => None,
    };
    rank.ok_or_else(|| bad_input("`after` is not a cursor of this API"))
}

/// How many demands there are, where somebody asks how long the list is.
async fn count_demands(ctx: &Context<'_>, ranking: &Ranking<'_>) -> Result<u64, LoadError> {
    if !ctx.look_ahead().field("totalCount").exists() {
        return Ok(0);
    }
    let Some(which) = ranking.demands_wanted() else {
        return Ok(0);
    };
    ranking.loads.ask(CountDemands(which), ()).await
}

/// What is to be shown of a page's work.
struct Shown {
    incidents: HashMap<Uuid, Incident>,
    requests: HashMap<Uuid, ServiceRequest>,
    demands: HashMap<Uuid, Demand>,
    clocks: HashMap<Uuid, Vec<StoredClock>>,
}

impl Shown {
    async fn load(ctx: &Context<'_>, page: &[Candidate]) -> Result<Self, LoadError> {
        let loads = ctx.data_unchecked::<Loads>();
        let of = |kind: Kind| -> Vec<Uuid> {
            let of_kind = page.iter().filter(|it| it.rank.kind == kind);
            of_kind.map(|it| it.key).collect()
        };
        let (broken, asked) = (of(Kind::Incident), of(Kind::Request));
        let needed = of(Kind::Demand);
        let with_clocks: Vec<Uuid> = broken.iter().chain(&asked).copied().collect();
        let (incidents, requests, clocks, demands) = try_join4(
            loads.ask_all(&incidents::store::ById, broken.iter().copied()),
            loads.ask_all(&requests::store::ById, asked.iter().copied()),
            loads.ask_all(&ClocksOf, with_clocks.iter().copied()),
            loads.ask_all(&demand::store::ById, needed),
        )
        .await?;
        Ok(Self {
            incidents: incidents
                .into_iter()
                .flatten()
                .map(|it| (it.id, it))
                .collect(),
            requests: requests
                .into_iter()
                .flatten()
                .map(|it| (it.id, it))
                .collect(),
            demands: demands
                .into_iter()
                .flatten()
                .map(|it| (it.id, it))
                .collect(),
            clocks: with_clocks.into_iter().zip(clocks).collect(),
        })
    }

    /// A piece of work with its reasons; none where it is gone.
    fn item(
        &self,
        ctx: &Context<'_>,
        (catalog, weights): (&Catalog, &Weights),
        candidate: Candidate,
    ) -> Option<WorkItem> {
        let now = ctx.data_unchecked::<RequestCatalog>().moment();
        let teller = Teller { catalog, now };
        let key = candidate.key;
        let at_risk = self.is_at_risk(key, now);
        let broken_at = self.broken_at(key, now);
        let promises = |due_at| Promises {
            due_at,
            broken_at,
            at_risk,
        };
        let (subject, value, due_at, reasons) = match candidate.cause {
            Cause::Incident {
                services,
                severity,
                impact,
            } => {
                let incident = self.incidents.get(&key)?.clone();
                let due_at = incident.due_at;
                let told = promises(due_at);
                let reasons = teller.incident((&services, severity), &impact, told);
                let subject = WorkSubject::Incident(Direct(IncidentFields(incident)));
                (subject, impact.value_per_hour, due_at, reasons)
            }
            Cause::Request {
                service,
                priority,
                impact,
            } => {
                let request = self.requests.get(&key)?.clone();
                let due_at = request.due_at;
                let told = promises(due_at);
                let reasons = teller.request((service, priority), (weights, &impact), told);
                let value = weights.value(priority, impact.value_per_hour);
                let subject = WorkSubject::ServiceRequest(requests::graphql::shown(ctx, request));
                (subject, value, due_at, reasons)
            }
            Cause::Demand(value_per_month) => {
                let demand = self.demands.get(&key)?.clone();
                let reasons = teller.demand(&demand);
                let subject = WorkSubject::Demand(demand::graphql::shown(ctx, demand));
                (subject, hourly(value_per_month), None, reasons)
            }
        };
        Some(WorkItem {
            subject,
            value_per_hour: Direct(Money(value)),
            due_at: due_at.map(DateTime),
            at_risk,
            breached: broken_at.is_some(),
            reasons,
        })
    }

    /// When the first promise was broken, if one was.
    fn broken_at(&self, key: Uuid, now: Timestamp) -> Option<Timestamp> {
        let clocks = self.clocks.get(&key)?.iter();
        let broken = clocks.filter_map(|clock| {
            let breach = clock.breaches_at.filter(|at| *at < now);
            breach.or(clock.breached_at)
        });
        broken.min()
    }

    fn is_at_risk(&self, key: Uuid, now: Timestamp) -> bool {
        let clocks = self.clocks.get(&key);
        clocks.is_some_and(|clocks| clocks.iter().any(|clock| clock.is_at_risk(now)))
    }
}
