//! Submitting requests: any number at once, each with its own result, in one transaction.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;
use sea_orm::DbErr;
use serde_json::Map;
use uuid::Uuid;

use super::clocks::Workshop;
use super::rules::{NewRequest, RequestNumber, ServiceRequest};
use super::store;
use super::submission::{Submission, Submitter, first_event, plan};
use crate::catalog::offerings::rules::Offering;
use crate::shared::diff::diff;
use crate::shared::draft::ChangeKind;
use crate::shared::errors::UserErrors;
use crate::shared::idempotency::{self, Key, Known};
use crate::shared::work::{Attempt, Attempts, WorkTransaction};
use crate::shared::write::{Author, WriteError, now};
use crate::slas::clocks::choosing::calendars;
use crate::slas::clocks::rules::{StoredClock, breaches_at, due_at};
use crate::slas::clocks::store as clocks;
use crate::snapshot::{Catalog, Replica};

/// A submission, and the key under which it may be sent again.
#[derive(Clone, Debug)]
pub struct Submitted {
    /// What is wanted.
    pub submission: Submission,
    /// The key, where one was given.
    pub key: Option<Key>,
}

/// The request that a submission became.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The request.
    pub request: ServiceRequest,
    /// Whether it was submitted before, under the same key.
    pub replayed: bool,
}

/// What became of several submissions, in their order.
#[derive(Debug)]
pub struct Outcomes {
    /// Each with its own.
    pub results: Vec<Result<Outcome, UserErrors>>,
    /// The last change, where anything new was submitted.
    pub sequence: Option<i64>,
}

/// Submits all of these for one subject. One that is refused keeps no other back.
pub async fn submit(
    replica: &Replica,
    author: &Author,
    submitter: Submitter<'_>,
    wanted: &[Submitted],
) -> Result<Outcomes, WriteError> {
    let mut attempts = Attempts::new(replica);
    loop {
        let is_fresh = attempts.next().await?;
        let attempt = attempt(replica, author, submitter, wanted, is_fresh).await;
        if let Some(outcomes) = Attempt::settled(attempt)? {
            return Ok(outcomes);
        }
    }
}

async fn attempt(
    replica: &Replica,
    author: &Author,
    submitter: Submitter<'_>,
    wanted: &[Submitted],
    is_fresh: bool,
) -> Result<Attempt<Outcomes>, DbErr> {
    let now = now();
    let mut batch = Batch::new(wanted, replica.current());
    if is_fresh {
        batch.find_earlier(replica).await?;
    }
    batch.plan(submitter, now).await;
    // What a snapshot that may be behind refuses is looked at again, and so is what may have been submitted before.
    if !is_fresh && batch.any_refused() {
        return Ok(Attempt::Overtaken);
    }
    batch.start_clocks(replica).await?;
    let Attempt::Done(sequence) = batch.commit(replica, author, now).await? else {
        return Ok(Attempt::Overtaken);
    };
    let results = batch.results(replica).await?;
    Ok(Attempt::Done(Outcomes { results, sequence }))
}

/// Submissions on their way into the database.
struct Batch<'a> {
    wanted: &'a [Submitted],
    /// What it is planned on.
    catalog: Arc<Catalog>,
    earlier: HashMap<String, Known>,
    fates: Vec<Fate>,
    new: Vec<NewRequest>,
    clocks: Vec<StoredClock>,
}

/// What becomes of one submission.
enum Fate {
    /// It becomes the new request at this place.
    New(usize),
    /// It was submitted before, and became this request; or just now, by another one in the batch.
    Again(Uuid),
    /// It is refused.
    Refused(UserErrors),
}

impl<'a> Batch<'a> {
    fn new(wanted: &'a [Submitted], catalog: Arc<Catalog>) -> Self {
        Self {
            wanted,
            catalog,
            earlier: HashMap::new(),
            fates: Vec::with_capacity(wanted.len()),
            new: Vec::with_capacity(wanted.len()),
            clocks: Vec::new(),
        }
    }

    fn keys(&self) -> impl Iterator<Item = &'a Key> {
        self.wanted.iter().filter_map(|wanted| wanted.key.as_ref())
    }

    async fn find_earlier(&mut self, replica: &Replica) -> Result<(), DbErr> {
        let keys: Vec<&Key> = self.keys().collect();
        self.earlier = idempotency::find(&replica.database().write, &keys).await?;
        Ok(())
    }

    /// Others get a turn after each, as what an offering asks for may take a while to look at.
    async fn plan(&mut self, submitter: Submitter<'_>, now: Timestamp) {
        for Submitted { submission, key } in self.wanted {
            if !self.fates.is_empty() {
                tokio::task::yield_now().await;
            }
            let known = key.as_ref().and_then(|key| self.earlier.get(&key.key));
            let fate = match (key, known) {
                (Some(key), Some(known)) => match key.earlier(known) {
                    Ok(request) => Fate::Again(request),
                    Err(conflict) => Fate::Refused(vec![conflict]),
                },
                _ => match plan(submission, submitter, &self.catalog, now) {
                    Ok(new) => {
                        self.remember(key.as_ref(), new.request.id);
                        self.new.push(new);
                        Fate::New(self.new.len() - 1)
                    }
                    Err(refusals) => Fate::Refused(refusals),
                },
            };
            self.fates.push(fate);
        }
    }

    /// The next one with the same key in the same batch is the same again.
    fn remember(&mut self, key: Option<&Key>, request: Uuid) {
        if let Some(key) = key {
            let known = Known {
                input_hash: key.input_hash.clone(),
                result_id: request,
            };
            self.earlier.insert(key.key.clone(), known);
        }
    }

    /// What was promised for what is new. Numbers are not known yet, and clocks don't need them.
    async fn start_clocks(&mut self, replica: &Replica) -> Result<(), DbErr> {
        let contents = replica.calendars();
        let workshop = Workshop {
            catalog: &self.catalog,
            contents,
        };
        for NewRequest { request, .. } in &mut self.new {
            let calendars = calendars(&self.catalog, request.service_id);
            contents.store(&replica.database().write, calendars).await?;
            let clocks = workshop.start(request, &[first_event(request)])?;
            request.due_at = due_at(&clocks);
            request.breaches_at = breaches_at(&clocks);
            self.clocks.extend(clocks);
        }
        Ok(())
    }

    fn any_refused(&self) -> bool {
        let mut fates = self.fates.iter();
        fates.any(|fate| matches!(fate, Fate::Refused(_)))
    }

    /// Commits what is new, if anything is, unless a key was taken or an offering changed meanwhile; the last sequence.
    async fn commit(
        &mut self,
        replica: &Replica,
        author: &Author,
        now: Timestamp,
    ) -> Result<Attempt<Option<i64>>, DbErr> {
        if self.new.is_empty() {
            return Ok(Attempt::Done(None));
        }
        let keys: Vec<(&Key, Uuid)> = self
            .wanted
            .iter()
            .zip(&self.fates)
            .filter_map(|(wanted, fate)| match (&wanted.key, fate) {
                (Some(key), Fate::New(place)) => Some((key, self.new[*place].request.id)),
                _ => None,
            })
            .collect();
        let mut work = WorkTransaction::begin(replica, author, now).await?;
        if !idempotency::take(work.connection(), &keys, now).await? {
            work.give_up().await?;
            return Ok(Attempt::Overtaken);
        }
        let offerings = self.new.iter().map(|new| new.request.offering_id).collect();
        let numbers = ("service_request", self.new.len());
        let numbers = work
            .next_numbers_if_unchanged::<Offering>(numbers, &self.catalog, &offerings)
            .await?;
        let Some(numbers) = numbers else {
            work.give_up().await?;
            return Ok(Attempt::Overtaken);
        };
        for (new, number) in self.new.iter_mut().zip(numbers) {
            new.request.number = RequestNumber(number);
        }
        work.add(store::inserts(&self.new));
        let events: Vec<_> = self.new.iter().map(|it| first_event(&it.request)).collect();
        work.add(store::event_inserts(&events));
        work.add(clocks::inserts(&self.clocks));
        for NewRequest { request, .. } in &self.new {
            let diff = diff(&Map::new(), &request.fields());
            work.record(request.subject(), ChangeKind::Created, diff);
        }
        work.commit().await.map(Attempt::Done)
    }

    async fn results(self, replica: &Replica) -> Result<Vec<Result<Outcome, UserErrors>>, DbErr> {
        let again: Vec<Uuid> = self
            .fates
            .iter()
            .filter_map(|fate| match fate {
                Fate::Again(request) => Some(*request),
                Fate::New(_) | Fate::Refused(_) => None,
            })
            .collect();
        let mut found: HashMap<Uuid, ServiceRequest> = HashMap::new();
        if !again.is_empty() {
            let requests = store::by_ids(&replica.database().write, &again).await?;
            found.extend(requests.into_iter().map(|request| (request.id, request)));
        }
        self.fates
            .into_iter()
            .map(|fate| match fate {
                Fate::New(place) => Ok(Ok(Outcome {
                    request: self.new[place].request.clone(),
                    replayed: false,
                })),
                Fate::Again(id) => match found.get(&id) {
                    Some(request) => Ok(Ok(Outcome {
                        request: request.clone(),
                        replayed: true,
                    })),
                    None => Err(DbErr::RecordNotFound(format!("service request {id}"))),
                },
                Fate::Refused(refusals) => Ok(Err(refusals)),
            })
            .collect()
    }
}
