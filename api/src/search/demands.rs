//! Demands as documents. They are in the database only.

use entity::demand::{Column, Entity, Model};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};
use uuid::Uuid;

use super::documents::Kind;
use super::index::Document;
use crate::demand::access::Visible;
use crate::shared::store::CHUNK;

/// The mark of demands that nothing has met and nobody has declined.
pub const OPEN: &str = "open";
/// The states in which a demand is open.
const OPEN_STATES: [&str; 2] = ["OPEN", "PLANNED"];

/// The mark of demands that somebody with this subject raised.
fn by_subject(subject: &str) -> String {
    format!("by:{subject}")
}

/// The mark of demands that this person raised.
fn by_person(person: Uuid) -> String {
    format!("raiser:{}", person.simple())
}

/// The mark of a customer's demands.
pub fn of_customer(customer: Uuid) -> String {
    format!("customer:{}", customer.simple())
}

/// These demands, as marks of documents: each has all marks of one of the lists.
pub fn marks(visible: &Visible) -> Vec<Vec<String>> {
    match visible {
        Visible::All => vec![vec![Kind::Demand.mark()]],
        Visible::Own {
            subject,
            person,
            customer,
        } => {
            let marks = [
                Some(by_subject(subject)),
                person.map(by_person),
                customer.map(of_customer),
            ];
            let marks = marks.into_iter().flatten();
            marks.map(|mark| vec![Kind::Demand.mark(), mark]).collect()
        }
        Visible::Nothing => Vec::new(),
    }
}

fn document(row: Model) -> Document {
    let mut marks = vec![
        Kind::Demand.mark(),
        by_subject(&row.submitted_by),
        of_customer(row.customer_id),
    ];
    marks.extend(row.raised_by_id.map(by_person));
    if OPEN_STATES.contains(&row.status.as_str()) {
        marks.push(OPEN.to_owned());
    }
    Document {
        kind: Kind::Demand as u64,
        id: row.id,
        name: row.title,
        keys: vec![format!("DEM-{}", row.number)],
        texts: row.description.into_iter().collect(),
        marks,
    }
}

/// These demands, as far as they are there.
pub(super) async fn some<C: ConnectionTrait>(
    connection: &C,
    keys: &[Uuid],
) -> Result<Vec<Document>, DbErr> {
    let mut found = Vec::with_capacity(keys.len());
    for keys in keys.chunks(CHUNK) {
        let rows = Entity::find().filter(Column::Id.is_in(keys.iter().copied()));
        found.extend(rows.all(connection).await?.into_iter().map(document));
    }
    Ok(found)
}

/// The demands after this key, a page of them in the order of keys; none where there are no more.
pub(super) async fn page<C: ConnectionTrait>(
    connection: &C,
    after: Option<Uuid>,
) -> Result<Vec<Document>, DbErr> {
    let mut rows = Entity::find().order_by_asc(Column::Id).limit(CHUNK as u64);
    if let Some(after) = after {
        rows = rows.filter(Column::Id.gt(after));
    }
    Ok(rows
        .all(connection)
        .await?
        .into_iter()
        .map(document)
        .collect())
}
