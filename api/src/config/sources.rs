//! Where settings come from.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    fmt::{self, Display, Formatter},
    path::{Path, PathBuf},
    sync::LazyLock,
};

use clap::{ArgAction, Args};

use super::{auth, file, insight, limits, transport, webhooks};

/// The file that is read where none is named.
const DEFAULT_FILE: &str = "kundig.toml";
/// The variable that names the file.
const FILE_VARIABLE: &str = "KUNDIG_CONFIG";
/// What every variable of ours starts with.
const PREFIX: &str = "KUNDIG_";
/// Set by many hosting platforms.
const DATABASE_VARIABLE: &str = "DATABASE_URL";

/// The keys that belong to no group.
const GENERAL_KEYS: &[&str] = &[
    "listen",
    "database",
    "database_connections",
    "migrate",
    "poll_interval",
    "lease_time",
    "currency",
    "log",
    "log_format",
];

/// The keys of `kundig.toml`; in capitals and after `KUNDIG_` they are the variables' names.
pub(super) static KEYS: LazyLock<Vec<&str>> = LazyLock::new(|| {
    [
        GENERAL_KEYS,
        limits::KEYS,
        transport::KEYS,
        auth::KEYS,
        webhooks::KEYS,
        insight::KEYS,
    ]
    .concat()
});

/// Settings on the command line. All are text here: one place checks values wherever they come from.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Settings (each also as KUNDIG_… variable and in kundig.toml)")]
pub struct Flags {
    /// Read settings from this file [default: kundig.toml, where it exists]
    #[arg(long, global = true, value_name = "PATH")]
    pub config: Option<PathBuf>,
    /// Address and port to listen on; 0 takes any free port [default: 127.0.0.1:8080]
    #[arg(long, global = true, value_name = "ADDRESS")]
    pub listen: Option<String>,
    /// The catalog's database.
    #[arg(
        long,
        global = true,
        value_name = "URL",
        help = "The catalog's database: sqlite://FILE or postgres://USER@HOST/NAME [default: sqlite://kundig.db]"
    )]
    pub database: Option<String>,
    /// Connections to the database at most [default: 10]
    #[arg(long, global = true, value_name = "COUNT")]
    pub database_connections: Option<String>,
    /// Leave the database's schema as it is; `kundig migrate` brings it up to date
    #[arg(long, global = true, action = ArgAction::SetTrue)]
    pub no_migrate: bool,
    /// How often to ask the database for changes of other replicas [default: 1s]
    #[arg(long, global = true, value_name = "DURATION")]
    pub poll_interval: Option<String>,
    /// How long a job stays with a replica that is not heard of any more [default: 15s]
    #[arg(long, global = true, value_name = "DURATION")]
    pub lease_time: Option<String>,
    /// Currency of all amounts, ISO 4217 [default: EUR]
    #[arg(long, global = true, value_name = "CODE")]
    pub currency: Option<String>,
    /// What to log: error, warn, info, debug, trace, also by module: info,sqlx=debug
    #[arg(long, global = true, value_name = "FILTER")]
    pub log: Option<String>,
    /// How log lines look: human or json [default: human]
    #[arg(long, global = true, value_name = "FORMAT")]
    pub log_format: Option<String>,
    /// What bounds a request and its client.
    #[command(flatten)]
    pub limits: limits::LimitFlags,
    /// How the server meets the network.
    #[command(flatten)]
    pub transport: transport::TransportFlags,
    /// Who may do what.
    #[command(flatten)]
    pub auth: auth::AuthFlags,
    /// How webhooks are sent.
    #[command(flatten)]
    pub webhooks: webhooks::WebhookFlags,
    /// How what is to be decided is weighed.
    #[command(flatten)]
    pub insight: insight::InsightFlags,
}

impl Flags {
    fn settings(&self) -> impl Iterator<Item = (&'static str, &str, &'static str)> {
        let no_migrate = self.no_migrate.then_some("false");
        let general = [
            ("listen", self.listen.as_deref(), "--listen"),
            ("database", self.database.as_deref(), "--database"),
            (
                "database_connections",
                self.database_connections.as_deref(),
                "--database-connections",
            ),
            ("migrate", no_migrate, "--no-migrate"),
            (
                "poll_interval",
                self.poll_interval.as_deref(),
                "--poll-interval",
            ),
            ("lease_time", self.lease_time.as_deref(), "--lease-time"),
            ("currency", self.currency.as_deref(), "--currency"),
            ("log", self.log.as_deref(), "--log"),
            ("log_format", self.log_format.as_deref(), "--log-format"),
        ];
        general
            .into_iter()
            .filter_map(|(key, value, flag)| Some((key, value?, flag)))
            .chain(self.limits.settings())
            .chain(self.transport.settings())
            .chain(self.auth.settings())
            .chain(self.webhooks.settings())
            .chain(self.insight.settings())
    }
}

/// Where a value was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A flag, with its dashes.
    Flag(&'static str),
    /// An environment variable.
    Variable(String),
    /// A key of the file.
    File(PathBuf, &'static str),
}

impl Display for Origin {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(flag) => write!(out, "{flag}"),
            Self::Variable(name) => write!(out, "{name} (environment)"),
            Self::File(path, key) => write!(out, "{key} in {}", path.display()),
        }
    }
}

/// The winning text of every setting that is set anywhere.
#[derive(Debug, Default)]
pub(super) struct Sources {
    settings: BTreeMap<&'static str, (String, Origin)>,
    /// Issuers have settings of their own, so only the file can describe them.
    pub(super) issuers: Vec<auth::IssuerSettings>,
}

impl Sources {
    pub(super) fn get(&self, key: &str) -> Option<(&str, &Origin)> {
        self.settings
            .get(key)
            .map(|(value, origin)| (value.as_str(), origin))
    }

    /// Collects from all sources; what is unknown or unreadable goes to the problems.
    pub(super) fn collect(
        flags: &Flags,
        environment: impl IntoIterator<Item = (OsString, OsString)>,
        directory: &Path,
        problems: &mut Vec<String>,
    ) -> Self {
        let variables = Variables::read(environment, problems);
        let mut sources = Self::default();
        sources.add_file(
            flags.config.as_deref().or(variables.config.as_deref()),
            directory,
            problems,
        );
        // Later sources replace what earlier ones said.
        if let Some(database) = variables.database_url {
            sources.set(
                "database",
                database,
                Origin::Variable(DATABASE_VARIABLE.to_owned()),
            );
        }
        for (key, value, name) in variables.settings {
            sources.set(key, value, Origin::Variable(name));
        }
        for (key, value, flag) in flags.settings() {
            sources.set(key, value.to_owned(), Origin::Flag(flag));
        }
        sources
    }

    fn set(&mut self, key: &'static str, value: String, origin: Origin) {
        self.settings.insert(key, (value, origin));
    }

    fn add_file(&mut self, named: Option<&Path>, directory: &Path, problems: &mut Vec<String>) {
        let path = directory.join(named.unwrap_or(Path::new(DEFAULT_FILE)));
        let shown = named.unwrap_or(Path::new(DEFAULT_FILE));
        match file::read(&path) {
            Ok(file) => {
                for (key, value) in file.settings {
                    self.set(key, value, Origin::File(shown.to_owned(), key));
                }
                let folder = path.parent().unwrap_or(directory);
                for table in file.issuers {
                    match table.settings(folder) {
                        Ok(issuer) => self.issuers.push(issuer),
                        Err(problem) => problems.push(format!("{}: {problem}", shown.display())),
                    }
                }
            }
            Err(file::FileError::NotFound) if named.is_none() => {}
            Err(error) => problems.push(format!("{}: {error}", shown.display())),
        }
    }
}

/// What the environment says.
#[derive(Default)]
struct Variables {
    settings: Vec<(&'static str, String, String)>,
    config: Option<PathBuf>,
    database_url: Option<String>,
}

impl Variables {
    fn read(
        environment: impl IntoIterator<Item = (OsString, OsString)>,
        problems: &mut Vec<String>,
    ) -> Self {
        let mut variables = Self::default();
        for (name, value) in environment {
            let Some(name) = name.to_str() else { continue };
            if name == FILE_VARIABLE {
                variables.config = Some(value.into());
                continue;
            }
            let key = name
                .strip_prefix(PREFIX)
                .map(|rest| KEYS.iter().find(|key| key.to_ascii_uppercase() == rest));
            match key {
                None if name != DATABASE_VARIABLE => continue,
                Some(None) if is_service_link(name) => continue,
                Some(None) => {
                    problems.push(unknown(name));
                    continue;
                }
                _ => {}
            }
            match (value.into_string(), key.flatten()) {
                (Err(_), _) => problems.push(format!(
                    "{name} (environment): the value is not valid UTF-8"
                )),
                (Ok(value), Some(key)) => variables.settings.push((key, value, name.to_owned())),
                (Ok(value), None) => variables.database_url = Some(value),
            }
        }
        variables
    }
}

fn unknown(name: &str) -> String {
    let known: Vec<_> = KEYS
        .iter()
        .map(|key| format!("{PREFIX}{}", key.to_ascii_uppercase()))
        .collect();
    format!(
        "{name} (environment): there is no such setting; known are {FILE_VARIABLE}, {}",
        known.join(", ")
    )
}

/// Kubernetes sets such variables in every container beside a service named "kundig"; they are not meant for us.
fn is_service_link(name: &str) -> bool {
    ["KUNDIG_SERVICE_HOST", "KUNDIG_PORT"].contains(&name)
        || ["KUNDIG_SERVICE_PORT", "KUNDIG_PORT_"]
            .iter()
            .any(|prefix| name.starts_with(prefix))
}
