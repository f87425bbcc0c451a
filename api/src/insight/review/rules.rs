//! What a period comes to for one customer.

use jiff::Timestamp;

use crate::shared::money::Amount;

/// Microseconds of an hour.
const HOUR: i128 = 3_600_000_000;

/// The longest period that can be reviewed, days: three years with a little around them.
pub const MAX_DAYS: i64 = 1_100;

/// Why a period can't be reviewed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadPeriod {
    /// It has no length.
    #[error("`until` is {until}, which is not after `from`, {from}")]
    Empty {
        /// When it begins.
        from: Timestamp,
        /// When it ends.
        until: Timestamp,
    },
    /// It is too long.
    #[error("`from` and `until` are {0} days apart; a review covers {MAX_DAYS} days at most")]
    Long(i64),
}

/// A period, from one instant to before another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// When it begins.
    pub from: Timestamp,
    /// When it ends.
    pub until: Timestamp,
}

impl Period {
    /// A period that can be reviewed.
    pub fn new(from: Timestamp, until: Timestamp) -> Result<Self, BadPeriod> {
        if until <= from {
            return Err(BadPeriod::Empty { from, until });
        }
        let days = until.duration_since(from).as_hours() / 24;
        if days > MAX_DAYS {
            return Err(BadPeriod::Long(days));
        }
        Ok(Self { from, until })
    }

    /// How long something was within it that began and ended so, microseconds; what has not ended goes on until now.
    pub fn overlap(&self, began: Timestamp, ended: Option<Timestamp>, now: Timestamp) -> i64 {
        let end = ended.unwrap_or(now).min(self.until);
        let start = began.max(self.from);
        (end.as_microsecond() - start.as_microsecond()).max(0)
    }
}

/// What is lost by the hour over a time, summed up without rounding.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Losses(i128);

impl Losses {
    /// Adds what so much an hour comes to in so many microseconds.
    pub fn add(&mut self, per_hour: Amount, microseconds: i64) {
        let lost = i128::from(per_hour.stored()) * i128::from(microseconds);
        self.0 = self.0.saturating_add(lost);
    }

    /// The sum, rounded once to the ten-thousandth, halves up; more than the greatest amount there is becomes that.
    pub fn sum(self) -> Amount {
        let rounded = self.0.saturating_add(HOUR / 2) / HOUR;
        Amount::from_stored(i64::try_from(rounded).unwrap_or(i64::MAX))
    }
}

/// A share in percent; none of nothing.
pub fn percent(part: u64, whole: u64) -> Option<f64> {
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
    let share = 100.0 * part as f64 / whole as f64;
    (whole > 0).then_some(share)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("an instant")
    }

    #[test]
    fn a_period_has_a_length_that_can_be_reviewed() {
        assert!(Period::new(at(0), at(1)).is_ok());
        assert!(Period::new(at(0), at(MAX_DAYS * 86_400)).is_ok());
        let refused = |until| {
            Period::new(at(0), until)
                .expect_err("it is bad")
                .to_string()
        };
        assert_eq!(
            refused(at(0)),
            "`until` is 1970-01-01T00:00:00Z, which is not after `from`, 1970-01-01T00:00:00Z"
        );
        assert_eq!(
            refused(at((MAX_DAYS + 1) * 86_400)),
            "`from` and `until` are 1101 days apart; a review covers 1100 days at most"
        );
    }

    #[test]
    fn thirds_of_hours_are_rounded_once() {
        let mut losses = Losses::default();
        for _ in 0..3 {
            losses.add(Amount::from_stored(1), 1_200_000_000);
        }
        assert_eq!(losses.sum(), Amount::from_stored(1));
    }

    proptest! {
        #[test]
        fn an_overlap_is_what_counting_seconds_says(
            (from, length) in (0..50_i64, 1..50_i64),
            began in 0..100_i64,
            ended in prop::option::of(0..100_i64),
            now in 0..100_i64,
        ) {
            let period = Period::new(at(from), at(from + length)).expect("a period");
            let ended = ended.map(|ended| ended.max(began));
            let last = ended.unwrap_or(now);
            let seconds = (from..from + length).filter(|second| (began..last).contains(second));
            let expected = i64::try_from(seconds.count()).expect("few") * 1_000_000;
            prop_assert_eq!(period.overlap(at(began), ended.map(at), at(now)), expected);
        }
    }
}
