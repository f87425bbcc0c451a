//! Subscriptions to the change feed.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use async_graphql::{Context, Result, Subscription};
use futures_util::stream::{self, BoxStream, StreamExt, TryStreamExt};
use sea_orm::DbErr;
use tokio::time::{Instant, sleep};

use super::graphql::{self, ChangeNode, sequence, wanted};
use super::seen::{is_restricted, seen_by, those_seen};
use super::store::{Change, ChangeFilter};
use super::tail::{Follower, Tail};
use crate::auth::Viewer;
use crate::shared::graphql::{bad_input, catalog, internal};
use crate::shared::live::{Event, Source, Stage};
use crate::shared::subject::SubjectRef;
use crate::snapshot::Replica;

/// Subscriptions to changes.
#[derive(Default)]
pub struct ChangeSubscriptions;

#[Subscription]
impl ChangeSubscriptions {
    /// Every change that the viewer may see, from `after` on (a `sequence`), none left out and none twice; without it, from now
    /// on. A change comes once nothing can be committed before it. Errors: `BAD_USER_INPUT` for a bad sequence, type or id, and
    /// for a sequence beyond the end of the feed, after a restore from a backup say.
    async fn changes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which ones; all where absent.")] filter: Option<graphql::ChangeFilter>,
        #[graphql(
            desc = "Only what comes after this sequence: that of the last change that was seen."
        )]
        after: Option<String>,
    ) -> Result<BoxStream<'static, ChangeNode>> {
        match Stage::of(ctx) {
            Stage::Opening(opening) => {
                opening.set(open(ctx, wanted(filter)?, sequence(after)?).await?);
                Ok(stream::empty().boxed())
            }
            Stage::Event(event) => {
                let change = event.get::<Arc<Change>>();
                let shown = change.map(|change| {
                    let change = Change::clone(change);
                    ChangeNode::new(change, &catalog(ctx))
                });
                Ok(stream::iter(shown).boxed())
            }
        }
    }
}

/// The changes after a sequence, or from now on, that a filter lets through and the viewer sees.
pub async fn open(ctx: &Context<'_>, filter: ChangeFilter, after: Option<i64>) -> Result<Source> {
    let viewer = ctx.data_unchecked::<Viewer>();
    let tail = ctx.data_unchecked::<Tail>();
    if let Some(after) = after {
        reach(tail.replica(), after).await?;
    }
    let following = tail.follow(filter.of_seen_types(viewer), after).await;
    let follower = following.map_err(|error| internal(&error))?;
    Ok(seen(tail.clone(), follower, viewer.clone()))
}

/// Makes sure that the feed reaches as far as somebody says that they have read. Whoever has read further has read another feed, and
/// would wait in vain, or miss what this one adds until it gets there.
async fn reach(replica: &Replica, after: i64) -> Result<()> {
    // Where the database is a standby, it may be behind what was seen elsewhere.
    const PATIENCE: Duration = Duration::from_secs(2);
    const PAUSE: Duration = Duration::from_millis(100);
    let mut newest = replica.newest_sequence();
    let began = Instant::now();
    while after > newest {
        let caught_up = replica.catch_up().await;
        newest = caught_up
            .map_err(|error| internal(&error))?
            .position
            .newest();
        if after <= newest {
            break;
        }
        if began.elapsed() >= PATIENCE {
            return Err(bad_input(format!(
                "`after` is \"{after}\", which lies beyond the feed's end, \"{newest}\": it is of another feed, or of a time after the \
                 backup that this one was restored from. Read anew, and subscribe from where that ends"
            )));
        }
        sleep(PAUSE).await;
    }
    Ok(())
}

/// What a viewer sees of the changes that a follower comes across.
fn seen(tail: Tail, follower: Follower, viewer: Viewer) -> Source {
    let state = (tail, follower, viewer);
    stream::try_unfold(state, async |(tail, mut follower, viewer)| {
        let changes = follower.next().await?;
        let visible = visible(tail.replica(), &viewer, changes).await?;
        let events = stream::iter(visible.into_iter().map(|change| Ok(Event::new(change))));
        Ok::<_, DbErr>(Some((events, (tail, follower, viewer))))
    })
    .try_flatten()
    .boxed()
}

/// Those of some changes that the viewer may see now; the others do not exist for them. At most one statement, whatever
/// they are.
pub(crate) async fn visible(
    replica: &Replica,
    viewer: &Viewer,
    mut changes: Vec<Arc<Change>>,
) -> Result<Vec<Arc<Change>>, DbErr> {
    let catalog = replica.current();
    let viewer = viewer.renewed(&catalog);
    changes.retain(|change| viewer.sees(change.subject.kind));
    let restricted = seen_by(&viewer, &catalog);
    let subjects = changes.iter().map(|change| change.subject);
    let subjects: BTreeSet<SubjectRef> = subjects
        .filter(|subject| is_restricted(&restricted, *subject))
        .collect();
    if subjects.is_empty() {
        return Ok(changes);
    }
    let subjects: Vec<SubjectRef> = subjects.into_iter().collect();
    let database = &replica.database().read;
    let seen = those_seen(database, &restricted, &subjects).await?;
    changes.retain(|change| {
        !is_restricted(&restricted, change.subject) || seen.contains(&change.subject.id)
    });
    Ok(changes)
}
