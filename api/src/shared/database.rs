//! Connections to the database.

use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use migration::MigratorTrait;
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use sea_orm::sqlx::pool::PoolOptions;
use sea_orm::sqlx::postgres::{PgConnectOptions, PgListener};
use sea_orm::sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sea_orm::sqlx::{self, ConnectOptions, Connection, Executor, Postgres, Sqlite, SqlitePool};
use sea_orm::{DatabaseConnection, SqlxPostgresConnector, SqlxSqliteConnector};

use super::dialect;

/// What a statement was run for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// To answer a query.
    Request,
    /// To commit a change.
    Write,
    /// To keep the snapshot up to date.
    Follower,
    /// To do what no request asks for: jobs that one replica does at a time.
    Job,
}

impl EncodeLabelValue for Purpose {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> Result<(), std::fmt::Error> {
        let name = match self {
            Self::Request => "request",
            Self::Write => "write",
            Self::Follower => "follower",
            Self::Job => "job",
        };
        EncodeLabelValue::encode(&name, encoder)
    }
}

/// The label of the statement counter.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct StatementLabels {
    /// What the statement was run for.
    pub purpose: Purpose,
}

/// SQL statements run so far, by purpose.
pub type StatementCounts = Family<StatementLabels, Counter>;

/// The database, once for each purpose.
#[derive(Clone, Debug)]
pub struct Database {
    /// Answers queries.
    pub read: DatabaseConnection,
    /// Commits changes. On SQLite one connection: it has one writer.
    pub write: DatabaseConnection,
    /// Keeps the snapshot up to date.
    pub follow: DatabaseConnection,
    /// Does what no request asks for, and commits it. On SQLite it is the connection that commits changes.
    pub job: DatabaseConnection,
    postgres: Option<PgConnectOptions>,
}

/// How long a statement waits for another's lock, and a request for a free connection.
const PATIENCE: Duration = Duration::from_secs(10);

impl Database {
    /// Connects to `sqlite://PATH` or `postgres://…`, with at most `connections` connections.
    pub async fn connect(
        url: &str,
        connections: u32,
        counts: &StatementCounts,
    ) -> anyhow::Result<Self> {
        match url.split_once(':').map(|(scheme, _)| scheme) {
            Some("sqlite") => Self::sqlite(url, connections, counts).await,
            Some("postgres" | "postgresql") => Self::postgres(url, connections, counts).await,
            _ => bail!(
                "the database must be `sqlite://PATH` or `postgres://USER@HOST/NAME`, not `{}`",
                without_secret(url)
            ),
        }
    }

    async fn sqlite(url: &str, connections: u32, counts: &StatementCounts) -> anyhow::Result<Self> {
        if url.contains(":memory:") || url.contains("mode=memory") {
            bail!(
                "a database in memory would be lost at once: name a file, as in `sqlite://kundig.db`"
            );
        }
        let options = SqliteConnectOptions::from_str(url)
            .with_context(|| format!("`{url}` names no SQLite database"))?
            .create_if_missing(true)
            .foreign_keys(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Normal)
            .busy_timeout(PATIENCE)
            .disable_statement_logging();
        let pool = async |size: u32| -> anyhow::Result<SqlitePool> {
            pool_of::<Sqlite>(size)
                .connect_with(options.clone())
                .await
                .with_context(|| format!("can't open the database `{url}`"))
        };
        // The writer first: it creates the file and switches it to WAL.
        let writer = pool(1).await?;
        let readers = pool(connections).await?;
        Ok(Self {
            read: counted(
                SqlxSqliteConnector::from_sqlx_sqlite_pool(readers.clone()),
                Purpose::Request,
                counts,
            ),
            write: counted(
                SqlxSqliteConnector::from_sqlx_sqlite_pool(writer.clone()),
                Purpose::Write,
                counts,
            ),
            job: counted(
                SqlxSqliteConnector::from_sqlx_sqlite_pool(writer),
                Purpose::Job,
                counts,
            ),
            follow: counted(
                SqlxSqliteConnector::from_sqlx_sqlite_pool(readers),
                Purpose::Follower,
                counts,
            ),
            postgres: None,
        })
    }

    async fn postgres(
        url: &str,
        connections: u32,
        counts: &StatementCounts,
    ) -> anyhow::Result<Self> {
        let shown = without_secret(url);
        let options = PgConnectOptions::from_str(url)
            .map_err(|error| anyhow::anyhow!("`{shown}` names no PostgreSQL database: {error}"))?
            .application_name("kundig")
            .disable_statement_logging();
        let pool = pool_of::<Postgres>(connections)
            .after_connect(|connection, _| {
                Box::pin(async move {
                    connection.execute(dialect::POSTGRES_SESSION).await?;
                    Ok(())
                })
            })
            .connect_with(options.clone())
            .await
            .with_context(|| format!("can't reach the database `{shown}`"))?;
        let connection = |purpose| {
            counted(
                SqlxPostgresConnector::from_sqlx_postgres_pool(pool.clone()),
                purpose,
                counts,
            )
        };
        Ok(Self {
            read: connection(Purpose::Request),
            write: connection(Purpose::Write),
            follow: connection(Purpose::Follower),
            job: connection(Purpose::Job),
            postgres: Some(options),
        })
    }

    /// Brings the schema up to date. Safe when several replicas do it at once: whoever comes second waits, or finds the
    /// work done and tries again.
    pub async fn migrate(&self) -> anyhow::Result<()> {
        const ATTEMPTS: u32 = 20;
        for attempt in 1.. {
            match migration::Migrator::up(&self.write, None).await {
                Ok(()) => break,
                Err(error) if attempt < ATTEMPTS => {
                    tracing::info!(%error, attempt, "another replica may be migrating; trying again");
                    tokio::time::sleep(Duration::from_millis(u64::from(50 * attempt))).await;
                }
                Err(error) => return Err(error).context("can't migrate the database"),
            }
        }
        self.prepare().await
    }

    /// That the schema is the one that this version needs.
    pub async fn check_schema(&self) -> anyhow::Result<()> {
        let pending = migration::Migrator::get_pending_migrations(&self.read)
            .await
            .context("can't read which migrations the database has")?;
        if let Some(first) = pending.first() {
            bail!(
                "the database lacks {} migrations, the first is `{}`: run `kundig migrate`",
                pending.len(),
                first.name()
            );
        }
        self.prepare().await
    }

    async fn prepare(&self) -> anyhow::Result<()> {
        dialect::continue_numbering(&self.write)
            .await
            .context("can't read the change feed's numbering")
    }

    /// A connection of its own that hears when another process commits; none where only polling helps.
    pub async fn listener(&self) -> Option<PgListener> {
        let options = self.postgres.clone()?;
        let listening = async {
            let pool = PoolOptions::<Postgres>::new()
                .max_connections(1)
                .acquire_timeout(PATIENCE)
                .connect_lazy_with(options);
            let mut listener = PgListener::connect_with(&pool).await?;
            listener.listen(dialect::CHANNEL).await?;
            Ok::<_, sqlx::Error>(listener)
        };
        listening
            .await
            .inspect_err(|error| tracing::warn!(%error, "can't listen for changes; polling only"))
            .ok()
    }

    /// Closes all connections.
    pub async fn close(self) {
        for connection in [self.read, self.write, self.follow, self.job] {
            if let Err(error) = connection.close().await {
                tracing::warn!(%error, "can't close the database");
            }
        }
    }
}

/// A pool of at most so many connections. One that has just been used is taken to be alive: asking it each time would be a journey
/// to the database before every statement.
fn pool_of<D: sqlx::Database>(connections: u32) -> PoolOptions<D> {
    const LATELY: Duration = Duration::from_secs(1);
    PoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(PATIENCE)
        .test_before_acquire(false)
        .before_acquire(|connection: &mut D::Connection, usage| {
            Box::pin(async move {
                if usage.idle_for > LATELY {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
}

fn counted(
    mut connection: DatabaseConnection,
    purpose: Purpose,
    counts: &StatementCounts,
) -> DatabaseConnection {
    let counter = Arc::new(counts.get_or_create(&StatementLabels { purpose }).clone());
    connection.set_metric_callback(move |_| {
        counter.inc();
    });
    connection
}

/// The address without what may be secret in it, for messages.
fn without_secret(url: &str) -> String {
    let Ok(mut parsed) = url::Url::parse(url) else {
        let scheme = url.split_once(':').map_or("", |(scheme, _)| scheme);
        return format!("{scheme}:…");
    };
    if parsed.password().is_some() && parsed.set_password(Some("***")).is_err() {
        return format!("{}:…", parsed.scheme());
    }
    parsed.set_query(None);
    parsed.to_string()
}
