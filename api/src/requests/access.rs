//! Whose requests somebody sees, and which they may take steps with.

use uuid::Uuid;

use super::rules::{ServiceRequest, Step};
use crate::auth::{Scope, Viewer};
use crate::shared::ids::Id;
use crate::snapshot::Catalog;

/// Which requests a viewer sees. In the database's own terms, so that it can be part of a statement.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Visible {
    /// All of them: who works on requests.
    All,
    /// Those of one's own, and of one's own customer.
    Own {
        /// The subject who submitted it.
        subject: String,
        /// The person whom it is for.
        person: Option<Uuid>,
        /// The customer whom it is for.
        customer: Option<Uuid>,
    },
    /// None.
    Nothing,
}

impl Visible {
    /// What a viewer sees; the catalog knows which customer they belong to.
    pub fn to(viewer: &Viewer, whole: &Catalog) -> Self {
        if viewer.may(Scope::RequestsWork) {
            return Self::All;
        }
        match viewer.subject() {
            Some(subject) if viewer.may(Scope::RequestsSubmit) => {
                let person = viewer.person();
                let customer = person.and_then(|person| whole.get(person)?.customer_id);
                Self::Own {
                    subject: subject.to_owned(),
                    person: person.map(Id::key),
                    customer: customer.map(Id::key),
                }
            }
            _ => Self::Nothing,
        }
    }

    /// Whether a request is among them.
    pub fn includes(&self, request: &ServiceRequest) -> bool {
        match self {
            Self::All => true,
            Self::Own { customer, .. } => {
                let of_request = request.customer_id.map(Id::key);
                self.is_own(request) || (of_request.is_some() && of_request == *customer)
            }
            Self::Nothing => false,
        }
    }

    /// Whether the viewer submitted the request, or it is for them.
    fn is_own(&self, request: &ServiceRequest) -> bool {
        let Self::Own {
            subject, person, ..
        } = self
        else {
            return false;
        };
        let requester = request.requester_id.map(Id::key);
        request.submitted_by == *subject || (requester.is_some() && requester == *person)
    }

    /// Whether the viewer may take a step with a request that they see.
    pub fn may_take(&self, step: Step, request: &ServiceRequest) -> bool {
        match self {
            Self::All => true,
            Self::Own { .. } => step.is_for_requesters() && self.is_own(request),
            Self::Nothing => false,
        }
    }
}
