//! Answers that are not GraphQL results: problems as JSON, plain JSON.

use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::Response,
};
use serde::Serialize;

use super::graphql::{Problem, error_body, sign};
use crate::shared::request::RequestId;

/// A problem in the shape of GraphQL errors, so that clients need one way to read errors only.
pub(crate) fn json_problem(mut problem: Problem, request_id: &RequestId) -> Response {
    sign(&mut problem.errors, request_id);
    with_type(
        problem.status,
        "application/json; charset=utf-8",
        error_body(&problem.errors),
    )
}

/// A value as JSON.
pub(crate) fn json(status: StatusCode, value: &impl Serialize) -> Response {
    with_type(
        status,
        "application/json; charset=utf-8",
        serde_json::to_vec(value).unwrap_or_default(),
    )
}

/// A body with its media type.
pub(crate) fn with_type(
    status: StatusCode,
    media_type: &'static str,
    body: impl Into<Body>,
) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    response
}
