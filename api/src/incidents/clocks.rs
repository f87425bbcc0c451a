//! What the clocks of an incident hear of its history, and which promises they measure.

use super::rules::Incident;
use crate::catalog::services::rules::Service;
use crate::shared::ids::Id;
use crate::shared::store::DamagedRow;
use crate::slas::agreements::target::SlaMetric;
use crate::slas::clock::Signal;
use crate::slas::clocks::calendars::CalendarContents;
use crate::slas::clocks::choosing::{METRICS, for_incident};
use crate::slas::clocks::rules::{Chosen, Heard, Promised, StoredClock, Story};
use crate::snapshot::Catalog;

/// What a clock of a metric hears of an incident: the response is that somebody took it on, or that it was over before; the
/// resolution that it was over. Nobody is waited for.
pub fn story(incident: &Incident, metric: SlaMetric) -> Story {
    let met_at = match metric {
        SlaMetric::ResponseTime => incident.acknowledged_at.or(incident.resolved_at),
        _ => incident.resolved_at,
    };
    let met = met_at.map(|at| (at, Heard::Signal(Signal::Met)));
    Story {
        started_at: incident.started_at,
        heard: met.into_iter().collect(),
    }
}

/// What was promised about an incident's services when it began: of each agreement that held then one target of each metric.
pub fn promised(
    catalog: &Catalog,
    contents: &CalendarContents,
    incident: &Incident,
    services: &[Id<Service>],
) -> Result<Vec<(SlaMetric, Chosen)>, DamagedRow> {
    let mut promised = Vec::new();
    for service in services {
        for metric in METRICS {
            let what = (metric, incident.severity.priority());
            let chosen = for_incident(catalog, contents, *service, what, incident.started_at)?;
            promised.extend(chosen.into_iter().map(|chosen| (metric, chosen)));
        }
    }
    Ok(promised)
}

/// The clocks that a new incident starts, as they stand when it is reported.
pub fn start(
    contents: &CalendarContents,
    incident: &Incident,
    promised: Vec<(SlaMetric, Chosen)>,
) -> Vec<StoredClock> {
    let promised = promised.into_iter().enumerate();
    promised
        .map(|(place, (metric, chosen))| {
            let promised = Promised {
                since: None,
                what: Some(chosen),
            };
            let story = story(incident, metric);
            let place = i16::try_from(place).unwrap_or(i16::MAX);
            let clock = StoredClock::new((incident.subject(), place), metric, promised, &story);
            let (compiled, _) = contents.met(clock.calendars());
            clock.worked_out(&story, &compiled, incident.created_at)
        })
        .collect()
}
