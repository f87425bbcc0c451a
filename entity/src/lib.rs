//! Kundig's tables as SeaORM entities, one file a table.
