//! The HTTP server: GraphQL, its explorer, the board, health, metrics, logs.

mod answer;
mod board;
mod client_address;
mod connections;
mod cross_site;
mod explorer;
mod graphql;
mod health;
mod live;
pub mod logging;
pub mod metrics;
mod observe;
mod protection;
mod rate_limit;
mod shutdown;
mod static_files;
mod tls;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use async_graphql::{ObjectType, SchemaBuilder, SubscriptionType};
use axum::{Router, middleware, routing::get};
use tower::util::option_layer;
use tower_http::{
    CompressionLevel,
    compression::{
        CompressionLayer,
        predicate::{NotForContentType, Predicate, SizeAbove},
    },
};

pub use self::{
    connections::serve,
    graphql::{EngineError, UntrustedDocuments},
    shutdown::{Busy, Shutdown, ShutdownTrigger},
    tls::{BadPair, Tls},
};
use self::{
    graphql::{Engine, GraphqlService},
    metrics::Metrics,
    protection::Https,
};
use crate::{
    auth::Authenticator,
    config::{LimitSettings, TransportSettings},
    snapshot::Replica,
};

/// Answers below this are sent as they are, bytes: compressing them costs more than it saves.
const MIN_COMPRESSED: u64 = 1024;

/// What requests are answered with.
#[derive(Clone)]
pub struct Backend {
    /// The catalog.
    pub replica: Replica,
    /// Who asks.
    pub authenticator: Arc<Authenticator>,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// When it ends.
    pub shutdown: Shutdown,
}

/// All routes. `schema` is called twice: one schema validates documents, the other executes them.
///
/// # Errors
/// The schema cannot be executed, or a trusted document is none.
pub async fn router<Q, M, S>(
    schema: impl Fn() -> SchemaBuilder<Q, M, S>,
    backend: Backend,
    transport: &TransportSettings,
    limits: &LimitSettings,
) -> Result<Router, EngineError>
where
    Q: ObjectType + 'static,
    M: ObjectType + 'static,
    S: SubscriptionType + 'static,
{
    let limits = Arc::new(limits.clone());
    let engine = Engine::new(schema, &limits).await?;
    let Backend {
        replica, metrics, ..
    } = backend.clone();
    let graphql = get(graphql::get)
        .post(graphql::post)
        .with_state(Arc::new(GraphqlService::new(engine, backend, limits)));
    let api = Router::new()
        .route("/graphql", graphql)
        .method_not_allowed_fallback(observe::method_not_allowed)
        .layer(middleware::from_fn_with_state(
            Arc::new(transport.cors.clone()),
            cross_site::refuse_strangers,
        ))
        .layer(option_layer(cross_site::cors(&transport.cors)));
    let compression = CompressionLayer::new()
        .quality(CompressionLevel::Fastest)
        .compress_when(
            SizeAbove::new(MIN_COMPRESSED)
                .and(NotForContentType::IMAGES)
                .and(NotForContentType::SSE),
        );
    Ok(Router::new()
        .merge(api)
        .route("/", get(explorer::file))
        .route("/explorer/{*path}", get(explorer::file))
        .route("/board", get(board::file))
        .route("/board/", get(board::file))
        .route("/board/{*path}", get(board::file))
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready).with_state(replica))
        .route(
            "/metrics",
            get(health::metrics).with_state(Arc::clone(&metrics)),
        )
        .fallback(observe::not_found)
        .method_not_allowed_fallback(observe::method_not_allowed)
        .layer(compression)
        .layer(middleware::from_fn_with_state(
            Https(transport.tls.is_some()),
            protection::protect,
        ))
        .layer(middleware::from_fn_with_state(metrics, observe::observe))
        .layer(middleware::from_fn_with_state(
            Arc::new(transport.proxies.clone()),
            client_address::identify,
        )))
}
