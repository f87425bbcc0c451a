//! A token's text, taken apart. Nothing here is verified yet.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::Algorithm;
use serde::{Deserialize, de::DeserializeOwned, de::IgnoredAny};
use serde_json::{Map, Value};

use super::Reason;

/// The largest token that is looked at, bytes.
const MAX_LENGTH: usize = 16 * 1024;

/// The claims of a token.
pub(super) type Claims = Map<String, Value>;

/// A signed JWT, not verified.
pub(super) struct Token<'a> {
    pub(super) header: Header,
    pub(super) claims: Claims,
    signed: &'a str,
    signature: &'a str,
}

/// What its header says; the rest of it (`jku`, `jwk`, `x5u` and so on) is never looked at.
#[derive(Deserialize)]
pub(super) struct Header {
    alg: String,
    typ: Option<String>,
    pub(super) kid: Option<String>,
    crit: Option<IgnoredAny>,
}

/// What a header's `typ` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenType {
    /// `at+jwt`: an access token after RFC 9068.
    AccessToken,
    /// Some JWT.
    Unspecific,
}

impl<'a> Token<'a> {
    /// Takes a token apart.
    pub(super) fn parse(text: &'a str) -> Result<Self, Reason> {
        if text.len() > MAX_LENGTH {
            return Err(Reason::TooLarge);
        }
        let (signed, signature) = text.rsplit_once('.').ok_or(Reason::Malformed)?;
        let (header, claims) = signed.split_once('.').ok_or(Reason::Malformed)?;
        Ok(Self {
            header: decode(header)?,
            claims: decode(claims)?,
            signed,
            signature,
        })
    }

    /// A claim that is text.
    pub(super) fn text(&self, claim: &str) -> Option<&str> {
        self.claims.get(claim)?.as_str()
    }

    /// Whether this key has signed it with its header's algorithm.
    pub(super) fn is_signed_by(
        &self,
        key: &jsonwebtoken::DecodingKey,
        algorithm: Algorithm,
    ) -> bool {
        let signed = self.signed.as_bytes();
        // An error says that signature and key do not fit together, which is no better than a signature that is wrong.
        jsonwebtoken::crypto::verify(self.signature, signed, key, algorithm).unwrap_or(false)
    }
}

impl Header {
    /// The algorithm; `none` is none, and so is what nobody has heard of.
    pub(super) fn algorithm(&self) -> Result<Algorithm, Reason> {
        self.alg.parse().map_err(|_| Reason::WrongAlgorithm)
    }

    /// What kind of token it says it is.
    pub(super) fn token_type(&self) -> Result<TokenType, Reason> {
        let Some(name) = &self.typ else {
            return Ok(TokenType::Unspecific);
        };
        match name.to_ascii_lowercase().as_str() {
            "jwt" => Ok(TokenType::Unspecific),
            "at+jwt" | "application/at+jwt" => Ok(TokenType::AccessToken),
            _ => Err(Reason::WrongType),
        }
    }

    /// Whether something in it must be understood, which nothing is that has to be marked so.
    pub(super) fn is_critical(&self) -> bool {
        self.crit.is_some()
    }
}

fn decode<T: DeserializeOwned>(part: &str) -> Result<T, Reason> {
    let json = URL_SAFE_NO_PAD
        .decode(part)
        .map_err(|_| Reason::Malformed)?;
    serde_json::from_slice(&json).map_err(|_| Reason::Malformed)
}
