//! What the register has to know of demands, which only the database holds.

use sea_orm::{ConnectionTrait, DbErr};
use uuid::Uuid;

use super::rules::{KnownDemands, Sighting, SightingPatch};
use crate::demand::access::Visible;
use crate::demand::store;
use crate::shared::draft::Draft;
use crate::shared::form::find_in;
use crate::shared::patch::Patch;
use crate::shared::subject::WorkType;

/// The demand that a sighting covers as it is planned so far.
pub(super) fn plan_known(draft: &Draft, sighting: &str) -> Option<Uuid> {
    let id = find_in::<Sighting>(draft.catalog(), sighting)?;
    draft.get(id)?.demand_id
}

/// A change with the demands that it may lead to: the one that it names, if whoever makes it sees that, and the one that is linked
/// already. Demands are never deleted, nor given to another customer, so what is known stays true.
pub(super) async fn know<C: ConnectionTrait>(
    connection: &C,
    seen: &Visible,
    linked: Option<Uuid>,
    mut patch: SightingPatch,
) -> Result<SightingPatch, DbErr> {
    let named = match &patch.demand_id {
        Patch::Set(id) => WorkType::Demand.key(id),
        Patch::Keep | Patch::Clear => None,
    };
    let keys: Vec<Uuid> = named.into_iter().chain(linked).collect();
    patch.known_demands = known(connection, &keys, |key| linked == Some(key), seen).await?;
    Ok(patch)
}

/// Those of some demands that are there, and that somebody sees or may name anyway.
pub async fn known<C: ConnectionTrait>(
    connection: &C,
    keys: &[Uuid],
    is_named_anyway: impl Fn(Uuid) -> bool,
    seen: &Visible,
) -> Result<KnownDemands, DbErr> {
    let demands = store::by_ids(connection, keys).await?.into_iter();
    Ok(demands
        .filter(|demand| is_named_anyway(demand.id) || seen.includes(demand))
        .map(|demand| (demand.id, demand.customer_id))
        .collect())
}
