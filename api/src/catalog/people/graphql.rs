//! People in the API.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, Result};
use serde_json::Value;

use super::rules::{Person, PersonPatch};
use crate::catalog::customers::graphql::CustomerNode;
use crate::catalog::graphql::{changed_header, changed_pointer, new_header, new_pointer};
use crate::catalog::services::graphql::{ServiceNode, services_in};
use crate::catalog::teams::graphql::TeamNode;
use crate::shared::connection::{Connection, PageArgs, all_by_name};
use crate::shared::direct::List;
use crate::shared::graphql::{catalog, lookup};
use crate::shared::patch::Patch;
use crate::shared::record::Record;
use crate::shared::scalars::{DateTime, Json};
use crate::shared::text::compare_names;
use crate::{mutations, node};

node! {
    /// Somebody in the organisation, or an automation account.
    PersonNode = PersonFields(Person)
}

/// Somebody in the organisation, or an automation account.
#[Object(name = "Person", serial)]
impl PersonFields {
    /// Opaque, never changes.
    pub(crate) async fn id(&self) -> ID {
        self.0.id().to_string().into()
    }

    /// Unique among people, kebab-case; what imports and URLs use.
    async fn slug(&self) -> &str {
        &self.0.header.slug
    }

    /// For people.
    async fn name(&self) -> &str {
        &self.0.header.name
    }

    /// Where to write to.
    async fn email(&self) -> Option<&str> {
        self.0.email.as_deref()
    }

    /// The `sub` of this person's access tokens.
    async fn subject(&self) -> Option<&str> {
        self.0.subject.as_deref()
    }

    /// The customer this person belongs to.
    async fn customer(&self, ctx: &Context<'_>) -> Option<CustomerNode> {
        lookup(ctx, self.0.customer_id).map(CustomerNode::from)
    }

    /// The teams this person is in, by name.
    async fn teams(&self, ctx: &Context<'_>) -> List<TeamNode> {
        let catalog = catalog(ctx);
        let mut teams: Vec<TeamNode> = self
            .0
            .team_ids
            .iter()
            .filter_map(|&id| catalog.get(id).map(|team| TeamNode::from(Arc::clone(team))))
            .collect();
        teams.sort_by(|one, other| compare_names(&one.0.0.header.name, &other.0.0.header.name));
        List(teams)
    }

    /// Services this person answers for towards the business, by name. Errors: `BAD_USER_INPUT`.
    async fn owned_services(
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
            &catalog.service_indexes.business_owner
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

/// Queries for people.
#[derive(Default)]
pub struct PersonQueries;

#[Object]
impl PersonQueries {
    /// The person with this slug; null where there is none.
    async fn person(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its slug.")] slug: String,
    ) -> Option<PersonNode> {
        Person::table(&catalog(ctx))
            .by_slug(&slug)
            .cloned()
            .map(PersonNode::from)
    }

    /// All of them, by name. Errors: `BAD_USER_INPUT` for a bad page size or cursor.
    async fn people(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "At most so many from the front; 25 where nothing is said, 100 at most.")]
        first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "At most so many from the back; 100 at most.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<Connection<PersonNode>> {
        all_by_name::<Person, _>(
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
pub struct CreatePersonInput {
    /// Unique, kebab-case; made from the name where absent.
    slug: Option<String>,
    /// For people; one line of at most 250 characters.
    name: String,
    /// Where to write to.
    email: Option<String>,
    /// The `sub` of this person's access tokens; unique.
    subject: Option<String>,
    /// The customer this person belongs to.
    customer_id: Option<ID>,
    /// The teams this person is in.
    team_ids: Option<Vec<ID>>,
    /// Free key/value notes: a JSON object.
    annotations: Option<Json>,
}

/// What to change: an absent field stays, an explicit null clears.
#[derive(InputObject)]
pub struct UpdatePersonInput {
    /// Its id.
    id: ID,
    /// Refuse with `STALE_VERSION` unless this is its version.
    expected_version: Option<i32>,
    /// Unique, kebab-case.
    slug: MaybeUndefined<String>,
    /// For people; one line of at most 250 characters.
    name: MaybeUndefined<String>,
    /// Where to write to.
    email: MaybeUndefined<String>,
    /// The `sub` of this person's access tokens; unique.
    subject: MaybeUndefined<String>,
    /// The customer this person belongs to.
    customer_id: MaybeUndefined<ID>,
    /// The teams this person is in, all of them.
    team_ids: MaybeUndefined<Vec<ID>>,
    /// Free key/value notes: a JSON object; replaces all of them.
    annotations: MaybeUndefined<Json>,
}

impl CreatePersonInput {
    fn into_patch(self) -> PersonPatch {
        PersonPatch {
            header: new_header(self.name, self.slug, self.annotations),
            email: self.email.into(),
            subject: self.subject.into(),
            customer_id: new_pointer(self.customer_id),
            team_ids: team_ids(self.team_ids.into()),
        }
    }
}

impl UpdatePersonInput {
    fn into_patch(self) -> PersonPatch {
        PersonPatch {
            header: changed_header(self.name, self.slug, self.annotations),
            email: self.email.into(),
            subject: self.subject.into(),
            customer_id: changed_pointer(self.customer_id),
            team_ids: team_ids(self.team_ids.into()),
        }
    }
}

fn team_ids(ids: Patch<Vec<ID>>) -> Patch<Vec<String>> {
    ids.map(|ids| ids.into_iter().map(|id| id.0).collect())
}

mutations! {
    PersonMutations of Person as PersonNode { "person", person }
    create create_person(CreatePersonInput) -> CreatePersonPayload;
    update update_person(UpdatePersonInput) -> UpdatePersonPayload;
    delete delete_person(DeletePersonInput) -> DeletePersonPayload;
}
