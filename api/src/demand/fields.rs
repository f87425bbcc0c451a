//! What can be said of a demand, held against the catalog: when it is raised, and when it is changed.

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use uuid::Uuid;

use super::access::Party;
use super::rules::{Demand, DemandNumber, Kind, PersonDays, Status};
use crate::catalog::customers::rules::{Customer, are_related};
use crate::catalog::services::rules::{Lifecycle, Service};
use crate::outcomes::rules::Outcome;
use crate::shared::errors::{UserError, UserErrorCode, UserErrors};
use crate::shared::form::{MAX_TEXT, find_in, not_found};
use crate::shared::ids::{Id, ObjectRef};
use crate::shared::money::{Amount, PLACES};
use crate::shared::patch::Patch;
use crate::shared::text::{MAX_LINE, is_blank, why_unfit};
use crate::snapshot::Catalog;

/// What a change does to a demand, or what is said of a new one.
#[derive(Clone, Debug, Default)]
pub struct DemandPatch {
    /// One line.
    pub title: Patch<String>,
    /// What it is about.
    pub description: Patch<String>,
    /// How it comes about.
    pub kind: Patch<Kind>,
    /// The outcome's id.
    pub outcome_id: Patch<String>,
    /// The service's id.
    pub service_id: Patch<String>,
    /// How many people or units.
    pub quantity: Patch<i32>,
    /// What meeting it is worth, per month.
    pub value_per_month: Patch<Decimal>,
    /// Person-days.
    pub effort: Patch<Decimal>,
}

impl DemandPatch {
    /// The objects that it names, as they are in the demand that came of it.
    pub fn named(&self, demand: &Demand) -> Vec<ObjectRef> {
        let is_named = |patch: &Patch<String>| matches!(patch, Patch::Set(_));
        let outcome = demand.outcome_id.filter(|_| is_named(&self.outcome_id));
        let service = demand.service_id.filter(|_| is_named(&self.service_id));
        let outcome = outcome.map(Id::any);
        outcome.into_iter().chain(service.map(Id::any)).collect()
    }
}

/// A demand as somebody wants to raise it.
#[derive(Clone, Debug)]
pub struct NewDemand {
    /// The customer's id.
    pub customer_id: String,
    /// How it comes about.
    pub kind: Kind,
    /// The rest, title and value among it.
    pub fields: DemandPatch,
}

impl NewDemand {
    /// What two with one key must have in common: everything that was said, in one spelling.
    pub fn canonical(&self) -> Value {
        fn said<T>(patch: &Patch<T>) -> Option<&T> {
            match patch {
                Patch::Set(value) => Some(value),
                Patch::Keep | Patch::Clear => None,
            }
        }
        let number = |patch| said(patch).map(|number: &Decimal| number.normalize().to_string());
        let fields = &self.fields;
        json!({
            "customerId": self.customer_id,
            "kind": self.kind,
            "title": said(&fields.title),
            "description": said(&fields.description),
            "outcomeId": said(&fields.outcome_id),
            "serviceId": said(&fields.service_id),
            "quantity": said(&fields.quantity),
            "valuePerMonth": number(&fields.value_per_month),
            "effort": number(&fields.effort),
        })
    }
}

/// A new demand that has no number yet, or everything that is wrong with it.
pub fn plan(
    new: &NewDemand,
    party: &Party,
    catalog: &Catalog,
    now: Timestamp,
) -> Result<Demand, UserErrors> {
    let mut errors = Vec::new();
    let customer = find_in::<Customer>(catalog, &new.customer_id);
    let customer = customer.filter(|customer| party.knows_customer(catalog, *customer));
    if customer.is_none() {
        errors.push(not_found::<Customer>(&["customerId"], &new.customer_id));
    }
    let mut demand = Demand {
        id: Uuid::now_v7(),
        number: DemandNumber(0),
        title: String::new(),
        description: None,
        kind: new.kind,
        status: Status::Open,
        customer_id: customer.unwrap_or(Id::new(Uuid::nil())),
        raised_by_id: party.person,
        submitted_by: party.subject.clone(),
        outcome_id: None,
        service_id: None,
        quantity: 1,
        value_per_month: Amount::default(),
        effort: None,
        supporters: 0,
        decline: None,
        ended_at: None,
        version: 1,
        created_at: now,
        updated_at: now,
    };
    apply(&new.fields, &mut demand, party, catalog, &mut errors);
    if errors.is_empty() {
        Ok(demand)
    } else {
        Err(errors)
    }
}

/// Does to a demand what a change says; what is wrong with that is added to the errors.
pub fn apply(
    patch: &DemandPatch,
    demand: &mut Demand,
    party: &Party,
    catalog: &Catalog,
    errors: &mut UserErrors,
) {
    let mut check = Check { catalog, errors };
    check.title(&patch.title, demand);
    check.description(&patch.description, demand);
    check.required("kind", &patch.kind, &mut demand.kind);
    check.outcome(&patch.outcome_id, party, demand);
    match &patch.service_id {
        Patch::Keep => {}
        Patch::Clear => demand.service_id = None,
        Patch::Set(id) => demand.service_id = check.service("serviceId", id),
    }
    check.required("quantity", &patch.quantity, &mut demand.quantity);
    if demand.quantity < 1 {
        let message = format!("is {}; it must be 1 or more", demand.quantity);
        check.refuse("quantity", message);
    }
    check.value(&patch.value_per_month, demand);
    check.effort(&patch.effort, demand);
}

/// The service that answers a demand, if it can; what is wrong with it is added to the errors.
pub fn answering(id: &str, catalog: &Catalog, errors: &mut UserErrors) -> Option<Id<Service>> {
    Check { catalog, errors }.service("serviceId", id)
}

/// Collects what is wrong.
struct Check<'a> {
    catalog: &'a Catalog,
    errors: &'a mut UserErrors,
}

impl Check<'_> {
    fn refuse(&mut self, field: &str, message: impl Into<String>) {
        let error = UserError::new(UserErrorCode::Invalid, field, message);
        self.errors.push(error);
    }

    fn required<T: Clone>(&mut self, field: &str, patch: &Patch<T>, value: &mut T) {
        match patch {
            Patch::Keep => {}
            Patch::Clear => self.refuse(field, "can't be null"),
            Patch::Set(new) => value.clone_from(new),
        }
    }

    fn title(&mut self, patch: &Patch<String>, demand: &mut Demand) {
        let mut title = demand.title.clone();
        self.required("title", patch, &mut title);
        let title = title.trim();
        if matches!(patch, Patch::Clear) {
            return;
        }
        if is_blank(title) {
            self.refuse("title", "can't be empty");
        } else if let Some(reason) = why_unfit(title, MAX_LINE) {
            self.refuse("title", reason);
        } else {
            title.clone_into(&mut demand.title);
        }
    }

    fn description(&mut self, patch: &Patch<String>, demand: &mut Demand) {
        match patch {
            Patch::Keep => {}
            Patch::Clear => demand.description = None,
            Patch::Set(text) => match why_unfit(text.trim(), MAX_TEXT) {
                Some(reason) => self.refuse("description", reason),
                None => {
                    demand.description = Some(text.trim().to_owned()).filter(|it| !is_blank(it));
                }
            },
        }
    }

    /// An outcome of the customer itself, or of one above or below it: a ward's demand may serve the whole hospital.
    fn outcome(&mut self, patch: &Patch<String>, party: &Party, demand: &mut Demand) {
        let id = match patch {
            Patch::Keep => return,
            Patch::Clear => return demand.outcome_id = None,
            Patch::Set(id) => id,
        };
        let found = find_in::<Outcome>(self.catalog, id);
        let found = found.and_then(|found| self.catalog.get(found));
        let known = found.filter(|it| party.knows_customer(self.catalog, it.customer_id));
        let Some(outcome) = known else {
            self.errors.push(not_found::<Outcome>(&["outcomeId"], id));
            return;
        };
        let theirs = outcome.customer_id;
        if are_related(self.catalog, theirs, demand.customer_id) {
            demand.outcome_id = Some(Id::new(outcome.header.id));
        } else if self.catalog.get(demand.customer_id).is_some() {
            let message = format!(
                "`{}` is no outcome of the demand's customer, nor of one above or below it",
                outcome.header.slug
            );
            self.refuse("outcomeId", message);
        }
    }

    fn service(&mut self, field: &str, id: &str) -> Option<Id<Service>> {
        let found = find_in::<Service>(self.catalog, id);
        let Some(service) = found.and_then(|found| self.catalog.get(found)) else {
            self.errors.push(not_found::<Service>(&[field], id));
            return None;
        };
        if service.lifecycle == Lifecycle::Retired {
            let message = format!("`{}` is retired; it answers nothing", service.header.slug);
            self.refuse(field, message);
        }
        found
    }

    fn value(&mut self, patch: &Patch<Decimal>, demand: &mut Demand) {
        const FIELD: &str = "valuePerMonth";
        match patch {
            Patch::Keep => {}
            Patch::Clear => self.refuse(FIELD, "can't be null"),
            Patch::Set(value) if value.is_sign_negative() && !value.is_zero() => {
                self.refuse(FIELD, format!("is {value}; it can't be below 0"));
            }
            Patch::Set(value) => match Amount::from_decimal(*value) {
                Some(amount) => demand.value_per_month = amount,
                None => self.refuse(
                    FIELD,
                    format!(
                        "is {value}; at most {PLACES} decimal places and 922 trillion are allowed"
                    ),
                ),
            },
        }
    }

    fn effort(&mut self, patch: &Patch<Decimal>, demand: &mut Demand) {
        match patch {
            Patch::Keep => {}
            Patch::Clear => demand.effort = None,
            Patch::Set(days) => match PersonDays::from_decimal(*days) {
                Some(effort) => demand.effort = Some(effort),
                None => self.refuse(
                    "effort",
                    format!(
                        "is {days}; it must be above 0 and at most {} person-days, with at most {PLACES} decimal places",
                        PersonDays::MOST
                    ),
                ),
            },
        }
    }
}
