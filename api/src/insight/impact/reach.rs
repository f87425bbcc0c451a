//! Whose failure reaches whom.

use foldhash::{HashSet, HashSetExt};
use jiff::Timestamp;
use uuid::Uuid;

use crate::catalog::customers::rules::Customer;
use crate::catalog::services::rules::Service;
use crate::outcomes::rules::Outcome;
use crate::shared::ids::Id;
use crate::slas::agreements::rules::{Agreement, AgreementKind};
use crate::snapshot::Catalog;

impl Catalog {
    /// These services, and what they need, directly or not, by way of services that are not retired. None if it is more than `most`.
    pub(super) fn needed_by(
        &self,
        services: impl IntoIterator<Item = Uuid>,
        most: usize,
    ) -> Option<HashSet<Uuid>> {
        let mut reached = HashSet::new();
        let mut open: Vec<Uuid> = services.into_iter().collect();
        reached.extend(open.iter().copied());
        while let Some(service) = open.pop() {
            if reached.len() > most {
                return None;
            }
            let service = self.get(Id::<Service>::new(service));
            for needed in service.into_iter().flat_map(|it| it.dependencies.keys()) {
                if self.is_in_use(*needed) && reached.insert(needed.key()) {
                    open.push(needed.key());
                }
            }
        }
        Some(reached)
    }

    /// The services whose failure concerns a customer: those that an outcome of theirs rests on, or a service for which they have an
    /// agreement of kind SLA that is valid at this moment; and all that these need.
    pub fn matters_to(&self, customer: Id<Customer>, moment: Timestamp) -> HashSet<Uuid> {
        let outcomes = self.customer_outcomes.ids(&customer);
        let theirs = outcomes.flat_map(|outcome| {
            let services = &self.service_indexes.outcome;
            services.ids(&Id::<Outcome>::new(outcome))
        });
        let agreements = self.agreement_indexes.customer.ids(&customer);
        let promised = agreements
            .filter_map(|id| self.get(Id::<Agreement>::new(id)))
            .filter(|it| it.kind == AgreementKind::Sla && it.is_valid_at(self, moment))
            .map(|agreement| agreement.service_id.key());
        let services = theirs
            .chain(promised)
            .filter(|service| self.is_in_use(Id::new(*service)));
        self.needed_by(services, usize::MAX).unwrap_or_default()
    }
}
