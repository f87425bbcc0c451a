//! The parameters of a GraphQL request, from a body or from a query string.

use std::fmt::{self, Display, Formatter};

use async_graphql::Variables;
use axum::{body::Bytes, http::StatusCode};
use serde::Deserialize;
use serde_json::Value;

use super::problem::Problem;
use crate::shared::error_code::ErrorCode;

/// What a client asks for.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Parameters {
    /// The document.
    query: Option<String>,
    /// Its id in a list of trusted documents.
    document_id: Option<String>,
    /// Which of its operations.
    pub(crate) operation_name: Option<String>,
    /// The operation's variables.
    #[serde(default)]
    pub(crate) variables: Variables,
    extensions: Option<serde_json::Map<String, Value>>,
}

/// A request as it came.
pub(super) enum Unread {
    /// The body of a POST request.
    Json(Bytes),
    /// The query string of a GET request.
    QueryString(String),
}

impl Unread {
    /// Its length in bytes.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Json(body) => body.len(),
            Self::QueryString(query_string) => query_string.len(),
        }
    }

    /// Reads what it asks for.
    ///
    /// # Errors
    /// It does not say what it should, as [`Body::from_json`] and [`Parameters::from_query_string`] have it.
    pub(super) fn read(self, max_batch: usize) -> Result<Body, Problem> {
        match self {
            Self::Json(body) => Body::from_json(&body, max_batch),
            Self::QueryString(query_string) => {
                Parameters::from_query_string(&query_string).map(Body::Single)
            }
        }
    }
}

/// What a body asks for.
#[derive(Debug)]
pub(crate) enum Body {
    /// One request.
    Single(Parameters),
    /// Several, answered in a list.
    Batch(Vec<Parameters>),
}

/// How a request names its document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DocumentName<'a> {
    /// By all of it.
    Text(&'a str),
    /// By its hash alone.
    Hash(Hash),
    /// By all of it, with the hash by which it will be asked for next time.
    TextWithHash(&'a str, Hash),
    /// By an id.
    Id(&'a str),
}

/// A SHA-256 hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Hash(pub(super) [u8; 32]);

impl Hash {
    /// From 64 hexadecimal digits.
    fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        let digits = text.as_bytes();
        if digits.len() != 64 || !digits.iter().all(u8::is_ascii_hexdigit) {
            return None;
        }
        for (byte, at) in bytes.iter_mut().zip((0..).step_by(2)) {
            *byte = u8::from_str_radix(&text[at..at + 2], 16).ok()?;
        }
        Some(Self(bytes))
    }
}

impl Display for Hash {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
    }
}

impl Body {
    /// From the body of a POST request.
    ///
    /// # Errors
    /// It is no JSON, a parameter is missing or of the wrong type, or it has more requests than are allowed.
    pub(crate) fn from_json(body: &[u8], max_batch: usize) -> Result<Self, Problem> {
        let is_list = body.trim_ascii_start().starts_with(b"[");
        if !is_list {
            return serde_json::from_slice(body)
                .map_err(|error| malformed(explain(body, &error)))
                .and_then(Parameters::complete)
                .map(Self::Single);
        }
        if max_batch == 1 {
            return Err(malformed(
                "Batches are not allowed here (setting max_batch): send one request as a JSON object.",
            ));
        }
        let requests: Vec<Value> = serde_json::from_slice(body)
            .map_err(|error| malformed(format!("The body is not valid JSON: {error}.")))?;
        match requests.len() {
            0 => Err(malformed("The batch is empty.")),
            count if count > max_batch => {
                let message = format!(
                    "The batch has {count} requests; at most {max_batch} are allowed (setting max_batch)."
                );
                Err(Problem::bad_request(ErrorCode::QueryTooComplex, message))
            }
            _ => requests
                .iter()
                .map(Parameters::from_value)
                .collect::<Result<_, _>>()
                .map(Self::Batch),
        }
    }
}

impl Parameters {
    /// From a value.
    ///
    /// # Errors
    /// A parameter is missing or of the wrong type.
    pub(crate) fn from_value(value: &Value) -> Result<Self, Problem> {
        Self::deserialize(value)
            .map_err(|error| malformed(explain_value(value, &error)))
            .and_then(Self::complete)
    }

    /// From the query string of a GET request.
    ///
    /// # Errors
    /// The document is missing, a parameter comes twice, or `variables` or `extensions` are no JSON objects.
    pub(crate) fn from_query_string(query_string: &str) -> Result<Self, Problem> {
        let (mut query, mut document_id, mut operation_name, mut variables, mut extensions) =
            (None, None, None, None, None);
        for (name, value) in url::form_urlencoded::parse(query_string.as_bytes()) {
            let parameter = match &*name {
                "query" => &mut query,
                "documentId" => &mut document_id,
                "operationName" => &mut operation_name,
                "variables" => &mut variables,
                "extensions" => &mut extensions,
                _ => continue,
            };
            if parameter.replace(value.into_owned()).is_some() {
                return Err(malformed(format!(
                    "The parameter \"{name}\" is given more than once."
                )));
            }
        }
        let parameters = Self {
            query,
            document_id,
            operation_name: operation_name.filter(|name| !name.is_empty()),
            variables: json_object("variables", variables.as_deref())?,
            extensions: json_object("extensions", extensions.as_deref())?,
        };
        parameters.complete()
    }

    /// These, unless they name no document.
    fn complete(self) -> Result<Self, Problem> {
        let is_hashed = || {
            let extensions = self.extensions.as_ref();
            extensions.is_some_and(|extensions| extensions.contains_key(PERSISTED_QUERY))
        };
        if self.query.is_some() || self.document_id.is_some() || is_hashed() {
            Ok(self)
        } else {
            Err(malformed(MISSING_QUERY))
        }
    }

    /// What the document is called.
    ///
    /// # Errors
    /// It is called by a hash that is none.
    pub(super) fn document(&self) -> Result<DocumentName<'_>, Problem> {
        let hash = match self.extensions.as_ref() {
            Some(extensions) => persisted_hash(extensions.get(PERSISTED_QUERY))?,
            None => None,
        };
        match (self.query.as_deref(), hash, self.document_id.as_deref()) {
            (Some(text), Some(hash), _) => Ok(DocumentName::TextWithHash(text, hash)),
            (Some(text), None, _) => Ok(DocumentName::Text(text)),
            (None, Some(hash), _) => Ok(DocumentName::Hash(hash)),
            (None, None, Some(id)) => Ok(DocumentName::Id(id)),
            (None, None, None) => Err(malformed(MISSING_QUERY)),
        }
    }
}

/// The extension of automatic persisted queries.
const PERSISTED_QUERY: &str = "persistedQuery";

fn persisted_hash(persisted_query: Option<&Value>) -> Result<Option<Hash>, Problem> {
    let Some(persisted_query) = persisted_query.filter(|value| !value.is_null()) else {
        return Ok(None);
    };
    let is_known = persisted_query["version"] == 1;
    let hash = persisted_query["sha256Hash"].as_str().and_then(Hash::parse);
    match hash {
        Some(hash) if is_known => Ok(Some(hash)),
        _ => {
            let message = "\"extensions.persistedQuery\" has to be {\"version\": 1, \"sha256Hash\": …} with the hash in 64 hexadecimal digits.";
            Err(Problem::bad_request(ErrorCode::BadUserInput, message))
        }
    }
}

const MISSING_QUERY: &str = "The parameter \"query\" is missing: it holds the GraphQL document.";

fn malformed(message: impl Into<String>) -> Problem {
    Problem::malformed(StatusCode::BAD_REQUEST, message)
}

fn json_object<T: Default + for<'de> Deserialize<'de>>(
    name: &str,
    text: Option<&str>,
) -> Result<T, Problem> {
    match text {
        None | Some("") => Ok(T::default()),
        Some(text) => serde_json::from_str(text).map_err(|error| {
            malformed(format!(
                "The parameter \"{name}\" has to be a JSON object: {error}."
            ))
        }),
    }
}

/// Why a body is no GraphQL request. The parser's own error names no parameter, so the body is looked at again.
fn explain(body: &[u8], error: &serde_json::Error) -> String {
    if body.iter().all(u8::is_ascii_whitespace) {
        return "The body is empty: send a JSON object with the parameter \"query\".".to_owned();
    }
    match serde_json::from_slice::<Value>(body) {
        Ok(value) => explain_value(&value, error),
        Err(error) => format!("The body is not valid JSON: {error}."),
    }
}

fn explain_value(value: &Value, error: &serde_json::Error) -> String {
    let Value::Object(parameters) = value else {
        return "A request has to be a JSON object with the parameter \"query\".".to_owned();
    };
    let is_wrong = |name: &str, value: &Value| match name {
        "query" | "documentId" | "operationName" if !value.is_string() && !value.is_null() => {
            Some("a string or null")
        }
        "variables" | "extensions" if !value.is_object() && !value.is_null() => {
            Some("an object or null")
        }
        _ => None,
    };
    let mut parameters = parameters.iter();
    let wrong = parameters.find_map(|(name, value)| Some((name, is_wrong(name, value)?)));
    match wrong {
        Some((name, right)) => format!("The parameter \"{name}\" has to be {right}."),
        None => format!("The request is no GraphQL request: {error}."),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn message(problem: &Problem) -> &str {
        &problem.errors[0].message
    }

    #[test]
    fn a_body_that_is_no_request_is_refused_by_what_is_wrong_with_it() {
        let cases = [
            ("", "empty"),
            ("{ \"not a JSON", "not valid JSON"),
            ("[{\"query\": \"{ a }\"}]", "Batches"),
            ("7", "JSON object"),
            ("{}", "\"query\" is missing"),
            ("{\"query\": 1}", "\"query\" has to be a string"),
            ("{\"documentId\": 1}", "\"documentId\" has to be a string"),
            ("{\"query\": null}", "\"query\" is missing"),
            ("{\"extensions\": {}}", "\"query\" is missing"),
            (
                "{\"query\": \"\", \"operationName\": []}",
                "\"operationName\"",
            ),
            ("{\"query\": \"\", \"variables\": [1]}", "\"variables\""),
            ("{\"query\": \"\", \"extensions\": \"x\"}", "\"extensions\""),
            ("{\"query\": \"\", \"query\": \"\"}", "duplicate field"),
        ];
        for (body, expected) in cases {
            let problem = Body::from_json(body.as_bytes(), 1).unwrap_err();
            assert_eq!(problem.status, StatusCode::BAD_REQUEST);
            assert!(
                message(&problem).contains(expected),
                "{body}: {}",
                message(&problem)
            );
        }
    }

    #[test]
    fn null_parameters_count_as_absent() {
        let body = br#"{"query": "{ a }", "operationName": null, "variables": null, "extensions": null, "other": 1}"#;
        let Body::Single(parameters) = Body::from_json(body, 1).unwrap() else {
            panic!("one object is one request");
        };
        assert_eq!(parameters.operation_name, None);
        assert!(parameters.variables.is_empty());
    }

    #[test]
    fn a_query_string_is_decoded() {
        let parameters = Parameters::from_query_string(
            "query=%7B+a%20%7D&variables=%7B%22n%22%3A1%7D&operationName=A",
        )
        .unwrap();
        assert_eq!(parameters.document().unwrap(), DocumentName::Text("{ a }"));
        assert_eq!(parameters.operation_name.as_deref(), Some("A"));
        assert_eq!(parameters.variables.len(), 1);
    }

    #[test]
    fn a_query_string_with_broken_parameters_is_refused() {
        for (query_string, expected) in [
            ("", "\"query\" is missing"),
            ("query=a&query=b", "more than once"),
            ("query=a&variables=%5B1%5D", "\"variables\""),
            ("query=a&extensions=x", "\"extensions\""),
        ] {
            let problem = Parameters::from_query_string(query_string).unwrap_err();
            assert!(
                message(&problem).contains(expected),
                "{query_string}: {}",
                message(&problem)
            );
        }
    }

    #[test]
    fn a_batch_is_as_long_as_it_may_be() {
        let request = r#"{"query": "{ a }"}"#;
        let batch = |count: usize| format!(" [{}]", vec![request; count].join(","));
        let read = |count| Body::from_json(batch(count).as_bytes(), 3);
        assert!(matches!(read(3), Ok(Body::Batch(requests)) if requests.len() == 3));
        assert!(matches!(read(1), Ok(Body::Batch(requests)) if requests.len() == 1));
        assert!(message(&read(4).unwrap_err()).contains("at most 3"));
        assert!(message(&read(0).unwrap_err()).contains("empty"));
        let wrong = Body::from_json(br#"[{"query": "{ a }"}, {"query": 1}]"#, 3).unwrap_err();
        assert!(message(&wrong).contains("\"query\" has to be a string"));
        let nested = Body::from_json(b"[[]]", 3).unwrap_err();
        assert!(message(&nested).contains("JSON object"));
    }

    #[test]
    fn a_document_is_named_by_text_hash_or_id() {
        let digits = "0123456789abcdef".repeat(4);
        let hash = Hash::parse(&digits).unwrap();
        assert_eq!(hash.to_string(), digits);
        let persisted = format!(
            r#""extensions": {{"persistedQuery": {{"version": 1, "sha256Hash": "{digits}"}}}}"#
        );
        for (body, expected) in [
            (format!("{{{persisted}}}"), DocumentName::Hash(hash)),
            (
                format!(r#"{{"query": "a", {persisted}}}"#),
                DocumentName::TextWithHash("a", hash),
            ),
            (r#"{"documentId": "a"}"#.to_owned(), DocumentName::Id("a")),
            (
                r#"{"query": "a", "extensions": {"persistedQuery": null}}"#.to_owned(),
                DocumentName::Text("a"),
            ),
        ] {
            let Body::Single(parameters) = Body::from_json(body.as_bytes(), 1).unwrap() else {
                panic!("one object is one request");
            };
            assert_eq!(parameters.document().unwrap(), expected);
        }
    }

    #[test]
    fn a_hash_that_is_none_is_refused() {
        let good = "a".repeat(64);
        let signed = format!("+{}", "a".repeat(63));
        for persisted in [
            serde_json::json!(1),
            serde_json::json!({ "version": 2, "sha256Hash": good }),
            serde_json::json!({ "version": 1 }),
            serde_json::json!({ "version": 1, "sha256Hash": "a".repeat(63) }),
            serde_json::json!({ "version": 1, "sha256Hash": "é".repeat(32) }),
            serde_json::json!({ "version": 1, "sha256Hash": signed }),
        ] {
            let problem = persisted_hash(Some(&persisted)).unwrap_err();
            assert!(
                message(&problem).contains("64 hexadecimal digits"),
                "{persisted}"
            );
        }
    }
}
