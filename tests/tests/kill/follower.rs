//! Somebody who subscribes to all changes and comes back whenever the connection is gone, sometimes by leaving it.

use std::sync::Arc;
use std::time::Duration;

use fastrand::Rng;
use kundig_tests::Events;
use reqwest::header::ACCEPT;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use crate::PATIENCE;
use crate::client::Client;
use crate::world::{World, pause};

const CHANGES: &str =
    "subscription ($after: String) { changes(after: $after) { sequence kind type subjectId } }";

/// A change that came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    /// Its place in the feed.
    pub(crate) sequence: i64,
    /// What happened.
    pub(crate) kind: String,
    /// To what.
    pub(crate) subject: String,
}

/// Follows the feed from its beginning until the change that the channel names at last; everything that came, as it came, and over
/// how many connections.
pub(crate) async fn follow(
    world: Arc<World>,
    mut end: watch::Receiver<Option<i64>>,
) -> (Vec<Seen>, usize) {
    let client = Client::new();
    let mut random = Rng::with_seed(world.seed ^ 0xF011);
    let mut seen: Vec<Seen> = Vec::new();
    let mut connections = 0;
    loop {
        let last = seen.last().map_or(0, |change| change.sequence);
        if end.borrow_and_update().is_some_and(|end| last >= end) {
            return (seen, connections);
        }
        let address = world.address().await;
        let variables = json!({"after": last.to_string()});
        let request = client
            .request(&address, CHANGES, &variables)
            .header(ACCEPT, "text/event-stream");
        if let Ok(Ok(response)) = timeout(PATIENCE, request.send()).await
            && response.status().is_success()
        {
            connections += 1;
            let mut events = Events::from(response);
            let at_most = random.usize(1..300);
            tokio::select! {
                () = listen(&mut events, &mut seen, at_most) => {}
                // Whether the end has come already is looked at above.
                _ = end.changed() => {}
            }
        } else {
            sleep(pause(&mut random)).await;
        }
    }
}

/// Takes what comes until the connection is gone, nothing comes any more, or so much has come.
async fn listen(events: &mut Events, seen: &mut Vec<Seen>, at_most: usize) {
    const QUIET: Duration = Duration::from_secs(2);
    for _ in 0..at_most {
        let Ok(Some((name, answer))) = timeout(QUIET, events.next()).await else {
            return;
        };
        if name != "next" {
            return;
        }
        assert!(answer["errors"].is_null(), "{answer:#}");
        seen.push(Seen::from(&answer["data"]["changes"]));
    }
}

impl From<&Value> for Seen {
    fn from(change: &Value) -> Self {
        let text = |field: &str| change[field].as_str().unwrap_or_default().to_owned();
        Self {
            sequence: text("sequence")
                .parse()
                .expect("sequences are whole numbers"),
            kind: text("kind"),
            subject: text("subjectId"),
        }
    }
}
