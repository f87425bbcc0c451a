//! The viewer in the API.

use async_graphql::{Context, Object};

use super::Viewer;
use crate::catalog::people::graphql::PersonNode;
use crate::shared::graphql::lookup;

/// Who asks, and what they may do.
pub struct ViewerNode(Viewer);

/// Who asks, and what they may do.
#[Object(name = "Viewer", serial)]
impl ViewerNode {
    /// The token's `sub`, with the prefix that its issuer's subjects get; null for an anonymous reader.
    async fn subject(&self) -> Option<&str> {
        self.0.subject()
    }

    /// The person whose `subject` that is; null where there is none, or without `catalog:read`.
    async fn person(&self, ctx: &Context<'_>) -> Option<PersonNode> {
        lookup(ctx, self.0.person()).map(PersonNode::from)
    }

    /// What the viewer may do, what other scopes include spelt out.
    async fn scopes(&self) -> Vec<&'static str> {
        self.0.scopes().iter().map(super::Scope::as_str).collect()
    }
}

/// Queries for the viewer.
#[derive(Default)]
pub struct ViewerQueries;

#[Object]
impl ViewerQueries {
    /// Who asks, and what they may do.
    async fn viewer(&self, ctx: &Context<'_>) -> ViewerNode {
        ViewerNode(ctx.data_unchecked::<Viewer>().clone())
    }
}
