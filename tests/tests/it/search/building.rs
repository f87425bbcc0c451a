//! What a server answers that is ready while its index is still to be built.

use std::future::pending;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use kundig::auth::Authenticator;
use kundig::changes::tail::Tail;
use kundig::config::{
    AuthSettings, InsightSettings, LimitSettings, TransportSettings, WebhookSettings,
};
use kundig::search::engine::Search;
use kundig::server::{self, Backend, Shutdown, ShutdownTrigger, metrics::Metrics};
use kundig::shared::{database::Database as Connected, graphql::Currency};
use kundig::snapshot::Replica;
use kundig::webhooks::sender::Sender;
use kundig_tests::{Database, on_both_databases, tokens};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::support::eventually;

/// A server within this process, whose index nobody builds.
struct Unbuilt {
    router: Router,
    search: Search,
    _trigger: ShutdownTrigger,
}

impl Unbuilt {
    async fn start(database: &Database) -> anyhow::Result<Self> {
        let metrics = Arc::new(Metrics::default());
        let connected = Connected::connect(database.url(), 2, metrics.statement_counts()).await?;
        connected.migrate().await?;
        let replica = Replica::open(connected).await?;
        let auth = AuthSettings {
            anonymous_read: false,
            data_dir: tokens::data_dir(),
            issuers: Vec::new(),
        };
        let authenticator =
            Authenticator::open(&auth).map_err(|problems| anyhow::anyhow!("{problems:?}"))?;
        let (trigger, shutdown) = Shutdown::manual();
        let backend = Backend {
            replica: replica.clone(),
            authenticator: Arc::new(authenticator),
            metrics,
            shutdown,
        };
        let search = Search::new(replica.clone());
        let tail = Tail::new(replica.clone());
        kundig::shared::tls::choose_provider();
        let webhooks = Sender::new(WebhookSettings::default())?;
        let schema = || {
            let (search, tail, webhooks) = (search.clone(), tail.clone(), webhooks.clone());
            let (currency, insight) = (Currency("EUR".into()), InsightSettings::default());
            kundig::schema::builder(search, tail, webhooks, currency, insight)
        };
        let (transport, limits) = (TransportSettings::default(), LimitSettings::default());
        let router = server::router(schema, backend, &transport, &limits).await?;
        tokio::spawn(async move { replica.follow(Duration::from_secs(1)).await });
        Ok(Self {
            router,
            search,
            _trigger: trigger,
        })
    }

    async fn send(&self, request: Request<Body>) -> anyhow::Result<(StatusCode, Value)> {
        let Ok(response) = self.router.clone().oneshot(request).await;
        let (head, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await?;
        Ok((
            head.status,
            serde_json::from_slice(&body).unwrap_or_default(),
        ))
    }

    async fn ask(&self, query: &str, variables: Value) -> anyhow::Result<Value> {
        let body = json!({ "query": query, "variables": variables }).to_string();
        let request = Request::post("/graphql")
            .header("content-type", "application/json")
            .header("authorization", format!("Bearer {}", tokens::everything()));
        let (_, answer) = self.send(request.body(body.into())?).await?;
        Ok(answer)
    }

    /// How long it takes until it is ready.
    async fn ready(&self) -> anyhow::Result<Duration> {
        let start = Instant::now();
        loop {
            let request = Request::get("/readyz").body(Body::empty())?;
            if self.send(request).await?.0 == StatusCode::OK {
                return Ok(start.elapsed());
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

async fn a_server_is_ready_and_writes_before_its_index_is_built(
    database: Database,
) -> anyhow::Result<()> {
    let server = Unbuilt::start(&database).await?;
    let took = server.ready().await?;
    assert!(took < Duration::from_mins(1), "it waited: {took:?}");

    let customer = "mutation { createCustomer(input: {name: \"Ward 3\"}) { customer { id } } }";
    let customer = server.ask(customer, json!({})).await?;
    let id = &customer["data"]["createCustomer"]["customer"]["id"];
    let raise = "mutation ($id: ID!) { raiseDemand(input: {title: \"Parking permits\", kind: WISH, customerId: $id, valuePerMonth: 1}) {
        demand { number } similarDemands { number } } }";
    let raised = server.ask(raise, json!({ "id": id })).await?;
    let expected = json!({"demand": {"number": "DEM-1"}, "similarDemands": []});
    assert_eq!(raised["data"]["raiseDemand"], expected, "{raised}");
    let search = "{ search(query: \"parking\") { totalCount } }";
    let refused = server.ask(search, json!({})).await?;
    assert_eq!(
        refused["errors"][0]["extensions"]["code"], "UNAVAILABLE",
        "{refused}"
    );

    let indexer = server.search.clone();
    tokio::spawn(async move { indexer.run(pending()).await });
    eventually("the index is there", async || {
        let found = server.ask(search, json!({})).await.ok()?;
        (found["data"]["search"]["totalCount"] == 1).then_some(())
    })
    .await;
    Ok(())
}

on_both_databases!(a_server_is_ready_and_writes_before_its_index_is_built);
