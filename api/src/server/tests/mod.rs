#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bearer;
mod browsers;
mod connections;
mod execution;
mod graphql;
mod limits;
mod persisted;
mod rates;
mod routes;
mod schema;
mod slow;
mod stopping;
mod tls;

use std::{str::FromStr, sync::Arc};

use axum::{
    Router,
    body::Body,
    http::{HeaderName, HeaderValue, Method, Request, Response, StatusCode, header},
};
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt;

use super::{Backend, Shutdown, ShutdownTrigger, metrics::Metrics};
use crate::auth::Authenticator;
use crate::config::{AuthSettings, LimitSettings, TransportSettings, TrustedProxies};
use crate::shared::database::Database;
use crate::snapshot::{Catalog, FeedPosition, Replica};

/// A server without a catalog worth the name, and what moves its replica.
struct Server {
    router: Router,
    metrics: Arc<Metrics>,
    replica: Replica,
    /// Where its database and its key are, as long as the server lives.
    folder: TempDir,
    /// It stops when this is dropped.
    _trigger: ShutdownTrigger,
}

impl Server {
    async fn loading() -> Self {
        Self::set_up(&TransportSettings::default(), &LimitSettings::default()).await
    }

    async fn on_network(transport: &TransportSettings) -> Self {
        Self::set_up(transport, &LimitSettings::default()).await
    }

    async fn set_up(transport: &TransportSettings, limits: &LimitSettings) -> Self {
        let metrics = Arc::new(Metrics::default());
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}/catalog.db", folder.path().display());
        let database = Database::connect(&url, 2, metrics.statement_counts())
            .await
            .unwrap();
        database.migrate().await.unwrap();
        let replica = Replica::open(database).await.unwrap();
        let auth = AuthSettings {
            anonymous_read: false,
            data_dir: folder.path().to_owned(),
            issuers: Vec::new(),
        };
        let (trigger, shutdown) = Shutdown::manual();
        let backend = Backend {
            replica: replica.clone(),
            authenticator: Arc::new(Authenticator::open(&auth).unwrap()),
            metrics: Arc::clone(&metrics),
            shutdown,
        };
        let router = super::router(schema::builder, backend, transport, limits)
            .await
            .unwrap();
        Self {
            router,
            metrics,
            replica,
            folder,
            _trigger: trigger,
        }
    }

    async fn start() -> Self {
        Self::with(LimitSettings::default()).await
    }

    async fn with(limits: LimitSettings) -> Self {
        let server = Self::set_up(&TransportSettings::default(), &limits).await;
        server.reach(7);
        server
    }

    fn reach(&self, sequence: i64) {
        let mut catalog = Catalog::default();
        catalog.position = FeedPosition::up_to(sequence);
        self.replica.publish(catalog);
    }

    async fn send(&self, request: Request<Body>) -> Answer {
        Answer::read(self.router.clone().oneshot(request).await.unwrap()).await
    }

    async fn get(&self, path: &str) -> Answer {
        self.send(request(Method::GET, path, &[], Body::empty()))
            .await
    }

    /// Posts a document with variables and asks for the media type in which status codes tell how it went.
    async fn ask(&self, query: &str, variables: Value) -> Answer {
        self.post(
            &json!({ "query": query, "variables": variables }),
            &[("accept", "application/graphql-response+json")],
        )
        .await
    }

    /// As [`Server::ask`], by GET; further parameters are JSON.
    async fn ask_by_get(&self, query: &str, parameters: &[(&str, Value)]) -> Answer {
        let mut query_string = url::form_urlencoded::Serializer::new(String::new());
        query_string.append_pair("query", query);
        for (name, value) in parameters {
            query_string.append_pair(name, &value.to_string());
        }
        self.get_graphql(&query_string.finish()).await
    }

    async fn get_graphql(&self, query_string: &str) -> Answer {
        let path = format!("/graphql?{query_string}");
        let accept = [("accept", "application/graphql-response+json")];
        self.send(request(Method::GET, &path, &accept, Body::empty()))
            .await
    }

    async fn post(&self, body: &Value, headers: &[(&str, &str)]) -> Answer {
        self.post_text(&body.to_string(), headers).await
    }

    async fn post_text(&self, body: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = request(
            Method::POST,
            "/graphql",
            headers,
            Body::from(body.to_owned()),
        );
        let content_type = HeaderValue::from_static("application/json");
        request
            .headers_mut()
            .entry(header::CONTENT_TYPE)
            .or_insert(content_type);
        self.send(request).await
    }
}

fn request(method: Method, path: &str, headers: &[(&str, &str)], body: Body) -> Request<Body> {
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .body(body)
        .unwrap();
    for (name, value) in headers {
        request.headers_mut().append(
            HeaderName::from_str(name).unwrap(),
            HeaderValue::from_str(value).unwrap(),
        );
    }
    request
}

#[derive(Debug)]
struct Answer {
    head: Response<()>,
    body: Vec<u8>,
}

impl Answer {
    async fn read(response: Response<Body>) -> Self {
        let (parts, body) = response.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX)
            .await
            .unwrap()
            .to_vec();
        Self {
            head: Response::from_parts(parts, ()),
            body,
        }
    }

    fn status(&self) -> StatusCode {
        self.head.status()
    }

    fn header(&self, name: &str) -> &str {
        self.head
            .headers()
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    fn data(&self) -> Value {
        let json = self.json();
        assert_eq!(json.get("errors"), None, "{json}");
        json["data"].clone()
    }

    /// The one error's code and message, its request id being that of the response.
    fn error(&self) -> (String, String) {
        let errors = self.json()["errors"].as_array().unwrap().clone();
        assert_eq!(errors.len(), 1, "{errors:?}");
        let error = &errors[0];
        assert_eq!(
            error["extensions"]["requestId"],
            self.header("x-request-id"),
            "{error}"
        );
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        (text(&error["extensions"]["code"]), text(&error["message"]))
    }

    #[track_caller]
    fn assert_refused(&self, status: u16, code: &str, message: &str) {
        assert_eq!(self.status().as_u16(), status, "{}", self.text());
        let (actual_code, actual_message) = self.error();
        assert_eq!(actual_code, code);
        assert!(actual_message.contains(message), "{actual_message}");
        assert_eq!(
            self.json().get("data"),
            None,
            "what was refused has no data"
        );
    }
}
