//! Work: what is asked for and what is broken, with its history and its clocks.
//!
//! Everything of a request or an incident leads with its id, by which it can be spread over shards. Numbers are unique because
//! they are drawn so; a unique index on them would span all shards.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, boolean, integer, json_binary, small_integer,
    small_integer_null, string, string_null, text_null, uuid, uuid_null,
};
use sea_orm_migration::sea_orm::DbBackend;

use crate::columns::restrict;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// In the order in which they can be created; dropped in the reverse one.
const TABLES: [&str; 8] = [
    "service_request",
    "request_event",
    "incident",
    "incident_service",
    "incident_event",
    "calendar_content",
    "sla_clock",
    "idempotency_key",
];

/// What lists are filtered and ordered by, each index with the key that makes its order complete.
const INDEXES: [(&str, &[&str]); 20] = [
    ("service_request", &["number"]),
    ("service_request", &["created_at", "id"]),
    ("service_request", &["updated_at", "id"]),
    ("service_request", &["priority", "id"]),
    ("service_request", &["due_at", "id"]),
    ("service_request", &["breaches_at", "id"]),
    ("service_request", &["status", "created_at", "id"]),
    ("service_request", &["service_id", "created_at", "id"]),
    ("service_request", &["offering_id", "created_at", "id"]),
    ("service_request", &["customer_id", "created_at", "id"]),
    ("service_request", &["requester_id", "created_at", "id"]),
    ("service_request", &["submitted_by", "created_at", "id"]),
    ("service_request", &["decline_alternative_id"]),
    ("incident", &["number"]),
    ("incident", &["created_at", "id"]),
    ("incident", &["status", "created_at", "id"]),
    (
        "incident_service",
        &["service_id", "created_at", "incident_id"],
    ),
    ("sla_clock", &["next_at"]),
    ("sla_clock", &["target_id", "decided_at", "good"]),
    ("idempotency_key", &["created_at"]),
];

/// Requests of which a promise is broken, or will be if nothing happens, newest first: few among many that are done. The number is
/// the one that stands for never.
const BREACHING: &str = "CREATE INDEX idx_service_request_breaching ON service_request (created_at, id) \
     WHERE breaches_at < 9223372036854775807";

/// Where numbers for people come from. SQLite has one writer, which takes the next number after the last.
const SEQUENCES: [&str; 2] = ["service_request_number", "incident_number"];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    /// All of it or nothing, on SQLite too.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [
            service_request(),
            request_event(),
            incident(),
            incident_service(),
            incident_event(),
            calendar_content(),
            sla_clock(),
            idempotency_key(),
        ] {
            manager.create_table(table).await?;
        }
        for (table, columns) in INDEXES {
            let mut index = Index::create();
            index
                .name(format!("idx_{table}_{}", columns[0]))
                .table(table);
            for column in columns {
                index.col(*column);
            }
            manager.create_index(index).await?;
        }
        let connection = manager.get_connection();
        connection.execute_unprepared(BREACHING).await?;
        if manager.get_database_backend() == DbBackend::Postgres {
            for sequence in SEQUENCES {
                let create = format!("CREATE SEQUENCE {sequence}");
                manager.get_connection().execute_unprepared(&create).await?;
            }
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        if manager.get_database_backend() == DbBackend::Postgres {
            for sequence in SEQUENCES {
                let drop = format!("DROP SEQUENCE {sequence}");
                manager.get_connection().execute_unprepared(&drop).await?;
            }
        }
        for table in TABLES.into_iter().rev() {
            manager
                .drop_table(Table::drop().table(table).take())
                .await?;
        }
        Ok(())
    }
}

fn service_request() -> TableCreateStatement {
    const NAME: &str = "service_request";
    Table::create()
        .table(NAME)
        .col(uuid("id").primary_key())
        .col(big_integer("number"))
        .col(string("title"))
        .col(uuid("offering_id"))
        .col(uuid("service_id"))
        .col(uuid_null("customer_id"))
        .col(uuid_null("requester_id"))
        .col(string("submitted_by"))
        .col(boolean("requires_approval"))
        .col(json_binary("inputs"))
        .col(small_integer("priority"))
        .col(string("status"))
        .col(big_integer_null("approved_at"))
        .col(string_null("decline_reason"))
        .col(text_null("decline_explanation"))
        .col(uuid_null("decline_alternative_id"))
        .col(string_null("decline_revisit_on"))
        .col(string_null("declined_by"))
        .col(big_integer_null("declined_at"))
        .col(big_integer("due_at"))
        .col(big_integer("breaches_at"))
        .col(integer("version"))
        .col(big_integer("created_at"))
        .col(big_integer("updated_at"))
        .foreign_key(&mut restrict(NAME, "offering_id", "service_offering"))
        .foreign_key(&mut restrict(NAME, "service_id", "service"))
        .foreign_key(&mut restrict(NAME, "customer_id", "customer"))
        .foreign_key(&mut restrict(NAME, "requester_id", "person"))
        .foreign_key(&mut restrict(
            NAME,
            "decline_alternative_id",
            "service_offering",
        ))
        .take()
}

fn request_event() -> TableCreateStatement {
    Table::create()
        .table("request_event")
        .col(uuid("request_id"))
        .col(integer("place"))
        .col(big_integer("at"))
        .col(string("actor"))
        .col(string("kind"))
        .col(string_null("from_status"))
        .col(string_null("to_status"))
        .col(small_integer_null("priority"))
        .col(text_null("comment"))
        .primary_key(Index::create().col("request_id").col("place"))
        .foreign_key(&mut restrict(
            "request_event",
            "request_id",
            "service_request",
        ))
        .take()
}

fn incident() -> TableCreateStatement {
    Table::create()
        .table("incident")
        .col(uuid("id").primary_key())
        .col(big_integer("number"))
        .col(string("title"))
        .col(string("severity"))
        .col(string("status"))
        .col(string("reported_by"))
        .col(big_integer("started_at"))
        .col(big_integer_null("acknowledged_at"))
        .col(big_integer_null("resolved_at"))
        .col(big_integer("due_at"))
        .col(big_integer("breaches_at"))
        .col(integer("version"))
        .col(big_integer("created_at"))
        .col(big_integer("updated_at"))
        .take()
}

fn incident_service() -> TableCreateStatement {
    Table::create()
        .table("incident_service")
        .col(uuid("incident_id"))
        .col(uuid("service_id"))
        .col(big_integer("created_at"))
        .primary_key(Index::create().col("incident_id").col("service_id"))
        .foreign_key(&mut restrict("incident_service", "incident_id", "incident"))
        .foreign_key(&mut restrict("incident_service", "service_id", "service"))
        .take()
}

fn incident_event() -> TableCreateStatement {
    Table::create()
        .table("incident_event")
        .col(uuid("incident_id"))
        .col(integer("place"))
        .col(big_integer("at"))
        .col(string("actor"))
        .col(string("kind"))
        .col(string_null("from_status"))
        .col(string_null("to_status"))
        .col(text_null("comment"))
        .primary_key(Index::create().col("incident_id").col("place"))
        .foreign_key(&mut restrict("incident_event", "incident_id", "incident"))
        .take()
}

/// Calendars as they stood when a clock started, by the hash of what they say. There are few, and none changes.
fn calendar_content() -> TableCreateStatement {
    Table::create()
        .table("calendar_content")
        .col(string("hash").primary_key())
        .col(json_binary("content"))
        .take()
}

fn sla_clock() -> TableCreateStatement {
    Table::create()
        .table("sla_clock")
        .col(uuid("subject_id"))
        .col(small_integer("place"))
        .col(string("subject_type"))
        .col(string("metric"))
        .col(uuid("agreement_id"))
        .col(uuid("target_id"))
        .col(json_binary("promised"))
        .col(string("state"))
        .col(big_integer("started_at"))
        .col(big_integer("elapsed"))
        .col(big_integer("as_of"))
        .col(big_integer("due_at"))
        .col(big_integer("warns_at"))
        .col(big_integer("breaches_at"))
        .col(big_integer_null("at_risk_at"))
        .col(big_integer_null("breached_at"))
        .col(big_integer_null("ended_at"))
        .col(big_integer("decided_at"))
        .col(boolean("good"))
        .col(big_integer("next_at"))
        .primary_key(Index::create().col("subject_id").col("place"))
        .take()
}

fn idempotency_key() -> TableCreateStatement {
    Table::create()
        .table("idempotency_key")
        .col(string("subject"))
        .col(string("operation"))
        .col(string("key"))
        .col(string("input_hash"))
        .col(uuid("result_id"))
        .col(big_integer("created_at"))
        .primary_key(Index::create().col("subject").col("operation").col("key"))
        .take()
}
