//! What an outcome is.

use std::sync::Arc;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::catalog::customers::rules::Customer;
use crate::catalog::people::rules::Person;
use crate::shared::edit::Editable;
use crate::shared::errors::{UserError, UserErrorCode};
use crate::shared::form::{Form, HeaderPatch};
use crate::shared::ids::{Id, ObjectType};
use crate::shared::money::Amount;
use crate::shared::patch::Patch;
use crate::shared::record::{Header, Record, Reference};
use crate::shared::text::{MAX_LINE, is_blank};
use crate::snapshot::{Catalog, Table, name_key};

/// A result the business wants, and what an hour without it costs.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Outcome {
    /// What every object has.
    #[serde(flatten)]
    pub header: Header,
    /// What it means.
    pub description: Option<String>,
    /// Whose outcome it is.
    pub customer_id: Id<Customer>,
    /// Who answers for it.
    pub owner_id: Option<Id<Person>>,
    /// Lost per hour while the outcome is fully out of reach.
    pub value_per_hour: Amount,
    /// How it is measured.
    pub metric: Option<Metric>,
}

/// How an outcome is measured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metric {
    /// What is measured.
    pub name: String,
    /// In what.
    pub unit: String,
    /// Where it started.
    pub baseline: Option<Decimal>,
    /// Where it should be.
    pub target: Decimal,
    /// Where it is.
    pub current: Option<Decimal>,
}

impl Record for Outcome {
    const TYPE: ObjectType = ObjectType::BusinessOutcome;

    fn header(&self) -> &Header {
        &self.header
    }

    fn header_mut(&mut self) -> &mut Header {
        &mut self.header
    }

    fn references(&self) -> Vec<Reference> {
        Reference::maybe("ownerId", self.owner_id)
            .into_iter()
            .chain([Reference::to("customerId", self.customer_id)])
            .collect()
    }

    fn table(catalog: &Catalog) -> &Table<Self> {
        &catalog.outcomes
    }

    fn table_mut(catalog: &mut Catalog) -> &mut Table<Self> {
        &mut catalog.outcomes
    }

    fn reindex(catalog: &mut Catalog, old: Option<&Arc<Self>>, new: Option<&Arc<Self>>) {
        let index = &mut catalog.customer_outcomes;
        if let Some(old) = old {
            index.remove(old.customer_id, name_key(old.as_ref()), old.header.id);
        }
        if let Some(new) = new {
            index.insert(new.customer_id, name_key(new.as_ref()), new.header.id);
        }
        if let Some(outcome) = new.or(old) {
            let rests_on = catalog.service_indexes.outcome.ids(&outcome.id());
            catalog.impact_graph.update_outcome(old, new, rests_on);
        }
    }
}

/// A partial change of an outcome.
#[derive(Clone, Debug, Default)]
pub struct OutcomePatch {
    /// Name, slug, annotations.
    pub header: HeaderPatch,
    /// What it means.
    pub description: Patch<String>,
    /// The customer's id.
    pub customer_id: Patch<String>,
    /// The id of the person who answers for it.
    pub owner_id: Patch<String>,
    /// Lost per hour.
    pub value_per_hour: Patch<Decimal>,
    /// How it is measured; replaces the whole metric.
    pub metric: Patch<Metric>,
}

impl Editable for Outcome {
    type Patch = OutcomePatch;

    fn blank(header: Header) -> Self {
        Self {
            header,
            description: None,
            customer_id: Id::new(Uuid::nil()),
            owner_id: None,
            value_per_hour: Amount::default(),
            metric: None,
        }
    }

    fn apply(&mut self, patch: OutcomePatch, form: &mut Form<'_>) {
        form.header::<Self>(patch.header, &mut self.header);
        form.optional_text("description", patch.description, &mut self.description);
        form.required_reference("customerId", patch.customer_id, &mut self.customer_id);
        form.reference(
            "ownerId",
            patch.owner_id,
            &mut self.owner_id,
            &mut self.header,
        );
        match patch.value_per_hour {
            Patch::Keep => {}
            Patch::Clear => form.invalid("valuePerHour", "can't be null"),
            Patch::Set(value) => {
                if let Some(amount) = form.amount("valuePerHour", value) {
                    self.value_per_hour = amount;
                }
            }
        }
        match patch.metric {
            Patch::Keep => {}
            Patch::Clear => self.metric = None,
            Patch::Set(metric) => {
                for (field, text) in [("name", &metric.name), ("unit", &metric.unit)] {
                    let place = ["metric", field];
                    if is_blank(text) {
                        let message = "can't be empty";
                        form.refuse(UserError::at(UserErrorCode::Invalid, &place, message));
                    } else {
                        form.text_fits_at(&place, text, MAX_LINE);
                    }
                }
                self.metric = Some(metric);
            }
        }
    }
}
