//! A no in the API.

use async_graphql::{Context, Enum, Object};

use super::rules::{self, Decline};
use crate::catalog::offerings::graphql::OfferingNode;
use crate::shared::direct::Direct;
use crate::shared::graphql::lookup;
use crate::shared::scalars::{Date, DateTime};

/// A no, with its reason.
pub type DeclineNode = Direct<DeclineFields>;

impl From<Decline> for DeclineNode {
    fn from(decline: Decline) -> Self {
        Direct(DeclineFields(decline))
    }
}

/// A no, with its reason.
pub struct DeclineFields(pub Decline);

/// A no, with its reason: nobody is turned away without an explanation and, where there is one, another way.
#[Object(name = "Decline", serial)]
impl DeclineFields {
    /// The kind of reason.
    async fn reason(&self) -> DeclineReason {
        self.0.reason.into()
    }

    /// At least 20 characters, for the customer to read.
    async fn explanation(&self) -> &str {
        &self.0.explanation
    }

    /// The other way.
    async fn alternative(&self, ctx: &Context<'_>) -> Option<OfferingNode> {
        lookup(ctx, self.0.alternative_id).map(OfferingNode::from)
    }

    /// When it is worth asking again.
    async fn revisit_on(&self) -> Option<Date> {
        self.0.revisit_on.map(Date)
    }

    /// Who said no: the `sub` of their token.
    async fn declined_by(&self) -> &str {
        &self.0.declined_by
    }

    /// When.
    async fn declined_at(&self) -> DateTime {
        DateTime(self.0.declined_at)
    }
}

/// Why something is declined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "rules::DeclineReason")]
pub enum DeclineReason {
    /// Not what the service is for.
    OutOfScope,
    /// It would put something at risk.
    Security,
    /// A rule forbids it.
    Compliance,
    /// It costs more than it is worth.
    Cost,
    /// It was asked for already.
    Duplicate,
    /// Nobody has the time.
    Capacity,
    /// Another offering does it: `alternative` says which.
    CoveredByAlternative,
}
