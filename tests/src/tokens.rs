//! Tokens of every kind, good ones and bad ones.

use std::path::PathBuf;
use std::sync::OnceLock;

use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use kundig::auth::{LocalKey, Scope};
use serde_json::{Map, Value, json};

use crate::sandbox::Sandbox;

/// Whom the tests act as where nothing else is said.
pub const SUBJECT: &str = "tests";

/// Where the servers under test keep their local key: one key for all servers of a test process.
pub fn data_dir() -> PathBuf {
    Sandbox::get().directory().join("kundig-data")
}

/// A token of the local key, which every server accepts that has no other issuer. It outlives any run of the tests.
pub fn local(subject: &str, scopes: &[Scope]) -> String {
    static KEY: OnceLock<LocalKey> = OnceLock::new();
    let key =
        KEY.get_or_init(|| LocalKey::open(&data_dir()).expect("the sandbox can be written to"));
    key.sign(
        subject,
        scopes,
        SignedDuration::from_hours(24),
        Timestamp::now(),
    )
    .expect("a local token can be signed")
}

/// The local token that requests of the tests carry by default: it allows everything.
pub fn everything() -> &'static str {
    static TOKEN: OnceLock<String> = OnceLock::new();
    TOKEN.get_or_init(|| local(SUBJECT, &[Scope::Admin]))
}

/// A `kundig.toml` with this text, for `--config`. Issuers have settings that only a file can have.
pub fn config_file(text: &str) -> String {
    let path = Sandbox::get().new_directory("config").join("kundig.toml");
    std::fs::write(&path, text).expect("the sandbox can be written to");
    path.display().to_string()
}

/// The keys that tokens can be signed with. All but the secret lie in `fixtures/keys`, where everybody can read them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SigningKey {
    /// RSA with 2048 bits, number 1 or 2.
    Rsa(u8),
    /// ECDSA on the curve P-256.
    P256,
    /// ECDSA on the curve P-384.
    P384,
    /// Ed25519.
    Ed25519,
    /// HMAC with this secret.
    Secret(Vec<u8>),
}

impl SigningKey {
    /// The file with the public key, as settings name it.
    ///
    /// # Panics
    /// A secret has none.
    pub fn public_key_file(&self) -> PathBuf {
        let name = match self {
            Self::Rsa(number) => format!("rsa-{number}"),
            Self::P256 => "p256".to_owned(),
            Self::P384 => "p384".to_owned(),
            Self::Ed25519 => "ed25519".to_owned(),
            Self::Secret(_) => panic!("a secret has no public key"),
        };
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("fixtures/keys/{name}.pem"))
    }

    /// The algorithm that it signs with where nothing else is said.
    pub fn algorithm(&self) -> Algorithm {
        match self {
            Self::Rsa(_) => Algorithm::RS256,
            Self::P256 => Algorithm::ES256,
            Self::P384 => Algorithm::ES384,
            Self::Ed25519 => Algorithm::EdDSA,
            Self::Secret(_) => Algorithm::HS256,
        }
    }

    fn encoding(&self) -> EncodingKey {
        let pem = || {
            let path = self.public_key_file().with_extension("private.pem");
            std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
        };
        let key = match self {
            Self::Rsa(_) => EncodingKey::from_rsa_pem(&pem()),
            Self::P256 | Self::P384 => EncodingKey::from_ec_pem(&pem()),
            Self::Ed25519 => EncodingKey::from_ed_pem(&pem()),
            Self::Secret(secret) => Ok(EncodingKey::from_secret(secret)),
        };
        key.expect("the fixtures are keys")
    }
}

/// A token to be signed. It is good for an hour unless something is changed.
#[derive(Clone, Debug)]
#[must_use]
pub struct Token {
    header: Header,
    claims: Map<String, Value>,
}

impl Token {
    /// A token of this issuer for this audience and subject, which allows what the scopes say.
    pub fn new(issuer: &str, audience: &str, subject: &str, scopes: &[Scope]) -> Self {
        let names: Vec<_> = scopes.iter().map(|scope| scope.as_str()).collect();
        let now = Timestamp::now().as_second();
        let mut header = Header::new(Algorithm::RS256);
        header.typ = Some("at+jwt".to_owned());
        let claims = json!({
            "iss": issuer,
            "aud": audience,
            "sub": subject,
            "scope": names.join(" "),
            "client_id": "kundig-tests",
            "jti": uuid::Uuid::now_v7(),
            "iat": now,
            "exp": now + 3600,
        });
        let Value::Object(claims) = claims else {
            unreachable!("it is an object")
        };
        Self { header, claims }
    }

    /// Changes a claim.
    pub fn claim(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.claims.insert(name.to_owned(), value.into());
        self
    }

    /// Leaves a claim out.
    pub fn without(mut self, name: &str) -> Self {
        self.claims.remove(name);
        self
    }

    /// Says which of the issuer's keys it is signed with.
    pub fn kid(mut self, kid: &str) -> Self {
        self.header.kid = Some(kid.to_owned());
        self
    }

    /// Changes the header's `typ`.
    pub fn typ(mut self, typ: Option<&str>) -> Self {
        self.header.typ = typ.map(str::to_owned);
        self
    }

    /// Signs it, with the algorithm that the key is for.
    pub fn sign(self, key: &SigningKey) -> String {
        let algorithm = key.algorithm();
        self.sign_with(key, algorithm)
    }

    /// Signs it with this algorithm.
    pub fn sign_with(mut self, key: &SigningKey, algorithm: Algorithm) -> String {
        self.header.alg = algorithm;
        jsonwebtoken::encode(&self.header, &self.claims, &key.encoding())
            .expect("a token can be signed")
    }
}
