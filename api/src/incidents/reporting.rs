//! An incident as it is reported, held against the catalog.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::rules::{Event, EventKind, Incident, IncidentNumber, Severity, Status};
use crate::catalog::services::rules::{Lifecycle, Service};
use crate::shared::errors::{UserError, UserErrorCode, UserErrors};
use crate::shared::form::{find_in, not_found};
use crate::shared::ids::Id;
use crate::shared::text::{MAX_LINE, is_blank, why_unfit};
use crate::snapshot::Catalog;

/// How many services one incident breaks at most.
pub const MAX_SERVICES: usize = 100;
/// How far ahead of ours a reporter's clock may be.
const GRACE: SignedDuration = SignedDuration::from_mins(5);
/// No incident began before 2000: a clock that says so was never set.
const EARLIEST: Timestamp = Timestamp::constant(946_684_800, 0);

/// An incident as somebody reports it.
#[derive(Clone, Debug)]
pub struct Report {
    /// One line.
    pub title: String,
    /// How much of the services is lost.
    pub severity: Severity,
    /// The ids of the services that it breaks.
    pub service_ids: Vec<String>,
    /// When it began; now where absent.
    pub started_at: Option<Timestamp>,
}

impl Report {
    /// What two reports with one key must have in common: everything that was said, in one spelling.
    pub fn canonical(&self) -> Value {
        let services: BTreeSet<&String> = self.service_ids.iter().collect();
        json!({
            "title": self.title,
            "severity": self.severity,
            "serviceIds": services,
            "startedAt": self.started_at,
        })
    }
}

/// A new incident that has no number yet, with the services that it breaks.
#[derive(Clone, Debug)]
pub struct NewIncident {
    /// The incident.
    pub incident: Incident,
    /// What it breaks, in the order of their keys.
    pub services: Vec<Id<Service>>,
}

impl NewIncident {
    /// The fields that the feed shows of it, by their API names.
    pub fn fields(&self) -> Map<String, Value> {
        let ids = self.services.iter().map(ToString::to_string);
        let mut fields = self.incident.fields();
        fields.insert("serviceIds".to_owned(), ids.collect());
        fields
    }

    /// The first line of its history.
    pub fn first_event(&self) -> Event {
        let incident = &self.incident;
        Event {
            incident_id: incident.id,
            place: incident.version,
            at: incident.created_at,
            actor: incident.reported_by.clone(),
            kind: EventKind::Reported,
            from: None,
            to: Some(incident.status),
            comment: None,
        }
    }
}

/// What a report becomes, or everything that is wrong with it.
pub fn plan(
    report: &Report,
    reporter: &str,
    catalog: &Catalog,
    now: Timestamp,
) -> Result<NewIncident, UserErrors> {
    let mut errors = Vec::new();
    let title = report.title.trim();
    let reason = match title {
        title if is_blank(title) => Some("is required".to_owned()),
        title => why_unfit(title, MAX_LINE),
    };
    if let Some(reason) = reason {
        errors.push(UserError::new(UserErrorCode::Invalid, "title", reason));
    }
    let services = services(&report.service_ids, catalog, &mut errors);
    let started_at = started_at(report.started_at, now, &mut errors);
    if !errors.is_empty() {
        return Err(errors);
    }
    let incident = Incident {
        id: Uuid::now_v7(),
        number: IncidentNumber(0),
        title: title.to_owned(),
        severity: report.severity,
        status: Status::Open,
        reported_by: reporter.to_owned(),
        started_at,
        acknowledged_at: None,
        resolved_at: None,
        due_at: None,
        breaches_at: None,
        version: 1,
        created_at: now,
        updated_at: now,
    };
    Ok(NewIncident { incident, services })
}

fn services(ids: &[String], catalog: &Catalog, errors: &mut UserErrors) -> Vec<Id<Service>> {
    let count = ids.len();
    if !(1..=MAX_SERVICES).contains(&count) {
        let message = format!("names {count} services; 1 to {MAX_SERVICES} are right");
        let error = UserError::new(UserErrorCode::Invalid, "serviceIds", message);
        errors.push(error);
        return Vec::new();
    }
    let mut services = BTreeSet::new();
    for (place, id) in ids.iter().enumerate() {
        let field = ["serviceIds", &place.to_string()];
        let found = find_in::<Service>(catalog, id);
        let Some((found, service)) = found.and_then(|found| Some((found, catalog.get(found)?)))
        else {
            errors.push(not_found::<Service>(&field, id));
            continue;
        };
        let reason = if service.lifecycle == Lifecycle::Retired {
            Some(format!(
                "`{}` is retired; nothing depends on it any more",
                service.header.slug
            ))
        } else if !services.insert(found) {
            Some(format!("`{}` is named twice", service.header.slug))
        } else {
            None
        };
        errors.extend(reason.map(|reason| UserError::at(UserErrorCode::Invalid, &field, reason)));
    }
    services.into_iter().collect()
}

/// When it began, to the microsecond that the database keeps. What a clock that is a little fast says is now.
fn started_at(said: Option<Timestamp>, now: Timestamp, errors: &mut UserErrors) -> Timestamp {
    let Some(said) = said else {
        return now;
    };
    let mut refuse = |message: String| {
        let error = UserError::new(UserErrorCode::Invalid, "startedAt", message);
        errors.push(error);
    };
    if said.duration_since(now) > GRACE {
        refuse(format!("{said} is in the future; it is {now} now"));
    } else if said < EARLIEST {
        refuse(format!("{said} is before {EARLIEST}"));
    }
    let kept = Timestamp::from_microsecond(said.as_microsecond());
    kept.unwrap_or(said).min(now)
}
