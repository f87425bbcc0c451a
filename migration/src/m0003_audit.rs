//! The token and the program that a change came with.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::string_null;

/// One statement a column: SQLite takes no more.
const COLUMNS: [&str; 2] = ["token_id", "client_id"];

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    /// All of it or nothing, on SQLite too.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in COLUMNS {
            manager
                .alter_table(
                    Table::alter()
                        .table("change")
                        .add_column(string_null(column))
                        .take(),
                )
                .await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in COLUMNS {
            manager
                .alter_table(Table::alter().table("change").drop_column(column).take())
                .await?;
        }
        Ok(())
    }
}
