//! What was promised becomes text on PostgreSQL too: the database never looks into it, and writing `jsonb` out for each clock of a list
//! took a good part of the list's time.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DatabaseBackend;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const UP: &str = "ALTER TABLE sla_clock ALTER COLUMN promised TYPE text USING promised::text";
const DOWN: &str = "ALTER TABLE sla_clock ALTER COLUMN promised TYPE jsonb USING promised::jsonb";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    /// All of it or nothing.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        alter(manager, UP).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        alter(manager, DOWN).await
    }
}

async fn alter(manager: &SchemaManager<'_>, statement: &str) -> Result<(), DbErr> {
    let connection = manager.get_connection();
    // SQLite keeps JSON as text.
    if connection.get_database_backend() == DatabaseBackend::Postgres {
        connection.execute_unprepared(statement).await?;
    }
    Ok(())
}
