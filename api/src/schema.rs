//! The roots of the GraphQL schema.

use async_graphql::{Context, EmptySubscription, Object, SchemaBuilder};

use crate::shared::request::RequestCatalog;

/// The executable schema.
pub type Schema = async_graphql::Schema<Query, Mutation, EmptySubscription>;

/// The root of all reads.
#[derive(Clone, Copy, Debug, Default)]
pub struct Query;

#[Object]
impl Query {
    /// Greets.
    async fn greeting(&self, #[graphql(default = 1)] times: i32, name: Option<String>) -> String {
        let name = name.as_deref().unwrap_or("world");
        vec![format!("Hello {name}"); usize::try_from(times).unwrap_or_default()].join(", ")
    }
}

/// The root of all writes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Mutation;

#[Object]
impl Mutation {
    /// Moves the catalog on.
    async fn advance(&self, ctx: &Context<'_>) -> async_graphql::Result<String> {
        let catalog = ctx.data::<RequestCatalog>()?;
        catalog.advance();
        Ok(catalog.sequence().to_string())
    }
}

/// A schema builder with the roots in it.
pub fn builder() -> SchemaBuilder<Query, Mutation, EmptySubscription> {
    Schema::build(Query, Mutation, EmptySubscription)
}

/// The schema in GraphQL's schema definition language.
pub fn sdl() -> String {
    builder().finish().sdl()
}
