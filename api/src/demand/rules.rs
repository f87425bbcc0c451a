//! What a demand is, what it is worth, and which steps its state allows.
//!
//! [`Step`] is the state machine: one table says from where each step leads where.

use jiff::Timestamp;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::catalog::customers::rules::Customer;
use crate::catalog::people::rules::Person;
use crate::catalog::services::rules::Service;
use crate::declines::rules::Decline;
use crate::outcomes::rules::Outcome;
use crate::shared::ids::{Id, ObjectRef};
use crate::shared::money::{Amount, PLACES};
use crate::shared::subject::{SubjectRef, WorkType};

/// What a customer needs, wishes for or is driven by, whether or not a service answers it yet.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Demand {
    /// The key in the database.
    #[serde(skip)]
    pub id: Uuid,
    /// For people.
    pub number: DemandNumber,
    /// One line.
    pub title: String,
    /// What it is about.
    pub description: Option<String>,
    /// How it comes about.
    pub kind: Kind,
    /// Where it stands.
    pub status: Status,
    /// Whose demand it is; never another's.
    pub customer_id: Id<Customer>,
    /// Who raised it, where the catalog knew them.
    pub raised_by_id: Option<Id<Person>>,
    /// The subject of the token that raised it.
    pub submitted_by: String,
    /// The outcome that it is for.
    pub outcome_id: Option<Id<Outcome>>,
    /// The service that answers it.
    pub service_id: Option<Id<Service>>,
    /// How many people or units; 1 or more.
    pub quantity: i32,
    /// What meeting it is worth, per month.
    pub value_per_month: Amount,
    /// What it takes.
    pub effort: Option<PersonDays>,
    /// How many people support it.
    #[serde(rename = "supporterCount")]
    pub supporters: i32,
    /// Why it was declined, once it was.
    pub decline: Option<Decline>,
    /// When it was met or declined, as long as it is.
    #[serde(skip)]
    pub ended_at: Option<Timestamp>,
    /// Grows by one with every change.
    #[serde(skip)]
    pub version: i32,
    /// When it was raised.
    #[serde(skip)]
    pub created_at: Timestamp,
    /// When it was changed last.
    #[serde(skip)]
    pub updated_at: Timestamp,
}

impl Demand {
    /// It, as the feed names it.
    pub fn subject(&self) -> SubjectRef {
        SubjectRef::work(WorkType::Demand, self.id)
    }

    /// The objects of the catalog that it refers to.
    pub fn references(&self) -> Vec<ObjectRef> {
        let alternative = self.decline.as_ref().and_then(|it| it.alternative_id);
        let mut all = vec![self.customer_id.any()];
        all.extend(self.raised_by_id.map(Id::any));
        all.extend(self.outcome_id.map(Id::any));
        all.extend(self.service_id.map(Id::any));
        all.extend(alternative.map(Id::any));
        all
    }

    /// The fields that the feed shows changes of, by their API names.
    pub fn fields(&self) -> Map<String, Value> {
        match serde_json::to_value(self) {
            Ok(Value::Object(fields)) => fields,
            // A struct of plain values always serialises to an object.
            _ => Map::new(),
        }
    }

    /// Its [`score`]; none without an effort.
    pub fn score(&self) -> Option<f64> {
        score(self.value_per_month, self.effort?)
    }

    /// A whole number whose order is that of scores, -1 where there is none: as bits, floats of 0 and more ascend as they do as
    /// numbers (IEEE 754).
    pub fn score_order(&self) -> i64 {
        let bits = self.score().map(|score| score.max(0.0).to_bits());
        bits.map_or(-1, |bits| i64::try_from(bits).unwrap_or(i64::MAX))
    }
}

/// Working days of a month.
const WORKING_DAYS: i64 = 21;

/// Cost of delay per person-day of work, in the reporting currency: what a working day without it costs, for each day that it takes.
/// (Weighted shortest job first, as DESIGN.md has it: `(valuePerMonth / 21) / effort`.)
pub fn score(value_per_month: Amount, effort: PersonDays) -> Option<f64> {
    let per_day = value_per_month
        .to_decimal()
        .checked_div(WORKING_DAYS.into())?;
    per_day.checked_div(effort.to_decimal())?.to_f64()
}

/// An amount of work above 0, exact to the ten-thousandth of a person-day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PersonDays(i64);

impl PersonDays {
    /// The most that a demand may take.
    pub const MOST: i64 = 1_000_000;

    /// So many ten-thousandths; none where that is no effort.
    pub fn from_stored(ten_thousandths: i64) -> Option<Self> {
        (ten_thousandths > 0).then_some(Self(ten_thousandths))
    }

    /// Ten-thousandths, as stored.
    pub fn stored(self) -> i64 {
        self.0
    }

    /// The exact number of days; none where it is not above 0, above [`Self::MOST`] or has more than four decimal places.
    pub fn from_decimal(days: Decimal) -> Option<Self> {
        let mut scaled = days.normalize();
        if scaled.scale() > PLACES || scaled > Self::MOST.into() {
            return None;
        }
        scaled.rescale(PLACES);
        Self::from_stored(i64::try_from(scaled.mantissa()).ok()?)
    }

    /// Days: `2.5`.
    pub fn to_decimal(self) -> Decimal {
        Decimal::new(self.0, PLACES).normalize()
    }
}

impl Serialize for PersonDays {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.to_decimal())
    }
}

/// A demand's number as people see it: `DEM-17`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DemandNumber(pub i64);

crate::number!(DemandNumber, "DEM-");

/// How a demand comes about.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    serde::Deserialize,
    strum::Display,
    strum::EnumString,
    strum::EnumIter,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum Kind {
    /// The customer can't do without it.
    Need,
    /// The customer would be glad of it.
    Wish,
    /// Something from outside forces it: a law, a market.
    Driver,
}

/// Where a demand stands.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    strum::Display,
    strum::EnumString,
    strum::EnumIter,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum Status {
    /// Nobody has decided.
    Open,
    /// It is going to be met.
    Planned,
    /// A service answers it.
    Met,
    /// Refused, with an explanation.
    Declined,
}

impl Status {
    /// Whether nothing more is going to happen unless somebody disputes it.
    pub fn is_end(self) -> bool {
        matches!(self, Self::Met | Self::Declined)
    }
}

/// What can be done with a demand.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, strum::Display, strum::EnumString, strum::EnumIter,
)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum Step {
    /// Say it better: other words, another value, another link.
    Update,
    /// Want it, too.
    Support,
    /// Not want it any more.
    WithdrawSupport,
    /// Decide to meet it.
    Plan,
    /// Say which service answers it.
    Meet,
    /// Refuse it.
    Decline,
    /// Dispute its end.
    Reopen,
}

impl Step {
    /// The state machine: from where the step may be taken, and where it leads; none where it leads nowhere else.
    pub fn rule(self) -> (&'static [Status], Option<Status>) {
        use Status::{Declined, Met, Open, Planned};
        match self {
            Self::Update | Self::Support | Self::WithdrawSupport => (&[Open, Planned], None),
            Self::Plan => (&[Open], Some(Planned)),
            Self::Meet => (&[Open, Planned], Some(Met)),
            Self::Decline => (&[Open, Planned], Some(Declined)),
            Self::Reopen => (&[Met, Declined], Some(Open)),
        }
    }

    /// The mutation that takes it.
    pub fn mutation(self) -> &'static str {
        match self {
            Self::Update => "updateDemand",
            Self::Support => "supportDemand",
            Self::WithdrawSupport => "withdrawDemandSupport",
            Self::Plan => "planDemand",
            Self::Meet => "meetDemand",
            Self::Decline => "declineDemand",
            Self::Reopen => "reopenDemand",
        }
    }
}
