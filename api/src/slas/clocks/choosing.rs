//! Which targets of the catalog's agreements hold for a request or an incident.

use std::cmp::Ordering;
use std::sync::Arc;

use jiff::Timestamp;

use super::calendars::{CalendarContents, ContentHash};
use super::rules::Chosen;
use crate::catalog::customers::rules::Customer;
use crate::catalog::services::rules::Service;
use crate::shared::ids::Id;
use crate::shared::store::DamagedRow;
use crate::slas::agreements::rules::Agreement;
use crate::slas::agreements::target::{SlaMetric, Target};
use crate::slas::choice::{Candidate, choose};
use crate::slas::hours::CalendarSpec;
use crate::slas::priority::Priority;
use crate::snapshot::Catalog;

/// The metrics that clocks measure.
pub const METRICS: [SlaMetric; 2] = [SlaMetric::ResponseTime, SlaMetric::ResolutionTime];

/// The agreements of kind SLA about a service that hold at an instant, each with the content of its calendar.
struct Valid<'c> {
    agreement: &'c Arc<Agreement>,
    calendar: ContentHash,
}

/// A target of an agreement. Where nothing else decides, the one that was made first is chosen.
#[derive(Clone, Copy)]
struct Of<'c> {
    valid: &'c Valid<'c>,
    target: &'c Target,
}

impl Of<'_> {
    fn into_chosen(self) -> Chosen {
        Chosen {
            agreement: self.valid.agreement.header.id,
            target: self.target.clone(),
            calendar: self.valid.calendar.clone(),
        }
    }
}

impl PartialEq for Of<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.target.id == other.target.id
    }
}
impl Eq for Of<'_> {}
impl PartialOrd for Of<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Of<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.target.id.cmp(&other.target.id)
    }
}

type CandidateOf<'c> = Candidate<Id<Customer>, Priority, Of<'c>>;

impl Valid<'_> {
    /// Its targets of a metric of time.
    fn candidates(&self, metric: SlaMetric) -> impl Iterator<Item = CandidateOf<'_>> {
        let targets = self.agreement.targets.iter();
        let targets = targets.filter(move |target| target.metric == metric);
        targets.filter_map(|target| {
            Some(Candidate {
                customer: self.agreement.customer_id,
                priority: target.priority,
                within: target.within?,
                target: Of {
                    valid: self,
                    target,
                },
            })
        })
    }
}

/// The target of a metric for a request at an instant: the customer's own before the general one, one of this priority before
/// one of every priority, then the shortest.
pub fn for_request(
    catalog: &Catalog,
    contents: &CalendarContents,
    (service, customer): (Id<Service>, Option<Id<Customer>>),
    (metric, priority): (SlaMetric, Priority),
    at: Timestamp,
) -> Result<Option<Chosen>, DamagedRow> {
    let valid = valid(catalog, contents, service, at)?;
    let candidates = valid.iter().flat_map(|valid| valid.candidates(metric));
    let chosen = choose(candidates, customer.as_ref(), &priority);
    Ok(chosen.map(|candidate| candidate.target.into_chosen()))
}

/// The targets of a metric for an incident that broke a service at an instant, one of each agreement: an incident breaks what
/// was promised to every customer.
pub fn for_incident(
    catalog: &Catalog,
    contents: &CalendarContents,
    service: Id<Service>,
    (metric, priority): (SlaMetric, Priority),
    at: Timestamp,
) -> Result<Vec<Chosen>, DamagedRow> {
    let valid = valid(catalog, contents, service, at)?;
    let chosen = valid.iter().filter_map(|valid| {
        let theirs = valid.agreement.customer_id;
        choose(valid.candidates(metric), theirs.as_ref(), &priority)
    });
    let targets = chosen.map(|candidate| candidate.target.into_chosen());
    Ok(targets.collect())
}

/// The contents of the calendars of a service's agreements.
pub fn calendars(catalog: &Catalog, service: Id<Service>) -> impl Iterator<Item = &CalendarSpec> {
    let agreements = catalog.agreement_indexes.sla.ids(&service);
    agreements.filter_map(|id| {
        let agreement = catalog.get(Id::<Agreement>::new(id))?;
        Some(&catalog.get(agreement.calendar_id)?.spec)
    })
}

fn valid<'c>(
    catalog: &'c Catalog,
    contents: &CalendarContents,
    service: Id<Service>,
    at: Timestamp,
) -> Result<Vec<Valid<'c>>, DamagedRow> {
    let mut found = Vec::new();
    for id in catalog.agreement_indexes.sla.ids(&service) {
        let agreement = catalog.get(Id::<Agreement>::new(id));
        let calendar = agreement.and_then(|agreement| catalog.get(agreement.calendar_id));
        let (Some(agreement), Some(calendar)) = (agreement, calendar) else {
            continue;
        };
        let (calendar, open_time) = contents.of(&calendar.spec)?;
        if agreement.is_valid_on(open_time.local_day(at)) {
            found.push(Valid {
                agreement,
                calendar,
            });
        }
    }
    Ok(found)
}
