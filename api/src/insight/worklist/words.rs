//! The ranking in words and figures, as a person would say it.

use jiff::Timestamp;
use rust_decimal::prelude::{FromPrimitive, ToPrimitive};
use rust_decimal::{Decimal, RoundingStrategy};

use super::rules::{Weights, hourly};
use crate::catalog::services::rules::Service;
use crate::demand::rules::{Demand, Status};
use crate::incidents::rules::Severity;
use crate::insight::impact::known::{Brief, OutcomeImpact};
use crate::shared::ids::Id;
use crate::shared::money::Amount;
use crate::slas::priority::Priority;
use crate::snapshot::Catalog;

/// Who tells: by which names and in which currency.
#[derive(Clone, Copy)]
pub struct Teller<'a> {
    /// Knows names.
    pub catalog: &'a Catalog,
    /// ISO 4217.
    pub currency: &'a str,
    /// The instant that is told for.
    pub now: Timestamp,
}

/// How the promises of a piece of work stand.
#[derive(Clone, Copy, Debug, Default)]
pub struct Promises {
    /// The clock that ends first is due, or was if it runs on after a breach.
    pub due_at: Option<Timestamp>,
    /// When the first promise was broken, or will be.
    pub breaches_at: Option<Timestamp>,
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
    ) -> Vec<String> {
        let mut reasons = self.outcomes("", services, impact);
        // After what costs most: who sees only the first two is to see both.
        let others_of_them = reasons.split_off(1);
        reasons.extend(self.promises(promises));
        reasons.extend(others_of_them);
        let what = match severity {
            Severity::Outage => "Nothing works any more",
            Severity::Degraded => "Half of it works",
            Severity::Minor => "Most of it works",
        };
        reasons.push(format!("{what}: {}", self.names(services)));
        let broken = services.iter().filter(|&&it| self.catalog.is_in_use(it));
        let others = impact.affected.saturating_sub(broken.count());
        if others > 0 {
            let noun = if others == 1 {
                "service needs"
            } else {
                "services need"
            };
            let them = if services.len() == 1 { "it" } else { "them" };
            reasons.push(format!("{others} more {noun} {them}, directly or not"));
        }
        reasons
    }

    /// Why a request is where it is.
    pub fn request(
        &self,
        (service, priority): (Id<Service>, Priority),
        (weights, impact): (&Weights, &Brief),
        promises: Promises,
    ) -> Vec<String> {
        let value = weights.value(priority, impact.value_per_hour);
        let name = self.name(service);
        let mut reasons = Vec::new();
        if impact.value_per_hour > Amount::default() {
            let share = exact_percent(weights.of(priority));
            reasons.push(format!(
                "{} per hour: {priority} counts as {share} of an outage of {name}, which costs {} per hour",
                self.money(value),
                self.money(impact.value_per_hour),
            ));
        }
        let of_outage = if reasons.is_empty() {
            ""
        } else {
            "Of the outage, "
        };
        reasons.extend(self.promises(promises));
        reasons.extend(self.outcomes(of_outage, &[service], impact));
        reasons.push(format!("Priority {priority}"));
        reasons
    }

    /// Why a demand is where it is: what meeting it is worth a month and to whom, how many support it, and what answers it.
    pub fn demand(&self, demand: &Demand) -> Vec<String> {
        let customer = self.catalog.get(demand.customer_id);
        let mut reasons = vec![format!(
            "{} per hour: worth {} per month to {}",
            self.money(hourly(demand.value_per_month)),
            self.money(demand.value_per_month),
            customer.map_or("its customer", |customer| &customer.header.name),
        )];
        match demand.supporters {
            0 => {}
            1 => reasons.push("1 person supports it".to_owned()),
            more => reasons.push(format!("{more} people support it")),
        }
        let service = demand.service_id.map(|service| self.name(service));
        reasons.push(match (service, demand.status == Status::Planned) {
            (Some(service), true) => format!("Planned: {service} is to answer it"),
            (Some(service), false) => format!("{service} may answer it"),
            (None, true) => "Planned, and no service answers it yet".to_owned(),
            (None, false) => "No service answers it yet".to_owned(),
        });
        reasons
    }

    /// What the business loses by these services, the most costly first; each line begins so.
    fn outcomes(&self, begin: &str, services: &[Id<Service>], impact: &Brief) -> Vec<String> {
        if impact.first.is_empty() {
            let (verb, them) = if services.len() == 1 {
                ("is", "it")
            } else {
                ("are", "them")
            };
            let why = if services.iter().any(|&it| self.catalog.is_in_use(it)) {
                format!("no outcome of the business rests on {them}")
            } else {
                format!("{} {verb} retired", self.names(services))
            };
            return vec![format!("{} 0 per hour: {why}", self.currency)];
        }
        let mut reasons: Vec<String> = impact
            .first
            .iter()
            .map(|lost| format!("{begin}{}", self.outcome(lost)))
            .collect();
        let others = match impact.others {
            0 => return reasons,
            1 => "1 more outcome".to_owned(),
            more => format!("{more} more outcomes"),
        };
        reasons.push(format!(
            "{begin}{} per hour: {others}",
            self.money(impact.others_value)
        ));
        reasons
    }

    /// `EUR 12 400 per hour: Patient discharge (80 %) by way of Bed management → Patient index`: the service that contributes, what
    /// it needs, and so on to what failed.
    fn outcome(&self, lost: &OutcomeImpact) -> String {
        let chain: Vec<_> = lost
            .path
            .iter()
            .rev()
            .map(|&service| self.name(service))
            .collect();
        let share = Decimal::from_f64(lost.loss).unwrap_or_default();
        format!(
            "{} per hour: {} ({}) by way of {}",
            self.money(lost.value_per_hour),
            self.outcome_name(lost),
            percent(share),
            chain.join(" → "),
        )
    }

    fn outcome_name(&self, lost: &OutcomeImpact) -> String {
        let outcome = self.catalog.get(lost.outcome);
        outcome.map_or_else(String::new, |outcome| outcome.header.name.clone())
    }

    fn promises(&self, promises: Promises) -> Option<String> {
        let broken = promises.breaches_at.filter(|at| *at < self.now);
        match (promises.due_at, broken) {
            (Some(due), _) if due < self.now => Some(format!(
                "Late by {}: a promise is broken",
                self.between(due, self.now)
            )),
            (Some(due), Some(_)) => Some(format!(
                "A promise is broken; the next is due in {}",
                self.between(self.now, due)
            )),
            (None, Some(at)) => Some(format!(
                "A promise was broken {} ago",
                self.between(at, self.now)
            )),
            (Some(due), None) if promises.at_risk => {
                Some(format!("At risk: due in {}", self.between(self.now, due)))
            }
            (Some(due), None) => Some(format!("Due in {}", self.between(self.now, due))),
            (None, None) if promises.at_risk => Some("At risk: the clock is paused".to_owned()),
            (None, None) => None,
        }
    }

    /// How long, in the two greatest units: `3 d 4 h`.
    #[expect(clippy::unused_self, reason = "it is how this teller says it")]
    fn between(&self, from: Timestamp, until: Timestamp) -> String {
        let minutes = until.duration_since(from).as_mins();
        let (days, hours, minutes) = (minutes / 1_440, minutes / 60 % 24, minutes % 60);
        match (days, hours, minutes) {
            (0, 0, 0) => "less than a minute".to_owned(),
            (0, 0, minutes) => format!("{minutes} min"),
            (0, hours, 0) => format!("{hours} h"),
            (0, hours, minutes) => format!("{hours} h {minutes} min"),
            (days, 0, _) => format!("{days} d"),
            (days, hours, _) => format!("{days} d {hours} h"),
        }
    }

    /// `Patient index`, `Patient index and Bed management`, `Patient index and 2 more`.
    fn names(&self, services: &[Id<Service>]) -> String {
        match services {
            [] => String::new(),
            [one] => self.name(*one),
            [one, other] => format!("{} and {}", self.name(*one), self.name(*other)),
            [one, others @ ..] => format!("{} and {} more", self.name(*one), others.len()),
        }
    }

    fn name(&self, service: Id<Service>) -> String {
        let service = self.catalog.get(service);
        service.map_or_else(String::new, |service| service.header.name.clone())
    }

    /// `EUR 12 400`, and below a hundred with its hundredths: `EUR 20.53`.
    pub fn money(&self, amount: Amount) -> String {
        let exact = amount.to_decimal();
        let places = if exact >= Decimal::ONE_HUNDRED || exact.is_zero() {
            0
        } else {
            2
        };
        let shown = exact.round_dp_with_strategy(places, RoundingStrategy::MidpointAwayFromZero);
        if shown.is_zero() && !exact.is_zero() {
            return format!("less than {} 0.01", self.currency);
        }
        if places == 2 {
            return format!("{} {shown:.2}", self.currency);
        }
        let digits = shown.to_i64().unwrap_or(i64::MAX).to_string();
        let groups: Vec<&str> = digits
            .as_bytes()
            .rchunks(3)
            .rev()
            .filter_map(|group| std::str::from_utf8(group).ok())
            .collect();
        format!("{} {}", self.currency, groups.join(" "))
    }
}

/// All digits of a share that somebody chose: `0.25 %`.
fn exact_percent(share: Decimal) -> String {
    format!("{} %", (share * Decimal::ONE_HUNDRED).normalize())
}

/// `80 %`, `0.3 %`, and what is less than a thousandth so: `less than 0.1 %`.
fn percent(share: Decimal) -> String {
    let shown = (share * Decimal::ONE_HUNDRED)
        .round_dp_with_strategy(1, RoundingStrategy::MidpointAwayFromZero)
        .normalize();
    if shown.is_zero() && !share.is_zero() {
        return "less than 0.1 %".to_owned();
    }
    format!("{shown} %")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_said_as_people_do() {
        let catalog = Catalog::default();
        let teller = Teller {
            catalog: &catalog,
            currency: "EUR",
            now: Timestamp::UNIX_EPOCH,
        };
        for (ten_thousandths, said) in [
            (124_000_000, "EUR 12 400"),
            (12_345_678_904_999, "EUR 1 234 567 890"),
            (205_339, "EUR 20.53"),
            (10_000, "EUR 1.00"),
            (1, "less than EUR 0.01"),
            (0, "EUR 0"),
            (999_999, "EUR 100.00"),
        ] {
            assert_eq!(teller.money(Amount::from_stored(ten_thousandths)), said);
        }
    }

    #[test]
    fn shares_are_said_in_percent() {
        for (share, said) in [
            ("0.8", "80 %"),
            ("0.003", "0.3 %"),
            ("1", "100 %"),
            ("0.00001", "less than 0.1 %"),
        ] {
            assert_eq!(percent(share.parse().expect("a number")), said);
        }
        let weight = "0.00250".parse().expect("a number");
        assert_eq!(exact_percent(weight), "0.25 %", "so that figures add up");
    }

    #[test]
    fn promises_are_told_with_how_they_stand() {
        let catalog = Catalog::default();
        let at = |minutes: i64| Timestamp::from_second(minutes * 60).expect("an instant");
        let teller = Teller {
            catalog: &catalog,
            currency: "EUR",
            now: at(10_000),
        };
        let told = |due: Option<i64>, breaches: Option<i64>, at_risk| {
            let promises = Promises {
                due_at: due.map(at),
                breaches_at: breaches.map(at),
                at_risk,
            };
            teller.promises(promises).unwrap_or_default()
        };
        assert_eq!(
            told(Some(10_045), Some(10_045), true),
            "At risk: due in 45 min"
        );
        assert_eq!(told(Some(14_560), None, false), "Due in 3 d 4 h");
        assert_eq!(
            told(Some(9_870), Some(9_870), false),
            "Late by 2 h 10 min: a promise is broken"
        );
        assert_eq!(
            told(Some(10_060), Some(9_000), false),
            "A promise is broken; the next is due in 1 h"
        );
        assert_eq!(
            told(None, Some(8_560), false),
            "A promise was broken 1 d ago"
        );
        assert_eq!(told(None, None, true), "At risk: the clock is paused");
        assert_eq!(told(None, None, false), "");
    }
}
