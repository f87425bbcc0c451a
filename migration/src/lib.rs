//! Kundig's database schema, one file a migration; the same for SQLite and PostgreSQL.
//!
//! Plain tables, indexes and foreign keys only: no triggers, procedures or deferrable constraints, so that a sharded
//! PostgreSQL can hold it too.

pub use sea_orm_migration::MigratorTrait;
use sea_orm_migration::prelude::*;

mod columns;
mod m0001_change_feed;
mod m0002_catalog;
mod m0003_audit;
mod m0004_agreements;
mod m0005_work;
mod m0006_webhooks;
mod m0007_availability;
mod m0008_demand;
mod m0009_shadow_it;
mod m0010_feedback;
mod m0011_missed_search;
mod m0012_worklist;
mod m0013_demand_orders;
mod m0014_open_requests;
mod m0015_promised_text;
mod m0016_clock_customer;
mod m0017_clock_customer_known;

/// All migrations, oldest first.
#[derive(Debug)]
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m0001_change_feed::Migration),
            Box::new(m0002_catalog::Migration),
            Box::new(m0003_audit::Migration),
            Box::new(m0004_agreements::Migration),
            Box::new(m0005_work::Migration),
            Box::new(m0006_webhooks::Migration),
            Box::new(m0007_availability::Migration),
            Box::new(m0008_demand::Migration),
            Box::new(m0009_shadow_it::Migration),
            Box::new(m0010_feedback::Migration),
            Box::new(m0011_missed_search::Migration),
            Box::new(m0012_worklist::Migration),
            Box::new(m0013_demand_orders::Migration),
            Box::new(m0014_open_requests::Migration),
            Box::new(m0015_promised_text::Migration),
            Box::new(m0016_clock_customer::Migration),
            Box::new(m0017_clock_customer_known::Migration),
        ]
    }
}
