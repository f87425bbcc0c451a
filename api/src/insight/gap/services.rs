//! Services, and outcomes, that something is missing of.

use std::ops::Bound;
use std::sync::Arc;

use async_graphql::{Context, Result};
use futures_util::future::try_join_all;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::store::{Discontent, WasAsked};
use crate::catalog::services::graphql::ServiceNode;
use crate::catalog::services::rules::{Lifecycle, Service};
use crate::config::InsightSettings;
use crate::outcomes::graphql::OutcomeNode;
use crate::outcomes::rules::Outcome;
use crate::shared::connection::{BY_NAME, Connection, PageArgs, connection};
use crate::shared::graphql::unreadable;
use crate::shared::ids::Id;
use crate::shared::loads::{LoadError, Loads};
use crate::shared::paging::{
    Direction, OrderKey, Page, Position, Take, Window, paginate, paginate_sorted,
};
use crate::shared::record::Record;
use crate::shared::request::RequestCatalog;
use crate::slas::agreements::kept::tallies;
use crate::slas::agreements::rules::Agreement;
use crate::slas::attainment::attainment;
use crate::snapshot::{Catalog, name_key};

/// About how many services the database is asked first; then about twice as many, and so on.
const FIRST: usize = 400;
/// About how many at most at once.
const MOST: usize = 25_600;
/// How long what customers say and what was promised counts, days.
const RECENT: i64 = 90;
/// From how many answers on customers are believed.
const ANSWERS: i64 = 5;
/// Below which share of good scores customers are not content, percent.
const CONTENT: i64 = 60;

/// The whole catalog, whoever asks: what a page names is shown to them.
fn whole(ctx: &Context<'_>) -> Arc<Catalog> {
    Arc::clone(&ctx.data_unchecked::<RequestCatalog>().whole())
}

fn services(
    ctx: &Context<'_>,
    sequence: &'static str,
    page: Page,
    total: impl FnOnce() -> usize + Send + 'static,
) -> Connection<ServiceNode> {
    let catalog = whole(ctx);
    let named: Vec<_> = page
        .items
        .iter()
        .map(|(_, id)| Id::<Service>::new(*id).any())
        .collect();
    ctx.data_unchecked::<RequestCatalog>().reveal(&named);
    let node = |id| catalog.get(Id::new(id)).cloned().map(ServiceNode::from);
    connection(sequence, page, node, total)
}

/// Services that are not retired and have no business owner, by name.
pub(super) fn without_business_owner(
    ctx: &Context<'_>,
    args: &PageArgs,
) -> Result<Connection<ServiceNode>> {
    let catalog = whole(ctx);
    let window = args.window(BY_NAME)?;
    let index = &catalog.service_indexes.has_business_owner;
    let page = index.page(&false, Direction::Ascending, &window, |(_, id)| {
        catalog.is_in_use(Id::new(*id))
    });
    let all = Arc::clone(&catalog);
    let total = move || {
        let ids = all.service_indexes.has_business_owner.ids(&false);
        ids.filter(|id| all.is_in_use(Id::new(*id))).count()
    };
    Ok(services(ctx, BY_NAME, page, total))
}

/// Outcomes that no service contributes to which is not retired, by name.
pub(super) fn outcomes_without_service(
    ctx: &Context<'_>,
    args: &PageArgs,
) -> Result<Connection<OutcomeNode>> {
    let catalog = whole(ctx);
    let rests_on_nothing = |catalog: &Catalog, outcome: Uuid| {
        let mut services = catalog.service_indexes.outcome.ids(&Id::new(outcome));
        !services.any(|service| catalog.is_in_use(Id::new(service)))
    };
    let window = args.window(BY_NAME)?;
    let names = Outcome::table(&catalog).by_name();
    let keep = |(_, id): &Position| rests_on_nothing(&catalog, *id);
    let page = names.page(&(), Direction::Ascending, &window, keep);
    let found = page
        .items
        .iter()
        .filter_map(|(_, id)| catalog.get(Id::<Outcome>::new(*id)));
    let shown: Vec<_> = found
        .flat_map(|outcome| [outcome.id().any(), outcome.customer_id.any()])
        .collect();
    ctx.data_unchecked::<RequestCatalog>().reveal(&shown);
    let node = |id| catalog.get(Id::new(id)).cloned().map(OutcomeNode::from);
    let all = Arc::clone(&catalog);
    let total = move || {
        let ids = Outcome::table(&all).by_name().ids(&());
        ids.filter(|id| rests_on_nothing(&all, *id)).count()
    };
    Ok(connection(BY_NAME, page, node, total))
}

/// Services that are not retired and whose ownership nobody confirmed in time, what is longest ago first. What was never
/// confirmed was so with its creation.
pub(super) fn stale_ownership(
    ctx: &Context<'_>,
    args: &PageArgs,
) -> Result<Connection<ServiceNode>> {
    const CONFIRMED: &str = "CONFIRMED_AT";
    let catalog = whole(ctx);
    let valid = ctx.data_unchecked::<InsightSettings>().ownership_valid_days;
    let limit = (OrderKey::Number(days_ago(ctx, valid.into())), Uuid::nil());
    let window = args.window(CONFIRMED)?;
    let page = stale(&catalog, &limit, &window);
    let all = Arc::clone(&catalog);
    let total = move || {
        let index = &all.service_indexes.by_confirmation;
        index
            .range(&(), Bound::Unbounded, Bound::Excluded(&limit))
            .count()
    };
    Ok(services(ctx, CONFIRMED, page, total))
}

fn stale(catalog: &Catalog, limit: &Position, window: &Window) -> Page {
    let index = &catalog.service_indexes.by_confirmation;
    let range = |low: Bound<&Position>, high: Bound<&Position>| {
        // A cursor may be older than the limit only: nothing else is in the list.
        let high = match high {
            Bound::Unbounded => Bound::Excluded(limit),
            high => high,
        };
        let is_crossed = match low {
            Bound::Included(low) | Bound::Excluded(low) => low >= limit,
            Bound::Unbounded => false,
        };
        (!is_crossed)
            .then(|| index.range(&(), low, high))
            .into_iter()
            .flatten()
    };
    paginate(range, Direction::Ascending, window, |_| true)
}

/// The instant so many days ago, microseconds since 1970.
fn days_ago(ctx: &Context<'_>, days: i64) -> i64 {
    let now = ctx.data_unchecked::<RequestCatalog>().moment();
    let then = now.checked_sub(SignedDuration::from_hours(24 * days));
    then.unwrap_or(Timestamp::MIN).as_microsecond()
}

/// Live services that nobody asked for: no demand, request, agreement of kind SLA that is not over, or outcome. By name.
pub(super) async fn unasked(ctx: &Context<'_>, args: &PageArgs) -> Result<Connection<ServiceNode>> {
    let catalog = whole(ctx);
    let window = args.window(BY_NAME)?;
    let (Take::First(count) | Take::Last(count)) = window.take;
    let walk = Walk {
        catalog: &catalog,
        loads: ctx.data_unchecked::<Loads>(),
        now: ctx.data_unchecked::<RequestCatalog>().moment(),
    };
    let failed = |error: LoadError| unreadable(&error);
    if ctx.look_ahead().field("totalCount").exists() {
        let all = walk.unasked(None, usize::MAX).await.map_err(failed)?;
        let page = paginate_sorted(&all, Direction::Ascending, &window);
        return Ok(services(ctx, BY_NAME, page, move || all.len()));
    }
    let found = walk.unasked(window.after.clone(), count + 1);
    let mut found = found.await.map_err(failed)?;
    let has_next = found.len() > count;
    found.truncate(count);
    let page = Page {
        items: found,
        has_previous: window.after.is_some(),
        has_next,
    };
    Ok(services(ctx, BY_NAME, page, usize::default))
}

/// Looks for services that nobody asked for.
struct Walk<'a> {
    catalog: &'a Catalog,
    loads: &'a Loads,
    now: Timestamp,
}

impl Walk<'_> {
    /// The first so many after a place. What the catalog knows is asked first, then the database about many at once: about more each
    /// time, so that however many there are it is not asked often.
    async fn unasked(
        &self,
        mut after: Option<Position>,
        count: usize,
    ) -> Result<Vec<Position>, LoadError> {
        let mut found = Vec::new();
        let mut chunk_size = if count == usize::MAX { MOST } else { FIRST };
        while found.len() < count {
            let chunk = self.candidates(after.as_ref(), chunk_size);
            chunk_size = (2 * chunk_size).min(MOST);
            let Some(last) = chunk.last().cloned() else {
                break;
            };
            let keys = chunk.iter().map(|(_, id)| *id);
            let asked = self.loads.ask_all(&WasAsked, keys).await?;
            let unasked = chunk
                .into_iter()
                .zip(asked)
                .filter(|(_, was_asked)| !was_asked);
            found.extend(unasked.map(|(position, _)| position));
            after = Some(last);
        }
        found.truncate(count);
        Ok(found)
    }

    /// The next live services that the catalog has no reason for.
    fn candidates(&self, after: Option<&Position>, most: usize) -> Vec<Position> {
        let low = after.map_or(Bound::Unbounded, Bound::Excluded);
        let live = &self.catalog.service_indexes.lifecycle;
        live.range(&Lifecycle::Live, low, Bound::Unbounded)
            .filter(|(_, id)| {
                let service = self.catalog.get(Id::<Service>::new(*id));
                service.is_some_and(|service| {
                    service.contributions.is_empty()
                        && !self.catalog.has_sla(service.id(), self.now)
                })
            })
            .take(most)
            .collect()
    }
}

/// Services of which every promise of the last 90 days was kept, something being measured, and with which customers are not
/// content all the same: fewer than 60 % of at least five answers are good. By name.
pub(super) async fn watermelons(
    ctx: &Context<'_>,
    args: &PageArgs,
) -> Result<Connection<ServiceNode>> {
    let catalog = whole(ctx);
    let window = args.window(BY_NAME)?;
    let loads = ctx.data_unchecked::<Loads>();
    let question = Discontent {
        since: days_ago(ctx, RECENT),
        answers: ANSWERS,
        below: CONTENT,
    };
    let discontent = loads
        .ask(question, ())
        .await
        .map_err(|error| unreadable(&error))?;
    let now = ctx
        .data_unchecked::<RequestCatalog>()
        .moment()
        .as_microsecond();
    let period = (days_ago(ctx, RECENT), now);
    let all = &*catalog;
    let looks = discontent.into_iter().map(|id| async move {
        let is_green = is_green(all, loads, Id::new(id), period).await?;
        Ok::<_, LoadError>(is_green.then_some(id))
    });
    let found = try_join_all(looks)
        .await
        .map_err(|error| unreadable(&error))?;
    let mut found: Vec<Position> = found
        .into_iter()
        .flatten()
        .filter_map(|id| Some((name_key(catalog.get(Id::<Service>::new(id))?.as_ref()), id)))
        .collect();
    found.sort_unstable();
    let total = found.len();
    let page = paginate_sorted(&found, Direction::Ascending, &window);
    Ok(services(ctx, BY_NAME, page, move || total))
}

/// Whether every promise of kind SLA was kept, as far as anything was measured, and something was.
async fn is_green(
    catalog: &Catalog,
    loads: &Loads,
    service: Id<Service>,
    period: (i64, i64),
) -> Result<bool, LoadError> {
    let agreements = catalog.agreement_indexes.sla.ids(&service);
    let agreements = agreements.filter_map(|id| catalog.get(Id::<Agreement>::new(id)));
    let kept = agreements.map(|agreement| tallies(loads, agreement, period));
    let kept = try_join_all(kept).await?;
    let count = |number: i64| u64::try_from(number).unwrap_or_default();
    let met: Vec<bool> = kept
        .into_iter()
        .flatten()
        .filter_map(|(target, tally)| {
            attainment(count(tally.total), count(tally.good), target.objective).met
        })
        .collect();
    Ok(!met.is_empty() && met.into_iter().all(|met| met))
}
