//! What customers need, wish for and are driven by, and who else wants it.
//!
//! Keyed as other work is: a demand by its id, its supporters by the demand's. Numbers are unique because they are drawn so.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, integer, string, string_null, text_null, uuid, uuid_null,
};
use sea_orm_migration::sea_orm::DbBackend;

use crate::columns::restrict;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const DEMAND: &str = "demand";
const SUPPORTER: &str = "demand_supporter";

/// What lists are filtered and ordered by, each index with the key that makes its order complete.
const INDEXES: [(&str, &str, &[&str]); 19] = [
    (DEMAND, "number", &["number"]),
    (DEMAND, "created", &["created_at", "id"]),
    (DEMAND, "value", &["value_per_month", "id"]),
    (DEMAND, "score", &["score_order", "id"]),
    (DEMAND, "supporters", &["supporters", "id"]),
    (DEMAND, "status", &["status", "created_at", "id"]),
    (DEMAND, "customer", &["customer_id", "created_at", "id"]),
    (
        DEMAND,
        "customer_value",
        &["customer_id", "value_per_month", "id"],
    ),
    (
        DEMAND,
        "customer_score",
        &["customer_id", "score_order", "id"],
    ),
    (
        DEMAND,
        "customer_supporters",
        &["customer_id", "supporters", "id"],
    ),
    (
        DEMAND,
        "customer_ended",
        &["customer_id", "status", "ended_at"],
    ),
    (DEMAND, "service", &["service_id", "created_at", "id"]),
    (
        DEMAND,
        "service_value",
        &["service_id", "value_per_month", "id"],
    ),
    (DEMAND, "outcome", &["outcome_id", "created_at", "id"]),
    (DEMAND, "submitter", &["submitted_by", "created_at", "id"]),
    (DEMAND, "raiser", &["raised_by_id", "created_at", "id"]),
    (DEMAND, "alternative", &["decline_alternative_id"]),
    (
        SUPPORTER,
        "order",
        &["demand_id", "supported_at", "person_id"],
    ),
    (SUPPORTER, "person", &["person_id"]),
];

/// The few among many that are done: what is still to be met, in the order of a ranking by value, and of that what no service
/// answers.
const OPEN: [&str; 2] = [
    "CREATE INDEX idx_demand_open ON demand (value_per_month DESC, number) \
     WHERE status IN ('OPEN', 'PLANNED')",
    "CREATE INDEX idx_demand_unmet ON demand (value_per_month, id) \
     WHERE status IN ('OPEN', 'PLANNED') AND service_id IS NULL",
];

/// Where numbers for people come from, as those of requests do.
const SEQUENCE: &str = "demand_number";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    /// All of it or nothing, on SQLite too.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(demand()).await?;
        manager.create_table(demand_supporter()).await?;
        for (table, name, columns) in INDEXES {
            let mut index = Index::create();
            index.name(format!("idx_{table}_{name}")).table(table);
            for column in columns {
                index.col(*column);
            }
            manager.create_index(index).await?;
        }
        let connection = manager.get_connection();
        for index in OPEN {
            connection.execute_unprepared(index).await?;
        }
        if manager.get_database_backend() == DbBackend::Postgres {
            let create = format!("CREATE SEQUENCE {SEQUENCE}");
            connection.execute_unprepared(&create).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        if manager.get_database_backend() == DbBackend::Postgres {
            let drop = format!("DROP SEQUENCE {SEQUENCE}");
            manager.get_connection().execute_unprepared(&drop).await?;
        }
        for table in [SUPPORTER, DEMAND] {
            manager
                .drop_table(Table::drop().table(table).take())
                .await?;
        }
        Ok(())
    }
}

fn demand() -> TableCreateStatement {
    Table::create()
        .table(DEMAND)
        .col(uuid("id").primary_key())
        .col(big_integer("number"))
        .col(string("title"))
        .col(text_null("description"))
        .col(string("kind"))
        .col(string("status"))
        .col(uuid("customer_id"))
        .col(uuid_null("raised_by_id"))
        .col(string("submitted_by"))
        .col(uuid_null("outcome_id"))
        .col(uuid_null("service_id"))
        .col(integer("quantity"))
        .col(big_integer("value_per_month"))
        .col(big_integer_null("effort"))
        .col(big_integer("score_order"))
        .col(integer("supporters"))
        .col(big_integer_null("ended_at"))
        .col(string_null("decline_reason"))
        .col(text_null("decline_explanation"))
        .col(uuid_null("decline_alternative_id"))
        .col(string_null("decline_revisit_on"))
        .col(string_null("declined_by"))
        .col(big_integer_null("declined_at"))
        .col(integer("version"))
        .col(big_integer("created_at"))
        .col(big_integer("updated_at"))
        .foreign_key(&mut restrict(DEMAND, "customer_id", "customer"))
        .foreign_key(&mut restrict(DEMAND, "raised_by_id", "person"))
        .foreign_key(&mut restrict(DEMAND, "outcome_id", "business_outcome"))
        .foreign_key(&mut restrict(DEMAND, "service_id", "service"))
        .foreign_key(&mut restrict(
            DEMAND,
            "decline_alternative_id",
            "service_offering",
        ))
        .take()
}

fn demand_supporter() -> TableCreateStatement {
    Table::create()
        .table(SUPPORTER)
        .col(uuid("demand_id"))
        .col(uuid("person_id"))
        .col(big_integer("supported_at"))
        .primary_key(Index::create().col("demand_id").col("person_id"))
        .foreign_key(&mut restrict(SUPPORTER, "demand_id", DEMAND))
        .foreign_key(&mut restrict(SUPPORTER, "person_id", "person"))
        .take()
}
