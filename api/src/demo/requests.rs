//! Requests of the demo, played by the rules.

use anyhow::{Context, anyhow, ensure};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde_json::Value;

use super::feed::Feed;
use super::stories::{self, Story, StoryStep, told};
use crate::catalog::offerings::rules::Offering;
use crate::catalog::people::rules::Person;
use crate::declines::rules::WantedDecline;
use crate::requests::clocks::{Workshop, story};
use crate::requests::rules::{Event, NewRequest, RequestNumber, ServiceRequest};
use crate::requests::steps::{self, Wanted};
use crate::requests::store;
use crate::requests::submission::{Submission, Submitter, first_event, plan};
use crate::shared::errors::UserErrors;
use crate::shared::ids::Id;
use crate::shared::record::Record;
use crate::shared::work::WorkTransaction;
use crate::slas::clocks::choosing::calendars;
use crate::slas::clocks::rules::{StoredClock, breaches_at, due_at};
use crate::slas::clocks::store as clocks;
use crate::snapshot::{Catalog, Replica};

/// A request with all that happened to it.
pub(super) struct Played {
    pub(super) request: ServiceRequest,
    /// The request before each of its steps.
    before: Vec<ServiceRequest>,
    inputs: Value,
    events: Vec<Event>,
    clocks: Vec<StoredClock>,
}

impl Played {
    fn new_request(&self) -> NewRequest {
        NewRequest {
            request: self.request.clone(),
            inputs: self.inputs.clone(),
        }
    }

    fn tell(&self, feed: &mut Feed) {
        let subject = self.request.subject();
        let states = self.before.iter().chain([&self.request]);
        let steps = self.events.iter().map(|event| (&*event.actor, event.at));
        feed.lived(subject, states.map(ServiceRequest::fields), steps);
        feed.warned(subject, self.request.created_at, &self.clocks);
    }
}

/// Tells all stories between two instants: what comes of them, in the order in which it was asked for.
pub(super) async fn play(
    replica: &Replica,
    since: Timestamp,
    now: Timestamp,
) -> anyhow::Result<Vec<Played>> {
    let catalog = replica.current();
    let mut all = Vec::new();
    for story in stories::all()? {
        let offering = Offering::table(&catalog).by_slug(&story.offering);
        let offering = offering.with_context(|| format!("no offering `{}`", story.offering))?;
        let calendars = calendars(&catalog, offering.service_id);
        let write = &replica.database().write;
        replica.calendars().store(write, calendars).await?;
        for (telling, told_at) in story.tellings(since, now).into_iter().enumerate() {
            let teller = Teller {
                replica,
                catalog: &catalog,
                story: &story,
                telling,
                now,
            };
            all.push(teller.tell(offering.id(), told_at)?);
        }
    }
    all.sort_by_key(|played| played.request.created_at);
    Ok(all)
}

/// Stores them with what the feed tells of them.
pub(super) async fn store(
    work: &mut WorkTransaction<'_>,
    feed: &mut Feed,
    all: &mut [Played],
) -> anyhow::Result<()> {
    let numbers = work.next_numbers("service_request", all.len()).await?;
    for (played, number) in all.iter_mut().zip(numbers) {
        played.request.number = RequestNumber(number);
        for request in &mut played.before {
            request.number = RequestNumber(number);
        }
    }
    let requests: Vec<_> = all.iter().map(Played::new_request).collect();
    let events: Vec<_> = all.iter().flat_map(|it| it.events.clone()).collect();
    let started: Vec<_> = all.iter().flat_map(|it| it.clocks.clone()).collect();
    work.add(store::inserts(&requests));
    work.add(store::event_inserts(&events));
    work.add(clocks::inserts(&started));
    for played in all.iter() {
        played.tell(feed);
    }
    Ok(())
}

/// One telling of a story.
struct Teller<'a> {
    replica: &'a Replica,
    catalog: &'a Catalog,
    story: &'a Story,
    telling: usize,
    now: Timestamp,
}

impl Teller<'_> {
    fn tell(&self, offering: Id<Offering>, at: Timestamp) -> anyhow::Result<Played> {
        let requester = self.person(&self.story.requester)?;
        let title = self.story.title.as_deref();
        let submission = Submission {
            offering_id: offering.to_string(),
            title: title.map(|title| told(title, self.telling)),
            customer_id: None,
            requester_id: None,
            inputs: Some(self.filled_in(&self.story.inputs)),
            priority: self.story.priority()?,
        };
        let submitter = Submitter {
            subject: &self.story.requester,
            person: Some(requester),
            sees_catalog: true,
        };
        let NewRequest {
            mut request,
            inputs,
        } = plan(&submission, submitter, self.catalog, at)
            .map_err(|refusals| refused(&self.story.offering, &refusals))?;
        let mut events = vec![first_event(&request)];
        let workshop = Workshop {
            catalog: self.catalog,
            contents: self.replica.calendars(),
        };
        let mut clocks = workshop.start(&request, &events)?;
        let mut before = Vec::new();
        for step in self.steps() {
            let at = step.at(request.updated_at, self.telling)?;
            if at >= self.now {
                break;
            }
            let wanted = self.wanted(step, at)?;
            let taken = steps::take(&request, &wanted, self.catalog, (&step.by, at));
            let (next, event) =
                taken.map_err(|refusals| refused(&self.story.offering, &refusals))?;
            if event.priority.is_some() {
                clocks = workshop.choose_anew(&next, &clocks, event.at)?;
            }
            before.push(std::mem::replace(&mut request, next));
            events.push(event);
        }
        self.work_out(&mut request, &events, &mut clocks)?;
        Ok(Played {
            request,
            before,
            inputs,
            events,
            clocks,
        })
    }

    /// The steps of this telling.
    fn steps(&self) -> impl Iterator<Item = &StoryStep> {
        let steps = self.story.steps.iter();
        steps.filter(|step| {
            step.only_each
                .is_none_or(|each| self.telling % each == each - 1)
        })
    }

    fn work_out(
        &self,
        request: &mut ServiceRequest,
        events: &[Event],
        clocks: &mut Vec<StoredClock>,
    ) -> anyhow::Result<()> {
        let contents = self.replica.calendars();
        let hashes = clocks.iter().flat_map(StoredClock::calendars);
        let (known, unknown) = contents.met(hashes);
        ensure!(unknown.is_empty(), "a calendar that was not met");
        let at = request.updated_at;
        clocks.retain(|clock| {
            clock.means_anything(&story(request, events, clock.metric), &known, at)
        });
        for clock in clocks.iter_mut() {
            let story = story(request, events, clock.metric);
            *clock = clock.clone().worked_out(&story, &known, at);
            // What a quarter has brought is no news.
            clock.record(self.now);
        }
        request.due_at = due_at(clocks);
        request.breaches_at = breaches_at(clocks);
        Ok(())
    }

    fn wanted(&self, step: &StoryStep, at: Timestamp) -> anyhow::Result<Wanted> {
        let decline = step.decline.as_ref().map(|decline| {
            let alternative = decline.alternative.as_deref();
            let day = at.to_zoned_datetime(TimeZone::UTC).date();
            let revisit = decline.revisit_in.map(|days| day.checked_add(days.days()));
            anyhow::Ok(WantedDecline {
                reason: decline.reason()?,
                explanation: decline.explanation.clone(),
                alternative: alternative.map(|slug| self.offering(slug)).transpose()?,
                revisit_on: revisit.transpose()?,
            })
        });
        Ok(Wanted {
            step: step.step()?,
            comment: step.comment.as_deref().map(|it| told(it, self.telling)),
            expected_version: None,
            decline: decline.transpose()?,
            priority: step.priority()?,
        })
    }

    fn offering(&self, slug: &str) -> anyhow::Result<String> {
        let offering = Offering::table(self.catalog).by_slug(slug);
        let offering = offering.with_context(|| format!("no offering `{slug}`"))?;
        Ok(offering.id().to_string())
    }

    fn person(&self, subject: &str) -> anyhow::Result<Id<Person>> {
        let person = self.catalog.person_by_subject(subject);
        let person = person.with_context(|| format!("nobody has the subject `{subject}`"))?;
        Ok(person.id())
    }

    /// Inputs with the number of the telling in them.
    fn filled_in(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => told(text, self.telling).into(),
            Value::Array(items) => items.iter().map(|item| self.filled_in(item)).collect(),
            Value::Object(map) => {
                let fields = map.iter();
                fields
                    .map(|(name, value)| (name.clone(), self.filled_in(value)))
                    .collect()
            }
            plain => plain.clone(),
        }
    }
}

fn refused(offering: &str, refusals: &UserErrors) -> anyhow::Error {
    let messages: Vec<_> = refusals
        .iter()
        .map(|refusal| format!("{}: {}", refusal.field.join("."), refusal.message))
        .collect();
    anyhow!(
        "a story of `{offering}` does not fit: {}",
        messages.join("; ")
    )
}
