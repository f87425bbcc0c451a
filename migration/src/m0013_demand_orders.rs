//! What a service answers, in every order that lists of demands have.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// As a customer's demands have them, each with the key that makes its order complete.
const INDEXES: [(&str, &str); 2] = [
    ("idx_demand_service_score", "service_id, score_order, id"),
    (
        "idx_demand_service_supporters",
        "service_id, supporters, id",
    ),
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    /// All of it or nothing, on SQLite too.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (name, columns) in INDEXES {
            let create = format!("CREATE INDEX {name} ON demand ({columns})");
            manager.get_connection().execute_unprepared(&create).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (name, _) in INDEXES {
            let drop = format!("DROP INDEX {name}");
            manager.get_connection().execute_unprepared(&drop).await?;
        }
        Ok(())
    }
}
