//! What is submitted, and the request that it becomes.

use jiff::Timestamp;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::inputs;
use super::rules::{Event, EventKind, NewRequest, RequestNumber, ServiceRequest, Status};
use crate::catalog::customers::rules::Customer;
use crate::catalog::offerings::rules::Offering;
use crate::catalog::people::rules::Person;
use crate::shared::errors::{UserError, UserErrorCode, UserErrors};
use crate::shared::form::{find_in, not_found, settle_numbers};
use crate::shared::ids::Id;
use crate::shared::record::Record;
use crate::shared::text::{MAX_LINE, is_blank, why_unfit};
use crate::slas::priority::Priority;
use crate::snapshot::Catalog;

/// A request as somebody wants it.
#[derive(Clone, Debug)]
pub struct Submission {
    /// The offering's id.
    pub offering_id: String,
    /// One line; the offering's name where absent.
    pub title: Option<String>,
    /// The customer's id; the requester's customer where absent.
    pub customer_id: Option<String>,
    /// The person's id; the submitter's own where absent.
    pub requester_id: Option<String>,
    /// What the offering's schema asks for.
    pub inputs: Option<Value>,
    /// How urgent it is.
    pub priority: Priority,
}

impl Submission {
    /// What two submissions with one key must have in common: everything that was said, in one spelling.
    pub fn canonical(&self) -> Value {
        let inputs = settled(self.inputs.clone());
        let mut all = Map::new();
        let mut say = |name: &str, value: Option<&str>| all.insert(name.to_owned(), value.into());
        say("offeringId", Some(&self.offering_id));
        say("title", self.title.as_deref());
        say("customerId", self.customer_id.as_deref());
        say("requesterId", self.requester_id.as_deref());
        say("priority", Some(&self.priority.to_string()));
        all.insert("inputs".to_owned(), inputs);
        Value::Object(all)
    }
}

/// Who submits.
#[derive(Clone, Copy, Debug)]
pub struct Submitter<'a> {
    /// The subject of their token.
    pub subject: &'a str,
    /// The person who they are, if the catalog knows them.
    pub person: Option<Id<Person>>,
    /// Whether they see the catalog. For who does not, of people and customers only they themselves and their own exist.
    pub sees_catalog: bool,
}

impl Submitter<'_> {
    /// Whether a customer exists for them.
    fn knows_customer(&self, catalog: &Catalog, customer: Id<Customer>) -> bool {
        let own = || catalog.get(self.person?)?.customer_id;
        self.sees_catalog || own() == Some(customer)
    }

    /// Whether a person exists for them.
    fn knows_person(&self, person: Id<Person>) -> bool {
        self.sees_catalog || self.person == Some(person)
    }
}

/// A new request that has no number yet, or everything that is wrong with what was submitted.
pub fn plan(
    submission: &Submission,
    submitter: Submitter<'_>,
    catalog: &Catalog,
    now: Timestamp,
) -> Result<NewRequest, UserErrors> {
    let mut errors = Vec::new();
    let mut find = Finder {
        catalog,
        errors: &mut errors,
    };
    let offering = find.known::<Offering>("offeringId", &submission.offering_id, |_| true);
    let customer = submission.customer_id.as_deref().and_then(|id| {
        find.known::<Customer>("customerId", id, |id| submitter.knows_customer(catalog, id))
    });
    let requester = match submission.requester_id.as_deref() {
        Some(id) => find.known::<Person>("requesterId", id, |id| submitter.knows_person(id)),
        None => submitter.person,
    };
    let title = submission.title.as_deref().map(str::trim);
    let title = title.filter(|title| !is_blank(title));
    if let Some(reason) = title.and_then(|title| why_unfit(title, MAX_LINE)) {
        errors.push(UserError::new(UserErrorCode::Invalid, "title", reason));
    }
    let offering = offering.and_then(|id| catalog.get(id));
    let inputs = settled(submission.inputs.clone());
    if let Some(offering) = offering {
        if offering.active {
            errors.extend(inputs::check(offering, &inputs));
        } else {
            let message = format!("`{}` can't be requested now", offering.header.slug);
            errors.push(UserError::new(
                UserErrorCode::Invalid,
                "offeringId",
                message,
            ));
        }
    }
    let (Some(offering), true) = (offering, errors.is_empty()) else {
        return Err(errors);
    };
    let of_requester = || catalog.get(requester?)?.customer_id;
    let request = ServiceRequest {
        id: Uuid::now_v7(),
        number: RequestNumber(0),
        title: title.unwrap_or(&offering.header.name).to_owned(),
        offering_id: offering.id(),
        service_id: offering.service_id,
        customer_id: customer.or_else(of_requester),
        requester_id: requester,
        submitted_by: submitter.subject.to_owned(),
        requires_approval: offering.requires_approval,
        priority: submission.priority,
        status: Status::Submitted,
        approved_at: None,
        decline: None,
        due_at: None,
        breaches_at: None,
        version: 1,
        created_at: now,
        updated_at: now,
    };
    Ok(NewRequest { request, inputs })
}

/// The first line of a new request's history.
pub fn first_event(request: &ServiceRequest) -> Event {
    Event {
        request_id: request.id,
        place: request.version,
        at: request.created_at,
        actor: request.submitted_by.clone(),
        kind: EventKind::Submitted,
        from: None,
        to: Some(request.status),
        priority: Some(request.priority),
        comment: None,
    }
}

/// Finds what ids name, and remembers those that name nothing.
struct Finder<'a> {
    catalog: &'a Catalog,
    errors: &'a mut UserErrors,
}

impl Finder<'_> {
    /// The object with this id, if it exists for whoever asks.
    fn known<T: Record>(
        &mut self,
        field: &str,
        id: &str,
        exists: impl Fn(Id<T>) -> bool,
    ) -> Option<Id<T>> {
        let found = find_in::<T>(self.catalog, id).filter(|id| exists(*id));
        if found.is_none() {
            self.errors.push(not_found::<T>(&[field], id));
        }
        found
    }
}

/// Inputs as they are stored: an object where nothing was given.
fn settled(inputs: Option<Value>) -> Value {
    let mut inputs = inputs
        .filter(|inputs| !inputs.is_null())
        .unwrap_or_else(|| Value::Object(Map::new()));
    settle_numbers(&mut inputs);
    inputs
}
