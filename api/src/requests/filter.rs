//! Which requests a list has, in the database's terms.

use entity::service_request::{Column, Entity};
use sea_orm::sea_query::{Condition, Expr, ExprTrait, IntoCondition, SelectStatement};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect, QueryTrait};
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

    /// As conditions on rows of requests, of which one has to hold.
    pub fn conditions(&self) -> Vec<Condition> {
        let ways = self.visible.ways().into_iter();
        ways.map(|way| Condition::all().add(way).add(self.wanted()))
            .collect()
    }

    /// What is asked for, whoever may see it.
    fn wanted(&self) -> Condition {
        let breached = self.breached.map(|(wanted, now)| {
            if wanted {
                // The first says no more than the second, but names the index that has few of all requests.
                Condition::all()
                    .add(Expr::cust("breaches_at < 9223372036854775807"))
                    .add(Column::BreachesAt.lt(now))
            } else {
                Condition::all().add(Column::BreachesAt.gte(now))
            }
        });
        Condition::all()
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
    /// The ways in which a request may be among them, each of which one index has in the order of time.
    pub fn ways(&self) -> Vec<Condition> {
        let Self::Own {
            subject,
            person,
            customer,
        } = self
        else {
            return vec![self.condition()];
        };
        let mut ways = vec![Column::SubmittedBy.eq(subject)];
        ways.extend(person.map(|person| Column::RequesterId.eq(person)));
        ways.extend(customer.map(|customer| Column::CustomerId.eq(customer)));
        ways.into_iter()
            .map(IntoCondition::into_condition)
            .collect()
    }

    /// As a condition on rows of requests.
    pub fn condition(&self) -> Condition {
        match self {
            Self::All => Condition::all(),
            Self::Own { .. } => {
                let ways = self.ways().into_iter();
                ways.fold(Condition::any(), Condition::add)
            }
            Self::Nothing => Condition::all().add(Expr::val(1).eq(0)),
        }
    }

    /// Selects the keys of the requests among them.
    pub fn keys(&self) -> SelectStatement {
        Entity::find()
            .select_only()
            .column(Column::Id)
            .filter(self.condition())
            .into_query()
    }
}
