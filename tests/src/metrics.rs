//! Reads the server's metrics.

use std::collections::BTreeMap;

/// Samples in Prometheus' text format.
#[derive(Clone, Debug)]
pub struct Metrics(BTreeMap<String, f64>);

impl Metrics {
    /// Takes the text apart. Panics where a sample is not a number.
    pub(crate) fn parse(text: &str) -> Self {
        let samples = text
            .lines()
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
            .map(|line| {
                let (series, value) = line
                    .rsplit_once(' ')
                    .expect("a sample is a series and its value");
                let value = value
                    .parse()
                    .unwrap_or_else(|_| panic!("not a number: {line}"));
                (series.to_owned(), value)
            });
        Self(samples.collect())
    }

    /// The value of a series as it is written there, e.g. `up{job="x"}`.
    pub fn get(&self, series: &str) -> Option<f64> {
        self.0.get(series).copied()
    }

    /// The value of a series that counts.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a count is a whole number and far below 2⁵³"
    )]
    pub fn count(&self, series: &str) -> u64 {
        self.get(series)
            .unwrap_or_else(|| panic!("the server has no {series}: {self:?}")) as u64
    }

    /// How many SQL statements the server has run for this purpose, e.g. `request`.
    pub fn sql_statements(&self, purpose: &str) -> u64 {
        self.count(&format!(
            "kundig_sql_statements_total{{purpose=\"{purpose}\"}}"
        ))
    }
}
