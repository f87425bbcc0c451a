//! The codes that GraphQL errors carry in `extensions.code`.

use async_graphql::{Error, ErrorExtensions};
use strum::{EnumIter, EnumString, IntoStaticStr};

/// Why a request, or a field of it, failed. Clients branch on these, so they are part of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, EnumString, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum ErrorCode {
    /// The document is no GraphQL.
    GraphqlParseFailed,
    /// The document does not fit the schema.
    GraphqlValidationFailed,
    /// A parameter, variable or argument is not what it has to be.
    BadUserInput,
    /// No token, or one that is not valid.
    Unauthenticated,
    /// The token does not allow it.
    Forbidden,
    /// There is no such thing.
    NotFound,
    /// The query asks for too much at once.
    QueryTooComplex,
    /// The query is nested too deep.
    QueryTooDeep,
    /// Too many requests.
    RateLimited,
    /// The hash of a query that the server does not know.
    PersistedQueryNotFound,
    /// A query by its hash, where the server takes texts only.
    PersistedQueryNotSupported,
    /// It took too long.
    Timeout,
    /// The server cannot answer now; trying again later makes sense.
    Unavailable,
    /// A fault of the server; its logs have more under the request id.
    InternalServerError,
}

impl ErrorCode {
    /// The code as clients see it.
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// A resolver's error with this code. The message reaches the client as it is.
    pub fn error(self, message: impl Into<String>) -> Error {
        Error::new(message).extend_with(|_, extensions| extensions.set("code", self.as_str()))
    }
}
