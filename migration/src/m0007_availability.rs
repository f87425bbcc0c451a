//! How available services were.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, integer, uuid};

use crate::columns::restrict;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const MEASUREMENT: &str = "availability_measurement";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    /// All of it or nothing, on SQLite too.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(availability_measurement()).await?;
        // Sums over a period are read from it alone.
        let sums = Index::create()
            .name(format!("idx_{MEASUREMENT}_sums"))
            .table(MEASUREMENT)
            .col("service_id")
            .col("starts_at")
            .col("good")
            .col("total")
            .take();
        manager.create_index(sums).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_table(Table::drop().table(MEASUREMENT).take())
            .await
    }
}

/// Intervals of one service don't overlap, so where one begins is its key.
fn availability_measurement() -> TableCreateStatement {
    Table::create()
        .table(MEASUREMENT)
        .col(uuid("service_id"))
        .col(big_integer("starts_at"))
        .col(big_integer("ends_at"))
        .col(integer("good"))
        .col(integer("total"))
        .col(big_integer("recorded_at"))
        .primary_key(Index::create().col("service_id").col("starts_at"))
        .foreign_key(&mut restrict(MEASUREMENT, "service_id", "service"))
        .take()
}
