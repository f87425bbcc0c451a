//! `kundig.toml`.

use std::{io, path::Path};

use serde::Deserialize;

/// The file's keys. A value is text or what TOML has for it: `migrate = false`, `database_connections = 20`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    listen: Option<String>,
    database: Option<String>,
    database_connections: Option<u32>,
    migrate: Option<bool>,
    poll_interval: Option<String>,
    currency: Option<String>,
    log: Option<String>,
    log_format: Option<String>,
}

/// Why a file was not read.
#[derive(Debug, thiserror::Error)]
pub(super) enum FileError {
    #[error("there is no such file")]
    NotFound,
    #[error("cannot be read: {0}")]
    Unreadable(io::Error),
    #[error("{0}")]
    Invalid(#[from] toml::de::Error),
}

/// The settings of a file as text.
pub(super) fn read(path: &Path) -> Result<Vec<(&'static str, String)>, FileError> {
    let text = std::fs::read_to_string(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => FileError::NotFound,
        _ => FileError::Unreadable(error),
    })?;
    let file: File = toml::from_str(&text)?;
    let settings = [
        ("listen", file.listen),
        ("database", file.database),
        (
            "database_connections",
            file.database_connections.map(|count| count.to_string()),
        ),
        ("migrate", file.migrate.map(|migrate| migrate.to_string())),
        ("poll_interval", file.poll_interval),
        ("currency", file.currency),
        ("log", file.log),
        ("log_format", file.log_format),
    ];
    Ok(settings
        .into_iter()
        .filter_map(|(key, value)| Some((key, value?)))
        .collect())
}
