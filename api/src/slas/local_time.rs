//! Times of the day as people write them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A time of the local day to the minute: `00:00` to `24:00`, the midnight that ends the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LocalTime {
    minutes: u16,
}

impl LocalTime {
    /// `00:00`, where the day starts.
    pub const START_OF_DAY: Self = Self { minutes: 0 };
    /// `24:00`, where the day ends.
    pub const END_OF_DAY: Self = Self { minutes: 24 * 60 };

    /// So many minutes after midnight; none beyond 24:00.
    pub fn from_minutes(minutes: u16) -> Option<Self> {
        (minutes <= Self::END_OF_DAY.minutes).then_some(Self { minutes })
    }

    /// Minutes since midnight, at most 1440.
    pub fn minutes(self) -> u16 {
        self.minutes
    }
}

impl fmt::Display for LocalTime {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (hours, minutes) = (self.minutes / 60, self.minutes % 60);
        write!(formatter, "{hours:02}:{minutes:02}")
    }
}

/// A text that is not a time of the day.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a local time like \"08:00\", from \"00:00\" to \"24:00\"")]
pub struct NotALocalTime(String);

impl FromStr for LocalTime {
    type Err = NotALocalTime;

    fn from_str(text: &str) -> Result<Self, NotALocalTime> {
        let parse = || {
            let (hours, minutes) = text.split_once(':')?;
            let minutes = two_digits(minutes).filter(|&minutes| minutes < 60)?;
            Self::from_minutes(two_digits(hours)? * 60 + minutes)
        };
        parse().ok_or_else(|| NotALocalTime(text.to_owned()))
    }
}

fn two_digits(text: &str) -> Option<u16> {
    let is_plain = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
    is_plain.then(|| text.parse().ok()).flatten()
}

impl Serialize for LocalTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for LocalTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn time(text: &str) -> LocalTime {
        text.parse().unwrap()
    }

    #[test]
    fn a_local_time_reads_back_as_it_is_written() {
        for minutes in 0..=1440 {
            let written = LocalTime::from_minutes(minutes).unwrap().to_string();
            assert_eq!(time(&written).minutes(), minutes);
        }
        assert_eq!(time("24:00"), LocalTime::END_OF_DAY);
    }

    #[test]
    fn what_is_no_local_time_is_refused_with_an_example() {
        for text in [
            "", "8:00", "08:60", "24:01", "25:00", "08:00:00", "+8:00", "08.00", "08:0٠",
        ] {
            let error = text.parse::<LocalTime>().unwrap_err().to_string();
            assert!(error.contains("\"08:00\""), "{text}: {error}");
        }
        assert_eq!(LocalTime::from_minutes(1441), None);
    }
}
