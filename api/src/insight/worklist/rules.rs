//! What waiting costs, and the order that follows from it.
//!
//! The rules of the design ("Worklist"), all in the reporting currency per hour of waiting:
//!
//! ```text
//! incident  its impact
//! request   weight(priority) × impact(service, OUTAGE)
//! demand    valuePerMonth / 730.5          730.5 = 365.25 × 24 / 12 hours
//! ```
//!
//! Sorted by value descending, then by the clock that is due first (none last), then by number; numbers of different kinds are
//! compared as numbers, and where they are equal incidents come before requests, and these before demands.

use std::cmp::Reverse;
use std::str::FromStr;

use rust_decimal::prelude::{FromPrimitive, ToPrimitive};
use rust_decimal::{Decimal, RoundingStrategy};

use crate::shared::money::Amount;
use crate::slas::priority::Priority;

/// Of a month's hours, 730.5, so many tenths.
const TENTHS_OF_HOURS: i64 = 7_305;

/// The instant that stands for never.
pub const NEVER: i64 = i64::MAX;

/// Share of a service's outage that a waiting request counts as, by its priority; each from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Weights(pub [Decimal; 4]);

impl Default for Weights {
    fn default() -> Self {
        Self([
            Decimal::new(10, 2),
            Decimal::new(3, 2),
            Decimal::new(1, 2),
            Decimal::new(3, 3),
        ])
    }
}

impl Weights {
    /// Whether a number can be a weight.
    pub fn is_share(number: Decimal) -> bool {
        number >= Decimal::ZERO && number <= Decimal::ONE
    }

    /// The weight that a number is; none where it is not from 0 to 1.
    pub fn share(number: f64) -> Option<Decimal> {
        Decimal::from_f64(number).filter(|share| Self::is_share(*share))
    }

    /// What a request of a priority counts as.
    pub fn of(&self, priority: Priority) -> Decimal {
        let [p1, p2, p3, p4] = self.0;
        match priority {
            Priority::P1 => p1,
            Priority::P2 => p2,
            Priority::P3 => p3,
            Priority::P4 => p4,
        }
    }

    /// What an hour of waiting of a request costs whose service's outage costs so much, rounded to the ten-thousandth, halves
    /// away from zero.
    pub fn value(&self, priority: Priority, outage: Amount) -> Amount {
        let exact = self
            .of(priority)
            .checked_mul(Decimal::from(outage.stored()));
        Amount::from_stored(exact.map(rounded).unwrap_or_default())
    }
}

/// What an hour of waiting for a demand costs that is worth so much a month, rounded to the ten-thousandth.
pub fn hourly(value_per_month: Amount) -> Amount {
    let exact = Decimal::from(value_per_month.stored()) / Decimal::new(TENTHS_OF_HOURS, 1);
    Amount::from_stored(rounded(exact))
}

fn rounded(number: Decimal) -> i64 {
    let whole = number.round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero);
    whole.to_i64().unwrap_or(i64::MAX)
}

/// What sort of work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, strum::FromRepr)]
#[repr(u8)]
pub enum Kind {
    /// What is broken.
    Incident = 0,
    /// What somebody asked for.
    Request = 1,
    /// What somebody needs.
    Demand = 2,
}

/// A value exact enough to compare what waits for whatever reason: 7 305ths of a ten-thousandth, so that what a demand is
/// worth an hour is a whole number of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Worth(i128);

impl Worth {
    /// Of what costs so much an hour.
    pub fn per_hour(value: Amount) -> Self {
        Self(i128::from(value.stored()) * i128::from(TENTHS_OF_HOURS))
    }

    /// Of what costs so much a month.
    pub fn per_month(value: Amount) -> Self {
        Self(i128::from(value.stored()) * 10)
    }

    /// The greatest value per month that is worth no more than this.
    pub fn at_most_per_month(self) -> Amount {
        Amount::from_stored(i64::try_from(self.0.div_euclid(10)).unwrap_or(i64::MAX))
    }
}

/// A place in the ranking, the first of which is the least.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rank {
    /// What an hour of waiting costs.
    pub worth: Reverse<Worth>,
    /// When the clock that ends first is due, microseconds since 1970; the greatest number where none is.
    pub due_at: i64,
    /// For people.
    pub number: i64,
    /// What sort of work.
    pub kind: Kind,
}

impl Rank {
    /// As a cursor holds it.
    pub fn written(&self) -> String {
        let Reverse(Worth(worth)) = self.worth;
        format!(
            "{worth}:{}:{}:{}",
            self.due_at, self.number, self.kind as u8
        )
    }

    /// Reads what [`Self::written`] wrote.
    pub fn read(text: &str) -> Option<Self> {
        fn part<T: FromStr>(part: Option<&str>) -> Option<T> {
            part?.parse().ok()
        }
        let mut parts = text.split(':');
        let rank = Self {
            worth: Reverse(Worth(part(parts.next())?)),
            due_at: part(parts.next())?,
            number: part(parts.next())?,
            kind: Kind::from_repr(part(parts.next())?)?,
        };
        parts.next().is_none().then_some(rank)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn amount(text: &str) -> Amount {
        let exact: Decimal = text.parse().expect("a number");
        Amount::from_decimal(exact).expect("an amount")
    }

    #[test]
    fn a_request_counts_as_a_share_of_its_services_outage() {
        let weights = Weights::default();
        for (priority, value) in [
            (Priority::P1, "1240"),
            (Priority::P2, "372"),
            (Priority::P3, "124"),
            (Priority::P4, "37.2"),
        ] {
            assert_eq!(weights.value(priority, amount("12400")), amount(value));
        }
        assert_eq!(
            weights.value(Priority::P4, amount("0.05")),
            amount("0.0002")
        );
    }

    #[test]
    fn a_demand_is_worth_the_730th_and_a_half_of_a_month() {
        assert_eq!(hourly(amount("730.5")), amount("1"));
        assert_eq!(hourly(amount("15000")), amount("20.5339"));
        assert_eq!(
            hourly(amount("922337203685477.5807")).stored(),
            12_626_108_195_557_530
        );
    }

    proptest! {
        #[test]
        fn a_cursor_holds_a_rank(worth: i64, due_at: i64, number: i64, kind in 0..3_u8) {
            let rank = Rank {
                worth: Reverse(Worth::per_month(Amount::from_stored(worth))),
                due_at,
                number,
                kind: Kind::from_repr(kind).expect("a kind"),
            };
            prop_assert_eq!(Rank::read(&rank.written()), Some(rank));
        }

        /// What the database compares for demands is what the ranking does.
        #[test]
        fn what_is_worth_no_more_is_so_by_month(month in 0..i64::MAX, hour in 0..i64::MAX / 8_000) {
            let (month, hour) = (Amount::from_stored(month), Worth::per_hour(Amount::from_stored(hour)));
            prop_assert_eq!(Worth::per_month(month) <= hour, month <= hour.at_most_per_month());
        }

        #[test]
        fn whatever_text_is_no_rank(text in "[0-9:-]{0,20}|.{0,10}") {
            if let Some(rank) = Rank::read(&text) {
                prop_assert_eq!(Rank::read(&rank.written()), Some(rank));
            }
        }
    }
}
