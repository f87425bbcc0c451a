//! Capabilities in the API.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, Result};
use serde_json::Value;

use super::rules::{Capability, CapabilityPatch};
use crate::catalog::graphql::{changed_header, changed_pointer, new_header, new_pointer};
use crate::catalog::services::graphql::{ServiceNode, services_in};
use crate::shared::connection::{Connection, PageArgs, all_by_name};
use crate::shared::direct::List;
use crate::shared::graphql::{catalog, lookup};
use crate::shared::ids::Id;
use crate::shared::record::Record;
use crate::shared::scalars::{DateTime, Json};
use crate::{mutations, node};

node! {
    /// What the business is able to do; capabilities form a tree.
    CapabilityNode = CapabilityFields(Capability)
}

/// What the business is able to do; capabilities form a tree.
#[Object(name = "BusinessCapability", serial)]
impl CapabilityFields {
    /// Opaque, never changes.
    pub(crate) async fn id(&self) -> ID {
        self.0.id().to_string().into()
    }

    /// Unique among capabilities, kebab-case; what imports and URLs use.
    async fn slug(&self) -> &str {
        &self.0.header.slug
    }

    /// For people.
    async fn name(&self) -> &str {
        &self.0.header.name
    }

    /// What it means.
    async fn description(&self) -> Option<&str> {
        self.0.description.as_deref()
    }

    /// The capability above.
    async fn parent(&self, ctx: &Context<'_>) -> Option<CapabilityNode> {
        lookup(ctx, self.0.parent_id).map(CapabilityNode::from)
    }

    /// The capabilities below, by name.
    async fn children(&self, ctx: &Context<'_>) -> List<CapabilityNode> {
        let catalog = catalog(ctx);
        catalog
            .subcapabilities
            .ids(&self.0.id())
            .filter_map(|id| {
                catalog
                    .get(Id::<Capability>::new(id))
                    .map(|child| CapabilityNode::from(Arc::clone(child)))
            })
            .collect()
    }

    /// Services that make the business able to do it, by name. Errors: `BAD_USER_INPUT`.
    async fn services(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "At most so many from the front; 25 where nothing is said, 100 at most.")]
        first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "At most so many from the back; 100 at most.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<Connection<ServiceNode>> {
        let args = PageArgs {
            first,
            after,
            last,
            before,
        };
        services_in(ctx, &args, self.0.id(), |catalog| {
            &catalog.service_indexes.capability
        })
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

/// Queries for capabilities.
#[derive(Default)]
pub struct BusinessCapabilityQueries;

#[Object]
impl BusinessCapabilityQueries {
    /// The capability with this slug; null where there is none.
    async fn business_capability(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its slug.")] slug: String,
    ) -> Option<CapabilityNode> {
        Capability::table(&catalog(ctx))
            .by_slug(&slug)
            .cloned()
            .map(CapabilityNode::from)
    }

    /// All of them, by name. Errors: `BAD_USER_INPUT` for a bad page size or cursor.
    async fn business_capabilities(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "At most so many from the front; 25 where nothing is said, 100 at most.")]
        first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "At most so many from the back; 100 at most.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<Connection<CapabilityNode>> {
        all_by_name::<Capability, _>(
            ctx,
            &PageArgs {
                first,
                after,
                last,
                before,
            },
        )
    }
}

/// What to create.
#[derive(InputObject)]
pub struct CreateBusinessCapabilityInput {
    /// Unique, kebab-case; made from the name where absent.
    slug: Option<String>,
    /// For people; one line of at most 250 characters.
    name: String,
    /// What it means; up to 20,000 characters.
    description: Option<String>,
    /// The capability above; not one below this one.
    parent_id: Option<ID>,
    /// Free key/value notes: a JSON object.
    annotations: Option<Json>,
}

/// What to change: an absent field stays, an explicit null clears.
#[derive(InputObject)]
pub struct UpdateBusinessCapabilityInput {
    /// Its id.
    id: ID,
    /// Refuse with `STALE_VERSION` unless this is its version.
    expected_version: Option<i32>,
    /// Unique, kebab-case.
    slug: MaybeUndefined<String>,
    /// For people; one line of at most 250 characters.
    name: MaybeUndefined<String>,
    /// What it means; up to 20,000 characters.
    description: MaybeUndefined<String>,
    /// The capability above; not one below this one.
    parent_id: MaybeUndefined<ID>,
    /// Free key/value notes: a JSON object; replaces all of them.
    annotations: MaybeUndefined<Json>,
}

impl CreateBusinessCapabilityInput {
    fn into_patch(self) -> CapabilityPatch {
        CapabilityPatch {
            header: new_header(self.name, self.slug, self.annotations),
            description: self.description.into(),
            parent_id: new_pointer(self.parent_id),
        }
    }
}

impl UpdateBusinessCapabilityInput {
    fn into_patch(self) -> CapabilityPatch {
        CapabilityPatch {
            header: changed_header(self.name, self.slug, self.annotations),
            description: self.description.into(),
            parent_id: changed_pointer(self.parent_id),
        }
    }
}

mutations! {
    BusinessCapabilityMutations of Capability as CapabilityNode { "business capability", business_capability }
    create create_business_capability(CreateBusinessCapabilityInput) -> CreateBusinessCapabilityPayload;
    update update_business_capability(UpdateBusinessCapabilityInput) -> UpdateBusinessCapabilityPayload;
    delete delete_business_capability(DeleteBusinessCapabilityInput) -> DeleteBusinessCapabilityPayload;
}
