//! Lengths of time as text.

use jiff::SignedDuration;

/// Why a text is no length of time that this program takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoDuration {
    /// It is written otherwise.
    #[error("is no length of time like \"PT4H30M\"")]
    Unreadable,
    /// It counts in what has no fixed length.
    #[error(
        "counts in years, months or weeks, which say nothing exact: write days of 24 hours, or hours, like \"PT720H\""
    )]
    Inexact,
    /// It is longer than can be calculated with.
    #[error("is longer than can be calculated with")]
    TooLong,
}

/// Seconds of each unit, in the order in which they stand.
const UNITS: [(u8, i64); 4] = [(b'D', 86_400), (b'H', 3_600), (b'M', 60), (b'S', 1)];

/// Reads an ISO 8601 duration: days (of 24 hours), hours, minutes and seconds, each once and in this order, the seconds with up
/// to nine decimal places. A sign may stand in front.
pub fn read(text: &str) -> Result<SignedDuration, NoDuration> {
    let (is_negative, unsigned) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let body = unsigned.strip_prefix('P').ok_or(NoDuration::Unreadable)?;
    let (days, time) = match body.split_once('T') {
        Some((_, "")) => return Err(NoDuration::Unreadable),
        Some((days, time)) => (days, time),
        None => (body, ""),
    };
    if is_inexact(days) {
        return Err(NoDuration::Inexact);
    }
    if days.is_empty() && time.is_empty() {
        return Err(NoDuration::Unreadable);
    }
    let length = sum(days, &UNITS[..1])?
        .checked_add(sum(time, &UNITS[1..])?)
        .ok_or(NoDuration::TooLong)?;
    let signed = if is_negative {
        length.checked_neg()
    } else {
        Some(length)
    };
    signed.ok_or(NoDuration::TooLong)
}

/// Whether the part before the `T` is well written and counts in more than days.
fn is_inexact(days: &str) -> bool {
    let is_known = |byte: u8| byte.is_ascii_digit() || b"YMWD".contains(&byte);
    days.bytes().all(is_known)
        && days.starts_with(|first: char| first.is_ascii_digit())
        && days.contains(['Y', 'M', 'W'])
}

/// Adds up numbers with these units behind them.
fn sum(mut text: &str, mut units: &[(u8, i64)]) -> Result<SignedDuration, NoDuration> {
    let mut sum = SignedDuration::ZERO;
    while !text.is_empty() {
        let end = text
            .bytes()
            .position(|byte| byte.is_ascii_alphabetic())
            .ok_or(NoDuration::Unreadable)?;
        let (number, unit) = (&text[..end], text.as_bytes()[end]);
        let place = units
            .iter()
            .position(|(name, _)| *name == unit)
            .ok_or(NoDuration::Unreadable)?;
        let part = if unit == b'S' {
            seconds(number)?
        } else {
            SignedDuration::from_secs(whole(number)?)
                .checked_mul(i32::try_from(units[place].1).map_err(|_| NoDuration::TooLong)?)
                .ok_or(NoDuration::TooLong)?
        };
        sum = sum.checked_add(part).ok_or(NoDuration::TooLong)?;
        (text, units) = (&text[end + 1..], &units[place + 1..]);
    }
    Ok(sum)
}

fn seconds(number: &str) -> Result<SignedDuration, NoDuration> {
    const PLACES: usize = 9;
    let (before, after) = match number.split_once(['.', ',']) {
        Some((_, "")) => return Err(NoDuration::Unreadable),
        Some((before, after)) => (before, after),
        None => (number, ""),
    };
    if after.len() > PLACES {
        return Err(NoDuration::Unreadable);
    }
    let nanoseconds = if after.is_empty() {
        0
    } else {
        i32::try_from(whole(&format!("{after:0<PLACES$}"))?).map_err(|_| NoDuration::Unreadable)?
    };
    Ok(SignedDuration::new(whole(before)?, nanoseconds))
}

fn whole(number: &str) -> Result<i64, NoDuration> {
    if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(NoDuration::Unreadable);
    }
    number.parse().map_err(|_| NoDuration::TooLong)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_length_is_read_in_days_hours_minutes_and_seconds() {
        for (text, seconds, shown) in [
            ("PT4H30M", 16_200, "PT4H30M"),
            ("P1D", 86_400, "PT24H"),
            ("P1DT1S", 86_401, "PT24H1S"),
            ("PT0S", 0, "PT0S"),
            ("-PT90M", -5_400, "-PT1H30M"),
            ("+PT1H", 3_600, "PT1H"),
            ("PT100000H", 360_000_000, "PT100000H"),
        ] {
            let read = read(text).unwrap();
            assert_eq!(read, SignedDuration::from_secs(seconds), "{text}");
            assert_eq!(read.to_string(), shown);
        }
        assert_eq!(read("PT1.5S").unwrap().to_string(), "PT1.5S");
        assert_eq!(
            read("PT0,000000001S").unwrap(),
            SignedDuration::from_nanos(1)
        );
    }

    #[test]
    fn what_has_no_fixed_length_is_told_apart() {
        for text in ["P1Y", "P3M", "P2W", "P1M2DT3H", "-P1W"] {
            assert_eq!(read(text), Err(NoDuration::Inexact), "{text}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "P",
            "PT",
            "P1DT",
            "4h",
            "PT4",
            "PTH",
            "PT1S1M",
            "PT1H1H",
            "PT1.S",
            "PT.5S",
            "PT1.5H",
            "P-1D",
            "PT1e3S",
            "PT1.0000000001S",
            "--PT1S",
            "PT1٣S",
            "T1S",
            "P1H",
            "pt1h",
        ] {
            assert_eq!(read(text), Err(NoDuration::Unreadable), "{text}");
        }
        for text in [
            "PT9223372036854775807H",
            "PT9223372036854775808S",
            "P106751991167301D",
        ] {
            assert_eq!(read(text), Err(NoDuration::TooLong), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_shown_is_read_back(seconds in any::<i64>(), nanoseconds in -999_999_999..=999_999_999_i32) {
            let length = SignedDuration::new(seconds / 2, nanoseconds);
            prop_assert_eq!(read(&length.to_string()), Ok(length));
        }

        #[test]
        fn no_text_is_too_much(text in "[-+PTDHMSYW0-9.,]{0,24}") {
            let _ = read(&text);
        }
    }
}
