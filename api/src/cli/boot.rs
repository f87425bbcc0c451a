//! Stand-in, replaced when the catalog arrives: where the commands meet the database.

use std::sync::Arc;

use tokio::sync::watch;

use super::{Failure, export::ExportArgs, import::ImportArgs};
use crate::{
    config::Config,
    server::{Shutdown, metrics::Metrics},
    snapshot::{Catalog, Replica},
};

/// Opens the catalog and follows it until the shutdown begins.
#[expect(clippy::unused_async, clippy::unnecessary_wraps, reason = "a database is to be opened here")]
pub(super) async fn open(_: &Config, _: bool, _: &Arc<Metrics>, shutdown: &Shutdown) -> anyhow::Result<(Replica, tokio::task::JoinHandle<()>)> {
    let (newest, replica) = watch::channel(Some(Arc::new(Catalog { sequence: 1 })));
    let shutdown = shutdown.clone();
    let follower = tokio::spawn(async move {
        shutdown.begun().await;
        drop(newest);
    });
    Ok((Replica::new(replica), follower))
}

#[expect(clippy::unused_async, reason = "as above")]
pub(super) async fn migrate(_: &Config) -> anyhow::Result<()> {
    anyhow::bail!("there is no database here")
}

#[expect(clippy::unused_async, reason = "as above")]
pub(super) async fn import(_: &ImportArgs, _: &Config) -> Result<(), Failure> {
    Err(Failure::Refused(vec!["there is no exchange here".to_owned()]))
}

#[expect(clippy::unused_async, reason = "as above")]
pub(super) async fn export(_: &ExportArgs, _: &Config) -> Result<(), Failure> {
    Err(Failure::Refused(vec!["there is no exchange here".to_owned()]))
}
