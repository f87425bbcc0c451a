//! Subscribers see every change once, however often they or their server go away.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use entity::change;
use kundig_tests::{Database, Events, Server, Settings, Socket, on_both_databases, on_postgres};
use sea_orm::{EntityTrait as _, QueryOrder as _, QuerySelect as _};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::CHANGES;
use crate::objects::TEAM;

const WRITERS: usize = 4;

/// Somebody who wants to see everything and comes back again and again.
#[derive(Default)]
struct Witness {
    seen: Vec<i64>,
}

impl Witness {
    fn after(&self) -> Value {
        let last = self.seen.last().copied().unwrap_or_default();
        json!({"after": last.to_string()})
    }

    fn note(&mut self, answer: &Value) {
        let sequence = answer["changes"]["sequence"].as_str().unwrap_or_default();
        self.seen.push(sequence.parse().expect("a sequence"));
    }

    /// Listens until the connection ends, this many changes have come, or nothing has for a while.
    async fn listen(&mut self, server: &Server, by_socket: bool, at_most: usize) {
        const QUIET: Duration = Duration::from_millis(1_500);
        if by_socket {
            let mut socket = Socket::open(server).await;
            socket.subscribe("1", CHANGES, self.after()).await;
            for _ in 0..at_most {
                match socket.next_within(QUIET).await {
                    Some(Ok(message)) => self.note(&message["payload"]["data"]),
                    Some(Err(_)) | None => return,
                }
            }
        } else {
            let mut events = Events::open(server, CHANGES, self.after()).await;
            for _ in 0..at_most {
                match tokio::time::timeout(QUIET, events.next()).await {
                    Ok(Some((name, answer))) if name == "next" => self.note(&answer["data"]),
                    Ok(_) | Err(_) => return,
                }
            }
        }
    }

    /// Waits until so many changes have been seen in all, however long the feed takes to show them, and then for one that must not
    /// come.
    async fn listen_to_the_end(&mut self, server: &Server, by_socket: bool, count: usize) {
        const PATIENCE: Duration = Duration::from_mins(1);
        let start = Instant::now();
        while self.seen.len() < count && start.elapsed() < PATIENCE {
            let left = count - self.seen.len();
            self.listen(server, by_socket, left).await;
        }
        self.listen(server, by_socket, 1).await;
    }
}

async fn nothing_is_lost_and_nothing_comes_twice_however_often_the_server_dies(
    database: Database,
) -> anyhow::Result<()> {
    let settings = Settings::new(&database);
    let mut witnesses = [Witness::default(), Witness::default()];
    for round in 0..5 {
        let server = Arc::new(settings.start().await);
        let writing = Arc::new(AtomicBool::new(true));
        let mut writers = JoinSet::new();
        for writer in 0..WRITERS {
            let (server, writing) = (Arc::clone(&server), Arc::clone(&writing));
            writers.spawn(write(server, writing, format!("{round} {writer}")));
        }
        let [by_socket, by_events] = &mut witnesses;
        tokio::join!(
            async {
                by_socket.listen(&server, true, 20).await;
                by_socket.listen(&server, true, 30).await;
            },
            async {
                by_events.listen(&server, false, 20).await;
                by_events.listen(&server, false, 30).await;
            },
        );
        // The writers are in the middle of something.
        server.process().signal("KILL");
        writing.store(false, Ordering::Relaxed);
        writers.join_all().await;
    }
    let server = settings.start().await;
    let committed = feed(&database).await?;
    anyhow::ensure!(committed.len() > 100, "only {} changes", committed.len());
    for (number, witness) in witnesses.iter_mut().enumerate() {
        witness
            .listen_to_the_end(&server, number == 0, committed.len())
            .await;
        assert_eq!(witness.seen.len(), committed.len());
        assert_eq!(witness.seen, committed);
    }
    Ok(())
}

async fn a_subscriber_changes_from_replica_to_replica(database: Database) -> anyhow::Result<()> {
    let settings = Settings::new(&database);
    let replicas = [
        Arc::new(settings.start().await),
        Arc::new(settings.start().await),
    ];
    let writing = Arc::new(AtomicBool::new(true));
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let server = Arc::clone(&replicas[writer % 2]);
        writers.spawn(write(server, Arc::clone(&writing), writer.to_string()));
    }
    let mut witness = Witness::default();
    for round in 0..12 {
        witness
            .listen(&replicas[round % 2], round % 3 == 0, 25)
            .await;
    }
    writing.store(false, Ordering::Relaxed);
    writers.join_all().await;
    let committed = feed(&database).await?;
    witness
        .listen_to_the_end(&replicas[0], true, committed.len())
        .await;
    assert_eq!(witness.seen, committed);
    Ok(())
}

/// Creates teams and renames them until the server is gone or it is enough.
async fn write(server: Arc<Server>, writing: Arc<AtomicBool>, name: String) {
    const CREATE: &str =
        "mutation ($name: String!) { createTeam(input: {name: $name}) { team { id } } }";
    for number in 0.. {
        if !writing.load(Ordering::Relaxed) {
            return;
        }
        let name = json!({"name": format!("Team {name} {number}")});
        if server
            .query(CREATE)
            .variables(name)
            .try_send()
            .await
            .is_err()
        {
            return;
        }
        sleep(Duration::from_millis(2)).await;
    }
}

/// Every committed change.
async fn feed(database: &Database) -> anyhow::Result<Vec<i64>> {
    let connection = database.connect().await;
    let rows = change::Entity::find()
        .select_only()
        .column(change::Column::Sequence)
        .order_by_asc(change::Column::Sequence)
        .into_tuple()
        .all(&connection)
        .await?;
    Ok(rows)
}

async fn what_is_committed_after_a_subscription_has_begun_comes_and_nothing_before(
    database: Database,
) {
    let server = Server::start(&database).await;
    for number in 0..50 {
        let mut socket = Socket::open(&server).await;
        socket.subscribe("1", CHANGES, json!({})).await;
        super::socket::until_subscribed(&server, 1).await;
        let team = TEAM
            .create(&server, json!({"name": format!("Team {number}")}))
            .await;
        let change = socket.data("1").await;
        assert_eq!(change["changes"]["subjectId"], team["id"]);
        drop(socket);
        super::socket::until_subscribed(&server, 0).await;
    }
}

on_both_databases!(
    nothing_is_lost_and_nothing_comes_twice_however_often_the_server_dies,
    what_is_committed_after_a_subscription_has_begun_comes_and_nothing_before,
);
on_postgres!(a_subscriber_changes_from_replica_to_replica);
