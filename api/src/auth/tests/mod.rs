#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod keys;
mod local;
mod properties;
mod provider;
mod verification;

use std::{path::PathBuf, sync::Arc};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, jwk::Jwk};
use serde_json::{Value, json};

use super::{Authenticator, Identity, Reason, Rejection, ScopeRules};
use crate::config::{AuthSettings, IssuerSettings, KeySettings};

const ISSUER: &str = "https://login.example.com/realms/company";
const SECRET: &[u8] = b"a secret that is shared by both, forty bytes";

/// A key pair of the fixtures, which everybody can read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pair {
    Rsa1,
    Rsa2,
    P256,
    P384,
    Ed25519,
}

impl Pair {
    const ALL: [Self; 5] = [
        Self::Rsa1,
        Self::Rsa2,
        Self::P256,
        Self::P384,
        Self::Ed25519,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Rsa1 => "rsa-1",
            Self::Rsa2 => "rsa-2",
            Self::P256 => "p256",
            Self::P384 => "p384",
            Self::Ed25519 => "ed25519",
        }
    }

    fn public_file(self) -> PathBuf {
        fixture(&format!("{}.pem", self.name()))
    }

    fn public_pem(self) -> String {
        std::fs::read_to_string(self.public_file()).unwrap()
    }

    fn algorithm(self) -> Algorithm {
        match self {
            Self::Rsa1 | Self::Rsa2 => Algorithm::RS256,
            Self::P256 => Algorithm::ES256,
            Self::P384 => Algorithm::ES384,
            Self::Ed25519 => Algorithm::EdDSA,
        }
    }

    fn private(self) -> EncodingKey {
        let pem = std::fs::read(fixture(&format!("{}.private.pem", self.name()))).unwrap();
        match self {
            Self::Rsa1 | Self::Rsa2 => EncodingKey::from_rsa_pem(&pem),
            Self::P256 | Self::P384 => EncodingKey::from_ec_pem(&pem),
            Self::Ed25519 => EncodingKey::from_ed_pem(&pem),
        }
        .unwrap()
    }

    /// The public key as a JWK whose id is the fixture's name.
    fn jwk(self) -> Value {
        let pem = self.public_pem();
        let key = match self {
            Self::Rsa1 | Self::Rsa2 => DecodingKey::from_rsa_pem(pem.as_bytes()),
            Self::P256 | Self::P384 => DecodingKey::from_ec_pem(pem.as_bytes()),
            Self::Ed25519 => DecodingKey::from_ed_pem(pem.as_bytes()),
        };
        let mut jwk = Jwk::from_decoding_key(&key.unwrap(), None).unwrap();
        jwk.common.key_id = Some(self.name().to_owned());
        serde_json::to_value(jwk).unwrap()
    }
}

fn fixture(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "../tests/fixtures/keys", name]
        .iter()
        .collect()
}

/// When the tests take place: it never matters what time it really is.
fn now() -> Timestamp {
    "2030-06-01T12:00:00Z".parse().unwrap()
}

fn after(seconds: i64) -> Timestamp {
    now() + SignedDuration::from_secs(seconds)
}

fn settings(keys: KeySettings) -> IssuerSettings {
    IssuerSettings {
        issuer: ISSUER.to_owned(),
        audiences: vec!["kundig".to_owned()],
        keys,
        algorithms: None,
        require_at_jwt: false,
        subject_prefix: String::new(),
        scopes: ScopeRules::default(),
    }
}

fn keys_of(pairs: &[Pair]) -> KeySettings {
    KeySettings::Files(pairs.iter().map(|pair| pair.public_file()).collect())
}

fn authenticator(issuers: Vec<IssuerSettings>) -> Authenticator {
    let opened = Authenticator::open(&AuthSettings {
        anonymous_read: false,
        data_dir: PathBuf::from("not used where there is an issuer"),
        issuers,
    });
    opened.unwrap_or_else(|problems| panic!("{problems:?}"))
}

/// The claims of a good token.
fn claims() -> Value {
    json!({
        "iss": ISSUER,
        "aud": "kundig",
        "sub": "amara",
        "scope": "catalog:read requests:submit",
        "client_id": "portal",
        "jti": "token-1",
        "exp": after(3600).as_second(),
    })
}

/// The claims of a good token, with one of them changed, or left out where there is no value.
fn claims_with(name: &str, value: impl Into<Option<Value>>) -> Value {
    let mut claims = claims();
    let object = claims.as_object_mut().unwrap();
    match value.into() {
        Some(value) => object.insert(name.to_owned(), value),
        None => object.remove(name),
    };
    claims
}

fn header(algorithm: Algorithm) -> Header {
    let mut header = Header::new(algorithm);
    header.typ = Some("at+jwt".to_owned());
    header
}

fn signed(claims: &Value, pair: Pair) -> String {
    jsonwebtoken::encode(&header(pair.algorithm()), claims, &pair.private()).unwrap()
}

fn signed_with_id(claims: &Value, pair: Pair, kid: &str) -> String {
    let mut header = header(pair.algorithm());
    header.kid = Some(kid.to_owned());
    jsonwebtoken::encode(&header, claims, &pair.private()).unwrap()
}

/// A token with this header as it stands, signed with a key and algorithm that need not be what it says.
fn forged(header: &Value, claims: &Value, key: &EncodingKey, algorithm: Algorithm) -> String {
    let encode = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
    let message = format!("{}.{}", encode(header), encode(claims));
    let signature = jsonwebtoken::crypto::sign(message.as_bytes(), key, algorithm).unwrap();
    format!("{message}.{signature}")
}

async fn verify(authenticator: &Authenticator, token: &str) -> Result<Arc<Identity>, Reason> {
    let verified = authenticator.authenticate_at(token, now()).await;
    verified.map_err(|rejection: Rejection| rejection.reason)
}
