//! What can be recorded of a service's availability.
//!
//! A service was measured in intervals that don't overlap, so that nothing counts twice. The same interval again replaces what
//! was recorded; one that overlaps another without being the same is refused, whichever of the two is right.

use std::fmt::{self, Display, Formatter};

use jiff::{SignedDuration, Timestamp};

use crate::shared::errors::{UserError, UserErrorCode, UserErrors};

/// How many measurements are taken at once.
pub const MOST_AT_ONCE: usize = 1_000;
/// The longest interval, in days.
const LONGEST_DAYS: i64 = 366;
/// How far an interval may reach beyond now: clocks differ.
const LEEWAY: SignedDuration = SignedDuration::from_mins(5);

/// Good and all events, or seconds, of an interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Measurement {
    /// When it begins.
    pub from: Timestamp,
    /// When it ends; this instant is no part of it.
    pub until: Timestamp,
    /// Good events or seconds.
    pub good: i32,
    /// All events or seconds.
    pub total: i32,
}

impl Display for Measurement {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        write!(out, "{} to {}", self.from, self.until)
    }
}

impl Measurement {
    fn is_same_interval(&self, other: &Self) -> bool {
        (self.from, self.until) == (other.from, other.until)
    }

    fn overlaps(&self, other: &Self) -> bool {
        self.from < other.until && other.from < self.until
    }

    /// What is wrong with it by itself.
    fn faults(&self, now: Timestamp) -> Vec<(&'static str, String)> {
        let mut faults = Vec::new();
        let length = self.until.duration_since(self.from);
        if length <= SignedDuration::ZERO {
            faults.push(("until", format!("is not after `from`, {}", self.from)));
        } else if length > SignedDuration::from_hours(24 * LONGEST_DAYS) {
            faults.push((
                "until",
                format!("is {length} after `from`; an interval has at most {LONGEST_DAYS} days"),
            ));
        }
        if self.until.duration_since(now) > LEEWAY {
            faults.push(("until", format!("lies ahead: it is {now}")));
        }
        if self.total < 0 {
            faults.push(("total", format!("is {}; it can't be below 0", self.total)));
        }
        if self.good < 0 {
            faults.push(("good", format!("is {}; it can't be below 0", self.good)));
        } else if self.good > self.total.max(0) {
            faults.push((
                "good",
                format!("is {}, more than all {} of them", self.good, self.total),
            ));
        }
        faults
    }
}

/// Everything that is wrong with measurements that are to be recorded together.
pub fn check(wanted: &[Measurement], now: Timestamp) -> UserErrors {
    let mut errors: UserErrors = Vec::new();
    for (place, measurement) in wanted.iter().enumerate() {
        let faults = measurement.faults(now).into_iter();
        errors.extend(faults.map(|(field, message)| refusal(place, field, message)));
    }
    if errors.is_empty() {
        errors = clashes_among(wanted);
    }
    errors
}

fn clashes_among(wanted: &[Measurement]) -> UserErrors {
    let mut sorted: Vec<(usize, &Measurement)> = wanted.iter().enumerate().collect();
    sorted.sort_by_key(|(place, measurement)| (measurement.from, *place));
    let mut errors = Vec::new();
    // The one that reaches furthest of those before.
    let mut furthest: Option<(usize, &Measurement)> = None;
    for (place, measurement) in sorted {
        if let Some((other_place, other)) = furthest
            && measurement.overlaps(other)
        {
            let (first, second) = (place.min(other_place), place.max(other_place));
            let how = if measurement.is_same_interval(other) {
                "is the same interval as"
            } else {
                "overlaps"
            };
            errors.push(refusal(
                second,
                "from",
                format!(
                    "{} {how} measurements.{first}, {}; an interval is recorded once and overlaps no other",
                    wanted[second], wanted[first]
                ),
            ));
        }
        if furthest.is_none_or(|(_, other)| other.until < measurement.until) {
            furthest = Some((place, measurement));
        }
    }
    errors
}

/// What becomes of measurements beside those that are there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// To be written.
    pub changed: Vec<Measurement>,
    /// How many are new.
    pub recorded: usize,
    /// How many replace what was recorded of the same interval, whether or not that says something else.
    pub replaced: usize,
}

/// Plans measurements that are good by themselves; `present` are those that are there, sorted: of those that one of them
/// overlaps at least the first.
pub fn plan(wanted: &[Measurement], present: &[Measurement]) -> Result<Plan, UserErrors> {
    let (mut plan, mut errors) = (Plan::default(), Vec::new());
    for (place, measurement) in wanted.iter().enumerate() {
        let first = present.partition_point(|other| other.until <= measurement.from);
        let mut others = present[first..]
            .iter()
            .take_while(|other| other.from < measurement.until);
        match others.next() {
            None => {
                plan.recorded += 1;
                plan.changed.push(*measurement);
            }
            Some(other) if other.is_same_interval(measurement) => {
                plan.replaced += 1;
                if other != measurement {
                    plan.changed.push(*measurement);
                }
            }
            Some(other) => errors.push(refusal(
                place,
                "from",
                format!(
                    "{measurement} overlaps {other}, which is recorded already; record the same interval to replace it"
                ),
            )),
        }
    }
    if errors.is_empty() {
        Ok(plan)
    } else {
        Err(errors)
    }
}

fn refusal(place: usize, field: &str, message: String) -> UserError {
    let path = ["measurements", &place.to_string(), field];
    UserError::at(UserErrorCode::Invalid, &path, message)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: i64 = 1_000_000;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn measured(from: i64, until: i64, good: i32, total: i32) -> Measurement {
        Measurement {
            from: at(from),
            until: at(until),
            good,
            total,
        }
    }

    fn places(errors: &UserErrors) -> Vec<String> {
        errors.iter().map(|error| error.field.join(".")).collect()
    }

    #[test]
    fn what_can_not_be_measured_is_refused_with_its_place() {
        for (measurement, expected) in [
            (measured(0, 60, 5, 5), vec![]),
            (measured(0, 60, 0, 0), vec![]),
            (measured(NOW, NOW + 300, 1, 1), vec![]),
            (measured(60, 60, 1, 1), vec!["until"]),
            (measured(60, 0, 1, 1), vec!["until"]),
            (measured(NOW, NOW + 301, 1, 1), vec!["until"]),
            (measured(NOW - 366 * 86_400 - 1, NOW, 1, 1), vec!["until"]),
            (measured(0, 60, 6, 5), vec!["good"]),
            (measured(0, 60, -1, 5), vec!["good"]),
            (measured(0, 60, 0, -1), vec!["total"]),
        ] {
            let expected: Vec<String> = expected
                .into_iter()
                .map(|field| format!("measurements.0.{field}"))
                .collect();
            let errors = check(&[measurement], at(NOW));
            assert_eq!(places(&errors), expected, "{measurement}: {errors:?}");
        }
    }

    #[test]
    fn an_interval_counts_once_among_those_that_come_together() {
        let hour = |hour: i64| measured(hour * 3_600, (hour + 1) * 3_600, 1, 1);
        assert_eq!(check(&[hour(2), hour(0), hour(1)], at(NOW)), []);
        let errors = check(&[hour(0), hour(1), hour(0)], at(NOW));
        assert_eq!(places(&errors), ["measurements.2.from"]);
        assert!(
            errors[0]
                .message
                .contains("the same interval as measurements.0"),
            "{errors:?}"
        );
        let long = measured(0, 3 * 3_600, 1, 1);
        let errors = check(&[hour(2), long], at(NOW));
        assert_eq!(places(&errors), ["measurements.1.from"]);
        assert!(
            errors[0].message.contains("overlaps measurements.0"),
            "{errors:?}"
        );
    }

    #[test]
    fn the_same_interval_replaces_and_another_one_is_refused() {
        let present = [
            measured(0, 60, 1, 2),
            measured(60, 120, 2, 2),
            measured(180, 240, 2, 2),
        ];
        let wanted = [
            measured(60, 120, 1, 2),
            measured(120, 180, 3, 3),
            measured(0, 60, 1, 2),
        ];
        let plan = plan(&wanted, &present).unwrap();
        assert_eq!((plan.recorded, plan.replaced), (1, 2));
        assert_eq!(
            plan.changed,
            wanted[..2],
            "what says the same is not written again"
        );
        for (from, until) in [(0, 61), (59, 60), (30, 31), (119, 181), (-5, 300)] {
            let errors = super::plan(&[measured(from, until, 1, 1)], &present).unwrap_err();
            assert_eq!(
                places(&errors),
                ["measurements.0.from"],
                "{from} to {until}"
            );
        }
        let message = &super::plan(&[measured(0, 61, 1, 1)], &present).unwrap_err()[0].message;
        assert!(
            message.contains("1970-01-01T00:00:00Z to 1970-01-01T00:01:01Z overlaps"),
            "{message}"
        );
    }

    fn some() -> impl Strategy<Value = Vec<Measurement>> {
        proptest::collection::vec((0_i64..40, 1_i64..6), 0..8).prop_map(|all| {
            all.into_iter()
                .map(|(from, length)| measured(from, from + length, 1, 1))
                .collect()
        })
    }

    proptest! {
        #[test]
        fn a_clash_is_found_exactly_where_two_overlap(wanted in some(), more in some()) {
            let any_clash = wanted.iter().enumerate().any(|(at, one)| wanted[..at].iter().any(|other| one.overlaps(other)));
            prop_assert_eq!(!check(&wanted, at(NOW)).is_empty(), any_clash);

            // What is there has no overlaps.
            let mut present: Vec<Measurement> = Vec::new();
            for one in more {
                if present.iter().all(|other| !one.overlaps(other)) {
                    present.push(one);
                }
            }
            present.sort_by_key(|one| one.from);
            let is_refused = wanted.iter().any(|one| present.iter().any(|other| one.overlaps(other) && !one.is_same_interval(other)));
            let planned = plan(&wanted, &present);
            prop_assert_eq!(planned.is_err(), is_refused);

            let first = |one: &Measurement| present.iter().find(|other| one.overlaps(other)).copied();
            let mut least: Vec<Measurement> = wanted.iter().filter_map(first).collect();
            least.sort_by_key(|one| one.from);
            least.dedup();
            prop_assert_eq!(plan(&wanted, &least), planned, "the first of each are enough");
        }
    }
}
