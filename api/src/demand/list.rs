//! Lists of demands, page by page.

use entity::demand::{Column, Entity, Model};
use sea_orm::sea_query::{ExprTrait, SelectStatement, SimpleExpr};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryTrait};

use super::filter::DemandFilter;
use crate::shared::keyset::{Listing, Place};
use crate::shared::paging::Direction;

/// What demands can be ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DemandOrder {
    /// When they were raised.
    CreatedAt,
    /// What meeting them is worth.
    ValuePerMonth,
    /// Their score; those without one come first.
    Score,
    /// How many people support them.
    Supporters,
}

/// Whose demands a list has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Parent {
    /// A service's: what it answers.
    Service,
    /// A customer's.
    Customer,
    /// An outcome's: what is for it.
    Outcome,
}

/// A list of demands.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Demands {
    /// Which ones.
    pub filter: DemandFilter,
    /// In which order.
    pub order: DemandOrder,
    /// Which way.
    pub direction: Direction,
    /// What its parents are, where it has some.
    pub parent: Parent,
}

impl Listing for Demands {
    type Row = Model;

    const TABLE: &'static str = "demand";

    fn select(&self, parent: Option<SimpleExpr>) -> Vec<SelectStatement> {
        let column = match self.parent {
            Parent::Service => Column::ServiceId,
            Parent::Customer => Column::CustomerId,
            Parent::Outcome => Column::OutcomeId,
        };
        let conditions = self.filter.conditions().into_iter();
        conditions
            .map(|condition| {
                let mut select = Entity::find().filter(condition).into_query();
                if let Some(parent) = parent.clone() {
                    select.and_where(column.into_expr().eq(parent));
                }
                select
            })
            .collect()
    }

    fn order(&self) -> (SimpleExpr, SimpleExpr) {
        let column = match self.order {
            DemandOrder::CreatedAt => Column::CreatedAt,
            DemandOrder::ValuePerMonth => Column::ValuePerMonth,
            DemandOrder::Score => Column::ScoreOrder,
            DemandOrder::Supporters => Column::Supporters,
        };
        (column.into_expr(), Column::Id.into_expr())
    }

    fn direction(&self) -> Direction {
        self.direction
    }

    fn place(&self, row: &Model) -> Place {
        let number = match self.order {
            DemandOrder::CreatedAt => row.created_at,
            DemandOrder::ValuePerMonth => row.value_per_month,
            DemandOrder::Score => row.score_order,
            DemandOrder::Supporters => row.supporters.into(),
        };
        (number, row.id)
    }
}
