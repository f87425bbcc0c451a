//! Sightings of shadow IT, there and back.

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::Serialize;

use super::{
    read::Reader,
    slas::{DAY, Day},
    write::{Exportable, References, slug},
};
use crate::{
    demand::shadow_it::rules::{DataClass, Sighting, SightingPatch, Status},
    exchange::{
        plan::{Change, fields},
        yaml::Value,
    },
    shared::{
        form::HeaderPatch,
        ids::ObjectType,
        patch::Patch,
        subject::{SubjectRef, WorkType},
    },
    snapshot::Catalog,
};

pub(super) fn sighting(header: HeaderPatch, reader: &mut Reader<'_, '_>) -> Change {
    let vendor = reader.text("vendor");
    reader.point("customer", fields::CUSTOMER, ObjectType::Customer);
    let demand_id = reader.text("demand");
    if let Some(place) = reader.fields.place_of("demand") {
        reader.places.insert(fields::DEMAND.into(), place);
    }
    reader.point("service", fields::SERVICE, ObjectType::Service);
    let users = users(reader);
    let monthly_cost = reader.decimal("monthlyCost");
    let data_class = reader.word::<DataClass>("dataClass");
    let status = reader.word::<Status>("status");
    let first_seen = reader.parsed::<Day>("firstSeen", DAY);
    Change::Sighting(Box::new(SightingPatch {
        header,
        vendor,
        demand_id,
        users,
        monthly_cost,
        data_class,
        status,
        first_seen: Patch::from(first_seen.map(|day| day.0)),
        ..SightingPatch::default()
    }))
}

fn users(reader: &mut Reader<'_, '_>) -> Patch<i32> {
    reader.locate("users");
    let Some(node) = reader.fields.raw("users") else {
        return Patch::Keep;
    };
    let whole = match &node.value {
        Value::Number(number) => number.as_i64().and_then(|users| users.try_into().ok()),
        _ => None,
    };
    if whole.is_none() {
        let place = reader.fields.place(node);
        let message = "`spec.users` must be a whole number of people";
        reader.problems.error(place, message);
    }
    Patch::from(whole)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SightingSpec<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    vendor: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    customer: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    demand: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service: Option<&'a str>,
    users: i32,
    #[serde(skip_serializing_if = "Option::is_none")]
    monthly_cost: Option<Decimal>,
    data_class: DataClass,
    status: Status,
    first_seen: Date,
}

impl Exportable for Sighting {
    fn spec<'a>(&'a self, catalog: &'a Catalog) -> impl Serialize + 'a {
        let refs = References::of(catalog, &self.header);
        let demand = |key| SubjectRef::work(WorkType::Demand, key).to_string();
        SightingSpec {
            vendor: self.vendor.as_deref(),
            customer: slug(catalog, self.customer_id),
            demand: self.demand_id.map(demand),
            service: refs.one(fields::SERVICE, self.service_id),
            users: self.users,
            monthly_cost: Some(self.monthly_cost.to_decimal()).filter(|cost| !cost.is_zero()),
            data_class: self.data_class,
            status: self.status,
            first_seen: self.first_seen,
        }
    }
}
