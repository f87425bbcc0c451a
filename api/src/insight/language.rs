//! The languages in which the server writes for people, and how each writes figures.

use async_graphql::Enum;
use rust_decimal::prelude::ToPrimitive;
use rust_decimal::{Decimal, RoundingStrategy};

use crate::shared::money::Amount;

/// A language in which the server writes sentences for people. Names of the catalog stay as they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Enum)]
pub enum Language {
    /// English, with figures such as `EUR 12 400`, `EUR 20.53` and `0.3 %`.
    #[default]
    En,
    /// German, with figures such as `12.400 €`, `20,53 €` and `0,3 %`.
    De,
}

/// How figures are written.
#[derive(Clone, Copy, Debug)]
pub struct Figures<'a> {
    /// In which language.
    pub language: Language,
    /// Of which currency, ISO 4217.
    pub currency: &'a str,
}

impl Figures<'_> {
    /// `EUR 12 400`, and below a hundred with its hundredths: `EUR 20.53`.
    pub fn money(self, amount: Amount) -> String {
        let exact = amount.to_decimal();
        let places = if exact >= Decimal::ONE_HUNDRED || exact.is_zero() {
            0
        } else {
            2
        };
        let shown = exact.round_dp_with_strategy(places, RoundingStrategy::MidpointAwayFromZero);
        if shown.is_zero() && !exact.is_zero() {
            let least = self.of_currency(&self.decimal("0.01"));
            return format!("{} {least}", self.less_than());
        }
        if places == 2 {
            return self.of_currency(&self.decimal(&format!("{shown:.2}")));
        }
        let separator = match self.language {
            Language::En => " ",
            Language::De => ".",
        };
        let digits = shown.to_u64().unwrap_or(u64::MAX);
        self.of_currency(&grouped(digits, separator))
    }

    /// All digits of a share that somebody chose: `0.25 %`.
    pub fn exact_percent(self, share: Decimal) -> String {
        let shown = (share * Decimal::ONE_HUNDRED).normalize();
        format!("{} %", self.decimal(&shown.to_string()))
    }

    /// `80 %`, `0.3 %`, and what is less than a thousandth so: `less than 0.1 %`.
    pub fn percent(self, share: Decimal) -> String {
        let shown = (share * Decimal::ONE_HUNDRED)
            .round_dp_with_strategy(1, RoundingStrategy::MidpointAwayFromZero)
            .normalize();
        if shown.is_zero() && !share.is_zero() {
            return format!("{} {} %", self.less_than(), self.decimal("0.1"));
        }
        format!("{} %", self.decimal(&shown.to_string()))
    }

    fn of_currency(self, figure: &str) -> String {
        match (self.language, self.currency) {
            (Language::En, currency) => format!("{currency} {figure}"),
            (Language::De, "EUR") => format!("{figure} €"),
            (Language::De, currency) => format!("{figure} {currency}"),
        }
    }

    fn decimal(self, plain: &str) -> String {
        match self.language {
            Language::En => plain.to_owned(),
            Language::De => plain.replace('.', ","),
        }
    }

    fn less_than(self) -> &'static str {
        match self.language {
            Language::En => "less than",
            Language::De => "weniger als",
        }
    }
}

/// Digits in groups of three.
fn grouped(digits: u64, separator: &str) -> String {
    let digits = digits.to_string();
    let groups: Vec<&str> = digits
        .as_bytes()
        .rchunks(3)
        .rev()
        .filter_map(|group| std::str::from_utf8(group).ok())
        .collect();
    groups.join(separator)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn figures(language: Language, currency: &str) -> Figures<'_> {
        Figures { language, currency }
    }

    #[test]
    fn money_is_written_as_people_do() {
        for (ten_thousandths, english, german) in [
            (124_000_000, "EUR 12 400", "12.400 €"),
            (12_345_678_904_999, "EUR 1 234 567 890", "1.234.567.890 €"),
            (205_339, "EUR 20.53", "20,53 €"),
            (10_000, "EUR 1.00", "1,00 €"),
            (1, "less than EUR 0.01", "weniger als 0,01 €"),
            (0, "EUR 0", "0 €"),
            (999_999, "EUR 100.00", "100,00 €"),
        ] {
            let amount = Amount::from_stored(ten_thousandths);
            assert_eq!(figures(Language::En, "EUR").money(amount), english);
            assert_eq!(figures(Language::De, "EUR").money(amount), german);
        }
        let francs = figures(Language::De, "CHF");
        assert_eq!(francs.money(Amount::from_stored(124_000_000)), "12.400 CHF");
    }

    #[test]
    fn shares_are_written_in_percent() {
        let [english, german] = [Language::En, Language::De].map(|it| figures(it, "EUR"));
        for (share, said, gesagt) in [
            ("0.8", "80 %", "80 %"),
            ("0.003", "0.3 %", "0,3 %"),
            ("1", "100 %", "100 %"),
            ("0.00001", "less than 0.1 %", "weniger als 0,1 %"),
        ] {
            let share = share.parse().expect("a number");
            assert_eq!(english.percent(share), said);
            assert_eq!(german.percent(share), gesagt);
        }
        let weight = "0.00250".parse().expect("a number");
        assert_eq!(
            english.exact_percent(weight),
            "0.25 %",
            "so that figures add up"
        );
        assert_eq!(german.exact_percent(weight), "0,25 %");
    }

    proptest! {
        #[test]
        fn both_languages_write_the_same_digits(stored in 0..i64::MAX) {
            let amount = Amount::from_stored(stored);
            let digits = |language| -> String {
                let written = figures(language, "EUR").money(amount);
                written.chars().filter(char::is_ascii_digit).collect()
            };
            prop_assert_eq!(digits(Language::En), digits(Language::De));
        }
    }
}
