//! Taking steps with demands in the database.

use sea_orm::DbErr;
use serde_json::json;
use uuid::Uuid;

use super::access::{Party, Visible};
use super::rules::Demand;
use super::steps::{self, Action, Wanted};
use super::store;
use crate::catalog::people::rules::Person;
use crate::shared::diff::diff;
use crate::shared::draft::ChangeKind;
use crate::shared::errors::{UserError, UserErrorCode, UserErrors};
use crate::shared::form::{find_in, not_found};
use crate::shared::ids::Id;
use crate::shared::subject::WorkType;
use crate::shared::work::{self, Tried, WorkTransaction};
use crate::shared::write::{Author, WriteError, now};
use crate::snapshot::{Catalog, Replica};

/// A step that was taken.
#[derive(Debug)]
pub struct Moved {
    /// The demand as it is now.
    pub demand: Demand,
    /// The change in the feed; none where there was nothing to change.
    pub sequence: Option<i64>,
}

/// Takes a step with the demand that a client's id names, for somebody who sees these demands.
pub async fn take(
    replica: &Replica,
    author: &Author,
    (visible, party): (&Visible, &Party),
    id: &str,
    wanted: &Wanted,
) -> Result<Result<Moved, UserErrors>, WriteError> {
    let attempt = |key| attempt(replica, author, (visible, party), key, wanted);
    work::take(replica, (WorkType::Demand, id), attempt).await
}

fn unchanged(demand: Demand) -> Tried<Moved> {
    Tried::Moved(Box::new(Moved {
        demand,
        sequence: None,
    }))
}

async fn attempt(
    replica: &Replica,
    author: &Author,
    (visible, party): (&Visible, &Party),
    key: Uuid,
    wanted: &Wanted,
) -> Result<Tried<Moved>, DbErr> {
    let found = store::by_id(&replica.database().read, key).await?;
    let Some(demand) = found.filter(|demand| visible.includes(demand)) else {
        return Ok(Tried::Unknown);
    };
    if !party.may_take(wanted.action.step(), &demand) {
        return Ok(Tried::Beyond(format!("demand {}", demand.number)));
    }
    let catalog = replica.current();
    let support = match Support::of(&wanted.action, party, &catalog) {
        Ok(support) => support,
        Err(refusals) => return Ok(Tried::Refused(refusals)),
    };
    if let Some(support) = &support {
        if !party.may_speak_for(support.person) {
            let what = format!("support of others for {}", demand.number);
            return Ok(Tried::Beyond(what));
        }
        let database = &replica.database().read;
        if store::is_supporter(database, key, support.person).await? == support.wanted {
            return Ok(unchanged(demand));
        }
    }
    let now = now();
    let next = match steps::take(&demand, wanted, party, &catalog, now) {
        Ok(next) => next,
        Err(refusals) => return Ok(Tried::Refused(refusals)),
    };
    if next == demand {
        return Ok(unchanged(demand));
    }
    let named = wanted.action.named(&next);
    let work = WorkTransaction::begin(replica, author, now).await?;
    if !work.guard(&catalog, named).await? {
        work.give_up().await?;
        return Ok(Tried::Overtaken);
    }
    commit(work, (&demand, next), support).await
}

/// Stores what a step made of a demand, unless another writer was faster.
async fn commit(
    mut work: WorkTransaction<'_>,
    (before, next): (&Demand, Demand),
    support: Option<Support>,
) -> Result<Tried<Moved>, DbErr> {
    if !store::update(work.connection(), &next, before.version).await? {
        work.give_up().await?;
        return Ok(Tried::Overtaken);
    }
    let mut diff = diff(&before.fields(), &next.fields());
    if let Some(Support { person, wanted }) = support {
        let change = if wanted {
            work.add(store::supporter_inserts([(
                next.id,
                person,
                next.updated_at,
            )]));
            json!({ "from": null, "to": [person] })
        } else {
            store::remove_supporter(work.connection(), next.id, person).await?;
            json!({ "from": [person], "to": null })
        };
        diff.insert("supporters".to_owned(), change);
    }
    work.record(next.subject(), ChangeKind::Updated, diff);
    let sequence = work.commit().await?;
    Ok(Tried::Moved(Box::new(Moved {
        demand: next,
        sequence,
    })))
}

/// Whose support comes or goes.
struct Support {
    person: Id<Person>,
    /// Whether it comes.
    wanted: bool,
}

impl Support {
    /// What an action does to support, if it is about that.
    fn of(action: &Action, party: &Party, catalog: &Catalog) -> Result<Option<Self>, UserErrors> {
        let (person, wanted) = match action {
            Action::Support(person) => (person, true),
            Action::WithdrawSupport(person) => (person, false),
            _ => return Ok(None),
        };
        let person = match person {
            Some(id) => {
                let found = find_in::<Person>(catalog, id);
                let known = found.filter(|person| party.knows_person(*person));
                known.ok_or_else(|| vec![not_found::<Person>(&["personId"], id)])?
            }
            None => party.person.ok_or_else(|| {
                let message = "is required: the catalog knows no person with your token's subject";
                vec![UserError::new(UserErrorCode::Invalid, "personId", message)]
            })?,
        };
        Ok(Some(Self { person, wanted }))
    }
}
