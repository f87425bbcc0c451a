//! The indexes that filters, orders and facets of services need.

use std::sync::Arc;

use uuid::Uuid;

use super::rules::{Lifecycle, Service, ServiceKind, Tier};
use crate::catalog::capabilities::rules::Capability;
use crate::catalog::people::rules::Person;
use crate::catalog::teams::rules::Team;
use crate::outcomes::rules::Outcome;
use crate::shared::ids::Id;
use crate::shared::paging::OrderKey;
use crate::shared::text::{folded, sort_key};
use crate::snapshot::{Index, Trigrams, name_key};

/// What services can be ordered by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, strum::IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum ServiceOrderField {
    /// By name, without accents and case.
    #[default]
    Name,
    /// By slug.
    Slug,
    /// The most critical first, then by name.
    Tier,
    /// By creation.
    CreatedAt,
    /// By the last change.
    UpdatedAt,
}

/// One index per filter, facet and order.
#[derive(Clone, Debug, Default)]
pub struct ServiceIndexes {
    /// By kind.
    pub kind: Index<ServiceKind>,
    /// By lifecycle.
    pub lifecycle: Index<Lifecycle>,
    /// By tier.
    pub tier: Index<Tier>,
    /// By each tag.
    pub tag: Index<Arc<str>>,
    /// By team.
    pub team: Index<Id<Team>>,
    /// By business owner.
    pub business_owner: Index<Id<Person>>,
    /// By capability.
    pub capability: Index<Id<Capability>>,
    /// By each outcome that rests on it.
    pub outcome: Index<Id<Outcome>>,
    /// By each service that it needs.
    pub dependency: Index<Id<Service>>,
    /// By whether it has a business owner.
    pub has_business_owner: Index<bool>,
    /// By whether an outcome rests on it.
    pub has_outcome: Index<bool>,
    /// Those that are not retired, by when somebody last said that their ownership is right; never: by their creation.
    pub by_confirmation: Index<()>,
    /// By parts of name and slug.
    pub text: Trigrams,
    by_slug: Index<()>,
    by_tier: Index<()>,
    by_creation: Index<()>,
    by_change: Index<()>,
}

impl ServiceIndexes {
    /// All services in this order; none for the order by name, which every table has itself.
    pub fn order(&self, field: ServiceOrderField) -> Option<&Index<()>> {
        match field {
            ServiceOrderField::Name => None,
            ServiceOrderField::Slug => Some(&self.by_slug),
            ServiceOrderField::Tier => Some(&self.by_tier),
            ServiceOrderField::CreatedAt => Some(&self.by_creation),
            ServiceOrderField::UpdatedAt => Some(&self.by_change),
        }
    }

    pub(super) fn insert(&mut self, service: &Service) {
        self.each(service, Change::Insert);
    }

    pub(super) fn remove(&mut self, service: &Service) {
        self.each(service, Change::Remove);
    }

    fn each(&mut self, service: &Service, change: Change) {
        let id = service.header.id;
        let name = name_key(service);
        let at = (&name, id);
        change.apply(&mut self.kind, Some(service.kind), at);
        change.apply(&mut self.lifecycle, Some(service.lifecycle), at);
        change.apply(&mut self.tier, Some(service.tier), at);
        change.apply(
            &mut self.tag,
            service.tags.iter().map(|tag| tag.as_str().into()),
            at,
        );
        change.apply(&mut self.team, service.team_id, at);
        change.apply(&mut self.business_owner, service.business_owner_id, at);
        change.apply(&mut self.capability, service.capability_id, at);
        change.apply(&mut self.outcome, service.contributions.keys().copied(), at);
        change.apply(
            &mut self.dependency,
            service.dependencies.keys().copied(),
            at,
        );
        let owned = service.business_owner_id.is_some();
        change.apply(&mut self.has_business_owner, Some(owned), at);
        let wanted = !service.contributions.is_empty();
        change.apply(&mut self.has_outcome, Some(wanted), at);
        if service.lifecycle != Lifecycle::Retired {
            let confirmed = service
                .ownership_confirmed_at
                .unwrap_or(service.header.created_at);
            let order = OrderKey::Number(confirmed.as_microsecond());
            change.apply(&mut self.by_confirmation, Some(()), (&order, id));
        }
        for (field, index) in [
            (ServiceOrderField::Slug, &mut self.by_slug),
            (ServiceOrderField::Tier, &mut self.by_tier),
            (ServiceOrderField::CreatedAt, &mut self.by_creation),
            (ServiceOrderField::UpdatedAt, &mut self.by_change),
        ] {
            change.apply(index, Some(()), (&order_key(service, field), id));
        }
        let (name, slug) = (folded(&service.header.name), &service.header.slug);
        match change {
            Change::Insert => self.text.insert(&[&name, slug], id),
            Change::Remove => self.text.remove(&[&name, slug], id),
        }
    }
}

#[derive(Clone, Copy)]
enum Change {
    Insert,
    Remove,
}

impl Change {
    fn apply<K: Clone + Ord + std::hash::Hash>(
        self,
        index: &mut Index<K>,
        values: impl IntoIterator<Item = K>,
        (order, id): (&OrderKey, Uuid),
    ) {
        for value in values {
            match self {
                Self::Insert => index.insert(value, order.clone(), id),
                Self::Remove => index.remove(value, order.clone(), id),
            }
        }
    }
}

/// Where a service stands in an order.
pub fn order_key(service: &Service, field: ServiceOrderField) -> OrderKey {
    let header = &service.header;
    match field {
        ServiceOrderField::Name => name_key(service),
        ServiceOrderField::Slug => OrderKey::Text(header.slug.as_str().into()),
        ServiceOrderField::Tier => {
            OrderKey::NumberThenText(service.tier as i64, sort_key(&header.name).into())
        }
        ServiceOrderField::CreatedAt => OrderKey::Number(header.created_at.as_microsecond()),
        ServiceOrderField::UpdatedAt => OrderKey::Number(header.updated_at.as_microsecond()),
    }
}
