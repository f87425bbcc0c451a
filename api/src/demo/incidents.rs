//! Incidents of the demo, played by the rules.

use anyhow::{Context, anyhow, ensure};
use jiff::{SignedDuration, Timestamp};

use super::feed::Feed;
use super::stories::{self, StoryIncident};
use crate::catalog::services::rules::Service;
use crate::incidents::clocks::{promised, start, story};
use crate::incidents::reporting::{NewIncident, Report, plan};
use crate::incidents::rules::{Event, IncidentNumber};
use crate::incidents::steps::{self, Wanted};
use crate::incidents::store;
use crate::shared::errors::UserErrors;
use crate::shared::record::Record;
use crate::shared::work::WorkTransaction;
use crate::slas::clocks::choosing::calendars;
use crate::slas::clocks::rules::{StoredClock, breaches_at, due_at};
use crate::slas::clocks::store as clocks;
use crate::snapshot::{Catalog, Replica};

/// How long after its beginning an incident is reported.
const NOTICED_AFTER: SignedDuration = SignedDuration::from_mins(4);

/// An incident with all that happened to it.
pub(super) struct Played {
    new: NewIncident,
    /// The incident before each of its steps.
    before: Vec<NewIncident>,
    events: Vec<Event>,
    clocks: Vec<StoredClock>,
}

/// Lets everything break that breaks until an instant: what comes of it, in the order of the reports.
pub(super) async fn play(replica: &Replica, now: Timestamp) -> anyhow::Result<Vec<Played>> {
    let catalog = replica.current();
    let mut all = Vec::new();
    for story in stories::incidents()? {
        let played = tell(replica, &catalog, &story, now).await;
        all.push(played.with_context(|| format!("the incident {:?}", story.title))?);
    }
    all.sort_by_key(|played| played.new.incident.created_at);
    Ok(all)
}

/// Stores them with what the feed tells of them.
pub(super) async fn store(
    work: &mut WorkTransaction<'_>,
    feed: &mut Feed,
    all: &mut [Played],
) -> anyhow::Result<()> {
    let numbers = work.next_numbers("incident", all.len()).await?;
    for (played, number) in all.iter_mut().zip(numbers) {
        for new in played.before.iter_mut().chain([&mut played.new]) {
            new.incident.number = IncidentNumber(number);
        }
        work.add(store::inserts(&played.new));
        for event in &played.events {
            work.add(store::event_inserts(event));
        }
        work.add(clocks::inserts(&played.clocks));
        let subject = played.new.incident.subject();
        let states = played.before.iter().chain([&played.new]);
        let events = played.events.iter();
        let steps = events.map(|event| (&*event.actor, event.at));
        feed.lived(subject, states.map(NewIncident::fields), steps);
        let reported_at = played.new.incident.created_at;
        feed.warned(subject, reported_at, &played.clocks);
    }
    Ok(())
}

async fn tell(
    replica: &Replica,
    catalog: &Catalog,
    told: &StoryIncident,
    now: Timestamp,
) -> anyhow::Result<Played> {
    let started_at = now.checked_sub(told.ago()?)?;
    let reported_at = started_at.checked_add(NOTICED_AFTER)?;
    let services = told.services.iter().map(|slug| {
        let service = Service::table(catalog).by_slug(slug);
        let service = service.with_context(|| format!("no service `{slug}`"))?;
        anyhow::Ok(service.id().to_string())
    });
    let report = Report {
        title: told.title.clone(),
        severity: told.severity()?,
        service_ids: services.collect::<Result<_, _>>()?,
        started_at: Some(started_at),
    };
    let mut new = plan(&report, &told.reported_by, catalog, reported_at).map_err(refused)?;
    let contents = replica.calendars();
    for service in &new.services {
        let calendars = calendars(catalog, *service);
        contents.store(&replica.database().write, calendars).await?;
    }
    let promised = promised(catalog, contents, &new.incident, &new.services)?;
    let started = start(contents, &new.incident, promised);
    let mut events = vec![new.first_event()];
    let mut before = Vec::new();
    for (step, after) in told.steps()? {
        let at = reported_at.checked_add(after)?;
        if at >= now {
            break;
        }
        let wanted = Wanted {
            step,
            comment: told.comment.clone().filter(|_| told.is_last(step)),
            expected_version: None,
        };
        let taken = steps::take(&new.incident, &wanted, (&told.by, at)).map_err(refused)?;
        before.push(new.clone());
        new.incident = taken.0;
        events.push(taken.1);
    }
    let clocks = worked_out(replica, &new, started, now)?;
    new.incident.due_at = due_at(&clocks);
    new.incident.breaches_at = breaches_at(&clocks);
    Ok(Played {
        new,
        before,
        events,
        clocks,
    })
}

fn worked_out(
    replica: &Replica,
    new: &NewIncident,
    clocks: Vec<StoredClock>,
    now: Timestamp,
) -> anyhow::Result<Vec<StoredClock>> {
    let contents = replica.calendars();
    let hashes = clocks.iter().flat_map(StoredClock::calendars);
    let (known, unknown) = contents.met(hashes);
    ensure!(unknown.is_empty(), "a calendar that was not met");
    let incident = &new.incident;
    let clocks = clocks.into_iter().map(|clock| {
        let story = story(incident, clock.metric);
        let mut clock = clock.worked_out(&story, &known, incident.updated_at);
        // What a quarter has brought is no news.
        clock.record(now);
        clock
    });
    Ok(clocks.collect())
}

fn refused(refusals: UserErrors) -> anyhow::Error {
    let messages = refusals.into_iter().map(|refusal| refusal.message);
    anyhow!(messages.collect::<Vec<_>>().join("; "))
}
