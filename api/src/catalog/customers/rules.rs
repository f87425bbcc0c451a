//! What a customer is.

use std::sync::Arc;

use serde::Serialize;

use crate::catalog::people::rules::Person;
use crate::shared::edit::Editable;
use crate::shared::form::{Form, HeaderPatch};
use crate::shared::ids::{Id, ObjectType};
use crate::shared::patch::Patch;
use crate::shared::record::{Header, Record, Reference};
use crate::snapshot::{Catalog, Table};

/// A part of the business, or an outside party, that services exist for.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Customer {
    /// What every object has.
    #[serde(flatten)]
    pub header: Header,
    /// What this customer's business is.
    pub industry: Option<String>,
    /// What drives this customer.
    pub description: Option<String>,
    /// The customer above.
    pub parent_id: Option<Id<Customer>>,
    /// Who speaks for this customer.
    pub representative_id: Option<Id<Person>>,
}

impl Record for Customer {
    const TYPE: ObjectType = ObjectType::Customer;

    fn header(&self) -> &Header {
        &self.header
    }

    fn header_mut(&mut self) -> &mut Header {
        &mut self.header
    }

    fn references(&self) -> Vec<Reference> {
        [
            Reference::maybe("parentId", self.parent_id),
            Reference::maybe("representativeId", self.representative_id),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    fn parent(&self) -> Option<Id<Self>> {
        self.parent_id
    }

    fn table(catalog: &Catalog) -> &Table<Self> {
        &catalog.customers
    }

    fn table_mut(catalog: &mut Catalog) -> &mut Table<Self> {
        &mut catalog.customers
    }

    fn reindex(_: &mut Catalog, _: Option<&Arc<Self>>, _: Option<&Arc<Self>>) {}
}

/// Whether two customers are one, or one stands above the other.
pub fn are_related(catalog: &Catalog, one: Id<Customer>, other: Id<Customer>) -> bool {
    let is_above = |above: Id<Customer>, below: Id<Customer>| {
        // No longer than there are customers, whatever the database holds.
        let chain = std::iter::successors(Some(below), |id| catalog.get(*id)?.parent_id);
        let mut chain = chain.take(catalog.customers.len() + 1);
        chain.any(|id| id == above)
    };
    is_above(one, other) || is_above(other, one)
}

/// A partial change of a customer.
#[derive(Clone, Debug, Default)]
pub struct CustomerPatch {
    /// Name, slug, annotations.
    pub header: HeaderPatch,
    /// What this customer's business is.
    pub industry: Patch<String>,
    /// What drives this customer.
    pub description: Patch<String>,
    /// The id of the customer above.
    pub parent_id: Patch<String>,
    /// The id of the person who speaks for this customer.
    pub representative_id: Patch<String>,
}

impl Editable for Customer {
    type Patch = CustomerPatch;

    fn blank(header: Header) -> Self {
        Self {
            header,
            industry: None,
            description: None,
            parent_id: None,
            representative_id: None,
        }
    }

    fn apply(&mut self, patch: CustomerPatch, form: &mut Form<'_>) {
        let header = &mut self.header;
        form.header::<Self>(patch.header, header);
        form.optional_line("industry", patch.industry, &mut self.industry);
        form.optional_text("description", patch.description, &mut self.description);
        form.reference("parentId", patch.parent_id, &mut self.parent_id, header);
        form.reference(
            "representativeId",
            patch.representative_id,
            &mut self.representative_id,
            header,
        );
        form.parent(self.id(), self.parent_id);
    }
}
