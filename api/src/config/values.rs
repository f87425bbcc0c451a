//! Values of settings: text made into types, or into a message that says what would be right.

use std::{
    fmt::{self, Debug, Display, Formatter},
    net::SocketAddr,
    path::PathBuf,
    time::Duration,
};

use jiff::SignedDuration;
use tracing_subscriber::EnvFilter;
use url::Url;

/// How log lines look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// For a terminal.
    #[default]
    Human,
    /// One JSON object a line.
    Json,
}

impl LogFormat {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        match text {
            "human" => Ok(Self::Human),
            "json" => Ok(Self::Json),
            _ => Err(format!("\"{text}\" is no log format; it is human or json")),
        }
    }
}

/// Where a database is. Shown without its password.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseUrl(String);

impl Default for DatabaseUrl {
    fn default() -> Self {
        Self("sqlite://kundig.db".to_owned())
    }
}

impl DatabaseUrl {
    /// The whole address, password included: for connecting only.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether it is a SQLite file.
    pub fn is_sqlite(&self) -> bool {
        self.0.starts_with("sqlite:")
    }
}

impl Display for DatabaseUrl {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match Url::parse(&self.0) {
            Ok(mut url) if url.password().is_some() => match url.set_password(Some("***")) {
                Ok(()) => write!(out, "{url}"),
                Err(()) => out.write_str("(an address with a password)"),
            },
            _ => out.write_str(&self.0),
        }
    }
}

impl Debug for DatabaseUrl {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        write!(out, "DatabaseUrl({self})")
    }
}

pub(super) fn parse_database(text: &str) -> Result<DatabaseUrl, String> {
    // The value is not repeated: it may hold a password.
    const EXPECTED: &str = "a database is sqlite://FILE or postgres://USER:PASSWORD@HOST/NAME";
    let (scheme, rest) = text
        .split_once(':')
        .ok_or_else(|| format!("that is no address; {EXPECTED}"))?;
    match scheme {
        "sqlite" if rest.trim_start_matches('/').is_empty() => {
            Err(format!("the file's name is missing; {EXPECTED}"))
        }
        "sqlite" => Ok(DatabaseUrl(text.to_owned())),
        "postgres" | "postgresql" => match Url::parse(text) {
            Ok(_) => Ok(DatabaseUrl(text.to_owned())),
            Err(error) => Err(format!("that is no valid address ({error}); {EXPECTED}")),
        },
        _ => Err(format!(
            "\"{scheme}\" databases are not supported; {EXPECTED}"
        )),
    }
}

pub(super) fn parse_listen(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| {
        format!("\"{text}\" is no address with a port, such as 127.0.0.1:8080 or [::1]:8080")
    })
}

pub(super) fn parse_duration(text: &str) -> Result<Duration, String> {
    const EXPECTED: &str =
        "a duration is a number with a unit, such as 500ms or 1s, from 10 ms to an hour";
    let duration: SignedDuration = text
        .parse()
        .map_err(|_| format!("\"{text}\" is no duration; {EXPECTED}"))?;
    match Duration::try_from(duration) {
        Ok(duration)
            if (Duration::from_millis(10)..=Duration::from_hours(1)).contains(&duration) =>
        {
            Ok(duration)
        }
        _ => Err(format!("\"{text}\" is out of range; {EXPECTED}")),
    }
}

pub(super) fn parse_bool(text: &str) -> Result<bool, String> {
    match text {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(format!("\"{text}\" is neither true nor false")),
    }
}

pub(super) fn parse_positive(text: &str) -> Result<u32, String> {
    match text.parse() {
        Ok(count @ 1..=1000) => Ok(count),
        _ => Err(format!("\"{text}\" is no whole number from 1 to 1000")),
    }
}

pub(super) fn parse_log_filter(text: &str) -> Result<String, String> {
    const EXPECTED: &str = "try info, debug or info,sqlx=debug";
    // The filter's parser panics at some text outside ASCII, which no module or level has.
    if !text.is_ascii() {
        return Err(format!("\"{text}\" is no log filter; {EXPECTED}"));
    }
    match EnvFilter::try_new(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(error) => Err(format!("\"{text}\" is no log filter ({error}); {EXPECTED}")),
    }
}

/// Items with commas between; none in an empty text.
pub(super) fn parse_list<T>(
    text: &str,
    parse: impl Fn(&str) -> Result<T, String>,
) -> Result<Vec<T>, String> {
    text.split(',')
        .map(str::trim)
        .filter(|item| !item.is_empty())
        .map(parse)
        .collect()
}

pub(super) fn parse_path(text: &str) -> Result<PathBuf, String> {
    match text {
        "" => Err("the file's name is missing".to_owned()),
        path => Ok(PathBuf::from(path)),
    }
}
