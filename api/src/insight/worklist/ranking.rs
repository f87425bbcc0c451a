//! The ranking, as far as a page of it needs: what may come next of each kind, put in one order.

use std::cmp::Reverse;
use std::sync::Arc;

use foldhash::HashSet as FastSet;
use futures_util::future::try_join3;
use jiff::Timestamp;
use uuid::Uuid;

use super::rules::{Kind, NEVER, Rank, Weights, Worth};
use super::store::{FirstDemands, OpenDemand, OpenDemands, OpenIncident, OpenIncidents};
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

/// After how many impacts others have a turn.
pub(super) const TURN: usize = 32;

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

    pub(super) fn wants(&self, kind: Kind) -> bool {
        let kinds = self.wanted.kinds.as_ref();
        kinds.is_none_or(|kinds| kinds.contains(&kind))
    }

    pub(super) fn is_of_team(&self, service: Id<Service>) -> bool {
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
        let customer = self.wanted.customer;
        let matters = customer.map(|it| self.catalog.matters_to(it, self.moment));
        let mut candidates = Vec::with_capacity(open.len());
        for (place, (incident, services)) in open.into_iter().zip(services).enumerate() {
            if place % TURN == TURN - 1 {
                tokio::task::yield_now().await;
            }
            if self.is_wanted(&services, matters.as_ref()) {
                candidates.push(self.incident(&incident, services));
            }
        }
        Ok(candidates)
    }

    /// Whether an incident that breaks these services is wanted, where only some matter.
    fn is_wanted(&self, services: &[Id<Service>], matters: Option<&FastSet<Uuid>>) -> bool {
        let of_team = services.iter().any(|&service| self.is_of_team(service));
        of_team
            && matters.is_none_or(|matters| services.iter().any(|it| matters.contains(&it.key())))
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
