//! The log of deliveries, page by page.

use entity::webhook_delivery;
use sea_orm::sea_query::{ExprTrait, SelectStatement, SimpleExpr};
use sea_orm::{ColumnTrait, EntityTrait, QueryTrait};

use crate::shared::keyset::{Listing, Place};
use crate::shared::paging::Direction;

/// What was sent to endpoints, the newest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Deliveries;

impl Listing for Deliveries {
    type Row = webhook_delivery::Model;

    fn select(&self, parent: Option<SimpleExpr>) -> Vec<SelectStatement> {
        let mut select = webhook_delivery::Entity::find().into_query();
        if let Some(parent) = parent {
            let column = webhook_delivery::Column::EndpointId;
            select.and_where(column.into_expr().eq(parent));
        }
        vec![select]
    }

    fn order(&self) -> (SimpleExpr, SimpleExpr) {
        (
            webhook_delivery::Column::At.into_expr(),
            webhook_delivery::Column::Id.into_expr(),
        )
    }

    fn direction(&self) -> Direction {
        Direction::Descending
    }

    fn place(&self, row: &webhook_delivery::Model) -> Place {
        (row.at, row.id)
    }
}
