//! Which incidents a list has, in the database's terms.

use entity::incident::Column;
use entity::incident_service;
use sea_orm::sea_query::{Condition, Expr, ExprTrait};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect, QueryTrait};
use uuid::Uuid;

/// Which incidents; every condition that is given must hold.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct IncidentFilter {
    /// Whether the viewer sees any at all.
    pub visible: bool,
    /// In one of these states.
    pub statuses: Option<Vec<String>>,
    /// Of one of these severities.
    pub severities: Option<Vec<String>>,
    /// That break this service.
    pub service: Option<Uuid>,
}

impl IncidentFilter {
    /// As a condition on rows of incidents.
    pub fn condition(&self) -> Condition {
        let nothing = (!self.visible).then(|| Expr::val(1).eq(0));
        let severities = self.severities.as_ref();
        Condition::all()
            .add_option(nothing)
            .add_option(self.statuses.as_ref().map(|it| Column::Status.is_in(it)))
            .add_option(severities.map(|it| Column::Severity.is_in(it)))
            .add_option(self.service.map(|service| {
                let broken = incident_service::Entity::find()
                    .select_only()
                    .column(incident_service::Column::IncidentId)
                    .filter(incident_service::Column::ServiceId.eq(service))
                    .into_query();
                Column::Id.in_subquery(broken)
            }))
    }
}
