//! Changes of the register of shadow IT in the API.

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, Result};

use super::adoption::{self, Adopted, Adoption};
use super::graphql::{DataClass, ShadowItStatus, SightingNode};
use super::known::{know, plan_known};
use super::rules::{Sighting, SightingPatch};
use crate::catalog::graphql::{changed_header, changed_pointer, new_header, new_pointer};
use crate::catalog::services::graphql::{ServiceKind, ServiceNode};
use crate::demand::graphql::visible;
use crate::payload;
use crate::shared::edit;
use crate::shared::errors::UserErrors;
use crate::shared::graphql::{UserError, commit, commit_reading, shown, user_errors};
use crate::shared::patch::Patch;
use crate::shared::scalars::{Date, Decimal, Json};
use crate::snapshot::Replica;

/// What was seen.
#[derive(InputObject)]
pub struct CreateShadowItSightingInput {
    /// Unique, kebab-case; made from the product where absent.
    slug: Option<String>,
    /// What it is called; one line of at most 250 characters.
    product: String,
    /// Who sells it; one line of at most 250 characters.
    vendor: Option<String>,
    /// Who got it.
    customer_id: ID,
    /// The demand that it covers: one of the customer's, or of a customer above or below.
    demand_id: Option<ID>,
    /// The catalog's own answer, if there is one.
    service_id: Option<ID>,
    /// How many people use it; 0 or more.
    users: i32,
    /// What it costs a month, in the reporting currency: 0 or more, at most 4 decimal places.
    monthly_cost: Decimal,
    /// How sensitive what is kept in it is.
    data_class: DataClass,
    /// The day on which it was first seen.
    first_seen: Date,
    /// Free key/value notes: a JSON object.
    annotations: Option<Json>,
}

/// What to change: an absent field stays, an explicit null clears.
#[derive(InputObject)]
pub struct UpdateShadowItSightingInput {
    /// Its id.
    id: ID,
    /// Refuse with `STALE_VERSION` unless this is its version.
    expected_version: Option<i32>,
    /// Unique, kebab-case.
    slug: MaybeUndefined<String>,
    /// What it is called; one line of at most 250 characters.
    product: MaybeUndefined<String>,
    /// Who sells it; one line of at most 250 characters.
    vendor: MaybeUndefined<String>,
    /// Who got it.
    customer_id: MaybeUndefined<ID>,
    /// The demand that it covers: one of the customer's, or of a customer above or below.
    demand_id: MaybeUndefined<ID>,
    /// The catalog's own answer, if there is one.
    service_id: MaybeUndefined<ID>,
    /// How many people use it; 0 or more.
    users: MaybeUndefined<i32>,
    /// What it costs a month, in the reporting currency: 0 or more, at most 4 decimal places.
    monthly_cost: MaybeUndefined<Decimal>,
    /// How sensitive what is kept in it is.
    data_class: MaybeUndefined<DataClass>,
    /// What came of it. `ADOPTED` needs a service; `adoptShadowIt` makes one, with all that goes with that.
    status: MaybeUndefined<ShadowItStatus>,
    /// The day on which it was first seen.
    first_seen: MaybeUndefined<Date>,
    /// Free key/value notes: a JSON object; replaces all of them.
    annotations: MaybeUndefined<Json>,
}

/// Which sighting to delete.
#[derive(InputObject)]
pub struct DeleteShadowItSightingInput {
    /// Its id.
    id: ID,
    /// Refuse with `STALE_VERSION` unless this is its version.
    expected_version: Option<i32>,
}

/// Which sighting to make a service of, and which.
#[derive(InputObject)]
pub struct AdoptShadowItInput {
    /// The sighting's id.
    id: ID,
    /// Refuse with `STALE_VERSION` unless this is the sighting's version.
    expected_version: Option<i32>,
    /// What the service is called; the product where absent.
    name: Option<String>,
    /// The service's slug; made from the name where absent.
    slug: Option<String>,
    /// What sort of service.
    #[graphql(default_with = "ServiceKind::Application")]
    kind: ServiceKind,
    /// The person who answers for the service towards the business.
    business_owner_id: Option<ID>,
    /// The person who answers for its delivery.
    service_owner_id: Option<ID>,
    /// The team that delivers it.
    team_id: Option<ID>,
}

impl CreateShadowItSightingInput {
    fn into_patch(self) -> SightingPatch {
        SightingPatch {
            header: new_header(self.product, self.slug, self.annotations),
            vendor: self.vendor.into(),
            customer_id: Patch::Set(self.customer_id.0),
            demand_id: new_pointer(self.demand_id),
            service_id: new_pointer(self.service_id),
            users: Patch::Set(self.users),
            monthly_cost: Patch::Set(self.monthly_cost.0),
            data_class: Patch::Set(self.data_class.into()),
            status: Patch::Keep,
            first_seen: Patch::Set(self.first_seen.0),
            ..SightingPatch::default()
        }
    }
}

impl UpdateShadowItSightingInput {
    fn into_patch(self) -> SightingPatch {
        SightingPatch {
            header: changed_header(self.product, self.slug, self.annotations),
            vendor: self.vendor.into(),
            customer_id: changed_pointer(self.customer_id),
            demand_id: changed_pointer(self.demand_id),
            service_id: changed_pointer(self.service_id),
            users: self.users.into(),
            monthly_cost: Patch::from(self.monthly_cost).map(|cost| cost.0),
            data_class: Patch::from(self.data_class).map(Into::into),
            status: Patch::from(self.status).map(Into::into),
            first_seen: Patch::from(self.first_seen).map(|day| day.0),
            ..SightingPatch::default()
        }
    }
}

payload! {
    /// What became of a creation.
    CreateShadowItSightingPayload {
        /// The new sighting; null where it was refused.
        shadow_it_sighting: SightingNode
    }
}

payload! {
    /// What became of a change.
    UpdateShadowItSightingPayload {
        /// The sighting as it is now; null where the change was refused.
        shadow_it_sighting: SightingNode
    }
}

payload! {
    /// What became of a deletion.
    DeleteShadowItSightingPayload {
        /// The id of the sighting that is gone; null where it was refused.
        deleted_id: ID
    }
}

/// What became of an adoption.
#[derive(async_graphql::SimpleObject)]
pub struct AdoptShadowItPayload {
    /// The sighting as it is now; null where the adoption was refused.
    shadow_it_sighting: Option<SightingNode>,
    /// The new service; null where the adoption was refused.
    service: Option<ServiceNode>,
    /// Why nothing was done; empty where it was.
    user_errors: Vec<UserError>,
}

impl AdoptShadowItPayload {
    fn new(ctx: &Context<'_>, result: Result<Adopted, UserErrors>) -> Result<Self> {
        match result {
            Ok(adopted) => Ok(Self {
                shadow_it_sighting: shown(ctx, Ok(adopted.sighting))?.ok(),
                service: shown(ctx, Ok(adopted.service))?.ok(),
                user_errors: Vec::new(),
            }),
            Err(refusals) => Ok(Self {
                shadow_it_sighting: None,
                service: None,
                user_errors: user_errors(refusals),
            }),
        }
    }
}

/// Changes of the register of shadow IT.
#[derive(Default)]
pub struct ShadowItMutations;

#[Object]
impl ShadowItMutations {
    /// Enters a sighting. The answer shows it to whoever may write, also without `insight:read`. User errors: `INVALID`, `NOT_FOUND`,
    /// `ALREADY_EXISTS`.
    async fn create_shadow_it_sighting(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to create.")] input: CreateShadowItSightingInput,
    ) -> Result<CreateShadowItSightingPayload> {
        let patch = input.into_patch();
        let (database, seen) = (
            &ctx.data_unchecked::<Replica>().database().read,
            visible(ctx),
        );
        let result = commit_reading(ctx, async |mut draft| {
            let patch = know(database, &seen, None, patch.clone()).await?;
            let planned = edit::create::<Sighting>(&mut draft, patch);
            Ok((draft, planned))
        })
        .await?;
        shown(ctx, result).map(CreateShadowItSightingPayload::new)
    }

    /// Changes a sighting: an absent field stays, an explicit null clears. User errors: `INVALID`, `NOT_FOUND`, `ALREADY_EXISTS`,
    /// `STALE_VERSION`.
    async fn update_shadow_it_sighting(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to change.")] input: UpdateShadowItSightingInput,
    ) -> Result<UpdateShadowItSightingPayload> {
        let (id, version) = (input.id.to_string(), input.expected_version);
        let patch = input.into_patch();
        let (database, seen) = (
            &ctx.data_unchecked::<Replica>().database().read,
            visible(ctx),
        );
        let result = commit_reading(ctx, async |mut draft| {
            let linked = plan_known(&draft, &id);
            let patch = know(database, &seen, linked, patch.clone()).await?;
            let planned = edit::update::<Sighting>(&mut draft, &id, version, patch);
            Ok((draft, planned))
        })
        .await?;
        shown(ctx, result).map(UpdateShadowItSightingPayload::new)
    }

    /// Deletes a sighting. User errors: `NOT_FOUND`, `STALE_VERSION`.
    async fn delete_shadow_it_sighting(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to delete.")] input: DeleteShadowItSightingInput,
    ) -> Result<DeleteShadowItSightingPayload> {
        let result = commit(ctx, |draft| {
            edit::delete::<Sighting>(draft, &input.id, input.expected_version)
        })
        .await?;
        let deleted = result.map(|id| id.to_string().into());
        Ok(DeleteShadowItSightingPayload::new(deleted))
    }

    /// Takes a tool into the catalog: a service in the lifecycle `PROPOSED` is created for it and is its answer, and it becomes `ADOPTED`. A
    /// demand that it covers and that no service answers yet is answered by the new one, and planned if it was open; nobody needs
    /// `requests:work` for that. User errors: `NOT_FOUND`, `STALE_VERSION`, `INVALID`, `ALREADY_EXISTS`, `ILLEGAL_TRANSITION` (it is adopted
    /// or replaced already).
    async fn adopt_shadow_it(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and as what.")] input: AdoptShadowItInput,
    ) -> Result<AdoptShadowItPayload> {
        let adoption = Adoption {
            sighting: input.id.0,
            expected_version: input.expected_version,
            name: input.name,
            slug: input.slug,
            kind: input.kind.into(),
            business_owner_id: input.business_owner_id.map(|id| id.0),
            service_owner_id: input.service_owner_id.map(|id| id.0),
            team_id: input.team_id.map(|id| id.0),
        };
        let database = &ctx.data_unchecked::<Replica>().database().read;
        let result = commit_reading(ctx, async |draft| {
            Box::pin(adoption::planned(database, draft, &adoption)).await
        })
        .await?;
        AdoptShadowItPayload::new(ctx, result)
    }
}
