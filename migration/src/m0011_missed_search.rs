//! What people looked for and did not find.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, string};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const MISSED: &str = "missed_search";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    /// All of it or nothing, on SQLite too.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::create()
            .table(MISSED)
            .col(string("text").primary_key())
            .col(big_integer("count"))
            .col(big_integer("last_at"))
            .take();
        manager.create_table(table).await?;
        // The most frequent are read from its one end, and the least frequent let go from the other.
        let index = Index::create()
            .name(format!("idx_{MISSED}_frequency"))
            .table(MISSED)
            .col("count")
            .col("last_at")
            .col("text")
            .take();
        manager.create_index(index).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(MISSED).take()).await
    }
}
