//! How urgent something is.

use async_graphql::Enum;
use serde::{Deserialize, Serialize};
use strum::IntoEnumIterator;

/// How urgent a request or an incident is; the first is the most urgent.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Enum,
    Serialize,
    Deserialize,
    strum::Display,
    strum::EnumString,
    strum::EnumIter,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum Priority {
    /// Drop everything else.
    P1,
    /// Today.
    P2,
    /// In its turn.
    P3,
    /// When there is time.
    P4,
}

impl Priority {
    /// As the database holds it: 1 to 4.
    pub fn number(self) -> i16 {
        self as i16 + 1
    }

    /// The priority that the database holds so.
    pub fn from_number(number: i16) -> Option<Self> {
        Self::iter().find(|priority| priority.number() == number)
    }
}
