//! Who asks.

use std::sync::Arc;

use super::access::{self, Visibility};
use super::{Identity, Scope, Scopes};
use crate::catalog::people::rules::Person;
use crate::shared::authority::Authority;
use crate::shared::ids::Id;
use crate::shared::record::Record;
use crate::shared::request::RequestId;
use crate::shared::subject::SubjectType;
use crate::shared::write::Author;
use crate::snapshot::Catalog;

/// Who asks, for the whole of a request: somebody with a token, or an anonymous reader.
#[derive(Clone, Debug, Default)]
pub struct Viewer {
    identity: Option<Arc<Identity>>,
    scopes: Scopes,
    person: Option<Id<Person>>,
}

impl Viewer {
    /// The viewer that a verified token speaks for, or an anonymous one. Where anonymous reading is allowed everybody may
    /// read the catalog, whatever their token says.
    pub fn new(identity: Option<Arc<Identity>>, anonymous_read: bool, catalog: &Catalog) -> Self {
        let mut scopes = identity
            .as_ref()
            .map_or_else(Scopes::default, |identity| identity.scopes);
        if anonymous_read {
            scopes.insert(Scope::CatalogRead);
        }
        Self {
            person: person(identity.as_deref(), catalog),
            identity,
            scopes,
        }
    }

    /// The same viewer by what a newer catalog says of them.
    #[must_use]
    pub fn renewed(&self, catalog: &Catalog) -> Self {
        Self {
            identity: self.identity.clone(),
            scopes: self.scopes,
            person: person(self.identity.as_deref(), catalog),
        }
    }

    /// Whether a token says who it is.
    pub fn is_known(&self) -> bool {
        self.identity.is_some()
    }

    /// The token's subject; none for an anonymous reader.
    pub fn subject(&self) -> Option<&str> {
        self.identity.as_ref().map(|identity| &*identity.subject)
    }

    /// What the viewer may do.
    pub fn scopes(&self) -> Scopes {
        self.scopes
    }

    /// Whether the viewer may do what a scope is for.
    pub fn may(&self, scope: Scope) -> bool {
        self.scopes.contains(scope)
    }

    /// The person in the catalog whose subject the token has.
    pub fn person(&self) -> Option<Id<Person>> {
        self.person
    }

    /// Whether the viewer sees the catalog.
    pub fn sees_catalog(&self) -> bool {
        self.may(Scope::CatalogRead)
    }

    /// Whether the viewer sees anything of a type.
    pub fn sees(&self, kind: SubjectType) -> bool {
        match access::of_type(&kind.to_string()) {
            Some(Visibility::Scope(scope)) => self.may(scope),
            Some(Visibility::Either(one, other)) => self.may(one) || self.may(other),
            Some(Visibility::OwnOrAll(own, all)) => self.may(own) || self.may(all),
            Some(Visibility::OwnOrEither(own, one, other)) => {
                self.may(own) || self.may(one) || self.may(other)
            }
            Some(Visibility::Everybody) => true,
            Some(Visibility::WithSubject | Visibility::WithWhole) | None => false,
        }
    }

    /// What the viewer sees of a catalog: all of it, all but its shadow IT, nothing but that, or one as if nothing were there.
    pub fn visible(&self, catalog: Arc<Catalog>) -> Arc<Catalog> {
        match (self.sees_catalog(), self.may(Scope::InsightRead)) {
            (true, true) => catalog,
            (true, false) if catalog.sightings.is_empty() => catalog,
            (true, false) => Arc::new(catalog.without_shadow_it()),
            (false, true) => Arc::new(catalog.emptied_to_shadow_it()),
            (false, false) => Arc::new(catalog.emptied()),
        }
    }

    /// As the author of a change that comes with a request.
    pub fn author(&self, request: &RequestId) -> Author {
        let identity = self.identity.as_ref();
        Author {
            actor: identity.map_or_else(|| "anonymous".into(), |it| Arc::clone(&it.subject)),
            token_id: identity.and_then(|identity| identity.token_id.clone()),
            client_id: identity.and_then(|identity| identity.client_id.clone()),
            request_id: Some(Arc::clone(&request.0)),
            authority: self.authority(),
        }
    }

    fn authority(&self) -> Authority {
        match self.person {
            _ if self.may(Scope::CatalogWrite) => Authority::Everything,
            Some(person) => Authority::OwnServices(person),
            None => Authority::Nothing,
        }
    }
}

/// The person whose subject a token has.
fn person(identity: Option<&Identity>, catalog: &Catalog) -> Option<Id<Person>> {
    let person = catalog.person_by_subject(&identity?.subject)?;
    Some(person.id())
}
