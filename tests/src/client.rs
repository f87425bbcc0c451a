//! A GraphQL client whose answers are made to be asserted on.

use std::fmt;

use reqwest::StatusCode;
use reqwest::header::{ACCEPT, HeaderMap};
use serde_json::{Map, Value, json};

use crate::tokens;

/// A GraphQL document on its way to a server.
#[derive(Debug)]
#[must_use]
pub struct Query {
    request: reqwest::RequestBuilder,
    token: Option<String>,
    body: Map<String, Value>,
}

impl Query {
    pub(crate) fn new(http: &reqwest::Client, url: String, document: String) -> Self {
        Self {
            request: http
                .post(url)
                .header(ACCEPT, "application/graphql-response+json"),
            token: Some(tokens::everything().to_owned()),
            body: Map::from_iter([("query".to_owned(), Value::String(document))]),
        }
    }

    /// Gives the document's variables: an object.
    pub fn variables(mut self, variables: Value) -> Self {
        self.body.insert("variables".to_owned(), variables);
        self
    }

    /// Names the operation of the document to run.
    pub fn operation(mut self, name: &str) -> Self {
        self.body.insert("operationName".to_owned(), json!(name));
        self
    }

    /// Sends this token instead of the one that allows everything.
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.token = Some(token.into());
        self
    }

    /// Sends no token.
    pub fn anonymous(mut self) -> Self {
        self.token = None;
        self
    }

    /// Adds an HTTP header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.request = self.request.header(name, value);
        self
    }

    /// Sends it. Panics if the answer is not JSON.
    pub async fn send(self) -> Answer {
        let document = self.body["query"].as_str().unwrap_or_default().to_owned();
        self.try_send()
            .await
            .unwrap_or_else(|error| panic!("{error}\n{document}"))
    }

    /// Sends it to a server that may go away meanwhile.
    pub async fn try_send(self) -> reqwest::Result<Answer> {
        let request = match &self.token {
            Some(token) => self.request.bearer_auth(token),
            None => self.request,
        };
        let response = request.json(&self.body).send().await?;
        Ok(Answer {
            document: self.body["query"].as_str().unwrap_or_default().to_owned(),
            variables: self.body.get("variables").cloned().unwrap_or(Value::Null),
            status: response.status(),
            headers: response.headers().clone(),
            body: response.json().await?,
        })
    }
}

/// What a server answered.
#[derive(Debug)]
pub struct Answer {
    document: String,
    variables: Value,
    status: StatusCode,
    headers: HeaderMap,
    body: Value,
}

impl Answer {
    /// HTTP's status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// A header's text, if it came.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The whole body.
    pub fn body(&self) -> &Value {
        &self.body
    }

    /// The snapshot that was read, `Kundig-Sequence`.
    #[track_caller]
    pub fn sequence(&self) -> &str {
        self.header("Kundig-Sequence")
            .unwrap_or_else(|| panic!("the answer has no header Kundig-Sequence\n{self}"))
    }

    /// The GraphQL errors, none where all went well.
    pub fn errors(&self) -> &[Value] {
        self.body["errors"].as_array().map_or(&[], Vec::as_slice)
    }

    /// The data; panics where there are errors.
    #[track_caller]
    pub fn expect_data(&self) -> &Value {
        assert!(
            self.errors().is_empty(),
            "expected data, there are errors\n{self}"
        );
        let data = &self.body["data"];
        assert!(data.is_object(), "expected data\n{self}");
        data
    }

    /// What the document's mutation, the first of its fields, gave; panics where it was refused.
    #[track_caller]
    pub fn expect_payload(&self) -> &Value {
        let payload = self.payload();
        assert_eq!(
            payload["userErrors"],
            json!([]),
            "expected a mutation that succeeds (select userErrors)\n{self}"
        );
        payload
    }

    /// The GraphQL error with this `extensions.code`; panics where there is none.
    #[track_caller]
    pub fn expect_error_code(&self, code: &str) -> &Value {
        self.errors()
            .iter()
            .find(|error| error["extensions"]["code"] == code)
            .unwrap_or_else(|| panic!("expected an error with the code {code}\n{self}"))
    }

    /// The mutation's user error at this path of its input with this code; panics where there is none.
    #[track_caller]
    pub fn expect_user_error(&self, path: &[&str], code: &str) -> &Value {
        self.payload()["userErrors"]
            .as_array()
            .into_iter()
            .flatten()
            .find(|error| error["field"] == json!(path) && error["code"] == code)
            .unwrap_or_else(|| panic!("expected a user error {code} at {path:?}\n{self}"))
    }

    #[track_caller]
    fn payload(&self) -> &Value {
        self.expect_data()
            .as_object()
            .and_then(|data| data.values().next())
            .unwrap_or_else(|| panic!("expected a mutation's payload\n{self}"))
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "query: {}", self.document)?;
        if !self.variables.is_null() {
            writeln!(f, "variables: {:#}", self.variables)?;
        }
        write!(f, "answer: {} {:#}", self.status, self.body)
    }
}
