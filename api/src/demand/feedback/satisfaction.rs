//! What feedback comes to: how many answers, how good they are, and from how many on that is told.

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

/// From so many givers on the average of their answers is told to those who may not read the answers.
pub const FEWEST: i64 = 3;

/// Scores, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scores {
    /// How many.
    pub responses: i64,
    /// Their sum.
    pub total: i64,
    /// How many of them are 4 or 5.
    pub good: i64,
    /// How many people gave them; none where nobody asked.
    pub givers: Option<i64>,
}

impl Scores {
    /// Their average, 1 to 5; none where there are none.
    pub fn average(&self) -> Option<f64> {
        ratio(self.total, self.responses)
    }

    /// The share of 4 and 5, percent (CSAT); none where there are none.
    pub fn csat(&self) -> Option<f64> {
        ratio(self.good, self.responses).map(|share| 100.0 * share)
    }

    /// Whether they are of enough people to be told without telling whose they are. Who has given several answers knows them, and
    /// could take them away from the average.
    pub fn are_of_many(&self) -> bool {
        self.givers.is_some_and(|givers| givers >= FEWEST)
    }
}

fn ratio(part: i64, whole: i64) -> Option<f64> {
    #[expect(
        clippy::cast_precision_loss,
        reason = "there are fewer answers than a float has whole numbers"
    )]
    let ratio = part as f64 / whole as f64;
    (whole > 0).then_some(ratio)
}

/// The start of the day, in UTC, that an instant lies in.
pub fn day_begins(at: Timestamp) -> Timestamp {
    let day = TimeZone::UTC.to_datetime(at).date();
    let start = TimeZone::UTC.to_timestamp(day.at(0, 0, 0, 0));
    start.unwrap_or(at)
}

/// The end of the day, in UTC, that the last instant before this one lies in.
pub fn day_ends(at: Timestamp) -> Timestamp {
    let start = day_begins(at);
    if start == at {
        return at;
    }
    start.checked_add(24.hours()).unwrap_or(Timestamp::MAX)
}
