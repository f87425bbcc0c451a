//! Who a verified token speaks for.

use std::sync::Arc;

use jiff::Timestamp;

use super::{Scopes, issuer::LEEWAY};

/// What a verified token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Who it speaks for: `sub`, with the prefix that its issuer's subjects get.
    pub subject: Arc<str>,
    /// What it allows.
    pub scopes: Scopes,
    /// The token's own name, `jti`.
    pub token_id: Option<Arc<str>>,
    /// The program that it was issued to: `client_id` or `azp`.
    pub client_id: Option<Arc<str>>,
    /// When it ends.
    pub expires_at: Timestamp,
}

impl Identity {
    /// When the token is not accepted any more.
    pub fn ends_at(&self) -> Timestamp {
        self.expires_at
            .checked_add(LEEWAY)
            .unwrap_or(Timestamp::MAX)
    }
}
