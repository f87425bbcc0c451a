//! What every answer has to be, whatever was asked.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use kundig::shared::error_code::ErrorCode;
use serde_json::Value;

use crate::case::{Case, Expectation};

/// How long an answer may take on a slow and busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// What no client may see: names and places of the inside.
const INSIDE: [&str; 9] = [
    "sqlx",
    "sea_orm",
    "sea-orm",
    "SQLITE_",
    "panicked",
    "RUST_BACKTRACE",
    "src/",
    ".rs:",
    "SELECT ",
];

/// What came back.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
    pub(crate) duration: Duration,
}

/// How far a request came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Outcome {
    /// It was not executed.
    Refused,
    /// It was executed, and all or some of it failed.
    Failed,
    /// It was executed and all went well.
    Done,
}

/// Checks that an answer is as it has to be.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn check(case: &Case, answer: &Answer) -> Result<Outcome, String> {
    if answer.duration > PATIENCE {
        return Err(format!("it took {:?}", answer.duration));
    }
    for secret in &case.secrets {
        let head = answer.headers.values().map(HeaderValue::as_bytes);
        if head
            .chain([answer.body.as_slice()])
            .any(|text| contains(text, secret))
        {
            return Err("it has a part of the token in it".to_owned());
        }
    }
    if case.expectation == Expectation::Refusal && answer.status != StatusCode::UNAUTHORIZED {
        return Err("a forged token is not refused with 401".to_owned());
    }
    let is_graphql = case.uri.split('?').next() == Some("/graphql");
    let has_body = case.method != Method::HEAD
        && !(case.method == Method::OPTIONS && answer.status == StatusCode::OK);
    let is_plain = !answer.headers.contains_key(header::CONTENT_ENCODING);
    if is_graphql && has_body && is_plain {
        let body: Value = serde_json::from_slice(&answer.body)
            .map_err(|error| format!("the body is no JSON: {error}"))?;
        return match &body {
            Value::Array(answers) => {
                let outcomes = answers.iter().map(|body| check_body(body, answer.status));
                let outcomes = outcomes.collect::<Result<Vec<_>, _>>()?;
                let best = outcomes.into_iter().max();
                best.ok_or_else(|| "nothing is answered".to_owned())
            }
            body => check_body(body, answer.status),
        };
    }
    if answer.status.is_server_error() {
        return Err(format!("the server fails with {}", answer.status));
    }
    Ok(Outcome::Refused)
}

fn check_body(body: &Value, status: StatusCode) -> Result<Outcome, String> {
    let errors = match &body["errors"] {
        Value::Null if body["data"].is_object() => &Vec::new(),
        Value::Array(errors) if !errors.is_empty() => errors,
        _ => return Err("it has neither data nor errors".to_owned()),
    };
    let codes = errors.iter().map(check_error);
    let codes = codes.collect::<Result<Vec<_>, _>>()?;
    let is_busy = |code| matches!(code, &ErrorCode::Timeout | &ErrorCode::Unavailable);
    match status.as_u16() {
        503 if codes.iter().any(is_busy) => Ok(Outcome::Refused),
        500.. => Err(format!("the server fails with {status}")),
        _ if body.get("data").is_none() => Ok(Outcome::Refused),
        _ if errors.is_empty() => Ok(Outcome::Done),
        _ => Ok(Outcome::Failed),
    }
}

fn check_error(error: &Value) -> Result<ErrorCode, String> {
    let code = error["extensions"]["code"].as_str().unwrap_or_default();
    let code: ErrorCode = code
        .parse()
        .map_err(|_| format!("an error has the code \"{code}\""))?;
    if code == ErrorCode::InternalServerError {
        return Err("an error is the server's own fault".to_owned());
    }
    if !error["extensions"]["requestId"].is_string() {
        return Err("an error has no request id".to_owned());
    }
    let message = error["message"].as_str().unwrap_or_default();
    if message.is_empty() {
        return Err("an error says nothing".to_owned());
    }
    match INSIDE.iter().find(|inside| message.contains(**inside)) {
        Some(inside) => Err(format!("an error tells of the inside: {inside}")),
        None => Ok(code),
    }
}

fn contains(text: &[u8], part: &str) -> bool {
    text.windows(part.len())
        .any(|window| window == part.as_bytes())
}
