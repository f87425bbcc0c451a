//! Feedback of the demo: what people say of the requests that were played, by the rules.

use std::collections::HashMap;

use anyhow::{Context, anyhow};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use uuid::Uuid;

use super::feed::Feed;
use crate::demand::feedback::rules::{Feedback, Giver, Plan, Wanted, plan};
use crate::demand::feedback::store;
use crate::requests::rules::{ServiceRequest, Status};
use crate::shared::record::Record;
use crate::shared::work::WorkTransaction;
use crate::snapshot::Catalog;

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

/// Has people say what they think of requests that have ended: feedback, each with its request.
pub(super) fn play<'a>(
    requests: impl Iterator<Item = &'a ServiceRequest>,
    catalog: &Catalog,
    now: Timestamp,
) -> anyhow::Result<Vec<(Uuid, Feedback)>> {
    let moods: Moods = toml::from_str(MOODS).context("the demo's feedback can't be read")?;
    let mut ended: Vec<_> = requests
        .filter(|request| matches!(request.status, Status::Fulfilled | Status::Declined))
        .collect();
    ended.sort_by_key(|request| (request.updated_at, request.id));
    let mut turns: HashMap<_, usize> = HashMap::new();
    let mut all = Vec::new();
    for request in ended {
        let turn = turns.entry(request.service_id).or_default();
        *turn += 1;
        let said_at = request.updated_at.checked_add(LATER)?;
        if *turn % SILENT == 0 || said_at >= now {
            continue;
        }
        let mood = mood_of(&moods, catalog, request)?;
        all.push((request.id, said(mood, *turn, request, catalog, said_at)?));
    }
    Ok(all)
}

/// Stores it with what the feed tells of it.
pub(super) fn store(work: &mut WorkTransaction<'_>, feed: &mut Feed, all: &[(Uuid, Feedback)]) {
    work.add(store::inserts(all.iter().map(|(_, feedback)| feedback)));
    let latest = all.iter().map(|(request, feedback)| (*request, feedback));
    work.add(store::latest_inserts(latest));
    for (_, feedback) in all {
        let by = (&*feedback.given_by, feedback.created_at);
        feed.created(feedback.subject(), by, &feedback.fields());
    }
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
