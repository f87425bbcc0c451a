//! GraphQL over HTTP, after the specification at <https://graphql.github.io/graphql-over-http/>.

mod account;
mod bearer;
mod caller;
mod completion;
mod cost;
mod document;
mod engine;
mod exchange;
mod introspection;
mod library;
mod limits;
mod literals;
mod measure;
mod media;
mod memory;
mod order;
mod parameters;
mod presence;
mod problem;
mod repetition;
mod source;
mod typenames;
mod variables;
mod weights;

use std::sync::Arc;

use axum::{
    Extension,
    body::Body as HttpBody,
    extract::{
        RawQuery, State,
        ws::{WebSocketUpgrade, rejection::WebSocketUpgradeRejection},
    },
    http::{HeaderMap, HeaderName, StatusCode, header},
    response::Response,
};

pub(crate) use self::{
    caller::{Caller, Outcome, Step},
    engine::Engine,
    media::ResponseType,
    parameters::Parameters,
    problem::{Problem, body as error_body, sign},
};
pub use self::{engine::EngineError, library::UntrustedDocuments};
use self::{exchange::Exchange, media::check_content_type, parameters::Unread};
use super::{
    Backend,
    answer::json_problem,
    client_address::ClientAddress,
    live::{Live, socket},
    rate_limit::RateLimits,
};
use crate::{
    auth::{Identity, Scope},
    config::LimitSettings,
    shared::request::RequestId,
};

/// Of a response: the newest change in the catalog that it was answered from.
pub(crate) const SEQUENCE: HeaderName = HeaderName::from_static("kundig-sequence");
/// Of a request: the change that the catalog must contain.
pub(crate) const MIN_SEQUENCE: HeaderName = HeaderName::from_static("kundig-min-sequence");

/// What GraphQL requests are answered with.
pub(crate) struct GraphqlService {
    engine: Engine,
    backend: Backend,
    limits: Arc<LimitSettings>,
    rate_limits: RateLimits,
    pub(crate) live: Arc<Live>,
}

impl GraphqlService {
    pub(crate) fn new(engine: Engine, backend: Backend, limits: Arc<LimitSettings>) -> Self {
        Self {
            engine,
            rate_limits: RateLimits::new(&limits, &backend.metrics),
            live: Arc::new(Live::new(
                &limits,
                backend.shutdown.clone(),
                &backend.metrics,
            )),
            backend,
            limits,
        }
    }

    /// What bounds requests.
    pub(crate) fn limits(&self) -> &LimitSettings {
        &self.limits
    }

    /// How large a body may be: imports bring whole catalogs, and not everybody may import.
    pub(crate) fn max_body(&self, identity: Option<&Identity>) -> usize {
        if identity.is_some_and(|identity| identity.scopes.contains(Scope::CatalogWrite)) {
            self.limits.max_import_body
        } else {
            self.limits.max_body
        }
    }
}

/// `POST /graphql`
pub(crate) async fn post(
    State(service): State<Arc<GraphqlService>>,
    Extension(request_id): Extension<RequestId>,
    address: Option<Extension<ClientAddress>>,
    headers: HeaderMap,
    body: HttpBody,
) -> Response {
    let exchange = Exchange {
        service: &service,
        request_id: &request_id,
        headers: &headers,
        address: address.map(|Extension(ClientAddress(address))| address),
        may_mutate: true,
    };
    let read = async |identity: Option<&Identity>| {
        check_content_type(&headers)
            .map_err(|message| Problem::malformed(StatusCode::UNSUPPORTED_MEDIA_TYPE, message))?;
        let max_body = service.max_body(identity);
        let body = axum::body::to_bytes(body, max_body)
            .await
            .map_err(|error| unreadable_body(&error, max_body))?;
        Ok(Unread::Json(body))
    };
    exchange.answer(read).await
}

/// `GET /graphql`: no mutations, since a GET request must not change anything; or the beginning of a WebSocket.
pub(crate) async fn get(
    State(service): State<Arc<GraphqlService>>,
    Extension(request_id): Extension<RequestId>,
    address: Option<Extension<ClientAddress>>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
    RawQuery(query_string): RawQuery,
    headers: HeaderMap,
) -> Response {
    if headers.contains_key(header::UPGRADE) {
        let caller = Caller {
            service,
            request_id: request_id.clone(),
            identity: None,
            address: address.map(|Extension(ClientAddress(address))| address),
            may_mutate: true,
        };
        let upgraded = connect(upgrade, caller, &headers).await;
        return upgraded.unwrap_or_else(|problem| json_problem(problem, &request_id));
    }
    let exchange = Exchange {
        service: &service,
        request_id: &request_id,
        headers: &headers,
        address: address.map(|Extension(ClientAddress(address))| address),
        may_mutate: false,
    };
    let read =
        async |_: Option<&Identity>| Ok(Unread::QueryString(query_string.unwrap_or_default()));
    exchange.answer(read).await
}

/// Answers the handshake of a WebSocket. A browser says whose page opens one, and other sites' are refused before this.
async fn connect(
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
    mut caller: Caller,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let upgrade = upgrade
        .map_err(|rejection| Problem::malformed(rejection.status(), rejection.body_text()))?;
    let identified = caller.identify(headers).await;
    if let Ok(identity) = &identified {
        caller.identity.clone_from(identity);
    }
    caller.admit()?;
    identified?;
    socket::upgrade(upgrade, caller)
}

fn unreadable_body(error: &axum::Error, max_body: usize) -> Problem {
    let is_too_large = std::iter::successors(Some(error as &dyn std::error::Error), |error| {
        error.source()
    })
    .any(|error| error.to_string() == "length limit exceeded");
    if is_too_large {
        let message = format!("The body is larger than the {max_body} bytes that are allowed.");
        Problem::malformed(StatusCode::PAYLOAD_TOO_LARGE, message)
    } else {
        Problem::malformed(
            StatusCode::BAD_REQUEST,
            "The body could not be read to its end.",
        )
    }
}
