//! Settings: from flags, `KUNDIG_*` variables and `kundig.toml`, in that order of precedence, over defaults.

mod auth;
mod currency;
mod file;
mod flags;
mod insight;
mod issuers;
mod limits;
mod sources;
mod transport;
mod values;
mod webhooks;

#[cfg(test)]
mod tests;

use std::{ffi::OsString, fmt::Display, net::SocketAddr, path::Path, time::Duration};

pub use self::{
    auth::{AuthFlags, AuthSettings, IssuerSettings, KeySettings},
    currency::Currency,
    insight::{InsightFlags, InsightSettings},
    limits::{ADMISSION, LimitFlags, LimitSettings, RateSettings},
    sources::{Flags, Origin},
    transport::{
        CorsOrigins, ForwardedHeader, TlsFiles, TransportFlags, TransportSettings, TrustedProxies,
    },
    values::{DatabaseUrl, LogFormat},
    webhooks::{WebhookFlags, WebhookSettings},
};
use self::{
    sources::Sources,
    transport::check_listen,
    values::{
        parse_bool, parse_database, parse_duration, parse_listen, parse_log_filter, parse_positive,
    },
};

/// Everything that can be set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Where the server listens; a loopback address unless there is an issuer of access tokens.
    pub listen: SocketAddr,
    /// Where the catalog is kept.
    pub database: DatabaseUrl,
    /// How many connections to the database the process opens at most.
    pub database_connections: u32,
    /// Whether the database's schema is brought up to date at start.
    pub migrate: bool,
    /// How often the change feed is asked for news where nothing announces them.
    pub poll_interval: Duration,
    /// How long a job that one replica at a time does stays with one that is not heard of any more.
    pub lease_time: Duration,
    /// The currency of every amount in the catalog.
    pub currency: Currency,
    /// What is logged, as `tracing_subscriber::EnvFilter` reads it.
    pub log: String,
    /// How log lines look.
    pub log_format: LogFormat,
    /// What a request may ask for, and how much of it in which time.
    pub limits: LimitSettings,
    /// How the server meets the network.
    pub transport: TransportSettings,
    /// Who may do what.
    pub auth: AuthSettings,
    /// How webhooks are sent.
    pub webhooks: WebhookSettings,
    /// How what is to be decided is weighed.
    pub insight: InsightSettings,
}

impl Config {
    /// Reads the settings of this process.
    ///
    /// # Errors
    /// Every setting that is unknown or has a bad value, each with where it comes from and what would be right.
    pub fn load(flags: &Flags) -> Result<Self, ConfigError> {
        Self::from_sources(flags, std::env::vars_os(), Path::new("."))
    }

    /// As [`Config::load`], with the environment and the working directory given.
    ///
    /// # Errors
    /// As for [`Config::load`].
    pub fn from_sources(
        flags: &Flags,
        environment: impl IntoIterator<Item = (OsString, OsString)>,
        directory: &Path,
    ) -> Result<Self, ConfigError> {
        let mut problems = Vec::new();
        let sources = Sources::collect(flags, environment, directory, &mut problems);
        let mut pick = Picker {
            sources: &sources,
            problems: &mut problems,
        };
        let config = Self {
            listen: pick.setting("listen", default_listen(), parse_listen),
            database: pick.setting("database", DatabaseUrl::default(), parse_database),
            database_connections: pick.setting("database_connections", 10, parse_positive),
            migrate: pick.setting("migrate", true, parse_bool),
            poll_interval: pick.setting("poll_interval", Duration::from_secs(1), parse_duration),
            lease_time: pick.setting("lease_time", Duration::from_secs(15), parse_duration),
            currency: pick.setting("currency", Currency::default(), Currency::parse),
            log: pick.setting("log", "info,sqlx=warn".to_owned(), parse_log_filter),
            log_format: pick.setting("log_format", LogFormat::default(), LogFormat::parse),
            limits: LimitSettings::pick(&mut pick),
            transport: TransportSettings::pick(&mut pick),
            auth: AuthSettings::pick(&mut pick),
            webhooks: WebhookSettings::pick(&mut pick),
            insight: InsightSettings::pick(&mut pick),
        };
        let has_authentication = !config.auth.issuers.is_empty();
        if let Err(problem) = check_listen(config.listen, has_authentication) {
            pick.problem("listen", problem);
        }
        if problems.is_empty() {
            Ok(config)
        } else {
            Err(ConfigError { problems })
        }
    }
}

fn default_listen() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 8080))
}

/// Takes settings from their sources, and keeps what is wrong with them.
struct Picker<'a> {
    sources: &'a Sources,
    problems: &'a mut Vec<String>,
}

impl Picker<'_> {
    /// The value from the first source that has the setting. Where that is no good it is a problem, and the default stands
    /// in so that the other settings are looked at as well.
    fn setting<T>(
        &mut self,
        key: &'static str,
        default: T,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> T {
        self.optional(key, parse).unwrap_or(default)
    }

    /// As [`Picker::setting`], for what need not be set.
    fn optional<T>(
        &mut self,
        key: &'static str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        let (value, origin) = self.sources.get(key)?;
        match parse(value) {
            Ok(value) => Some(value),
            Err(problem) => {
                self.problems.push(format!("{origin}: {problem}"));
                None
            }
        }
    }

    /// Whether a setting is given anywhere.
    fn has(&self, key: &str) -> bool {
        self.sources.get(key).is_some()
    }

    /// Says what is wrong with a setting that is good by itself.
    fn problem(&mut self, key: &str, problem: impl Display) {
        if let Some((_, origin)) = self.sources.get(key) {
            self.problems.push(format!("{origin}: {problem}"));
        }
    }
}

/// Everything that is wrong with the settings.
#[derive(Debug, thiserror::Error)]
#[error("{}", problems.join("\n"))]
pub struct ConfigError {
    /// One message each: where the setting comes from, what is wrong, what would be right.
    pub problems: Vec<String>,
}
