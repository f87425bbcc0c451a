//! Taking a tool that a customer got elsewhere into the catalog.

use jiff::{SignedDuration, Timestamp};
use sea_orm::ConnectionTrait;

use super::rules::{Sighting, Status};
use crate::catalog::services::rules::{Lifecycle, Service, ServiceKind, ServicePatch};
use crate::demand::rules::{self as demands, Demand};
use crate::demand::store;
use crate::shared::diff::diff;
use crate::shared::draft::{Draft, PlannedWork};
use crate::shared::edit;
use crate::shared::errors::{UserError, UserErrorCode, UserErrors};
use crate::shared::form::HeaderPatch;
use crate::shared::ids::Id;
use crate::shared::patch::Patch;
use crate::shared::write::Planned;

/// What is to be taken in, and as what.
#[derive(Clone, Debug)]
pub(super) struct Adoption {
    /// The sighting's id.
    pub sighting: String,
    /// Refuse unless this is its version.
    pub expected_version: Option<i32>,
    /// What the service is called; the product where absent.
    pub name: Option<String>,
    /// The service's slug; made from its name where absent.
    pub slug: Option<String>,
    /// What sort of service.
    pub kind: ServiceKind,
    /// A person's id.
    pub business_owner_id: Option<String>,
    /// A person's id.
    pub service_owner_id: Option<String>,
    /// A team's id.
    pub team_id: Option<String>,
}

/// What was taken in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Adopted {
    /// The sighting.
    pub sighting: Id<Sighting>,
    /// The service that it became.
    pub service: Id<Service>,
}

/// Plans an adoption on a draft, with the demand that it answers as that is in the database.
pub(super) async fn planned<C: ConnectionTrait>(
    connection: &C,
    mut draft: Draft,
    adoption: &Adoption,
) -> Planned<Adopted> {
    let demand = match super::known::plan_known(&draft, &adoption.sighting) {
        Some(key) => store::by_id(connection, key).await?,
        None => None,
    };
    let adopted = adopt(&mut draft, adoption);
    if let (Ok(adopted), Some(demand)) = (&adopted, demand) {
        answer(&mut draft, &demand, adopted.service);
    }
    Ok((draft, adopted))
}

/// Plans the service and what becomes of the sighting.
fn adopt(draft: &mut Draft, adoption: &Adoption) -> Result<Adopted, UserErrors> {
    let id = &adoption.sighting;
    let mut sighting: Sighting = edit::existing(draft, "id", id, adoption.expected_version)?;
    if !sighting.status.is_beside_the_catalog() {
        let message = format!(
            "the shadow IT sighting `{}` is {}; what can be adopted is SEEN or TOLERATED",
            sighting.header.slug, sighting.status
        );
        let code = UserErrorCode::IllegalTransition;
        return Err(vec![UserError::at(code, &[], message)]);
    }
    if let Some(answer) = sighting.service_id {
        let answer = draft.catalog().describe(answer.any());
        let message = format!(
            "the shadow IT sighting `{}` has an answer already, the {answer}: set it to ADOPTED or REPLACED, or clear its `serviceId`",
            sighting.header.slug
        );
        return Err(vec![UserError::new(UserErrorCode::Invalid, "id", message)]);
    }
    let product = sighting.header.name.clone();
    let patch = ServicePatch {
        header: HeaderPatch {
            name: Patch::Set(adoption.name.clone().unwrap_or(product)),
            slug: adoption.slug.clone().into(),
            annotations: Patch::Keep,
        },
        kind: Patch::Set(adoption.kind),
        lifecycle: Patch::Set(Lifecycle::Proposed),
        business_owner_id: adoption.business_owner_id.clone().into(),
        service_owner_id: adoption.service_owner_id.clone().into(),
        team_id: adoption.team_id.clone().into(),
        ..ServicePatch::default()
    };
    let service = edit::create::<Service>(draft, patch)?;
    sighting.service_id = Some(service);
    sighting.status = Status::Adopted;
    let sighting_id = Id::new(sighting.header.id);
    draft.put(sighting);
    Ok(Adopted {
        sighting: sighting_id,
        service,
    })
}

/// Plans that a demand is answered by a new service, beside what the draft does already.
fn answer(draft: &mut Draft, demand: &Demand, service: Id<Service>) {
    let next = answered(demand, service, draft.now());
    if next != *demand {
        draft.alongside(PlannedWork {
            subject: next.subject(),
            update: store::updating(&next, demand.version),
            diff: diff(&demand.fields(), &next.fields()),
        });
    }
}

/// A demand that a service is going to answer: planned, if it was open. One that has ended stays as it ended, and one that another
/// service answers stays with that.
fn answered(demand: &Demand, service: Id<Service>, at: Timestamp) -> Demand {
    if demand.status.is_end() || demand.service_id.is_some() {
        return demand.clone();
    }
    Demand {
        service_id: Some(service),
        status: demands::Status::Planned,
        version: demand.version + 1,
        // Clocks of two machines may differ; history only runs forwards.
        updated_at: at.max(demand.updated_at + SignedDuration::from_micros(1)),
        ..demand.clone()
    }
}
