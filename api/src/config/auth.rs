//! Settings about who may do what: issuers of tokens, their keys, what is allowed without one.

use std::{
    collections::{BTreeMap, HashSet},
    path::{Path, PathBuf},
};

use clap::{ArgAction, Args};
use jsonwebtoken::Algorithm;
use serde::Deserialize;

use super::{
    Picker,
    values::{parse_bool, parse_path},
};
use crate::auth::{ClaimPath, Scope, ScopeRules};

pub(super) const KEYS: &[&str] = &["anonymous_read", "data_dir"];

/// Who may do what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthSettings {
    /// Whether the catalog may be read without a token.
    pub anonymous_read: bool,
    /// Where the server keeps files of its own: the key of local tokens.
    pub data_dir: PathBuf,
    /// Whose tokens are accepted. Where there is none, local tokens are.
    pub issuers: Vec<IssuerSettings>,
}

/// Whose tokens are accepted, and which of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuerSettings {
    /// Exactly its `iss`.
    pub issuer: String,
    /// One of these has to be in `aud`.
    pub audiences: Vec<String>,
    /// What verifies its tokens.
    pub keys: KeySettings,
    /// The algorithms that it may use, of those that its keys are for.
    pub algorithms: Option<Vec<Algorithm>>,
    /// Whether `typ` has to be `at+jwt`.
    pub require_at_jwt: bool,
    /// Comes before `sub`.
    pub subject_prefix: String,
    /// Where its tokens say what they allow.
    pub scopes: ScopeRules,
}

/// Where an issuer's keys are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeySettings {
    /// Files with public keys.
    Files(Vec<PathBuf>),
    /// A file with a secret.
    Secret(PathBuf),
}

/// Flags about who may do what.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Authentication (each also as KUNDIG_… variable and in kundig.toml)")]
pub struct AuthFlags {
    /// Let anybody read the catalog, without a token
    #[arg(long, global = true, action = ArgAction::SetTrue)]
    pub anonymous_read: bool,
    /// Where the server keeps the key of local tokens [default: kundig-data]
    #[arg(long, global = true, value_name = "PATH")]
    pub data_dir: Option<String>,
}

impl AuthFlags {
    pub(super) fn settings(&self) -> impl Iterator<Item = (&'static str, &str, &'static str)> {
        let anonymous_read = self.anonymous_read.then_some("true");
        [
            ("anonymous_read", anonymous_read, "--anonymous-read"),
            ("data_dir", self.data_dir.as_deref(), "--data-dir"),
        ]
        .into_iter()
        .filter_map(|(key, value, flag)| Some((key, value?, flag)))
    }
}

impl AuthSettings {
    pub(super) fn pick(pick: &mut Picker<'_>) -> Self {
        let issuers = pick.sources.issuers.clone();
        let mut seen = HashSet::new();
        for issuer in &issuers {
            if !seen.insert(&issuer.issuer) {
                let name = &issuer.issuer;
                pick.problems
                    .push(format!("there are two issuers named \"{name}\""));
            }
        }
        Self {
            anonymous_read: pick.setting("anonymous_read", false, parse_bool),
            data_dir: pick.setting("data_dir", "kundig-data".into(), parse_path),
            issuers,
        }
    }
}

/// An `[[issuers]]` table of the file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct IssuerTable {
    issuer: String,
    audience: OneOrMany,
    keys: Option<Vec<PathBuf>>,
    secret_file: Option<PathBuf>,
    algorithms: Option<Vec<String>>,
    #[serde(default)]
    require_at_jwt: bool,
    #[serde(default)]
    scope_claims: Vec<OneOrMany>,
    #[serde(default)]
    subject_prefix: String,
    #[serde(default)]
    scopes: BTreeMap<String, Vec<String>>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(untagged, expecting = "expected text or a list of texts")]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl IssuerTable {
    /// What the table says. Paths in it start at the file's folder.
    pub(super) fn settings(&self, folder: &Path) -> Result<IssuerSettings, String> {
        let name = &self.issuer;
        self.check(folder)
            .map_err(|problem| format!("issuer \"{name}\": {problem}"))
    }

    fn check(&self, folder: &Path) -> Result<IssuerSettings, String> {
        if self.issuer.is_empty() {
            return Err("the name is empty; it is what its tokens have in iss".to_owned());
        }
        let algorithms = self
            .algorithms
            .as_ref()
            .map(|names| names.iter().map(|name| parse_algorithm(name)).collect());
        Ok(IssuerSettings {
            issuer: self.issuer.clone(),
            audiences: check_audiences(self.audience.clone().into_vec())?,
            keys: self.key_settings(folder)?,
            algorithms: algorithms.transpose()?,
            require_at_jwt: self.require_at_jwt,
            subject_prefix: self.subject_prefix.clone(),
            scopes: ScopeRules {
                claims: self.claim_paths()?,
                words: self.words()?,
            },
        })
    }

    fn key_settings(&self, folder: &Path) -> Result<KeySettings, String> {
        match (&self.keys, &self.secret_file) {
            (Some(files), None) if !files.is_empty() => Ok(KeySettings::Files(
                files.iter().map(|file| folder.join(file)).collect(),
            )),
            (None, Some(file)) => Ok(KeySettings::Secret(folder.join(file))),
            _ => Err("it needs one of keys (a list of files) and secret_file".to_owned()),
        }
    }

    fn claim_paths(&self) -> Result<Vec<ClaimPath>, String> {
        let path = |path: &OneOrMany| match path {
            OneOrMany::One(text) => ClaimPath::parse(text),
            OneOrMany::Many(names) => ClaimPath::new(names.clone()),
        };
        self.scope_claims.iter().map(path).collect()
    }

    fn words(&self) -> Result<BTreeMap<String, Vec<Scope>>, String> {
        let meaning = |(word, names): (&String, &Vec<String>)| {
            let scopes: Result<_, _> = names.iter().map(|name| name.parse()).collect();
            let scopes = scopes.map_err(|error| format!("scopes.\"{word}\": {error}"))?;
            Ok((word.clone(), scopes))
        };
        self.scopes.iter().map(meaning).collect()
    }
}

impl OneOrMany {
    fn into_vec(self) -> Vec<String> {
        match self {
            Self::One(one) => vec![one],
            Self::Many(many) => many,
        }
    }
}

fn check_audiences(audiences: Vec<String>) -> Result<Vec<String>, String> {
    if audiences.is_empty() || audiences.iter().any(String::is_empty) {
        return Err(
            "the audience is empty; it is what tokens for this server have in aud".to_owned(),
        );
    }
    Ok(audiences)
}

fn parse_algorithm(name: &str) -> Result<Algorithm, String> {
    name.parse().map_err(|_| {
        format!(
            "\"{name}\" is no algorithm; those are RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, EdDSA, \
             and HS256, HS384, HS512 for a secret"
        )
    })
}
