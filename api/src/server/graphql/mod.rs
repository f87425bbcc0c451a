//! GraphQL over HTTP, after the specification at <https://graphql.github.io/graphql-over-http/>.

mod bearer;
mod completion;
mod document;
mod engine;
mod limits;
mod literals;
mod media;
mod order;
mod parameters;
mod problem;
mod variables;

use std::{sync::Arc, time::Duration};

use async_graphql::{Response as GraphqlResponse, parser::types::OperationType};
use axum::{
    Extension,
    body::Body,
    extract::{RawQuery, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::Response,
};

pub use self::engine::BrokenSchema;
pub(crate) use self::{
    engine::Engine,
    media::ResponseType,
    problem::{Problem, body as error_body, sign},
};
use self::{media::check_content_type, parameters::Parameters};
use super::{Backend, observe::Operation as ObservedOperation};
use crate::{
    auth::{Identity, Viewer},
    shared::{
        error_code::ErrorCode,
        request::{RequestCatalog, RequestId},
    },
};

/// The largest body that is read, bytes: imports bring whole catalogs.
pub(crate) const MAX_BODY: usize = 32 * 1024 * 1024;
/// How long a request waits for the change that it asks for by `Kundig-Min-Sequence`. Tests have no patience.
const MAX_WAIT: Duration = if cfg!(test) {
    Duration::from_millis(200)
} else {
    Duration::from_secs(10)
};

/// Of a response: the newest change in the catalog that it was answered from.
pub(crate) const SEQUENCE: HeaderName = HeaderName::from_static("kundig-sequence");
/// Of a request: the change that the catalog must contain.
pub(crate) const MIN_SEQUENCE: HeaderName = HeaderName::from_static("kundig-min-sequence");

/// What GraphQL requests are answered with.
pub(crate) struct GraphqlService {
    engine: Engine,
    backend: Backend,
}

impl GraphqlService {
    pub(crate) fn new(engine: Engine, backend: Backend) -> Self {
        Self { engine, backend }
    }
}

/// `POST /graphql`
pub(crate) async fn post(
    State(service): State<Arc<GraphqlService>>,
    Extension(request_id): Extension<RequestId>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let read = async || {
        check_content_type(&headers)
            .map_err(|message| Problem::malformed(StatusCode::UNSUPPORTED_MEDIA_TYPE, message))?;
        let body = axum::body::to_bytes(body, MAX_BODY)
            .await
            .map_err(|error| unreadable_body(&error))?;
        Parameters::from_json(&body)
    };
    let exchange = Exchange {
        service: &service,
        request_id: &request_id,
        headers: &headers,
        may_mutate: true,
    };
    exchange.answer(read).await
}

/// `GET /graphql`: queries only, since a GET request must not change anything.
pub(crate) async fn get(
    State(service): State<Arc<GraphqlService>>,
    Extension(request_id): Extension<RequestId>,
    RawQuery(query_string): RawQuery,
    headers: HeaderMap,
) -> Response {
    let read = async || Parameters::from_query_string(query_string.as_deref().unwrap_or_default());
    let exchange = Exchange {
        service: &service,
        request_id: &request_id,
        headers: &headers,
        may_mutate: false,
    };
    exchange.answer(read).await
}

fn unreadable_body(error: &axum::Error) -> Problem {
    let is_too_large = std::iter::successors(Some(error as &dyn std::error::Error), |error| {
        error.source()
    })
    .any(|error| error.to_string() == "length limit exceeded");
    if is_too_large {
        let message = format!("The body is larger than {} MiB.", MAX_BODY / 1024 / 1024);
        Problem::malformed(StatusCode::PAYLOAD_TOO_LARGE, message)
    } else {
        Problem::malformed(
            StatusCode::BAD_REQUEST,
            "The body could not be read to its end.",
        )
    }
}

/// One request and everything that its answer depends on.
struct Exchange<'a> {
    service: &'a GraphqlService,
    request_id: &'a RequestId,
    headers: &'a HeaderMap,
    may_mutate: bool,
}

/// An operation's answer, and the newest change in the catalog that it comes from.
struct Executed {
    response: GraphqlResponse,
    sequence: i64,
}

impl Exchange<'_> {
    async fn answer(&self, read: impl AsyncFnOnce() -> Result<Parameters, Problem>) -> Response {
        let Ok(response_type) = ResponseType::negotiate(self.headers) else {
            let message =
                "Accept names neither application/graphql-response+json nor application/json.";
            let problem = Problem::malformed(StatusCode::NOT_ACCEPTABLE, message);
            return self.refusal(problem, ResponseType::Json, ObservedOperation::default());
        };
        let mut operation = ObservedOperation::default();
        let result = self.identify_and_run(read, &mut operation).await;
        match result {
            Ok(executed) => self.success(&executed, response_type, operation),
            Err(problem) => self.refusal(problem, response_type, operation),
        }
    }

    /// Nothing of the request but its head is looked at before it is known who asks.
    async fn identify_and_run(
        &self,
        read: impl AsyncFnOnce() -> Result<Parameters, Problem>,
        observed: &mut ObservedOperation,
    ) -> Result<Executed, Problem> {
        let Backend {
            authenticator,
            metrics,
            ..
        } = &self.service.backend;
        let identity = bearer::identify(self.headers, authenticator, metrics, self.request_id);
        let identity = identity.await?;
        self.run(identity, read().await?, observed).await
    }

    async fn run(
        &self,
        identity: Option<Arc<Identity>>,
        parameters: Parameters,
        observed: &mut ObservedOperation,
    ) -> Result<Executed, Problem> {
        self.wait_for_catalog().await?;
        let service = self.service;
        let document = service.engine.document(&parameters.query).await?;
        let operation = document.operation(parameters.operation_name.as_deref())?;
        *observed = ObservedOperation {
            name: operation.name.clone(),
            kind: Some(operation.kind),
        };
        if operation.kind == OperationType::Mutation && !self.may_mutate {
            let message = "Mutations are not allowed by GET: send them by POST.";
            return Err(Problem::malformed(StatusCode::METHOD_NOT_ALLOWED, message));
        }
        let backend = &service.backend;
        let current = backend.replica.current();
        let viewer = Viewer::new(identity, backend.authenticator.anonymous_read(), &current);
        let catalog = RequestCatalog::new(viewer.clone(), current);
        let with_data = |request: async_graphql::Request| {
            request
                .data(catalog.clone())
                .data(self.request_id.clone())
                .data(viewer)
        };
        let response = service
            .engine
            .execute(operation, parameters.variables, self.request_id, with_data)
            .await?;
        if problem::has_code(&response, ErrorCode::Unauthenticated) {
            return Err(bearer::missing(response.errors));
        }
        Ok(Executed {
            response,
            sequence: catalog.sequence(),
        })
    }

    /// Waits for the change that the client wants to see in its answer.
    async fn wait_for_catalog(&self) -> Result<(), Problem> {
        let replica = &self.service.backend.replica;
        let Some(wanted) = self.headers.get(MIN_SEQUENCE) else {
            return Ok(());
        };
        let wanted = parse_sequence(wanted).ok_or_else(|| {
            let message = "The header Kundig-Min-Sequence has to be a sequence as Kundig-Sequence gave it: a whole number, 0 or more.";
            Problem::malformed(StatusCode::BAD_REQUEST, message)
        })?;
        match tokio::time::timeout(MAX_WAIT, replica.wait_for(wanted)).await {
            Ok(()) => Ok(()),
            Err(_) => Err(Problem::unavailable(format!(
                "This replica's catalog has not reached change {wanted} in time. Try again shortly."
            ))),
        }
    }

    fn success(
        &self,
        executed: &Executed,
        response_type: ResponseType,
        operation: ObservedOperation,
    ) -> Response {
        match serde_json::to_vec(&executed.response) {
            Ok(body) => respond(
                StatusCode::OK,
                response_type,
                body,
                executed.sequence,
                operation,
            ),
            Err(error) => {
                tracing::error!(request_id = self.request_id.as_str(), %error, "a response could not be written as JSON");
                self.refusal(Problem::internal(), response_type, operation)
            }
        }
    }

    fn refusal(
        &self,
        mut problem: Problem,
        response_type: ResponseType,
        operation: ObservedOperation,
    ) -> Response {
        sign(&mut problem.errors, self.request_id);
        // Only the client's own mistakes are told with 200: what is between client and server, a load balancer say, has
        // to see that the server cannot answer.
        let is_told_with_success = response_type == ResponseType::Json
            && problem.is_well_formed
            && problem.status.is_client_error();
        let status = if is_told_with_success {
            StatusCode::OK
        } else {
            problem.status
        };
        let sequence = self.service.backend.replica.newest_sequence();
        let mut response = respond(
            status,
            response_type,
            error_body(&problem.errors),
            sequence,
            operation,
        );
        response.headers_mut().extend(problem.headers);
        if status == StatusCode::METHOD_NOT_ALLOWED {
            response
                .headers_mut()
                .insert(header::ALLOW, HeaderValue::from_static("POST"));
        }
        response
    }
}

fn parse_sequence(value: &HeaderValue) -> Option<i64> {
    let digits = value
        .to_str()
        .ok()
        .filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))?;
    digits.parse().ok()
}

fn respond(
    status: StatusCode,
    response_type: ResponseType,
    body: Vec<u8>,
    sequence: i64,
    operation: ObservedOperation,
) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, response_type.header());
    response
        .headers_mut()
        .insert(SEQUENCE, HeaderValue::from(sequence));
    response.extensions_mut().insert(operation);
    response
}
