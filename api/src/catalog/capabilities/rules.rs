//! What a capability is.

use std::sync::Arc;

use serde::Serialize;

use crate::shared::edit::Editable;
use crate::shared::form::{Form, HeaderPatch};
use crate::shared::ids::{Id, ObjectType};
use crate::shared::patch::Patch;
use crate::shared::record::{Header, Record, Reference};
use crate::snapshot::{Catalog, Table, name_key};

/// What the business is able to do; capabilities form a tree.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Capability {
    /// What every object has.
    #[serde(flatten)]
    pub header: Header,
    /// What it means.
    pub description: Option<String>,
    /// The capability above.
    pub parent_id: Option<Id<Capability>>,
}

impl Record for Capability {
    const TYPE: ObjectType = ObjectType::BusinessCapability;

    fn header(&self) -> &Header {
        &self.header
    }

    fn header_mut(&mut self) -> &mut Header {
        &mut self.header
    }

    fn references(&self) -> Vec<Reference> {
        Reference::maybe("parentId", self.parent_id)
            .into_iter()
            .collect()
    }

    fn parent(&self) -> Option<Id<Self>> {
        self.parent_id
    }

    fn table(catalog: &Catalog) -> &Table<Self> {
        &catalog.capabilities
    }

    fn table_mut(catalog: &mut Catalog) -> &mut Table<Self> {
        &mut catalog.capabilities
    }

    fn reindex(catalog: &mut Catalog, old: Option<&Arc<Self>>, new: Option<&Arc<Self>>) {
        let index = &mut catalog.subcapabilities;
        if let Some(old) = old
            && let Some(parent) = old.parent_id
        {
            index.remove(parent, name_key(old.as_ref()), old.header.id);
        }
        if let Some(new) = new
            && let Some(parent) = new.parent_id
        {
            index.insert(parent, name_key(new.as_ref()), new.header.id);
        }
    }
}

/// A partial change of a capability.
#[derive(Clone, Debug, Default)]
pub struct CapabilityPatch {
    /// Name, slug, annotations.
    pub header: HeaderPatch,
    /// What it means.
    pub description: Patch<String>,
    /// The id of the capability above.
    pub parent_id: Patch<String>,
}

impl Editable for Capability {
    type Patch = CapabilityPatch;

    fn blank(header: Header) -> Self {
        Self {
            header,
            description: None,
            parent_id: None,
        }
    }

    fn apply(&mut self, patch: CapabilityPatch, form: &mut Form<'_>) {
        form.header::<Self>(patch.header, &mut self.header);
        form.optional_text("description", patch.description, &mut self.description);
        form.reference(
            "parentId",
            patch.parent_id,
            &mut self.parent_id,
            &mut self.header,
        );
        form.parent(self.id(), self.parent_id);
    }
}
