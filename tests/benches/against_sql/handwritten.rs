//! Runs a server that is written by hand, as many threads as there are cores, beside the load generator.

use std::future::Future;
use std::net::Ipv4Addr;
use std::thread;
use std::time::Duration;

use anyhow::Context as _;
use axum::Router;
use sea_orm::sqlx::PgPool;
use sea_orm::sqlx::postgres::PgPoolOptions;
use tokio::net::TcpListener;

/// Starts a server that `routes` makes on a pool of connections to this database; its address. It ends with the process.
pub(crate) fn start<R: Future<Output = anyhow::Result<Router>> + Send>(
    database: &str,
    routes: impl FnOnce(PgPool) -> R + Send + 'static,
) -> anyhow::Result<String> {
    let (sender, receiver) = std::sync::mpsc::channel();
    let database = database.to_owned();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build();
        let serving = async {
            let pool = PgPoolOptions::new()
                .max_connections(CONNECTIONS)
                .connect(&database)
                .await?;
            let routes = routes(pool).await?;
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
            sender.send(listener.local_addr()?)?;
            axum::serve(listener, routes).await?;
            anyhow::Ok(())
        };
        runtime
            .map_err(anyhow::Error::from)
            .and_then(|runtime| runtime.block_on(serving))
    });
    let address = receiver.recv_timeout(Duration::from_secs(30));
    Ok(format!(
        "http://{}/",
        address.context("the server written by hand does not start")?
    ))
}

/// As many as Kundig has where nothing is said.
const CONNECTIONS: u32 = 10;
