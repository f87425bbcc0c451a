//! Column shapes that several tables share.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, integer, json_binary, string, string_uniq, uuid, uuid_null,
};

/// A table with the columns that every catalog object has.
pub(crate) fn catalog_table(name: &'static str) -> TableCreateStatement {
    Table::create()
        .table(name)
        .col(uuid("id").primary_key())
        .col(string_uniq("slug"))
        .col(string("name"))
        .col(json_binary("annotations"))
        .col(ColumnDef::new("origin").string().null().unique_key())
        .col(json_binary("unresolved"))
        .col(integer("version"))
        .col(big_integer("created_at"))
        .col(big_integer("updated_at"))
        .take()
}

/// Adds a nullable reference that keeps its target from being deleted.
pub(crate) fn reference(
    table: &mut TableCreateStatement,
    from: &'static str,
    column: &'static str,
    to: &'static str,
) {
    table.col(uuid_null(column));
    table.foreign_key(&mut restrict(from, column, to));
}

/// Adds a reference that must be there and keeps its target from being deleted.
pub(crate) fn required_reference(
    table: &mut TableCreateStatement,
    from: &'static str,
    column: &'static str,
    to: &'static str,
) {
    table.col(uuid(column));
    table.foreign_key(&mut restrict(from, column, to));
}

/// A foreign key that keeps its target from being deleted.
pub(crate) fn restrict(
    from: &'static str,
    column: &'static str,
    to: &'static str,
) -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .name(format!("fk_{from}_{column}"))
        .from(from, column)
        .to(to, "id")
        .on_delete(ForeignKeyAction::Restrict)
        .take()
}

/// An index on one column: what a foreign key's target needs to be deleted without a scan.
pub(crate) fn index_on(table: &'static str, column: &'static str) -> IndexCreateStatement {
    Index::create()
        .name(format!("idx_{table}_{column}"))
        .table(table)
        .col(column)
        .take()
}
