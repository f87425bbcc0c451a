//! The `[[issuers]]` tables of `kundig.toml`.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use jsonwebtoken::{Algorithm, AlgorithmFamily};
use serde::Deserialize;

use super::auth::{IssuerSettings, KeySettings, discovery, parse_audience, parse_issuer};
use crate::auth::{ClaimPath, Scope, ScopeRules, parse_key_address};

/// One table.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct IssuerTable {
    issuer: String,
    audience: OneOrMany,
    jwks_url: Option<String>,
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
        Ok(IssuerSettings {
            issuer: parse_issuer(&self.issuer)?,
            audiences: self.audiences()?,
            keys: self.key_settings(folder)?,
            algorithms: self.algorithms()?,
            require_at_jwt: self.require_at_jwt,
            subject_prefix: self.subject_prefix.clone(),
            scopes: ScopeRules {
                claims: self.claim_paths()?,
                words: self.words()?,
            },
        })
    }

    fn audiences(&self) -> Result<Vec<String>, String> {
        match &self.audience {
            OneOrMany::Many(none) if none.is_empty() => parse_audience("").map(|one| vec![one]),
            OneOrMany::Many(names) => names.iter().map(|name| parse_audience(name)).collect(),
            OneOrMany::One(name) => parse_audience(name).map(|one| vec![one]),
        }
    }

    fn algorithms(&self) -> Result<Option<Vec<Algorithm>>, String> {
        let Some(names) = &self.algorithms else {
            return Ok(None);
        };
        if names.is_empty() {
            return Err(
                "algorithms is empty; leave it out to accept those that the keys are for"
                    .to_owned(),
            );
        }
        let algorithm = |name: &String| {
            let algorithm = parse_algorithm(name)?;
            let is_for_secrets = algorithm.family() == AlgorithmFamily::Hmac;
            match (is_for_secrets, &self.secret_file) {
                (true, None) => Err(format!(
                    "{name} is for a secret, and the issuer has public keys"
                )),
                (false, Some(_)) => Err(format!(
                    "{name} is for public keys, and the issuer has a secret"
                )),
                _ => Ok(algorithm),
            }
        };
        names
            .iter()
            .map(algorithm)
            .collect::<Result<_, _>>()
            .map(Some)
    }

    fn key_settings(&self, folder: &Path) -> Result<KeySettings, String> {
        match (&self.jwks_url, &self.keys, &self.secret_file) {
            (None, None, None) => discovery(&self.issuer).map_err(|problem| {
                format!("{problem}; or name its keys by jwks_url, keys or secret_file")
            }),
            (Some(address), None, None) => parse_key_address(address).map(KeySettings::Jwks),
            (None, Some(files), None) if !files.is_empty() => Ok(KeySettings::Files(
                files.iter().map(|file| folder.join(file)).collect(),
            )),
            (None, Some(_), None) => Err("keys is empty; it is a list of files".to_owned()),
            (None, None, Some(file)) => Ok(KeySettings::Secret(folder.join(file))),
            _ => Err(
                "it has several of jwks_url, keys and secret_file; one says where its keys are"
                    .to_owned(),
            ),
        }
    }

    fn claim_paths(&self) -> Result<Vec<ClaimPath>, String> {
        let path = |path: &OneOrMany| match path {
            OneOrMany::One(text) => ClaimPath::parse(text),
            OneOrMany::Many(names) => ClaimPath::new(names.clone()),
        };
        let paths: Result<Vec<_>, _> = self.scope_claims.iter().map(path).collect();
        let paths = paths?;
        if !paths.is_empty() && self.scopes.is_empty() {
            return Err(
                "scope_claims without scopes allow nothing: say in [issuers.scopes] what their words mean"
                    .to_owned(),
            );
        }
        Ok(paths)
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

fn parse_algorithm(name: &str) -> Result<Algorithm, String> {
    name.parse().map_err(|_| {
        format!(
            "\"{name}\" is no algorithm; those are RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, EdDSA, \
             and HS256, HS384, HS512 for a secret"
        )
    })
}
