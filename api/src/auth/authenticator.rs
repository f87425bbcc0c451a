//! Tokens in, identities out.

use std::{fs, path::Path, sync::Arc};

use jiff::Timestamp;
use quick_cache::sync::Cache;
use sha2::{Digest, Sha256};

use super::{
    Identity, LocalKeyError, Reason, Rejection, ScopeRules,
    issuer::{Rules, has_ended},
    keys::{Key, KeyError, KeySet},
    local::{LOCAL_AUDIENCE, LOCAL_ISSUER, LocalKey},
    token::Token,
};
use crate::config::{AuthSettings, IssuerSettings, KeySettings};

/// How many verified tokens are remembered.
const MAX_VERIFIED: usize = 10_000;

/// Decides which tokens are good.
pub struct Authenticator {
    issuers: Vec<Issuer>,
    /// By the hash of the token: whoever reads this memory gets no token from it.
    verified: Cache<[u8; 32], Arc<Identity>>,
    anonymous_read: bool,
}

struct Issuer {
    rules: Rules,
    keys: KeySet,
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
        if let Some(identity) = self.verified.get(&hash) {
            if has_ended(identity.expires_at, now) {
                self.verified.remove(&hash);
                return Err(Reason::Expired.into());
            }
            return Ok(identity);
        }
        let token = Token::parse(text)?;
        let name = token.text("iss").ok_or(Reason::WrongClaim)?;
        let issuer = self
            .issuers
            .iter()
            .find(|issuer| *issuer.rules.issuer == *name)
            .ok_or(Reason::UnknownIssuer)?;
        let identity = issuer
            .verify(&token, now)
            .map(Arc::new)
            .map_err(|reason| Rejection {
                reason,
                issuer: Some(Arc::clone(&issuer.rules.issuer)),
            })?;
        self.verified.insert(hash, Arc::clone(&identity));
        Ok(identity)
    }
}

impl Issuer {
    fn open(settings: &IssuerSettings) -> Result<Self, KeyProblem> {
        let mut keys = load(&settings.keys)?;
        if let Some(algorithms) = &settings.algorithms
            && !keys.narrow(algorithms)
        {
            return Err(KeyProblem(format!(
                "none of the keys of {} is for one of its algorithms",
                settings.issuer
            )));
        }
        Ok(Self {
            rules: Rules {
                issuer: settings.issuer.as_str().into(),
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
            keys: KeySet::of(LocalKey::open(data_dir)?.verifying()),
        })
    }

    fn verify(&self, token: &Token<'_>, now: Timestamp) -> Result<Identity, Reason> {
        let algorithm = self.rules.check_header(token)?;
        self.rules.verify(token, algorithm, &self.keys, now)
    }
}

/// The keys that are in files.
fn load(settings: &KeySettings) -> Result<KeySet, KeyProblem> {
    let at = |path: &Path, error: &dyn std::fmt::Display| {
        KeyProblem(format!("{}: {error}", path.display()))
    };
    match settings {
        KeySettings::Files(paths) => {
            let mut keys = KeySet::default();
            for path in paths {
                let text = fs::read_to_string(path).map_err(|error| at(path, &error))?;
                keys.extend(KeySet::from_file(&text).map_err(|error| at(path, &error))?);
            }
            Ok(keys)
        }
        KeySettings::Secret(path) => {
            let text = fs::read(path).map_err(|error| at(path, &error))?;
            secret(&text)
                .map(KeySet::of)
                .map_err(|error| at(path, &error))
        }
    }
}

/// The secret in a file, without the line break that editors leave at its end.
fn secret(text: &[u8]) -> Result<Key, KeyError> {
    let line = text.strip_suffix(b"\n").unwrap_or(text);
    Key::from_secret(line.strip_suffix(b"\r").unwrap_or(line))
}
