//! Taking a step with an incident: what it changes, and what history says of it.

use jiff::Timestamp;
use strum::IntoEnumIterator;

use super::rules::{Event, EventKind, Incident, Step};
use crate::shared::errors::{UserError, UserErrorCode, UserErrors, check_version};
use crate::shared::form::MAX_TEXT;
use crate::shared::text::{is_blank, why_unfit};

/// A step as somebody wants to take it.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Which.
    pub step: Step,
    /// In words.
    pub comment: Option<String>,
    /// Refuse unless this is the incident's version.
    pub expected_version: Option<i32>,
}

/// The incident after a step, and what history says of it.
pub fn take(
    incident: &Incident,
    wanted: &Wanted,
    (actor, at): (&str, Timestamp),
) -> Result<(Incident, Event), UserErrors> {
    check_version(incident.number, incident.version, wanted.expected_version)?;
    check_legal(incident, wanted.step)?;
    let comment = checked_comment(wanted)?;
    let (_, to) = wanted.step.rule();
    let mut next = incident.clone();
    next.version += 1;
    // Clocks of two machines may differ; history never runs backwards.
    next.updated_at = at.max(incident.updated_at);
    if let Some(to) = to {
        next.status = to;
    }
    match wanted.step {
        Step::Acknowledge => next.acknowledged_at = Some(next.updated_at),
        Step::Resolve => next.resolved_at = Some(next.updated_at),
        Step::Comment => {}
    }
    let event = Event {
        incident_id: incident.id,
        place: next.version,
        at: next.updated_at,
        actor: actor.to_owned(),
        kind: EventKind::from(wanted.step),
        from: to.map(|_| incident.status),
        to,
        comment,
    };
    Ok((next, event))
}

/// The steps that can be taken with an incident now.
pub fn legal(incident: &Incident) -> impl Iterator<Item = Step> {
    Step::iter().filter(|step| step.rule().0.contains(&incident.status))
}

fn check_legal(incident: &Incident, step: Step) -> Result<(), UserErrors> {
    if legal(incident).any(|legal| legal == step) {
        return Ok(());
    }
    let stands = format_args!("is {}", incident.status);
    let legal = legal(incident).map(Step::mutation);
    let refusal = UserError::illegal(incident.number, stands, step.mutation(), legal);
    Err(vec![refusal])
}

fn checked_comment(wanted: &Wanted) -> Result<Option<String>, UserErrors> {
    let comment = wanted.comment.as_deref().unwrap_or_default().trim();
    let refuse = |message: String| {
        let error = UserError::new(UserErrorCode::Invalid, "comment", message);
        Err(vec![error])
    };
    if let Some(reason) = why_unfit(comment, MAX_TEXT) {
        return refuse(reason);
    }
    if is_blank(comment) && wanted.step == Step::Comment {
        return refuse("is required: it is what this is about".to_owned());
    }
    Ok((!is_blank(comment)).then(|| comment.to_owned()))
}
