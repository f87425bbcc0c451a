//! The rows of what a plan changes.

use std::sync::Arc;

use sea_orm::sea_query::{LockType, Query};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait,
    QueryFilter, QuerySelect,
};
use uuid::Uuid;

use crate::for_type;
use crate::shared::dialect::MAX_BINDINGS;
use crate::shared::draft::{Draft, Edit};
use crate::shared::ids::{Id, ObjectRef, ObjectType};
use crate::shared::store::{CHUNK, Stored};
use crate::snapshot::Catalog;

/// Writes all rows in an order in which every reference finds its target. False where a version is not the expected one.
pub(super) async fn apply(transaction: &DatabaseTransaction, draft: &Draft) -> Result<bool, DbErr> {
    let types = || <ObjectType as strum::IntoEnumIterator>::iter();
    if !are_unchanged(transaction, draft.base(), draft.guarded()).await? {
        return Ok(false);
    }
    for kind in types() {
        if !for_type!(kind, T => write_rows::<T>(transaction, draft).await?) {
            return Ok(false);
        }
    }
    for kind in types() {
        for_type!(kind, T => T::write_parts(transaction, &draft.edits::<T>()).await?);
    }
    for kind in types().rev() {
        if !for_type!(kind, T => delete_rows::<T>(transaction, draft).await?) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether objects that a plan only looked at are as they were in the snapshot that it was made on; it holds them so until the
/// commit.
pub(in crate::shared) async fn are_unchanged(
    transaction: &DatabaseTransaction,
    seen: &Catalog,
    objects: impl IntoIterator<Item = ObjectRef>,
) -> Result<bool, DbErr> {
    for object in objects {
        if !for_type!(object.kind, T => is_unchanged::<T>(transaction, seen, object).await?) {
            return Ok(false);
        }
    }
    Ok(true)
}

async fn is_unchanged<T: Stored>(
    transaction: &DatabaseTransaction,
    seen: &Catalog,
    object: ObjectRef,
) -> Result<bool, DbErr> {
    let Some(seen) = seen.get(Id::<T>::new(object.id)) else {
        return Ok(false);
    };
    let found = T::Entity::find()
        .select_only()
        .column(T::ID)
        .filter(T::ID.eq(object.id))
        .filter(T::VERSION.eq(seen.header().version))
        .lock(LockType::Share)
        .into_tuple::<Uuid>()
        .one(transaction)
        .await?;
    Ok(found.is_some())
}

async fn write_rows<T: Stored>(
    transaction: &DatabaseTransaction,
    draft: &Draft,
) -> Result<bool, DbErr> {
    let edits = draft.edits::<T>();
    free_unique_values(transaction, &edits).await?;
    let mut new: Vec<&Arc<T>> = edits
        .iter()
        .filter(|edit| edit.before.is_none())
        .filter_map(|edit| edit.after.as_ref())
        .collect();
    new.sort_by_cached_key(|record| depth(draft, record));
    let width = <<T::Entity as EntityTrait>::Column as sea_orm::Iterable>::iter().count();
    for chunk in new.chunks(CHUNK.min(MAX_BINDINGS / width)) {
        T::Entity::insert_many(chunk.iter().map(|record| record.to_row()))
            .exec_without_returning(transaction)
            .await?;
    }
    for edit in &edits {
        let (Some(before), Some(after)) = (&edit.before, &edit.after) else {
            continue;
        };
        let mut row = after.to_row();
        row.not_set(T::ID);
        let updated = T::Entity::update_many()
            .set(row)
            .filter(T::ID.eq(before.header().id))
            .filter(T::VERSION.eq(before.header().version))
            .exec(transaction)
            .await?;
        if updated.rows_affected != 1 {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Where values that must be unique change, the old owners let go of them first, so that one object can take over another's
/// in the same plan whatever the order of the rows.
async fn free_unique_values<T: Stored>(
    transaction: &DatabaseTransaction,
    edits: &[Edit<T>],
) -> Result<(), DbErr> {
    for edit in edits {
        let (Some(before), Some(after)) = (&edit.before, &edit.after) else {
            continue;
        };
        let slug_moves = before.header().slug != after.header().slug;
        if !slug_moves && before.unique_values() == after.unique_values() {
            continue;
        }
        let id = before.header().id;
        let mut park = Query::update();
        park.table(T::Entity::default()).and_where(T::ID.eq(id));
        if slug_moves {
            park.value("slug", format!("moving {id}"));
        }
        for (column, _) in before.unique_values() {
            park.value(column, Option::<String>::None);
        }
        transaction.execute(&park).await?;
    }
    Ok(())
}

/// How many parents an object has above it.
fn depth<T: Stored>(draft: &Draft, record: &Arc<T>) -> usize {
    draft.ancestors(record.parent()).count()
}

async fn delete_rows<T: Stored>(
    transaction: &DatabaseTransaction,
    draft: &Draft,
) -> Result<bool, DbErr> {
    for edit in draft.edits::<T>() {
        let (Some(before), None) = (&edit.before, &edit.after) else {
            continue;
        };
        let deleted = T::Entity::delete_many()
            .filter(T::ID.eq(before.header().id))
            .filter(T::VERSION.eq(before.header().version))
            .exec(transaction)
            .await?;
        if deleted.rows_affected != 1 {
            return Ok(false);
        }
    }
    Ok(true)
}
