//! `kundig serve`

use std::sync::Arc;

use anyhow::Context;
use clap::Args;
use tokio::net::TcpListener;

use super::{Failure, boot};
use crate::{
    config::{Config, LogFormat},
    schema,
    server::{self, Shutdown, metrics::Metrics},
    shared::graphql::Currency,
};

/// What to serve.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  kundig serve --demo                                   start with the demo catalog
  kundig serve --database postgres://kundig@db/kundig   any number may run side by side
  kundig serve --listen 127.0.0.1:0 --log-format json   the log line \"listening\" tells the port

Addresses:
  /           GraphiQL, to explore the API in a browser
  /graphql    the API
  /healthz    the process lives          /readyz   the catalog is loaded
  /metrics    figures for Prometheus

SIGINT (Ctrl-C) and SIGTERM stop the server once running requests are answered, at most 30 s
later; a second one stops it at once.")]
pub(super) struct ServeArgs {
    /// Put the demo catalog into an empty database first
    #[arg(long)]
    pub(super) demo: bool,
}

pub(super) async fn run(_args: &ServeArgs, config: &Config) -> Result<(), Failure> {
    let shutdown = Shutdown::on_signals().context("cannot listen to signals")?;
    let listener = TcpListener::bind(config.listen)
        .await
        .with_context(|| format!("cannot listen on {}", config.listen))?;
    let metrics = Arc::new(Metrics::default());
    let replica = boot::replica(config, &metrics).await?;
    let follower = boot::follow(&replica, config, &shutdown);
    let currency = Currency(config.currency.code().into());
    let schema = || schema::builder(replica.clone(), currency.clone());
    let router = server::router(schema, replica.clone(), metrics)
        .await
        .context("cannot start the server")?;

    announce(&listener, config.log_format)?;
    server::serve(router, listener, shutdown)
        .await
        .context("the server failed")?;
    follower
        .await
        .context("the follower of the change feed failed")?;
    replica.database().clone().close().await;
    tracing::info!("stopped");
    Ok(())
}

fn announce(listener: &TcpListener, log_format: LogFormat) -> anyhow::Result<()> {
    let address = format!(
        "http://{}",
        listener
            .local_addr()
            .context("the listener has no address")?
    );
    tracing::info!(address, "listening");
    tracing::info!("there is no authentication yet, so only this machine is served (loopback)");
    if log_format == LogFormat::Human {
        tracing::info!("GraphiQL is at {address}/ and the API at {address}/graphql");
    }
    Ok(())
}
