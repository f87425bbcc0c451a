//! What customers got elsewhere.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, integer, string, string_null, uuid_null};

use crate::columns::{catalog_table, index_on, reference, required_reference};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const SIGHTING: &str = "shadow_it_sighting";

/// Foreign keys, and what links are looked up by.
const REFERENCES: [&str; 3] = ["customer_id", "service_id", "demand_id"];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    /// All of it or nothing, on SQLite too.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(shadow_it_sighting()).await?;
        for column in REFERENCES {
            manager.create_index(index_on(SIGHTING, column)).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_table(Table::drop().table(SIGHTING).take())
            .await
    }
}

/// A table of the catalog, which may be held whole by every shard. Demands are spread, so no foreign key can lead to them; they
/// are never deleted.
fn shadow_it_sighting() -> TableCreateStatement {
    let mut table = catalog_table(SIGHTING);
    required_reference(&mut table, SIGHTING, "customer_id", "customer");
    reference(&mut table, SIGHTING, "service_id", "service");
    table
        .col(string_null("vendor"))
        .col(uuid_null("demand_id"))
        .col(integer("users"))
        .col(big_integer("monthly_cost"))
        .col(string("data_class"))
        .col(string("status"))
        .col(string("first_seen"));
    table
}
