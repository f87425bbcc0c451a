//! Everybody who may come to the door: good tokens and bad ones.

use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use jsonwebtoken::Algorithm;
use kundig::auth::Scope;
use kundig_tests::tokens::{SigningKey, Token, config_file};
use kundig_tests::{Database, Settings};
use serde_json::{Value, json};
use strum::IntoEnumIterator as _;
use tempfile::TempDir;

const ISSUER: &str = "https://login.example.com";
const AUDIENCE: &str = "kundig";

/// Owns a service, and may read the catalog.
pub(crate) const OWNER: &str = "owner";
/// Owns another service, and may read the catalog.
pub(crate) const OTHER_OWNER: &str = "owner of another service";

/// Whose token reads the catalog.
pub(crate) const READERS: [&str; 5] =
    ["catalog:read", "catalog:write", "admin", OWNER, OTHER_OWNER];

/// Somebody with a token, or without.
pub(crate) struct Bearer {
    pub(crate) name: &'static str,
    pub(crate) token: Option<String>,
    /// Whether the token proves who it is.
    pub(crate) is_valid: bool,
}

/// All of them, and the issuer of their tokens.
pub(crate) struct Bearers {
    pub(crate) all: Vec<Bearer>,
    folder: TempDir,
}

impl Bearers {
    pub(crate) fn new() -> Self {
        let mut all = bad();
        all.extend(Scope::iter().map(|scope| good(scope.as_str(), &[scope])));
        all.push(good("no scope", &[]));
        all.push(good(OWNER, &[Scope::CatalogRead]));
        all.push(good(OTHER_OWNER, &[Scope::CatalogRead]));
        // The same person as the owner, whose token does not let them read.
        let token = token(OWNER, &[Scope::RequestsSubmit])
            .kid("rsa")
            .sign(&key());
        all.push(Bearer {
            name: "owner who may not read",
            token: Some(token),
            is_valid: true,
        });
        Self {
            all,
            folder: tempfile::tempdir().expect("a folder"),
        }
    }

    /// A server that trusts the issuer, and whose queries carry the token of an administrator.
    pub(crate) fn settings(&self, database: &Database) -> Settings {
        let file = config_file(&format!(
            "[[issuers]]\nissuer = \"{ISSUER}\"\naudience = \"{AUDIENCE}\"\nkeys = [\"{}\"]\n",
            jwks(&self.folder).display()
        ));
        Settings::new(database)
            .arg("--config")
            .arg(file)
            .token(self.token("admin"))
    }

    pub(crate) fn token(&self, name: &str) -> String {
        let bearer = self.all.iter().find(|bearer| bearer.name == name);
        let token = bearer.and_then(|bearer| bearer.token.clone());
        token.unwrap_or_else(|| panic!("{name} has no token"))
    }
}

/// The issuer's key, which has a name.
fn key() -> SigningKey {
    SigningKey::Rsa(1)
}

/// A key set with the issuer's key.
fn jwks(folder: &TempDir) -> PathBuf {
    let pem = std::fs::read(key().public_key_file().with_extension("private.pem"))
        .expect("the fixtures are there");
    let private = jsonwebtoken::EncodingKey::from_rsa_pem(&pem).expect("a key");
    let mut jwk = jsonwebtoken::jwk::Jwk::from_encoding_key(&private, Algorithm::RS256)
        .expect("a key has a public half");
    jwk.common.key_id = Some("rsa".to_owned());
    let path = folder.path().join("keys.json");
    let set = json!({ "keys": [jwk] });
    std::fs::write(&path, set.to_string()).expect("the keys can be written");
    path
}

fn token(subject: &str, scopes: &[Scope]) -> Token {
    Token::new(ISSUER, AUDIENCE, subject, scopes)
}

fn good(name: &'static str, scopes: &[Scope]) -> Bearer {
    Bearer {
        name,
        token: Some(token(name, scopes).kid("rsa").sign(&key())),
        is_valid: true,
    }
}

/// Whoever would be allowed everything if the server looked less closely.
fn bad() -> Vec<Bearer> {
    let now = Timestamp::now().as_second();
    let admin = || token("intruder", &[Scope::Admin]).kid("rsa");
    let signed = |token: Token| Some(token.sign(&key()));
    let public_key = std::fs::read(key().public_key_file()).expect("the fixtures are there");
    let valid = admin().sign(&key());
    [
        ("no token", None),
        ("an expired token", signed(admin().claim("exp", now - 60))),
        (
            "a token that is not yet valid",
            signed(admin().claim("nbf", 4_000_000_000_u64)),
        ),
        (
            "a token of another issuer",
            signed(admin().claim("iss", "https://login.example.org")),
        ),
        (
            "a token for another audience",
            signed(admin().claim("aud", "another")),
        ),
        ("a token with alg none", Some(unsigned(&valid))),
        (
            "a token signed with the public key as a secret",
            Some(admin().sign_with(&SigningKey::Secret(public_key), Algorithm::HS256)),
        ),
        (
            "a token with another payload",
            Some(with_other_payload(&valid)),
        ),
        ("a token of an unknown key", signed(admin().kid("unknown"))),
        (
            "a token of a stranger's key",
            Some(admin().sign(&SigningKey::Rsa(2))),
        ),
        ("a token without an end", signed(admin().without("exp"))),
        ("an ID token", signed(admin().typ(Some("id_token")))),
        ("no token at all, but text", Some("admin".to_owned())),
    ]
    .map(|(name, token)| Bearer {
        name,
        token,
        is_valid: false,
    })
    .into()
}

fn parts(token: &str) -> [&str; 3] {
    let parts: Vec<&str> = token.split('.').collect();
    parts.try_into().expect("a token has three parts")
}

fn decoded(part: &str) -> Value {
    let bytes = URL_SAFE_NO_PAD.decode(part).expect("base64url");
    serde_json::from_slice(&bytes).expect("JSON")
}

fn encoded(part: &Value) -> String {
    URL_SAFE_NO_PAD.encode(part.to_string())
}

/// The same token, which says of itself that it is not signed.
fn unsigned(token: &str) -> String {
    let [header, payload, _] = parts(token);
    let mut header = decoded(header);
    header["alg"] = json!("none");
    format!("{}.{payload}.", encoded(&header))
}

/// The signature of one token under the claims of another.
fn with_other_payload(token: &str) -> String {
    let [header, payload, signature] = parts(token);
    let mut payload = decoded(payload);
    payload["sub"] = json!("somebody else");
    format!("{header}.{}.{signature}", encoded(&payload))
}

/// The name that a token has, `jti`.
pub(crate) fn token_id(token: &str) -> Value {
    decoded(parts(token)[1])["jti"].clone()
}
