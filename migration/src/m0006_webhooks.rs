//! Jobs that one replica does at a time, and the one that is first of them: webhooks.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, boolean, integer, integer_null, json_binary, string,
    string_null, text, text_null, uuid,
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
        for table in [lease(), webhook_endpoint(), webhook_delivery()] {
            manager.create_table(table).await?;
        }
        for (table, column) in [
            ("webhook_endpoint", "created_at"),
            ("webhook_delivery", "at"),
        ] {
            let index = Index::create()
                .name(format!("idx_{table}_{column}"))
                .table(table)
                .col(column)
                .col("id")
                .take();
            manager.create_index(index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["webhook_delivery", "webhook_endpoint", "lease"] {
            manager
                .drop_table(Table::drop().table(table).take())
                .await?;
        }
        Ok(())
    }
}

fn lease() -> TableCreateStatement {
    Table::create()
        .table("lease")
        .col(string("name").primary_key())
        .col(uuid("holder"))
        .col(big_integer("generation"))
        .col(big_integer("expires_at"))
        .take()
}

fn webhook_endpoint() -> TableCreateStatement {
    Table::create()
        .table("webhook_endpoint")
        .col(uuid("id").primary_key())
        .col(text("url"))
        .col(text_null("description"))
        .col(json_binary("events"))
        .col(string("secret"))
        .col(string_null("former_secret"))
        .col(big_integer_null("former_secret_until"))
        .col(boolean("enabled"))
        .col(text_null("disabled_reason"))
        .col(big_integer("position"))
        .col(integer("failed_attempts"))
        .col(big_integer("next_attempt_at"))
        .col(string("created_by"))
        .col(integer("version"))
        .col(big_integer("created_at"))
        .col(big_integer("updated_at"))
        .take()
}

/// What was sent to an endpoint goes with it.
fn webhook_delivery() -> TableCreateStatement {
    Table::create()
        .table("webhook_delivery")
        .col(uuid("endpoint_id"))
        .col(uuid("id"))
        .col(big_integer_null("sequence"))
        .col(string("event"))
        .col(integer("attempt"))
        .col(big_integer("at"))
        .col(integer("took"))
        .col(integer_null("status"))
        .col(text_null("error"))
        .primary_key(Index::create().col("endpoint_id").col("id"))
        .foreign_key(
            ForeignKey::create()
                .name("fk_webhook_delivery_endpoint_id")
                .from("webhook_delivery", "endpoint_id")
                .to("webhook_endpoint", "id")
                .on_delete(ForeignKeyAction::Cascade),
        )
        .take()
}
