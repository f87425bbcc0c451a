//! Taking a step with a request: what it needs, what it changes, and what history says of it.

use jiff::{SignedDuration, Timestamp};
use strum::IntoEnumIterator;

use super::rules::{Event, EventKind, ServiceRequest, Step};
use crate::declines::rules::{WantedDecline, check};
use crate::shared::errors::{UserError, UserErrorCode, UserErrors, check_version};
use crate::shared::form::MAX_TEXT;
use crate::shared::text::{is_blank, why_unfit};
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

/// The request after a step, and what history says of it.
pub fn take(
    request: &ServiceRequest,
    wanted: &Wanted,
    catalog: &Catalog,
    (actor, at): (&str, Timestamp),
) -> Result<(ServiceRequest, Event), UserErrors> {
    // Clocks of two machines may differ; history only runs forwards.
    let at = at.max(request.updated_at + SignedDuration::from_micros(1));
    check_version(request.number, request.version, wanted.expected_version)?;
    check_legal(request, wanted.step)?;
    let mut errors = Vec::new();
    let comment = checked_comment(wanted, &mut errors);
    let mut next = request.clone();
    if let Some(decline) = &wanted.decline {
        let asked = Some(request.offering_id);
        let decline = check(decline, asked, catalog, (actor, at), &mut errors);
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
    let legal = legal(request).into_iter().map(Step::mutation);
    let refusal = UserError::illegal(request.number, why, step.mutation(), legal);
    Err(vec![refusal])
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
    if is_blank(comment) && wanted.step == Step::Comment {
        let message = "is required: it is what this is about";
        errors.push(UserError::new(UserErrorCode::Invalid, "comment", message));
    }
    (!is_blank(comment)).then(|| comment.to_owned())
}
