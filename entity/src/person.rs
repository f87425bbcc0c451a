//! Somebody in the organisation, or an automation account.

use sea_orm::entity::prelude::*;

/// One row a person.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "person")]
pub struct Model {
    /// UUIDv7, given by the application.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Unique, kebab-case.
    pub slug: String,
    /// For people.
    pub name: String,
    /// Address.
    pub email: Option<String>,
    /// The `sub` of this person's access tokens; unique.
    pub subject: Option<String>,
    /// The customer this person belongs to.
    pub customer_id: Option<Uuid>,
    /// Free key/value notes: a JSON object.
    pub annotations: Json,
    /// Where an import found it, e.g. `backstage:component:default/agent`; unique.
    pub origin: Option<String>,
    /// References to what is not there yet: a JSON array.
    pub unresolved: Json,
    /// Grows by one with every change.
    pub version: i32,
    /// Microseconds since 1970, UTC.
    pub created_at: i64,
    /// Microseconds since 1970, UTC.
    pub updated_at: i64,
}

/// References are plain ids: the catalog in memory follows them.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
