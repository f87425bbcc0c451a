//! Whose demands somebody sees, and which they may take steps with.

use uuid::Uuid;

use super::rules::{Demand, Status, Step};
use crate::auth::{Scope, Viewer};
use crate::catalog::customers::rules::Customer;
use crate::catalog::people::rules::Person;
use crate::shared::ids::Id;
use crate::snapshot::Catalog;

/// Which demands a viewer sees. In the database's own terms, so that it can be part of a statement.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Visible {
    /// All of them: who works on demands, or looks for insight.
    All,
    /// Those of one's own, and of one's own customer.
    Own {
        /// The subject who raised it.
        subject: String,
        /// The person who raised it.
        person: Option<Uuid>,
        /// Whose demand it is.
        customer: Option<Uuid>,
    },
    /// None.
    Nothing,
}

impl Visible {
    /// What a viewer sees; the catalog knows which customer they belong to.
    pub fn to(viewer: &Viewer, whole: &Catalog) -> Self {
        if viewer.may(Scope::RequestsWork) || viewer.may(Scope::InsightRead) {
            return Self::All;
        }
        match viewer.subject() {
            Some(subject) if viewer.may(Scope::RequestsSubmit) => Self::Own {
                subject: subject.to_owned(),
                person: viewer.person().map(Id::key),
                customer: customer_of(whole, viewer.person()).map(Id::key),
            },
            _ => Self::Nothing,
        }
    }

    /// Whether a demand is among them.
    pub fn includes(&self, demand: &Demand) -> bool {
        match self {
            Self::All => true,
            Self::Own {
                subject,
                person,
                customer,
            } => {
                let raiser = demand.raised_by_id.map(Id::key);
                demand.submitted_by == *subject
                    || (raiser.is_some() && raiser == *person)
                    || *customer == Some(demand.customer_id.key())
            }
            Self::Nothing => false,
        }
    }
}

/// Who raises demands and takes steps with them.
#[derive(Clone, Debug)]
pub struct Party {
    /// The subject of their token.
    pub subject: String,
    /// The person who they are, if the catalog knows them.
    pub person: Option<Id<Person>>,
    /// Whether they work on demands, anybody's.
    pub works: bool,
    /// Whether they raise demands, and support others'.
    pub submits: bool,
    /// Whether they see the catalog. For who does not, nor works on demands, of people and customers only they themselves and their
    /// own exist.
    pub sees_catalog: bool,
}

impl Party {
    /// What a viewer is to demands.
    pub fn of(viewer: &Viewer) -> Self {
        Self {
            // The access table lets nobody without a token do anything.
            subject: viewer.subject().unwrap_or("anonymous").to_owned(),
            person: viewer.person(),
            works: viewer.may(Scope::RequestsWork),
            submits: viewer.may(Scope::RequestsSubmit),
            sees_catalog: viewer.sees_catalog(),
        }
    }

    /// Whether a customer exists for them.
    pub fn knows_customer(&self, catalog: &Catalog, customer: Id<Customer>) -> bool {
        self.sees_catalog || self.works || self.is_of(catalog, customer)
    }

    /// Whether a person exists for them.
    pub fn knows_person(&self, person: Id<Person>) -> bool {
        self.sees_catalog || self.works || self.person == Some(person)
    }

    /// Whether they may raise demands of a customer.
    pub fn may_raise_for(&self, catalog: &Catalog, customer: Id<Customer>) -> bool {
        self.works || self.is_of(catalog, customer)
    }

    /// Whether they may support a demand that they see as this person, or stop to.
    pub fn may_speak_for(&self, person: Id<Person>) -> bool {
        self.works || (self.submits && self.person == Some(person))
    }

    /// Whether they may take a step with a demand that they see. What is planned is changed by those who plan.
    pub fn may_take(&self, step: Step, demand: &Demand) -> bool {
        let own_step = match step {
            Step::Support | Step::WithdrawSupport => self.submits,
            Step::Update => self.raised(demand) && demand.status != Status::Planned,
            Step::Reopen => self.raised(demand),
            Step::Plan | Step::Meet | Step::Decline => false,
        };
        self.works || own_step
    }

    fn raised(&self, demand: &Demand) -> bool {
        let is_raiser = demand.raised_by_id.is_some() && demand.raised_by_id == self.person;
        self.submits && (is_raiser || demand.submitted_by == self.subject)
    }

    fn is_of(&self, catalog: &Catalog, customer: Id<Customer>) -> bool {
        customer_of(catalog, self.person) == Some(customer)
    }
}

fn customer_of(catalog: &Catalog, person: Option<Id<Person>>) -> Option<Id<Customer>> {
    catalog.get(person?)?.customer_id
}
