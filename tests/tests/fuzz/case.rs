//! A request that is tried, and what is expected of its answer.

use std::fmt::{self, Display, Formatter};

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, Method, Request, Uri};

/// What an answer has to be beyond what every answer has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expectation {
    /// Nothing more.
    Anything,
    /// 401: its token is a forgery.
    Refusal,
}

/// A request.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) method: Method,
    pub(crate) uri: String,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) body: Vec<u8>,
    /// Texts that must not come back.
    pub(crate) secrets: Vec<String>,
    pub(crate) expectation: Expectation,
}

impl Case {
    /// A POST of JSON with this token.
    pub(crate) fn post(token: &str, body: Vec<u8>) -> Self {
        let mut case = Self {
            method: Method::POST,
            uri: "/graphql".to_owned(),
            headers: Vec::new(),
            body,
            secrets: Vec::new(),
            expectation: Expectation::Anything,
        };
        case.header("content-type", b"application/json");
        case.header("accept", b"application/graphql-response+json");
        case.header("authorization", format!("Bearer {token}").as_bytes());
        case
    }

    /// Adds a header, unless HTTP itself does not let its value through.
    pub(crate) fn header(&mut self, name: &'static str, value: &[u8]) {
        if let Ok(value) = HeaderValue::from_bytes(value) {
            self.headers.push((HeaderName::from_static(name), value));
        }
    }

    /// Leaves out the headers of this name.
    pub(crate) fn without(&mut self, name: &str) {
        self.headers.retain(|(header, _)| header != name);
    }

    /// What is sent; `None` where HTTP itself does not let the address through.
    pub(crate) fn request(&self) -> Option<Request<Body>> {
        let mut request = Request::new(Body::from(self.body.clone()));
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = self.uri.parse::<Uri>().ok()?;
        for (name, value) in &self.headers {
            request.headers_mut().append(name, value.clone());
        }
        Some(request)
    }
}

impl Display for Case {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        writeln!(out, "{} {}", self.method, self.uri)?;
        for (name, value) in &self.headers {
            writeln!(out, "{name}: {}", value.as_bytes().escape_ascii())?;
        }
        writeln!(out, "\n{}", String::from_utf8_lossy(&self.body))
    }
}
