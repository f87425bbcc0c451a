//! One issuer: which tokens are its own, and what they say.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::Algorithm;
use serde_json::Value;

use super::{
    Identity, Reason, ScopeRules,
    keys::{Key, KeySet},
    token::{Claims, Token, TokenType},
};

/// How far clocks may differ.
pub(super) const LEEWAY: SignedDuration = SignedDuration::from_secs(30);
/// The longest name of a subject, client or token, characters.
pub(crate) const MAX_NAME: usize = 255;

/// What tokens of one issuer have to be like.
#[derive(Clone, Debug)]
pub(super) struct Rules {
    /// Exactly its `iss`.
    pub(super) issuer: Arc<str>,
    /// One of these has to be in `aud`.
    pub(super) audiences: Vec<String>,
    /// Whether the header has to say `at+jwt`.
    pub(super) require_at_jwt: bool,
    /// Comes before `sub`, so that subjects of two issuers never meet: where there are several, none of them has a prefix
    /// that another's begins with.
    pub(super) subject_prefix: String,
    /// Where scopes are.
    pub(super) scopes: ScopeRules,
}

impl Rules {
    /// What can be seen of a token before its signature is verified: it may be one of ours.
    pub(super) fn check_header(&self, token: &Token<'_>) -> Result<Algorithm, Reason> {
        if token.header.is_critical() {
            return Err(Reason::CriticalHeader);
        }
        let token_type = token.header.token_type()?;
        let is_unspecific = token_type == TokenType::Unspecific;
        if is_unspecific && (self.require_at_jwt || is_of_another_kind(&token.claims)) {
            return Err(Reason::WrongType);
        }
        token.header.algorithm()
    }

    /// Verifies a token with these keys.
    pub(super) fn verify(
        &self,
        token: &Token<'_>,
        algorithm: Algorithm,
        keys: &KeySet,
        now: Timestamp,
    ) -> Result<Identity, Reason> {
        let id = token.header.kid.as_deref();
        let candidates: Vec<&Key> = keys.named(id).collect();
        if candidates.is_empty() {
            return Err(Reason::UnknownKey);
        }
        let mut fitting = candidates
            .into_iter()
            .filter(|key| key.is_for(algorithm))
            .peekable();
        if fitting.peek().is_none() {
            return Err(Reason::WrongAlgorithm);
        }
        if !fitting.any(|key| key.has_signed(token, algorithm)) {
            return Err(Reason::WrongSignature);
        }
        self.identify(&token.claims, now)
    }

    /// What the claims of a token with a good signature say.
    fn identify(&self, claims: &Claims, now: Timestamp) -> Result<Identity, Reason> {
        let expires_at = instant(claims, "exp")?.ok_or(Reason::WrongClaim)?;
        if has_ended(expires_at, now) {
            return Err(Reason::Expired);
        }
        let not_before = instant(claims, "nbf")?.unwrap_or(Timestamp::MIN);
        if not_before.duration_since(now) > LEEWAY {
            return Err(Reason::NotYetValid);
        }
        if !self.is_audience(claims.get("aud").ok_or(Reason::WrongClaim)?) {
            return Err(Reason::WrongAudience);
        }
        let subject = name(claims, "sub").ok_or(Reason::WrongClaim)?;
        let client = name(claims, "client_id").or_else(|| name(claims, "azp"));
        Ok(Identity {
            subject: format!("{}{subject}", self.subject_prefix).into(),
            scopes: self.scopes.read(claims),
            token_id: name(claims, "jti").map(Arc::from),
            client_id: client.map(Arc::from),
            expires_at,
        })
    }

    fn is_audience(&self, audience: &Value) -> bool {
        let is_ours = |value: &Value| {
            value
                .as_str()
                .is_some_and(|text| self.audiences.iter().any(|ours| ours == text))
        };
        match audience {
            Value::Array(several) => several.iter().any(is_ours),
            single => is_ours(single),
        }
    }
}

/// Whether something that expires then is too old now.
pub(super) fn has_ended(expires_at: Timestamp, now: Timestamp) -> bool {
    now.duration_since(expires_at) >= LEEWAY
}

/// Whether the claims say that the token is an ID token, a refresh token or the like: Keycloak names the kind in a claim, and
/// only ID tokens vouch for other tokens by their hash.
fn is_of_another_kind(claims: &Claims) -> bool {
    let kind = claims.get("typ").and_then(Value::as_str);
    let is_bearer =
        |kind: &str| kind.eq_ignore_ascii_case("bearer") || kind.eq_ignore_ascii_case("at+jwt");
    kind.is_some_and(|kind| !is_bearer(kind))
        || claims.contains_key("at_hash")
        || claims.contains_key("c_hash")
}

/// A claim that is a number of seconds since 1970, possibly with a fraction. What is too far away to be told is as far away
/// as can be told.
fn instant(claims: &Claims, claim: &str) -> Result<Option<Timestamp>, Reason> {
    let Some(value) = claims.get(claim) else {
        return Ok(None);
    };
    let seconds = value.as_f64().ok_or(Reason::WrongClaim)?;
    let far_away = if seconds < 0.0 {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    };
    let instant = SignedDuration::try_from_secs_f64(seconds).and_then(Timestamp::from_duration);
    Ok(Some(instant.unwrap_or(far_away)))
}

/// A claim that names somebody or something. One that is not fit to be stored and logged counts as none.
fn name<'a>(claims: &'a Claims, claim: &str) -> Option<&'a str> {
    claims.get(claim)?.as_str().filter(|text| is_name(text))
}

/// Whether a text is fit to name a subject, client or token: to be stored and logged.
pub(crate) fn is_name(text: &str) -> bool {
    (1..=MAX_NAME).contains(&text.chars().count()) && !text.chars().any(char::is_control)
}
