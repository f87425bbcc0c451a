//! Customers in the API.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, Result};
use serde_json::Value;

use super::rules::{Customer, CustomerPatch};
use crate::catalog::graphql::{changed_header, changed_pointer, new_header, new_pointer};
use crate::catalog::people::graphql::PersonNode;
use crate::demand::feedback::graphql::{Satisfaction, satisfaction};
use crate::demand::feedback::store::Whose;
use crate::demand::graphql::{DemandConnection, DemandFilter, DemandOrder, demands};
use crate::demand::list::Parent as DemandParent;
use crate::demand::shadow_it::graphql::{SightingNode, sightings_of};
use crate::outcomes::graphql::OutcomeNode;
use crate::outcomes::rules::Outcome;
use crate::requests::graphql::{
    RequestConnection, ServiceRequestFilter, ServiceRequestOrder, requests,
};
use crate::requests::list::Parent;
use crate::shared::connection::{Connection, PageArgs, all_by_name};
use crate::shared::direct::List;
use crate::shared::graphql::{catalog, lookup};
use crate::shared::ids::Id;
use crate::shared::record::Record;
use crate::shared::scalars::{DateTime, Json};
use crate::slas::agreements::graphql::{AgreementNode, agreements_in};
use crate::{mutations, node};

node! {
    /// A part of the business, or an outside party, that services exist for.
    CustomerNode = CustomerFields(Customer)
}

/// A part of the business, or an outside party, that services exist for: a ward, a branch, a faculty.
#[Object(name = "Customer", serial)]
impl CustomerFields {
    /// Opaque, never changes.
    pub(crate) async fn id(&self) -> ID {
        self.0.id().to_string().into()
    }

    /// Unique among customers, kebab-case; what imports and URLs use.
    async fn slug(&self) -> &str {
        &self.0.header.slug
    }

    /// For people.
    async fn name(&self) -> &str {
        &self.0.header.name
    }

    /// What this customer's business is: health care, banking, hospitality, …
    async fn industry(&self) -> Option<&str> {
        self.0.industry.as_deref()
    }

    /// What drives this customer.
    async fn description(&self) -> Option<&str> {
        self.0.description.as_deref()
    }

    /// The customer above.
    async fn parent(&self, ctx: &Context<'_>) -> Option<CustomerNode> {
        lookup(ctx, self.0.parent_id).map(CustomerNode::from)
    }

    /// Who speaks for this customer.
    async fn representative(&self, ctx: &Context<'_>) -> Option<PersonNode> {
        lookup(ctx, self.0.representative_id).map(PersonNode::from)
    }

    /// What drives this customer, by name.
    async fn outcomes(&self, ctx: &Context<'_>) -> List<OutcomeNode> {
        let catalog = catalog(ctx);
        catalog
            .customer_outcomes
            .ids(&self.0.id())
            .filter_map(|id| {
                catalog
                    .get(Id::<Outcome>::new(id))
                    .map(|outcome| OutcomeNode::from(Arc::clone(outcome)))
            })
            .collect()
    }

    /// What this customer is promised by agreements of its own, by name; agreements for every customer are those of the service.
    /// Errors: `BAD_USER_INPUT`.
    async fn slas(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "At most so many from the front; 25 where nothing is said, 100 at most.")]
        first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "At most so many from the back; 100 at most.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<Connection<AgreementNode>> {
        let args = PageArgs {
            first,
            after,
            last,
            before,
        };
        agreements_in(ctx, &args, self.0.id(), |catalog| {
            &catalog.agreement_indexes.customer
        })
    }

    /// Demands of this customer, as far as the viewer may see them, newest first where nothing else is said. Errors:
    /// `BAD_USER_INPUT` for a bad page size, cursor or id.
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
        let parent = (DemandParent::Customer, self.0.header.id);
        demands(ctx, Some(parent), (filter, order_by), &args).await
    }

    /// What this customer got elsewhere, the most dangerous first; nothing for those without `insight:read`. Errors:
    /// `BAD_USER_INPUT`.
    async fn shadow_it(
        &self,
        ctx: &Context<'_>,
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
        sightings_of(ctx, self.0.id(), &args)
    }

    /// What people who belong to it think of the services that they get, of all of them together. For those without `insight:read` a period is
    /// made of whole days, UTC: those that `since` and `until` lie in are part of it. Errors: `BAD_USER_INPUT` where `until` is not
    /// after `since`.
    async fn satisfaction(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only feedback given at this instant or later.")] since: Option<DateTime>,
        #[graphql(desc = "Only feedback given before this instant.")] until: Option<DateTime>,
    ) -> Result<Satisfaction> {
        let customer = (Whose::Customer, self.0.header.id);
        satisfaction(ctx, customer, (since, until)).await
    }

    /// Requests for this customer, as far as the viewer may see them, newest first where nothing else is said. Errors:
    /// `BAD_USER_INPUT` for a bad page size, cursor or id.
    async fn service_requests(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which ones; all where absent.")] filter: Option<ServiceRequestFilter>,
        #[graphql(desc = "In which order; the newest first where absent.")] order_by: Option<
            ServiceRequestOrder,
        >,
        #[graphql(desc = "At most so many from the front; 25 where nothing is said, 100 at most.")]
        first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "At most so many from the back; 100 at most.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<RequestConnection> {
        let args = PageArgs {
            first,
            after,
            last,
            before,
        };
        let parent = (Parent::Customer, self.0.header.id);
        requests(ctx, Some(parent), (filter, order_by), &args).await
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

/// Queries for customers.
#[derive(Default)]
pub struct CustomerQueries;

#[Object]
impl CustomerQueries {
    /// The customer with this slug; null where there is none.
    async fn customer(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its slug.")] slug: String,
    ) -> Option<CustomerNode> {
        Customer::table(&catalog(ctx))
            .by_slug(&slug)
            .cloned()
            .map(CustomerNode::from)
    }

    /// All of them, by name. Errors: `BAD_USER_INPUT` for a bad page size or cursor.
    async fn customers(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "At most so many from the front; 25 where nothing is said, 100 at most.")]
        first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "At most so many from the back; 100 at most.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<Connection<CustomerNode>> {
        all_by_name::<Customer, _>(
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
pub struct CreateCustomerInput {
    /// Unique, kebab-case; made from the name where absent.
    slug: Option<String>,
    /// For people; one line of at most 250 characters.
    name: String,
    /// What this customer's business is: health care, banking, hospitality, …
    industry: Option<String>,
    /// What drives this customer; up to 20,000 characters.
    description: Option<String>,
    /// The customer above; not one below this one.
    parent_id: Option<ID>,
    /// The person who speaks for this customer.
    representative_id: Option<ID>,
    /// Free key/value notes: a JSON object.
    annotations: Option<Json>,
}

/// What to change: an absent field stays, an explicit null clears.
#[derive(InputObject)]
pub struct UpdateCustomerInput {
    /// Its id.
    id: ID,
    /// Refuse with `STALE_VERSION` unless this is its version.
    expected_version: Option<i32>,
    /// Unique, kebab-case.
    slug: MaybeUndefined<String>,
    /// For people; one line of at most 250 characters.
    name: MaybeUndefined<String>,
    /// What this customer's business is: health care, banking, hospitality, …
    industry: MaybeUndefined<String>,
    /// What drives this customer; up to 20,000 characters.
    description: MaybeUndefined<String>,
    /// The customer above; not one below this one.
    parent_id: MaybeUndefined<ID>,
    /// The person who speaks for this customer.
    representative_id: MaybeUndefined<ID>,
    /// Free key/value notes: a JSON object; replaces all of them.
    annotations: MaybeUndefined<Json>,
}

impl CreateCustomerInput {
    fn into_patch(self) -> CustomerPatch {
        CustomerPatch {
            header: new_header(self.name, self.slug, self.annotations),
            industry: self.industry.into(),
            description: self.description.into(),
            parent_id: new_pointer(self.parent_id),
            representative_id: new_pointer(self.representative_id),
        }
    }
}

impl UpdateCustomerInput {
    fn into_patch(self) -> CustomerPatch {
        CustomerPatch {
            header: changed_header(self.name, self.slug, self.annotations),
            industry: self.industry.into(),
            description: self.description.into(),
            parent_id: changed_pointer(self.parent_id),
            representative_id: changed_pointer(self.representative_id),
        }
    }
}

mutations! {
    CustomerMutations of Customer as CustomerNode { "customer", customer }
    create create_customer(CreateCustomerInput) -> CreateCustomerPayload;
    update update_customer(UpdateCustomerInput) -> UpdateCustomerPayload;
    delete delete_customer(DeleteCustomerInput) -> DeleteCustomerPayload;
}
