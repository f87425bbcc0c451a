//! Keys that verify tokens, and which algorithms each of them is for.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{
    Algorithm, AlgorithmFamily, DecodingKey,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyOperations, PublicKeyUse, RSAKeyParameters},
};
use serde::Deserialize;
use serde_json::Value;

use super::token::Token;

/// RSA moduli that are accepted, bits: below it is weak, and what is above is not implemented.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=4096;
/// The shortest secret, bytes: as long as the hash of the weakest algorithm.
const MIN_SECRET: usize = 32;
/// How many keys of one issuer are held: each token without a key id may be tried with all of them.
const MAX_KEYS: usize = 32;

/// One key.
#[derive(Clone, Debug)]
pub(super) struct Key {
    id: Option<String>,
    /// What it is for. This comes from the key and never from a token, so no public key is ever taken for a secret.
    algorithms: Vec<Algorithm>,
    decoding: DecodingKey,
}

/// Why something is no key of use. The text never holds key material.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum KeyError {
    #[error("it holds neither a public key as PEM nor a JWK or a JWK Set")]
    Unreadable,
    #[error("it holds a private key; only the public one belongs here (openssl pkey -pubout)")]
    Private,
    #[error("it holds a certificate; give its public key (openssl x509 -pubkey -noout)")]
    Certificate,
    #[error("it holds a symmetric key, which belongs into a secret_file")]
    Symmetric,
    #[error("the key is not for verifying signatures")]
    NotForSignatures,
    #[error(
        "the key is of a kind that is not supported; RSA, P-256, P-384 and Ed25519 are, each with its own algorithms"
    )]
    Unsupported,
    #[error("the RSA key has {0} bits; {min} to {max} are accepted", min = RSA_BITS.start(), max = RSA_BITS.end())]
    RsaLength(usize),
    #[error("it holds a public key, which is no secret: whoever knows it could sign tokens")]
    PublicSecret,
    #[error("the secret has {0} bytes; at least {MIN_SECRET} are needed")]
    ShortSecret(usize),
    #[error("it holds no key")]
    Empty,
    #[error("it holds {0} keys; at most {MAX_KEYS} are accepted")]
    TooMany(usize),
}

impl Key {
    /// An asymmetric key in PEM.
    fn from_pem(pem: &str) -> Result<Self, KeyError> {
        if pem.contains("PRIVATE KEY-----") {
            return Err(KeyError::Private);
        }
        if pem.contains("-----BEGIN CERTIFICATE-----") {
            return Err(KeyError::Certificate);
        }
        let bytes = pem.as_bytes();
        let key = DecodingKey::from_rsa_pem(bytes)
            .or_else(|_| DecodingKey::from_ec_pem(bytes))
            .or_else(|_| DecodingKey::from_ed_pem(bytes))
            .map_err(|_| KeyError::Unreadable)?;
        let jwk = Jwk::from_decoding_key(&key, None).map_err(|_| KeyError::Unsupported)?;
        Self::from_jwk(&jwk)
    }

    /// An asymmetric key as a JWK. One that is for encryption, or for an algorithm that is not of its kind, is refused.
    fn from_jwk(jwk: &Jwk) -> Result<Self, KeyError> {
        let common = &jwk.common;
        let is_for_signatures = common
            .public_key_use
            .as_ref()
            .is_none_or(|purpose| *purpose == PublicKeyUse::Signature)
            && common
                .key_operations
                .as_ref()
                .is_none_or(|operations| operations.contains(&KeyOperations::Verify));
        if !is_for_signatures {
            return Err(KeyError::NotForSignatures);
        }
        let mut algorithms = algorithms_of(&jwk.algorithm)?;
        if let Some(only) = common.key_algorithm {
            algorithms.retain(|algorithm| Ok(*algorithm) == Algorithm::try_from(only));
        }
        let key = DecodingKey::from_jwk(jwk).map_err(|_| KeyError::Unsupported)?;
        let Some(algorithm) = algorithms.first() else {
            return Err(KeyError::Unsupported);
        };
        // Verifying anything at all shows whether the numbers make a key: a point that lies on the curve, for one.
        jsonwebtoken::crypto::verify("", b"", &key, *algorithm)
            .map_err(|_| KeyError::Unsupported)?;
        Ok(Self {
            id: common.key_id.clone(),
            algorithms,
            decoding: key,
        })
    }

    /// A secret for HMAC. One that is as long as an algorithm's hash is for that algorithm.
    pub(super) fn from_secret(secret: &[u8]) -> Result<Self, KeyError> {
        if is_public_key(secret) {
            return Err(KeyError::PublicSecret);
        }
        if secret.len() < MIN_SECRET {
            return Err(KeyError::ShortSecret(secret.len()));
        }
        let lengths = [
            (Algorithm::HS256, 32),
            (Algorithm::HS384, 48),
            (Algorithm::HS512, 64),
        ];
        let algorithms = lengths
            .into_iter()
            .filter(|(_, length)| secret.len() >= *length)
            .map(|(algorithm, _)| algorithm)
            .collect();
        Ok(Self::symmetric(secret, algorithms))
    }

    /// A secret that is known to be a good one.
    pub(super) fn symmetric(secret: &[u8], algorithms: Vec<Algorithm>) -> Self {
        Self {
            id: None,
            algorithms,
            decoding: DecodingKey::from_secret(secret),
        }
    }

    /// Whether a token with this key id may have been signed with it.
    fn is_named(&self, id: Option<&str>) -> bool {
        match (id, &self.id) {
            (Some(wanted), Some(id)) => wanted == id,
            // A key from a PEM file has no id, and a token need not have one.
            (None, _) | (_, None) => true,
        }
    }

    /// Whether it is for this algorithm.
    pub(super) fn is_for(&self, algorithm: Algorithm) -> bool {
        self.algorithms.contains(&algorithm)
    }

    /// Whether it has signed the token.
    pub(super) fn has_signed(&self, token: &Token<'_>, algorithm: Algorithm) -> bool {
        self.is_for(algorithm) && token.is_signed_by(&self.decoding, algorithm)
    }
}

/// What a key's kind allows.
fn algorithms_of(parameters: &AlgorithmParameters) -> Result<Vec<Algorithm>, KeyError> {
    match parameters {
        AlgorithmParameters::RSA(rsa) => {
            let bits = modulus_bits(rsa)?;
            if !RSA_BITS.contains(&bits) {
                return Err(KeyError::RsaLength(bits));
            }
            Ok(AlgorithmFamily::Rsa.algorithms().to_vec())
        }
        AlgorithmParameters::EllipticCurve(key) => match key.curve {
            EllipticCurve::P256 => Ok(vec![Algorithm::ES256]),
            EllipticCurve::P384 => Ok(vec![Algorithm::ES384]),
            _ => Err(KeyError::Unsupported),
        },
        AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => {
            Ok(vec![Algorithm::EdDSA])
        }
        AlgorithmParameters::OctetKey(_) => Err(KeyError::Symmetric),
        _ => Err(KeyError::Unsupported),
    }
}

fn modulus_bits(rsa: &RSAKeyParameters) -> Result<usize, KeyError> {
    let modulus = URL_SAFE_NO_PAD
        .decode(&rsa.n)
        .map_err(|_| KeyError::Unsupported)?;
    let leading_zeros = match modulus.iter().position(|byte| *byte != 0) {
        Some(zeros) => zeros * 8 + modulus[zeros].leading_zeros() as usize,
        None => modulus.len() * 8,
    };
    Ok(modulus.len() * 8 - leading_zeros)
}

/// Whether what is called a secret is a key that others know.
fn is_public_key(secret: &[u8]) -> bool {
    let text = String::from_utf8_lossy(secret);
    text.contains("-----BEGIN ")
        || serde_json::from_str::<Value>(&text)
            .is_ok_and(|json| json.get("kty").is_some() || json.get("keys").is_some())
}

/// The keys of one issuer at one time.
#[derive(Clone, Debug, Default)]
pub(super) struct KeySet(Vec<Key>);

impl KeySet {
    /// A set of this one key.
    pub(super) fn of(key: Key) -> Self {
        Self(vec![key])
    }

    /// Reads the text of a file: one public key as PEM, a JWK or a JWK Set.
    ///
    /// # Errors
    /// It is none of these, or one of its keys is of no use.
    pub(super) fn from_file(text: &str) -> Result<Self, KeyError> {
        if text.contains("-----BEGIN ") {
            return Key::from_pem(text).map(Self::of);
        }
        let json: Value = serde_json::from_str(text).map_err(|_| KeyError::Unreadable)?;
        let jwks = match json.get("keys") {
            Some(keys) => Vec::deserialize(keys).map_err(|_| KeyError::Unreadable)?,
            None => vec![json],
        };
        let keys = jwks.into_iter().map(|json| {
            let is_private = json.get("d").is_some();
            let jwk = Jwk::deserialize(json).map_err(|_| KeyError::Unreadable)?;
            if is_private {
                return Err(KeyError::Private);
            }
            Key::from_jwk(&jwk)
        });
        Self::bounded(keys.collect::<Result<_, _>>()?)
    }

    /// Reads what an identity provider publishes. Keys that are of no use here are left out: providers publish keys for
    /// encryption beside the others.
    ///
    /// # Errors
    /// It is no JWK Set, or nothing in it is of use.
    pub(super) fn from_provider(json: &[u8]) -> Result<Self, KeyError> {
        #[derive(Deserialize)]
        struct JwkSet {
            keys: Vec<Value>,
        }
        let set: JwkSet = serde_json::from_slice(json).map_err(|_| KeyError::Unreadable)?;
        let keys = set
            .keys
            .into_iter()
            .filter_map(|json| Key::from_jwk(&Jwk::deserialize(json).ok()?).ok());
        Self::bounded(keys.collect())
    }

    /// Adds the keys of another set.
    pub(super) fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// Leaves out what is for none of these algorithms. False where nothing is left.
    #[must_use]
    pub(super) fn narrow(&mut self, algorithms: &[Algorithm]) -> bool {
        for key in &mut self.0 {
            key.algorithms
                .retain(|algorithm| algorithms.contains(algorithm));
        }
        self.0.retain(|key| !key.algorithms.is_empty());
        !self.0.is_empty()
    }

    /// The keys that may have signed a token with this key id.
    pub(super) fn named(&self, id: Option<&str>) -> impl Iterator<Item = &Key> {
        self.0.iter().filter(move |key| key.is_named(id))
    }

    /// Whether this id says which key has signed a token: one of the keys has it, and none is without an id.
    pub(super) fn tells(&self, id: Option<&str>) -> bool {
        id.is_some() && self.named(id).all(|key| key.id.is_some())
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    fn bounded(keys: Vec<Key>) -> Result<Self, KeyError> {
        match keys.len() {
            0 => Err(KeyError::Empty),
            1..=MAX_KEYS => Ok(Self(keys)),
            more => Err(KeyError::TooMany(more)),
        }
    }
}
