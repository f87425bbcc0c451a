//! Which requests a list has, in the database's terms.

use entity::service_request::Column;
use sea_orm::ColumnTrait;
use sea_orm::sea_query::{Condition, Expr, ExprTrait};
use uuid::Uuid;

use super::access::Visible;

/// Which requests; every condition that is given must hold.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RequestFilter {
    /// What the viewer sees at all.
    pub visible: Visible,
    /// In one of these states.
    pub statuses: Option<Vec<String>>,
    /// Of one of these priorities, 1 to 4.
    pub priorities: Option<Vec<i16>>,
    /// Of this service.
    pub service: Option<Uuid>,
    /// Of one of these services.
    pub services: Option<Vec<Uuid>>,
    /// Of this offering.
    pub offering: Option<Uuid>,
    /// For this customer.
    pub customer: Option<Uuid>,
    /// For this person.
    pub requester: Option<Uuid>,
    /// Whether a promise was broken by an instant, microseconds since 1970.
    pub breached: Option<(bool, i64)>,
    /// Submitted at this instant or later.
    pub created_since: Option<i64>,
    /// Submitted before this instant.
    pub created_until: Option<i64>,
}

impl RequestFilter {
    /// Everything that the viewer sees.
    pub fn all(visible: Visible) -> Self {
        Self {
            visible,
            statuses: None,
            priorities: None,
            service: None,
            services: None,
            offering: None,
            customer: None,
            requester: None,
            breached: None,
            created_since: None,
            created_until: None,
        }
    }

    /// As a condition on rows of requests.
    pub fn condition(&self) -> Condition {
        let breached = self.breached.map(|(wanted, now)| {
            if wanted {
                Column::BreachesAt.lt(now)
            } else {
                Column::BreachesAt.gte(now)
            }
        });
        Condition::all()
            .add(self.visible.condition())
            .add_option(self.statuses.as_ref().map(|it| Column::Status.is_in(it)))
            .add_option(
                self.priorities
                    .as_ref()
                    .map(|it| Column::Priority.is_in(it.iter().copied())),
            )
            .add_option(self.service.map(|it| Column::ServiceId.eq(it)))
            .add_option(
                self.services
                    .as_ref()
                    .map(|it| Column::ServiceId.is_in(it.iter().copied())),
            )
            .add_option(self.offering.map(|it| Column::OfferingId.eq(it)))
            .add_option(self.customer.map(|it| Column::CustomerId.eq(it)))
            .add_option(self.requester.map(|it| Column::RequesterId.eq(it)))
            .add_option(breached)
            .add_option(self.created_since.map(|it| Column::CreatedAt.gte(it)))
            .add_option(self.created_until.map(|it| Column::CreatedAt.lt(it)))
    }
}

impl Visible {
    /// As a condition on rows of requests.
    pub fn condition(&self) -> Condition {
        match self {
            Self::All => Condition::all(),
            Self::Own {
                subject,
                person,
                customer,
            } => Condition::any()
                .add(Column::SubmittedBy.eq(subject))
                .add_option(person.map(|person| Column::RequesterId.eq(person)))
                .add_option(customer.map(|customer| Column::CustomerId.eq(customer))),
            Self::Nothing => Condition::all().add(Expr::val(1).eq(0)),
        }
    }
}
