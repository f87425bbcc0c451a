//! What a sighting of shadow IT is.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::Date;
use jiff::tz::Offset;
use rust_decimal::Decimal;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::risk::risk;
use crate::catalog::customers::rules::Customer;
use crate::catalog::services::rules::Service;
use crate::shared::edit::Editable;
use crate::shared::errors::{UserError, UserErrorCode};
use crate::shared::form::{Form, HeaderPatch};
use crate::shared::ids::{Id, ObjectType};
use crate::shared::money::Amount;
use crate::shared::patch::Patch;
use crate::shared::record::{Header, Record, Reference};
use crate::shared::subject::{SubjectRef, WorkType};
use crate::snapshot::{Catalog, Table};

/// The most people that use a tool.
pub const MOST_USERS: i32 = 1_000_000_000;

/// A tool that a customer got elsewhere because the catalog had no answer.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Sighting {
    /// What every object has; its name is the product.
    #[serde(flatten)]
    pub header: Header,
    /// Who sells it.
    pub vendor: Option<String>,
    /// Who got it.
    pub customer_id: Id<Customer>,
    /// The demand that it covers.
    #[serde(serialize_with = "demand")]
    pub demand_id: Option<Uuid>,
    /// The catalog's own answer.
    pub service_id: Option<Id<Service>>,
    /// How many people use it.
    pub users: i32,
    /// What it costs a month.
    pub monthly_cost: Amount,
    /// How sensitive what is kept in it is.
    pub data_class: DataClass,
    /// What came of it.
    pub status: Status,
    /// The day on which it was first seen.
    pub first_seen: Date,
}

/// A demand's id as the API has it.
#[expect(clippy::ref_option, reason = "serde passes references")]
fn demand<S: Serializer>(key: &Option<Uuid>, serializer: S) -> Result<S::Ok, S::Error> {
    match key {
        Some(key) => serializer.collect_str(&SubjectRef::work(WorkType::Demand, *key)),
        None => serializer.serialize_none(),
    }
}

/// How sensitive data is, the least sensitive first.
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
pub enum DataClass {
    /// Anybody may know it.
    Public,
    /// Anybody inside may know it.
    Internal,
    /// Some may know it.
    Confidential,
    /// Few may know it, and the law says who.
    Restricted,
}

/// What came of a sighting.
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
pub enum Status {
    /// Nobody has decided on it.
    Seen,
    /// It may stay, and nobody looks after it.
    Tolerated,
    /// It is a service of the catalog now.
    Adopted,
    /// Its users have something else.
    Replaced,
}

impl Status {
    /// Whether it is still paid for beside the catalog.
    pub fn is_beside_the_catalog(self) -> bool {
        matches!(self, Self::Seen | Self::Tolerated)
    }
}

impl Sighting {
    /// What there is to lose by it, 0 to 100.
    pub fn risk(&self) -> u8 {
        risk(self.data_class, self.users)
    }
}

impl Record for Sighting {
    const TYPE: ObjectType = ObjectType::ShadowItSighting;

    fn header(&self) -> &Header {
        &self.header
    }

    fn header_mut(&mut self) -> &mut Header {
        &mut self.header
    }

    fn references(&self) -> Vec<Reference> {
        Reference::maybe(SERVICE, self.service_id)
            .into_iter()
            .chain([Reference::to("customerId", self.customer_id)])
            .collect()
    }

    fn table(catalog: &Catalog) -> &Table<Self> {
        &catalog.sightings
    }

    fn table_mut(catalog: &mut Catalog) -> &mut Table<Self> {
        &mut catalog.sightings
    }

    fn reindex(catalog: &mut Catalog, old: Option<&Arc<Self>>, new: Option<&Arc<Self>>) {
        let indexes = &mut catalog.sighting_indexes;
        if let Some(old) = old {
            indexes.remove(old);
        }
        if let Some(new) = new {
            indexes.insert(new);
        }
    }

    /// The API calls the name a product.
    fn fields(&self) -> Map<String, Value> {
        let mut fields = match serde_json::to_value(self) {
            Ok(Value::Object(fields)) => fields,
            _ => Map::new(),
        };
        if let Some(name) = fields.remove("name") {
            fields.insert(PRODUCT.to_owned(), name);
        }
        fields
    }
}

/// What the API calls a sighting's name.
pub const PRODUCT: &str = "product";
/// What the API calls the service that it is.
const SERVICE: &str = "serviceId";

/// A demand that is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownDemand {
    /// Whose it is.
    pub customer: Id<Customer>,
    /// Whether it may be linked: whoever changes the sighting sees it. One that they don't see may only stay linked.
    pub is_seen: bool,
}

/// Demands that are known to be there, by their keys.
pub type KnownDemands = BTreeMap<Uuid, KnownDemand>;

/// A partial change of a sighting.
#[derive(Clone, Debug, Default)]
pub struct SightingPatch {
    /// Product, slug, annotations.
    pub header: HeaderPatch,
    /// Who sells it.
    pub vendor: Patch<String>,
    /// The customer's id.
    pub customer_id: Patch<String>,
    /// The demand's id.
    pub demand_id: Patch<String>,
    /// The service's id.
    pub service_id: Patch<String>,
    /// How many people use it.
    pub users: Patch<i32>,
    /// What it costs a month.
    pub monthly_cost: Patch<Decimal>,
    /// How sensitive what is kept in it is.
    pub data_class: Patch<DataClass>,
    /// What came of it.
    pub status: Patch<Status>,
    /// The day on which it was first seen.
    pub first_seen: Patch<Date>,
    /// The demands that the change may lead to, and that of the sighting as it is; the database knows them. One list for all
    /// sightings of an import.
    pub known_demands: Arc<KnownDemands>,
}

impl Editable for Sighting {
    type Patch = SightingPatch;

    fn blank(header: Header) -> Self {
        Self {
            header,
            vendor: None,
            customer_id: Id::new(Uuid::nil()),
            demand_id: None,
            service_id: None,
            users: 0,
            monthly_cost: Amount::default(),
            data_class: DataClass::Public,
            status: Status::Seen,
            first_seen: Date::MIN,
        }
    }

    fn apply(&mut self, patch: SightingPatch, form: &mut Form<'_>) {
        form.header_called::<Self>(PRODUCT, patch.header, &mut self.header);
        form.optional_line("vendor", patch.vendor, &mut self.vendor);
        form.required_reference("customerId", patch.customer_id, &mut self.customer_id);
        form.reference(
            SERVICE,
            patch.service_id,
            &mut self.service_id,
            &mut self.header,
        );
        self.apply_users(&patch.users, form);
        match patch.monthly_cost {
            Patch::Keep => {}
            Patch::Clear => form.invalid("monthlyCost", "can't be null"),
            Patch::Set(value) => {
                if let Some(amount) = form.amount("monthlyCost", value) {
                    self.monthly_cost = amount;
                }
            }
        }
        form.required("dataClass", patch.data_class, &mut self.data_class);
        form.required("status", patch.status, &mut self.status);
        if self.first_seen == Date::MIN && matches!(patch.first_seen, Patch::Keep) {
            form.invalid("firstSeen", "is required");
        }
        self.apply_first_seen(patch.first_seen, form);
        self.apply_demand(patch.demand_id, &patch.known_demands, form);
        self.check_adoption(form);
    }
}

/// How far the day of whoever is furthest east is ahead of UTC.
const FURTHEST_EAST: Offset = Offset::constant(14);

impl Sighting {
    /// Nobody has seen anything on a day that has begun nowhere yet.
    fn apply_first_seen(&mut self, patch: Patch<Date>, form: &mut Form<'_>) {
        if let Patch::Set(day) = patch
            && day != self.first_seen
        {
            let today = FURTHEST_EAST.to_datetime(form.draft().now()).date();
            if day > today {
                let message = format!(
                    "is {day}, and nothing has been seen on a day to come; {today} is the last one that has begun anywhere"
                );
                form.invalid("firstSeen", message);
                return;
            }
        }
        form.required("firstSeen", patch, &mut self.first_seen);
    }

    fn apply_users(&mut self, users: &Patch<i32>, form: &mut Form<'_>) {
        match users {
            Patch::Keep => {}
            Patch::Clear => form.invalid("users", "can't be null"),
            Patch::Set(users) if (0..=MOST_USERS).contains(users) => self.users = *users,
            Patch::Set(users) => form.invalid(
                "users",
                format!("is {users}; it must be between 0 and {MOST_USERS}"),
            ),
        }
    }

    /// Links the demand that it covers: one of its own customer's, or of one above or below.
    fn apply_demand(&mut self, patch: Patch<String>, known: &KnownDemands, form: &mut Form<'_>) {
        let is_kept = matches!(patch, Patch::Keep);
        match patch {
            Patch::Keep => {}
            Patch::Clear => self.demand_id = None,
            Patch::Set(id) => {
                let key = WorkType::Demand.key(&id);
                let key = key.filter(|key| self.may_cover(*key, known));
                if key.is_none() {
                    let message = WorkType::Demand.not_found(&id).message;
                    let code = UserErrorCode::NotFound;
                    form.refuse(UserError::new(code, "demandId", message));
                    return;
                }
                self.demand_id = key;
            }
        }
        let before = self.as_it_was(form);
        let moves = before.is_none_or(|before| before.customer_id != self.customer_id);
        let demand = self.demand_id.and_then(|demand| known.get(&demand));
        if let Some(&KnownDemand { customer, .. }) = demand.filter(|_| moves || !is_kept)
            && !are_related(form, self.customer_id, customer)
        {
            let whose = form.draft().catalog().describe(customer.any());
            form.invalid(
                "demandId",
                format!(
                    "is a demand of the {whose}; a sighting covers one of its own customer, or of one above or below it"
                ),
            );
        }
    }

    fn may_cover(&self, demand: Uuid, known: &KnownDemands) -> bool {
        let known = known.get(&demand);
        known.is_some_and(|known| known.is_seen || self.demand_id == Some(demand))
    }

    /// What is adopted is a service of the catalog; one that is not there yet, and that an import waits for, will do.
    fn check_adoption(&self, form: &mut Form<'_>) {
        let is_nothing = |sighting: &Self| {
            let mut wanted = sighting.header.unresolved.iter();
            let has_service =
                sighting.service_id.is_some() || wanted.any(|wanted| wanted.field == SERVICE);
            sighting.status == Status::Adopted && !has_service
        };
        let before = self.as_it_was(form);
        if is_nothing(self) && before.is_none_or(|before| !is_nothing(&before)) {
            let message = "is ADOPTED, which is a service of the catalog: name it by `serviceId`, or let `adoptShadowIt` make it";
            form.invalid("status", message);
        }
    }

    /// Its state before what is planned; none where it is new.
    fn as_it_was(&self, form: &mut Form<'_>) -> Option<Arc<Self>> {
        form.draft().base().get(self.id()).cloned()
    }
}

/// Whether two customers are one, or one stands above the other. The plan holds only while that stays so.
fn are_related(form: &mut Form<'_>, one: Id<Customer>, other: Id<Customer>) -> bool {
    for (below, above) in [(one, other), (other, one)] {
        let chain: Vec<Id<Customer>> = form.draft().ancestors(Some(below)).collect();
        if let Some(place) = chain.iter().position(|customer| *customer == above) {
            for customer in &chain[..place] {
                form.draft().guard(customer.any());
            }
            return true;
        }
    }
    false
}
