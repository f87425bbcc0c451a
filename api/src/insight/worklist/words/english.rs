//! Reasons in English.

use super::{Cause, Names, Promise, Reason, Span};
use crate::incidents::rules::Severity;
use crate::insight::language::Figures;
use crate::shared::money::Amount;

pub(super) fn say(reason: &Reason, figures: Figures<'_>) -> String {
    let hourly = |amount: Amount| format!("{} per hour", figures.money(amount));
    match reason {
        Reason::Share {
            value,
            priority,
            share,
            service,
            outage,
        } => format!(
            "{}: {priority} counts as {} of an outage of {service}, which costs {}",
            hourly(*value),
            figures.exact_percent(*share),
            hourly(*outage),
        ),
        Reason::Outcome {
            by,
            value,
            outcome,
            loss,
            chain,
        } => format!(
            "{}{}: {outcome} ({}) by way of {}",
            of(*by),
            hourly(*value),
            figures.percent(*loss),
            chain.join(" → "),
        ),
        Reason::OtherOutcomes { by, value, count } => {
            let noun = counted(*count, "more outcome", "more outcomes");
            format!("{}{}: {noun}", of(*by), hourly(*value))
        }
        Reason::NoOutcome(services) => format!(
            "{}: no outcome of the business rests on {}",
            hourly(Amount::default()),
            them(*services)
        ),
        Reason::Retired(services) => {
            let verb = if services.0.len() == 1 { "is" } else { "are" };
            format!(
                "{}: {} {verb} retired",
                hourly(Amount::default()),
                names(services)
            )
        }
        Reason::Promise(promise) => promised(*promise),
        Reason::Broken(severity, services) => {
            let what = match severity {
                Severity::Outage => "Nothing works any more",
                Severity::Degraded => "Half of it works",
                Severity::Minor => "Most of it works",
            };
            format!("{what}: {}", names(services))
        }
        Reason::Dependents { count, broken } => format!(
            "{} {}, directly or not",
            counted(*count, "more service needs", "more services need"),
            them(*broken)
        ),
        Reason::Priority(priority) => format!("Priority {priority}"),
        Reason::Worth {
            hourly: an_hour,
            monthly,
            customer,
        } => format!(
            "{}: worth {} per month to {}",
            hourly(*an_hour),
            figures.money(*monthly),
            customer.as_deref().unwrap_or("its customer"),
        ),
        Reason::Supporters(1) => "1 person supports it".to_owned(),
        Reason::Supporters(more) => format!("{more} people support it"),
        Reason::Answer { service, planned } => match (service, planned) {
            (Some(service), true) => format!("Planned: {service} is to answer it"),
            (Some(service), false) => format!("{service} may answer it"),
            (None, true) => "Planned, and no service answers it yet".to_owned(),
            (None, false) => "No service answers it yet".to_owned(),
        },
    }
}

fn promised(promise: Promise) -> String {
    match promise {
        Promise::Late(span) => format!("Late by {}: a promise is broken", long(span)),
        Promise::BrokenAndDue(span) => {
            format!("A promise is broken; the next is due in {}", long(span))
        }
        Promise::Broken(span) => format!("A promise was broken {} ago", long(span)),
        Promise::AtRisk(span) => format!("At risk: due in {}", long(span)),
        Promise::Due(span) => format!("Due in {}", long(span)),
        Promise::Paused => "At risk: the clock is paused".to_owned(),
    }
}

fn of(cause: Cause) -> &'static str {
    match cause {
        Cause::Itself => "",
        Cause::Outage => "Of the outage, ",
    }
}

fn names(services: &Names) -> String {
    services.joined("and", "more")
}

fn them(count: usize) -> &'static str {
    if count == 1 { "it" } else { "them" }
}

fn counted(count: usize, one: &str, several: &str) -> String {
    let noun = if count == 1 { one } else { several };
    format!("{count} {noun}")
}

/// In the two greatest units: `3 d 4 h`.
fn long(span: Span) -> String {
    match span.parts() {
        [0, 0, 0] => "less than a minute".to_owned(),
        [0, 0, minutes] => format!("{minutes} min"),
        [0, hours, 0] => format!("{hours} h"),
        [0, hours, minutes] => format!("{hours} h {minutes} min"),
        [days, 0, _] => format!("{days} d"),
        [days, hours, _] => format!("{days} d {hours} h"),
    }
}
