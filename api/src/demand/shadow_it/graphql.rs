//! The register of shadow IT in the API.

use async_graphql::{Context, Enum, ID, InputObject, Object, Result};
use serde_json::Value;

use super::index::{self, Shelf};
use super::rules::{self, Sighting};
use crate::catalog::customers::graphql::CustomerNode;
use crate::catalog::customers::rules::Customer;
use crate::catalog::services::graphql::{OrderDirection, ServiceNode};
use crate::demand::graphql::{DemandNode, demand};
use crate::node;
use crate::shared::connection::{Connection, PageArgs, connection};
use crate::shared::direct::Direct;
use crate::shared::graphql::{Money, catalog, expect, filter_id, lookup};
use crate::shared::ids::{Id, ObjectRef};
use crate::shared::record::Record;
use crate::shared::request::RequestCatalog;
use crate::shared::scalars::{Date, DateTime, Json};

node! {
    /// A tool that a customer got elsewhere because the catalog had no answer.
    SightingNode = SightingFields(Sighting)
}

/// A tool that a customer got elsewhere because the catalog had no answer.
///
/// It is written with the scope `catalog:write`, and seen with `insight:read`: for everybody else there is none.
#[Object(name = "ShadowItSighting", serial)]
impl SightingFields {
    /// Opaque, never changes.
    pub(crate) async fn id(&self) -> ID {
        self.0.id().to_string().into()
    }

    /// Unique among sightings, kebab-case; what imports use.
    async fn slug(&self) -> &str {
        &self.0.header.slug
    }

    /// What it is called.
    async fn product(&self) -> &str {
        &self.0.header.name
    }

    /// Who sells it.
    async fn vendor(&self) -> Option<&str> {
        self.0.vendor.as_deref()
    }

    /// Who got it.
    async fn customer(&self, ctx: &Context<'_>) -> Result<CustomerNode> {
        reveal(ctx, self.0.customer_id.any());
        expect(ctx, self.0.customer_id).map(CustomerNode::from)
    }

    /// The demand that it covers; null where there is none that the viewer may see.
    async fn demand(&self, ctx: &Context<'_>) -> Result<Option<DemandNode>> {
        match self.0.demand_id {
            Some(key) => demand(ctx, key).await,
            None => Ok(None),
        }
    }

    /// The catalog's own answer, if there is one.
    async fn service(&self, ctx: &Context<'_>) -> Option<ServiceNode> {
        reveal(ctx, self.0.service_id?.any());
        lookup(ctx, self.0.service_id).map(ServiceNode::from)
    }

    /// How many people use it.
    async fn users(&self) -> i32 {
        self.0.users
    }

    /// What it costs a month.
    async fn monthly_cost(&self) -> Direct<Money> {
        Direct(Money(self.0.monthly_cost))
    }

    /// How sensitive what is kept in it is.
    async fn data_class(&self) -> DataClass {
        self.0.data_class.into()
    }

    /// What came of it.
    async fn status(&self) -> ShadowItStatus {
        self.0.status.into()
    }

    /// What there is to lose by it, 0 to 100: `round(100 × (0.6 × d + 0.4 × min(1, log10(1 + users) / 4)))`, where d is 0.1 for PUBLIC,
    /// 0.4 for INTERNAL, 0.8 for CONFIDENTIAL and 1.0 for RESTRICTED data.
    async fn risk(&self) -> i32 {
        self.0.risk().into()
    }

    /// The day on which it was first seen.
    async fn first_seen(&self) -> Date {
        Date(self.0.first_seen)
    }

    /// Free key/value notes, as imports bring them.
    async fn annotations(&self) -> Json {
        Json(Value::Object(self.0.header.annotations.clone()))
    }

    /// When it was entered.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.header.created_at)
    }

    /// When it was changed last.
    async fn updated_at(&self) -> DateTime {
        DateTime(self.0.header.updated_at)
    }

    /// Grows by one with every change; pass it back as `expectedVersion`.
    async fn version(&self) -> i32 {
        self.0.header.version
    }
}

/// Shows what a sighting refers to, to those who see shadow IT and not the catalog.
fn reveal(ctx: &Context<'_>, object: ObjectRef) {
    ctx.data_unchecked::<RequestCatalog>().reveal(&[object]);
}

/// How sensitive data is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "rules::DataClass")]
pub enum DataClass {
    /// Anybody may know it.
    Public,
    /// Anybody inside may know it.
    Internal,
    /// Some may know it.
    Confidential,
    /// Few may know it, and the law says who.
    Restricted,
}

/// What came of a sighting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "rules::Status")]
pub enum ShadowItStatus {
    /// Nobody has decided on it.
    Seen,
    /// It may stay, and nobody looks after it.
    Tolerated,
    /// It is a service of the catalog now.
    Adopted,
    /// Its users have something else.
    Replaced,
}

/// Which sightings; every condition that is given must hold.
#[derive(Default, InputObject)]
pub struct ShadowItFilter {
    /// Of this customer.
    customer_id: Option<ID>,
    /// That have come to this.
    status: Option<ShadowItStatus>,
}

/// In which order, and which way.
#[derive(Clone, Copy, InputObject)]
pub struct ShadowItOrder {
    /// What it goes by.
    field: ShadowItOrderField,
    /// Which way.
    #[graphql(default_with = "OrderDirection::Desc")]
    direction: OrderDirection,
}

/// What sightings can be ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "index::SightingOrder")]
pub enum ShadowItOrderField {
    /// Risk, and with equal risk by monthly cost.
    Risk,
    /// Monthly cost.
    MonthlyCost,
    /// What it is called.
    Product,
}

/// The most dangerous first.
const BY_RISK: ShadowItOrder = ShadowItOrder {
    field: ShadowItOrderField::Risk,
    direction: OrderDirection::Desc,
};

/// A page of the sightings of a customer, or of all, the most dangerous first where nothing else is said.
pub fn sightings(
    ctx: &Context<'_>,
    (filter, order): (ShadowItFilter, Option<ShadowItOrder>),
    args: &PageArgs,
) -> Result<Connection<SightingNode>> {
    let catalog = ctx.data_unchecked::<RequestCatalog>().get();
    let order = order.unwrap_or(BY_RISK);
    let sequence = match order.field {
        ShadowItOrderField::Risk => "RISK",
        ShadowItOrderField::MonthlyCost => "MONTHLY_COST",
        ShadowItOrderField::Product => "PRODUCT",
    };
    let shelf = Shelf {
        customer: filter_id::<Customer>("customerId", filter.customer_id)?,
        status: filter.status.map(Into::into),
        order: order.field.into(),
    };
    let window = args.window(sequence)?;
    let shelves = &catalog.sighting_indexes.shelves;
    let page = shelves.page(&shelf, order.direction.into(), &window, |_| true);
    let total = shelves.count(&shelf);
    let node = |id| {
        let sighting = catalog.get(Id::<Sighting>::new(id)).cloned();
        sighting.map(SightingNode::from)
    };
    Ok(connection(sequence, page, node, move || total))
}

/// A page of what a customer got elsewhere, the most dangerous first.
pub fn sightings_of(
    ctx: &Context<'_>,
    customer: Id<Customer>,
    args: &PageArgs,
) -> Result<Connection<SightingNode>> {
    let filter = ShadowItFilter {
        customer_id: Some(customer.to_string().into()),
        status: None,
    };
    sightings(ctx, (filter, None), args)
}

/// Queries for shadow IT.
#[derive(Default)]
pub struct ShadowItQueries;

#[Object]
impl ShadowItQueries {
    /// The sighting with this slug; null where there is none.
    async fn shadow_it_sighting(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its slug.")] slug: String,
    ) -> Option<SightingNode> {
        Sighting::table(&catalog(ctx))
            .by_slug(&slug)
            .cloned()
            .map(SightingNode::from)
    }

    /// What customers got elsewhere, the most dangerous first where nothing else is said. Errors: `BAD_USER_INPUT` for a bad page
    /// size, cursor or id.
    async fn shadow_it_sightings(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which ones; all where absent.")] filter: Option<ShadowItFilter>,
        #[graphql(desc = "In which order; the most dangerous first where absent.")]
        order_by: Option<ShadowItOrder>,
        #[graphql(desc = "At most so many from the front; 25 where nothing is said, 100 at most.")]
        first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "At most so many from the back; 100 at most.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<Connection<SightingNode>> {
        let args = PageArgs {
            first,
            after,
            last,
            before,
        };
        sightings(ctx, (filter.unwrap_or_default(), order_by), &args)
    }
}
