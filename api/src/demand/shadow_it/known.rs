//! What the register has to know of demands, which only the database holds.

use std::sync::Arc;

use sea_orm::{ConnectionTrait, DbErr};
use uuid::Uuid;

use super::rules::{KnownDemand, KnownDemands, Sighting, SightingPatch};
use crate::demand::access::Visible;
use crate::demand::store;
use crate::shared::draft::Draft;
use crate::shared::form::find_in;
use crate::shared::patch::Patch;
use crate::shared::store::CHUNK;
use crate::shared::subject::WorkType;

/// The demand that a sighting covers as it is planned so far.
pub(super) fn plan_known(draft: &Draft, sighting: &str) -> Option<Uuid> {
    let id = find_in::<Sighting>(draft.catalog(), sighting)?;
    draft.get(id)?.demand_id
}

/// A change with the demands that it may lead to: the one that it names, and the one that is linked already. Demands are never deleted, nor given to another customer, so what is known stays true.
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
    patch.known_demands = Arc::new(known(connection, &keys, seen).await?);
    Ok(patch)
}

/// Those of some demands that are there, for somebody who sees these.
pub async fn known<C: ConnectionTrait>(
    connection: &C,
    keys: &[Uuid],
    seen: &Visible,
) -> Result<KnownDemands, DbErr> {
    let mut found = KnownDemands::new();
    for keys in keys.chunks(CHUNK) {
        for demand in store::by_ids(connection, keys).await? {
            let known = KnownDemand {
                customer: demand.customer_id,
                is_seen: seen.includes(&demand),
            };
            found.insert(demand.id, known);
        }
    }
    Ok(found)
}
