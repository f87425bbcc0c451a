//! How well an objective was attained.

use rust_decimal::prelude::ToPrimitive;
use rust_decimal::{Decimal, RoundingStrategy};

/// Decimal places of a share in percent.
const PLACES: u32 = 6;

/// How well an objective was attained in a period.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Attainment {
    /// What was good of all, percent, rounded down so that it never looks attained when it is not. None where nothing was
    /// measured.
    pub attained: Option<Decimal>,
    /// What may still go wrong as a share of what the objective allows; below 0: missed. None where nothing was measured or
    /// the objective allows nothing.
    pub error_budget_left: Option<f64>,
    /// Whether the objective is attained, exactly. None where nothing was measured.
    pub met: Option<bool>,
}

/// Compares what was good of all with an objective in percent.
pub fn attainment(total: u64, good: u64, objective: Decimal) -> Attainment {
    if total == 0 {
        return Attainment {
            attained: None,
            error_budget_left: None,
            met: None,
        };
    }
    let (all, good) = (Decimal::from(total), Decimal::from(good.min(total)));
    // None of these can overflow: the counts have at most 20 digits before the point, and 28 fit.
    let hundredfold = good * Decimal::ONE_HUNDRED;
    let attained = (hundredfold / all).round_dp_with_strategy(PLACES, RoundingStrategy::ToZero);
    let allowed = all * (Decimal::ONE_HUNDRED - objective) / Decimal::ONE_HUNDRED;
    Attainment {
        attained: Some(attained.normalize()),
        error_budget_left: budget_left(all - good, allowed),
        met: Some(hundredfold >= objective * all),
    }
}

fn budget_left(bad: Decimal, allowed: Decimal) -> Option<f64> {
    if allowed <= Decimal::ZERO {
        return None;
    }
    match bad.checked_div(allowed) {
        Some(used) => (Decimal::ONE - used).to_f64(),
        // An objective so near to 100 that the share has more digits than a decimal number.
        None => Some(1.0 - bad.to_f64()? / allowed.to_f64()?),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(total: u64, good: u64, objective: &str) -> (String, Option<f64>, bool) {
        let found = attainment(total, good, objective.parse().unwrap());
        let attained = found.attained.unwrap().to_string();
        (attained, found.error_budget_left, found.met.unwrap())
    }

    #[test]
    fn the_budget_is_what_the_objective_allows() {
        assert_eq!(
            shown(1000, 1000, "99.9"),
            ("100".to_owned(), Some(1.0), true)
        );
        assert_eq!(
            shown(1000, 999, "99.9"),
            ("99.9".to_owned(), Some(0.0), true)
        );
        assert_eq!(
            shown(1000, 998, "99.9"),
            ("99.8".to_owned(), Some(-1.0), false)
        );
        assert_eq!(shown(200, 199, "95"), ("99.5".to_owned(), Some(0.9), true));
        assert_eq!(shown(1, 0, "0"), ("0".to_owned(), Some(0.0), true));
    }

    #[test]
    fn where_nothing_was_measured_nothing_is_known() {
        let unknown = attainment(0, 0, Decimal::from(95));
        assert_eq!(unknown.attained, None);
        assert_eq!(unknown.error_budget_left, None);
        assert_eq!(unknown.met, None);
    }

    #[test]
    fn an_objective_of_100_has_no_budget() {
        assert_eq!(shown(10, 10, "100"), ("100".to_owned(), None, true));
        assert_eq!(shown(10, 9, "100.00"), ("90".to_owned(), None, false));
    }

    #[test]
    fn a_share_is_never_rounded_up() {
        let (attained, _, met) = shown(3, 2, "66.6666667");
        assert_eq!((attained.as_str(), met), ("66.666666", false));
        let (attained, _, met) = shown(1_000_000_000, 999_999_999, "100");
        assert_eq!((attained.as_str(), met), ("99.999999", false));
    }

    proptest! {
        #[test]
        fn it_is_met_exactly_where_the_budget_is_not_overdrawn(
            (total, bad) in (1..u64::MAX, 0..u64::MAX),
            objective in 0_u32..100_000_000,
        ) {
            let good = total - bad.min(total);
            let objective = Decimal::new(objective.into(), 6);
            let found = attainment(total, good, objective);
            let budget = found.error_budget_left.unwrap();
            prop_assert_eq!(found.met.unwrap(), budget >= 0.0);
            prop_assert!(found.attained.unwrap() <= Decimal::ONE_HUNDRED);
        }
    }
}
