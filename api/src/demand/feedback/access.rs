//! Whose feedback somebody reads.

use entity::feedback;
use sea_orm::sea_query::{Expr, ExprTrait, SelectStatement};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QuerySelect, QueryTrait};

use super::rules::Feedback;
use crate::auth::{Scope, Viewer};

/// Which feedback a viewer reads: who said what is for those who decide, and for whoever said it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Visible {
    /// All of it.
    All,
    /// What this subject gave.
    Own(String),
    /// None.
    Nothing,
}

impl Visible {
    /// What a viewer reads.
    pub fn to(viewer: &Viewer) -> Self {
        if viewer.may(Scope::InsightRead) {
            return Self::All;
        }
        match viewer.subject() {
            Some(subject) if viewer.may(Scope::RequestsSubmit) => Self::Own(subject.to_owned()),
            _ => Self::Nothing,
        }
    }

    /// Whether a feedback is among it.
    pub fn includes(&self, feedback: &Feedback) -> bool {
        match self {
            Self::All => true,
            Self::Own(subject) => feedback.given_by == *subject,
            Self::Nothing => false,
        }
    }

    /// Selects the keys of what is among it, as `id`.
    pub fn keys(&self) -> SelectStatement {
        let condition = match self {
            Self::All => Condition::all(),
            Self::Own(subject) => Condition::all().add(feedback::Column::GivenBy.eq(subject)),
            Self::Nothing => Condition::all().add(Expr::val(1).eq(0)),
        };
        feedback::Entity::find()
            .select_only()
            .column(feedback::Column::Id)
            .filter(condition)
            .into_query()
    }
}
