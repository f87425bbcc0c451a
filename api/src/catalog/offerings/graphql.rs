//! Offerings in the API.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, Result};
use serde_json::Value;

use super::filter::OfferingFilter;
use super::rules::{Offering, OfferingPatch};
use crate::catalog::graphql::{changed_header, changed_pointer, new_header};
use crate::catalog::services::graphql::ServiceNode;
use crate::shared::connection::{BY_NAME, Connection, PageArgs, connection};
use crate::shared::direct::Direct;
use crate::shared::graphql::{Money, catalog, expect, filter_id, filter_name_part};
use crate::shared::ids::Id;
use crate::shared::patch::Patch;
use crate::shared::record::Record;
use crate::shared::request::RequestCatalog;
use crate::shared::scalars::{DateTime, Decimal, Json};
use crate::{mutations, node};

node! {
    /// What can be requested of a service.
    OfferingNode = OfferingFields(Offering)
}

/// What can be requested of a service.
#[Object(name = "ServiceOffering", serial)]
impl OfferingFields {
    /// Opaque, never changes.
    pub(crate) async fn id(&self) -> ID {
        self.0.id().to_string().into()
    }

    /// Unique among offerings, kebab-case; what imports and URLs use.
    async fn slug(&self) -> &str {
        &self.0.header.slug
    }

    /// For people.
    async fn name(&self) -> &str {
        &self.0.header.name
    }

    /// What it gives.
    async fn description(&self) -> Option<&str> {
        self.0.description.as_deref()
    }

    /// The service it belongs to.
    async fn service(&self, ctx: &Context<'_>) -> Result<ServiceNode> {
        expect(ctx, self.0.service_id).map(ServiceNode::from)
    }

    /// JSON Schema (2020-12) of a request's `inputs`; `{}` lets anything through.
    async fn input_schema(&self) -> Json {
        Json(self.0.input_schema.clone())
    }

    /// Whether somebody has to approve a request.
    async fn requires_approval(&self) -> bool {
        self.0.requires_approval
    }

    /// Fulfilled by a machine, without anybody's hand.
    async fn automated(&self) -> bool {
        self.0.automated
    }

    /// What it costs.
    async fn price(&self) -> Option<Direct<Money>> {
        self.0.price.map(|price| Direct(Money(price)))
    }

    /// Whether it can be requested now.
    async fn active(&self) -> bool {
        self.0.active
    }

    /// Free key/value notes, as imports bring them.
    async fn annotations(&self) -> Json {
        Json(Value::Object(self.0.header.annotations.clone()))
    }

    /// When it was created.
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

/// Queries for offerings.
#[derive(Default)]
pub struct ServiceOfferingQueries;

#[Object]
impl ServiceOfferingQueries {
    /// The offering with this slug; null where there is none.
    async fn service_offering(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its slug.")] slug: String,
    ) -> Option<OfferingNode> {
        Offering::table(&catalog(ctx))
            .by_slug(&slug)
            .cloned()
            .map(OfferingNode::from)
    }

    /// Offerings, by name. Errors: `BAD_USER_INPUT` for a bad page size or cursor.
    async fn service_offerings(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which ones; all where absent.")] filter: Option<ServiceOfferingFilter>,
        #[graphql(desc = "At most so many from the front; 25 where nothing is said, 100 at most.")]
        first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "At most so many from the back; 100 at most.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<Connection<OfferingNode>> {
        let args = PageArgs {
            first,
            after,
            last,
            before,
        };
        let filter = filter.map(OfferingFilter::try_from).transpose()?;
        offerings(ctx, &args, filter.unwrap_or_default())
    }
}

/// A page of the offerings that match.
pub fn offerings(
    ctx: &Context<'_>,
    args: &PageArgs,
    filter: OfferingFilter,
) -> Result<Connection<OfferingNode>> {
    let catalog = ctx.data_unchecked::<RequestCatalog>().get();
    let page = filter.page(&catalog, &args.window(BY_NAME)?);
    let all = Arc::clone(&catalog);
    Ok(connection(
        BY_NAME,
        page,
        |id| {
            catalog
                .get(Id::<Offering>::new(id))
                .cloned()
                .map(OfferingNode::from)
        },
        move || filter.count(&all),
    ))
}

/// Which offerings; every condition that is given must hold.
#[derive(InputObject)]
pub struct ServiceOfferingFilter {
    /// Of this service.
    service_id: Option<ID>,
    /// Whether it can be requested now.
    active: Option<bool>,
    /// Case-insensitive part of the name or the slug.
    name_contains: Option<String>,
}

impl TryFrom<ServiceOfferingFilter> for OfferingFilter {
    type Error = async_graphql::Error;

    fn try_from(filter: ServiceOfferingFilter) -> Result<Self> {
        Ok(Self {
            service: filter_id("serviceId", filter.service_id)?,
            active: filter.active,
            name_contains: filter_name_part("nameContains", filter.name_contains)?,
        })
    }
}

/// What to create.
#[derive(InputObject)]
pub struct CreateServiceOfferingInput {
    /// Unique, kebab-case; made from the name where absent.
    slug: Option<String>,
    /// For people; one line of at most 250 characters.
    name: String,
    /// What it gives; up to 20,000 characters.
    description: Option<String>,
    /// The service it belongs to.
    service_id: ID,
    /// JSON Schema (2020-12) of a request's `inputs`, without references to the outside; absent: anything goes. Formats such
    /// as `email` and `date` are held to. One by which a value could be held against more than 1,000 schemas is refused.
    input_schema: Option<Json>,
    /// Whether somebody has to approve a request.
    #[graphql(default = false)]
    requires_approval: bool,
    /// Fulfilled by a machine, without anybody's hand.
    #[graphql(default = false)]
    automated: bool,
    /// What it costs, in the reporting currency: 0 or more, at most 4 decimal places.
    price: Option<Decimal>,
    /// Whether it can be requested now.
    #[graphql(default = true)]
    active: bool,
    /// Free key/value notes: a JSON object.
    annotations: Option<Json>,
}

/// What to change: an absent field stays, an explicit null clears.
#[derive(InputObject)]
pub struct UpdateServiceOfferingInput {
    /// Its id.
    id: ID,
    /// Refuse with `STALE_VERSION` unless this is its version.
    expected_version: Option<i32>,
    /// Unique, kebab-case.
    slug: MaybeUndefined<String>,
    /// For people; one line of at most 250 characters.
    name: MaybeUndefined<String>,
    /// What it gives; up to 20,000 characters.
    description: MaybeUndefined<String>,
    /// The service it belongs to.
    service_id: MaybeUndefined<ID>,
    /// JSON Schema (2020-12) of a request's `inputs`, without references to the outside; null: anything goes. Formats such
    /// as `email` and `date` are held to. One by which a value could be held against more than 1,000 schemas is refused.
    input_schema: MaybeUndefined<Json>,
    /// Whether somebody has to approve a request.
    requires_approval: MaybeUndefined<bool>,
    /// Fulfilled by a machine, without anybody's hand.
    automated: MaybeUndefined<bool>,
    /// What it costs, in the reporting currency: 0 or more, at most 4 decimal places.
    price: MaybeUndefined<Decimal>,
    /// Whether it can be requested now.
    active: MaybeUndefined<bool>,
    /// Free key/value notes: a JSON object; replaces all of them.
    annotations: MaybeUndefined<Json>,
}

impl CreateServiceOfferingInput {
    fn into_patch(self) -> OfferingPatch {
        OfferingPatch {
            header: new_header(self.name, self.slug, self.annotations),
            description: self.description.into(),
            service_id: Patch::Set(self.service_id.0),
            input_schema: Patch::from(self.input_schema).map(|json| json.0),
            requires_approval: Patch::Set(self.requires_approval),
            automated: Patch::Set(self.automated),
            price: Patch::from(self.price).map(|value| value.0),
            active: Patch::Set(self.active),
        }
    }
}

impl UpdateServiceOfferingInput {
    fn into_patch(self) -> OfferingPatch {
        OfferingPatch {
            header: changed_header(self.name, self.slug, self.annotations),
            description: self.description.into(),
            service_id: changed_pointer(self.service_id),
            input_schema: Patch::from(self.input_schema).map(|json| json.0),
            requires_approval: self.requires_approval.into(),
            automated: self.automated.into(),
            price: Patch::from(self.price).map(|value| value.0),
            active: self.active.into(),
        }
    }
}

mutations! {
    ServiceOfferingMutations of Offering as OfferingNode { "service offering", service_offering }
    create create_service_offering(CreateServiceOfferingInput) -> CreateServiceOfferingPayload;
    update update_service_offering(UpdateServiceOfferingInput) -> UpdateServiceOfferingPayload;
    delete delete_service_offering(DeleteServiceOfferingInput) -> DeleteServiceOfferingPayload;
}
