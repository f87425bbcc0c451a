//! What is delivered: a business service, or what it is made of.

use sea_orm::entity::prelude::*;

/// One row a service.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "service")]
pub struct Model {
    /// UUIDv7, given by the application.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Unique, kebab-case.
    pub slug: String,
    /// For people.
    pub name: String,
    /// What it does.
    pub description: Option<String>,
    /// `BUSINESS_SERVICE`, `APPLICATION`, `API` or `RESOURCE`.
    pub kind: String,
    /// `PROPOSED`, `EXPERIMENTAL`, `LIVE`, `DEPRECATED` or `RETIRED`.
    pub lifecycle: String,
    /// 1 (most critical) to 4.
    pub tier: i16,
    /// A JSON array of strings.
    pub tags: Json,
    /// A JSON array of `{url, title}`.
    pub links: Json,
    /// Who answers for it towards the business.
    pub business_owner_id: Option<Uuid>,
    /// Who answers for its delivery.
    pub service_owner_id: Option<Uuid>,
    /// Who delivers it.
    pub team_id: Option<Uuid>,
    /// What it makes the business able to do.
    pub capability_id: Option<Uuid>,
    /// When an owner last said that the ownership is right: microseconds since 1970, UTC.
    pub ownership_confirmed_at: Option<i64>,
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
