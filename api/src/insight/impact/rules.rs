//! What a failure costs, as the design has it ("Business impact"):
//!
//! ```text
//! loss(s)      = max(own w, max over dependencies d of s: strength(s→d) × loss(d))
//! L(o)         = 1 − Π over contributions (1 − share × loss(service))
//! valuePerHour = L(o) × o.valuePerHour
//! ```
//!
//! # Where it is rounded
//!
//! Losses are products of `f64`. L(o) is rounded to twelve significant digits, beyond which such a product is noise; the money
//! that an outcome loses is that decimal number times its exact value per hour, rounded once to the ten-thousandth. Sums of
//! money are sums of whole ten-thousandths: exact. Two chains count as equal if their losses are equal to twelve digits,
//! so that 0.3 × 0.7 × 0.1 is as much as 0.1 × 0.7 × 0.3.

use crate::incidents::rules::Severity;
use crate::shared::money::Amount;

/// Where a service, or an outcome, is in a graph.
pub type Place = u32;

/// What impact is worked out on: services, what needs them, and what they are for.
pub trait Graph {
    /// Whether there is a service that can lose something: one that is not retired.
    fn can_lose(&self, service: Place) -> bool;

    /// The service's slug; chains that are equal else are ordered by it.
    fn slug(&self, service: Place) -> &str;

    /// Calls back with each service that needs this one, and the share of its work that stops with it, in (0, 1].
    fn each_dependent(&self, service: Place, visit: impl FnMut(Place, f64));

    /// The outcomes that rest on the service, with the share of each that is lost while it is down, in (0, 1].
    fn contributions(&self, service: Place) -> &[(Place, f64)];

    /// Reads a little of what will be asked about the service soon, so that it is at hand by then. The number says nothing.
    fn touch(&self, _service: Place) -> f64 {
        0.0
    }
}

impl Severity {
    /// The share of a service that is lost, in (0, 1].
    pub fn loss(self) -> f64 {
        match self {
            Self::Outage => 1.0,
            Self::Degraded => 0.5,
            Self::Minor => 0.1,
        }
    }
}

/// A share in (0, 1] to twelve significant digits, as an exact decimal number: `digits` × 10^-`places`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    digits: u64,
    places: u32,
}

/// Ten to the power of so much; beyond 22 a double is not exact.
fn power_of_ten(exponent: u32) -> f64 {
    10_f64.powi(i32::try_from(exponent).unwrap_or(i32::MAX))
}

impl Share {
    /// A positive number, rounded; halves, as far as they can be told from noise, away from zero.
    pub fn of(number: f64) -> Self {
        let (mut number, mut places) = (number, 0);
        // Powers up to 10^22 are exact doubles, so nothing but the last bit is lost on the way.
        while number < 1e-8 && places < 400 {
            (number, places) = (number * 1e8, places + 8);
        }
        // 14 digits, of which the last two say on which side of a half it is in spite of noise.
        let mut scale = 13;
        while number * power_of_ten(scale) < 1e13 && scale < 22 {
            scale += 1;
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it has 14 digits and is positive"
        )]
        let exact = (number * power_of_ten(scale)).round() as u64;
        Self {
            digits: (exact + 50) / 100,
            places: places + scale - 2,
        }
    }

    /// As a double, the nearest one.
    pub fn to_f64(self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "it has at most 13 digits")]
        let digits = self.digits as f64;
        if self.places <= 22 {
            return digits / power_of_ten(self.places);
        }
        let written = format!("{}e-{}", self.digits, self.places);
        written.parse().unwrap_or_default()
    }

    /// The share of an amount, rounded to the ten-thousandth, halves away from zero.
    pub fn of_amount(self, amount: Amount) -> Amount {
        let Some(divisor) = 10_i128.checked_pow(self.places) else {
            // So small a share of even the greatest amount is nothing.
            return Amount::default();
        };
        let exact = i128::from(amount.stored()) * i128::from(self.digits);
        let rounded = (exact.abs() + divisor / 2) / divisor * exact.signum();
        // A share is no more than the whole.
        Amount::from_stored(i64::try_from(rounded).unwrap_or(amount.stored()))
    }
}

/// A sum of amounts; more than the greatest amount there is becomes that.
pub fn sum(amounts: impl IntoIterator<Item = Amount>) -> Amount {
    let sum = |sum: i64, amount: Amount| sum.saturating_add(amount.stored());
    Amount::from_stored(amounts.into_iter().fold(0, sum))
}
