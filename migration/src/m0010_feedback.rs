//! What customers say of services.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, integer, small_integer, string, text_null, uuid, uuid_null,
};

use crate::columns::restrict;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const FEEDBACK: &str = "feedback";
const LATEST: &str = "feedback_latest";

/// Scores are counted from the first three alone; the last finds what somebody gave.
const INDEXES: [(&str, &[&str]); 4] = [
    ("service_scores", &["service_id", "created_at", "score"]),
    ("customer_scores", &["customer_id", "created_at", "score"]),
    ("scores", &["created_at", "service_id", "score"]),
    ("given_by", &["given_by", "id"]),
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    /// All of it or nothing, on SQLite too.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(feedback()).await?;
        manager.create_table(feedback_latest()).await?;
        for (name, columns) in INDEXES {
            let mut index = Index::create();
            index.name(format!("idx_{FEEDBACK}_{name}")).table(FEEDBACK);
            for column in columns {
                index.col(*column);
            }
            manager.create_index(index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [LATEST, FEEDBACK] {
            manager
                .drop_table(Table::drop().table(table).take())
                .await?;
        }
        Ok(())
    }
}

/// Requests are spread by their own ids, so no foreign key leads to them; they are never deleted.
fn feedback() -> TableCreateStatement {
    Table::create()
        .table(FEEDBACK)
        .col(uuid("id").primary_key())
        .col(uuid("service_id"))
        .col(uuid_null("service_request_id"))
        .col(uuid_null("customer_id"))
        .col(string("given_by"))
        .col(small_integer("score"))
        .col(text_null("comment"))
        .col(integer("version"))
        .col(big_integer("created_at"))
        .col(big_integer("updated_at"))
        .foreign_key(&mut restrict(FEEDBACK, "service_id", "service"))
        .foreign_key(&mut restrict(FEEDBACK, "customer_id", "customer"))
        .take()
}

/// The feedback that counts as somebody's word on a request or a service, so that there is one: a unique index on feedback would
/// span all shards.
fn feedback_latest() -> TableCreateStatement {
    Table::create()
        .table(LATEST)
        .col(uuid("about_id"))
        .col(string("given_by"))
        .col(uuid("feedback_id"))
        .primary_key(Index::create().col("about_id").col("given_by"))
        .take()
}
