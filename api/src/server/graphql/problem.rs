//! What stops a request before it runs, and how errors look on the wire.

use async_graphql::{Response, ServerError, Value};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};

use crate::shared::{error_code::ErrorCode, request::RequestId};

/// A request that was not executed, and why.
#[derive(Debug)]
pub(crate) struct Problem {
    /// What it is over HTTP.
    pub(crate) status: StatusCode,
    /// Whether the body was a GraphQL request at all. A client that only knows `application/json` is told about a
    /// well-formed request with status 200, as the GraphQL-over-HTTP specification wants it.
    pub(crate) is_well_formed: bool,
    /// At least one.
    pub(crate) errors: Vec<ServerError>,
    /// What else the response's head says.
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
}

impl Problem {
    fn new(status: StatusCode, is_well_formed: bool, errors: Vec<ServerError>) -> Self {
        Self {
            status,
            is_well_formed,
            errors,
            headers: Vec::new(),
        }
    }

    /// What was sent is no GraphQL request.
    pub(crate) fn malformed(status: StatusCode, message: impl Into<String>) -> Self {
        Self::new(status, false, vec![coded(ErrorCode::BadUserInput, message)])
    }

    /// Whoever asks must not, whatever it is that they ask.
    pub(crate) fn forbidden(message: impl Into<String>) -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            false,
            vec![coded(ErrorCode::Forbidden, message)],
        )
    }

    /// Errors that are complete, of a GraphQL request that did not run.
    pub(super) fn not_run(errors: Vec<ServerError>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, true, errors)
    }

    /// The client has asked for too much in too short a time.
    pub(crate) fn rate_limited(retry_after: u64) -> Self {
        let message = format!("You have spent your points for now. Try again in {retry_after} s.");
        let errors = vec![coded(ErrorCode::RateLimited, message)];
        // Before its body is read nothing is known of a request, and whoever stands between has to see this status.
        Self::new(StatusCode::TOO_MANY_REQUESTS, false, errors)
            .with_header(header::RETRY_AFTER, HeaderValue::from(retry_after))
    }

    /// The client has as much as it may have at a time.
    pub(crate) fn rate_limited_by(message: impl Into<String>) -> Self {
        let errors = vec![coded(ErrorCode::RateLimited, message)];
        Self::new(StatusCode::TOO_MANY_REQUESTS, false, errors)
    }

    /// The request was stopped because it took too long. It may be sent again after so many seconds.
    pub(crate) fn timeout(message: impl Into<String>, retry_after: u64) -> Self {
        Self::not_now(coded(ErrorCode::Timeout, message), retry_after)
    }

    /// There is nothing at the address.
    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        let errors = vec![coded(ErrorCode::NotFound, message)];
        Self::new(StatusCode::NOT_FOUND, false, errors)
    }

    /// A GraphQL request that cannot run.
    pub(crate) fn bad_request(code: ErrorCode, message: impl Into<String>) -> Self {
        Self::refused(code, ServerError::new(message, None))
    }

    /// As [`Problem::bad_request`], with a place in the document.
    pub(crate) fn refused(code: ErrorCode, error: ServerError) -> Self {
        Self::all_refused(code, vec![error])
    }

    /// As [`Problem::refused`], for several errors of one kind.
    pub(crate) fn all_refused(code: ErrorCode, mut errors: Vec<ServerError>) -> Self {
        for error in &mut errors {
            set_code(error, code);
        }
        Self::not_run(errors)
    }

    /// A request that does not prove who asks. It is told by its status to every client: what is between client and
    /// server may have a say in it.
    pub(crate) fn unauthenticated(message: impl Into<String>) -> Self {
        let errors = vec![coded(ErrorCode::Unauthenticated, message)];
        Self::new(StatusCode::UNAUTHORIZED, false, errors)
    }

    /// Whether one of its errors has this code.
    pub(super) fn has_code(&self, code: ErrorCode) -> bool {
        any_has_code(&self.errors, code)
    }

    /// The same with this header in the response.
    #[must_use]
    pub(crate) fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// The server cannot answer now, but may in so many seconds.
    pub(crate) fn unavailable(message: impl Into<String>, retry_after: u64) -> Self {
        Self::not_now(coded(ErrorCode::Unavailable, message), retry_after)
    }

    fn not_now(error: ServerError, retry_after: u64) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, true, vec![error])
            .with_header(header::RETRY_AFTER, HeaderValue::from(retry_after))
    }

    /// The server failed; what happened is in its logs only.
    pub(crate) fn internal() -> Self {
        let errors = vec![coded(ErrorCode::InternalServerError, INTERNAL)];
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, false, errors)
    }
}

const INTERNAL: &str = "The server failed to answer. Its logs say more under the request id.";

fn coded(code: ErrorCode, message: impl Into<String>) -> ServerError {
    let mut error = ServerError::new(message, None);
    set_code(&mut error, code);
    error
}

pub(super) fn set_code(error: &mut ServerError, code: ErrorCode) {
    error
        .extensions
        .get_or_insert_default()
        .set("code", code.as_str());
}

/// Whether an error of a response has this code.
pub(super) fn has_code(response: &Response, code: ErrorCode) -> bool {
    any_has_code(&response.errors, code)
}

fn any_has_code(errors: &[ServerError], code: ErrorCode) -> bool {
    let expected = Value::from(code.as_str());
    errors.iter().any(|error| {
        let extensions = error.extensions.as_ref();
        extensions.and_then(|extensions| extensions.get("code")) == Some(&expected)
    })
}

/// Puts the request id into every error.
pub(crate) fn sign(errors: &mut [ServerError], request_id: &RequestId) {
    for error in errors {
        error
            .extensions
            .get_or_insert_default()
            .set("requestId", request_id.as_str());
    }
}

/// Gives a code to each error of an executed operation that has none, and hides what clients must not see.
pub(super) fn complete(response: &mut Response, request_id: &RequestId) {
    for error in &mut response.errors {
        if error
            .extensions
            .as_ref()
            .is_some_and(|extensions| extensions.get("code").is_some())
        {
            continue;
        }
        let code = classify(error);
        if code == ErrorCode::InternalServerError {
            tracing::error!(request_id = request_id.as_str(), path = ?error.path, cause = %error.message, "a resolver failed");
            INTERNAL.clone_into(&mut error.message);
        }
        set_code(error, code);
    }
    sign(&mut response.errors, request_id);
}

/// What an error without a code is. Only what async-graphql says about the client's own input is passed on; anything else
/// came up unforeseen, from a database say, and may hold inner detail.
fn classify(error: &ServerError) -> ErrorCode {
    const ABOUT_INPUT: [&str; 4] = [
        "Failed to parse \"",
        "Expected input type \"",
        "Variable ",
        "Invalid value for argument \"",
    ];
    let message = error.message.as_str();
    if error.source.is_none() && ABOUT_INPUT.iter().any(|start| message.starts_with(start)) {
        return ErrorCode::BadUserInput;
    }
    exceeded_limit(error).unwrap_or(ErrorCode::InternalServerError)
}

/// Which of async-graphql's own limits an error is about. Only its message tells.
pub(super) fn exceeded_limit(error: &ServerError) -> Option<ErrorCode> {
    match error.message.as_str() {
        "Query is too complex." => Some(ErrorCode::QueryTooComplex),
        "Query is nested too deep." => Some(ErrorCode::QueryTooDeep),
        message if message.starts_with("The recursion depth of the query") => {
            Some(ErrorCode::QueryTooDeep)
        }
        _ => None,
    }
}

/// Whether the operation was refused before its first field ran, so that the response has no `data`.
pub(super) fn did_not_run(response: &Response) -> bool {
    response.data == Value::Null
        && !response.errors.is_empty()
        && response.errors.iter().all(|error| error.path.is_empty())
}

/// The body of an answer without data.
pub(crate) fn body(errors: &[ServerError]) -> Vec<u8> {
    #[derive(serde::Serialize)]
    struct Errors<'a> {
        errors: &'a [ServerError],
    }
    serde_json::to_vec(&Errors { errors }).unwrap_or_default()
}
