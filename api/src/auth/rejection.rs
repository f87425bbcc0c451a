//! Why a token is not accepted.

use std::{
    fmt::{self, Display, Formatter},
    sync::Arc,
};

use strum::{EnumIter, IntoStaticStr};

/// A token that is not accepted. Nothing of the token is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// What is wrong.
    pub reason: Reason,
    /// The issuer that the token names, where it is one of ours.
    pub issuer: Option<Arc<str>>,
}

/// What is wrong with a token. The text is fit for clients, [`Reason::label`] for metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, IntoStaticStr, thiserror::Error)]
#[strum(serialize_all = "snake_case")]
pub enum Reason {
    /// Not a JWT.
    #[error("the token is not a signed JWT")]
    Malformed,
    /// Larger than any real token.
    #[error("the token is too large")]
    TooLarge,
    /// A header or claim says that it is something else.
    #[error("the token is not an access token")]
    WrongType,
    /// It has header parameters that must be understood.
    #[error("the token has critical header parameters, which are not supported")]
    CriticalHeader,
    /// Nobody that we trust.
    #[error("the token's issuer is not one that is trusted here")]
    UnknownIssuer,
    /// `none`, one that the issuer may not use, or one that none of its keys is for.
    #[error("the token's algorithm is not one that its issuer may use")]
    WrongAlgorithm,
    /// The issuer has no such key.
    #[error("the token is signed with a key that its issuer does not have")]
    UnknownKey,
    /// Forged or tampered with.
    #[error("the token's signature is not valid")]
    WrongSignature,
    /// For somebody else.
    #[error("the token is meant for another audience")]
    WrongAudience,
    /// Too old.
    #[error("the token has expired")]
    Expired,
    /// Too new.
    #[error("the token is not valid yet")]
    NotYetValid,
    /// A claim that has to be there is missing or not what it has to be.
    #[error("a claim of the token is missing or not valid; iss, sub, aud and exp are required")]
    WrongClaim,
    /// The issuer's keys cannot be had now.
    #[error("the keys of the token's issuer cannot be loaded at present")]
    KeysUnavailable,
}

impl Reason {
    /// A word for metrics and logs.
    pub fn label(self) -> &'static str {
        self.into()
    }
}

impl Rejection {
    /// Whether the same token may be accepted later: it could not be checked.
    pub fn is_temporary(&self) -> bool {
        self.reason == Reason::KeysUnavailable
    }
}

impl From<Reason> for Rejection {
    fn from(reason: Reason) -> Self {
        Self {
            reason,
            issuer: None,
        }
    }
}

impl Display for Rejection {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        Display::fmt(&self.reason, out)
    }
}

impl std::error::Error for Rejection {}
