//! Planning a sighting of shadow IT, which can't be without its customer and leads to work that only the database holds.

use super::{Item, agreement::needed, bench::Bench, fields, identity, write::put};
use crate::{
    demand::shadow_it::rules::{Sighting, SightingPatch},
    exchange::diagnostics::Problems,
    shared::{
        ids::{Id, ObjectRef},
        patch::Patch,
        subject::WorkType,
    },
};

/// Plans the sighting; nothing where it cannot be. A demand that is not there, or not seen by whoever imports, is not linked: that is
/// told, and a link to it that the sighting has already stays. Where the sighting goes to another customer, the demand has to fit that one.
pub(super) fn write(
    item: &Item,
    patch: &SightingPatch,
    bench: &mut Bench<'_>,
    problems: &mut Problems,
) -> Option<ObjectRef> {
    let customer = needed(
        item,
        (fields::CUSTOMER, "spec.customer"),
        "a sighting is of a customer",
        bench,
        problems,
    )?;
    let mut patch = patch.clone();
    let named = match std::mem::take(&mut patch.demand_id) {
        Patch::Set(id) => Some(id),
        Patch::Keep | Patch::Clear => None,
    };
    let key = named.as_deref().and_then(|id| WorkType::Demand.key(id));
    let linked = identity::existing::<Sighting>(item, bench).and_then(|before| before.demand_id);
    let stays = key.filter(|key| linked == Some(*key));
    if let Some(id) = named.filter(|_| stays.is_none()) {
        let known = key.and_then(|key| patch.known_demands.get(&key));
        if known.is_some_and(|demand| demand.is_seen) {
            patch.demand_id = Patch::Set(id);
        } else {
            let at = item.place_of(&[fields::DEMAND.to_owned()]).clone();
            let message = format!(
                "`spec.demand` names the demand `{id}`, which is not there; it is not linked"
            );
            problems.warning(at, message);
        }
    }
    put(item, patch, bench, problems, |sighting: &mut Sighting| {
        sighting.customer_id = Id::new(customer.id);
        sighting.demand_id = stays;
    })
}
