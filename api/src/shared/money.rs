//! Exact amounts.

use rust_decimal::Decimal;
use serde::{Serialize, Serializer};

/// An amount in the catalog's one reporting currency, exact to the ten-thousandth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Amount(i64);

/// Decimal places that an amount keeps.
pub const PLACES: u32 = 4;

impl Amount {
    /// The amount that is stored as this many ten-thousandths.
    pub fn from_stored(ten_thousandths: i64) -> Self {
        Self(ten_thousandths)
    }

    /// Ten-thousandths, as stored.
    pub fn stored(self) -> i64 {
        self.0
    }

    /// The exact amount; none where it has more than four decimal places or is beyond ±922 trillion.
    pub fn from_decimal(value: Decimal) -> Option<Self> {
        let mut scaled = value.normalize();
        if scaled.scale() > PLACES {
            return None;
        }
        scaled.rescale(PLACES);
        i64::try_from(scaled.mantissa()).ok().map(Self)
    }

    /// As a decimal number with at least two decimal places: `1250.50`.
    pub fn to_decimal(self) -> Decimal {
        let mut value = Decimal::new(self.0, PLACES).normalize();
        if value.scale() < 2 {
            value.rescale(2);
        }
        value
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.to_decimal())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amount(text: &str) -> Option<Amount> {
        text.parse().ok().and_then(Amount::from_decimal)
    }

    #[test]
    fn an_amount_is_exact_to_four_places() {
        for (text, shown) in [
            ("1250.5", "1250.50"),
            ("0", "0.00"),
            ("0.0001", "0.0001"),
            ("12.34000000", "12.34"),
            ("922337203685477.5807", "922337203685477.5807"),
        ] {
            assert_eq!(
                amount(text).map(|a| a.to_decimal().to_string()).as_deref(),
                Some(shown)
            );
        }
    }

    #[test]
    fn what_does_not_fit_is_none() {
        assert_eq!(amount("0.00001"), None);
        assert_eq!(amount("922337203685477.5808"), None);
        assert_eq!(amount("79228162514264337593543950335"), None);
    }
}
