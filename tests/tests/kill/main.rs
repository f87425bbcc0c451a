//! Requests are submitted and moved while the server is killed again and again, and whoever submits gives up on answers and sends
//! everything again: what was acknowledged exists once, nothing exists twice, and who follows the feed sees each change once.
//!
//! A small run is one of the tests. A large one, and others:
//!
//! ```sh
//! REQUESTS=20000 KILLS=10 cargo test --profile ci -p kundig-tests --test kill -- --nocapture --test-threads 1
//! ```
//!
//! `SEED` has everybody choose otherwise; `DATABASE` names the one database to run on, `sqlite` or `postgres`.

mod check;
mod client;
mod follower;
mod ledger;
mod worker;
mod world;

use std::env;
use std::io::Write as _;
use std::str::FromStr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use fastrand::Rng;
use kundig_tests::{Database, Server, Settings, block_on};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::sleep;

use self::world::World;

/// How many submit at the same time, each on a connection of its own.
const WORKERS: u64 = 16;
/// How many requests are submitted where nothing is said.
const REQUESTS: usize = 600;
/// How often the server is killed where nothing is said.
const KILLS: usize = 3;
/// How long nothing may be acknowledged.
const PATIENCE: Duration = Duration::from_mins(2);

#[test]
fn nothing_is_lost_and_nothing_is_done_twice_on_sqlite() {
    if is_wanted("sqlite") {
        block_on(run(Database::sqlite()));
    }
}

#[test]
fn nothing_is_lost_and_nothing_is_done_twice_on_postgres() {
    if is_wanted("postgres") {
        block_on(run(Database::postgres()));
    }
}

async fn run(database: Database) {
    let start = Instant::now();
    let settings = Settings::new(&database);
    let server = settings.start().await;
    let seed = setting("SEED").unwrap_or(1);
    let requests = setting("REQUESTS").unwrap_or(REQUESTS);
    let kills = setting("KILLS").unwrap_or(KILLS);
    let world = Arc::new(World::new(&server, requests, seed).await);
    let (newest, end) = watch::channel(None);
    let following = tokio::spawn(follower::follow(Arc::clone(&world), end));
    let mut workers = JoinSet::new();
    for number in 0..WORKERS {
        workers.spawn(worker::work(Arc::clone(&world), number));
    }
    let server = kill_now_and_then(server, &world, kills).await;
    // What goes wrong with one of them is what went wrong here.
    workers.join_all().await;
    let submitted = start.elapsed();

    let found = check::Found::read(&database).await;
    newest.send_replace(found.newest());
    let (followed, connections) = following.await.expect("the follower goes on to the end");
    check::database(&world, &found);
    check::feed(&found, &followed);
    check::api(&world, &server).await;
    // Written past the harness, for whoever wants to know how much happened.
    _ = writeln!(
        std::io::stderr(),
        "{}: {requests} requests from {WORKERS} connections, {kills} kills, {submitted:.1?}: {:?}; \
         {} changes seen over {connections} connections",
        database.url(),
        world.tally(),
        followed.len(),
    );
}

/// Kills the server and starts it again, so often, spread over the run; the last one goes on.
async fn kill_now_and_then(mut server: Server, world: &World, kills: usize) -> Server {
    let mut random = Rng::with_seed(world.seed);
    for kill in 1..=kills {
        world
            .until_acknowledged(world.requests * kill / (kills + 1))
            .await;
        sleep(Duration::from_millis(random.u64(0..100))).await;
        let settings = server.kill();
        world.announce(None);
        sleep(Duration::from_millis(random.u64(0..300))).await;
        server = settings.start().await;
        world.announce(Some(server.address().to_owned()));
    }
    server
}

fn is_wanted(database: &str) -> bool {
    let wanted = env::var("DATABASE").ok();
    wanted.is_none_or(|wanted| wanted == database)
}

/// A number that the environment sets.
fn setting<T: FromStr>(name: &str) -> Option<T> {
    let text = env::var(name).ok()?;
    let number = text.parse().ok();
    assert!(
        number.is_some(),
        "{name} is \"{text}\", which is no whole number"
    );
    number
}
