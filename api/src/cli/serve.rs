//! `kundig serve`

use std::sync::Arc;

use anyhow::Context;
use clap::Args;
use tokio::net::TcpListener;

use super::{Failure, boot};
use crate::{
    changes::tail::Tail,
    config::{Config, LogFormat},
    demo,
    exchange::import::Reading,
    schema,
    search::engine::Search,
    server::{self, Backend, Shutdown, Tls, metrics::Metrics},
    shared::{graphql::Currency, write::Author},
    snapshot::Replica,
    webhooks::sender::Sender,
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
  /board      what to do first and why, for owners and managers
  /graphql    the API
  /healthz    the process lives          /readyz   the catalog is loaded
  /metrics    figures for Prometheus

SIGINT (Ctrl-C) and SIGTERM stop the server once running requests are answered, at most 30 s
later; a second one stops it at once. SIGHUP has it read its TLS certificate again, which it also
does when the files change.")]
pub(super) struct ServeArgs {
    /// Put the demo catalog into an empty database first
    #[arg(long)]
    pub(super) demo: bool,
}

pub(super) async fn run(args: &ServeArgs, config: &Config) -> Result<(), Failure> {
    let shutdown = Shutdown::on_signals().context("cannot listen to signals")?;
    let listener = TcpListener::bind(config.listen)
        .await
        .with_context(|| format!("cannot listen on {}", config.listen))?;
    let authenticator = boot::authenticator(config)?;
    let metrics = Arc::new(Metrics::default());
    let tls = config
        .transport
        .tls
        .clone()
        .map(|files| Tls::load(files, &metrics));
    let tls = tls.transpose().context("cannot serve HTTPS")?;
    let replica = boot::replica(config, &metrics).await?;
    if args.demo {
        fill_with_demo(&replica).await?;
    }
    let follower = boot::follow(&replica, config, &shutdown);
    let time_keeper = boot::keep_time(&replica, config, &shutdown);
    let key_keeper = boot::keep_keys_fresh(&authenticator, &shutdown);
    let currency = Currency(config.currency.code().into());
    let tail = Tail::new(replica.clone());
    let tail_reader = boot::follow_tail(&tail, &shutdown);
    let sender = Sender::new(config.webhooks.clone()).context("cannot send webhooks")?;
    let deliverer = boot::deliver(&replica, &sender, config, &shutdown);
    let search = Search::new(replica.clone());
    let indexer = boot::keep_index(&search, &shutdown);
    let schema = || {
        let (search, tail, sender) = (search.clone(), tail.clone(), sender.clone());
        schema::builder(
            search,
            tail,
            sender,
            currency.clone(),
            config.insight.clone(),
        )
    };
    let backend = Backend {
        replica: replica.clone(),
        authenticator,
        metrics,
        shutdown: shutdown.clone(),
    };
    let router = server::router(schema, backend, &config.transport, &config.limits)
        .await
        .context("cannot start the server")?;

    announce(&listener, config)?;
    let proxies = config.transport.proxies.clone();
    server::serve(router, listener, proxies, tls, shutdown).await;
    follower
        .await
        .context("the follower of the change feed failed")?;
    tail_reader
        .await
        .context("the reading of the change feed's end failed")?;
    deliverer.await.context("the delivery of webhooks failed")?;
    key_keeper
        .await
        .context("the loading of issuers' keys failed")?;
    time_keeper.await.context("the keeping of clocks failed")?;
    indexer
        .await
        .context("the keeping of the search index failed")?;
    replica.database().clone().close().await;
    tracing::info!("stopped");
    Ok(())
}

/// Puts the demo catalog into an empty database; a catalog that somebody has begun is left alone.
async fn fill_with_demo(replica: &Replica) -> anyhow::Result<()> {
    if !replica.current().is_empty() {
        tracing::info!("the catalog is not empty, so the demo is not put into it");
        return Ok(());
    }
    let author = Author::program("kundig serve --demo");
    let imported = Reading::of_demo()
        .commit(replica, &author, false)
        .await
        .context("cannot write the demo catalog")?;
    anyhow::ensure!(
        !imported.problems.has_errors(),
        "the demo catalog does not fit what the database holds"
    );
    replica.catch_up().await?;
    let requests = demo::play(replica, &author)
        .await
        .context("cannot play the demo's stories")?;
    tracing::info!(
        objects = imported.summary.created,
        requests,
        "the demo is there"
    );
    Ok(())
}

fn announce(listener: &TcpListener, config: &Config) -> anyhow::Result<()> {
    let bound = listener
        .local_addr()
        .context("the listener has no address")?;
    let scheme = match config.transport.tls {
        Some(_) => "https",
        None => "http",
    };
    let address = format!("{scheme}://{bound}");
    tracing::info!(address, "listening");
    if config.transport.tls.is_none() && !bound.ip().is_loopback() {
        tracing::warn!(
            "tokens travel in clear to and from this address; set tls_certificate and tls_key unless a proxy in front of it speaks HTTPS"
        );
    }
    if config.auth.issuers.is_empty() {
        tracing::info!("no issuer is configured, so tokens come from `kundig token`");
    }
    if config.log_format == LogFormat::Human {
        tracing::info!(
            "the board is at {address}/board, GraphiQL at {address}/ and the API at {address}/graphql"
        );
    }
    Ok(())
}
