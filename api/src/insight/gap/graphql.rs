//! The portfolio gap in the API.

use std::collections::HashSet;

use async_graphql::{Context, Object, Result, SimpleObject};

use super::services::{
    outcomes_without_service, stale_ownership, unasked, watermelons, without_business_owner,
};
use super::store::MissedSearches;
use crate::catalog::services::graphql::ServiceNode;
use crate::demand::graphql::{DemandConnection, unmet_demands};
use crate::outcomes::graphql::OutcomeNode;
use crate::search::asking::{refusal, still_missed};
use crate::search::store::MissedSearch as Missed;
use crate::shared::connection::{Connection, DEFAULT_PAGE, PageArgs, page_size};
use crate::shared::direct::{Direct, List};
use crate::shared::graphql::{Money, unreadable};
use crate::shared::loads::Loads;
use crate::shared::money::Amount;
use crate::shared::request::RequestCatalog;
use crate::shared::scalars::DateTime;

/// How many texts that were missed are looked through for those that still are.
const LOOKED_THROUGH: u64 = 500;

/// Where supply and demand miss each other.
pub struct PortfolioGap;

fn page(first: Option<i32>, after: Option<String>) -> PageArgs {
    PageArgs {
        first,
        after,
        ..PageArgs::default()
    }
}

/// Where supply and demand miss each other, by the catalog and the work as they are now.
#[Object(serial)]
impl PortfolioGap {
    /// Demands that are open or planned and that no service answers, the most valuable first. Errors: `BAD_USER_INPUT` for a bad
    /// page size or cursor.
    async fn unmet_demands(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "At most so many; 25 where nothing is said, 100 at most.")] first: Option<
            i32,
        >,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
    ) -> Result<DemandConnection> {
        unmet_demands(ctx, &page(first, after)).await
    }

    /// Live services that nobody asked for, by name: no demand, no request, no agreement of kind SLA that is not over, and no
    /// outcome that rests on it directly. Errors: `BAD_USER_INPUT` for a bad page size or cursor.
    async fn unasked_services(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "At most so many; 25 where nothing is said, 100 at most.")] first: Option<
            i32,
        >,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
    ) -> Result<Connection<ServiceNode>> {
        unasked(ctx, &page(first, after)).await
    }

    /// Services that are not retired and that nobody answers for towards the business, by name. Errors: `BAD_USER_INPUT` for a bad
    /// page size or cursor.
    async fn services_without_business_owner(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "At most so many; 25 where nothing is said, 100 at most.")] first: Option<
            i32,
        >,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
    ) -> Result<Connection<ServiceNode>> {
        without_business_owner(ctx, &page(first, after))
    }

    /// Outcomes that no service contributes to, retired ones aside, by name. Errors: `BAD_USER_INPUT` for a bad page size or
    /// cursor.
    async fn outcomes_without_service(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "At most so many; 25 where nothing is said, 100 at most.")] first: Option<
            i32,
        >,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
    ) -> Result<Connection<OutcomeNode>> {
        outcomes_without_service(ctx, &page(first, after))
    }

    /// Services that are not retired and whose ownership nobody confirmed in time (`ownership_valid_days`, 180 unless configured;
    /// what was never confirmed counts from its creation), what is longest ago first. Errors: `BAD_USER_INPUT` for a bad page size
    /// or cursor.
    async fn stale_ownership(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "At most so many; 25 where nothing is said, 100 at most.")] first: Option<
            i32,
        >,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
    ) -> Result<Connection<ServiceNode>> {
        stale_ownership(ctx, &page(first, after))
    }

    /// Green outside, red inside, by name: over the last 90 days every target of their agreements of kind SLA was attained as far as
    /// anything was measured, something was, and yet fewer than 60 % of at least five answers, by at least five people, are 4 or 5.
    /// Errors: `BAD_USER_INPUT` for a bad page size or cursor.
    async fn watermelons(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "At most so many; 25 where nothing is said, 100 at most.")] first: Option<
            i32,
        >,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
    ) -> Result<Connection<ServiceNode>> {
        watermelons(ctx, &page(first, after)).await
    }

    /// Words that people searched the catalog for and found nothing, the most frequent first; without those that it has an answer to by
    /// now, whoever looks. Of all that were missed the 500 most frequent are looked through. Errors: `BAD_USER_INPUT` for a bad size;
    /// `UNAVAILABLE` while the search index is being built, just after a start.
    async fn missed_searches(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "At most so many; 25 where nothing is said, 100 at most.")] first: Option<
            i32,
        >,
    ) -> Result<List<MissedSearch>> {
        let most = page_size("first", first.unwrap_or(DEFAULT_PAGE.into()))?;
        let loads = ctx.data_unchecked::<Loads>();
        let missed = loads.ask(MissedSearches(LOOKED_THROUGH), ()).await;
        let missed = missed.map_err(|error| unreadable(&error))?;
        if missed.is_empty() {
            return Ok(List(Vec::new()));
        }
        let texts = missed.iter().map(|missed| missed.text.clone()).collect();
        let left = still_missed(ctx, texts, most).await;
        let left = left.map_err(|error| refusal(&error))?;
        let left: HashSet<String> = left.into_iter().collect();
        missed
            .into_iter()
            .filter(|missed| left.contains(&missed.text))
            .map(MissedSearch::of)
            .collect::<Result<_>>()
            .map(List)
    }

    /// What sightings of shadow IT that are seen or tolerated cost a month, all together; an amount beyond the greatest that there is
    /// becomes that one.
    async fn shadow_it_monthly_cost(&self, ctx: &Context<'_>) -> Direct<Money> {
        let whole = ctx.data_unchecked::<RequestCatalog>().whole();
        let cost = whole.sighting_indexes.monthly_cost();
        let cost = i64::try_from(cost).unwrap_or(i64::MAX);
        Direct(Money(Amount::from_stored(cost)))
    }
}

/// What was searched for and not found.
#[derive(SimpleObject)]
#[graphql(serial)]
pub struct MissedSearch {
    /// What was searched for, in lower case.
    query: String,
    /// How often.
    count: i32,
    /// The last time.
    last_at: DateTime,
}

impl MissedSearch {
    fn of(missed: Missed) -> Result<Self> {
        Ok(Self {
            query: missed.text,
            count: i32::try_from(missed.count)?,
            last_at: DateTime(missed.last_at),
        })
    }
}

/// Queries for the portfolio gap.
#[derive(Default)]
pub struct GapQueries;

#[Object]
impl GapQueries {
    /// Where supply and demand miss each other.
    async fn portfolio_gap(&self) -> Direct<PortfolioGap> {
        Direct(PortfolioGap)
    }
}
