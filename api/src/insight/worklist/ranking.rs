//! The ranking, as far as a page of it needs.
//!
//! Open requests may be many, so they are never read one by one. Requests of the same service and priority are worth the same:
//! one count by both says how many there are of each, the impact of the services says in which order these groups come, and
//! only of the first groups are requests read, each from its index.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use futures_util::future::try_join3;
use jiff::Timestamp;
use uuid::Uuid;

use super::rules::{Kind, NEVER, Rank, Weights, Worth};
use super::store::{
    FirstDemands, FirstOfAll, FirstOfGroup, Group, OpenDemand, OpenDemands, OpenGroups,
    OpenIncident, OpenIncidents, OpenRequest,
};
use crate::catalog::customers::rules::Customer;
use crate::catalog::services::rules::Service;
use crate::catalog::teams::rules::Team;
use crate::incidents::rules::Severity;
use crate::incidents::store::ServicesOf;
use crate::insight::impact::known::Brief;
use crate::shared::ids::Id;
use crate::shared::loads::{LoadError, Loads};
use crate::shared::money::Amount;
use crate::slas::priority::Priority;
use crate::snapshot::Catalog;

/// From how many groups that are worth the same their requests are looked for among all, instead of in each group.
const MANY_GROUPS: usize = 100;
/// How many requests are then looked at in one go.
const LOOK: u64 = 500;
/// After how many impacts others have a turn.
const TURN: usize = 32;

/// What is to be ranked.
pub(super) struct Wanted {
    /// Of services that this team delivers.
    pub(super) team: Option<Id<Team>>,
    /// What concerns this customer.
    pub(super) customer: Option<Id<Customer>>,
    /// Of these kinds; all where absent.
    pub(super) kinds: Option<Vec<Kind>>,
    /// What requests count.
    pub(super) weights: Weights,
}

/// A piece of work and its place.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    /// Its place.
    pub(super) rank: Rank,
    /// Its key.
    pub(super) key: Uuid,
    /// What sort of work, and why it is worth what it is.
    pub(super) cause: Cause,
}

/// Why a piece of work is worth what it is.
#[derive(Clone, Debug)]
pub(super) enum Cause {
    /// Services are broken.
    Incident {
        services: Vec<Id<Service>>,
        severity: Severity,
        impact: Arc<Brief>,
    },
    /// Something is asked of a service.
    Request {
        service: Id<Service>,
        priority: Priority,
        /// Of an outage of the service.
        impact: Arc<Brief>,
    },
    /// Something is needed, which is worth so much a month.
    Demand(Amount),
}

/// The first of what comes after a place.
pub(super) struct Ranked {
    /// In order.
    pub(super) first: Vec<Candidate>,
    /// How many incidents and requests there are in all.
    pub(super) total: u64,
}

/// Makes rankings of one catalog.
pub(super) struct Ranking<'a> {
    pub(super) loads: &'a Loads,
    pub(super) catalog: &'a Catalog,
    pub(super) moment: Timestamp,
    pub(super) wanted: &'a Wanted,
}

impl Ranking<'_> {
    /// The first so many pieces of work after a place, or from the beginning.
    pub(super) async fn first(
        &self,
        after: Option<Rank>,
        count: usize,
    ) -> Result<Ranked, LoadError> {
        let (incidents, requests, demands) = try_join3(
            self.incidents(),
            self.requests(after, count),
            self.demands(after, count),
        )
        .await?;
        let (requests, total) = requests;
        let total = total + incidents.len() as u64;
        let mut first: Vec<Candidate> = incidents
            .into_iter()
            .chain(requests)
            .chain(demands)
            .filter(|candidate| after.is_none_or(|after| candidate.rank > after))
            .collect();
        first.sort_unstable_by_key(|candidate| candidate.rank);
        first.truncate(count);
        Ok(Ranked { first, total })
    }

    /// Which open demands are wanted.
    pub(super) fn demands_wanted(&self) -> Option<OpenDemands> {
        self.wants(Kind::Demand).then(|| OpenDemands {
            customer: self.wanted.customer.map(Id::key),
            services: self.wanted.team.map(|team| {
                let services = &self.catalog.service_indexes.team;
                services.ids(&team).collect()
            }),
        })
    }

    fn wants(&self, kind: Kind) -> bool {
        let kinds = self.wanted.kinds.as_ref();
        kinds.is_none_or(|kinds| kinds.contains(&kind))
    }

    fn is_of_team(&self, service: Id<Service>) -> bool {
        self.wanted.team.is_none_or(|team| {
            let service = self.catalog.get(service);
            service.is_some_and(|service| service.team_id == Some(team))
        })
    }

    /// The incidents that are wanted: what is broken at one time is not much.
    async fn incidents(&self) -> Result<Vec<Candidate>, LoadError> {
        if !self.wants(Kind::Incident) {
            return Ok(Vec::new());
        }
        let open = self.loads.ask(OpenIncidents, ()).await?;
        let keys = open.iter().map(|incident| incident.id);
        let services = self.loads.ask_all(&ServicesOf, keys).await?;
        let mut candidates = Vec::with_capacity(open.len());
        for (place, (incident, services)) in open.into_iter().zip(services).enumerate() {
            if place % TURN == TURN - 1 {
                tokio::task::yield_now().await;
            }
            if self.is_wanted(&services, incident.severity) {
                candidates.push(self.incident(&incident, services));
            }
        }
        Ok(candidates)
    }

    fn is_wanted(&self, services: &[Id<Service>], severity: Severity) -> bool {
        services.iter().any(|&service| self.is_of_team(service))
            && self.wanted.customer.is_none_or(|customer| {
                let concerned = self.catalog.concerned(services, severity, self.moment);
                concerned
                    .iter()
                    .any(|other| other.header.id == customer.key())
            })
    }

    fn incident(&self, incident: &OpenIncident, services: Vec<Id<Service>>) -> Candidate {
        let impact = self.catalog.impact_in_brief(&services, incident.severity);
        Candidate {
            rank: Rank {
                worth: Reverse(Worth::per_hour(impact.value_per_hour)),
                due_at: incident.due_at,
                number: incident.number,
                kind: Kind::Incident,
            },
            key: incident.id,
            cause: Cause::Incident {
                services,
                severity: incident.severity,
                impact,
            },
        }
    }

    /// The first requests after a place, not in order, and how many there are in all.
    async fn requests(
        &self,
        after: Option<Rank>,
        count: usize,
    ) -> Result<(Vec<Candidate>, u64), LoadError> {
        if !self.wants(Kind::Request) {
            return Ok((Vec::new(), 0));
        }
        let customer = self.wanted.customer.map(Id::key);
        let mut groups = self.loads.ask(OpenGroups { customer }, ()).await?;
        groups.retain(|((service, _), _)| self.is_of_team(Id::new(*service)));
        let total = groups.iter().map(|(_, count)| count).sum();
        let outages = self.outages(&groups).await;
        let read = self.classes(groups, &outages, after);
        let found = self.read(read, count).await?;
        let candidates = found
            .into_iter()
            .filter_map(|request| self.request(&request, &outages));
        Ok((candidates.collect(), total))
    }

    /// What outages of the groups' services cost.
    async fn outages(&self, groups: &[(Group, u64)]) -> HashMap<Uuid, Arc<Brief>> {
        let mut outages = HashMap::new();
        for (place, ((service, _), _)) in groups.iter().enumerate() {
            if place % TURN == TURN - 1 {
                tokio::task::yield_now().await;
            }
            outages.entry(*service).or_insert_with(|| {
                self.catalog
                    .impact_in_brief(&[Id::new(*service)], Severity::Outage)
            });
        }
        outages
    }

    /// The groups that may have something after a place, those together that are worth the same, the most valuable first.
    fn classes(
        &self,
        groups: Vec<(Group, u64)>,
        outages: &HashMap<Uuid, Arc<Brief>>,
        after: Option<Rank>,
    ) -> Vec<Class> {
        let mut classes: BTreeMap<Reverse<Worth>, Class> = BTreeMap::new();
        for (group, count) in groups {
            let (service, priority) = group;
            let Some(outage) = outages.get(&service) else {
                continue;
            };
            let value = self.wanted.weights.value(priority, outage.value_per_hour);
            let worth = Reverse(Worth::per_hour(value));
            if after.is_some_and(|after| worth < after.worth) {
                continue;
            }
            let class = classes.entry(worth).or_insert_with(|| Class {
                from: after
                    .filter(|after| after.worth == worth)
                    .map(|after| (after.due_at, after.number)),
                groups: Vec::new(),
                count: 0,
            });
            class.groups.push(group);
            class.count += count;
        }
        classes.into_values().collect()
    }

    /// Reads the first classes, until there are so many requests.
    async fn read(&self, classes: Vec<Class>, count: usize) -> Result<Vec<OpenRequest>, LoadError> {
        let mut found = Vec::new();
        // One more, since the first of a page may be the last of the page before.
        let enough = count as u64 + 1;
        let mut classes = classes.into_iter().peekable();
        while (found.len() as u64) < enough && classes.peek().is_some() {
            let mut batch: Vec<Group> = Vec::new();
            let mut expected = found.len() as u64;
            while let Some(class) = classes.next_if(|class| {
                class.from.is_none() && class.groups.len() <= MANY_GROUPS && expected < enough
            }) {
                expected += class.count;
                batch.extend(class.groups);
            }
            found.extend(self.first_of(batch, None, enough).await?);
            if (found.len() as u64) < enough
                && let Some(class) = classes
                    .next_if(|class| class.from.is_some() || class.groups.len() > MANY_GROUPS)
            {
                let more = if class.groups.len() > MANY_GROUPS {
                    self.first_among_all(class.groups, class.from, enough)
                        .await?
                } else {
                    self.first_of(class.groups, class.from, enough).await?
                };
                found.extend(more);
            }
        }
        Ok(found)
    }

    async fn first_of(
        &self,
        groups: Vec<Group>,
        from: Option<(i64, i64)>,
        limit: u64,
    ) -> Result<Vec<OpenRequest>, LoadError> {
        let customer = self.wanted.customer.map(Id::key);
        let question = FirstOfGroup {
            customer,
            from,
            limit,
        };
        let found = self.loads.ask_all(&question, groups).await?;
        Ok(found.into_iter().flatten().collect())
    }

    /// The first requests of many groups by what is due first: so many groups have a good part of all requests, so these are
    /// looked through.
    async fn first_among_all(
        &self,
        groups: Vec<Group>,
        mut from: Option<(i64, i64)>,
        limit: u64,
    ) -> Result<Vec<OpenRequest>, LoadError> {
        let customer = self.wanted.customer.map(Id::key);
        let groups: HashSet<(Uuid, i16)> = groups
            .into_iter()
            .map(|(service, priority)| (service, priority.number()))
            .collect();
        let mut found = Vec::new();
        loop {
            let question = FirstOfAll(FirstOfGroup {
                customer,
                from,
                limit: LOOK,
            });
            let looked_at = self.loads.ask(question, ()).await?;
            let last = looked_at.last().map(|last| (last.due_at, last.number));
            let is_all = (looked_at.len() as u64) < LOOK;
            let wanted = looked_at
                .into_iter()
                .filter(|it| groups.contains(&it.group()));
            found.extend(wanted);
            match last {
                Some((due_at, number)) if !is_all && (found.len() as u64) < limit => {
                    from = Some((due_at, number.saturating_add(1)));
                }
                _ => return Ok(found),
            }
        }
    }

    fn request(
        &self,
        request: &OpenRequest,
        outages: &HashMap<Uuid, Arc<Brief>>,
    ) -> Option<Candidate> {
        let priority = Priority::from_number(request.priority)?;
        let impact = Arc::clone(outages.get(&request.service_id)?);
        let value = self.wanted.weights.value(priority, impact.value_per_hour);
        Some(Candidate {
            rank: Rank {
                worth: Reverse(Worth::per_hour(value)),
                due_at: request.due_at,
                number: request.number,
                kind: Kind::Request,
            },
            key: request.id,
            cause: Cause::Request {
                service: Id::new(request.service_id),
                priority,
                impact,
            },
        })
    }

    async fn demands(
        &self,
        after: Option<Rank>,
        count: usize,
    ) -> Result<Vec<Candidate>, LoadError> {
        let Some(which) = self.demands_wanted() else {
            return Ok(Vec::new());
        };
        let question = FirstDemands {
            which,
            from: after.map(demands_from),
            limit: count as u64 + 1,
        };
        let demands = self.loads.ask(question, ()).await?;
        Ok(demands.iter().map(demand).collect())
    }
}

/// Requests that are worth the same.
struct Class {
    /// Not before this due instant and number.
    from: Option<(i64, i64)>,
    groups: Vec<Group>,
    count: u64,
}

impl OpenRequest {
    fn group(&self) -> (Uuid, i16) {
        (self.service_id, self.priority)
    }
}

/// From which value per month and number on demands may come after a place.
fn demands_from(after: Rank) -> (i64, i64) {
    let Reverse(worth) = after.worth;
    let value = worth.at_most_per_month();
    // Of those that are worth exactly as much, which are never due, some may have come before.
    let number = if Worth::per_month(value) == worth && after.due_at == NEVER {
        after.number
    } else {
        i64::MIN
    };
    (value.stored(), number)
}

fn demand(demand: &OpenDemand) -> Candidate {
    let value = Amount::from_stored(demand.value_per_month);
    Candidate {
        rank: Rank {
            worth: Reverse(Worth::per_month(value)),
            due_at: NEVER,
            number: demand.number,
            kind: Kind::Demand,
        },
        key: demand.id,
        cause: Cause::Demand(value),
    }
}
