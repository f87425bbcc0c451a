//! A review in words.

use super::graphql::Counts;
use crate::insight::language::{Figures, Language};

/// What a period came to, sentence by sentence.
pub(super) fn say(counts: &Counts, figures: Figures<'_>) -> Vec<String> {
    match figures.language {
        Language::En => english(counts, figures),
        Language::De => german(counts, figures),
    }
}

fn english(counts: &Counts, figures: Figures<'_>) -> Vec<String> {
    let lost = figures.money(counts.lost);
    let incidents = match counts.incidents {
        0 => "No incident touched them.".to_owned(),
        1 => format!("1 incident cost them {lost}."),
        more => format!("{more} incidents cost them {lost}."),
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
    let incidents = match counts.incidents {
        0 => "Keine Störung traf den Kunden.".to_owned(),
        1 => format!("1 Störung kostete den Kunden {lost}."),
        more => format!("{more} Störungen kosteten den Kunden {lost}."),
    };
    let requests = if counts.submitted == 0 {
        "Nichts wurde für den Kunden beantragt.".to_owned()
    } else {
        let by_nobody = match counts.automated {
            0 => String::new(),
            some => format!(", davon {some} ohne jemandes Hand,"),
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
    use super::*;
    use crate::insight::review::store::Demands;
    use crate::shared::money::Amount;

    fn said(counts: &Counts, language: Language) -> String {
        let currency = "EUR";
        say(counts, Figures { language, currency }).join(" ")
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
            "2 Störungen kosteten den Kunden 12.400 €. 12 Anträge für den Kunden: 9 erfüllt, davon 4 ohne jemandes Hand, und \
             1 abgelehnt. 1 Bedarf erfüllt, 3 noch offen."
        );
        let counts = Counts {
            submitted: 1,
            incidents: 1,
            ..Counts::default()
        };
        assert_eq!(
            said(&counts, Language::En),
            "1 incident cost them EUR 0. Of 1 request for them 0 are fulfilled and 0 are declined. 0 demands met, 0 still open."
        );
        assert_eq!(
            said(&counts, Language::De),
            "1 Störung kostete den Kunden 0 €. 1 Antrag für den Kunden: 0 erfüllt und 0 abgelehnt. 0 Bedarfe erfüllt, 0 noch offen."
        );
        assert_eq!(
            said(&Counts::default(), Language::De),
            "Keine Störung traf den Kunden. Nichts wurde für den Kunden beantragt. 0 Bedarfe erfüllt, 0 noch offen."
        );
    }
}
