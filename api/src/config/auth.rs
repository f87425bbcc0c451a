//! Settings about who may do what: issuers of tokens, their keys, what is allowed without one.

use std::{collections::HashSet, path::PathBuf};

use clap::{ArgAction, Args};
use jsonwebtoken::Algorithm;
use url::Url;

use super::{
    Picker,
    values::{parse_bool, parse_list, parse_path},
};
use crate::auth::{ScopeRules, parse_key_address};

/// The group's keys. Issuers have tables of their own; the first three describe the one of the simple case.
pub(super) const KEYS: &[&str] = &[
    "issuer",
    "audience",
    "jwks_url",
    "anonymous_read",
    "data_dir",
];

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
    /// Comes before `sub`. Where there are several issuers, none has one that another's begins with.
    pub subject_prefix: String,
    /// Where its tokens say what they allow.
    pub scopes: ScopeRules,
}

/// Where an issuer's keys are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeySettings {
    /// Where its description says, which is at this address.
    Discovery(Url),
    /// A JWK Set at this address.
    Jwks(Url),
    /// Files with public keys.
    Files(Vec<PathBuf>),
    /// A file with a secret.
    Secret(PathBuf),
}

/// Flags about who may do what.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Authentication (each also as KUNDIG_… variable and in kundig.toml)")]
pub struct AuthFlags {
    /// Accept tokens of this identity provider: exactly what they have in iss
    #[arg(long, global = true, value_name = "URL")]
    pub issuer: Option<String>,
    /// Accept those that are for this audience; several with commas between them
    #[arg(long, global = true, value_name = "NAMES")]
    pub audience: Option<String>,
    /// Load the issuer's keys from here [default: where the issuer's own description says]
    #[arg(long, global = true, value_name = "URL")]
    pub jwks_url: Option<String>,
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
            ("issuer", self.issuer.as_deref(), "--issuer"),
            ("audience", self.audience.as_deref(), "--audience"),
            ("jwks_url", self.jwks_url.as_deref(), "--jwks-url"),
            ("anonymous_read", anonymous_read, "--anonymous-read"),
            ("data_dir", self.data_dir.as_deref(), "--data-dir"),
        ]
        .into_iter()
        .filter_map(|(key, value, flag)| Some((key, value?, flag)))
    }
}

impl AuthSettings {
    pub(super) fn pick(pick: &mut Picker<'_>) -> Self {
        let mut issuers = pick.sources.issuers.clone();
        issuers.extend(pick_issuer(pick));
        let mut seen = HashSet::new();
        for issuer in &issuers {
            if !seen.insert(&issuer.issuer) {
                let name = &issuer.issuer;
                pick.problems
                    .push(format!("there are two issuers named \"{name}\""));
            }
        }
        pick.problems.extend(confusions(&issuers));
        Self {
            anonymous_read: pick.setting("anonymous_read", false, parse_bool),
            data_dir: pick.setting("data_dir", "kundig-data".into(), parse_path),
            issuers,
        }
    }
}

/// Issuers whose subjects could be taken for each other's: what one puts before `sub` is how the other's may begin.
fn confusions(issuers: &[IssuerSettings]) -> impl Iterator<Item = String> {
    let pairs = issuers.iter().enumerate().flat_map(|(place, one)| {
        let others = issuers[..place].iter();
        others.map(move |other| (other, one))
    });
    pairs
        .filter(|(one, other)| one.issuer != other.issuer)
        .filter(|(one, other)| {
            let (one, other) = (&one.subject_prefix, &other.subject_prefix);
            one.starts_with(other.as_str()) || other.starts_with(one.as_str())
        })
        .map(|(one, other)| {
            format!(
                "a subject of issuer \"{}\" could be taken for one of \"{}\": where there are several issuers, each needs \
                 a subject_prefix in its [[issuers]] table (\"partner|\", for example) that none of the others begins with",
                one.issuer, other.issuer
            )
        })
}

/// The issuer of the simple case, which flags and variables can describe.
fn pick_issuer(pick: &mut Picker<'_>) -> Option<IssuerSettings> {
    let issuer = pick.optional("issuer", parse_issuer);
    let audiences = pick.optional("audience", parse_audiences);
    let jwks_url = pick.optional("jwks_url", parse_key_address);
    if !pick.has("issuer") {
        pick.problem("audience", "there is no issuer for it; set issuer as well");
        pick.problem("jwks_url", "there is no issuer for it; set issuer as well");
    } else if !pick.has("audience") {
        let problem =
            "an issuer needs its audience, which is what tokens for this server have in aud";
        pick.problem("issuer", problem);
    }
    let issuer = issuer?;
    let keys = match jwks_url {
        Some(address) => KeySettings::Jwks(address),
        None if pick.has("jwks_url") => return None,
        None => match discovery(&issuer) {
            Ok(keys) => keys,
            Err(problem) => {
                pick.problem("issuer", problem);
                return None;
            }
        },
    };
    Some(IssuerSettings {
        issuer,
        audiences: audiences?,
        keys,
        algorithms: None,
        require_at_jwt: false,
        subject_prefix: String::new(),
        scopes: ScopeRules::default(),
    })
}

/// The keys of an issuer that describes itself.
pub(super) fn discovery(issuer: &str) -> Result<KeySettings, String> {
    let address = parse_key_address(issuer)?;
    if address.query().is_some() || address.fragment().is_some() {
        return Err(format!(
            "\"{issuer}\" has a query or a fragment, which no issuer has that describes itself"
        ));
    }
    let description = format!(
        "{}/.well-known/openid-configuration",
        issuer.trim_end_matches('/')
    );
    parse_key_address(&description).map(KeySettings::Discovery)
}

pub(super) fn parse_issuer(name: &str) -> Result<String, String> {
    if name.is_empty() {
        return Err("the name is empty; it is what the issuer's tokens have in iss".to_owned());
    }
    Ok(name.to_owned())
}

fn parse_audiences(text: &str) -> Result<Vec<String>, String> {
    match parse_list(text, parse_audience)? {
        none if none.is_empty() => parse_audience("").map(|one| vec![one]),
        audiences => Ok(audiences),
    }
}

pub(super) fn parse_audience(name: &str) -> Result<String, String> {
    if name.is_empty() {
        return Err(
            "the audience is empty; it is what tokens for this server have in aud".to_owned(),
        );
    }
    Ok(name.to_owned())
}
