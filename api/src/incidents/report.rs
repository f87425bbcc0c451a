//! Reporting incidents: once for each key, however often it is tried.

use sea_orm::DbErr;
use serde_json::Map;
use uuid::Uuid;

use super::clocks::{promised, start};
use super::reporting::{NewIncident, Report, plan};
use super::rules::{Incident, IncidentNumber};
use super::store;
use crate::shared::diff::diff;
use crate::shared::draft::ChangeKind;
use crate::shared::errors::UserErrors;
use crate::shared::idempotency::{self, Key};
use crate::shared::ids::ObjectRef;
use crate::shared::work::{Attempt, Attempts, WorkTransaction};
use crate::shared::write::{Author, WriteError, now};
use crate::slas::clocks::choosing::calendars;
use crate::slas::clocks::rules::{StoredClock, breaches_at, due_at, learnt};
use crate::slas::clocks::store as clocks;
use crate::snapshot::Replica;

/// A report, and the key under which it may be sent again.
#[derive(Clone, Debug)]
pub struct Reported {
    /// What is said.
    pub report: Report,
    /// The key, where one was given.
    pub key: Option<Key>,
}

/// The incident that a report became.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The incident.
    pub incident: Incident,
    /// Whether it was reported before, under the same key.
    pub replayed: bool,
    /// The last change, where it is new.
    pub sequence: Option<i64>,
}

/// Reports an incident.
pub async fn report(
    replica: &Replica,
    author: &Author,
    reported: &Reported,
) -> Result<Result<Outcome, UserErrors>, WriteError> {
    let mut attempts = Attempts::new(replica);
    loop {
        let is_fresh = attempts.next().await?;
        let attempt = attempt(replica, author, reported, is_fresh).await;
        if let Some(outcome) = Attempt::settled(attempt)? {
            return Ok(outcome);
        }
    }
}

async fn attempt(
    replica: &Replica,
    author: &Author,
    reported: &Reported,
    is_fresh: bool,
) -> Result<Attempt<Result<Outcome, UserErrors>>, DbErr> {
    if is_fresh && let Some(earlier) = earlier(replica, reported.key.as_ref()).await? {
        return Ok(Attempt::Done(earlier));
    }
    let (now, catalog) = (now(), replica.current());
    let mut new = match plan(&reported.report, &author.actor, &catalog, now) {
        Ok(new) => new,
        // What a snapshot that may be behind refuses is looked at again, and so is what may have been reported before.
        Err(_) if !is_fresh => return Ok(Attempt::Overtaken),
        Err(refusals) => return Ok(Attempt::Done(Err(refusals))),
    };
    let contents = replica.calendars();
    for service in &new.services {
        let calendars = calendars(&catalog, *service);
        contents.store(&replica.database().write, calendars).await?;
    }
    let promised = promised(&catalog, contents, &new.incident, &new.services)?;
    let clocks = start(contents, &new.incident, promised);
    new.incident.due_at = due_at(&clocks);
    new.incident.breaches_at = breaches_at(&clocks);
    let mut work = WorkTransaction::begin(replica, author, now).await?;
    let keys: Vec<(&Key, Uuid)> = reported
        .key
        .iter()
        .map(|key| (key, new.incident.id))
        .collect();
    let broken: Vec<ObjectRef> = new.services.iter().map(|service| service.any()).collect();
    if !idempotency::take(work.connection(), &keys, now).await?
        || !work.guard(&catalog, broken).await?
    {
        work.give_up().await?;
        return Ok(Attempt::Overtaken);
    }
    write(&mut work, &mut new, &clocks).await?;
    let sequence = work.commit().await?;
    Ok(Attempt::Done(Ok(Outcome {
        incident: new.incident,
        replayed: false,
        sequence,
    })))
}

/// What was reported under the key before, if anything was.
async fn earlier(
    replica: &Replica,
    key: Option<&Key>,
) -> Result<Option<Result<Outcome, UserErrors>>, DbErr> {
    let Some(key) = key else {
        return Ok(None);
    };
    let database = &replica.database().write;
    let known = idempotency::find(database, &[key]).await?;
    let Some(known) = known.get(&key.key) else {
        return Ok(None);
    };
    let id = match key.earlier(known) {
        Ok(id) => id,
        Err(conflict) => return Ok(Some(Err(vec![conflict]))),
    };
    match store::by_id(database, id).await? {
        Some(incident) => Ok(Some(Ok(Outcome {
            incident,
            replayed: true,
            sequence: None,
        }))),
        None => Err(DbErr::RecordNotFound(format!("incident {id}"))),
    }
}

async fn write(
    work: &mut WorkTransaction<'_>,
    new: &mut NewIncident,
    started: &[StoredClock],
) -> Result<(), DbErr> {
    for number in work.next_numbers("incident", 1).await? {
        new.incident.number = IncidentNumber(number);
    }
    work.add(store::inserts(new));
    work.add(store::event_inserts(&new.first_event()));
    work.add(clocks::inserts(started));
    let subject = new.incident.subject();
    let diff = diff(&Map::new(), &new.fields());
    work.record(subject, ChangeKind::Created, diff);
    // It may have begun long ago: what became of its clocks since is known already.
    for diff in learnt(&[], started) {
        work.record(subject, ChangeKind::Updated, diff);
    }
    Ok(())
}
