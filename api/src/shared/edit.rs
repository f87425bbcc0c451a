//! Create, update and delete, the same for every type.

use std::sync::Arc;

use super::draft::Draft;
use super::errors::{UserError, UserErrorCode, UserErrors, check_version};
use super::form::{Form, not_found};
use super::ids::{Id, ObjectRef, ObjectType};
use super::record::{Header, Record};
use crate::snapshot::Catalog;

/// A type that clients create, update and delete.
pub trait Editable: Record {
    /// A partial change of it.
    type Patch;

    /// A new one before anything is known of it.
    fn blank(header: Header) -> Self;

    /// Applies a change, telling the form everything that is wrong with it.
    fn apply(&mut self, patch: Self::Patch, form: &mut Form<'_>);
}

/// Plans a new object.
pub fn create<T: Editable>(draft: &mut Draft, patch: T::Patch) -> Result<Id<T>, UserErrors> {
    let record = T::blank(draft.new_header());
    apply(draft, record, patch)
}

/// Plans a change of an object that nobody else may have changed since `expected_version`, if that is given.
pub fn update<T: Editable>(
    draft: &mut Draft,
    id: &str,
    expected_version: Option<i32>,
    patch: T::Patch,
) -> Result<Id<T>, UserErrors> {
    let record = existing::<T>(draft, "id", id, expected_version)?;
    apply(draft, record, patch)
}

/// Applies a change to a record and plans the result.
pub fn apply<T: Editable>(
    draft: &mut Draft,
    mut record: T,
    patch: T::Patch,
) -> Result<Id<T>, UserErrors> {
    let id = record.id();
    let mut form = Form::new(draft);
    record.apply(patch, &mut form);
    form.finish()?;
    draft.put(record);
    Ok(id)
}

/// Plans that an object goes, which others must not refer to.
pub fn delete<T: Record>(
    draft: &mut Draft,
    id: &str,
    expected_version: Option<i32>,
) -> Result<Id<T>, UserErrors> {
    let id = existing::<T>(draft, "id", id, expected_version)?.id();
    let users: Vec<ObjectRef> = draft
        .catalog()
        .referrers(id.any())
        .map(|referrer| referrer.source)
        .filter(|source| *source != id.any())
        .collect();
    if !users.is_empty() {
        return Err(vec![in_use(draft, id, users)]);
    }
    draft.remove(id);
    Ok(id)
}

/// The stored object to change, if it is there and still has the expected version.
pub fn existing<T: Record>(
    draft: &mut Draft,
    field: &str,
    id: &str,
    expected_version: Option<i32>,
) -> Result<T, UserErrors> {
    let record = id
        .parse::<ObjectRef>()
        .ok()
        .filter(|object| object.kind == T::TYPE)
        .and_then(|object| draft.get::<T>(Id::new(object.id)))
        .map(Arc::clone)
        .ok_or_else(|| vec![not_found::<T>(&[field], id)])?;
    draft.open(record.id().any());
    let name = format_args!("the {} `{}`", T::TYPE.words(), record.header().slug);
    check_version(name, record.header().version, expected_version)?;
    Ok(T::clone(&record))
}

/// How many users an `IN_USE` message names.
const NAMED_USERS: usize = 5;

/// Who uses an object. Not everybody who may delete it sees shadow IT: that there is some has to be said, but not which.
fn user_in_words(catalog: &Catalog, user: ObjectRef) -> String {
    match user.kind {
        ObjectType::ShadowItSighting => format!("a {}", user.kind.words()),
        _ => catalog.describe(user),
    }
}

fn in_use<T: Record>(draft: &Draft, id: Id<T>, mut users: Vec<ObjectRef>) -> UserError {
    users.dedup();
    let catalog = draft.catalog();
    let mut names: Vec<String> = users
        .iter()
        .take(NAMED_USERS)
        .map(|&user| user_in_words(catalog, user))
        .collect();
    if users.len() > NAMED_USERS {
        names.push(format!("{} more", users.len() - NAMED_USERS));
    }
    UserError::new(
        UserErrorCode::InUse,
        "id",
        format!(
            "the {} is still used by {}",
            catalog.describe(id.any()),
            names.join(", ")
        ),
    )
}
