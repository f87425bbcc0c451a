//! Random courses of demands, and the score.

use jiff::Timestamp;
use proptest::prelude::*;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use strum::IntoEnumIterator;
use uuid::Uuid;

use super::rules::{Demand, DemandNumber, Kind, PersonDays, Status, Step, score};
use crate::shared::ids::Id;
use crate::shared::money::Amount;

/// The state machine as the README shows it.
fn rendered() -> String {
    let mut table = "| step | from | to |\n|---|---|---|\n".to_owned();
    for step in Step::iter() {
        let (from, to) = step.rule();
        let from: Vec<_> = from.iter().map(ToString::to_string).collect();
        let to = to.map_or_else(|| "(stays)".to_owned(), |to| to.to_string());
        let line = format!("| `{}` | {} | {to} |\n", step.mutation(), from.join(", "));
        table.push_str(&line);
    }
    table
}

#[test]
fn the_readme_shows_the_state_machine() {
    let readme = include_str!("README.md");
    let (_, rest) = readme.split_once("<!-- steps -->\n\n").unwrap();
    let (shown, _) = rest.split_once("\n\n").unwrap();
    assert_eq!(format!("{shown}\n"), rendered());
}

#[test]
fn whatever_has_ended_can_only_be_reopened() {
    for status in Status::iter() {
        let legal: Vec<_> = Step::iter()
            .filter(|step| step.rule().0.contains(&status))
            .collect();
        assert_eq!(legal == [Step::Reopen], status.is_end(), "{status}");
    }
}

#[test]
fn the_score_is_what_a_working_day_without_it_costs_for_each_day_of_work() {
    let amount = |text: &str| Amount::from_decimal(text.parse().unwrap()).unwrap();
    let days = |text: &str| PersonDays::from_decimal(text.parse().unwrap()).unwrap();
    assert_eq!(score(amount("4200"), days("10")), Some(20.0));
    assert_eq!(score(amount("0"), days("0.0001")), Some(0.0));
    assert_eq!(score(amount("21"), days("0.5")), Some(2.0));
}

#[test]
fn an_effort_is_above_0_and_exact_to_four_places() {
    for (text, shown) in [
        ("0.0001", "0.0001"),
        ("2.50000", "2.5"),
        ("1000000", "1000000"),
    ] {
        let days = PersonDays::from_decimal(text.parse().unwrap());
        let shown_as = days.map(|days| days.to_decimal().to_string());
        assert_eq!(shown_as.as_deref(), Some(shown));
    }
    for text in [
        "0",
        "-1",
        "0.00001",
        "1000000.0001",
        "79228162514264337593543950335",
        "-79228162514264337593543950335",
    ] {
        assert_eq!(
            PersonDays::from_decimal(text.parse().unwrap()),
            None,
            "{text}"
        );
    }
}

fn demand(value: i64, effort: Option<i64>) -> Demand {
    Demand {
        id: Uuid::nil(),
        number: DemandNumber(1),
        title: String::new(),
        description: None,
        kind: Kind::Need,
        status: Status::Open,
        customer_id: Id::new(Uuid::nil()),
        raised_by_id: None,
        submitted_by: String::new(),
        outcome_id: None,
        service_id: None,
        quantity: 1,
        value_per_month: Amount::from_stored(value),
        effort: effort.and_then(PersonDays::from_stored),
        supporters: 0,
        decline: None,
        ended_at: None,
        version: 1,
        created_at: Timestamp::UNIX_EPOCH,
        updated_at: Timestamp::UNIX_EPOCH,
    }
}

fn any_demand() -> impl Strategy<Value = Demand> {
    let value = prop_oneof![0_i64..100_000_000, 0_i64..=i64::MAX];
    let effort = prop_oneof![1_i64..1_000_000, 1..=PersonDays::MOST * 10_000];
    (value, proptest::option::of(effort)).prop_map(|(value, effort)| demand(value, effort))
}

proptest! {
    #[test]
    fn the_stored_order_is_that_of_the_scores(one in any_demand(), other in any_demand()) {
        // None is below every score, as it is for options.
        let expected = one.score().partial_cmp(&other.score());
        prop_assert_eq!(Some(one.score_order().cmp(&other.score_order())), expected);
    }

    #[test]
    fn the_score_is_the_formula(one in any_demand()) {
        let value = one.value_per_month.to_decimal().to_f64().unwrap();
        let expected = one.effort.map(|days| value / 21.0 / days.to_decimal().to_f64().unwrap());
        match (one.score(), expected) {
            (Some(score), Some(expected)) => {
                prop_assert!((score - expected).abs() <= expected * 1e-9, "{score} {expected}");
            }
            (score, expected) => prop_assert_eq!(score, expected),
        }
    }
}

#[test]
fn a_demand_is_worth_what_it_is_worth_to_the_last_cent() {
    let one = demand(i64::MAX, Some(1));
    assert_eq!(one.value_per_month.to_decimal(), Decimal::new(i64::MAX, 4));
    assert!(one.score().is_some_and(f64::is_finite));
}
