//! Records what becomes of clocks as time passes: that they are at risk, and that they are missed.
//!
//! What is asked of a clock never waits for this: rows hold the instants to come. It is for those who are to be told, by the
//! feed. Everything is recorded with the instant at which it happened, so one who was away for a night catches up.

use std::time::Duration;

use jiff::Timestamp;
use sea_orm::DbErr;

use super::rules::{StoredClock, Warning};
use super::store;
use crate::shared::dialect;
use crate::shared::draft::ChangeKind;
use crate::shared::lease::Held;
use crate::shared::work::WorkTransaction;
use crate::shared::write::{Author, now};
use crate::snapshot::Replica;

/// Who records it.
pub const AUTHOR: &str = "kundig";
/// How many clocks are looked at in one transaction.
const AT_ONCE: u64 = 200;
/// How often it is looked whether a clock's time has come.
const PACE: Duration = Duration::from_secs(1);

/// How long it waits where another writer was in its way.
const AFTER_CONFLICT: Duration = Duration::from_millis(50);

/// Records what becomes of clocks, as long as this is the one replica to do it. Returns where the database fails or the job
/// is another's.
pub async fn keep_time(replica: &Replica, held: Held) {
    loop {
        match record_due(replica, held).await {
            Ok(Round::Lost) => return,
            Ok(Round::Done { is_full: true }) => {}
            Ok(Round::Done { is_full: false }) => tokio::time::sleep(PACE).await,
            // Somebody takes a step with one of the subjects.
            Err(error) if dialect::is_conflict(&error) => tokio::time::sleep(AFTER_CONFLICT).await,
            Err(error) => {
                let error: &dyn std::error::Error = &error;
                tracing::warn!(error, "can't record what became of clocks");
                return;
            }
        }
    }
}

/// What became of one look.
enum Round {
    /// All that was found is recorded.
    Done {
        /// Whether there may be more.
        is_full: bool,
    },
    /// The job is another replica's.
    Lost,
}

async fn record_due(replica: &Replica, held: Held) -> Result<Round, DbErr> {
    let now = now();
    let mut due = store::due(&replica.database().follow, now, AT_ONCE).await?;
    if due.is_empty() {
        return Ok(Round::Done { is_full: false });
    }
    let is_full = due.len() as u64 == AT_ONCE;
    // In the order in which steps take them, so that neither waits for the other.
    due.sort_by_key(|clock| (clock.subject.id, clock.place));
    let author = Author::program(AUTHOR);
    let mut work = WorkTransaction::begin(replica, &author, now).await?;
    if !held.is_held(work.connection()).await? {
        work.give_up().await?;
        return Ok(Round::Lost);
    }
    let mut recorded: Vec<(Timestamp, Warning, StoredClock)> = Vec::new();
    for before in due {
        let mut after = before.clone();
        let warnings = after.record(now);
        // Somebody who has just taken a step with the subject has recorded it as well.
        if store::update(work.connection(), &before, &after).await? {
            let warnings = warnings.into_iter();
            recorded.extend(warnings.map(|(warning, at)| (at, warning, after.clone())));
        }
    }
    recorded.sort_by_key(|(at, ..)| *at);
    for (at, warning, clock) in recorded {
        let diff = clock.diff(warning, at);
        work.record(clock.subject, ChangeKind::Updated, diff);
    }
    work.commit().await?;
    Ok(Round::Done { is_full })
}
