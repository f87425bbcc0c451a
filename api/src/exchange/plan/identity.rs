//! Which object of the catalog a document means.

use std::sync::Arc;

use super::{
    fields::Importable,
    item::{Identity, Item},
};
use crate::{
    exchange::backstage::EntityRef,
    shared::{draft::Draft, record::Record},
};

/// What a document is recognised by.
pub(super) struct Recognised<'a> {
    pub(super) origin: Option<&'a str>,
    pub(super) slug: &'a str,
}

pub(super) fn recognised(item: &Item) -> Recognised<'_> {
    Recognised {
        origin: item.identity.origin.as_deref(),
        slug: &item.identity.slug,
    }
}

/// The object that the document means, if it is there: the one with its origin, else one with its slug that could be it.
pub(super) fn existing<T: Importable>(item: &Item, draft: &Draft) -> Option<Arc<T>> {
    let Recognised { origin, slug } = recognised(item);
    let table = T::table(draft.catalog());
    if let Some(known) = origin.and_then(|origin| table.by_origin(origin)) {
        return Some(Arc::clone(known));
    }
    let namesake = table.by_slug(slug)?;
    let fits = !item.is_merged() || is_unclaimed(namesake.as_ref(), origin);
    fits.then(|| Arc::clone(namesake))
}

/// Whether an object that no import brought could be what Backstage has under an origin.
pub(super) fn is_unclaimed<T: Importable>(record: &T, origin: Option<&str>) -> bool {
    let kind = origin
        .and_then(EntityRef::from_origin)
        .map(|reference| reference.kind);
    record.header().origin.is_none() && kind.is_none_or(|kind| record.could_be(&kind))
}

/// A slug for a new object: the wished-for one, with its suffix where another object has that, with a number where
/// that is taken as well.
pub(super) fn new_slug<T: Record>(identity: &Identity, draft: &Draft) -> String {
    let table = T::table(draft.catalog());
    if !identity.slug.is_empty() && table.by_slug(&identity.slug).is_none() {
        return identity.slug.clone();
    }
    let wish = format!("{} {}", identity.slug, identity.suffix);
    draft.free_slug::<T>(&wish, uuid::Uuid::nil())
}
