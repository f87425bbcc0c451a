//! Giving feedback in the database.

use sea_orm::DbErr;
use uuid::Uuid;

use super::rules::{Feedback, Giver, Plan, Wanted, plan};
use super::store;
use crate::catalog::customers::rules::Customer;
use crate::catalog::services::rules::Service;
use crate::requests::access::Visible;
use crate::requests::rules::ServiceRequest;
use crate::requests::store as requests;
use crate::shared::diff::diff;
use crate::shared::draft::ChangeKind;
use crate::shared::errors::UserErrors;
use crate::shared::form::find_in;
use crate::shared::subject::WorkType;
use crate::shared::work::{Attempt, Attempts, WorkTransaction};
use crate::shared::write::{Author, WriteError, now};
use crate::snapshot::{Catalog, Replica};

/// Feedback that was given.
#[derive(Debug)]
pub struct Given {
    /// As it is now.
    pub feedback: Feedback,
    /// The change in the feed; none where it was said already.
    pub sequence: Option<i64>,
}

/// Gives feedback, or changes what was given before, for somebody who sees these requests. Of two at once one is the first, and the
/// other a change of it.
pub async fn give(
    replica: &Replica,
    author: &Author,
    (visible, giver): (&Visible, &Giver),
    wanted: &Wanted,
) -> Result<Result<Given, UserErrors>, WriteError> {
    let mut attempts = Attempts::new(replica);
    loop {
        let is_fresh = attempts.next().await?;
        let attempt = match attempt(replica, author, (visible, giver), wanted).await {
            // What a snapshot that may be behind refuses is looked at again.
            Ok(Attempt::Done(Err(_))) if !is_fresh => Ok(Attempt::Overtaken),
            attempt => attempt,
        };
        if let Some(given) = Attempt::settled(attempt)? {
            return Ok(given);
        }
    }
}

async fn attempt(
    replica: &Replica,
    author: &Author,
    (visible, giver): (&Visible, &Giver),
    wanted: &Wanted,
) -> Result<Attempt<Result<Given, UserErrors>>, DbErr> {
    let (catalog, database) = (replica.current(), &replica.database().read);
    let request = named_request(replica, visible, wanted).await?;
    let latest = match about(&catalog, giver, wanted, request.as_ref()) {
        Some(about) => store::latest(database, about, &giver.subject).await?,
        None => None,
    };
    let now = now();
    let known = (request.as_ref(), latest.as_ref());
    match plan(wanted, giver, known, &catalog, now) {
        Err(refusals) => Ok(Attempt::Done(Err(refusals))),
        Ok(Plan::Keep(feedback)) => Ok(Attempt::Done(Ok(Given {
            feedback,
            sequence: None,
        }))),
        Ok(planned) => {
            let work = WorkTransaction::begin(replica, author, now).await?;
            commit(work, giver, latest, planned).await
        }
    }
}

/// What somebody speaks of; none where that is not there.
fn about(
    catalog: &Catalog,
    giver: &Giver,
    wanted: &Wanted,
    request: Option<&ServiceRequest>,
) -> Option<Uuid> {
    if wanted.service_request_id.is_some() {
        return request.map(|request| request.id);
    }
    let service = find_in::<Service>(catalog, &wanted.service_id)?;
    let customer = match &wanted.customer_id {
        Some(id) => Some(find_in::<Customer>(catalog, id)?),
        None => giver.customer,
    };
    Some(giver.about(None, service, customer))
}

/// The request that is named, if it is there and seen.
async fn named_request(
    replica: &Replica,
    visible: &Visible,
    wanted: &Wanted,
) -> Result<Option<ServiceRequest>, DbErr> {
    let id = wanted.service_request_id.as_deref();
    let key: Option<Uuid> = id.and_then(|id| WorkType::ServiceRequest.key(id));
    let Some(key) = key else {
        return Ok(None);
    };
    let found = requests::by_id(&replica.database().read, key).await?;
    Ok(found.filter(|request| visible.includes(request)))
}

async fn commit(
    mut work: WorkTransaction<'_>,
    giver: &Giver,
    latest: Option<Feedback>,
    planned: Plan,
) -> Result<Attempt<Result<Given, UserErrors>>, DbErr> {
    let (feedback, is_in_time) = match planned {
        Plan::Give(feedback) => {
            let (request, service) = (feedback.service_request_id, feedback.service_id);
            let about = giver.about(request, service, feedback.customer_id);
            let is_first = match &latest {
                None => {
                    // Whoever comes second finds that the row is there.
                    work.add(store::latest_inserts([(about, &feedback)]));
                    true
                }
                Some(latest) => {
                    let said = (about, &feedback);
                    store::supersede(work.connection(), said, latest.id).await?
                }
            };
            work.add(store::inserts([&feedback]));
            let created = diff(&serde_json::Map::new(), &feedback.fields());
            work.record(feedback.subject(), ChangeKind::Created, created);
            (feedback, is_first)
        }
        Plan::Change(feedback) | Plan::Keep(feedback) => {
            let before = feedback.version - 1;
            let is_unchanged = store::update(work.connection(), &feedback, before).await?;
            let known = latest.map(|latest| latest.fields()).unwrap_or_default();
            let changed = diff(&known, &feedback.fields());
            work.record(feedback.subject(), ChangeKind::Updated, changed);
            (feedback, is_unchanged)
        }
    };
    if !is_in_time {
        work.give_up().await?;
        return Ok(Attempt::Overtaken);
    }
    let sequence = work.commit().await?;
    Ok(Attempt::Done(Ok(Given { feedback, sequence })))
}
