//! The database's schema.

use kundig_tests::{Database, on_both_databases};
use migration::{Migrator, MigratorTrait as _};

async fn migrations_can_be_undone_and_done_again(database: Database) -> anyhow::Result<()> {
    let connection = database.connect().await;
    Migrator::up(&connection, None).await?;
    Migrator::down(&connection, None).await?;
    Migrator::up(&connection, None).await?;
    let pending = Migrator::get_pending_migrations(&connection).await?;
    anyhow::ensure!(pending.is_empty(), "migrations are left to be done");
    Ok(())
}

on_both_databases!(migrations_can_be_undone_and_done_again);
