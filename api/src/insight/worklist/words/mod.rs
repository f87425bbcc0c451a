//! The ranking in words and figures, as a person would say it: what there is to say, and in which order. Each language has a file
//! that says it.

mod english;
mod german;
#[cfg(test)]
mod tests;

use jiff::Timestamp;
use rust_decimal::Decimal;
use rust_decimal::prelude::FromPrimitive;

use super::rules::{Weights, hourly};
use crate::catalog::services::rules::Service;
use crate::demand::rules::{Demand, Status};
use crate::incidents::rules::Severity;
use crate::insight::impact::known::{Brief, OutcomeImpact};
use crate::insight::language::{Figures, Language};
use crate::shared::ids::Id;
use crate::shared::money::Amount;
use crate::slas::priority::Priority;
use crate::snapshot::Catalog;

/// Why a piece of work is where it is: one of the reasons. Money is per hour where nothing else is said.
#[derive(Clone, Debug, PartialEq)]
pub enum Reason {
    /// A request costs a share of what an outage of its service does.
    Share {
        /// What it costs.
        value: Amount,
        /// Its priority.
        priority: Priority,
        /// The share that the priority stands for.
        share: Decimal,
        /// The service's name.
        service: String,
        /// What the outage costs.
        outage: Amount,
    },
    /// An outcome is lost.
    Outcome {
        /// By what.
        by: Cause,
        /// What that costs.
        value: Amount,
        /// The outcome's name.
        outcome: String,
        /// Share of it that is lost, in (0, 1].
        loss: Decimal,
        /// Names of the service that contributes, of what it needs, and so on to what failed.
        chain: Vec<String>,
    },
    /// More outcomes are.
    OtherOutcomes {
        /// By what.
        by: Cause,
        /// What that costs, together.
        value: Amount,
        /// How many.
        count: usize,
    },
    /// No outcome rests on so many services.
    NoOutcome(usize),
    /// These services are retired.
    Retired(Names),
    /// How the promises stand.
    Promise(Promise),
    /// So much of these services is lost.
    Broken(Severity, Names),
    /// Other services need what is broken.
    Dependents {
        /// How many others.
        count: usize,
        /// How many are broken.
        broken: usize,
    },
    /// A request's priority.
    Priority(Priority),
    /// What meeting a demand is worth.
    Worth {
        /// An hour.
        hourly: Amount,
        /// A month.
        monthly: Amount,
        /// To whom; none where that is not known.
        customer: Option<String>,
    },
    /// So many people support a demand; at least one.
    Supporters(i32),
    /// What answers a demand.
    Answer {
        /// The service's name, if there is one.
        service: Option<String>,
        /// Whether that is decided.
        planned: bool,
    },
}

/// What outcomes are lost by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// By the piece of work.
    Itself,
    /// By the outage that a request costs a share of.
    Outage,
}

/// Names of services.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names(Vec<String>);

impl Names {
    /// `Patient index`, `Patient index and Bed management`, `Patient index and 2 more`.
    fn joined(&self, and: &str, more: &str) -> String {
        match self.0.as_slice() {
            [] => String::new(),
            [one] => one.clone(),
            [one, other] => format!("{one} {and} {other}"),
            [one, others @ ..] => format!("{one} {and} {} {more}", others.len()),
        }
    }
}

/// How the promises of a piece of work stand, told at an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Promise {
    /// One is broken, and its clock runs on: by so much.
    Late(Span),
    /// One is broken; another is due in so long.
    BrokenAndDue(Span),
    /// One was broken so long ago.
    Broken(Span),
    /// One is at risk and due in so long.
    AtRisk(Span),
    /// One is due in so long.
    Due(Span),
    /// One is at risk, and its clock is paused.
    Paused,
}

/// How long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    minutes: i64,
}

impl Span {
    fn between(from: Timestamp, until: Timestamp) -> Self {
        Self {
            minutes: until.duration_since(from).as_mins(),
        }
    }

    /// Whole days, hours and minutes.
    fn parts(self) -> [i64; 3] {
        let minutes = self.minutes;
        [minutes / 1_440, minutes / 60 % 24, minutes % 60]
    }
}

impl Reason {
    /// This reason as a sentence.
    pub fn said(&self, figures: Figures<'_>) -> String {
        match figures.language {
            Language::En => english::say(self, figures),
            Language::De => german::say(self, figures),
        }
    }
}

/// Who tells: by which names, and when.
#[derive(Clone, Copy)]
pub struct Teller<'a> {
    /// Knows names.
    pub catalog: &'a Catalog,
    /// The instant that is told for.
    pub now: Timestamp,
}

/// How the promises of a piece of work stand.
#[derive(Clone, Copy, Debug, Default)]
pub struct Promises {
    /// The clock that ends first is due, or was if it runs on after a breach.
    pub due_at: Option<Timestamp>,
    /// When the first promise was broken.
    pub broken_at: Option<Timestamp>,
    /// Whether one is at risk.
    pub at_risk: bool,
}

impl Teller<'_> {
    /// Why an incident is where it is.
    pub fn incident(
        &self,
        (services, severity): (&[Id<Service>], Severity),
        impact: &Brief,
        promises: Promises,
    ) -> Vec<Reason> {
        let mut reasons = self.outcomes(Cause::Itself, services, impact);
        // After what costs most: who sees only the first two is to see both.
        let less_costly = reasons.split_off(1);
        reasons.extend(self.promises(promises));
        reasons.extend(less_costly);
        reasons.push(Reason::Broken(severity, self.names(services)));
        let broken = services.iter().filter(|&&it| self.catalog.is_in_use(it));
        let others = impact.affected.saturating_sub(broken.count());
        if others > 0 {
            reasons.push(Reason::Dependents {
                count: others,
                broken: services.len(),
            });
        }
        reasons
    }

    /// Why a request is where it is.
    pub fn request(
        &self,
        (service, priority): (Id<Service>, Priority),
        (weights, impact): (&Weights, &Brief),
        promises: Promises,
    ) -> Vec<Reason> {
        let mut reasons = Vec::new();
        let is_worth_something = impact.value_per_hour > Amount::default();
        if is_worth_something {
            reasons.push(Reason::Share {
                value: weights.value(priority, impact.value_per_hour),
                priority,
                share: weights.of(priority),
                service: self.name(service),
                outage: impact.value_per_hour,
            });
        }
        reasons.extend(self.promises(promises));
        let by = if is_worth_something {
            Cause::Outage
        } else {
            Cause::Itself
        };
        reasons.extend(self.outcomes(by, &[service], impact));
        reasons.push(Reason::Priority(priority));
        reasons
    }

    /// Why a demand is where it is: what meeting it is worth a month and to whom, how many support it, and what answers it.
    pub fn demand(&self, demand: &Demand) -> Vec<Reason> {
        let customer = self.catalog.get(demand.customer_id);
        let mut reasons = vec![Reason::Worth {
            hourly: hourly(demand.value_per_month),
            monthly: demand.value_per_month,
            customer: customer.map(|customer| customer.header.name.clone()),
        }];
        if demand.supporters > 0 {
            reasons.push(Reason::Supporters(demand.supporters));
        }
        reasons.push(Reason::Answer {
            service: demand.service_id.map(|service| self.name(service)),
            planned: demand.status == Status::Planned,
        });
        reasons
    }

    /// What the business loses by these services, the most costly first; at least one reason.
    fn outcomes(&self, by: Cause, services: &[Id<Service>], impact: &Brief) -> Vec<Reason> {
        if impact.first.is_empty() {
            let reason = if services.iter().any(|&it| self.catalog.is_in_use(it)) {
                Reason::NoOutcome(services.len())
            } else {
                Reason::Retired(self.names(services))
            };
            return vec![reason];
        }
        let first = impact.first.iter().map(|lost| self.outcome(by, lost));
        let mut reasons: Vec<Reason> = first.collect();
        if impact.others > 0 {
            reasons.push(Reason::OtherOutcomes {
                by,
                value: impact.others_value,
                count: impact.others,
            });
        }
        reasons
    }

    fn outcome(&self, by: Cause, lost: &OutcomeImpact) -> Reason {
        let outcome = self.catalog.get(lost.outcome);
        let chain = lost.path.iter().rev();
        Reason::Outcome {
            by,
            value: lost.value_per_hour,
            outcome: outcome.map_or_else(String::new, |outcome| outcome.header.name.clone()),
            loss: Decimal::from_f64(lost.loss).unwrap_or_default(),
            chain: chain.map(|&service| self.name(service)).collect(),
        }
    }

    fn promises(&self, promises: Promises) -> Option<Reason> {
        let until = |due| Span::between(self.now, due);
        let since = |at| Span::between(at, self.now);
        let promise = match (promises.due_at, promises.broken_at) {
            (Some(due), _) if due < self.now => Promise::Late(since(due)),
            (Some(due), Some(_)) => Promise::BrokenAndDue(until(due)),
            (None, Some(at)) => Promise::Broken(since(at)),
            (Some(due), None) if promises.at_risk => Promise::AtRisk(until(due)),
            (Some(due), None) => Promise::Due(until(due)),
            (None, None) if promises.at_risk => Promise::Paused,
            (None, None) => return None,
        };
        Some(Reason::Promise(promise))
    }

    fn names(&self, services: &[Id<Service>]) -> Names {
        Names(services.iter().map(|&it| self.name(it)).collect())
    }

    fn name(&self, service: Id<Service>) -> String {
        let service = self.catalog.get(service);
        service.map_or_else(String::new, |service| service.header.name.clone())
    }
}
