//! The demo: a catalog, and what a quarter of work with it leaves behind.
//!
//! The catalog is files that any import could bring (`exchange/demo`). The work is played: stories are told again and again over
//! the last quarter, step by step by the rules that hold for everybody, and break off where the present begins. So there is
//! something in every state, whenever the demo is started.

mod availability;
mod demands;
mod feed;
mod feedback;
mod incidents;
mod missed;
mod requests;
mod stories;

use feed::Feed;
use jiff::{SignedDuration, Timestamp};

use crate::shared::work::WorkTransaction;
use crate::shared::write::{Author, now};
use crate::snapshot::Replica;

/// How far back the demo's work goes.
const QUARTER: SignedDuration = SignedDuration::from_hours(91 * 24);

/// Plays the demo's work over a catalog that holds the demo's objects. How many requests there are then.
///
/// # Errors
/// The database fails, or a story does not fit the catalog.
pub async fn play(replica: &Replica, author: &Author) -> anyhow::Result<usize> {
    let now = now();
    let since = now.checked_sub(QUARTER).unwrap_or(Timestamp::UNIX_EPOCH);
    availability::play(replica, author, since, now).await?;
    let catalog = replica.current();
    let mut incidents = incidents::play(replica, now).await?;
    let mut demands = demands::play(&catalog, now)?;
    let mut requests = requests::play(replica, since, now).await?;
    let ended = requests.iter().map(|played| &played.request);
    let feedback = feedback::play(ended, &catalog, now)?;
    // In one transaction, so that the feed tells all of it in the order of time.
    let mut work = WorkTransaction::begin(replica, author, now).await?;
    let mut feed = Feed::default();
    incidents::store(&mut work, &mut feed, &mut incidents).await?;
    demands::store(&mut work, &mut feed, &mut demands).await?;
    requests::store(&mut work, &mut feed, &mut requests).await?;
    feedback::store(&mut work, &mut feed, &feedback);
    feed.record(&mut work);
    work.commit().await?;
    demands::link(replica, author, &demands).await?;
    missed::play(replica, now).await?;
    Ok(requests.len())
}
