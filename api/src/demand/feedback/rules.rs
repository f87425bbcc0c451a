//! What a feedback is, who gives it on what, and for how long it can be changed.

use jiff::{SignedDuration, Timestamp};
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::catalog::customers::rules::Customer;
use crate::catalog::services::rules::Service;
use crate::requests::rules::{ServiceRequest, Status};
use crate::shared::errors::{UserError, UserErrorCode, UserErrors};
use crate::shared::form::{find_in, not_found};
use crate::shared::ids::{Id, ObjectRef};
use crate::shared::subject::{SubjectRef, WorkType};
use crate::shared::text::{MAX_TEXT, is_blank, why_unfit};
use crate::snapshot::Catalog;

/// For how long a feedback can be changed after it was given.
pub const CHANGEABLE: SignedDuration = SignedDuration::from_hours(30 * 24);

/// What somebody says of a service, or of what became of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Feedback {
    /// The key in the database.
    #[serde(skip)]
    pub id: Uuid,
    /// What it is about.
    pub service_id: Id<Service>,
    /// The request that it is about; none: the service as a whole.
    #[serde(serialize_with = "request")]
    pub service_request_id: Option<Uuid>,
    /// For which customer it is said.
    pub customer_id: Option<Id<Customer>>,
    /// The subject of the token that gave it.
    #[serde(skip)]
    pub given_by: String,
    /// 1 (bad) to 5 (good).
    pub score: i16,
    /// In words.
    pub comment: Option<String>,
    /// Grows by one with every change.
    #[serde(skip)]
    pub version: i32,
    /// When it was first given.
    #[serde(skip)]
    pub created_at: Timestamp,
    /// When it was changed last.
    #[serde(skip)]
    pub updated_at: Timestamp,
}

/// A request's id as the API has it.
#[expect(clippy::ref_option, reason = "serde passes references")]
fn request<S: Serializer>(key: &Option<Uuid>, serializer: S) -> Result<S::Ok, S::Error> {
    match key {
        Some(key) => serializer.collect_str(&SubjectRef::work(WorkType::ServiceRequest, *key)),
        None => serializer.serialize_none(),
    }
}

impl Feedback {
    /// It, as the feed names it.
    pub fn subject(&self) -> SubjectRef {
        SubjectRef::work(WorkType::Feedback, self.id)
    }

    /// The objects of the catalog that it refers to.
    pub fn references(&self) -> Vec<ObjectRef> {
        let customer = self.customer_id.map(Id::any);
        customer
            .into_iter()
            .chain([self.service_id.any()])
            .collect()
    }

    /// The fields that the feed shows changes of, by their API names.
    pub fn fields(&self) -> Map<String, Value> {
        match serde_json::to_value(self) {
            Ok(Value::Object(fields)) => fields,
            // A struct of plain values always serialises to an object.
            _ => Map::new(),
        }
    }

    /// Until when it can be changed.
    pub fn changeable_until(&self) -> Timestamp {
        self.created_at
            .checked_add(CHANGEABLE)
            .unwrap_or(Timestamp::MAX)
    }
}

/// What somebody wants to say.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The service's id.
    pub service_id: String,
    /// The request's id.
    pub service_request_id: Option<String>,
    /// The customer's id; the request's or the giver's own where absent.
    pub customer_id: Option<String>,
    /// 1 (bad) to 5 (good).
    pub score: i32,
    /// In words.
    pub comment: Option<String>,
}

/// Who says it.
#[derive(Clone, Debug)]
pub struct Giver {
    /// The subject of their token.
    pub subject: String,
    /// The customer whom they belong to.
    pub customer: Option<Id<Customer>>,
    /// Whether they may speak for any customer: who works on requests writes down what people tell.
    pub speaks_for_all: bool,
    /// Whether they see the catalog. For who does not, only customers whom they may speak for exist.
    pub sees_catalog: bool,
}

impl Giver {
    /// One voice a person: who spoke for the customers above and below as well would count several times.
    fn may_speak_for(&self, customer: Id<Customer>) -> bool {
        self.speaks_for_all || self.customer == Some(customer)
    }

    /// What a word of theirs is on, so that there is one: a request; a service; or a service and a customer who is not their own, so that
    /// what one customer says does not replace what another has said.
    pub fn about(
        &self,
        request: Option<Uuid>,
        service: Id<Service>,
        customer: Option<Id<Customer>>,
    ) -> Uuid {
        let other = customer.filter(|customer| self.customer != Some(*customer));
        match (request, other) {
            (Some(request), _) => request,
            (None, Some(other)) => both(service, other),
            (None, None) => service.key(),
        }
    }
}

/// One key for a service and a customer.
fn both(service: Id<Service>, customer: Id<Customer>) -> Uuid {
    let hash = Sha256::new()
        .chain_update(service.key())
        .chain_update(customer.key())
        .finalize();
    let mut key = [0; 16];
    key.copy_from_slice(&hash[..16]);
    uuid::Builder::from_custom_bytes(key).into_uuid()
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Plan {
    /// This is new.
    Give(Feedback),
    /// This replaces an earlier state of it.
    Change(Feedback),
    /// It was said already.
    Keep(Feedback),
}

/// Plans what somebody says, `latest` being what they said of the same before, and `request` the request that they name, if it is
/// there and they see it.
pub fn plan(
    wanted: &Wanted,
    giver: &Giver,
    (request, latest): (Option<&ServiceRequest>, Option<&Feedback>),
    catalog: &Catalog,
    at: Timestamp,
) -> Result<Plan, UserErrors> {
    let mut errors = Vec::new();
    let score = score(wanted.score, &mut errors);
    let comment = comment(wanted.comment.as_deref(), &mut errors);
    let (service_id, customer_id) = match &wanted.service_request_id {
        Some(id) => of_request(wanted, id, request, &mut errors),
        None => of_service(wanted, giver, catalog, &mut errors),
    };
    // Who has come to another customer since speaks for that one anew.
    let known = latest.filter(|latest| {
        at < latest.changeable_until() && (request.is_some() || latest.customer_id == customer_id)
    });
    if let (Some(request), Some(latest), None) = (request, latest, known) {
        errors.push(too_late(request, latest));
    }
    let (Some(score), Some(service_id)) = (score, service_id) else {
        return Err(errors);
    };
    if !errors.is_empty() {
        return Err(errors);
    }
    let said = Feedback {
        id: known.map_or_else(Uuid::now_v7, |known| known.id),
        service_id,
        service_request_id: request.map(|request| request.id),
        customer_id,
        given_by: giver.subject.clone(),
        score,
        comment,
        version: known.map_or(1, |known| known.version),
        created_at: known.map_or(at, |known| known.created_at),
        updated_at: known.map_or(at, |known| known.updated_at),
    };
    Ok(match known {
        None => Plan::Give(said),
        Some(known) if *known == said => Plan::Keep(said),
        Some(known) => Plan::Change(Feedback {
            version: known.version + 1,
            // Clocks of two machines may differ; history only runs forwards.
            updated_at: at.max(known.updated_at + SignedDuration::from_micros(1)),
            ..said
        }),
    })
}

fn score(score: i32, errors: &mut UserErrors) -> Option<i16> {
    let fits = i16::try_from(score).ok();
    let fits = fits.filter(|score| (1..=5).contains(score));
    if fits.is_none() {
        let message = format!("is {score}; it must be between 1 (bad) and 5 (good)");
        errors.push(UserError::new(UserErrorCode::Invalid, "score", message));
    }
    fits
}

/// What is said in words; nothing where it is empty.
fn comment(comment: Option<&str>, errors: &mut UserErrors) -> Option<String> {
    let text = comment?.trim();
    if let Some(reason) = why_unfit(text, MAX_TEXT) {
        errors.push(UserError::new(UserErrorCode::Invalid, "comment", reason));
    }
    (!is_blank(text)).then(|| text.to_owned())
}

type Subject = (Option<Id<Service>>, Option<Id<Customer>>);

/// A request is judged once it has come to something, and is of one service and one customer.
fn of_request(
    wanted: &Wanted,
    id: &str,
    request: Option<&ServiceRequest>,
    errors: &mut UserErrors,
) -> Subject {
    let Some(request) = request else {
        let message = WorkType::ServiceRequest.not_found(id).message;
        let code = UserErrorCode::NotFound;
        errors.push(UserError::new(code, "serviceRequestId", message));
        return (None, None);
    };
    let number = request.number;
    let mut invalid =
        |field, message| errors.push(UserError::new(UserErrorCode::Invalid, field, message));
    if !matches!(request.status, Status::Fulfilled | Status::Declined) {
        let status = request.status;
        let message =
            format!("{number} is {status}; feedback is given once it is FULFILLED or DECLINED");
        invalid("serviceRequestId", message);
    }
    if wanted.service_id != request.service_id.to_string() {
        let service = request.service_id;
        invalid("serviceId", format!("{number} is of the service {service}"));
    }
    let customer = request.customer_id.map(|customer| customer.to_string());
    if wanted.customer_id.is_some() && wanted.customer_id != customer {
        let message = match customer {
            Some(customer) => format!("{number} is for the customer {customer}"),
            None => format!("{number} is for no customer"),
        };
        invalid("customerId", message);
    }
    (Some(request.service_id), request.customer_id)
}

fn of_service(
    wanted: &Wanted,
    giver: &Giver,
    catalog: &Catalog,
    errors: &mut UserErrors,
) -> Subject {
    let service = find_in::<Service>(catalog, &wanted.service_id);
    if service.is_none() {
        errors.push(not_found::<Service>(&["serviceId"], &wanted.service_id));
    }
    let Some(id) = &wanted.customer_id else {
        return (service, giver.customer);
    };
    let found = find_in::<Customer>(catalog, id);
    let spoken_for = found.filter(|customer| giver.may_speak_for(*customer));
    if spoken_for.is_none() && found.is_some() && giver.sees_catalog {
        let message = "is not the customer that you belong to: feedback is given for one's own";
        errors.push(UserError::new(
            UserErrorCode::Invalid,
            "customerId",
            message,
        ));
    } else if spoken_for.is_none() {
        errors.push(not_found::<Customer>(&["customerId"], id));
    }
    (service, spoken_for)
}

fn too_late(request: &ServiceRequest, latest: &Feedback) -> UserError {
    let message = format!(
        "you gave feedback on {} at {}; it could be changed for 30 days, until {}",
        request.number,
        latest.created_at,
        latest.changeable_until()
    );
    UserError::new(UserErrorCode::Invalid, "serviceRequestId", message)
}
