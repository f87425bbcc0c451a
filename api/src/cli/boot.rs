//! Where the commands meet the database.

use std::sync::Arc;

use anyhow::Context;
use tokio::task::JoinHandle;

use super::Failure;
use crate::auth::Authenticator;
use crate::changes::tail::Tail;
use crate::config::{Config, ConfigError};
use crate::search::engine::Search;
use crate::server::Shutdown;
use crate::server::metrics::Metrics;
use crate::shared::database::Database;
use crate::shared::idempotency;
use crate::shared::lease::{Job, Terms};
use crate::slas::clocks::scheduler;
use crate::snapshot::Replica;
use crate::webhooks::delivery;
use crate::webhooks::sender::Sender;

/// Connects to the database and brings its schema up to date, or checks that it is where that is turned off.
pub(super) async fn database(config: &Config, metrics: &Metrics) -> anyhow::Result<Database> {
    let database = connect(config, metrics).await?;
    if config.migrate {
        database.migrate().await?;
    } else {
        database.check_schema().await?;
    }
    Ok(database)
}

/// Loads the keys that tokens are verified with.
pub(super) fn authenticator(config: &Config) -> Result<Arc<Authenticator>, Failure> {
    let opened = Authenticator::open(&config.auth);
    opened.map(Arc::new).map_err(|problems| {
        let problems = problems.iter().map(ToString::to_string).collect();
        Failure::Settings(ConfigError { problems })
    })
}

/// Keeps the keys of identity providers fresh until the shutdown begins.
pub(super) fn keep_keys_fresh(
    authenticator: &Arc<Authenticator>,
    shutdown: &Shutdown,
) -> JoinHandle<()> {
    let (authenticator, shutdown) = (Arc::clone(authenticator), shutdown.clone());
    tokio::spawn(async move {
        tokio::select! {
            () = authenticator.keep_keys_fresh() => {}
            () = shutdown.begun() => {}
        }
    })
}

/// Reads the whole catalog.
pub(super) async fn replica(config: &Config, metrics: &Metrics) -> anyhow::Result<Replica> {
    let database = database(config, metrics).await?;
    Replica::open(database)
        .await
        .context("can't read the catalog")
}

/// Keeps the catalog up to date until the shutdown begins.
pub(super) fn follow(replica: &Replica, config: &Config, shutdown: &Shutdown) -> JoinHandle<()> {
    let (replica, shutdown) = (replica.clone(), shutdown.clone());
    let poll = config.poll_interval;
    tokio::spawn(async move {
        tokio::select! {
            () = replica.follow(poll) => {}
            () = shutdown.begun() => {}
        }
    })
}

/// Reads the end of the change feed for all who follow it, until the shutdown begins.
pub(super) fn follow_tail(tail: &Tail, shutdown: &Shutdown) -> JoinHandle<()> {
    let (tail, shutdown) = (tail.clone(), shutdown.clone());
    tokio::spawn(async move {
        tokio::select! {
            () = tail.run() => {}
            () = shutdown.begun() => {}
        }
    })
}

/// Builds the search index and keeps it up to date, until the shutdown begins.
pub(super) fn keep_index(search: &Search, shutdown: &Shutdown) -> JoinHandle<()> {
    let (search, shutdown) = (search.clone(), shutdown.clone());
    tokio::spawn(async move { search.run(shutdown.begun()).await })
}

/// Does what one replica at a time has to do as time passes, whenever it is this one's, until the shutdown begins.
pub(super) fn keep_time(replica: &Replica, config: &Config, shutdown: &Shutdown) -> JoinHandle<()> {
    let (replica, shutdown) = (replica.clone(), shutdown.clone());
    let job = job(&replica, "clocks", config);
    tokio::spawn(async move {
        let work = async |held| {
            tokio::select! {
                () = scheduler::keep_time(&replica, held) => {}
                () = idempotency::clean_up(&replica.database().write) => {}
            }
        };
        job.run(work, shutdown.begun()).await;
    })
}

/// Delivers webhooks whenever this is the replica that does, until the shutdown begins.
pub(super) fn deliver(
    replica: &Replica,
    sender: &Sender,
    config: &Config,
    shutdown: &Shutdown,
) -> JoinHandle<()> {
    let job = job(replica, delivery::JOB, config);
    let (replica, sender, shutdown) = (replica.clone(), sender.clone(), shutdown.clone());
    tokio::spawn(async move {
        let stop = shutdown.begun();
        delivery::run(replica, sender, job, stop).await;
    })
}

/// A job that one replica at a time does.
pub(super) fn job(replica: &Replica, name: &'static str, config: &Config) -> Job {
    let terms = Terms::lasting(config.lease_time);
    Job::new(replica.database().job.clone(), name, terms)
}

/// Brings the database's schema up to date.
pub(super) async fn migrate(config: &Config) -> anyhow::Result<()> {
    let database = connect(config, &Metrics::default()).await?;
    database.migrate().await?;
    database.close().await;
    Ok(())
}

async fn connect(config: &Config, metrics: &Metrics) -> anyhow::Result<Database> {
    Database::connect(
        config.database.expose(),
        config.database_connections,
        metrics.statement_counts(),
    )
    .await
}
