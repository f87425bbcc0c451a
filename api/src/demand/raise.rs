//! Raising demands: once for each key, however often it is tried.

use sea_orm::DbErr;
use serde_json::Map;
use uuid::Uuid;

use super::access::Party;
use super::fields::{NewDemand, plan};
use super::rules::{Demand, DemandNumber};
use super::store;
use crate::shared::diff::diff;
use crate::shared::draft::ChangeKind;
use crate::shared::errors::UserErrors;
use crate::shared::idempotency::{self, Key};
use crate::shared::work::{Attempt, Attempts, WorkTransaction};
use crate::shared::write::{Author, WriteError, now};
use crate::snapshot::Replica;

/// A demand to be raised, and the key under which it may be sent again.
#[derive(Clone, Debug)]
pub struct Raised {
    /// What is said of it.
    pub new: NewDemand,
    /// The key, where one was given.
    pub key: Option<Key>,
}

/// The demand that it became.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The demand.
    pub demand: Demand,
    /// Whether it was raised before, under the same key.
    pub replayed: bool,
    /// The last change, where it is new.
    pub sequence: Option<i64>,
}

/// Raises a demand.
pub async fn raise(
    replica: &Replica,
    author: &Author,
    party: &Party,
    raised: &Raised,
) -> Result<Result<Outcome, UserErrors>, WriteError> {
    let mut attempts = Attempts::new(replica);
    loop {
        let is_fresh = attempts.next().await?;
        if is_fresh && let Some(earlier) = earlier(replica, raised.key.as_ref()).await? {
            return Ok(earlier);
        }
        let attempt = match attempt(replica, author, party, raised).await {
            // What a snapshot that may be behind refuses is looked at again, and so is what may have been raised before.
            Ok(Tried::Refused(_) | Tried::Beyond(_)) if !is_fresh => Ok(Attempt::Overtaken),
            Ok(Tried::Overtaken) => Ok(Attempt::Overtaken),
            tried => tried.map(Attempt::Done),
        };
        match Attempt::settled(attempt)? {
            Some(Tried::Raised(outcome)) => return Ok(Ok(*outcome)),
            Some(Tried::Refused(refusals)) => return Ok(Err(refusals)),
            Some(Tried::Beyond(what)) => return Err(WriteError::Beyond(what)),
            Some(Tried::Overtaken) | None => {}
        }
    }
}

enum Tried {
    Raised(Box<Outcome>),
    Refused(UserErrors),
    Beyond(String),
    Overtaken,
}

async fn attempt(
    replica: &Replica,
    author: &Author,
    party: &Party,
    raised: &Raised,
) -> Result<Tried, DbErr> {
    let (now, catalog) = (now(), replica.current());
    let mut demand = match plan(&raised.new, party, &catalog, now) {
        Ok(demand) => demand,
        Err(refusals) => return Ok(Tried::Refused(refusals)),
    };
    if !party.may_raise_for(&catalog, demand.customer_id) {
        let customer = catalog.get(demand.customer_id);
        let slug = customer.map_or("", |customer| &customer.header.slug);
        return Ok(Tried::Beyond(format!("demand of the customer `{slug}`")));
    }
    let mut work = WorkTransaction::begin(replica, author, now).await?;
    let keys: Vec<(&Key, Uuid)> = raised.key.iter().map(|key| (key, demand.id)).collect();
    if !idempotency::take(work.connection(), &keys, now).await?
        || !work
            .guard(&catalog, raised.new.fields.named(&demand))
            .await?
    {
        work.give_up().await?;
        return Ok(Tried::Overtaken);
    }
    for number in work.next_numbers("demand", 1).await? {
        demand.number = DemandNumber(number);
    }
    work.add(store::inserts([&demand]));
    let diff = diff(&Map::new(), &demand.fields());
    work.record(demand.subject(), ChangeKind::Created, diff);
    let sequence = work.commit().await?;
    Ok(Tried::Raised(Box::new(Outcome {
        demand,
        replayed: false,
        sequence,
    })))
}

/// What was raised under the key before, if anything was.
async fn earlier(
    replica: &Replica,
    key: Option<&Key>,
) -> Result<Option<Result<Outcome, UserErrors>>, DbErr> {
    let Some(key) = key else {
        return Ok(None);
    };
    let database = &replica.database().write;
    let known = idempotency::find(database, &[key]).await?;
    let Some(known) = known.get(&key.key) else {
        return Ok(None);
    };
    let id = match key.earlier(known) {
        Ok(id) => id,
        Err(conflict) => return Ok(Some(Err(vec![conflict]))),
    };
    match store::by_id(database, id).await? {
        Some(demand) => Ok(Some(Ok(Outcome {
            demand,
            replayed: true,
            sequence: None,
        }))),
        None => Err(DbErr::RecordNotFound(format!("demand {id}"))),
    }
}
