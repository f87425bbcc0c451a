//! For whom a clock runs, so that what became of a customer's clocks in a period is read from an index alone.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::uuid_null;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const INDEX: &str = "idx_sla_clock_customer";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    /// All of it or nothing, on SQLite too.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut clocks = Table::alter();
        clocks
            .table("sla_clock")
            .add_column(uuid_null("customer_id"));
        manager.alter_table(clocks).await?;
        let index = Index::create()
            .name(INDEX)
            .table("sla_clock")
            .col("customer_id")
            .col("decided_at")
            .col("target_id")
            .col("good")
            .take();
        manager.create_index(index).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let index = Index::drop().name(INDEX).table("sla_clock").to_owned();
        manager.drop_index(index).await?;
        let mut clocks = Table::alter();
        clocks.table("sla_clock").drop_column("customer_id");
        manager.alter_table(clocks).await
    }
}
