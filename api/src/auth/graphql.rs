//! The viewer in the API.

use async_graphql::{Context, Object};

use super::{Scope, Viewer};
use crate::catalog::people::graphql::PersonNode;
use crate::shared::graphql::lookup;
use crate::shared::ids::Id;
use crate::shared::request::RequestCatalog;

/// Who asks, and what they may do.
pub struct ViewerNode(Viewer);

/// Who asks, and what they may do.
#[Object(name = "Viewer", serial)]
impl ViewerNode {
    /// The token's `sub`, with the prefix that its issuer's subjects get; null for an anonymous reader.
    async fn subject(&self) -> Option<&str> {
        self.0.subject()
    }

    /// The person whose `subject` that is; null where there is none, or without `catalog:read`, `requests:submit` and `requests:work`.
    /// Of the catalog those who only submit requests see themselves and their own customer here, whom they raise demands for.
    async fn person(&self, ctx: &Context<'_>) -> Option<PersonNode> {
        let person = self.0.person()?;
        if self.0.may(Scope::RequestsSubmit) || self.0.may(Scope::RequestsWork) {
            let catalog = ctx.data_unchecked::<RequestCatalog>();
            let customer = catalog.whole().get(person)?.customer_id;
            let customer = customer.map(Id::any);
            let own: Vec<_> = customer.into_iter().chain([person.any()]).collect();
            catalog.reveal(&own);
        }
        lookup(ctx, Some(person)).map(PersonNode::from)
    }

    /// What the viewer may do, what other scopes include spelt out.
    async fn scopes(&self) -> Vec<&'static str> {
        self.0.scopes().iter().map(Scope::as_str).collect()
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
