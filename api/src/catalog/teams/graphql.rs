//! Teams in the API.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, Result};
use serde_json::Value;

use super::rules::{Team, TeamPatch};
use crate::catalog::graphql::{changed_header, changed_pointer, new_header, new_pointer};
use crate::catalog::people::graphql::PersonNode;
use crate::catalog::people::rules::Person;
use crate::catalog::services::graphql::{ServiceNode, services_in};
use crate::shared::connection::{Connection, PageArgs, all_by_name};
use crate::shared::direct::List;
use crate::shared::graphql::{catalog, lookup};
use crate::shared::ids::Id;
use crate::shared::record::Record;
use crate::shared::scalars::{DateTime, Json};
use crate::{mutations, node};

node! {
    /// A team that delivers services.
    TeamNode = TeamFields(Team)
}

/// A team that delivers services.
#[Object(name = "Team", serial)]
impl TeamFields {
    /// Opaque, never changes.
    pub(crate) async fn id(&self) -> ID {
        self.0.id().to_string().into()
    }

    /// Unique among teams, kebab-case; what imports and URLs use.
    async fn slug(&self) -> &str {
        &self.0.header.slug
    }

    /// For people.
    async fn name(&self) -> &str {
        &self.0.header.name
    }

    /// What it does.
    async fn description(&self) -> Option<&str> {
        self.0.description.as_deref()
    }

    /// The team above.
    async fn parent(&self, ctx: &Context<'_>) -> Option<TeamNode> {
        lookup(ctx, self.0.parent_id).map(TeamNode::from)
    }

    /// Who is in it, by name.
    async fn members(&self, ctx: &Context<'_>) -> List<PersonNode> {
        let catalog = catalog(ctx);
        catalog
            .members
            .ids(&self.0.id())
            .filter_map(|id| {
                catalog
                    .get(Id::<Person>::new(id))
                    .map(|person| PersonNode::from(Arc::clone(person)))
            })
            .collect()
    }

    /// Services that it delivers, by name. Errors: `BAD_USER_INPUT`.
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
            &catalog.service_indexes.team
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

/// Queries for teams.
#[derive(Default)]
pub struct TeamQueries;

#[Object]
impl TeamQueries {
    /// The team with this slug; null where there is none.
    async fn team(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its slug.")] slug: String,
    ) -> Option<TeamNode> {
        Team::table(&catalog(ctx))
            .by_slug(&slug)
            .cloned()
            .map(TeamNode::from)
    }

    /// All of them, by name. Errors: `BAD_USER_INPUT` for a bad page size or cursor.
    async fn teams(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "At most so many from the front; 25 where nothing is said, 100 at most.")]
        first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "At most so many from the back; 100 at most.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<Connection<TeamNode>> {
        all_by_name::<Team, _>(
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
pub struct CreateTeamInput {
    /// Unique, kebab-case; made from the name where absent.
    slug: Option<String>,
    /// For people; one line of at most 250 characters.
    name: String,
    /// What it does; up to 20,000 characters.
    description: Option<String>,
    /// The team above; not one below this one.
    parent_id: Option<ID>,
    /// Free key/value notes: a JSON object.
    annotations: Option<Json>,
}

/// What to change: an absent field stays, an explicit null clears.
#[derive(InputObject)]
pub struct UpdateTeamInput {
    /// Its id.
    id: ID,
    /// Refuse with `STALE_VERSION` unless this is its version.
    expected_version: Option<i32>,
    /// Unique, kebab-case.
    slug: MaybeUndefined<String>,
    /// For people; one line of at most 250 characters.
    name: MaybeUndefined<String>,
    /// What it does; up to 20,000 characters.
    description: MaybeUndefined<String>,
    /// The team above; not one below this one.
    parent_id: MaybeUndefined<ID>,
    /// Free key/value notes: a JSON object; replaces all of them.
    annotations: MaybeUndefined<Json>,
}

impl CreateTeamInput {
    fn into_patch(self) -> TeamPatch {
        TeamPatch {
            header: new_header(self.name, self.slug, self.annotations),
            description: self.description.into(),
            parent_id: new_pointer(self.parent_id),
        }
    }
}

impl UpdateTeamInput {
    fn into_patch(self) -> TeamPatch {
        TeamPatch {
            header: changed_header(self.name, self.slug, self.annotations),
            description: self.description.into(),
            parent_id: changed_pointer(self.parent_id),
        }
    }
}

mutations! {
    TeamMutations of Team as TeamNode { "team", team }
    create create_team(CreateTeamInput) -> CreateTeamPayload;
    update update_team(UpdateTeamInput) -> UpdateTeamPayload;
    delete delete_team(DeleteTeamInput) -> DeleteTeamPayload;
}
