//! Taking steps with incidents in the database.

use sea_orm::DbErr;
use uuid::Uuid;

use super::clocks::story;
use super::rules::Incident;
use super::steps::{self, Wanted};
use super::store;
use crate::shared::diff::diff;
use crate::shared::draft::ChangeKind;
use crate::shared::errors::UserErrors;
use crate::shared::subject::WorkType;
use crate::shared::work::{Attempt, Attempts, WorkTransaction};
use crate::shared::write::{Author, WriteError, now};
use crate::slas::clocks::rules::{StoredClock, breaches_at, due_at};
use crate::slas::clocks::store as clocks;
use crate::snapshot::Replica;

/// A step that was taken.
#[derive(Debug)]
pub struct Moved {
    /// The incident as it is now.
    pub incident: Incident,
    /// The change in the feed.
    pub sequence: Option<i64>,
}

/// Takes a step with the incident that a client's id names.
pub async fn take(
    replica: &Replica,
    author: &Author,
    id: &str,
    wanted: &Wanted,
) -> Result<Result<Moved, UserErrors>, WriteError> {
    let Some(key) = WorkType::Incident.key(id) else {
        return Ok(Err(vec![WorkType::Incident.not_found(id)]));
    };
    let mut attempts = Attempts::new(replica);
    loop {
        attempts.next().await?;
        let attempt = attempt(replica, author, key, wanted).await;
        match Attempt::settled(attempt)? {
            Some(Tried::Moved(moved)) => return Ok(Ok(*moved)),
            Some(Tried::Refused(refusals)) => return Ok(Err(refusals)),
            Some(Tried::Unknown) => return Ok(Err(vec![WorkType::Incident.not_found(id)])),
            None => {}
        }
    }
}

enum Tried {
    Moved(Box<Moved>),
    Refused(UserErrors),
    Unknown,
}

async fn attempt(
    replica: &Replica,
    author: &Author,
    key: Uuid,
    wanted: &Wanted,
) -> Result<Attempt<Tried>, DbErr> {
    let database = &replica.database().read;
    let Some(incident) = store::by_id(database, key).await? else {
        return Ok(Attempt::Done(Tried::Unknown));
    };
    let now = now();
    let (mut next, event) = match steps::take(&incident, wanted, (&author.actor, now)) {
        Ok(taken) => taken,
        Err(refusals) => return Ok(Attempt::Done(Tried::Refused(refusals))),
    };
    let known = clocks::of_subject(database, key).await?;
    let worked_out = worked_out(replica, &next, &known).await?;
    next.due_at = due_at(&worked_out);
    next.breaches_at = breaches_at(&worked_out);
    let mut work = WorkTransaction::begin(replica, author, now).await?;
    if !store::update(work.connection(), &next, incident.version).await?
        || !clocks::replace(work.connection(), &known, &worked_out).await?
    {
        work.give_up().await?;
        return Ok(Attempt::Overtaken);
    }
    work.add(store::event_inserts(&event));
    for (before, after) in known.iter().zip(&worked_out) {
        for (warning, at) in after.learnt_since(Some(before)) {
            let diff = after.diff(warning, at);
            work.record(next.subject(), ChangeKind::Updated, diff);
        }
    }
    let diff = diff(&incident.fields(), &next.fields());
    work.record(next.subject(), ChangeKind::Updated, diff);
    let sequence = work.commit().await?;
    Ok(Attempt::Done(Tried::Moved(Box::new(Moved {
        incident: next,
        sequence,
    }))))
}

/// The incident's clocks as a step leaves them.
async fn worked_out(
    replica: &Replica,
    incident: &Incident,
    known: &[StoredClock],
) -> Result<Vec<StoredClock>, DbErr> {
    let hashes = known.iter().flat_map(StoredClock::calendars);
    let contents = replica.calendars();
    let compiled = contents.load(&replica.database().read, hashes).await?;
    let clocks = known.iter().cloned();
    Ok(clocks
        .map(|clock| {
            let story = story(incident, clock.metric);
            clock.worked_out(&story, &compiled, incident.updated_at)
        })
        .collect())
}
