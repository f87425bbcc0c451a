//! Giving the clocks of incidents what the catalog promises now.

use sea_orm::DbErr;
use uuid::Uuid;

use super::clocks::{promised, story};
use super::rules::{Incident, Status};
use super::store;
use crate::shared::draft::ChangeKind;
use crate::shared::work::{Attempt, Attempts, WorkTransaction};
use crate::shared::write::{Author, WriteError, now};
use crate::slas::agreements::target::SlaMetric;
use crate::slas::clocks::choosing::calendars;
use crate::slas::clocks::recalculation::{diffs, worked_out};
use crate::slas::clocks::rules::{Chosen, Promised, StoredClock, breaches_at, due_at};
use crate::slas::clocks::store as clocks;
use crate::snapshot::Replica;

/// An incident whose clocks were given what is promised now.
#[derive(Debug)]
pub struct Recalculated {
    /// The incident.
    pub incident: Incident,
    /// The last change; none where nothing else is promised than before.
    pub sequence: Option<i64>,
}

/// Gives the clocks of an incident what the catalog promises now; none where there is no such incident.
pub async fn recalculate(
    replica: &Replica,
    author: &Author,
    key: Uuid,
) -> Result<Option<Recalculated>, WriteError> {
    let mut attempts = Attempts::new(replica);
    loop {
        attempts.next().await?;
        let attempt = attempt(replica, author, key).await;
        if let Some(recalculated) = Attempt::settled(attempt)? {
            return Ok(recalculated);
        }
    }
}

async fn attempt(
    replica: &Replica,
    author: &Author,
    key: Uuid,
) -> Result<Attempt<Option<Recalculated>>, DbErr> {
    let database = &replica.database().read;
    let Some(incident) = store::by_id(database, key).await? else {
        return Ok(Attempt::Done(None));
    };
    let known = clocks::of_subject(database, key).await?;
    let mut next = incident.clone();
    next.version += 1;
    next.updated_at = now().max(incident.updated_at);
    let after = renewed(replica, &next, &known).await?;
    if after == known {
        return Ok(Attempt::Done(Some(Recalculated {
            incident,
            sequence: None,
        })));
    }
    next.due_at = due_at(&after);
    next.breaches_at = breaches_at(&after);
    let mut work = WorkTransaction::begin(replica, author, next.updated_at).await?;
    if !store::update(work.connection(), &next, incident.version).await?
        || !clocks::replace(work.connection(), &known, &after).await?
    {
        work.give_up().await?;
        return Ok(Attempt::Overtaken);
    }
    for diff in diffs(&known, &after) {
        work.record(next.subject(), ChangeKind::Updated, diff);
    }
    let sequence = work.commit().await?;
    Ok(Attempt::Done(Some(Recalculated {
        incident: next,
        sequence,
    })))
}

/// The incident's clocks by what is promised now. Those of one that is over stay as they are.
async fn renewed(
    replica: &Replica,
    incident: &Incident,
    known: &[StoredClock],
) -> Result<Vec<StoredClock>, DbErr> {
    if incident.status == Status::Resolved {
        return Ok(known.to_vec());
    }
    let database = &replica.database().read;
    let mut services: Vec<_> = store::services_of(database, &[incident.id])
        .await?
        .into_iter()
        .map(|(_, service)| service)
        .collect();
    services.sort();
    let (catalog, contents) = (replica.current(), replica.calendars());
    for service in &services {
        let calendars = calendars(&catalog, *service);
        contents.store(&replica.database().write, calendars).await?;
    }
    let chosen = promised(&catalog, contents, incident, &services)?;
    let promised = promise_anew(incident, known, chosen);
    let hashes = promised.iter().flat_map(StoredClock::calendars);
    let compiled = contents.load(database, hashes).await?;
    let story = |metric| story(incident, metric);
    let at = incident.updated_at;
    Ok(worked_out(known, promised, story, &compiled, at))
}

/// Clocks with what is promised now: each by its agreement and metric. A new one is promised it from the start.
fn promise_anew(
    incident: &Incident,
    known: &[StoredClock],
    mut chosen: Vec<(SlaMetric, Chosen)>,
) -> Vec<StoredClock> {
    let mut all = known.to_vec();
    for clock in &mut all {
        let agreement = clock.chosen().map(|chosen| chosen.agreement);
        let theirs = chosen.iter().position(|(metric, chosen)| {
            *metric == clock.metric && Some(chosen.agreement) == agreement
        });
        let now = theirs.map(|place| chosen.remove(place).1);
        clock.promise_anew(now, incident.updated_at);
    }
    for (metric, chosen) in chosen {
        let promised = Promised {
            since: None,
            what: Some(chosen),
        };
        let place = i16::try_from(all.len()).unwrap_or(i16::MAX);
        let story = story(incident, metric);
        let subject = (incident.subject(), place);
        all.push(StoredClock::new(subject, metric, promised, &story));
    }
    all
}
