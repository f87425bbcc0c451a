//! Access tokens: good ones, damaged ones, and what an attacker makes of them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use fastrand::Rng;
use jsonwebtoken::{Algorithm, EncodingKey};
use kundig::auth::Scope;
use kundig_tests::tokens::{SigningKey, Token};
use serde_json::{Value, json};

use crate::case::{Case, Expectation};
use crate::mutation::{mutate_bytes, mutate_json};
use crate::values::{Values, chance, one_of};

/// The servers' issuers: one with public keys, one with a secret.
pub(crate) const ISSUERS: [&str; 2] = ["https://login.example.com", "https://secret.example.com"];
/// Whom tokens are for.
pub(crate) const AUDIENCE: &str = "kundig";

/// How long a part of a token is, bytes, that must not be found in an answer: shorter ones may be there by chance.
const SECRET_LENGTH: usize = 20;

/// What the second issuer's tokens are signed with.
pub(crate) fn secret() -> Vec<u8> {
    b"a secret of the tests that is long enough".to_vec()
}

/// Tokens that the server accepts.
pub(crate) struct Tokens(Vec<String>);

impl Tokens {
    /// One of everything for each key, and some that allow less.
    pub(crate) fn new() -> Self {
        let [public, secret_issuer] = ISSUERS;
        let everything = [Scope::Admin];
        let token = |issuer, scopes: &[Scope]| Token::new(issuer, AUDIENCE, "fuzz", scopes);
        let secret = SigningKey::Secret(secret());
        Self(vec![
            token(secret_issuer, &everything).sign(&secret),
            token(secret_issuer, &[Scope::CatalogRead]).sign(&secret),
            token(secret_issuer, &[Scope::CatalogWrite]).sign(&secret),
            token(secret_issuer, &[]).sign(&secret),
            token(public, &everything).sign(&SigningKey::Rsa(1)),
            token(public, &everything).sign(&SigningKey::P256),
            token(public, &everything).sign(&SigningKey::Ed25519),
        ])
    }

    /// One that allows everything.
    pub(crate) fn admin(&self) -> &str {
        &self.0[0]
    }

    /// One that allows everything in most cases, and less in the others.
    pub(crate) fn usual(&self, random: &mut Rng) -> &str {
        let at = if chance(random, 80) {
            0
        } else {
            random.usize(1..4)
        };
        &self.0[at]
    }

    /// A request with a token that may be anything.
    pub(crate) fn case(&self, random: &mut Rng, values: &Values<'_>) -> Case {
        let good = one_of(random, &self.0).clone();
        let (token, is_signed) = match random.u8(..12) {
            0..3 => (damaged(random, good.clone().into_bytes()), false),
            3..5 => (self.pieced_together(random), false),
            5..8 => (forged(random, values, &good).into_bytes(), false),
            8..11 => (signed(random, values, &good).into_bytes(), true),
            _ => (good.clone().into_bytes(), true),
        };
        self.present(random, &token, is_signed)
    }

    /// Puts a token into a request, mostly in the right way.
    fn present(&self, random: &mut Rng, token: &[u8], is_signed: bool) -> Case {
        let body =
            json!({ "query": "{ viewer { subject scopes } services(first: 1) { totalCount } }" });
        let mut case = Case::post("", body.to_string().into_bytes());
        case.without("authorization");
        let schemes: [&[u8]; 6] = [
            b"Bearer ",
            b"bearer ",
            b"BEARER  ",
            b"Bearer\t",
            b"Basic ",
            b"",
        ];
        let scheme = if chance(random, 90) {
            schemes[0]
        } else {
            one_of(random, &schemes)
        };
        case.header("authorization", &[scheme, token].concat());
        let is_carried = !case.headers.iter().all(|(name, _)| name != "authorization");
        let token = String::from_utf8_lossy(token);
        let is_good = self.0.iter().any(|good| good == token.trim());
        if is_carried && !is_good && !is_signed && scheme == schemes[0] {
            case.expectation = Expectation::Refusal;
        }
        let parts = token.split('.').map(str::trim);
        let parts = parts.filter(|part| part.len() >= SECRET_LENGTH && part.is_ascii());
        case.secrets = parts.map(str::to_owned).collect();
        if chance(random, 3) {
            case.header("authorization", b"Bearer x");
            case.expectation = Expectation::Anything;
        }
        case
    }

    /// Parts of several good tokens.
    fn pieced_together(&self, random: &mut Rng) -> Vec<u8> {
        let parts = (0..random.usize(1..=6)).map(|_| {
            let token = one_of(random, &self.0);
            let parts: Vec<&str> = token.split('.').chain([""]).collect();
            *one_of(random, &parts)
        });
        parts.collect::<Vec<_>>().join(".").into_bytes()
    }
}

fn damaged(random: &mut Rng, mut token: Vec<u8>) -> Vec<u8> {
    mutate_bytes(random, &mut token);
    token
}

/// A good token's signature under another header or other claims.
fn forged(random: &mut Rng, values: &Values<'_>, good: &str) -> String {
    let (header, claims, signature) = take_apart(good);
    let is_header = random.bool();
    let part = if is_header { header } else { claims };
    let mut json = decode(part);
    if is_header && random.bool() {
        odd_header(random, &mut json);
    } else {
        mutate_json(random, values, &mut json);
    }
    let changed = encode(&json);
    let (header, claims) = if is_header {
        (changed.as_str(), claims)
    } else {
        (header, changed.as_str())
    };
    let signature = if chance(random, 20) { "" } else { signature };
    format!("{header}.{claims}.{signature}")
}

/// A token that really is signed with the secret, whatever it says.
fn signed(random: &mut Rng, values: &Values<'_>, good: &str) -> String {
    let (_, claims, _) = take_apart(good);
    let mut header = json!({ "alg": "HS256", "typ": "at+jwt" });
    let mut claims = decode(claims);
    claims["iss"] = json!(ISSUERS[1]);
    for _ in 0..random.usize(..3) {
        mutate_json(random, values, &mut claims);
    }
    match random.u8(..8) {
        0 => odd_header(random, &mut header),
        1 => mutate_json(random, values, &mut header),
        2 => claims = odd_claims(random, claims),
        _ => {}
    }
    let mut claims = claims.to_string();
    if chance(random, 5) {
        // Written as text: a value of that depth would be too deep for this program itself.
        let depth = *one_of(random, &[50, 126, 127, 128, 20_000]);
        let deep = format!("{{\"deep\":{}{},", "[".repeat(depth), "]".repeat(depth));
        claims = claims.replacen('{', &deep, 1);
    }
    sign(&encode(&header), &URL_SAFE_NO_PAD.encode(claims))
}

fn sign(header: &str, claims: &str) -> String {
    let message = format!("{header}.{claims}");
    let key = EncodingKey::from_secret(&secret());
    let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &key, Algorithm::HS256)
        .expect("a secret signs");
    format!("{message}.{signature}")
}

/// What attackers have put into headers elsewhere.
fn odd_header(random: &mut Rng, header: &mut Value) {
    let long = "k".repeat(*one_of(random, &[1, 1_000, 60_000]));
    let tricks = [
        ("alg", json!("none")),
        ("alg", json!("NoNe")),
        ("alg", json!("HS384")),
        ("alg", json!("RS256")),
        ("alg", json!(["HS256"])),
        ("alg", json!("")),
        ("typ", json!("JWE")),
        ("typ", json!(7)),
        ("kid", json!(long)),
        ("kid", json!("../../dev/null")),
        ("kid", json!("' UNION SELECT 'x")),
        ("kid", json!({ "a": 1 })),
        ("crit", json!(["exp"])),
        ("crit", json!([])),
        ("b64", json!(false)),
        ("zip", json!("DEF")),
        ("jku", json!("http://192.0.2.1/jwks.json")),
        ("x5u", json!("http://192.0.2.1/cert.pem")),
        ("x5c", json!(["MIIB"])),
        ("jwk", json!({ "kty": "oct", "k": "AAAA" })),
        ("cty", json!("JWT")),
    ];
    let (name, value) = one_of(random, &tricks).clone();
    if header.is_object() {
        header[name] = value;
    }
}

/// Claims that are large, or not what claims are.
fn odd_claims(random: &mut Rng, mut claims: Value) -> Value {
    if !claims.is_object() {
        return claims;
    }
    match random.u8(..7) {
        0 => claims["exp"] = json!(*one_of(random, &[0.5, 1e300, -1.0])),
        1 => claims["exp"] = json!(u64::MAX),
        2 => claims["nbf"] = json!(i64::MIN),
        3 => claims["scope"] = json!("catalog:read ".repeat(5_000)),
        4 => claims["scope"] = json!(vec!["admin"; 5_000]),
        5 => claims["aud"] = json!(vec![AUDIENCE; 5_000]),
        _ => claims["sub"] = json!("s".repeat(60_000)),
    }
    claims
}

fn take_apart(token: &str) -> (&str, &str, &str) {
    let mut parts = token
        .splitn(3, '.')
        .map(Some)
        .chain(std::iter::repeat(None));
    let mut part = || parts.next().flatten().unwrap_or_default();
    (part(), part(), part())
}

fn decode(part: &str) -> Value {
    let bytes = URL_SAFE_NO_PAD.decode(part).unwrap_or_default();
    serde_json::from_slice(&bytes).unwrap_or_default()
}

fn encode(json: &Value) -> String {
    URL_SAFE_NO_PAD.encode(json.to_string())
}
