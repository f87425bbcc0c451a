//! Feedback of the demo: what people say of the requests that were played, by the rules.

use std::collections::HashMap;

use anyhow::{Context, anyhow};
use entity::service_request;
use jiff::{SignedDuration, Timestamp};
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder};
use serde::Deserialize;
use serde_json::Map;

use crate::demand::feedback::rules::{Feedback, Giver, Plan, Wanted, plan};
use crate::demand::feedback::store;
use crate::requests::rules::{ServiceRequest, Status};
use crate::requests::store::RequestRow;
use crate::shared::diff::diff;
use crate::shared::draft::ChangeKind;
use crate::shared::record::Record;
use crate::shared::work::WorkTransaction;
use crate::shared::write::Author;
use crate::snapshot::{Catalog, Replica};

const MOODS: &str = include_str!("feedback.toml");
/// Of so many requests in a row one is not judged.
const SILENT: usize = 4;
/// So long after a request has ended people say what they think of it.
const LATER: SignedDuration = SignedDuration::from_hours(7);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Moods {
    mood: Vec<Mood>,
}

/// What people say of a service, in turn.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Mood {
    /// Its slug; absent: whatever has no mood of its own.
    service: Option<String>,
    scores: Vec<i32>,
    comments: Vec<String>,
}

/// Has people say what they think of the requests that have ended.
pub(super) async fn play(replica: &Replica, author: &Author, now: Timestamp) -> anyhow::Result<()> {
    let moods: Moods = toml::from_str(MOODS).context("the demo's feedback can't be read")?;
    let catalog = replica.current();
    let mut turns: HashMap<_, usize> = HashMap::new();
    let mut all = Vec::new();
    for request in ended(replica).await? {
        let turn = turns.entry(request.service_id).or_default();
        *turn += 1;
        let said_at = request.updated_at.checked_add(LATER)?;
        if *turn % SILENT == 0 || said_at >= now {
            continue;
        }
        let mood = mood_of(&moods, &catalog, &request)?;
        all.push((request.id, said(mood, *turn, &request, &catalog, said_at)?));
    }
    let mut work = WorkTransaction::begin(replica, author, now).await?;
    let said = || all.iter().map(|(_, feedback)| feedback);
    work.add(store::inserts(said()));
    let latest = all.iter().map(|(request, feedback)| (*request, feedback));
    work.add(store::latest_inserts(latest));
    for feedback in said() {
        let created = diff(&Map::new(), &feedback.fields());
        work.record(feedback.subject(), ChangeKind::Created, created);
    }
    work.commit().await?;
    Ok(())
}

/// The requests that have come to something, those that ended first first.
async fn ended(replica: &Replica) -> anyhow::Result<Vec<ServiceRequest>> {
    let ends = [Status::Fulfilled, Status::Declined].map(|status| status.to_string());
    let rows = RequestRow::find()
        .filter(service_request::Column::Status.is_in(ends))
        .order_by_asc(service_request::Column::UpdatedAt)
        .order_by_asc(service_request::Column::Id)
        .into_model::<RequestRow>()
        .all(&replica.database().read)
        .await?;
    let requests: Result<Vec<_>, _> = rows.into_iter().map(ServiceRequest::try_from).collect();
    Ok(requests?)
}

fn mood_of<'a>(
    moods: &'a Moods,
    catalog: &Catalog,
    request: &ServiceRequest,
) -> anyhow::Result<&'a Mood> {
    let service = catalog.get(request.service_id);
    let slug = service.map(|service| service.header().slug.as_str());
    let own = moods
        .mood
        .iter()
        .find(|mood| mood.service.as_deref() == slug);
    let any = || moods.mood.iter().find(|mood| mood.service.is_none());
    own.or_else(any).context("there is no mood for all")
}

fn said(
    mood: &Mood,
    turn: usize,
    request: &ServiceRequest,
    catalog: &Catalog,
    at: Timestamp,
) -> anyhow::Result<Feedback> {
    let score = mood.scores.iter().cycle().nth(turn - 1);
    let wanted = Wanted {
        service_id: request.service_id.to_string(),
        service_request_id: Some(request.subject().to_string()),
        customer_id: None,
        score: *score.context("a mood has no scores")?,
        comment: mood.comments.iter().cycle().nth(turn - 1).cloned(),
    };
    let giver = Giver {
        subject: request.submitted_by.clone(),
        customer: request.customer_id,
        speaks_for_all: false,
        sees_catalog: true,
    };
    match plan(&wanted, &giver, (Some(request), None), catalog, at) {
        Ok(Plan::Give(feedback) | Plan::Change(feedback) | Plan::Keep(feedback)) => Ok(feedback),
        Err(refusals) => Err(anyhow!(
            "the feedback on {} does not fit: {refusals:?}",
            request.number
        )),
    }
}
