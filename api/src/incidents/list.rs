//! Lists of incidents and of their history, page by page.

use entity::{incident, incident_event, incident_service};
use sea_orm::sea_query::{ExprTrait, JoinType, SelectStatement, SimpleExpr};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryTrait};

use super::filter::IncidentFilter;
use crate::shared::keyset::{Listing, Place};
use crate::shared::paging::Direction;

/// A list of incidents, the newest first.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Incidents {
    /// Which ones.
    pub filter: IncidentFilter,
    /// Whether it is the list of a service, or of each of several.
    pub of_services: bool,
}

impl Listing for Incidents {
    type Row = incident::Model;

    fn select(&self, parent: Option<SimpleExpr>) -> Vec<SelectStatement> {
        let mut select = incident::Entity::find()
            .filter(self.filter.condition())
            .into_query();
        if let Some(parent) = parent {
            let incident = incident_service::Column::IncidentId.into_expr();
            let service = incident_service::Column::ServiceId.into_expr();
            select
                .join(
                    JoinType::InnerJoin,
                    incident_service::Entity,
                    incident.eq(incident::Column::Id.into_expr()),
                )
                .and_where(service.eq(parent));
        }
        vec![select]
    }

    /// The same either way; a service's list is found in the index of the table that says which it has.
    fn order(&self) -> (SimpleExpr, SimpleExpr) {
        if self.of_services {
            (
                incident_service::Column::CreatedAt.into_expr(),
                incident_service::Column::IncidentId.into_expr(),
            )
        } else {
            (
                incident::Column::CreatedAt.into_expr(),
                incident::Column::Id.into_expr(),
            )
        }
    }

    fn direction(&self) -> Direction {
        Direction::Descending
    }

    fn place(&self, row: &incident::Model) -> Place {
        (row.created_at, row.id)
    }
}

/// The history of incidents, oldest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Events;

impl Listing for Events {
    type Row = incident_event::Model;

    fn select(&self, parent: Option<SimpleExpr>) -> Vec<SelectStatement> {
        let mut select = incident_event::Entity::find().into_query();
        if let Some(parent) = parent {
            let column = incident_event::Column::IncidentId;
            select.and_where(column.into_expr().eq(parent));
        }
        vec![select]
    }

    fn order(&self) -> (SimpleExpr, SimpleExpr) {
        (
            incident_event::Column::Place.into_expr(),
            incident_event::Column::IncidentId.into_expr(),
        )
    }

    fn direction(&self) -> Direction {
        Direction::Ascending
    }

    fn place(&self, row: &incident_event::Model) -> Place {
        (row.place.into(), row.incident_id)
    }
}
