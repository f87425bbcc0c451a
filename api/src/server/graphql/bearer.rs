//! The token that a request carries.

use std::{net::IpAddr, sync::Arc};

use async_graphql::ServerError;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};

use super::problem::Problem;
use crate::{
    auth::{Authenticator, Identity, Rejection},
    server::metrics::Metrics,
    shared::request::RequestId,
};

/// When it makes sense to try again where the issuer's keys cannot be loaded, seconds.
const RETRY_AFTER: u64 = 5;
/// What a client is told that does not say who it is.
const CHALLENGE: HeaderValue = HeaderValue::from_static("Bearer realm=\"kundig\"");

/// Who asks, by the header `Authorization`, the one place where tokens are read; nobody where there is none.
pub(super) async fn identify(
    headers: &HeaderMap,
    authenticator: &Authenticator,
    metrics: &Metrics,
    request_id: &RequestId,
    client: Option<IpAddr>,
) -> Result<Option<Arc<Identity>>, Problem> {
    let client = client.map(tracing::field::display);
    let fail = |label: &'static str, issuer: Option<&str>| {
        metrics.authentication_failed(label);
        tracing::warn!(
            request_id = request_id.as_str(),
            client,
            reason = label,
            issuer,
            "authentication failed"
        );
    };
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        fail("several_headers", None);
        let message = "There are several Authorization headers; one is enough.";
        return Err(Problem::malformed(StatusCode::BAD_REQUEST, message));
    }
    let Some(token) = bearer_token(value) else {
        fail("no_bearer", None);
        return Err(unauthenticated(
            "The Authorization header has to be \"Bearer\" and an access token.",
            CHALLENGE,
        ));
    };
    match authenticator.authenticate(token).await {
        Ok(identity) => Ok(Some(identity)),
        Err(rejection) => {
            fail(rejection.reason.label(), rejection.issuer.as_deref());
            Err(problem(&rejection))
        }
    }
}

fn bearer_token(value: &HeaderValue) -> Option<&str> {
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    let token = token.trim_matches(' ');
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

fn problem(rejection: &Rejection) -> Problem {
    if rejection.is_temporary() {
        let message = format!("Who you are cannot be checked: {rejection}. Try again shortly.");
        return Problem::unavailable(message, RETRY_AFTER);
    }
    let challenge = format!(
        "Bearer realm=\"kundig\", error=\"invalid_token\", error_description=\"{rejection}\""
    );
    let challenge = HeaderValue::from_str(&challenge).unwrap_or(CHALLENGE);
    unauthenticated(
        format!("Who you are is not proven: {rejection}."),
        challenge,
    )
}

/// That an operation needs a token and came without one.
pub(super) fn missing(errors: Vec<ServerError>) -> Problem {
    let problem = Problem {
        errors,
        ..Problem::unauthenticated("")
    };
    problem.with_header(header::WWW_AUTHENTICATE, CHALLENGE)
}

/// That what is asked for needs a token, whatever else the request is about.
pub(super) fn challenged(message: &str) -> Problem {
    unauthenticated(message, CHALLENGE)
}

fn unauthenticated(message: impl Into<String>, challenge: HeaderValue) -> Problem {
    Problem::unauthenticated(message).with_header(header::WWW_AUTHENTICATE, challenge)
}
