//! `kundig token`

use std::{io::Write, path::Path};

use anyhow::Context;
use clap::Args;
use jiff::{SignedDuration, Timestamp};

use super::{Failure, print};
use crate::{
    auth::{LocalKey, MAX_NAME, Scope, is_name},
    config::{Config, ConfigError},
};

/// The longest time that a local token is good for, hours: a year.
const MAX_HOURS: i64 = 366 * 24;

/// What the token is to say.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
For development, and for machines without an identity provider: the token is signed with the key that
`kundig serve` has made in its data directory, and accepted as long as no issuer is configured.

Examples:
  kundig token --scope catalog:write
  kundig token --scope requests:submit --scope catalog:read --subject amara --expires-in 30m
  curl -H \"Authorization: Bearer $(kundig token --scope admin)\" …

Scopes: catalog:read, catalog:write, requests:submit, requests:work, insight:read, admin")]
pub(super) struct TokenArgs {
    /// What it allows; may be repeated, or several with commas between them
    #[arg(
        long = "scope",
        value_name = "SCOPE",
        required = true,
        value_delimiter = ',',
        num_args = 1
    )]
    pub(super) scopes: Vec<String>,
    /// Whom it speaks for, as in Person.subject
    #[arg(long, value_name = "NAME", default_value = "local", value_parser = parse_subject)]
    pub(super) subject: String,
    /// How long it is good for: 30m, 8h
    #[arg(long, value_name = "DURATION", default_value = "8h", value_parser = parse_lifetime)]
    pub(super) expires_in: SignedDuration,
}

pub(super) fn run(args: &TokenArgs, config: &Config) -> Result<(), Failure> {
    let wrong = |problem: String| {
        Failure::Settings(ConfigError {
            problems: vec![problem],
        })
    };
    if !config.auth.issuers.is_empty() {
        return Err(wrong(
            "an issuer is configured, and tokens come from it: local ones are not accepted beside it".to_owned(),
        ));
    }
    let names = args.scopes.iter().flat_map(|text| text.split_whitespace());
    let scopes: Result<Vec<Scope>, _> = names.map(str::parse).collect();
    let scopes = scopes.map_err(|error| wrong(format!("--scope: {error}")))?;
    let key = LocalKey::open(&config.auth.data_dir).map_err(|error| wrong(error.to_string()))?;
    if let Some(path) = key.made() {
        warn_of_new_key(path);
    }
    let token = key
        .sign(&args.subject, &scopes, args.expires_in, Timestamp::now())
        .context("the token cannot be signed")?;
    print(&format!("{token}\n"))
}

/// Servers accept tokens of their own key only, and a new one is most likely in the wrong place.
fn warn_of_new_key(path: &Path) {
    let text = format!(
        "warning: made a new key, {}: only servers whose data_dir is that folder accept this token\n",
        path.display()
    );
    // Whoever cannot be told gets the token nevertheless.
    let _told = std::io::stderr().write_all(text.as_bytes());
}

fn parse_subject(text: &str) -> Result<String, String> {
    if is_name(text) {
        Ok(text.to_owned())
    } else {
        Err(format!(
            "it is a name of 1 to {MAX_NAME} characters without control characters"
        ))
    }
}

fn parse_lifetime(text: &str) -> Result<SignedDuration, String> {
    const EXPECTED: &str = "it is a number with a unit, such as 30m or 8h, up to a year (8784h)";
    let lifetime: SignedDuration = text
        .parse()
        .map_err(|_| format!("that is no duration; {EXPECTED}"))?;
    if (SignedDuration::from_secs(1)..=SignedDuration::from_hours(MAX_HOURS)).contains(&lifetime) {
        Ok(lifetime)
    } else {
        Err(format!("that is out of range; {EXPECTED}"))
    }
}
