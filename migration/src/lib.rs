//! Kundig's database schema, one file a migration; the same for SQLite and PostgreSQL.
