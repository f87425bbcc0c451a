//! Which demands a list has, in the database's terms.

use entity::demand::{Column, Entity};
use sea_orm::sea_query::{Condition, Expr, ExprTrait, IntoCondition, SelectStatement};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect, QueryTrait};
use uuid::Uuid;

use super::access::Visible;

/// Which demands; every condition that is given must hold.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DemandFilter {
    /// What the viewer sees at all.
    pub visible: Visible,
    /// In one of these states.
    pub statuses: Option<Vec<String>>,
    /// Of one of these kinds.
    pub kinds: Option<Vec<String>>,
    /// Of this customer.
    pub customer: Option<Uuid>,
    /// For this outcome.
    pub outcome: Option<Uuid>,
    /// That this service answers.
    pub service: Option<Uuid>,
    /// Whether it is still to be met and no service answers it.
    pub unmet: Option<bool>,
}

/// Word for word what the index of unmet demands is about, so that it is used.
const UNMET: &str = "status IN ('OPEN', 'PLANNED') AND service_id IS NULL";

impl DemandFilter {
    /// Everything that the viewer sees.
    pub fn all(visible: Visible) -> Self {
        Self {
            visible,
            statuses: None,
            kinds: None,
            customer: None,
            outcome: None,
            service: None,
            unmet: None,
        }
    }

    /// As conditions on rows of demands, of which one has to hold.
    pub fn conditions(&self) -> Vec<Condition> {
        let ways = self.visible.ways().into_iter();
        ways.map(|way| Condition::all().add(way).add(self.wanted()))
            .collect()
    }

    /// What is asked for, whoever may see it.
    fn wanted(&self) -> Condition {
        let unmet = self.unmet.map(|wanted| {
            if wanted {
                Expr::cust(UNMET)
            } else {
                Expr::cust(format!("NOT ({UNMET})"))
            }
        });
        Condition::all()
            .add_option(self.statuses.as_ref().map(|it| Column::Status.is_in(it)))
            .add_option(self.kinds.as_ref().map(|it| Column::Kind.is_in(it)))
            .add_option(self.customer.map(|it| Column::CustomerId.eq(it)))
            .add_option(self.outcome.map(|it| Column::OutcomeId.eq(it)))
            .add_option(self.service.map(|it| Column::ServiceId.eq(it)))
            .add_option(unmet)
    }
}

impl Visible {
    /// The ways in which a demand may be among them, each of which one index has in the order of time.
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
        ways.extend(person.map(|person| Column::RaisedById.eq(person)));
        ways.extend(customer.map(|customer| Column::CustomerId.eq(customer)));
        ways.into_iter()
            .map(IntoCondition::into_condition)
            .collect()
    }

    /// As a condition on rows of demands.
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

    /// Selects the keys of the demands among them.
    pub fn keys(&self) -> SelectStatement {
        Entity::find()
            .select_only()
            .column(Column::Id)
            .filter(self.condition())
            .into_query()
    }
}
