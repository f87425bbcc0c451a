//! Finding services: filters, pages, counts and facets from the snapshot's indexes.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use jiff::Timestamp;
use uuid::Uuid;

use super::index::{ServiceOrderField, order_key};
use super::rules::{Lifecycle, Service, ServiceKind, Tier};
use crate::catalog::capabilities::rules::Capability;
use crate::catalog::customers::rules::Customer;
use crate::catalog::people::rules::Person;
use crate::catalog::teams::rules::Team;
use crate::outcomes::rules::Outcome;
use crate::shared::ids::Id;
use crate::shared::paging::{Direction, OrderKey, Page, Position, Window, paginate_sorted};
use crate::shared::record::Record;
use crate::shared::text::NamePart;
use crate::snapshot::{Catalog, Index};

/// Which services; every condition that is given must hold. An empty list of alternatives matches nothing.
#[derive(Clone, Debug, Default)]
pub struct ServiceFilter {
    /// One of these slugs.
    pub slugs: Option<BTreeSet<String>>,
    /// One of these kinds.
    pub kinds: Option<BTreeSet<ServiceKind>>,
    /// One of these lifecycles.
    pub lifecycles: Option<BTreeSet<Lifecycle>>,
    /// One of these tiers.
    pub tiers: Option<BTreeSet<Tier>>,
    /// All of these tags.
    pub tags: Option<BTreeSet<String>>,
    /// Delivered by this team.
    pub team: Option<Id<Team>>,
    /// This person answers for it towards the business.
    pub business_owner: Option<Id<Person>>,
    /// It makes the business able to do this.
    pub capability: Option<Id<Capability>>,
    /// An outcome of this customer rests on it.
    pub customer: Option<Id<Customer>>,
    /// This outcome rests on it.
    pub outcome: Option<Id<Outcome>>,
    /// Whether it has a business owner.
    pub has_business_owner: Option<bool>,
    /// Whether an outcome rests on it.
    pub has_outcome: Option<bool>,
    /// Whether an agreement promises something of it.
    pub has_sla: Option<HasSla>,
    /// Part of the name or the slug, in any case.
    pub name_contains: Option<NamePart>,
    /// Changed at this instant or later.
    pub updated_since: Option<Timestamp>,
}

/// Whether an agreement of kind SLA that is not over promises something of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HasSla {
    /// Whether one should.
    pub has: bool,
    /// At which instant.
    pub now: Timestamp,
}

/// What services are counted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Facet {
    /// By kind.
    Kind,
    /// By lifecycle.
    Lifecycle,
    /// By tier.
    Tier,
    /// By each tag.
    Tag,
    /// By team.
    Team,
    /// By business owner.
    BusinessOwner,
    /// By capability.
    Capability,
}

/// Ids that a condition leaves, and how many at most.
struct Candidates<'a> {
    at_most: usize,
    ids: Box<dyn Iterator<Item = Uuid> + 'a>,
}

/// Below this share of all services it is cheaper to sort the candidates than to walk the whole order.
const SORT_BELOW: usize = 8;

impl ServiceFilter {
    /// Whether it lets everything through.
    pub fn is_empty(&self) -> bool {
        let Self {
            slugs,
            kinds,
            lifecycles,
            tiers,
            tags,
            team,
            business_owner,
            capability,
            customer,
            outcome,
            has_business_owner,
            has_outcome,
            has_sla,
            name_contains,
            updated_since,
        } = self;
        slugs.is_none()
            && kinds.is_none()
            && lifecycles.is_none()
            && tiers.is_none()
            && tags.as_ref().is_none_or(BTreeSet::is_empty)
            && team.is_none()
            && business_owner.is_none()
            && capability.is_none()
            && customer.is_none()
            && outcome.is_none()
            && has_business_owner.is_none()
            && has_outcome.is_none()
            && has_sla.is_none()
            && name_contains
                .as_ref()
                .is_none_or(|part| part.as_str().is_empty())
            && updated_since.is_none()
    }

    /// Whether a service fulfils every condition.
    pub fn matches(&self, service: &Service, catalog: &Catalog) -> bool {
        fn one_of<T: Ord>(wanted: Option<&BTreeSet<T>>, value: &T) -> bool {
            wanted.is_none_or(|wanted| wanted.contains(value))
        }
        fn same<T: PartialEq + Copy>(wanted: Option<T>, value: Option<T>) -> bool {
            wanted.is_none() || wanted == value
        }
        one_of(self.slugs.as_ref(), &service.header.slug)
            && one_of(self.kinds.as_ref(), &service.kind)
            && one_of(self.lifecycles.as_ref(), &service.lifecycle)
            && one_of(self.tiers.as_ref(), &service.tier)
            && self.tags.as_ref().is_none_or(|tags| {
                tags.iter()
                    .all(|tag| service.tags.binary_search(tag).is_ok())
            })
            && same(self.team, service.team_id)
            && same(self.business_owner, service.business_owner_id)
            && same(self.capability, service.capability_id)
            && self
                .outcome
                .is_none_or(|outcome| service.contributions.contains_key(&outcome))
            && self
                .customer
                .is_none_or(|customer| serves(service, customer, catalog))
            && same(
                self.has_business_owner,
                Some(service.business_owner_id.is_some()),
            )
            && same(self.has_outcome, Some(!service.contributions.is_empty()))
            && self
                .has_sla
                .is_none_or(|sla| catalog.has_sla(service.id(), sla.now) == sla.has)
            && self
                .name_contains
                .as_ref()
                .is_none_or(|part| part.is_in(&service.header.name, &service.header.slug))
            && self
                .updated_since
                .is_none_or(|since| service.header.updated_at >= since)
    }

    /// A page of the services that match, in an order.
    pub fn page(
        &self,
        catalog: &Catalog,
        field: ServiceOrderField,
        direction: Direction,
        window: &Window,
    ) -> Page {
        let order = catalog.service_order(field);
        match self.narrowest(catalog) {
            Some(candidates) if candidates.at_most * SORT_BELOW < catalog.services.len() => {
                let mut sorted: Vec<Position> = self
                    .matching(catalog, candidates)
                    .map(|service| (order_key(service, field), service.header.id))
                    .collect();
                sorted.sort_unstable();
                paginate_sorted(&sorted, direction, window)
            }
            None => order.page(&(), direction, window, |_| true),
            Some(_) => order.page(&(), direction, window, |(_, id)| {
                catalog
                    .get(Id::<Service>::new(*id))
                    .is_some_and(|service| self.matches(service, catalog))
            }),
        }
    }

    /// How many services match.
    pub fn count(&self, catalog: &Catalog) -> usize {
        match self.narrowest(catalog) {
            None => catalog.services.len(),
            Some(candidates) => self.matching(catalog, candidates).count(),
        }
    }

    /// How many of the services that match have each value, most first, then by value. Values that no service has are
    /// left out.
    pub fn facets(&self, catalog: &Catalog, by: Facet) -> Vec<(String, usize)> {
        let mut counts = match self.narrowest(catalog) {
            None => all_facets(catalog, by),
            Some(candidates) => {
                let mut counts: HashMap<Cow<'_, str>, usize> = HashMap::new();
                for service in self.matching(catalog, candidates) {
                    for value in facet_values(catalog, service, by) {
                        *counts.entry(value).or_insert(0) += 1;
                    }
                }
                counts
                    .into_iter()
                    .map(|(value, count)| (value.into_owned(), count))
                    .collect()
            }
        };
        counts.sort_unstable_by(|(a, many), (b, more)| more.cmp(many).then_with(|| a.cmp(b)));
        counts
    }

    fn matching<'a>(
        &'a self,
        catalog: &'a Catalog,
        candidates: Candidates<'a>,
    ) -> impl Iterator<Item = &'a Arc<Service>> {
        candidates
            .ids
            .filter_map(|id| catalog.get(Id::<Service>::new(id)))
            .filter(|service| self.matches(service, catalog))
    }

    /// The candidates of the condition that leaves fewest; none where there is no condition.
    fn narrowest<'a>(&'a self, catalog: &'a Catalog) -> Option<Candidates<'a>> {
        if self.is_empty() {
            return None;
        }
        let indexes = &catalog.service_indexes;
        let mut all = Vec::new();
        if let Some(slugs) = &self.slugs {
            let ids = slugs
                .iter()
                .filter_map(|slug| catalog.services.by_slug(slug))
                .map(|service| service.header.id);
            all.push(Candidates {
                at_most: slugs.len(),
                ids: Box::new(ids),
            });
        }
        all.extend(
            self.kinds
                .as_ref()
                .map(|kinds| any_of(&indexes.kind, kinds)),
        );
        all.extend(
            self.lifecycles
                .as_ref()
                .map(|values| any_of(&indexes.lifecycle, values)),
        );
        all.extend(
            self.tiers
                .as_ref()
                .map(|tiers| any_of(&indexes.tier, tiers)),
        );
        for tag in self.tags.iter().flatten() {
            all.push(exactly(&indexes.tag, &tag.as_str().into()));
        }
        all.extend(self.team.map(|team| exactly(&indexes.team, &team)));
        all.extend(
            self.business_owner
                .map(|owner| exactly(&indexes.business_owner, &owner)),
        );
        all.extend(
            self.capability
                .map(|capability| exactly(&indexes.capability, &capability)),
        );
        all.extend(
            self.outcome
                .map(|outcome| exactly(&indexes.outcome, &outcome)),
        );
        all.extend(self.customer.map(|customer| of_customer(catalog, customer)));
        all.extend(
            self.has_business_owner
                .map(|has| exactly(&indexes.has_business_owner, &has)),
        );
        all.extend(
            self.has_outcome
                .map(|has| exactly(&indexes.has_outcome, &has)),
        );
        if self.has_sla.is_some_and(|sla| sla.has) {
            all.push(ever_promised(catalog));
        }
        all.extend(
            self.name_contains
                .as_ref()
                .and_then(|part| containing(catalog, part)),
        );
        all.extend(
            self.updated_since
                .map(|since| changed_since(catalog, since)),
        );
        all.push(Candidates {
            at_most: catalog.services.len(),
            ids: Box::new(catalog.services.by_name().ids(&())),
        });
        all.into_iter().min_by_key(|candidates| candidates.at_most)
    }
}

impl Catalog {
    /// All services in an order.
    pub fn service_order(&self, field: ServiceOrderField) -> &Index<()> {
        self.service_indexes
            .order(field)
            .unwrap_or_else(|| self.services.by_name())
    }
}

fn serves(service: &Service, customer: Id<Customer>, catalog: &Catalog) -> bool {
    service
        .contributions
        .keys()
        .filter_map(|&outcome| catalog.get(outcome))
        .any(|outcome| outcome.customer_id == customer)
}

fn exactly<'a, K: Clone + Ord + std::hash::Hash>(index: &'a Index<K>, value: &K) -> Candidates<'a> {
    Candidates {
        at_most: index.count(value),
        ids: Box::new(index.ids(value)),
    }
}

fn any_of<'a, K: Clone + Ord + std::hash::Hash>(
    index: &'a Index<K>,
    values: &'a BTreeSet<K>,
) -> Candidates<'a> {
    Candidates {
        at_most: values.iter().map(|value| index.count(value)).sum(),
        ids: Box::new(values.iter().flat_map(|value| index.ids(value))),
    }
}

/// A service that serves a customer through two outcomes counts once.
fn of_customer(catalog: &Catalog, customer: Id<Customer>) -> Candidates<'_> {
    let ids: BTreeSet<Uuid> = catalog
        .customer_outcomes
        .ids(&customer)
        .flat_map(|outcome| catalog.service_indexes.outcome.ids(&Id::new(outcome)))
        .collect();
    Candidates {
        at_most: ids.len(),
        ids: Box::new(ids.into_iter()),
    }
}

/// Services with an agreement of kind SLA, each once. Which of these are over is for `matches` to say: the day goes on and
/// changes no index.
fn ever_promised(catalog: &Catalog) -> Candidates<'_> {
    let index = &catalog.agreement_indexes.sla;
    Candidates {
        at_most: index.values(),
        ids: Box::new(index.counts().map(|(service, _)| service.key())),
    }
}

/// None where the part is too short for the index.
fn containing<'a>(catalog: &'a Catalog, part: &NamePart) -> Option<Candidates<'a>> {
    let text = &catalog.service_indexes.text;
    let (gram, at_most) = text.rarest(part.as_str())?;
    Some(Candidates {
        at_most,
        ids: Box::new(text.ids(gram)),
    })
}

fn changed_since(catalog: &Catalog, since: Timestamp) -> Candidates<'_> {
    // The smallest key of that microsecond; an instant between two is caught by `matches`.
    let from = (OrderKey::Number(since.as_microsecond()), Uuid::nil());
    let ids: Vec<Uuid> = catalog
        .service_order(ServiceOrderField::UpdatedAt)
        .range(
            &(),
            std::ops::Bound::Included(&from),
            std::ops::Bound::Unbounded,
        )
        .map(|(_, id)| id)
        .collect();
    Candidates {
        at_most: ids.len(),
        ids: Box::new(ids.into_iter()),
    }
}

/// Counts of the whole catalog, which the indexes have ready.
fn all_facets(catalog: &Catalog, by: Facet) -> Vec<(String, usize)> {
    fn plain<K: Clone + Ord + std::hash::Hash + ToString>(
        index: &Index<K>,
    ) -> Vec<(String, usize)> {
        index
            .counts()
            .map(|(value, count)| (value.to_string(), count))
            .collect()
    }
    fn slugs<T: Record>(catalog: &Catalog, index: &Index<Id<T>>) -> Vec<(String, usize)> {
        index
            .counts()
            .filter_map(|(&id, count)| Some((catalog.get(id)?.header().slug.clone(), count)))
            .collect()
    }
    let indexes = &catalog.service_indexes;
    match by {
        Facet::Kind => plain(&indexes.kind),
        Facet::Lifecycle => plain(&indexes.lifecycle),
        Facet::Tier => plain(&indexes.tier),
        Facet::Tag => plain(&indexes.tag),
        Facet::Team => slugs(catalog, &indexes.team),
        Facet::BusinessOwner => slugs(catalog, &indexes.business_owner),
        Facet::Capability => slugs(catalog, &indexes.capability),
    }
}

fn facet_values<'a>(catalog: &'a Catalog, service: &'a Service, by: Facet) -> Vec<Cow<'a, str>> {
    fn slug<T: Record>(catalog: &Catalog, id: Option<Id<T>>) -> Vec<Cow<'_, str>> {
        id.and_then(|id| catalog.get(id))
            .map(|record| record.header().slug.as_str().into())
            .into_iter()
            .collect()
    }
    match by {
        Facet::Kind => vec![service.kind.to_string().into()],
        Facet::Lifecycle => vec![service.lifecycle.to_string().into()],
        Facet::Tier => vec![service.tier.to_string().into()],
        Facet::Tag => service.tags.iter().map(|tag| tag.as_str().into()).collect(),
        Facet::Team => slug(catalog, service.team_id),
        Facet::BusinessOwner => slug(catalog, service.business_owner_id),
        Facet::Capability => slug(catalog, service.capability_id),
    }
}
