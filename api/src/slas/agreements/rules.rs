//! What an agreement is.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Serialize;
use uuid::Uuid;

use super::target::{Target, TargetId, Wish, settle};
use crate::catalog::customers::rules::Customer;
use crate::catalog::services::rules::Service;
use crate::shared::edit::Editable;
use crate::shared::form::{Form, HeaderPatch};
use crate::shared::ids::{Id, ObjectType};
use crate::shared::patch::Patch;
use crate::shared::record::{Header, Record, Reference};
use crate::slas::calendars::rules::Calendar;
use crate::slas::hours::zone;
use crate::snapshot::{Catalog, Index, Table, name_key};

/// What is promised for a service.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Agreement {
    /// What every object has.
    #[serde(flatten)]
    pub header: Header,
    /// The service that it is about.
    pub service_id: Id<Service>,
    /// Whom it is promised to; none: every customer of the service.
    pub customer_id: Option<Id<Customer>>,
    /// With whom it is made.
    pub kind: AgreementKind,
    /// When the service is attended.
    pub calendar_id: Id<Calendar>,
    /// The first day of the calendar's time zone on which it holds.
    pub valid_from: Date,
    /// The last one; none: until further notice.
    pub valid_until: Option<Date>,
    /// What is promised, sorted by metric and priority.
    pub targets: Vec<Target>,
}

/// With whom an agreement is made.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    strum::Display,
    strum::EnumString,
    strum::EnumIter,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum AgreementKind {
    /// With a customer.
    Sla,
    /// Between teams of the same organisation.
    Ola,
    /// With a supplier.
    Uc,
}

impl Agreement {
    /// Whether it holds on a day of its calendar's time zone.
    pub fn is_valid_on(&self, day: Date) -> bool {
        self.valid_from <= day && self.valid_until.is_none_or(|last| day <= last)
    }

    /// Whether its last day has passed where its calendar is.
    pub fn is_over(&self, catalog: &Catalog, now: Timestamp) -> bool {
        self.valid_until
            .is_some_and(|last| self.local_day(catalog, now) > last)
    }

    /// Whether it holds on the day that it is where its calendar is.
    pub fn is_valid_at(&self, catalog: &Catalog, moment: Timestamp) -> bool {
        self.is_valid_on(self.local_day(catalog, moment))
    }

    /// Whether it holds on a day of a period, as days are where its calendar is.
    pub fn is_valid_within(&self, catalog: &Catalog, from: Timestamp, until: Timestamp) -> bool {
        let first = self.local_day(catalog, from);
        let last = self.local_day(catalog, until);
        self.valid_from <= last && self.valid_until.is_none_or(|end| first <= end)
    }

    /// The day that it is where its calendar is.
    fn local_day(&self, catalog: &Catalog, now: Timestamp) -> Date {
        let zone = catalog
            .get(self.calendar_id)
            .and_then(|calendar| zone(&calendar.spec.time_zone))
            .unwrap_or(TimeZone::UTC);
        zone.to_datetime(now).date()
    }
}

impl Record for Agreement {
    const TYPE: ObjectType = ObjectType::ServiceLevelAgreement;

    fn header(&self) -> &Header {
        &self.header
    }

    fn header_mut(&mut self) -> &mut Header {
        &mut self.header
    }

    fn references(&self) -> Vec<Reference> {
        Reference::maybe("customerId", self.customer_id)
            .into_iter()
            .chain([
                Reference::to("serviceId", self.service_id),
                Reference::to("calendarId", self.calendar_id),
            ])
            .collect()
    }

    fn table(catalog: &Catalog) -> &Table<Self> {
        &catalog.agreements
    }

    fn table_mut(catalog: &mut Catalog) -> &mut Table<Self> {
        &mut catalog.agreements
    }

    fn reindex(catalog: &mut Catalog, old: Option<&Arc<Self>>, new: Option<&Arc<Self>>) {
        let indexes = &mut catalog.agreement_indexes;
        if let Some(old) = old {
            indexes.remove(old);
        }
        if let Some(new) = new {
            indexes.insert(new);
        }
    }
}

/// Agreements by what they are about.
#[derive(Clone, Debug, Default)]
pub struct AgreementIndexes {
    /// By service.
    pub service: Index<Id<Service>>,
    /// By the customer whom they are made with.
    pub customer: Index<Id<Customer>>,
    /// Those of kind SLA, by service.
    pub sla: Index<Id<Service>>,
    /// The agreement of each target.
    targets: imbl::HashMap<TargetId, Id<Agreement>>,
}

impl AgreementIndexes {
    fn insert(&mut self, agreement: &Agreement) {
        let (order, id) = (name_key(agreement), agreement.header.id);
        self.service.insert(agreement.service_id, order.clone(), id);
        if let Some(customer) = agreement.customer_id {
            self.customer.insert(customer, order.clone(), id);
        }
        if agreement.kind == AgreementKind::Sla {
            self.sla.insert(agreement.service_id, order, id);
        }
        for target in &agreement.targets {
            self.targets.insert(target.id, agreement.id());
        }
    }

    fn remove(&mut self, agreement: &Agreement) {
        let (order, id) = (name_key(agreement), agreement.header.id);
        self.service.remove(agreement.service_id, order.clone(), id);
        if let Some(customer) = agreement.customer_id {
            self.customer.remove(customer, order.clone(), id);
        }
        if agreement.kind == AgreementKind::Sla {
            self.sla.remove(agreement.service_id, order, id);
        }
        for target in &agreement.targets {
            self.targets.remove(&target.id);
        }
    }
}

impl Catalog {
    /// A target and the agreement that it belongs to.
    pub fn target(&self, id: TargetId) -> Option<(&Arc<Agreement>, &Target)> {
        let agreement = self.get(*self.agreement_indexes.targets.get(&id)?)?;
        let target = agreement.targets.iter().find(|target| target.id == id)?;
        Some((agreement, target))
    }

    /// Whether an agreement of kind SLA that is not over promises something of the service.
    pub fn has_sla(&self, service: Id<Service>, now: Timestamp) -> bool {
        self.agreement_indexes
            .sla
            .ids(&service)
            .filter_map(|id| self.get(Id::<Agreement>::new(id)))
            .any(|agreement| !agreement.is_over(self, now))
    }
}

/// A partial change of an agreement.
#[derive(Clone, Debug, Default)]
pub struct AgreementPatch {
    /// Name, slug, annotations.
    pub header: HeaderPatch,
    /// The service's id.
    pub service_id: Patch<String>,
    /// The customer's id.
    pub customer_id: Patch<String>,
    /// With whom it is made.
    pub kind: Patch<AgreementKind>,
    /// The calendar's id.
    pub calendar_id: Patch<String>,
    /// The first day.
    pub valid_from: Patch<Date>,
    /// The last day.
    pub valid_until: Patch<Date>,
    /// What is promised; replaces all targets.
    pub targets: Patch<Vec<Wish>>,
}

impl Editable for Agreement {
    type Patch = AgreementPatch;

    fn blank(header: Header) -> Self {
        Self {
            header,
            service_id: Id::new(Uuid::nil()),
            customer_id: None,
            kind: AgreementKind::Sla,
            calendar_id: Id::new(Uuid::nil()),
            valid_from: Date::MIN,
            valid_until: None,
            targets: Vec::new(),
        }
    }

    fn apply(&mut self, patch: AgreementPatch, form: &mut Form<'_>) {
        form.header::<Self>(patch.header, &mut self.header);
        form.required_reference("serviceId", patch.service_id, &mut self.service_id);
        form.reference(
            "customerId",
            patch.customer_id,
            &mut self.customer_id,
            &mut self.header,
        );
        form.required("kind", patch.kind, &mut self.kind);
        form.required_reference("calendarId", patch.calendar_id, &mut self.calendar_id);
        self.apply_validity(patch.valid_from, &patch.valid_until, form);
        match patch.targets {
            Patch::Keep => {}
            Patch::Clear => form.invalid("targets", "can't be null"),
            Patch::Set(wishes) => self.targets = settle(wishes, &self.targets, form),
        }
    }
}

impl Agreement {
    fn apply_validity(&mut self, from: Patch<Date>, until: &Patch<Date>, form: &mut Form<'_>) {
        if self.valid_from == Date::MIN && matches!(from, Patch::Keep) {
            form.invalid("validFrom", "is required");
            return;
        }
        form.required("validFrom", from, &mut self.valid_from);
        match until {
            Patch::Keep => {}
            Patch::Clear => self.valid_until = None,
            Patch::Set(last) => self.valid_until = Some(*last),
        }
        if let Some(last) = self.valid_until.filter(|last| *last < self.valid_from) {
            let first = self.valid_from;
            form.invalid(
                "validUntil",
                format!("is {last}, which is before the first day, {first}"),
            );
        }
    }
}
