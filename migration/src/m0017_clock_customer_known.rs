//! The clocks that are there get the customers of their requests. On its own: a sharded PostgreSQL does not change a table and its
//! rows in one transaction.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const FILL: &str = "UPDATE sla_clock SET customer_id = \
    (SELECT customer_id FROM service_request WHERE service_request.id = sla_clock.subject_id) \
    WHERE subject_type = 'ServiceRequest' AND customer_id IS NULL";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    /// All of it or nothing, on SQLite too.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared(FILL).await?;
        Ok(())
    }

    /// The column goes with the migration before.
    async fn down(&self, _: &SchemaManager) -> Result<(), DbErr> {
        Ok(())
    }
}
