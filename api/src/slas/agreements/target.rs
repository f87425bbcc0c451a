//! The targets of an agreement.

use std::collections::BTreeSet;
use std::fmt::{self, Display};
use std::str::FromStr;

use jiff::SignedDuration;
use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use uuid::Uuid;

use crate::shared::errors::{UserError, UserErrorCode};
use crate::shared::form::Form;
use crate::shared::ids::NotAnId;
use crate::slas::priority::Priority;

/// The `warnAt` of a target that says nothing else.
pub const WARN_AT: u8 = 80;
/// The longest `within`: ten years.
const LONGEST: SignedDuration = SignedDuration::from_hours(87_660);
/// Decimal places of an objective.
const PLACES: u32 = 10;

/// What is measured.
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
    Deserialize,
    strum::Display,
    strum::EnumString,
    strum::EnumIter,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum SlaMetric {
    /// Until somebody first works on it.
    ResponseTime,
    /// Until it is fulfilled or resolved.
    ResolutionTime,
    /// The share of good events or seconds.
    Availability,
}

impl SlaMetric {
    /// Whether it is a length of time, which clocks measure.
    pub fn is_time(self) -> bool {
        self != Self::Availability
    }
}

/// The id of a target. Its text form (`targ_0193…`) is the opaque id that clients see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TargetId(Uuid);

impl TargetId {
    const PREFIX: &str = "targ_";

    /// The id with this key.
    pub fn new(key: Uuid) -> Self {
        Self(key)
    }

    /// The key in the database.
    pub fn key(self) -> Uuid {
        self.0
    }
}

impl Display for TargetId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}{}", Self::PREFIX, self.0.simple())
    }
}

impl FromStr for TargetId {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, NotAnId> {
        let key = text.strip_prefix(Self::PREFIX).ok_or(NotAnId)?;
        let id = Self(Uuid::try_parse(key).map_err(|_| NotAnId)?);
        // One target has one id: other spellings of the same key are refused.
        if id.to_string() == text {
            Ok(id)
        } else {
            Err(NotAnId)
        }
    }
}

impl Serialize for TargetId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TargetId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(de::Error::custom)
    }
}

/// One promise of an agreement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Target {
    /// Stays as long as the agreement has a target of this metric and priority.
    pub id: TargetId,
    /// What is measured.
    pub metric: SlaMetric,
    /// For which priority; none: every one.
    pub priority: Option<Priority>,
    /// How long it may take, in the calendar's open time; there exactly for metrics of time.
    pub within: Option<SignedDuration>,
    /// The least share that has to be good, percent, in (0, 100].
    pub objective: Decimal,
    /// At risk from this share of `within` on, percent, in 1..=100.
    pub warn_at: u8,
}

impl Target {
    /// What two targets of one agreement must not have in common.
    pub fn subject(&self) -> (SlaMetric, Option<Priority>) {
        (self.metric, self.priority)
    }
}

/// A target as somebody wants it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    /// What is measured.
    pub metric: SlaMetric,
    /// For which priority; none: every one.
    pub priority: Option<Priority>,
    /// How long it may take.
    pub within: Option<SignedDuration>,
    /// Percent.
    pub objective: Decimal,
    /// Percent.
    pub warn_at: i64,
}

impl From<&Target> for Wish {
    fn from(target: &Target) -> Self {
        Self {
            metric: target.metric,
            priority: target.priority,
            within: target.within,
            objective: target.objective,
            warn_at: target.warn_at.into(),
        }
    }
}

/// The targets that are wished for, those with the metric and priority of a present one under its id. Sorted by metric and
/// priority, those for every priority last.
pub fn settle(wishes: Vec<Wish>, present: &[Target], form: &mut Form<'_>) -> Vec<Target> {
    let mut met = BTreeSet::new();
    let mut targets: Vec<Target> = wishes
        .into_iter()
        .enumerate()
        .filter_map(|(index, wish)| {
            let mut place = Place { index, form };
            let target = place.checked(&wish, present)?;
            if !met.insert(target.subject()) {
                place.refuse_twin(&target);
            }
            Some(target)
        })
        .collect();
    targets.sort_by_key(|target| (target.metric, target.priority.is_none(), target.priority));
    targets
}

/// A wish's place in the input, and where to say what is wrong with it.
struct Place<'f, 'd> {
    index: usize,
    form: &'f mut Form<'d>,
}

impl Place<'_, '_> {
    fn refuse(&mut self, field: &str, message: impl Into<String>) {
        let index = self.index.to_string();
        let path = ["targets", &index, field];
        self.form
            .refuse(UserError::at(UserErrorCode::Invalid, &path, message));
    }

    fn refuse_twin(&mut self, target: &Target) {
        let of = match target.priority {
            Some(priority) => format!("of {priority}"),
            None => "of every priority".to_owned(),
        };
        let metric = target.metric;
        self.refuse(
            "priority",
            format!(
                "there is a target for the {metric} {of} already; an agreement has one at most"
            ),
        );
    }

    fn checked(&mut self, wish: &Wish, present: &[Target]) -> Option<Target> {
        let is_timed_well = self.check_within(wish);
        let objective = self.objective(wish.objective);
        let warn_at = self.warn_at(wish.warn_at);
        let subject = (wish.metric, wish.priority);
        let known = present.iter().find(|target| target.subject() == subject);
        is_timed_well.then_some(Target {
            id: known.map_or_else(|| TargetId::new(Uuid::now_v7()), |target| target.id),
            metric: wish.metric,
            priority: wish.priority,
            within: wish.within,
            objective: objective?,
            warn_at: warn_at?,
        })
    }

    /// Whether `within` is there exactly where it should be, and can be.
    fn check_within(&mut self, wish: &Wish) -> bool {
        let wrong = match (wish.metric.is_time(), wish.within) {
            (true, None) => format!("is required for {}", wish.metric),
            (false, Some(_)) => {
                "means nothing for AVAILABILITY, whose `objective` is a share; leave it out"
                    .to_owned()
            }
            (_, Some(within)) if within <= SignedDuration::ZERO || within > LONGEST => {
                format!("is {within}; it must be above 0 and at most {LONGEST}")
            }
            (_, Some(within)) if within.subsec_nanos() != 0 => {
                format!("is {within}; it must be whole seconds")
            }
            _ => return true,
        };
        self.refuse("within", wrong);
        false
    }

    fn objective(&mut self, objective: Decimal) -> Option<Decimal> {
        let objective = objective.normalize();
        if objective <= Decimal::ZERO || objective > Decimal::ONE_HUNDRED {
            self.refuse(
                "objective",
                format!("is {objective}; it is percent, above 0 and at most 100"),
            );
            return None;
        }
        if objective.scale() > PLACES {
            self.refuse(
                "objective",
                format!("is {objective}; at most {PLACES} decimal places are allowed"),
            );
            return None;
        }
        Some(objective)
    }

    fn warn_at(&mut self, percent: i64) -> Option<u8> {
        let known = u8::try_from(percent)
            .ok()
            .filter(|percent| (1..=100).contains(percent));
        if known.is_none() {
            self.refuse(
                "warnAt",
                format!("is {percent}; it is percent, from 1 to 100"),
            );
        }
        known
    }
}
