//! How much there is to lose by a tool that nobody looks after.

use super::rules::DataClass;

/// How much of the risk the class of the data makes up; the number of people is the rest.
const CLASS_SHARE: f64 = 0.6;
/// So many powers of ten of people are as many as count: 10 000.
const MOST_PEOPLE: f64 = 4.0;

/// The risk, 0 to 100: `round(100 × (0.6 × d + 0.4 × min(1, log10(1 + users) / 4)))`, where d stands for the class of the data
/// (PUBLIC 0.1, INTERNAL 0.4, CONFIDENTIAL 0.8, RESTRICTED 1.0).
pub(super) fn risk(class: DataClass, users: i32) -> u8 {
    let class = match class {
        DataClass::Public => 0.1,
        DataClass::Internal => 0.4,
        DataClass::Confidential => 0.8,
        DataClass::Restricted => 1.0,
    };
    let people = (f64::from(users.max(0)).ln_1p() / std::f64::consts::LN_10 / MOST_PEOPLE).min(1.0);
    let risk = 100.0 * (CLASS_SHARE * class + (1.0 - CLASS_SHARE) * people);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it lies between 0 and 100"
    )]
    let whole = risk.round() as u8;
    whole
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::select;
    use strum::IntoEnumIterator;

    use super::*;

    fn class() -> impl Strategy<Value = DataClass> {
        select(DataClass::iter().collect::<Vec<_>>())
    }

    #[test]
    fn known_risks() {
        for (class, users, expected) in [
            (DataClass::Public, 0, 6),
            (DataClass::Public, 9, 16),
            (DataClass::Internal, 99, 44),
            (DataClass::Internal, 42, 40),
            (DataClass::Confidential, 0, 48),
            (DataClass::Confidential, 180, 71),
            (DataClass::Restricted, 999, 90),
            (DataClass::Restricted, 9_999, 100),
            (DataClass::Restricted, i32::MAX, 100),
        ] {
            assert_eq!(risk(class, users), expected, "{class}, {users} people");
        }
    }

    proptest! {
        #[test]
        fn it_is_the_formula_and_stays_within_its_bounds(class in class(), users in 0..i32::MAX) {
            let d = match class {
                DataClass::Public => 0.1,
                DataClass::Internal => 0.4,
                DataClass::Confidential => 0.8,
                DataClass::Restricted => 1.0,
            };
            let people = ((1.0 + f64::from(users)).log10() / 4.0).min(1.0);
            let expected = 100.0 * (0.6 * d + 0.4 * people);
            let found = f64::from(risk(class, users));
            prop_assert!((found - expected).abs() <= 0.5 + 1e-9, "{found} for {expected}");
            prop_assert!((0.0..=100.0).contains(&found));
        }

        #[test]
        fn it_grows_with_people_and_with_the_class_of_the_data(
            one in (class(), 0..i32::MAX), more in 0..i32::MAX,
        ) {
            let (class, users) = one;
            prop_assert!(risk(class, users) <= risk(class, users.saturating_add(more)));
            for worse in DataClass::iter().filter(|worse| *worse >= class) {
                prop_assert!(risk(class, users) <= risk(worse, users));
            }
        }
    }
}
