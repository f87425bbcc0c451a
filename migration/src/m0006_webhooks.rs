//! Jobs that one replica does at a time.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, string, uuid};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    /// All of it or nothing, on SQLite too.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(lease()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_table(Table::drop().table("lease").take())
            .await
    }
}

fn lease() -> TableCreateStatement {
    Table::create()
        .table("lease")
        .col(string("name").primary_key())
        .col(uuid("holder"))
        .col(big_integer("generation"))
        .col(big_integer("expires_at"))
        .take()
}
