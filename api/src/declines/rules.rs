//! A no, with its reason: what requests and demands that are declined have in common.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

use crate::catalog::offerings::rules::Offering;
use crate::shared::errors::{UserError, UserErrorCode, UserErrors};
use crate::shared::form::{self, MAX_TEXT};
use crate::shared::ids::Id;
use crate::shared::text::{seen_length, why_unfit};
use crate::snapshot::Catalog;

/// A no, with its reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Decline {
    /// The kind of reason.
    pub reason: DeclineReason,
    /// For the customer to read.
    pub explanation: String,
    /// The other way.
    pub alternative_id: Option<Id<Offering>>,
    /// When it is worth asking again.
    pub revisit_on: Option<Date>,
    /// Who said no.
    pub declined_by: String,
    /// When.
    pub declined_at: Timestamp,
}

/// The fewest characters of an explanation, of those that are seen; a gap between words is one.
pub const LEAST_EXPLANATION: usize = 20;

/// Why something is declined.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    Serialize,
    strum::Display,
    strum::EnumString,
    strum::EnumIter,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum DeclineReason {
    /// Not what the service is for.
    OutOfScope,
    /// It would put something at risk.
    Security,
    /// A rule forbids it.
    Compliance,
    /// It costs more than it is worth.
    Cost,
    /// It was asked for already.
    Duplicate,
    /// Nobody has the time.
    Capacity,
    /// Another offering does it.
    CoveredByAlternative,
}

/// A no as somebody wants to say it.
#[derive(Clone, Debug)]
pub struct WantedDecline {
    /// The kind of reason.
    pub reason: DeclineReason,
    /// For the customer to read.
    pub explanation: String,
    /// The id of the offering that is the other way.
    pub alternative: Option<String>,
    /// When it is worth asking again.
    pub revisit_on: Option<Date>,
}

/// The no, with everything that is wrong with it added to the errors. `asked` is the offering that was asked for, which is no other
/// way.
pub fn check(
    wanted: &WantedDecline,
    asked: Option<Id<Offering>>,
    catalog: &Catalog,
    (actor, at): (&str, Timestamp),
    errors: &mut UserErrors,
) -> Decline {
    let explanation = wanted.explanation.trim();
    let length = seen_length(explanation);
    let mut refuse =
        |code, field, message: String| errors.push(UserError::new(code, field, message));
    if length < LEAST_EXPLANATION {
        let message = format!(
            "has {length} characters that can be read; nobody is told no without an explanation of at least {LEAST_EXPLANATION}"
        );
        refuse(UserErrorCode::Invalid, "explanation", message);
    } else if let Some(reason) = why_unfit(explanation, MAX_TEXT) {
        refuse(UserErrorCode::Invalid, "explanation", reason);
    }
    let alternative = wanted.alternative.as_deref().map(|id| {
        let found = form::find_in::<Offering>(catalog, id);
        match found.filter(|found| catalog.get(*found).is_some_and(|it| it.active)) {
            None if found.is_none() => {
                let error = form::not_found::<Offering>(&["alternativeOfferingId"], id);
                refuse(error.code, "alternativeOfferingId", error.message);
            }
            None => refuse(
                UserErrorCode::Invalid,
                "alternativeOfferingId",
                "can't be requested now, so it is no other way".to_owned(),
            ),
            Some(found) if asked == Some(found) => refuse(
                UserErrorCode::Invalid,
                "alternativeOfferingId",
                "is what was asked for; the other way has to be another offering".to_owned(),
            ),
            Some(_) => {}
        }
        found
    });
    if wanted.reason == DeclineReason::CoveredByAlternative && alternative.is_none() {
        let message = "is required where the reason is COVERED_BY_ALTERNATIVE".to_owned();
        refuse(UserErrorCode::Invalid, "alternativeOfferingId", message);
    }
    Decline {
        reason: wanted.reason,
        explanation: explanation.to_owned(),
        alternative_id: alternative.flatten().map(|id| Id::new(id.key())),
        revisit_on: wanted.revisit_on,
        declined_by: actor.to_owned(),
        declined_at: at,
    }
}
