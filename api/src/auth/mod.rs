//! Who asks: bearer tokens, the keys that verify them, and what they allow.
//!
//! Tokens are JWTs after RFC 9068. [`Authenticator`] turns one into an [`Identity`] or says why it is none. With the catalog
//! that becomes a request's [`Viewer`]; [`access`] says what a viewer may ask for.

pub mod access;
mod authenticator;
mod claims;
mod fetch;
pub mod graphql;
mod guard;
mod identity;
mod issuer;
mod keys;
mod local;
mod provider;
mod rejection;
mod scopes;
mod token;
mod viewer;

#[cfg(test)]
mod tests;

pub use self::{
    authenticator::{Authenticator, KeyProblem},
    claims::{ClaimPath, ScopeRules},
    guard::{Guarded, require},
    identity::Identity,
    local::{LOCAL_AUDIENCE, LOCAL_ISSUER, LocalKey, LocalKeyError},
    rejection::{Reason, Rejection},
    scopes::{Scope, Scopes, UnknownScope},
    viewer::Viewer,
};
pub(crate) use self::{
    fetch::parse_key_address,
    issuer::{MAX_NAME, is_name},
};
