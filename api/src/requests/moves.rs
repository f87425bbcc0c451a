//! Taking steps with requests in the database.

use sea_orm::DbErr;
use uuid::Uuid;

use super::access::Visible;
use super::clocks::{Workshop, story};
use super::rules::{Event, ServiceRequest};
use super::steps::{self, Wanted};
use super::store;
use crate::shared::diff::diff;
use crate::shared::draft::ChangeKind;
use crate::shared::errors::UserErrors;
use crate::shared::ids::{Id, ObjectRef};
use crate::shared::subject::WorkType;
use crate::shared::work::{self, Tried, WorkTransaction};
use crate::shared::write::{Author, WriteError, now};
use crate::slas::clocks::choosing::calendars;
use crate::slas::clocks::rules::{StoredClock, breaches_at, due_at};
use crate::slas::clocks::store as clocks;
use crate::snapshot::Replica;

/// A step that was taken.
#[derive(Debug)]
pub struct Moved {
    /// The request as it is now.
    pub request: ServiceRequest,
    /// The change in the feed.
    pub sequence: Option<i64>,
}

/// Takes a step with the request that a client's id names, for somebody who sees these requests.
pub async fn take(
    replica: &Replica,
    author: &Author,
    visible: &Visible,
    id: &str,
    wanted: &Wanted,
) -> Result<Result<Moved, UserErrors>, WriteError> {
    let attempt = |key| attempt(replica, author, visible, key, wanted);
    work::take(replica, (WorkType::ServiceRequest, id), attempt).await
}

async fn attempt(
    replica: &Replica,
    author: &Author,
    visible: &Visible,
    key: Uuid,
    wanted: &Wanted,
) -> Result<Tried<Moved>, DbErr> {
    let found = store::by_id(&replica.database().read, key).await?;
    let Some(request) = found.filter(|request| visible.includes(request)) else {
        return Ok(Tried::Unknown);
    };
    if !visible.may_take(wanted.step, &request) {
        return Ok(Tried::Beyond(format!("service request {}", request.number)));
    }
    let catalog = replica.current();
    let now = now();
    let (next, event) = match steps::take(&request, wanted, &catalog, (&author.actor, now)) {
        Ok(taken) => taken,
        Err(refusals) => return Ok(Tried::Refused(refusals)),
    };
    let known = clocks::of_subject(&replica.database().read, key).await?;
    let (next, worked_out) = rewind(replica, (&request, next), &event, &known).await?;
    let mut work = WorkTransaction::begin(replica, author, now).await?;
    if !store::update(work.connection(), &next, request.version).await?
        || !work.guard(&catalog, other_way(wanted, &next)).await?
        || !clocks::replace(work.connection(), &known, &worked_out).await?
    {
        work.give_up().await?;
        return Ok(Tried::Overtaken);
    }
    work.add(store::event_inserts(&[event]));
    for (at, clock) in worked_out.iter().enumerate() {
        for (warning, instant) in clock.learnt_since(known.get(at)) {
            let diff = clock.diff(warning, instant);
            work.record(next.subject(), ChangeKind::Updated, diff);
        }
    }
    let diff = diff(&request.fields(), &next.fields());
    work.record(next.subject(), ChangeKind::Updated, diff);
    let sequence = work.commit().await?;
    Ok(Tried::Moved(Box::new(Moved {
        request: next,
        sequence,
    })))
}

/// The offering that a decline names, which has to be one that can be requested.
fn other_way(wanted: &Wanted, next: &ServiceRequest) -> Option<ObjectRef> {
    let decline = next.decline.as_ref().filter(|_| wanted.decline.is_some());
    decline?.alternative_id.map(Id::any)
}

/// The request's clocks as a step leaves them, and the request with what they say.
async fn rewind(
    replica: &Replica,
    (request, mut next): (&ServiceRequest, ServiceRequest),
    event: &Event,
    known: &[StoredClock],
) -> Result<(ServiceRequest, Vec<StoredClock>), DbErr> {
    let (catalog, contents) = (replica.current(), replica.calendars());
    let mut clocks = known.to_vec();
    // Said once more it is no other priority, so nothing is chosen anew: edits of agreements reach clocks by recalculation only.
    if next.priority != request.priority {
        let calendars = calendars(&catalog, request.service_id);
        contents.store(&replica.database().write, calendars).await?;
        let workshop = Workshop {
            catalog: &catalog,
            contents,
        };
        clocks = workshop.choose_anew(&next, &clocks, event.at)?;
    }
    if clocks.is_empty() {
        return Ok((next, clocks));
    }
    let database = &replica.database().read;
    let mut history = store::history(database, request.id).await?;
    history.push(event.clone());
    let hashes = clocks.iter().flat_map(StoredClock::calendars);
    let compiled = contents.load(database, hashes).await?;
    let clocks: Vec<_> = clocks
        .into_iter()
        .filter_map(|clock| {
            let story = story(&next, &history, clock.metric);
            let means_anything = clock.means_anything(&story, &compiled, event.at);
            means_anything.then(|| clock.worked_out(&story, &compiled, event.at))
        })
        .collect();
    next.due_at = due_at(&clocks);
    next.breaches_at = breaches_at(&clocks);
    Ok((next, clocks))
}
