//! What a team is.

use std::sync::Arc;

use serde::Serialize;

use crate::shared::edit::Editable;
use crate::shared::form::{Form, HeaderPatch};
use crate::shared::ids::{Id, ObjectType};
use crate::shared::patch::Patch;
use crate::shared::record::{Header, Record, Reference};
use crate::snapshot::{Catalog, Table};

/// A team that delivers services.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Team {
    /// What every object has.
    #[serde(flatten)]
    pub header: Header,
    /// What it does.
    pub description: Option<String>,
    /// The team above.
    pub parent_id: Option<Id<Team>>,
}

impl Record for Team {
    const TYPE: ObjectType = ObjectType::Team;

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
        &catalog.teams
    }

    fn table_mut(catalog: &mut Catalog) -> &mut Table<Self> {
        &mut catalog.teams
    }

    fn reindex(_: &mut Catalog, _: Option<&Arc<Self>>, _: Option<&Arc<Self>>) {}
}

/// A partial change of a team.
#[derive(Clone, Debug, Default)]
pub struct TeamPatch {
    /// Name, slug, annotations.
    pub header: HeaderPatch,
    /// What it does.
    pub description: Patch<String>,
    /// The id of the team above.
    pub parent_id: Patch<String>,
}

impl Editable for Team {
    type Patch = TeamPatch;

    fn blank(header: Header) -> Self {
        Self {
            header,
            description: None,
            parent_id: None,
        }
    }

    fn apply(&mut self, patch: TeamPatch, form: &mut Form<'_>) {
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
