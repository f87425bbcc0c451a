//! Who asks: bearer tokens, the keys that verify them, and what they allow.
//!
//! Tokens are JWTs after RFC 9068. [`Authenticator`] turns one into an [`Identity`] or says why it is none.

mod authenticator;
mod claims;
mod identity;
mod issuer;
mod keys;
mod local;
mod rejection;
mod scopes;
mod token;

pub use self::{
    authenticator::{Authenticator, KeyProblem},
    claims::{ClaimPath, ScopeRules},
    identity::Identity,
    local::{LOCAL_AUDIENCE, LOCAL_ISSUER, LocalKey, LocalKeyError},
    rejection::{Reason, Rejection},
    scopes::{Scope, Scopes, UnknownScope},
};
