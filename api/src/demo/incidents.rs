//! Incidents of the demo, played by the rules.

use anyhow::{Context, anyhow, ensure};
use jiff::{SignedDuration, Timestamp};

use super::stories::{self, StoryIncident};
use crate::catalog::services::rules::Service;
use crate::incidents::clocks::{promised, start, story};
use crate::incidents::reporting::{NewIncident, Report, plan};
use crate::incidents::rules::{Event, IncidentNumber};
use crate::incidents::steps::{self, Wanted};
use crate::incidents::store;
use crate::shared::diff::diff;
use crate::shared::draft::ChangeKind;
use crate::shared::errors::UserErrors;
use crate::shared::record::Record;
use crate::shared::work::WorkTransaction;
use crate::shared::write::Author;
use crate::slas::clocks::choosing::calendars;
use crate::slas::clocks::rules::{StoredClock, breaches_at, due_at};
use crate::slas::clocks::store as clocks;
use crate::snapshot::{Catalog, Replica};

/// How long after its beginning an incident is reported.
const NOTICED_AFTER: SignedDuration = SignedDuration::from_mins(4);

/// An incident with all that happened to it.
struct Played {
    new: NewIncident,
    events: Vec<Event>,
    clocks: Vec<StoredClock>,
}

/// Lets everything break that breaks until an instant, and stores what comes of it.
pub(super) async fn play(replica: &Replica, author: &Author, now: Timestamp) -> anyhow::Result<()> {
    let catalog = replica.current();
    let mut all = Vec::new();
    for story in stories::incidents()? {
        let played = tell(replica, &catalog, &story, now).await;
        all.push(played.with_context(|| format!("the incident {:?}", story.title))?);
    }
    all.sort_by_key(|played| played.new.incident.created_at);
    let mut work = WorkTransaction::begin(replica, author, now).await?;
    let numbers = work.next_numbers("incident", all.len()).await?;
    for (played, number) in all.iter_mut().zip(numbers) {
        played.new.incident.number = IncidentNumber(number);
        work.add(store::inserts(&played.new));
        for event in &played.events {
            work.add(store::event_inserts(event));
        }
        work.add(clocks::inserts(&played.clocks));
        let diff = diff(&serde_json::Map::new(), &played.new.fields());
        work.record(played.new.incident.subject(), ChangeKind::Created, diff);
    }
    work.commit().await?;
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
        new.incident = taken.0;
        events.push(taken.1);
    }
    let clocks = worked_out(replica, &new, started, now)?;
    new.incident.due_at = due_at(&clocks);
    new.incident.breaches_at = breaches_at(&clocks);
    Ok(Played {
        new,
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
