//! Tokens in, identities out.

use std::{
    fmt::Display,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use futures_util::future::join_all;
use jiff::Timestamp;
use jsonwebtoken::{Algorithm, AlgorithmFamily};
use quick_cache::sync::Cache;
use sha2::{Digest, Sha256};

use super::{
    Identity, LocalKeyError, Reason, Rejection, ScopeRules,
    issuer::{Rules, has_ended},
    keys::{Key, KeySet},
    local::{LOCAL_AUDIENCE, LOCAL_ISSUER, LocalKey},
    provider::{KeyAddress, Pace, Provider},
    token::Token,
};
use crate::config::{AuthSettings, IssuerSettings, KeySettings};

/// How many verified tokens are remembered.
const MAX_VERIFIED: usize = 10_000;

/// Decides which tokens are good.
pub struct Authenticator {
    issuers: Vec<Issuer>,
    /// By the hash of the token: whoever reads this memory gets no token from it.
    verified: Cache<[u8; 32], Verified>,
    anonymous_read: bool,
}

/// A token that was found good, and with which keys.
#[derive(Clone)]
struct Verified {
    identity: Arc<Identity>,
    /// Its issuer's place in the list.
    issuer: usize,
    generation: u64,
}

struct Issuer {
    rules: Rules,
    keys: Keys,
}

enum Keys {
    /// From files.
    Fixed(KeySet),
    /// From an identity provider.
    Published(Arc<Provider>),
}

/// A key that is configured and cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct KeyProblem(String);

impl Authenticator {
    /// Loads the keys of all issuers; where none is configured, those of local tokens are accepted, and their key is made if
    /// need be.
    ///
    /// # Errors
    /// Every key that cannot be used, with its file.
    pub fn open(settings: &AuthSettings) -> Result<Self, Vec<KeyProblem>> {
        let mut issuers = Vec::new();
        let mut problems = Vec::new();
        for issuer in &settings.issuers {
            match Issuer::open(issuer) {
                Ok(issuer) => issuers.push(issuer),
                Err(problem) => problems.push(problem),
            }
        }
        if settings.issuers.is_empty() {
            match Issuer::local(&settings.data_dir) {
                Ok(issuer) => issuers.push(issuer),
                Err(error) => problems.push(KeyProblem(error.to_string())),
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        Ok(Self {
            issuers,
            verified: Cache::new(MAX_VERIFIED),
            anonymous_read: settings.anonymous_read,
        })
    }

    /// Whether the catalog may be read without a token.
    pub fn anonymous_read(&self) -> bool {
        self.anonymous_read
    }

    /// Verifies a token.
    ///
    /// # Errors
    /// It is not good, or it cannot be checked now ([`Rejection::is_temporary`]).
    pub async fn authenticate(&self, token: &str) -> Result<Arc<Identity>, Rejection> {
        self.authenticate_at(token, Timestamp::now()).await
    }

    pub(super) async fn authenticate_at(
        &self,
        text: &str,
        now: Timestamp,
    ) -> Result<Arc<Identity>, Rejection> {
        let hash: [u8; 32] = Sha256::digest(text).into();
        if let Some(known) = self.verified.get(&hash) {
            let issuer = &self.issuers[known.issuer];
            if has_ended(known.identity.expires_at, now) {
                self.verified.remove(&hash);
                return Err(issuer.rejection(Reason::Expired));
            }
            if issuer.generation() == known.generation {
                return Ok(known.identity);
            }
        }
        let token = Token::parse(text)?;
        let name = token.text("iss").ok_or(Reason::WrongClaim)?;
        let place = self
            .issuers
            .iter()
            .position(|issuer| *issuer.rules.issuer == *name)
            .ok_or(Reason::UnknownIssuer)?;
        let issuer = &self.issuers[place];
        let (identity, generation) = issuer
            .verify(&token, now)
            .await
            .map_err(|reason| issuer.rejection(reason))?;
        let identity = Arc::new(identity);
        let verified = Verified {
            identity: Arc::clone(&identity),
            issuer: place,
            generation,
        };
        self.verified.insert(hash, verified);
        Ok(identity)
    }

    /// Keeps the keys of identity providers fresh, for ever; without any there is nothing to do.
    pub async fn keep_keys_fresh(&self) {
        let providers = self.issuers.iter().filter_map(Issuer::provider);
        join_all(providers.map(|provider| Arc::clone(provider).keep_fresh())).await;
    }
}

impl Issuer {
    fn open(settings: &IssuerSettings) -> Result<Self, KeyProblem> {
        let name: Arc<str> = settings.issuer.as_str().into();
        let algorithms = settings.algorithms.clone();
        let provider = |address| {
            Provider::new(Arc::clone(&name), address, algorithms, Pace::default())
                .map(|provider| Keys::Published(Arc::new(provider)))
                .map_err(|error| {
                    KeyProblem(format!("the keys of {name} cannot be loaded: {error}"))
                })
        };
        let keys = match &settings.keys {
            KeySettings::Discovery(address) => provider(KeyAddress::Discovered(address.clone()))?,
            KeySettings::Jwks(address) => provider(KeyAddress::Known(address.clone()))?,
            KeySettings::Files(paths) => Keys::Fixed(narrowed(public_keys(paths)?, settings)?),
            KeySettings::Secret(path) => Keys::Fixed(narrowed(secret_key(path)?, settings)?),
        };
        Ok(Self {
            rules: Rules {
                issuer: name,
                audiences: settings.audiences.clone(),
                require_at_jwt: settings.require_at_jwt,
                subject_prefix: settings.subject_prefix.clone(),
                scopes: settings.scopes.clone(),
            },
            keys,
        })
    }

    fn local(data_dir: &Path) -> Result<Self, LocalKeyError> {
        Ok(Self {
            rules: Rules {
                issuer: LOCAL_ISSUER.into(),
                audiences: vec![LOCAL_AUDIENCE.to_owned()],
                require_at_jwt: true,
                subject_prefix: String::new(),
                scopes: ScopeRules::default(),
            },
            keys: Keys::Fixed(KeySet::of(LocalKey::open(data_dir)?.verifying())),
        })
    }

    fn provider(&self) -> Option<&Arc<Provider>> {
        match &self.keys {
            Keys::Fixed(_) => None,
            Keys::Published(provider) => Some(provider),
        }
    }

    /// Changes when the keys do.
    fn generation(&self) -> u64 {
        self.provider().map_or(0, |provider| provider.generation())
    }

    /// Who a token speaks for, and the generation of the keys that say so.
    async fn verify(&self, token: &Token<'_>, now: Timestamp) -> Result<(Identity, u64), Reason> {
        let algorithm = self.rules.check_header(token)?;
        match &self.keys {
            Keys::Fixed(keys) => Ok((self.rules.verify(token, algorithm, keys, now)?, 0)),
            // What a provider publishes is no secret, so nobody needs to be asked.
            Keys::Published(_) if algorithm.family() == AlgorithmFamily::Hmac => {
                Err(Reason::WrongAlgorithm)
            }
            Keys::Published(provider) => {
                self.verify_published(provider, token, algorithm, now).await
            }
        }
    }

    async fn verify_published(
        &self,
        provider: &Arc<Provider>,
        token: &Token<'_>,
        algorithm: Algorithm,
        now: Timestamp,
    ) -> Result<(Identity, u64), Reason> {
        let id = token.header.kid.as_deref();
        let mut published = provider.keys_named(id).await?;
        let mut verified = self.rules.verify(token, algorithm, &published.keys, now);
        let may_be_of_a_new_key = matches!(
            verified,
            Err(Reason::WrongSignature | Reason::WrongAlgorithm)
        ) && !published.keys.tells(id);
        if may_be_of_a_new_key && let Some(newer) = provider.newer_than(&published).await {
            verified = self.rules.verify(token, algorithm, &newer.keys, now);
            published = newer;
        }
        Ok((verified?, published.generation))
    }

    fn rejection(&self, reason: Reason) -> Rejection {
        Rejection {
            reason,
            issuer: Some(Arc::clone(&self.rules.issuer)),
        }
    }
}

/// The public keys in these files.
fn public_keys(paths: &[PathBuf]) -> Result<KeySet, KeyProblem> {
    let mut keys = KeySet::default();
    for path in paths {
        let text = fs::read_to_string(path).map_err(|error| problem(path, &error))?;
        keys.extend(KeySet::from_file(&text).map_err(|error| problem(path, &error))?);
    }
    Ok(keys)
}

/// The secret in a file, without the line break that editors leave at its end.
fn secret_key(path: &Path) -> Result<KeySet, KeyProblem> {
    let text = fs::read(path).map_err(|error| problem(path, &error))?;
    let line = text.strip_suffix(b"\n").unwrap_or(&text);
    let secret = line.strip_suffix(b"\r").unwrap_or(line);
    let key = Key::from_secret(secret).map_err(|error| problem(path, &error))?;
    Ok(KeySet::of(key))
}

fn problem(path: &Path, error: &dyn Display) -> KeyProblem {
    KeyProblem(format!("{}: {error}", path.display()))
}

/// The keys, for those algorithms only that the issuer is narrowed to.
fn narrowed(mut keys: KeySet, settings: &IssuerSettings) -> Result<KeySet, KeyProblem> {
    match &settings.algorithms {
        Some(algorithms) if !keys.narrow(algorithms) => Err(KeyProblem(format!(
            "none of the keys of {} is for one of the algorithms that it is narrowed to",
            settings.issuer
        ))),
        _ => Ok(keys),
    }
}
