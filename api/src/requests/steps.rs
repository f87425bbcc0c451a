//! Taking a step with a request: what it needs, what it changes, and what history says of it.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use strum::IntoEnumIterator;

use super::rules::{
    Decline, DeclineReason, Event, EventKind, LEAST_EXPLANATION, ServiceRequest, Step,
};
use crate::catalog::offerings::rules::Offering;
use crate::shared::errors::{UserError, UserErrorCode, UserErrors};
use crate::shared::form::{self, MAX_TEXT};
use crate::shared::ids::Id;
use crate::shared::text::why_unfit;
use crate::slas::priority::Priority;
use crate::snapshot::Catalog;

/// A step as somebody wants to take it.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Which.
    pub step: Step,
    /// In words.
    pub comment: Option<String>,
    /// Refuse unless this is the request's version.
    pub expected_version: Option<i32>,
    /// With [`Step::Decline`]: why.
    pub decline: Option<WantedDecline>,
    /// With [`Step::Reprioritise`]: to what.
    pub priority: Option<Priority>,
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

/// The request after a step, and what history says of it.
pub fn take(
    request: &ServiceRequest,
    wanted: &Wanted,
    catalog: &Catalog,
    (actor, at): (&str, Timestamp),
) -> Result<(ServiceRequest, Event), UserErrors> {
    // Clocks of two machines may differ; history only runs forwards.
    let at = at.max(request.updated_at + SignedDuration::from_micros(1));
    check_version(request, wanted.expected_version)?;
    check_legal(request, wanted.step)?;
    let mut errors = Vec::new();
    let comment = checked_comment(wanted, &mut errors);
    let mut next = request.clone();
    if let Some(decline) = &wanted.decline {
        let decline = checked_decline(decline, request, catalog, (actor, at), &mut errors);
        next.decline = Some(decline);
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    let (_, to) = wanted.step.rule();
    let to = to.filter(|to| *to != request.status);
    if let Some(to) = to {
        next.status = to;
    }
    if wanted.step == Step::Approve {
        next.approved_at = next.approved_at.or(Some(at));
    }
    if let Some(priority) = wanted.priority {
        next.priority = priority;
    }
    next.version += 1;
    next.updated_at = at;
    let event = Event {
        request_id: request.id,
        place: next.version,
        at,
        actor: actor.to_owned(),
        kind: EventKind::from(wanted.step),
        from: to.map(|_| request.status),
        to,
        priority: wanted.priority,
        comment,
    };
    Ok((next, event))
}

/// The steps that can be taken with a request now.
pub fn legal(request: &ServiceRequest) -> Vec<Step> {
    Step::iter()
        .filter(|step| is_legal(request, *step))
        .collect()
}

fn is_legal(request: &ServiceRequest, step: Step) -> bool {
    let (from, _) = step.rule();
    let awaits_approval = request.requires_approval && request.approved_at.is_none();
    let is_approved_again = step == Step::Approve && request.approved_at.is_some();
    from.contains(&request.status)
        && !(step.needs_approval() && awaits_approval)
        && !is_approved_again
}

fn check_legal(request: &ServiceRequest, step: Step) -> Result<(), UserErrors> {
    if is_legal(request, step) {
        return Ok(());
    }
    let (from, _) = step.rule();
    let why = if from.contains(&request.status) && step == Step::Approve {
        "was approved already".to_owned()
    } else if from.contains(&request.status) {
        format!("is {} and has to be approved first", request.status)
    } else {
        format!("is {}", request.status)
    };
    let legal: Vec<_> = legal(request).into_iter().map(Step::mutation).collect();
    Err(vec![UserError::at(
        UserErrorCode::IllegalTransition,
        &[],
        format!(
            "{} {why}, so {} can't be done; what can be done: {}",
            request.number,
            step.mutation(),
            legal.join(", ")
        ),
    )])
}

fn check_version(request: &ServiceRequest, expected: Option<i32>) -> Result<(), UserErrors> {
    let version = request.version;
    match expected {
        Some(expected) if expected != version => Err(vec![UserError::new(
            UserErrorCode::StaleVersion,
            "expectedVersion",
            format!(
                "{} is at version {version}, not {expected}: read it again and decide anew",
                request.number
            ),
        )]),
        _ => Ok(()),
    }
}

/// The comment, or for a decline its explanation: that is what history says of it.
fn checked_comment(wanted: &Wanted, errors: &mut UserErrors) -> Option<String> {
    if let Some(decline) = &wanted.decline {
        return Some(decline.explanation.trim().to_owned());
    }
    let comment = wanted.comment.as_deref().unwrap_or_default().trim();
    if let Some(reason) = why_unfit(comment, MAX_TEXT) {
        errors.push(UserError::new(UserErrorCode::Invalid, "comment", reason));
    }
    if comment.is_empty() && wanted.step == Step::Comment {
        let message = "is required: it is what this is about";
        errors.push(UserError::new(UserErrorCode::Invalid, "comment", message));
    }
    (!comment.is_empty()).then(|| comment.to_owned())
}

fn checked_decline(
    wanted: &WantedDecline,
    request: &ServiceRequest,
    catalog: &Catalog,
    (actor, at): (&str, Timestamp),
    errors: &mut UserErrors,
) -> Decline {
    let explanation = wanted.explanation.trim();
    let length = explanation.chars().count();
    let mut refuse =
        |code, field, message: String| errors.push(UserError::new(code, field, message));
    if length < LEAST_EXPLANATION {
        let message = format!(
            "has {length} characters; nobody is told no without an explanation of at least {LEAST_EXPLANATION}"
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
            Some(found) if found == request.offering_id => refuse(
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
