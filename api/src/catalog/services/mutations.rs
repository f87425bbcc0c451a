//! Changes of services in the API.

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, Result};

use super::edges;
use super::graphql::{ServiceDependency, ServiceKind, ServiceLifecycle, ServiceNode, ServiceTier};
use super::rules::{self, Service, ServicePatch};
use crate::catalog::graphql::{changed_header, changed_pointer, new_header, new_pointer};
use crate::outcomes::graphql::{OutcomeContribution, OutcomeNode};
use crate::shared::graphql::{commit, expect, gone, shown};
use crate::shared::patch::Patch;
use crate::shared::record::Record;
use crate::shared::scalars::{Json, Url};
use crate::{mutations, payload};

/// A page about a service.
#[derive(Clone, InputObject)]
pub struct LinkInput {
    /// Where: `https:`, `http:` or `mailto:`.
    url: Url,
    /// What is there.
    title: Option<String>,
}

/// What to create.
#[derive(InputObject)]
pub struct CreateServiceInput {
    /// Unique, kebab-case; made from the name where absent.
    slug: Option<String>,
    /// For people; one line of at most 250 characters.
    name: String,
    /// What it does; up to 20,000 characters.
    description: Option<String>,
    /// What sort of service.
    #[graphql(default_with = "ServiceKind::BusinessService")]
    kind: ServiceKind,
    /// Where it is in its life.
    #[graphql(default_with = "ServiceLifecycle::Live")]
    lifecycle: ServiceLifecycle,
    /// How critical it is.
    #[graphql(default_with = "ServiceTier::Three")]
    tier: ServiceTier,
    /// Words to find it by: at most 100, each of at most 63 characters without blanks.
    tags: Option<Vec<String>>,
    /// Pages about it: at most 100.
    links: Option<Vec<LinkInput>>,
    /// Free key/value notes: a JSON object.
    annotations: Option<Json>,
    /// The person who answers for it towards the business.
    business_owner_id: Option<ID>,
    /// The person who answers for its delivery.
    service_owner_id: Option<ID>,
    /// The team that delivers it.
    team_id: Option<ID>,
    /// What it makes the business able to do.
    capability_id: Option<ID>,
}

/// What to change: an absent field stays, an explicit null clears.
#[derive(InputObject)]
pub struct UpdateServiceInput {
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
    /// What sort of service.
    kind: MaybeUndefined<ServiceKind>,
    /// Where it is in its life.
    lifecycle: MaybeUndefined<ServiceLifecycle>,
    /// How critical it is.
    tier: MaybeUndefined<ServiceTier>,
    /// Words to find it by, all of them: at most 100, each of at most 63 characters without blanks.
    tags: MaybeUndefined<Vec<String>>,
    /// Pages about it, all of them: at most 100.
    links: MaybeUndefined<Vec<LinkInput>>,
    /// Free key/value notes: a JSON object; replaces all of them.
    annotations: MaybeUndefined<Json>,
    /// The person who answers for it towards the business.
    business_owner_id: MaybeUndefined<ID>,
    /// The person who answers for its delivery.
    service_owner_id: MaybeUndefined<ID>,
    /// The team that delivers it.
    team_id: MaybeUndefined<ID>,
    /// What it makes the business able to do.
    capability_id: MaybeUndefined<ID>,
}

impl CreateServiceInput {
    fn into_patch(self) -> ServicePatch {
        ServicePatch {
            header: new_header(self.name, self.slug, self.annotations),
            description: self.description.into(),
            kind: Patch::Set(self.kind.into()),
            lifecycle: Patch::Set(self.lifecycle.into()),
            tier: Patch::Set(self.tier.into()),
            tags: self.tags.into(),
            links: Patch::from(self.links).map(links),
            business_owner_id: new_pointer(self.business_owner_id),
            service_owner_id: new_pointer(self.service_owner_id),
            team_id: new_pointer(self.team_id),
            capability_id: new_pointer(self.capability_id),
        }
    }
}

impl UpdateServiceInput {
    fn into_patch(self) -> ServicePatch {
        ServicePatch {
            header: changed_header(self.name, self.slug, self.annotations),
            description: self.description.into(),
            kind: Patch::from(self.kind).map(Into::into),
            lifecycle: Patch::from(self.lifecycle).map(Into::into),
            tier: Patch::from(self.tier).map(Into::into),
            tags: self.tags.into(),
            links: Patch::from(self.links).map(links),
            business_owner_id: changed_pointer(self.business_owner_id),
            service_owner_id: changed_pointer(self.service_owner_id),
            team_id: changed_pointer(self.team_id),
            capability_id: changed_pointer(self.capability_id),
        }
    }
}

fn links(links: Vec<LinkInput>) -> Vec<rules::Link> {
    links
        .into_iter()
        .map(|link| rules::Link {
            url: link.url.0,
            title: link.title,
        })
        .collect()
}

mutations! {
    ServiceMutations of Service as ServiceNode { "service", service }
    create create_service(CreateServiceInput) -> CreateServicePayload;
    update update_service(UpdateServiceInput) -> UpdateServicePayload;
    delete delete_service(DeleteServiceInput) -> DeleteServicePayload;
}

/// Whose ownership is confirmed.
#[derive(InputObject)]
pub struct ConfirmOwnershipInput {
    /// The service.
    service_id: ID,
}

/// A dependency to set.
#[derive(InputObject)]
pub struct SetDependencyInput {
    /// The service that needs.
    dependent_id: ID,
    /// The service that is needed.
    dependency_id: ID,
    /// Share of the dependent's work that stops when the dependency is fully down, in (0, 1].
    #[graphql(default = 1.0)]
    strength: f64,
}

/// A dependency to remove.
#[derive(InputObject)]
pub struct RemoveDependencyInput {
    /// The service that needed.
    dependent_id: ID,
    /// The service that was needed.
    dependency_id: ID,
}

/// A contribution to set.
#[derive(InputObject)]
pub struct SetContributionInput {
    /// The service.
    service_id: ID,
    /// The outcome that rests on it.
    outcome_id: ID,
    /// Share of the outcome that is lost while the service is fully down, in (0, 1].
    share: f64,
}

/// A contribution to remove.
#[derive(InputObject)]
pub struct RemoveContributionInput {
    /// The service.
    service_id: ID,
    /// The outcome that rested on it.
    outcome_id: ID,
}

payload! {
    /// What became of a dependency.
    SetDependencyPayload {
        /// The dependency as it is now; null where it was refused.
        dependency: ServiceDependency
    }
}

payload! {
    /// What became of a removed dependency.
    RemoveDependencyPayload {
        /// The service that no longer needs the other; null where the removal was refused.
        dependent: ServiceNode
    }
}

payload! {
    /// What became of a contribution.
    SetContributionPayload {
        /// The contribution as it is now; null where it was refused.
        contribution: OutcomeContribution
    }
}

payload! {
    /// What became of a removed contribution.
    RemoveContributionPayload {
        /// The service that the outcome no longer rests on; null where the removal was refused.
        service: ServiceNode
    }
}

/// Changes of what services need, what rests on them, and of their confirmed ownership.
#[derive(Default)]
pub struct EdgeMutations;

#[Object]
impl EdgeMutations {
    /// An owner says that business owner, service owner and team are still right. User errors: `NOT_FOUND`.
    async fn confirm_ownership(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose.")] input: ConfirmOwnershipInput,
    ) -> Result<UpdateServicePayload> {
        let result = commit(ctx, |draft| {
            edges::confirm_ownership(draft, &input.service_id)
        })
        .await?;
        shown(ctx, result).map(UpdateServicePayload::new)
    }

    /// Adds the dependency, or sets its strength. Dependencies may form cycles. User errors: INVALID, `NOT_FOUND`.
    async fn set_dependency(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Between which services, and how strong.")] input: SetDependencyInput,
    ) -> Result<SetDependencyPayload> {
        let result = commit(ctx, |draft| {
            edges::set_dependency(
                draft,
                &input.dependent_id,
                &input.dependency_id,
                input.strength,
            )
        })
        .await?;
        let shown = match result {
            Ok(ends) => Ok(ServiceDependency::expect(ctx, ends)?),
            Err(refusals) => Err(refusals),
        };
        Ok(SetDependencyPayload::new(shown))
    }

    /// Removes the dependency. User errors: `NOT_FOUND`.
    async fn remove_dependency(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Between which services.")] input: RemoveDependencyInput,
    ) -> Result<RemoveDependencyPayload> {
        let result = commit(ctx, |draft| {
            edges::remove_dependency(draft, &input.dependent_id, &input.dependency_id)
        })
        .await?;
        let service = result.map(|(dependent, _)| dependent);
        shown(ctx, service).map(RemoveDependencyPayload::new)
    }

    /// Says how much of an outcome rests on a service. User errors: INVALID, `NOT_FOUND`.
    async fn set_contribution(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Of which service to which outcome, and how much.")]
        input: SetContributionInput,
    ) -> Result<SetContributionPayload> {
        let result = commit(ctx, |draft| {
            edges::set_contribution(draft, &input.service_id, &input.outcome_id, input.share)
        })
        .await?;
        let shown = match result {
            Ok((service, outcome)) => {
                let (service, outcome) = (expect(ctx, service)?, expect(ctx, outcome)?);
                let share = *service
                    .contributions
                    .get(&outcome.id())
                    .ok_or_else(|| gone("the contribution"))?;
                Ok(OutcomeContribution {
                    service: ServiceNode::from(service),
                    outcome: OutcomeNode::from(outcome),
                    share,
                })
            }
            Err(refusals) => Err(refusals),
        };
        Ok(SetContributionPayload::new(shown))
    }

    /// Says that an outcome does not rest on a service. User errors: `NOT_FOUND`.
    async fn remove_contribution(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Of which service to which outcome.")] input: RemoveContributionInput,
    ) -> Result<RemoveContributionPayload> {
        let result = commit(ctx, |draft| {
            edges::remove_contribution(draft, &input.service_id, &input.outcome_id)
        })
        .await?;
        let service = result.map(|(service, _)| service);
        shown(ctx, service).map(RemoveContributionPayload::new)
    }
}
