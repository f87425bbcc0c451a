//! Around every request: its id, its log line, its figures, and a net for panics.

use std::{
    panic::AssertUnwindSafe,
    sync::Arc,
    time::{Duration, Instant},
};

use async_graphql::parser::types::OperationType;
use axum::{
    body::Body,
    extract::{Request, State},
    http::{HeaderName, HeaderValue, StatusCode},
    middleware::Next,
    response::Response,
};
use futures_util::FutureExt;
use uuid::Uuid;

use super::{
    answer::json_problem, client_address::ClientAddress, graphql::Problem, metrics::Metrics,
};
use crate::shared::request::RequestId;

/// Of requests and responses: what names the request in logs and errors.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The GraphQL operation that a response answers; the handler leaves it in the response's extensions.
#[derive(Clone, Debug, Default)]
pub(crate) struct Operation {
    pub(crate) name: Option<Arc<str>>,
    pub(crate) kind: Option<OperationType>,
}

/// Wraps the whole router.
pub(crate) async fn observe(
    State(metrics): State<Arc<Metrics>>,
    mut request: Request,
    next: Next,
) -> Response {
    let start = Instant::now();
    let in_flight = metrics.start_request();
    let (request_id, id_header) = request_id(&request);
    request.extensions_mut().insert(request_id.clone());
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let client = request.extensions().get::<ClientAddress>().copied();

    let answer = AssertUnwindSafe(next.run(request)).catch_unwind().await;
    let mut response = answer.unwrap_or_else(|_| {
        tracing::error!(request_id = request_id.as_str(), %method, path, "a handler panicked");
        json_problem(Problem::internal(), &request_id)
    });
    response.headers_mut().insert(REQUEST_ID, id_header);

    let duration = start.elapsed();
    let operation = response
        .extensions_mut()
        .remove::<Operation>()
        .unwrap_or_default();
    metrics.finish_request(route(&path), operation.kind, response.status(), duration);
    drop(in_flight);
    log(
        &request_id,
        client,
        method.as_str(),
        &path,
        &response,
        &operation,
        duration,
    );
    response
}

/// One line a request. Probes and scrapes come every few seconds and would drown the rest.
fn log(
    request_id: &RequestId,
    client: Option<ClientAddress>,
    method: &str,
    path: &str,
    response: &Response<Body>,
    operation: &Operation,
    duration: Duration,
) {
    let status = response.status().as_u16();
    let milliseconds = (duration.as_secs_f64() * 1_000_000.0).round() / 1000.0;
    let name = operation.name.as_deref();
    let client = client.map(|client| tracing::field::display(client.0));
    macro_rules! line {
        ($level:ident) => {
            tracing::$level!(
                request_id = request_id.as_str(),
                client,
                method,
                path,
                status,
                duration_ms = milliseconds,
                operation = name,
                "request"
            )
        };
    }
    let is_probe = matches!(path, "/healthz" | "/readyz" | "/metrics");
    match response.status() {
        status if status.is_server_error() && !is_probe => line!(warn),
        _ if is_probe => line!(debug),
        _ => line!(info),
    }
}

/// The path as a label: one of few, whatever is asked for.
fn route(path: &str) -> &'static str {
    match path {
        "/graphql" => "/graphql",
        "/healthz" => "/healthz",
        "/readyz" => "/readyz",
        "/metrics" => "/metrics",
        "/" => "/",
        "/board" => "/board",
        _ if path.starts_with("/board/") => "/board",
        _ if path.starts_with("/explorer/") => "/explorer",
        _ => "other",
    }
}

/// The client's own id where it is fit for logs, a new one otherwise.
fn request_id(request: &Request) -> (RequestId, HeaderValue) {
    let given = request.headers().get(REQUEST_ID);
    if let Some((header, id)) = given.and_then(|header| Some((header, header.to_str().ok()?)))
        && is_sane(id)
    {
        return (RequestId(id.into()), header.clone());
    }
    let mut buffer = Uuid::encode_buffer();
    let id: &str = Uuid::now_v7().hyphenated().encode_lower(&mut buffer);
    let header = HeaderValue::from_str(id).unwrap_or_else(|_| HeaderValue::from_static("none"));
    (RequestId(id.into()), header)
}

fn is_sane(id: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:/+=~@".contains(&byte);
    (1..=128).contains(&id.len()) && id.bytes().all(is_allowed)
}

/// The status that a refused route has.
pub(crate) async fn not_found(request: Request) -> Response {
    let path = request.uri().path();
    let message = format!(
        "There is nothing at {path:?}. The API is at /graphql, its explorer at /, the board at /board."
    );
    let problem = Problem::not_found(message);
    json_problem(problem, &id_of(&request))
}

/// A route that exists, but not with this method.
pub(crate) async fn method_not_allowed(request: Request) -> Response {
    let message = format!("{} is not allowed here.", request.method());
    json_problem(
        Problem::malformed(StatusCode::METHOD_NOT_ALLOWED, message),
        &id_of(&request),
    )
}

/// The request's id, as the answer has it.
pub(crate) fn id_of(request: &Request) -> RequestId {
    request
        .extensions()
        .get::<RequestId>()
        .cloned()
        .unwrap_or_else(|| RequestId("none".into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_short_plain_ids_are_taken_over() {
        assert!(is_sane("018f-abc_DEF.1:2/3+4=~@"));
        assert!(!is_sane(""));
        assert!(!is_sane("two words"));
        assert!(!is_sane("line\"break"));
        assert!(is_sane(&"a".repeat(128)));
        assert!(!is_sane(&"a".repeat(129)));
    }
}
