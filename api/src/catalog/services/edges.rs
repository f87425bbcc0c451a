//! What a service needs, what rests on it, and who says that its ownership is right.

use super::rules::{Dependency, Service};
use crate::outcomes::rules::Outcome;
use crate::shared::draft::Draft;
use crate::shared::edit::existing;
use crate::shared::errors::{UserError, UserErrorCode, UserErrors};
use crate::shared::form::Form;
use crate::shared::ids::Id;
use crate::shared::record::Record;

/// Adds a dependency, or sets its strength.
pub fn set_dependency(
    draft: &mut Draft,
    dependent: &str,
    dependency: &str,
    strength: f64,
) -> Result<(Id<Service>, Id<Service>), UserErrors> {
    let (mut service, target) = ends::<Service>(
        draft,
        ("dependentId", dependent),
        ("dependencyId", dependency),
        Some(("strength", strength)),
    )?;
    if service.id() == target {
        let message = "a service can't depend on itself";
        return Err(vec![UserError::new(
            UserErrorCode::Invalid,
            "dependencyId",
            message,
        )]);
    }
    let id = service.id();
    service
        .dependencies
        .entry(target)
        .and_modify(|edge| edge.strength = strength)
        .or_insert(Dependency {
            strength,
            origin: None,
        });
    draft.put(service);
    Ok((id, target))
}

/// Takes a dependency away.
pub fn remove_dependency(
    draft: &mut Draft,
    dependent: &str,
    dependency: &str,
) -> Result<(Id<Service>, Id<Service>), UserErrors> {
    let (mut service, target) = ends::<Service>(
        draft,
        ("dependentId", dependent),
        ("dependencyId", dependency),
        None,
    )?;
    let id = service.id();
    if service.dependencies.remove(&target).is_none() {
        return Err(vec![no_edge(
            draft,
            &service,
            "dependencyId",
            target,
            "depend on",
        )]);
    }
    draft.put(service);
    Ok((id, target))
}

/// Says how much of an outcome rests on a service.
pub fn set_contribution(
    draft: &mut Draft,
    service: &str,
    outcome: &str,
    share: f64,
) -> Result<(Id<Service>, Id<Outcome>), UserErrors> {
    let (mut service, target) = ends::<Outcome>(
        draft,
        ("serviceId", service),
        ("outcomeId", outcome),
        Some(("share", share)),
    )?;
    let id = service.id();
    service.contributions.insert(target, share);
    draft.put(service);
    Ok((id, target))
}

/// Says that an outcome does not rest on a service.
pub fn remove_contribution(
    draft: &mut Draft,
    service: &str,
    outcome: &str,
) -> Result<(Id<Service>, Id<Outcome>), UserErrors> {
    let (mut service, target) =
        ends::<Outcome>(draft, ("serviceId", service), ("outcomeId", outcome), None)?;
    let id = service.id();
    if service.contributions.remove(&target).is_none() {
        return Err(vec![no_edge(
            draft,
            &service,
            "outcomeId",
            target,
            "contribute to",
        )]);
    }
    draft.put(service);
    Ok((id, target))
}

/// Says that business owner, service owner and team are still right.
pub fn confirm_ownership(draft: &mut Draft, service: &str) -> Result<Id<Service>, UserErrors> {
    let mut service = existing::<Service>(draft, "serviceId", service, None)?;
    service.ownership_confirmed_at = Some(draft.now());
    let id = service.id();
    draft.put(service);
    Ok(id)
}

/// The service and the other end of an edge, with everything that is wrong with them at once.
fn ends<T: Record>(
    draft: &mut Draft,
    (service_field, service): (&str, &str),
    (target_field, target): (&str, &str),
    number: Option<(&str, f64)>,
) -> Result<(Service, Id<T>), UserErrors> {
    let mut form = Form::new(draft);
    let service = form.find::<Service>(&[service_field], service);
    let target = form.find::<T>(&[target_field], target);
    if let Some((field, number)) = number {
        form.share(field, number);
    }
    form.finish()?;
    let service = service
        .and_then(|id| draft.get(id))
        .map(|found| Service::clone(found));
    if let Some(service) = &service {
        draft.open(service.id().any());
    }
    // `finish` has refused already where either is missing.
    service.zip(target).ok_or_else(Vec::new)
}

fn no_edge<T: Record>(
    draft: &Draft,
    service: &Service,
    field: &str,
    target: Id<T>,
    verb: &str,
) -> UserError {
    let catalog = draft.catalog();
    let message = format!(
        "the {} does not {verb} the {}",
        catalog.describe(service.id().any()),
        catalog.describe(target.any())
    );
    UserError::new(UserErrorCode::NotFound, field, message)
}
