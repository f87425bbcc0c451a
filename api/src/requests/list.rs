//! Lists of requests and of their history, page by page.

use entity::{request_event, service_request};
use sea_orm::sea_query::{ExprTrait, SelectStatement, SimpleExpr};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryTrait};

use super::filter::RequestFilter;
use super::store::{EventRow, RequestRow};
use crate::shared::keyset::{Listing, Place};
use crate::shared::paging::Direction;

/// What requests can be ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RequestOrder {
    /// When they were submitted.
    CreatedAt,
    /// When they were changed last.
    UpdatedAt,
    /// How urgent they are, P1 first.
    Priority,
    /// Which clock is due first; requests without a running clock come last.
    DueAt,
}

/// Whose requests a list has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Parent {
    /// A service's.
    Service,
    /// A customer's.
    Customer,
}

/// A list of requests.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Requests {
    /// Which ones.
    pub filter: RequestFilter,
    /// In which order.
    pub order: RequestOrder,
    /// Which way.
    pub direction: Direction,
    /// What its parents are, where it has some.
    pub parent: Parent,
}

impl Requests {
    fn column(&self) -> service_request::Column {
        match self.order {
            RequestOrder::CreatedAt => service_request::Column::CreatedAt,
            RequestOrder::UpdatedAt => service_request::Column::UpdatedAt,
            RequestOrder::Priority => service_request::Column::Priority,
            RequestOrder::DueAt => service_request::Column::DueAt,
        }
    }
}

impl Listing for Requests {
    type Row = RequestRow;

    const TABLE: &'static str = "service_request";

    fn select(&self, parent: Option<SimpleExpr>) -> Vec<SelectStatement> {
        let column = match self.parent {
            Parent::Service => service_request::Column::ServiceId,
            Parent::Customer => service_request::Column::CustomerId,
        };
        let conditions = self.filter.conditions().into_iter();
        conditions
            .map(|condition| {
                let mut select = RequestRow::find().filter(condition).into_query();
                if let Some(parent) = parent.clone() {
                    select.and_where(column.into_expr().eq(parent));
                }
                select
            })
            .collect()
    }

    fn order(&self) -> (SimpleExpr, SimpleExpr) {
        let id = service_request::Column::Id;
        (qualified(self.column()), qualified(id))
    }

    fn direction(&self) -> Direction {
        self.direction
    }

    fn place(&self, row: &RequestRow) -> Place {
        let number = match self.order {
            RequestOrder::CreatedAt => row.created_at,
            RequestOrder::UpdatedAt => row.updated_at,
            RequestOrder::Priority => row.priority.into(),
            RequestOrder::DueAt => row.due_at,
        };
        (number, row.id)
    }
}

/// The history of requests, oldest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Events;

impl Listing for Events {
    type Row = EventRow;

    fn select(&self, parent: Option<SimpleExpr>) -> Vec<SelectStatement> {
        let mut select = request_event::Entity::find().into_query();
        if let Some(parent) = parent {
            let column = request_event::Column::RequestId;
            select.and_where(column.into_expr().eq(parent));
        }
        vec![select]
    }

    fn order(&self) -> (SimpleExpr, SimpleExpr) {
        (
            qualified(request_event::Column::Place),
            qualified(request_event::Column::RequestId),
        )
    }

    fn direction(&self) -> Direction {
        Direction::Ascending
    }

    fn place(&self, row: &EventRow) -> Place {
        (row.place.into(), row.request_id)
    }
}

fn qualified(column: impl ColumnTrait) -> SimpleExpr {
    column.into_expr()
}
