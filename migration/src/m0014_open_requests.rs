//! What is open for one customer, by what it is worth.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const CREATE: &str = "CREATE INDEX idx_service_request_open_customer ON service_request \
    (customer_id, service_id, priority, due_at, number) \
    WHERE status IN ('SUBMITTED', 'APPROVED', 'IN_PROGRESS', 'WAITING_ON_CUSTOMER')";
const DROP: &str = "DROP INDEX idx_service_request_open_customer";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    /// All of it or nothing, on SQLite too.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        connection.execute_unprepared(CREATE).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        connection.execute_unprepared(DROP).await?;
        Ok(())
    }
}
