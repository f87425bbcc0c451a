//! The change feed, which every later table is written through.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, json_binary, small_integer, string, string_null, uuid,
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    /// All of it or nothing, on SQLite too.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("change")
                    .col(big_integer("sequence").primary_key())
                    .col(big_integer("at"))
                    .col(string("actor"))
                    .col(string("kind"))
                    .col(string("subject_type"))
                    .col(uuid("subject_id"))
                    .col(json_binary("diff"))
                    .col(string_null("request_id"))
                    .take(),
            )
            .await?;
        for column in ["subject_id", "subject_type", "actor"] {
            manager
                .create_index(
                    Index::create()
                        .name(format!("idx_change_{column}"))
                        .table("change")
                        .col(column)
                        .col("sequence")
                        .take(),
                )
                .await?;
        }
        manager
            .create_table(
                Table::create()
                    .table("feed")
                    .col(small_integer("id").primary_key())
                    .col(big_integer("number_offset"))
                    .take(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["feed", "change"] {
            manager
                .drop_table(Table::drop().table(table).take())
                .await?;
        }
        Ok(())
    }
}
