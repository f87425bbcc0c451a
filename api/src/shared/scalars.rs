//! The API's own scalars.

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};
use jiff::fmt::temporal::Pieces;
use jiff::{SignedDuration, Timestamp, civil};

use super::duration;

/// An instant, RFC 3339; returned in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DateTime(pub Timestamp);

/// An instant, RFC 3339 with an offset (`2026-11-23T08:30:00Z`); returned in UTC.
#[Scalar(
    name = "DateTime",
    specified_by_url = "https://scalars.graphql.org/andimarek/date-time.html"
)]
impl ScalarType for DateTime {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::String(text) => text
                .parse()
                .map(Self)
                .map_err(|_| InputValueError::custom(why_no_instant(text))),
            _ => Err(InputValueError::expected_type(value)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

/// Why a text is no instant: it is no date and time with an offset, or one beyond those that can be told.
fn why_no_instant(text: &str) -> String {
    let is_beyond = Pieces::parse(text)
        .is_ok_and(|pieces| pieces.time().is_some() && pieces.offset().is_some());
    if is_beyond {
        format!(
            "{text:?} is out of reach; the first instant is {}, the last one {}",
            Timestamp::MIN,
            Timestamp::MAX
        )
    } else {
        format!("{text:?} is not an instant with an offset like \"2026-11-23T08:30:00Z\"")
    }
}

/// A calendar day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Date(pub civil::Date);

/// A calendar day, `2026-11-23`.
#[Scalar(name = "Date")]
impl ScalarType for Date {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::String(text) => day(text).map(Self).ok_or_else(|| {
                InputValueError::custom(format!("{text:?} is not a day like \"2026-11-23\""))
            }),
            _ => Err(InputValueError::expected_type(value)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

/// The day that a text spells, in the one form that sorts as days do.
pub fn day(text: &str) -> Option<civil::Date> {
    let day: civil::Date = text.parse().ok()?;
    (day.to_string() == text && text.len() == 10).then_some(day)
}

/// A length of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Duration(pub SignedDuration);

/// A length of time, ISO 8601: `PT4H30M`. A day (`P1D`) is 24 hours; years, months and weeks are refused. Returned in hours, minutes
/// and seconds.
#[Scalar(name = "Duration")]
impl ScalarType for Duration {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::String(text) => duration::read(text)
                .map(Self)
                .map_err(|wrong| InputValueError::custom(format!("{text:?} {wrong}"))),
            _ => Err(InputValueError::expected_type(value)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

/// An exact decimal number, written as a string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decimal(pub rust_decimal::Decimal);

/// An exact decimal number, written as a string: `"1250.50"`. Whole numbers are accepted as numbers too.
#[Scalar(name = "Decimal")]
impl ScalarType for Decimal {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::String(text) => exact(text).map(Self).ok_or_else(|| {
                InputValueError::custom(format!(
                    "{text:?} is not a decimal number like \"1250.50\" of at most 28 digits"
                ))
            }),
            Value::Number(number) => match number.as_i64() {
                Some(whole) => Ok(Self(whole.into())),
                None => Err(InputValueError::custom(format!(
                    "{number} may have been rounded already: write it as a string, \"{number}\""
                ))),
            },
            _ => Err(InputValueError::expected_type(value)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

/// The number that a text spells; none where it would have to be rounded.
fn exact(text: &str) -> Option<rust_decimal::Decimal> {
    let is_plain = text
        .bytes()
        .all(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b'.'));
    is_plain
        .then(|| rust_decimal::Decimal::from_str_exact(text).ok())
        .flatten()
}

/// Any JSON value.
#[derive(Clone, Debug, PartialEq)]
pub struct Json(pub serde_json::Value);

/// Any JSON value.
#[Scalar(name = "JSON")]
impl ScalarType for Json {
    fn parse(value: Value) -> InputValueResult<Self> {
        value
            .into_json()
            .map(Self)
            .map_err(|error| InputValueError::custom(format!("is not JSON: {error}")))
    }

    fn to_value(&self) -> Value {
        Value::from_json(self.0.clone()).unwrap_or(Value::Null)
    }
}

/// The address of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url(pub String);

/// The address of a page (`https:` or `http:`) or of a mailbox (`mailto:`).
#[Scalar(name = "URL", specified_by_url = "https://url.spec.whatwg.org/")]
impl ScalarType for Url {
    fn parse(value: Value) -> InputValueResult<Self> {
        match value {
            Value::String(text) => Ok(Self(text)),
            _ => Err(InputValueError::expected_type(value)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }
}
