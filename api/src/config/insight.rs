//! How what is to be decided is weighed.

use rust_decimal::Decimal;

use super::{Picker, flags::flags, values::parse_positive};
use crate::insight::worklist::rules::Weights;

flags! {
    "Decisions"
    /// How what is to be decided is weighed, on the command line.
    InsightFlags

    /// Share of a service's outage that a waiting request of priority P1 counts as, 0 to 1 [default: 0.10]
    worklist_p1 "worklist-p1" "SHARE",
    /// Share of a service's outage that a waiting request of priority P2 counts as, 0 to 1 [default: 0.03]
    worklist_p2 "worklist-p2" "SHARE",
    /// Share of a service's outage that a waiting request of priority P3 counts as, 0 to 1 [default: 0.01]
    worklist_p3 "worklist-p3" "SHARE",
    /// Share of a service's outage that a waiting request of priority P4 counts as, 0 to 1 [default: 0.003]
    worklist_p4 "worklist-p4" "SHARE",
    /// How many days an ownership is good for after somebody confirmed it [default: 180]
    ownership_valid_days "ownership-valid-days" "DAYS",
}

/// How what is to be decided is weighed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InsightSettings {
    /// What requests count in the worklist.
    pub weights: Weights,
    /// How many days an ownership is good for after somebody confirmed it.
    pub ownership_valid_days: u32,
}

impl Default for InsightSettings {
    fn default() -> Self {
        Self {
            weights: Weights::default(),
            ownership_valid_days: 180,
        }
    }
}

impl InsightSettings {
    pub(super) fn pick(pick: &mut Picker<'_>) -> Self {
        let default = Self::default();
        let Weights([p1, p2, p3, p4]) = default.weights;
        Self {
            weights: Weights([
                pick.setting("worklist_p1", p1, parse_share),
                pick.setting("worklist_p2", p2, parse_share),
                pick.setting("worklist_p3", p3, parse_share),
                pick.setting("worklist_p4", p4, parse_share),
            ]),
            ownership_valid_days: pick.setting(
                "ownership_valid_days",
                default.ownership_valid_days,
                parse_positive,
            ),
        }
    }
}

fn parse_share(text: &str) -> Result<Decimal, String> {
    let share = text.parse().ok().filter(|share| Weights::is_share(*share));
    share.ok_or_else(|| {
        format!("\"{text}\" is no share; a share is a number from 0 to 1, such as 0.03")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_a_number_from_0_to_1() {
        for right in ["0", "1", "0.003", "1.0"] {
            assert_eq!(parse_share(right).ok(), right.parse().ok(), "{right}");
        }
        for wrong in ["", "-0.1", "1.01", "3 %", "NaN"] {
            assert!(parse_share(wrong).is_err(), "{wrong}");
        }
    }
}
