//! Giving the clocks of requests what the catalog promises now.

use sea_orm::DbErr;
use uuid::Uuid;

use super::clocks::{Workshop, story};
use super::rules::ServiceRequest;
use super::store;
use crate::shared::draft::ChangeKind;
use crate::shared::work::{Attempt, Attempts, WorkTransaction};
use crate::shared::write::{Author, WriteError, now};
use crate::slas::clocks::choosing::calendars;
use crate::slas::clocks::recalculation::{diffs, worked_out};
use crate::slas::clocks::rules::{StoredClock, breaches_at, due_at};
use crate::slas::clocks::store as clocks;
use crate::snapshot::Replica;

/// A request whose clocks were given what is promised now.
#[derive(Debug)]
pub struct Recalculated {
    /// The request.
    pub request: ServiceRequest,
    /// The last change; none where nothing else is promised than before.
    pub sequence: Option<i64>,
}

/// Gives the clocks of a request what the catalog promises now; none where there is no such request.
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
    let Some(request) = store::by_id(database, key).await? else {
        return Ok(Attempt::Done(None));
    };
    let known = clocks::of_subject(database, key).await?;
    let mut next = request.clone();
    next.version += 1;
    next.updated_at = now().max(request.updated_at);
    let after = renewed(replica, &next, &known).await?;
    if after == known {
        return Ok(Attempt::Done(Some(Recalculated {
            request,
            sequence: None,
        })));
    }
    next.due_at = due_at(&after);
    next.breaches_at = breaches_at(&after);
    let mut work = WorkTransaction::begin(replica, author, next.updated_at).await?;
    if !store::update(work.connection(), &next, request.version).await?
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
        request: next,
        sequence,
    })))
}

/// The request's clocks by what is promised now. Those of one that has ended stay as they are.
async fn renewed(
    replica: &Replica,
    request: &ServiceRequest,
    known: &[StoredClock],
) -> Result<Vec<StoredClock>, DbErr> {
    if request.status.is_end() {
        return Ok(known.to_vec());
    }
    let (catalog, contents) = (replica.current(), replica.calendars());
    let calendars = calendars(&catalog, request.service_id);
    contents.store(&replica.database().write, calendars).await?;
    let workshop = Workshop {
        catalog: &catalog,
        contents,
    };
    let promised = workshop.promise_anew(request, known, request.updated_at)?;
    if promised == known {
        return Ok(promised);
    }
    let database = &replica.database().read;
    let history = store::history(database, request.id).await?;
    let hashes = promised.iter().flat_map(StoredClock::calendars);
    let compiled = contents.load(database, hashes).await?;
    let story = |metric| story(request, &history, metric);
    let at = request.updated_at;
    Ok(worked_out(known, promised, story, &compiled, at))
}
