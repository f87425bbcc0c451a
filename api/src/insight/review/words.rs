//! A review in words.

use std::sync::Arc;

use super::graphql::Counts;
use crate::catalog::customers::rules::Customer;
use crate::insight::language::{Figures, Language};
use crate::shared::money::Amount;

/// How many parts are named.
const NAMED: usize = 10;

/// What a period came to, sentence by sentence, and which parts of the customer it leaves out.
pub(super) fn say(counts: &Counts, parts: &[Arc<Customer>], figures: Figures<'_>) -> Vec<String> {
    let mut words = match figures.language {
        Language::En => english(counts, figures),
        Language::De => german(counts, figures),
    };
    words.extend(without(parts, figures.language));
    words
}

fn without(parts: &[Arc<Customer>], language: Language) -> Option<String> {
    let names: Vec<&str> = parts.iter().map(|part| &*part.header.name).collect();
    let (first, rest) = names.split_at(names.len().min(NAMED));
    let list = first.join(", ");
    let more = match (rest.len(), language) {
        (0, _) => String::new(),
        (more, Language::En) => format!(" and {more} more"),
        (more, Language::De) => format!(" und {more} weitere"),
    };
    let words = match language {
        Language::En => format!("Without their parts: {list}{more}."),
        Language::De => format!("Ohne die Teile: {list}{more}."),
    };
    (!names.is_empty()).then_some(words)
}

fn english(counts: &Counts, figures: Figures<'_>) -> Vec<String> {
    let lost = figures.money(counts.lost);
    let some = counted(counts.incidents, ["incident", "incidents"]);
    let incidents = match (counts.incidents, counts.lost) {
        (0, _) => "No incident cost their own outcomes anything.".to_owned(),
        (_, none) if none == Amount::default() => {
            format!("{some} concerned them and cost their own outcomes nothing.")
        }
        _ => format!("{some} cost them {lost}."),
    };
    let requests = if counts.submitted == 0 {
        "Nothing was requested for them.".to_owned()
    } else {
        let by_nobody = match counts.automated {
            0 => String::new(),
            some => format!(", {some} of these without anybody's hand,"),
        };
        format!(
            "Of {} for them {}{by_nobody} and {}.",
            counted(counts.submitted, ["request", "requests"]),
            counted(counts.fulfilled, ["is fulfilled", "are fulfilled"]),
            counted(counts.declined, ["is declined", "are declined"]),
        )
    };
    let demands = format!(
        "{} met, {} still open.",
        counted(counts.met(), ["demand", "demands"]),
        counts.open()
    );
    vec![incidents, requests, demands]
}

fn german(counts: &Counts, figures: Figures<'_>) -> Vec<String> {
    let lost = figures.money(counts.lost);
    let incidents = match (counts.incidents, counts.lost) {
        (0, _) => "Keine Störung kostete die eigenen Ergebnisse des Kunden etwas.".to_owned(),
        (some, none) if none == Amount::default() => format!(
            "{} den Kunden und {} die eigenen Ergebnisse nichts.",
            counted(some, ["Störung betraf", "Störungen betrafen"]),
            if some == 1 { "kostete" } else { "kosteten" },
        ),
        (some, _) => format!(
            "{} den Kunden {lost}.",
            counted(some, ["Störung kostete", "Störungen kosteten"]),
        ),
    };
    let requests = if counts.submitted == 0 {
        "Nichts wurde für den Kunden beantragt.".to_owned()
    } else {
        let by_nobody = match counts.automated {
            0 => String::new(),
            some => format!(", davon {some} automatisch,"),
        };
        format!(
            "{} für den Kunden: {} erfüllt{by_nobody} und {} abgelehnt.",
            counted(counts.submitted, ["Antrag", "Anträge"]),
            counts.fulfilled,
            counts.declined,
        )
    };
    let demands = format!(
        "{} erfüllt, {} noch offen.",
        counted(counts.met(), ["Bedarf", "Bedarfe"]),
        counts.open()
    );
    vec![incidents, requests, demands]
}

fn counted(count: u64, [one, several]: [&str; 2]) -> String {
    let words = if count == 1 { one } else { several };
    format!("{count} {words}")
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use uuid::Uuid;

    use super::*;
    use crate::insight::review::store::Demands;
    use crate::shared::edit::Editable as _;
    use crate::shared::record::Header;

    fn said(counts: &Counts, language: Language) -> String {
        let currency = "EUR";
        say(counts, &[], Figures { language, currency }).join(" ")
    }

    #[test]
    fn a_review_says_the_same_in_both_languages() {
        let counts = Counts {
            submitted: 12,
            fulfilled: 9,
            declined: 1,
            automated: 4,
            incidents: 2,
            lost: Amount::from_stored(124_000_000),
            demands: Demands { met: 1, open: 3 },
        };
        assert_eq!(
            said(&counts, Language::En),
            "2 incidents cost them EUR 12 400. Of 12 requests for them 9 are fulfilled, 4 of these without anybody's hand, and \
             1 is declined. 1 demand met, 3 still open."
        );
        assert_eq!(
            said(&counts, Language::De),
            "2 Störungen kosteten den Kunden 12.400 €. 12 Anträge für den Kunden: 9 erfüllt, davon 4 automatisch, und \
             1 abgelehnt. 1 Bedarf erfüllt, 3 noch offen."
        );
        let counts = Counts {
            submitted: 1,
            incidents: 1,
            ..Counts::default()
        };
        assert_eq!(
            said(&counts, Language::En),
            "1 incident concerned them and cost their own outcomes nothing. Of 1 request for them 0 are fulfilled and 0 are declined. 0 demands met, 0 still open."
        );
        assert_eq!(
            said(&counts, Language::De),
            "1 Störung betraf den Kunden und kostete die eigenen Ergebnisse nichts. 1 Antrag für den Kunden: 0 erfüllt und 0 abgelehnt. 0 Bedarfe erfüllt, 0 noch offen."
        );
        assert_eq!(
            said(&Counts::default(), Language::De),
            "Keine Störung kostete die eigenen Ergebnisse des Kunden etwas. Nichts wurde für den Kunden beantragt. 0 Bedarfe erfüllt, 0 noch offen."
        );
    }
    #[test]
    fn parts_that_are_left_out_are_named() {
        let parts: Vec<_> = (1..=12)
            .map(|ward| {
                let (slug, name) = (format!("ward-{ward}"), format!("Ward {ward}"));
                let header = Header::new(Uuid::now_v7(), slug, name, Timestamp::UNIX_EPOCH);
                Arc::new(Customer::blank(header))
            })
            .collect();
        assert_eq!(without(&parts[..0], Language::En), None);
        assert_eq!(
            without(&parts[..2], Language::En).as_deref(),
            Some("Without their parts: Ward 1, Ward 2.")
        );
        let many = without(&parts, Language::De).expect("some words");
        assert!(many.ends_with("Ward 10 und 2 weitere."), "{many}");
    }
}
