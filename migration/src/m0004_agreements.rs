//! What was promised: calendars and agreements.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{json_binary, string, string_null};

use crate::columns::{catalog_table, index_on, reference, required_reference};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// Foreign keys that no primary key already leads with.
const REFERENCES: [(&str, &str); 3] = [
    (AGREEMENT, "service_id"),
    (AGREEMENT, "customer_id"),
    (AGREEMENT, "calendar_id"),
];

const CALENDAR: &str = "support_calendar";
const AGREEMENT: &str = "service_level_agreement";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    /// All of it or nothing, on SQLite too.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(support_calendar()).await?;
        manager.create_table(service_level_agreement()).await?;
        for (table, column) in REFERENCES {
            manager.create_index(index_on(table, column)).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [AGREEMENT, CALENDAR] {
            manager
                .drop_table(Table::drop().table(table).take())
                .await?;
        }
        Ok(())
    }
}

fn support_calendar() -> TableCreateStatement {
    let mut table = catalog_table(CALENDAR);
    table
        .col(string("time_zone"))
        .col(json_binary("hours"))
        .col(json_binary("holidays"));
    table
}

fn service_level_agreement() -> TableCreateStatement {
    let mut table = catalog_table(AGREEMENT);
    required_reference(&mut table, AGREEMENT, "service_id", "service");
    reference(&mut table, AGREEMENT, "customer_id", "customer");
    required_reference(&mut table, AGREEMENT, "calendar_id", CALENDAR);
    table
        .col(string("kind"))
        .col(string("valid_from"))
        .col(string_null("valid_until"))
        .col(json_binary("targets"));
    table
}
