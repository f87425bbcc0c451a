//! Reasons in German. The board has the same words for what is on it.

use super::{Cause, Names, Promise, Reason, Span};
use crate::incidents::rules::Severity;
use crate::insight::language::Figures;
use crate::shared::money::Amount;

pub(super) fn say(reason: &Reason, figures: Figures<'_>) -> String {
    let hourly = |amount: Amount| format!("{} je Stunde", figures.money(amount));
    match reason {
        Reason::Share {
            value,
            priority,
            share,
            service,
            outage,
        } => format!(
            "{}: {priority} zählt als {} eines Ausfalls von {service}, der {} kostet",
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
            "{}{}: {outcome} ({}) über {}",
            of(*by),
            hourly(*value),
            figures.percent(*loss),
            chain.join(" → "),
        ),
        Reason::OtherOutcomes { by, value, count } => {
            let noun = counted(*count, "weiteres Ergebnis", "weitere Ergebnisse");
            format!("{}{}: {noun}", of(*by), hourly(*value))
        }
        Reason::NoOutcome(_) => format!(
            "{}: kein Ergebnis des Geschäfts hängt davon ab",
            hourly(Amount::default())
        ),
        Reason::Retired(services) => {
            let verb = if services.0.len() == 1 { "ist" } else { "sind" };
            format!(
                "{}: {} {verb} abgeschaltet",
                hourly(Amount::default()),
                names(services)
            )
        }
        Reason::Promise(promise) => promised(*promise),
        Reason::Broken(severity, services) => {
            let what = match severity {
                Severity::Outage => "Nichts geht mehr",
                Severity::Degraded => "Die Hälfte geht noch",
                Severity::Minor => "Das meiste geht noch",
            };
            format!("{what}: {}", names(services))
        }
        Reason::Dependents { count, broken } => format!(
            "{} {}, direkt oder über andere",
            counted(
                *count,
                "weiterer Service braucht",
                "weitere Services brauchen"
            ),
            if *broken == 1 { "ihn" } else { "sie" }
        ),
        Reason::Priority(priority) => format!("Priorität {priority}"),
        Reason::Worth {
            hourly: an_hour,
            monthly,
            customer,
        } => format!(
            "{}: für {} {} im Monat wert",
            hourly(*an_hour),
            customer.as_deref().unwrap_or("den Kunden"),
            figures.money(*monthly),
        ),
        Reason::Supporters(1) => "1 Person unterstützt den Bedarf".to_owned(),
        Reason::Supporters(more) => format!("{more} Personen unterstützen den Bedarf"),
        Reason::Answer { service, planned } => match (service, planned) {
            (Some(service), true) => format!("Geplant: {service} soll darauf antworten"),
            (Some(service), false) => format!("{service} könnte darauf antworten"),
            (None, true) => "Geplant, und noch antwortet kein Service darauf".to_owned(),
            (None, false) => "Noch antwortet kein Service darauf".to_owned(),
        },
    }
}

fn promised(promise: Promise) -> String {
    match promise {
        Promise::Late(span) => format!("Seit {} überfällig: Eine Zusage ist gebrochen", long(span)),
        Promise::BrokenAndDue(span) => format!(
            "Eine Zusage ist gebrochen; die nächste ist in {} fällig",
            long(span)
        ),
        Promise::Broken(span) => format!("Eine Zusage wurde vor {} gebrochen", long(span)),
        Promise::AtRisk(span) => format!("Gefährdet: in {} fällig", long(span)),
        Promise::Due(span) => format!("In {} fällig", long(span)),
        Promise::Paused => "Gefährdet: Die Uhr ist angehalten".to_owned(),
    }
}

fn of(cause: Cause) -> &'static str {
    match cause {
        Cause::Itself => "",
        Cause::Outage => "Vom Ausfall ",
    }
}

fn names(services: &Names) -> String {
    services.joined("und", "weitere")
}

fn counted(count: usize, one: &str, several: &str) -> String {
    let noun = if count == 1 { one } else { several };
    format!("{count} {noun}")
}

/// In the two greatest units, as it stands after "in", "seit" and "vor": `3 Tagen und 4 Stunden`.
fn long(span: Span) -> String {
    let days = |days| {
        if days == 1 {
            "1 Tag".to_owned()
        } else {
            format!("{days} Tagen")
        }
    };
    let hours = |hours| {
        if hours == 1 {
            "1 Stunde".to_owned()
        } else {
            format!("{hours} Stunden")
        }
    };
    let minutes = |minutes| {
        if minutes == 1 {
            "1 Minute".to_owned()
        } else {
            format!("{minutes} Minuten")
        }
    };
    match span.parts() {
        [0, 0, 0] => "weniger als einer Minute".to_owned(),
        [0, 0, some] => minutes(some),
        [0, some, 0] => hours(some),
        [0, some, more] => format!("{} und {}", hours(some), minutes(more)),
        [some, 0, _] => days(some),
        [some, more, _] => format!("{} und {}", days(some), hours(more)),
    }
}
