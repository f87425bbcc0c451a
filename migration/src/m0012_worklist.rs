//! What is open, in the orders of the worklist, and what reviews count.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// The few requests among many that have not ended: by what they are worth (the service and the priority), and by what is due
/// first. The customer is there to be read from the index.
const INDEXES: [(&str, &str); 2] = [
    (
        "idx_service_request_open",
        "service_id, priority, due_at, number, customer_id",
    ),
    ("idx_service_request_open_due", "due_at, number"),
];

/// What became of a customer's requests of a period, read from the index alone; and which incidents were not over before one.
const REVIEW: [&str; 2] = [
    "CREATE INDEX idx_service_request_review ON service_request (customer_id, created_at, status, offering_id)",
    "CREATE INDEX idx_incident_resolved ON incident (resolved_at, started_at)",
];
const REVIEW_NAMES: [&str; 2] = ["idx_service_request_review", "idx_incident_resolved"];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    /// All of it or nothing, on SQLite too.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for create in REVIEW {
            manager.get_connection().execute_unprepared(create).await?;
        }
        for (name, columns) in INDEXES {
            let create = format!(
                "CREATE INDEX {name} ON service_request ({columns}) \
                 WHERE status IN ('SUBMITTED', 'APPROVED', 'IN_PROGRESS', 'WAITING_ON_CUSTOMER')"
            );
            manager.get_connection().execute_unprepared(&create).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let names = INDEXES
            .map(|(name, _)| name)
            .into_iter()
            .chain(REVIEW_NAMES);
        for name in names {
            let drop = format!("DROP INDEX {name}");
            manager.get_connection().execute_unprepared(&drop).await?;
        }
        Ok(())
    }
}
