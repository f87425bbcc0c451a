//! A database of a test's own.

use std::path::PathBuf;
use std::{fs, thread};

use sea_orm::{ConnectOptions, DatabaseConnection};

use crate::postgres::Postgres;
use crate::sandbox::Sandbox;

/// An empty database that goes when it is dropped.
#[derive(Debug)]
pub struct Database {
    url: String,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Sqlite { directory: PathBuf },
    Postgres { name: String },
}

impl Database {
    /// A SQLite file that is not there yet, in a directory of its own.
    pub fn sqlite() -> Self {
        let directory = Sandbox::get().new_directory("sqlite");
        Self {
            url: format!("sqlite://{}", directory.join("kundig.db").display()),
            kind: Kind::Sqlite { directory },
        }
    }

    /// A new database in the throw-away PostgreSQL server.
    pub fn postgres() -> Self {
        let name = Sandbox::get().new_name("test");
        let server = Postgres::get();
        server.execute(&format!("CREATE DATABASE {name}"));
        Self {
            url: server.url(&name),
            kind: Kind::Postgres { name },
        }
    }

    /// Its address, as `kundig --database` takes it.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Whether it is PostgreSQL, which several servers can share.
    pub fn is_postgres(&self) -> bool {
        matches!(self.kind, Kind::Postgres { .. })
    }

    /// Connections to it, past the server.
    pub async fn connect(&self) -> DatabaseConnection {
        let url = match &self.kind {
            Kind::Sqlite { .. } => format!("{}?mode=rwc", self.url),
            Kind::Postgres { .. } => self.url.clone(),
        };
        let mut options = ConnectOptions::new(url);
        options.max_connections(4).sqlx_logging(false);
        sea_orm::Database::connect(options)
            .await
            .unwrap_or_else(|error| panic!("cannot connect to {}: {error}", self.url))
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // What a failed test leaves is removed with the sandbox; a second panic here would hide the first.
        if thread::panicking() {
            return;
        }
        match &self.kind {
            Kind::Sqlite { directory } => drop(fs::remove_dir_all(directory)),
            Kind::Postgres { name } => {
                // Those who are connected get five seconds to notice; on a busy machine that may not be enough. What cannot be
                // removed goes with the sandbox.
                let statement = format!("DROP DATABASE {name} WITH (FORCE)");
                (0..3).any(|_| Postgres::get().try_execute(&statement));
            }
        }
    }
}
