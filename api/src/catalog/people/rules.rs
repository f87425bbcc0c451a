//! What a person is.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::Serialize;

use crate::catalog::customers::rules::Customer;
use crate::catalog::teams::rules::Team;
use crate::shared::edit::Editable;
use crate::shared::errors::{UserError, UserErrorCode};
use crate::shared::form::{Form, HeaderPatch};
use crate::shared::ids::{Id, ObjectType};
use crate::shared::patch::Patch;
use crate::shared::record::{Header, Record, Reference};
use crate::snapshot::{Catalog, Table, name_key};

/// Somebody in the organisation, or an automation account.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Person {
    /// What every object has.
    #[serde(flatten)]
    pub header: Header,
    /// Where to write to.
    pub email: Option<String>,
    /// The `sub` of this person's access tokens; unique.
    pub subject: Option<String>,
    /// The customer this person belongs to.
    pub customer_id: Option<Id<Customer>>,
    /// The teams this person is in.
    pub team_ids: BTreeSet<Id<Team>>,
}

impl Record for Person {
    const TYPE: ObjectType = ObjectType::Person;

    fn header(&self) -> &Header {
        &self.header
    }

    fn header_mut(&mut self) -> &mut Header {
        &mut self.header
    }

    fn references(&self) -> Vec<Reference> {
        let teams = self
            .team_ids
            .iter()
            .map(|&team| Reference::to("teamIds", team));
        Reference::maybe("customerId", self.customer_id)
            .into_iter()
            .chain(teams)
            .collect()
    }

    fn unique_values(&self) -> Vec<(&'static str, Option<&str>)> {
        vec![
            ("origin", self.header.origin.as_deref()),
            ("subject", self.subject.as_deref()),
        ]
    }

    fn table(catalog: &Catalog) -> &Table<Self> {
        &catalog.people
    }

    fn table_mut(catalog: &mut Catalog) -> &mut Table<Self> {
        &mut catalog.people
    }

    fn reindex(catalog: &mut Catalog, old: Option<&Arc<Self>>, new: Option<&Arc<Self>>) {
        if let Some(old) = old {
            for &team in &old.team_ids {
                catalog
                    .members
                    .remove(team, name_key(old.as_ref()), old.header.id);
            }
            // Somebody else may have taken it over already.
            if let Some(subject) = &old.subject
                && catalog.subjects.get(subject.as_str()) == Some(&old.id())
            {
                catalog.subjects.remove(subject.as_str());
            }
        }
        if let Some(new) = new {
            for &team in &new.team_ids {
                catalog
                    .members
                    .insert(team, name_key(new.as_ref()), new.header.id);
            }
            if let Some(subject) = &new.subject {
                catalog.subjects.insert(subject.as_str().into(), new.id());
            }
        }
    }
}

/// A partial change of a person.
#[derive(Clone, Debug, Default)]
pub struct PersonPatch {
    /// Name, slug, annotations.
    pub header: HeaderPatch,
    /// Where to write to.
    pub email: Patch<String>,
    /// The `sub` of the person's access tokens.
    pub subject: Patch<String>,
    /// The customer's id.
    pub customer_id: Patch<String>,
    /// The teams' ids, all of them.
    pub team_ids: Patch<Vec<String>>,
}

impl Editable for Person {
    type Patch = PersonPatch;

    fn blank(header: Header) -> Self {
        Self {
            header,
            email: None,
            subject: None,
            customer_id: None,
            team_ids: BTreeSet::new(),
        }
    }

    fn apply(&mut self, patch: PersonPatch, form: &mut Form<'_>) {
        form.header::<Self>(patch.header, &mut self.header);
        form.optional_line("email", patch.email, &mut self.email);
        check_email(form, self.email.as_deref());
        form.optional_line("subject", patch.subject, &mut self.subject);
        self.check_subject(form);
        form.reference(
            "customerId",
            patch.customer_id,
            &mut self.customer_id,
            &mut self.header,
        );
        match patch.team_ids {
            Patch::Keep => {}
            Patch::Clear => self.join(BTreeSet::new()),
            Patch::Set(ids) => {
                let teams = ids
                    .iter()
                    .enumerate()
                    .filter_map(|(index, id)| form.find(&["teamIds", &index.to_string()], id))
                    .collect();
                self.join(teams);
            }
        }
    }
}

impl Person {
    /// Puts the person into exactly these teams, whatever an import wanted.
    fn join(&mut self, teams: BTreeSet<Id<Team>>) {
        self.team_ids = teams;
        self.header
            .unresolved
            .retain(|wanted| wanted.field != "teamIds");
    }

    fn check_subject(&self, form: &mut Form<'_>) {
        let Some(subject) = &self.subject else { return };
        let other = form
            .draft()
            .catalog()
            .person_by_subject(subject)
            .filter(|other| other.header.id != self.header.id)
            .map(|other| other.header.slug.clone());
        if let Some(other) = other {
            let message = format!("{subject:?} is the subject of the person `{other}` already");
            form.refuse(UserError::new(
                UserErrorCode::AlreadyExists,
                "subject",
                message,
            ));
        }
    }
}

/// That an address has something on both sides of one `@` and no blanks: more can only be known by writing to it.
fn check_email(form: &mut Form<'_>, email: Option<&str>) {
    let Some(email) = email else { return };
    let plausible = email
        .rsplit_once('@')
        .is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty())
        && !email.contains(char::is_whitespace);
    if !plausible {
        form.invalid(
            "email",
            format!("{email:?} is not an address like `ada@example.org`"),
        );
    }
}
