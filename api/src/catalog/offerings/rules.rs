//! What an offering is.

use std::sync::Arc;

use rust_decimal::Decimal;
use serde::Serialize;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::schema;
use crate::catalog::services::rules::Service;
use crate::shared::edit::Editable;
use crate::shared::form::{Form, HeaderPatch, settle_numbers};
use crate::shared::ids::{Id, ObjectType};
use crate::shared::money::Amount;
use crate::shared::patch::Patch;
use crate::shared::record::{Header, Record, Reference};
use crate::snapshot::{Catalog, Table, name_key};

/// What can be requested of a service.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Offering {
    /// What every object has.
    #[serde(flatten)]
    pub header: Header,
    /// What it gives.
    pub description: Option<String>,
    /// The service it belongs to.
    pub service_id: Id<Service>,
    /// JSON Schema (2020-12) of a request's inputs; the empty schema lets anything through.
    pub input_schema: Value,
    /// Whether somebody has to approve a request.
    pub requires_approval: bool,
    /// Fulfilled by a machine, without anybody's hand.
    pub automated: bool,
    /// What it costs.
    pub price: Option<Amount>,
    /// Whether it can be requested now.
    pub active: bool,
}

impl Record for Offering {
    const TYPE: ObjectType = ObjectType::ServiceOffering;

    fn header(&self) -> &Header {
        &self.header
    }

    fn header_mut(&mut self) -> &mut Header {
        &mut self.header
    }

    fn references(&self) -> Vec<Reference> {
        vec![Reference::to("serviceId", self.service_id)]
    }

    fn table(catalog: &Catalog) -> &Table<Self> {
        &catalog.offerings
    }

    fn table_mut(catalog: &mut Catalog) -> &mut Table<Self> {
        &mut catalog.offerings
    }

    fn reindex(catalog: &mut Catalog, old: Option<&Arc<Self>>, new: Option<&Arc<Self>>) {
        let index = &mut catalog.service_offerings;
        if let Some(old) = old {
            index.remove(old.service_id, name_key(old.as_ref()), old.header.id);
        }
        if let Some(new) = new {
            index.insert(new.service_id, name_key(new.as_ref()), new.header.id);
        }
    }
}

/// A partial change of an offering.
#[derive(Clone, Debug, Default)]
pub struct OfferingPatch {
    /// Name, slug, annotations.
    pub header: HeaderPatch,
    /// What it gives.
    pub description: Patch<String>,
    /// The service's id.
    pub service_id: Patch<String>,
    /// JSON Schema of a request's inputs.
    pub input_schema: Patch<Value>,
    /// Whether somebody has to approve a request.
    pub requires_approval: Patch<bool>,
    /// Fulfilled by a machine.
    pub automated: Patch<bool>,
    /// What it costs.
    pub price: Patch<Decimal>,
    /// Whether it can be requested now.
    pub active: Patch<bool>,
}

impl Editable for Offering {
    type Patch = OfferingPatch;

    fn blank(header: Header) -> Self {
        Self {
            header,
            description: None,
            service_id: Id::new(Uuid::nil()),
            input_schema: Value::Object(Map::new()),
            requires_approval: false,
            automated: false,
            price: None,
            active: true,
        }
    }

    fn apply(&mut self, patch: OfferingPatch, form: &mut Form<'_>) {
        form.header::<Self>(patch.header, &mut self.header);
        form.optional_text("description", patch.description, &mut self.description);
        if !matches!(patch.service_id, Patch::Keep) {
            self.header
                .unresolved
                .retain(|wanted| wanted.field != "serviceId");
        }
        form.required_reference("serviceId", patch.service_id, &mut self.service_id);
        match patch.input_schema {
            Patch::Keep => {}
            Patch::Clear => self.input_schema = Value::Object(Map::new()),
            Patch::Set(mut schema) => {
                if schema::check(form, &schema) {
                    settle_numbers(&mut schema);
                    self.input_schema = schema;
                }
            }
        }
        form.required(
            "requiresApproval",
            patch.requires_approval,
            &mut self.requires_approval,
        );
        form.required("automated", patch.automated, &mut self.automated);
        match patch.price {
            Patch::Keep => {}
            Patch::Clear => self.price = None,
            Patch::Set(price) => self.price = form.amount("price", price),
        }
        form.required("active", patch.active, &mut self.active);
    }
}
