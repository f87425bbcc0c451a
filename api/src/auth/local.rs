//! The key that a Kundig without an identity provider signs and verifies tokens with.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::{Scope, keys::Key};

/// What the local key's tokens have in `iss`.
pub const LOCAL_ISSUER: &str = "kundig-local";
/// What they have in `aud`.
pub const LOCAL_AUDIENCE: &str = "kundig";
/// What they have in `client_id`.
const CLIENT: &str = "kundig-cli";
/// The key's file in the data directory.
const FILE: &str = "local-key.json";
/// How long the key is, bytes.
const LENGTH: usize = 64;

/// A secret that this machine's Kundigs share through a file.
pub struct LocalKey {
    secret: Vec<u8>,
    made: Option<PathBuf>,
}

/// Why there is no local key.
#[derive(Debug, thiserror::Error)]
pub enum LocalKeyError {
    /// The file system does not do what is wanted.
    #[error("{}: {source}", path.display())]
    File {
        /// What could not be read or made.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Others than its owner may read it.
    #[error("{} can be read by others than its owner (mode {mode:03o}): chmod 600 it, or remove it and a new one is made", path.display())]
    Open {
        /// The key's file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// It holds something else.
    #[error("{} is no key that Kundig has made: remove it, and a new one is made", path.display())]
    Invalid {
        /// The key's file.
        path: PathBuf,
    },
    /// The operating system has no random numbers.
    #[error("the operating system gives no random numbers: {0}")]
    Randomness(#[from] getrandom::Error),
}

/// The file: a symmetric JWK.
#[derive(Serialize, Deserialize)]
struct Jwk {
    kty: String,
    alg: String,
    k: String,
}

impl LocalKey {
    /// Reads the key in this directory, and makes it where there is none. Of several processes that do so at once, one makes
    /// the key of all.
    ///
    /// # Errors
    /// It cannot be made, cannot be read, or others can read it.
    pub fn open(directory: &Path) -> Result<Self, LocalKeyError> {
        let path = directory.join(FILE);
        match fs::read(&path) {
            Ok(text) => Self::parse(&text, &path),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Self::create(directory, &path),
            Err(source) => Err(LocalKeyError::File { path, source }),
        }
    }

    fn parse(text: &[u8], path: &Path) -> Result<Self, LocalKeyError> {
        check_permissions(path)?;
        let key = serde_json::from_slice::<Jwk>(text).ok().and_then(|jwk| {
            let is_ours = jwk.kty == "oct" && jwk.alg == "HS256";
            let key = URL_SAFE_NO_PAD.decode(jwk.k).ok()?;
            (is_ours && key.len() == LENGTH).then_some(key)
        });
        match key {
            Some(secret) => Ok(Self { secret, made: None }),
            None => Err(LocalKeyError::Invalid {
                path: path.to_owned(),
            }),
        }
    }

    fn create(directory: &Path, path: &Path) -> Result<Self, LocalKeyError> {
        let mut key = vec![0; LENGTH];
        getrandom::fill(&mut key)?;
        let jwk = Jwk {
            kty: "oct".to_owned(),
            alg: "HS256".to_owned(),
            k: URL_SAFE_NO_PAD.encode(&key),
        };
        let at = |path: &Path| {
            let path = path.to_owned();
            move |source| LocalKeyError::File { path, source }
        };
        fs::create_dir_all(directory).map_err(at(directory))?;
        // Written aside, for its owner only, and then named: whoever finds the file finds it whole.
        let mut file = tempfile::NamedTempFile::new_in(directory).map_err(at(directory))?;
        let written = serde_json::to_writer(&mut file, &jwk)
            .map_err(io::Error::from)
            .and_then(|()| file.flush())
            .and_then(|()| file.as_file().sync_all());
        written.map_err(at(file.path()))?;
        match file.persist_noclobber(path) {
            Ok(_) => {
                tracing::info!(path = %path.display(), "made a key for local tokens");
                Ok(Self {
                    secret: key,
                    made: Some(path.to_owned()),
                })
            }
            Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => {
                let text = fs::read(path).map_err(at(path))?;
                Self::parse(&text, path)
            }
            Err(error) => Err(at(path)(error.error)),
        }
    }

    /// The key's file where it had to be made; none where it was there already.
    pub fn made(&self) -> Option<&Path> {
        self.made.as_deref()
    }

    /// The key as verification takes it.
    pub(super) fn verifying(&self) -> Key {
        Key::symmetric(&self.secret, vec![Algorithm::HS256])
    }

    /// A token that this key's servers accept.
    ///
    /// # Errors
    /// It cannot be signed.
    pub fn sign(
        &self,
        subject: &str,
        scopes: &[Scope],
        lifetime: SignedDuration,
        now: Timestamp,
    ) -> jsonwebtoken::errors::Result<String> {
        let names: Vec<&str> = scopes.iter().map(|scope| scope.as_str()).collect();
        let claims = json!({
            "iss": LOCAL_ISSUER,
            "aud": LOCAL_AUDIENCE,
            "sub": subject,
            "scope": names.join(" "),
            "client_id": CLIENT,
            "jti": Uuid::now_v7(),
            "iat": now.as_second(),
            "exp": (now + lifetime).as_second(),
        });
        let mut header = Header::new(Algorithm::HS256);
        header.typ = Some("at+jwt".to_owned());
        jsonwebtoken::encode(&header, &claims, &EncodingKey::from_secret(&self.secret))
    }
}

/// The permissions of everybody but the owner.
#[cfg(unix)]
const OTHERS: u32 = 0o077;

#[cfg(unix)]
fn check_permissions(path: &Path) -> Result<(), LocalKeyError> {
    use std::os::unix::fs::PermissionsExt;

    let metadata = fs::metadata(path).map_err(|source| LocalKeyError::File {
        path: path.to_owned(),
        source,
    })?;
    let mode = metadata.permissions().mode() & 0o777;
    if mode & OTHERS == 0 {
        return Ok(());
    }
    Err(LocalKeyError::Open {
        path: path.to_owned(),
        mode,
    })
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "on Unix it can fail")]
fn check_permissions(_: &Path) -> Result<(), LocalKeyError> {
    Ok(())
}
