//! Brings events to endpoints: the job of one replica at a time.
//!
//! Each endpoint gets its events in the feed's order, one after the other: the next one is sent once the one before has arrived.
//! What arrived is noted in one transaction with the log; a process that ends in between sends it again. So every event
//! arrives at least once. While an endpoint fails it waits, and the others go on. A turn is for the endpoint as it was when the
//! turn began: once it has another version, nothing more is sent nor noted for it but in another turn.

use std::collections::{HashMap, HashSet};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use jiff::{SignedDuration, Timestamp};
use sea_orm::DbErr;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};
use uuid::Uuid;

use super::events::{self, Pattern};
use super::rules::{Answer, Endpoint, Verdict, judge};
use super::sender::{Message, Sender};
use super::store::{self, Sent};
use crate::changes::store::{self as feed, Change, ChangeFilter};
use crate::shared::dialect;
use crate::shared::diff::diff;
use crate::shared::draft::ChangeKind;
use crate::shared::lease::Held;
use crate::shared::work::WorkTransaction;
use crate::shared::write::{Author, now};
use crate::snapshot::Replica;

/// The job's name.
pub const JOB: &str = "webhooks";
/// The author of what the job itself changes.
const AUTHOR: &str = "kundig webhooks";

/// How many changes are read at once.
const PAGE: u64 = 100;
/// How many events an endpoint gets before the others have their turn of the connections.
const BURST: usize = 100;
/// How many endpoints are served at a time.
const MAX_BUSY: usize = 32;
/// How soon the feed is looked at again.
const PAUSE: Duration = Duration::from_millis(20);
/// How long an endpoint waits after the database failed.
const RECOVERY: Duration = Duration::from_secs(2);
/// How often an endpoint's position is noted that has had no events.
const NOTE_EVERY: Duration = Duration::from_mins(1);
/// How often old deliveries are forgotten.
const FORGET_EVERY: Duration = Duration::from_mins(10);

/// The job.
#[derive(Clone, Debug)]
pub struct Delivery {
    replica: Replica,
    sender: Sender,
}

/// How far an endpoint has come beyond what the database says.
#[derive(Clone, Copy, Debug)]
struct Progress {
    version: i32,
    position: i64,
    noted: Instant,
    /// Not before.
    again: Instant,
}

/// How a turn of an endpoint ended.
enum Turn {
    /// Everything up to here has been delivered.
    Reached(i64),
    /// The endpoint is not as it was: it waits for another attempt, or gets no events any more.
    Changed,
    /// The database failed.
    Failed(DbErr),
}

impl Delivery {
    /// Brings this replica's feed to endpoints.
    pub fn new(replica: Replica, sender: Sender) -> Self {
        Self { replica, sender }
    }

    /// Delivers until the future is dropped.
    pub async fn run(&self, held: Held) {
        let mut rounds = self.replica.rounds();
        let mut state = State::default();
        let mut turns = JoinSet::new();
        loop {
            let next = match self.look(held, &mut state, &mut turns).await {
                Ok(next) => next,
                Err(error) => {
                    let error: &dyn std::error::Error = &error;
                    tracing::warn!(error, "can't look for endpoints of webhooks");
                    Some(Instant::now() + RECOVERY)
                }
            };
            // What happens at once is looked at once.
            sleep(PAUSE).await;
            tokio::select! {
                changed = rounds.changed() => if changed.is_err() {
                    return;
                },
                Some(Ok((id, turn))) = turns.join_next() => state.end(id, turn),
                () = wait_until(next) => {}
            }
        }
    }

    /// Begins a turn of each endpoint that has something to be delivered; when there is something next, as far as it is known.
    async fn look(
        &self,
        held: Held,
        state: &mut State,
        turns: &mut JoinSet<(Uuid, Turn)>,
    ) -> Result<Option<Instant>, DbErr> {
        self.forget(state).await?;
        let until = self.replica.peek().position.complete_to();
        let now = Timestamp::now();
        let endpoints = store::enabled(&self.replica.database().job).await?;
        state.keep(&endpoints);
        let mut next: Option<Instant> = None;
        for endpoint in endpoints {
            if state.busy.contains(&endpoint.id) || state.busy.len() >= MAX_BUSY {
                continue;
            }
            let progress = state.progress(&endpoint);
            let due = progress.again.max(due_at(&endpoint, now));
            if due > Instant::now() {
                next = Some(next.map_or(due, |next| next.min(due)));
                continue;
            }
            if progress.position >= until {
                continue;
            }
            state.busy.insert(endpoint.id);
            let turn = Turner {
                delivery: self.clone(),
                held,
                endpoint,
                notes: progress.noted.elapsed() > NOTE_EVERY,
            };
            let position = progress.position;
            turns.spawn(async move {
                let id = turn.endpoint.id;
                // A turn that panics must not keep its endpoint busy for ever.
                let run = AssertUnwindSafe(turn.run(position, until)).catch_unwind();
                let panicked = |_| Turn::Failed(DbErr::Custom("a delivery panicked".to_owned()));
                (id, run.await.unwrap_or_else(panicked))
            });
        }
        Ok(next)
    }

    async fn forget(&self, state: &mut State) -> Result<(), DbErr> {
        let is_due = |last: Instant| last.elapsed() > FORGET_EVERY;
        if !state.forgot.is_none_or(is_due) {
            return Ok(());
        }
        state.forgot = Some(Instant::now());
        let age = SignedDuration::try_from(self.sender.settings().log_age);
        let before = Timestamp::now().saturating_sub(age.unwrap_or(SignedDuration::MAX));
        let before = before.unwrap_or(Timestamp::MIN);
        store::forget(&self.replica.database().job, before)
            .await
            .map(drop)
    }
}

async fn wait_until(instant: Option<Instant>) {
    match instant {
        Some(instant) => sleep_until(instant).await,
        None => std::future::pending().await,
    }
}

/// When an endpoint's next attempt is due.
fn due_at(endpoint: &Endpoint, now: Timestamp) -> Instant {
    let left = endpoint
        .next_attempt_at
        .map(|at| at.duration_since(now))
        .and_then(|left| Duration::try_from(left).ok());
    let here = Instant::now();
    left.and_then(|left| here.checked_add(left)).unwrap_or(here)
}

/// What the job remembers.
#[derive(Default)]
struct State {
    progress: HashMap<Uuid, Progress>,
    busy: HashSet<Uuid>,
    forgot: Option<Instant>,
}

impl State {
    /// Forgets endpoints that are not there any more.
    fn keep(&mut self, endpoints: &[Endpoint]) {
        let known: HashSet<Uuid> = endpoints.iter().map(|endpoint| endpoint.id).collect();
        self.progress
            .retain(|id, _| known.contains(id) || self.busy.contains(id));
    }

    /// How far an endpoint has come. One that was changed begins where the database says.
    fn progress(&mut self, endpoint: &Endpoint) -> Progress {
        let fresh = Progress {
            version: endpoint.version,
            position: endpoint.position,
            noted: Instant::now(),
            again: Instant::now(),
        };
        let progress = self.progress.entry(endpoint.id).or_insert(fresh);
        if progress.version != endpoint.version {
            *progress = fresh;
        }
        progress.position = progress.position.max(endpoint.position);
        *progress
    }

    fn end(&mut self, id: Uuid, turn: Turn) {
        self.busy.remove(&id);
        match turn {
            Turn::Reached(position) => {
                if let Some(progress) = self.progress.get_mut(&id) {
                    progress.position = progress.position.max(position);
                    if progress.noted.elapsed() > NOTE_EVERY {
                        progress.noted = Instant::now();
                    }
                }
            }
            Turn::Changed => {
                self.progress.remove(&id);
            }
            Turn::Failed(error) => {
                let error: &dyn std::error::Error = &error;
                tracing::warn!(error, "webhooks can't be delivered now");
                if let Some(progress) = self.progress.get_mut(&id) {
                    progress.again = Instant::now() + RECOVERY;
                }
            }
        }
    }
}

/// One endpoint's turn.
struct Turner {
    delivery: Delivery,
    held: Held,
    endpoint: Endpoint,
    /// Whether the database hears of the position though nothing was delivered.
    notes: bool,
}

impl Turner {
    async fn run(mut self, position: i64, until: i64) -> Turn {
        match self.deliver(position, until).await {
            Ok(turn) => turn,
            Err(error) => Turn::Failed(error),
        }
    }

    async fn deliver(&mut self, mut position: i64, until: i64) -> Result<Turn, DbErr> {
        let database = self.delivery.replica.database().clone();
        let patterns = self.endpoint.events.clone();
        let filter = filter(&patterns);
        let mut delivered = 0;
        while position < until && delivered < BURST {
            let changes = feed::read(&database.follow, &filter, (position, until), PAGE).await?;
            let is_last = (changes.len() as u64) < PAGE;
            let reached = changes.last().map_or(until, |last| last.sequence);
            // Before the first event; before each of the others the one before it has been noted, which looks too.
            if !changes.is_empty() && !store::is_current(&database.job, self.known()).await? {
                return Ok(Turn::Changed);
            }
            for change in changes.iter().filter(|change| wants(&patterns, change)) {
                if !self.bring(position, change).await? {
                    return Ok(Turn::Changed);
                }
                position = change.sequence;
                delivered += 1;
            }
            position = if is_last { until } else { reached };
        }
        if self.notes
            && delivered == 0
            && !store::advance(&database.job, self.known(), position).await?
        {
            return Ok(Turn::Changed);
        }
        Ok(Turn::Reached(position))
    }

    fn known(&self) -> store::Known {
        (self.endpoint.id, self.endpoint.version)
    }

    /// Brings one event; whether the endpoint goes on with the next one at once.
    async fn bring(&mut self, position: i64, change: &Change) -> Result<bool, DbErr> {
        let sender = &self.delivery.sender;
        let settings = sender.settings();
        let at = now();
        let body = events::write(change, &settings.source);
        let message = Message {
            id: &events::id(change),
            body: &body,
        };
        let answer = sender.send(&self.endpoint, message, at).await;
        let failed = self.endpoint.failed_attempts;
        let verdict = judge(&answer, failed, &settings.retries, (now(), spread()));
        let sent = Sent {
            endpoint: self.endpoint.id,
            sequence: Some(change.sequence),
            event: &events::name(change),
            attempt: failed.saturating_add(1),
            at,
        };
        if !self.note(position, &sent, &answer, &verdict).await? {
            return Ok(false);
        }
        match verdict {
            Verdict::Delivered => {
                self.endpoint.failed_attempts = 0;
                Ok(true)
            }
            Verdict::Retry(..) => Ok(false),
            Verdict::Disable(reason) => {
                self.disable(reason).await?;
                Ok(false)
            }
        }
    }

    /// Notes what became of an attempt; false where it is not for this replica to note, or the endpoint is not as it was. Then
    /// only the log hears of it, if the endpoint is there: where it goes on is what its change says.
    async fn note(
        &self,
        position: i64,
        sent: &Sent<'_>,
        answer: &Answer,
        verdict: &Verdict,
    ) -> Result<bool, DbErr> {
        let database = &self.delivery.replica.database().job;
        let transaction = dialect::begin_write(database).await?;
        if !self.held.is_held(&transaction).await? {
            transaction.rollback().await?;
            return Ok(false);
        }
        let reached = (position, sent.sequence.unwrap_or(position));
        let goes_on = store::note(&transaction, self.known(), reached, verdict).await?;
        if !goes_on
            && store::by_id(&transaction, self.endpoint.id)
                .await?
                .is_none()
        {
            transaction.rollback().await?;
            return Ok(false);
        }
        store::log(&transaction, &store::logged(sent, answer)).await?;
        transaction.commit().await?;
        Ok(goes_on)
    }

    /// Sends nothing more to the endpoint.
    async fn disable(&self, reason: String) -> Result<(), DbErr> {
        let author = Author::program(AUTHOR);
        let replica = &self.delivery.replica;
        let mut work = WorkTransaction::begin(replica, &author, now()).await?;
        let found = store::by_id(work.connection(), self.endpoint.id).await?;
        let Some(before) = found.filter(|endpoint| endpoint.version == self.endpoint.version)
        else {
            // Whoever changed it meanwhile wants another try.
            return work.give_up().await;
        };
        let mut after = before.clone();
        after.disable(reason);
        after.version += 1;
        after.updated_at = now();
        tracing::warn!(
            endpoint = %after.subject(),
            reason = after.disabled_reason,
            "an endpoint of webhooks gets no events any more"
        );
        if !self.held.is_held(work.connection()).await?
            || !store::update(work.connection(), &after, (before.version, false)).await?
        {
            return work.give_up().await;
        }
        let changed = diff(&before.fields(), &after.fields());
        work.record(after.subject(), ChangeKind::Updated, changed);
        work.commit().await.map(drop)
    }
}

/// The types of which an endpoint wants anything.
fn filter(patterns: &[Pattern]) -> ChangeFilter {
    let kinds: Option<Vec<String>> = patterns
        .iter()
        .map(|pattern| pattern.kind().map(|kind| kind.to_string()))
        .collect();
    ChangeFilter {
        types: kinds.filter(|kinds| !kinds.is_empty()),
        ..ChangeFilter::default()
    }
}

fn wants(patterns: &[Pattern], change: &Change) -> bool {
    patterns.is_empty() || patterns.iter().any(|pattern| pattern.covers(change))
}

/// A number in [0, 1) that differs each time.
fn spread() -> f64 {
    f64::from(Uuid::now_v7().as_bytes()[15]) / 256.0
}

/// Delivers events wherever this is the replica that does it, until `stop` is ready.
pub async fn run(
    replica: Replica,
    sender: Sender,
    job: crate::shared::lease::Job,
    stop: impl Future<Output = ()>,
) {
    let delivery = Arc::new(Delivery::new(replica, sender));
    let work = |held| {
        let delivery = Arc::clone(&delivery);
        async move { delivery.run(held).await }
    };
    job.run(work, stop).await;
}
