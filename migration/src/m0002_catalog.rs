//! The catalog: who, why and what.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, boolean, double, json_binary, json_binary_null, small_integer,
    string, string_null, text_null, uuid_null,
};
use sea_orm_migration::sea_orm::DbBackend;

use crate::columns::{catalog_table, index_on, reference, required_reference, restrict};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// In the order in which they can be created; dropped in the reverse one.
const TABLES: [&str; 10] = [
    "team",
    "customer",
    "person",
    "person_team",
    "business_capability",
    "business_outcome",
    "service",
    "service_dependency",
    "outcome_contribution",
    "service_offering",
];

/// Foreign keys that no primary key already leads with.
const REFERENCES: [(&str, &str); 15] = [
    ("team", "parent_id"),
    ("customer", "parent_id"),
    ("customer", "representative_id"),
    ("person", "customer_id"),
    ("person_team", "team_id"),
    ("business_capability", "parent_id"),
    ("business_outcome", "customer_id"),
    ("business_outcome", "owner_id"),
    ("service", "business_owner_id"),
    ("service", "service_owner_id"),
    ("service", "team_id"),
    ("service", "capability_id"),
    ("service_dependency", "dependency_id"),
    ("outcome_contribution", "outcome_id"),
    ("service_offering", "service_id"),
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    /// All of it or nothing, on SQLite too.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [
            team(),
            customer(manager.get_database_backend()),
            person(),
            person_team(),
            business_capability(),
            business_outcome(),
            service(),
            service_dependency(),
            outcome_contribution(),
            service_offering(),
        ] {
            manager.create_table(table).await?;
        }
        if manager.get_database_backend() == DbBackend::Postgres {
            manager.create_foreign_key(representative()).await?;
        }
        for (table, column) in REFERENCES {
            manager.create_index(index_on(table, column)).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        if manager.get_database_backend() == DbBackend::Postgres {
            let key = ForeignKey::drop()
                .name("fk_customer_representative_id")
                .table("customer")
                .to_owned();
            manager.drop_foreign_key(key).await?;
        }
        for table in TABLES.into_iter().rev() {
            manager
                .drop_table(Table::drop().table(table).take())
                .await?;
        }
        Ok(())
    }
}

fn team() -> TableCreateStatement {
    let mut table = catalog_table("team");
    table.col(text_null("description"));
    reference(&mut table, "team", "parent_id", "team");
    table
}

/// Its representative comes later, see [`representative`].
fn customer(backend: DbBackend) -> TableCreateStatement {
    let mut table = catalog_table("customer");
    table
        .col(string_null("industry"))
        .col(text_null("description"));
    reference(&mut table, "customer", "parent_id", "customer");
    table.col(uuid_null("representative_id"));
    if backend == DbBackend::Sqlite {
        table.foreign_key(&mut representative());
    }
    table
}

/// Customers and people refer to each other: PostgreSQL wants both tables before it takes the second key, SQLite takes
/// a key to a table that is yet to come but none afterwards.
fn representative() -> ForeignKeyCreateStatement {
    restrict("customer", "representative_id", "person")
}

fn person() -> TableCreateStatement {
    let mut table = catalog_table("person");
    table
        .col(string_null("email"))
        .col(ColumnDef::new("subject").string().null().unique_key());
    reference(&mut table, "person", "customer_id", "customer");
    table
}

fn person_team() -> TableCreateStatement {
    let mut table = Table::create().table("person_team").take();
    required_reference(&mut table, "person_team", "person_id", "person");
    required_reference(&mut table, "person_team", "team_id", "team");
    table.primary_key(Index::create().col("person_id").col("team_id"));
    table
}

fn business_capability() -> TableCreateStatement {
    let mut table = catalog_table("business_capability");
    table.col(text_null("description"));
    reference(
        &mut table,
        "business_capability",
        "parent_id",
        "business_capability",
    );
    table
}

fn business_outcome() -> TableCreateStatement {
    let mut table = catalog_table("business_outcome");
    table
        .col(text_null("description"))
        .col(big_integer("value_per_hour"))
        .col(json_binary_null("metric"));
    required_reference(&mut table, "business_outcome", "customer_id", "customer");
    reference(&mut table, "business_outcome", "owner_id", "person");
    table
}

fn service() -> TableCreateStatement {
    let mut table = catalog_table("service");
    table
        .col(text_null("description"))
        .col(string("kind"))
        .col(string("lifecycle"))
        .col(small_integer("tier"))
        .col(json_binary("tags"))
        .col(json_binary("links"))
        .col(big_integer_null("ownership_confirmed_at"));
    reference(&mut table, "service", "business_owner_id", "person");
    reference(&mut table, "service", "service_owner_id", "person");
    reference(&mut table, "service", "team_id", "team");
    reference(
        &mut table,
        "service",
        "capability_id",
        "business_capability",
    );
    table
}

fn service_dependency() -> TableCreateStatement {
    let mut table = Table::create().table("service_dependency").take();
    required_reference(&mut table, "service_dependency", "dependent_id", "service");
    required_reference(&mut table, "service_dependency", "dependency_id", "service");
    table
        .col(share("strength"))
        .col(string_null("origin"))
        .primary_key(Index::create().col("dependent_id").col("dependency_id"));
    table
}

fn outcome_contribution() -> TableCreateStatement {
    let mut table = Table::create().table("outcome_contribution").take();
    required_reference(&mut table, "outcome_contribution", "service_id", "service");
    required_reference(
        &mut table,
        "outcome_contribution",
        "outcome_id",
        "business_outcome",
    );
    table
        .col(share("share"))
        .primary_key(Index::create().col("service_id").col("outcome_id"));
    table
}

fn service_offering() -> TableCreateStatement {
    let mut table = catalog_table("service_offering");
    table
        .col(text_null("description"))
        .col(json_binary("input_schema"))
        .col(boolean("requires_approval"))
        .col(boolean("automated"))
        .col(big_integer_null("price"))
        .col(boolean("active"));
    required_reference(&mut table, "service_offering", "service_id", "service");
    table
}

/// A number in (0, 1].
fn share(column: &'static str) -> ColumnDef {
    double(column)
        .check(Expr::col(column).gt(0.0).and(Expr::col(column).lte(1.0)))
        .take()
}
