//! What a snapshot takes over from the database: all of it, or what has changed since.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::str::FromStr;
use std::sync::Arc;

use entity::change;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait, QueryFilter,
    QueryOrder, QuerySelect,
};
use uuid::Uuid;

use super::catalog::Catalog;
use super::replica::ReplicaError;
use crate::for_type;
use crate::shared::dialect;
use crate::shared::ids::{Id, ObjectType};
use crate::shared::record::Record;
use crate::shared::store::{Stored, Which, load};
use crate::shared::subject::{SubjectRef, SubjectType, WorkType};

/// The work of which changes are told though the snapshot doesn't hold it: what is searched for.
const TOLD: [WorkType; 1] = [WorkType::Demand];

/// The whole catalog, as this transaction sees it.
pub(super) async fn read_all(transaction: &DatabaseTransaction) -> Result<Catalog, ReplicaError> {
    let mut catalog = Catalog::default();
    for kind in <ObjectType as strum::IntoEnumIterator>::iter() {
        for_type!(kind, T => put_all::<T>(transaction, Which::All, &mut catalog).await?);
    }
    catalog.position = catalog
        .position
        .then(dialect::feed_extent(transaction).await?);
    Ok(catalog)
}

/// The catalog with everything that has been committed since, and what that was about; none where nothing has.
///
/// Every change that the transaction sees and the snapshot lacks is taken in, also those of transactions that overtook
/// one that is still running. The objects are then read in the same transaction, so that the result is the database
/// as it was at one moment. Each change is read once: however long a transaction keeps the feed's end back, a round reads
/// what was committed since the last one.
pub(super) async fn read_changes(
    transaction: &DatabaseTransaction,
    now: &Catalog,
) -> Result<Option<(Catalog, Vec<SubjectRef>)>, ReplicaError> {
    let position = now.position.then(dialect::feed_extent(transaction).await?);
    if position == now.position {
        return Ok(None);
    }
    let (ended, from) = now.position.lacks(&position);
    let mut changed = changed(
        transaction,
        Condition::all().add(change::Column::Sequence.gte(from)),
    )
    .await?;
    if !ended.is_empty() {
        let ended = ended
            .into_iter()
            .map(|(first, last)| change::Column::Sequence.between(first, last));
        let theirs = ended.fold(Condition::any(), Condition::add);
        changed.extend(self::changed(transaction, theirs).await?);
    }
    let mut subjects: BTreeMap<ObjectType, BTreeSet<Uuid>> = BTreeMap::new();
    let mut touched = Vec::with_capacity(changed.len());
    for (name, id) in changed {
        let Ok(kind) = SubjectType::from_str(&name) else {
            return Err(ReplicaError::UnknownType(name));
        };
        touched.push(SubjectRef { kind, id });
        if let SubjectType::Catalog(kind) = kind {
            subjects.entry(kind).or_default().insert(id);
        }
    }
    let mut next = now.clone();
    next.position = position;
    next.generation += 1;
    for (kind, ids) in subjects {
        let ids: Vec<Uuid> = ids.into_iter().collect();
        for_type!(kind, T => put_all::<T>(transaction, Which::Keys(&ids), &mut next).await?);
    }
    Ok(Some((next, touched)))
}

/// What these changes are of, without work but what is searched for: it is read from the database whenever it is asked for.
async fn changed(
    transaction: &DatabaseTransaction,
    which: Condition,
) -> Result<Vec<(String, Uuid)>, DbErr> {
    let work = <WorkType as strum::IntoEnumIterator>::iter()
        .filter(|kind| !TOLD.contains(kind))
        .map(|kind| kind.to_string());
    change::Entity::find()
        .select_only()
        .columns([change::Column::SubjectType, change::Column::SubjectId])
        .filter(which)
        .filter(change::Column::SubjectType.is_not_in(work))
        .order_by_asc(change::Column::Sequence)
        .into_tuple()
        .all(transaction)
        .await
}

/// Takes these records over from the database; a key that has no row any more is removed.
async fn put_all<T: Stored>(
    connection: &impl ConnectionTrait,
    which: Which<'_>,
    catalog: &mut Catalog,
) -> Result<(), DbErr> {
    let records = load::<T, _>(connection, which).await?;
    if let Which::Keys(keys) = which {
        let slugs: HashMap<Uuid, &str> = records.iter().map(slug).collect();
        for &key in keys {
            let id = Id::<T>::new(key);
            let known = catalog.get(id).map(|known| slug(known.as_ref()).1);
            // Removed first, so that whoever took over a slug finds it free. Others are only replaced: what rests on
            // that part of them that did not change stays.
            if slugs.get(&key).copied() != known {
                catalog.remove(id);
            }
        }
    }
    for record in records {
        catalog.put(Arc::new(record));
    }
    Ok(())
}

fn slug<T: Record>(record: &T) -> (Uuid, &str) {
    let header = record.header();
    (header.id, &header.slug)
}
