//! Demands in the API.

use std::collections::BTreeSet;

use async_graphql::{Context, Enum, ID, InputObject, Object, Result};
use uuid::Uuid;

use super::access::Visible;
use super::filter::DemandFilter as Filter;
use super::list::{DemandOrder as Order, Demands, Parent};
use super::rules::{self, Demand, DemandNumber, PersonDays};
use super::store::{ById, ByNumber, SupportersOf};
use crate::auth::Viewer;
use crate::catalog::customers::graphql::CustomerNode;
use crate::catalog::customers::rules::Customer;
use crate::catalog::people::graphql::PersonNode;
use crate::catalog::services::graphql::{OrderDirection, ServiceNode};
use crate::catalog::services::rules::Service;
use crate::declines::graphql::DeclineNode;
use crate::outcomes::graphql::OutcomeNode;
use crate::outcomes::rules::Outcome;
use crate::shared::connection::PageArgs;
use crate::shared::direct::{Direct, List};
use crate::shared::graphql::{
    Money, bad_input, catalog, expect, filter_id, internal, lookup, unreadable,
};
use crate::shared::ids::Id;
use crate::shared::loads::Loads;
use crate::shared::request::RequestCatalog;
use crate::shared::scalars::{DateTime, Decimal};
use crate::shared::work_connection::WorkConnection;

/// What a customer needs, wishes for or is driven by.
pub type DemandNode = Direct<DemandFields>;

/// What a customer needs, wishes for or is driven by.
#[derive(Clone)]
pub struct DemandFields(pub Demand);

/// Shows a demand, and to whom it is shown what it refers to.
pub fn shown(ctx: &Context<'_>, demand: Demand) -> DemandNode {
    ctx.data_unchecked::<RequestCatalog>()
        .reveal(&demand.references());
    Direct(DemandFields(demand))
}

/// What customers need, wish for or are driven by, whether or not a service answers it yet.
#[Object(name = "Demand", serial)]
impl DemandFields {
    /// Opaque, never changes.
    pub(crate) async fn id(&self) -> ID {
        self.0.subject().to_string().into()
    }

    /// For people: `DEM-17`. Numbers ascend; one may be missing.
    async fn number(&self) -> String {
        self.0.number.to_string()
    }

    /// One line.
    async fn title(&self) -> &str {
        &self.0.title
    }

    /// What it is about.
    async fn description(&self) -> Option<&str> {
        self.0.description.as_deref()
    }

    /// How it comes about.
    async fn kind(&self) -> DemandKind {
        self.0.kind.into()
    }

    /// Where it stands.
    async fn status(&self) -> DemandStatus {
        self.0.status.into()
    }

    /// Whose demand it is.
    async fn customer(&self, ctx: &Context<'_>) -> Result<CustomerNode> {
        expect(ctx, self.0.customer_id).map(CustomerNode::from)
    }

    /// Who raised it; null where the catalog knew nobody by their token.
    async fn raised_by(&self, ctx: &Context<'_>) -> Option<PersonNode> {
        lookup(ctx, self.0.raised_by_id).map(PersonNode::from)
    }

    /// The outcome that it is for.
    async fn outcome(&self, ctx: &Context<'_>) -> Option<OutcomeNode> {
        lookup(ctx, self.0.outcome_id).map(OutcomeNode::from)
    }

    /// The service that answers it; null: none does yet.
    async fn service(&self, ctx: &Context<'_>) -> Option<ServiceNode> {
        lookup(ctx, self.0.service_id).map(ServiceNode::from)
    }

    /// How many people or units.
    async fn quantity(&self) -> i32 {
        self.0.quantity
    }

    /// What meeting it is worth, per month.
    async fn value_per_month(&self) -> Direct<Money> {
        Direct(Money(self.0.value_per_month))
    }

    /// Person-days.
    async fn effort(&self) -> Option<Decimal> {
        self.0.effort.map(PersonDays::to_decimal).map(Decimal)
    }

    /// Who wants it, too: the first 100 of them, in the order in which they came. `supporterCount` counts all.
    async fn supporters(&self, ctx: &Context<'_>) -> Result<List<PersonNode>> {
        if self.0.supporters == 0 {
            return Ok(List(Vec::new()));
        }
        let loads = ctx.data_unchecked::<Loads>();
        let people = loads.ask(SupportersOf, self.0.id).await;
        let people = people.map_err(|error| unreadable(&error))?;
        let objects: Vec<_> = people.iter().map(|person| person.any()).collect();
        ctx.data_unchecked::<RequestCatalog>().reveal(&objects);
        let catalog = catalog(ctx);
        // Whoever has come into the catalog since the request began is not in what it reads; nobody leaves who supports something.
        let known = people
            .into_iter()
            .filter_map(|person| catalog.get(person).cloned());
        Ok(known.map(PersonNode::from).collect())
    }

    /// How many people support it.
    async fn supporter_count(&self) -> i32 {
        self.0.supporters
    }

    /// Cost of delay per person-day of work (WSJF): `(valuePerMonth / 21) / effort`; null without an effort.
    async fn score(&self) -> Option<f64> {
        self.0.score()
    }

    /// Why it was declined, once it was; the last time where it was reopened.
    async fn decline(&self) -> Option<DeclineNode> {
        self.0.decline.clone().map(DeclineNode::from)
    }

    /// When it was raised.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// When it was changed last.
    async fn updated_at(&self) -> DateTime {
        DateTime(self.0.updated_at)
    }

    /// When it was met or declined; null while it is open or planned.
    async fn ended_at(&self) -> Option<DateTime> {
        self.0.ended_at.map(DateTime)
    }

    /// Grows by one with every change; pass it back as `expectedVersion`.
    async fn version(&self) -> i32 {
        self.0.version
    }
}

/// How a demand comes about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "rules::Kind")]
pub enum DemandKind {
    /// The customer can't do without it.
    Need,
    /// The customer would be glad of it.
    Wish,
    /// Something from outside forces it: a law, a market.
    Driver,
}

/// Where a demand stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "rules::Status")]
pub enum DemandStatus {
    /// Nobody has decided.
    Open,
    /// It is going to be met.
    Planned,
    /// A service answers it.
    Met,
    /// Refused, with an explanation.
    Declined,
}

/// Which demands; every condition that is given must hold.
#[derive(Default, InputObject)]
pub struct DemandFilter {
    /// In one of these states.
    statuses: Option<Vec<DemandStatus>>,
    /// Of one of these kinds.
    kinds: Option<Vec<DemandKind>>,
    /// Of this customer.
    customer_id: Option<ID>,
    /// For this outcome.
    outcome_id: Option<ID>,
    /// That this service answers.
    service_id: Option<ID>,
    /// Whether it is open or planned, and no service answers it.
    unmet: Option<bool>,
}

impl DemandFilter {
    fn into_filter(self, visible: Visible) -> Result<Filter> {
        let (statuses, kinds) = (self.statuses, self.kinds);
        Ok(Filter {
            statuses: statuses.map(|it| names(it.into_iter().map(rules::Status::from))),
            kinds: kinds.map(|it| names(it.into_iter().map(rules::Kind::from))),
            customer: filter_id::<Customer>("customerId", self.customer_id)?.map(Id::key),
            outcome: filter_id::<Outcome>("outcomeId", self.outcome_id)?.map(Id::key),
            service: filter_id::<Service>("serviceId", self.service_id)?.map(Id::key),
            unmet: self.unmet,
            ..Filter::all(visible)
        })
    }
}

/// Each once, in one order, so that equal filters are one question.
fn names(values: impl Iterator<Item = impl ToString>) -> Vec<String> {
    let names: BTreeSet<String> = values.map(|value| value.to_string()).collect();
    names.into_iter().collect()
}

/// In which order, and which way.
#[derive(Clone, Copy, InputObject)]
pub struct DemandOrder {
    /// What it goes by.
    field: DemandOrderField,
    /// Which way.
    #[graphql(default_with = "OrderDirection::Desc")]
    direction: OrderDirection,
}

/// What demands can be ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "Order")]
pub enum DemandOrderField {
    /// When they were raised.
    CreatedAt,
    /// What meeting them is worth.
    ValuePerMonth,
    /// Their score; demands without one come first when ascending, last when descending.
    Score,
    /// How many people support them.
    Supporters,
}

/// Which demands the viewer sees.
pub fn visible(ctx: &Context<'_>) -> Visible {
    let catalog = ctx.data_unchecked::<RequestCatalog>().whole();
    Visible::to(ctx.data_unchecked::<Viewer>(), &catalog)
}

/// One page of demands.
pub type DemandConnection = WorkConnection<Demands, DemandNode>;

/// A page of the demands that match, of all or of one parent, the newest first where nothing else is said.
pub async fn demands(
    ctx: &Context<'_>,
    parent: Option<(Parent, Uuid)>,
    (filter, order): (Option<DemandFilter>, Option<DemandOrder>),
    args: &PageArgs,
) -> Result<DemandConnection> {
    let filter = filter.unwrap_or_default().into_filter(visible(ctx))?;
    let order = order.unwrap_or(DemandOrder {
        field: DemandOrderField::CreatedAt,
        direction: OrderDirection::Desc,
    });
    page(ctx, parent, (filter, order), args).await
}

/// The demands that the viewer sees and no service answers, the most valuable first.
pub async fn unmet_demands(ctx: &Context<'_>, args: &PageArgs) -> Result<DemandConnection> {
    let filter = Filter {
        unmet: Some(true),
        ..Filter::all(visible(ctx))
    };
    let order = DemandOrder {
        field: DemandOrderField::ValuePerMonth,
        direction: OrderDirection::Desc,
    };
    page(ctx, None, (filter, order), args).await
}

async fn page(
    ctx: &Context<'_>,
    parent: Option<(Parent, Uuid)>,
    (filter, order): (Filter, DemandOrder),
    args: &PageArgs,
) -> Result<DemandConnection> {
    let (kind, parent) = match parent {
        Some((kind, id)) => (kind, Some(id)),
        None => (Parent::Service, None),
    };
    let list = Demands {
        filter,
        order: order.field.into(),
        direction: order.direction.into(),
        parent: kind,
    };
    let node = |row| match Demand::try_from(row) {
        Ok(demand) => Ok(shown(ctx, demand)),
        Err(error) => Err(internal(&error)),
    };
    WorkConnection::read(ctx, sequence(order.field), (list, parent), args, node).await
}

fn sequence(field: DemandOrderField) -> &'static str {
    match field {
        DemandOrderField::CreatedAt => "CREATED_AT",
        DemandOrderField::ValuePerMonth => "VALUE_PER_MONTH",
        DemandOrderField::Score => "SCORE",
        DemandOrderField::Supporters => "SUPPORTERS",
    }
}

/// The demand with this key, if the viewer sees it.
pub async fn demand(ctx: &Context<'_>, key: Uuid) -> Result<Option<DemandNode>> {
    let found = ctx.data_unchecked::<Loads>().ask(ById, key).await;
    Ok(seen(ctx, found.map_err(|error| unreadable(&error))?))
}

fn seen(ctx: &Context<'_>, demand: Option<Demand>) -> Option<DemandNode> {
    let visible = visible(ctx);
    let demand = demand.filter(|demand| visible.includes(demand))?;
    Some(shown(ctx, demand))
}

/// Queries for demands.
#[derive(Default)]
pub struct DemandQueries;

#[Object]
impl DemandQueries {
    /// The demand with this number; null where there is none that the viewer may see: one that they raised or that is of their own
    /// customer, and any for those who work on demands or read insights. Errors: `BAD_USER_INPUT` for what is no number.
    async fn demand(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its number: `DEM-17`.")] number: String,
    ) -> Result<Option<DemandNode>> {
        let parsed: Result<DemandNumber, _> = number.parse();
        let number =
            parsed.map_err(|error| bad_input(format!("`number` is {number:?}, {error}")))?;
        let found = ctx.data_unchecked::<Loads>().ask(ByNumber, number.0).await;
        Ok(seen(ctx, found.map_err(|error| unreadable(&error))?))
    }

    /// The demands that the viewer may see, newest first where nothing else is said. Errors: `BAD_USER_INPUT` for a bad page
    /// size, cursor or id.
    async fn demands(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which ones; all where absent.")] filter: Option<DemandFilter>,
        #[graphql(desc = "In which order; the newest first where absent.")] order_by: Option<
            DemandOrder,
        >,
        #[graphql(desc = "At most so many from the front; 25 where nothing is said, 100 at most.")]
        first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "At most so many from the back; 100 at most.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<DemandConnection> {
        let args = PageArgs {
            first,
            after,
            last,
            before,
        };
        demands(ctx, None, (filter, order_by), &args).await
    }
}
