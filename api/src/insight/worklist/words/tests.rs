use super::*;

/// In English and in German.
fn said(reason: &Reason) -> [String; 2] {
    [Language::En, Language::De].map(|language| {
        let currency = "EUR";
        reason.said(Figures { language, currency })
    })
}

fn eur(amount: i64) -> Amount {
    Amount::from_stored(amount * 10_000)
}

fn names(names: &[&str]) -> Names {
    Names(names.iter().map(|&name| name.to_owned()).collect())
}

#[test]
fn what_a_request_costs_is_told_apart_from_what_the_outage_does() {
    let share = Reason::Share {
        value: eur(372),
        priority: Priority::P2,
        share: Decimal::new(3, 2),
        service: "Beds".to_owned(),
        outage: eur(12_400),
    };
    assert_eq!(
        said(&share),
        [
            "EUR 372 per hour: P2 counts as 3 % of an outage of Beds, which costs EUR 12 400 per hour",
            "372 € je Stunde: P2 zählt als 3 % eines Ausfalls von Beds, der 12.400 € je Stunde kostet",
        ]
    );
    let outcome = |by| Reason::Outcome {
        by,
        value: eur(12_400),
        outcome: "Discharge".to_owned(),
        loss: Decimal::new(805, 3),
        chain: ["Beds", "Index"].map(str::to_owned).to_vec(),
    };
    assert_eq!(
        said(&outcome(Cause::Itself)),
        [
            "EUR 12 400 per hour: Discharge (80.5 %) by way of Beds → Index",
            "12.400 € je Stunde: Discharge (80,5 %) über Beds → Index",
        ]
    );
    assert_eq!(
        said(&outcome(Cause::Outage)),
        [
            "Of the outage, EUR 12 400 per hour: Discharge (80.5 %) by way of Beds → Index",
            "Vom Ausfall 12.400 € je Stunde: Discharge (80,5 %) über Beds → Index",
        ]
    );
    let others = |by, count| {
        let value = eur(20);
        said(&Reason::OtherOutcomes { by, value, count })
    };
    assert_eq!(
        others(Cause::Itself, 1),
        [
            "EUR 20.00 per hour: 1 more outcome",
            "20,00 € je Stunde: 1 weiteres Ergebnis",
        ]
    );
    assert_eq!(
        others(Cause::Outage, 2),
        [
            "Of the outage, EUR 20.00 per hour: 2 more outcomes",
            "Vom Ausfall 20,00 € je Stunde: 2 weitere Ergebnisse",
        ]
    );
}

#[test]
fn services_are_told_one_by_one_or_counted() {
    for (services, english, german) in [
        (
            &["A"][..],
            "Nothing works any more: A",
            "Nichts geht mehr: A",
        ),
        (
            &["A", "B"],
            "Nothing works any more: A and B",
            "Nichts geht mehr: A und B",
        ),
        (
            &["A", "B", "C"],
            "Nothing works any more: A and 2 more",
            "Nichts geht mehr: A und 2 weitere",
        ),
    ] {
        let reason = Reason::Broken(Severity::Outage, names(services));
        assert_eq!(said(&reason), [english, german]);
    }
    for (severity, english, german) in [
        (
            Severity::Degraded,
            "Half of it works: A",
            "Die Hälfte geht noch: A",
        ),
        (
            Severity::Minor,
            "Most of it works: A",
            "Das meiste geht noch: A",
        ),
    ] {
        assert_eq!(
            said(&Reason::Broken(severity, names(&["A"]))),
            [english, german]
        );
    }
    for (count, broken, english, german) in [
        (
            1,
            1,
            "1 more service needs it, directly or not",
            "1 weiterer Service braucht ihn, direkt oder über andere",
        ),
        (
            7,
            2,
            "7 more services need them, directly or not",
            "7 weitere Services brauchen sie, direkt oder über andere",
        ),
    ] {
        assert_eq!(
            said(&Reason::Dependents { count, broken }),
            [english, german]
        );
    }
}

#[test]
fn what_costs_nothing_says_why() {
    for (reason, english, german) in [
        (
            Reason::NoOutcome(1),
            "EUR 0 per hour: no outcome of the business rests on it",
            "0 € je Stunde: kein Ergebnis des Geschäfts hängt davon ab",
        ),
        (
            Reason::NoOutcome(2),
            "EUR 0 per hour: no outcome of the business rests on them",
            "0 € je Stunde: kein Ergebnis des Geschäfts hängt davon ab",
        ),
        (
            Reason::Retired(names(&["A"])),
            "EUR 0 per hour: A is retired",
            "0 € je Stunde: A ist abgeschaltet",
        ),
        (
            Reason::Retired(names(&["A", "B"])),
            "EUR 0 per hour: A and B are retired",
            "0 € je Stunde: A und B sind abgeschaltet",
        ),
        (
            Reason::Priority(Priority::P4),
            "Priority P4",
            "Priorität P4",
        ),
    ] {
        assert_eq!(said(&reason), [english, german]);
    }
}

#[test]
fn demands_are_told_with_their_worth_and_what_answers_them() {
    let worth = |customer: Option<&str>| Reason::Worth {
        hourly: eur(1_000),
        monthly: eur(730_500),
        customer: customer.map(str::to_owned),
    };
    let answer = |service: Option<&str>, planned| Reason::Answer {
        service: service.map(str::to_owned),
        planned,
    };
    for (reason, english, german) in [
        (
            worth(Some("Ward")),
            "EUR 1 000 per hour: worth EUR 730 500 per month to Ward",
            "1.000 € je Stunde: für Ward 730.500 € im Monat wert",
        ),
        (
            worth(None),
            "EUR 1 000 per hour: worth EUR 730 500 per month to its customer",
            "1.000 € je Stunde: für den Kunden 730.500 € im Monat wert",
        ),
        (
            Reason::Supporters(1),
            "1 person supports it",
            "1 Person unterstützt den Bedarf",
        ),
        (
            Reason::Supporters(4),
            "4 people support it",
            "4 Personen unterstützen den Bedarf",
        ),
        (
            answer(Some("A"), true),
            "Planned: A is to answer it",
            "Geplant: A soll darauf antworten",
        ),
        (
            answer(Some("A"), false),
            "A may answer it",
            "A könnte darauf antworten",
        ),
        (
            answer(None, true),
            "Planned, and no service answers it yet",
            "Geplant, und noch antwortet kein Service darauf",
        ),
        (
            answer(None, false),
            "No service answers it yet",
            "Noch antwortet kein Service darauf",
        ),
    ] {
        assert_eq!(said(&reason), [english, german]);
    }
}

#[test]
fn promises_are_told_with_how_they_stand() {
    let catalog = Catalog::default();
    let at = |minutes: i64| Timestamp::from_second(minutes * 60).expect("an instant");
    let teller = Teller {
        catalog: &catalog,
        now: at(10_000),
    };
    let told = |due: Option<i64>, broken: Option<i64>, at_risk| {
        let promises = Promises {
            due_at: due.map(at),
            broken_at: broken.map(at),
            at_risk,
        };
        teller.promises(promises).map(|reason| said(&reason))
    };
    for (due, broken, at_risk, english, german) in [
        (
            Some(10_045),
            None,
            true,
            "At risk: due in 45 min",
            "Gefährdet: in 45 Minuten fällig",
        ),
        (
            Some(14_560),
            None,
            false,
            "Due in 3 d 4 h",
            "In 3 Tagen und 4 Stunden fällig",
        ),
        (
            Some(11_500),
            None,
            false,
            "Due in 1 d 1 h",
            "In 1 Tag und 1 Stunde fällig",
        ),
        (
            Some(10_000),
            None,
            false,
            "Due in less than a minute",
            "In weniger als einer Minute fällig",
        ),
        (
            Some(9_870),
            Some(9_870),
            false,
            "Late by 2 h 10 min: a promise is broken",
            "Seit 2 Stunden und 10 Minuten überfällig: Eine Zusage ist gebrochen",
        ),
        (
            Some(10_061),
            Some(9_000),
            true,
            "A promise is broken; the next is due in 1 h 1 min",
            "Eine Zusage ist gebrochen; die nächste ist in 1 Stunde und 1 Minute fällig",
        ),
        (
            None,
            Some(7_120),
            false,
            "A promise was broken 2 d ago",
            "Eine Zusage wurde vor 2 Tagen gebrochen",
        ),
        (
            None,
            None,
            true,
            "At risk: the clock is paused",
            "Gefährdet: Die Uhr ist angehalten",
        ),
    ] {
        assert_eq!(
            told(due, broken, at_risk),
            Some([english.to_owned(), german.to_owned()])
        );
    }
    assert_eq!(told(None, None, false), None);
}

/// An impact of two outcomes, of a service that is not in the catalog any more than they are.
fn impact() -> Brief {
    let lost = |value| OutcomeImpact {
        outcome: Id::new(uuid::Uuid::nil()),
        loss: 0.8,
        value_per_hour: eur(value),
        path: vec![Id::new(uuid::Uuid::nil())],
    };
    Brief {
        value_per_hour: eur(300),
        affected: 1,
        first: vec![lost(200), lost(100)],
        others: 0,
        others_value: Amount::default(),
    }
}

#[test]
fn a_promise_stands_second_right_after_what_costs_most() {
    let catalog = Catalog::default();
    let teller = Teller {
        catalog: &catalog,
        now: Timestamp::UNIX_EPOCH,
    };
    let promises = Promises {
        at_risk: true,
        ..Promises::default()
    };
    let service = Id::new(uuid::Uuid::nil());
    let incident = teller.incident((&[service], Severity::Outage), &impact(), promises);
    assert!(matches!(
        incident.as_slice(),
        [
            Reason::Outcome {
                by: Cause::Itself,
                ..
            },
            Reason::Promise(Promise::Paused),
            Reason::Outcome {
                by: Cause::Itself,
                ..
            },
            Reason::Broken(..),
            ..
        ]
    ));
    let weights = Weights([Decimal::new(1, 1); 4]);
    let request = teller.request((service, Priority::P1), (&weights, &impact()), promises);
    assert!(matches!(
        request.as_slice(),
        [
            Reason::Share { .. },
            Reason::Promise(Promise::Paused),
            Reason::Outcome {
                by: Cause::Outage,
                ..
            },
            Reason::Outcome {
                by: Cause::Outage,
                ..
            },
            Reason::Priority(Priority::P1),
        ]
    ));
}
