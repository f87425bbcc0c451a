//! Demands of the demo, played by the rules.

use anyhow::{Context, anyhow, ensure};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use super::feed::Feed;
use super::stories::StoryDecline;
use crate::catalog::customers::rules::Customer;
use crate::catalog::offerings::rules::Offering;
use crate::catalog::people::rules::Person;
use crate::catalog::services::rules::Service;
use crate::declines::rules::WantedDecline;
use crate::demand::access::Party;
use crate::demand::fields::{DemandPatch, NewDemand, plan};
use crate::demand::rules::{Demand, DemandNumber, Kind};
use crate::demand::shadow_it::rules::Sighting;
use crate::demand::steps::{self, Action, Wanted};
use crate::demand::store;
use crate::outcomes::rules::Outcome;
use crate::shared::diff::diff;
use crate::shared::errors::UserErrors;
use crate::shared::ids::Id;
use crate::shared::patch::Patch;
use crate::shared::record::Record;
use crate::shared::work::WorkTransaction;
use crate::shared::write::{Author, write};
use crate::snapshot::{Catalog, Replica};

/// How long it takes until the next one supports a demand.
const WORD_OF_MOUTH: SignedDuration = SignedDuration::from_hours(7);

/// What a customer of the demo needs, wishes for or is driven by.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct StoryDemand {
    title: String,
    description: Option<String>,
    kind: Kind,
    /// The customer's slug.
    customer: String,
    /// The subject of whoever raises it.
    raised_by: String,
    /// The outcome's slug.
    outcome: Option<String>,
    /// The slug of the service that answers it.
    service: Option<String>,
    quantity: i32,
    value_per_month: String,
    effort: Option<String>,
    /// How many days before the present it is raised.
    days_ago: i64,
    /// The slugs of who supports it, in this order.
    #[serde(default)]
    supporters: Vec<String>,
    /// The slugs of sightings: what the customer uses for want of an answer.
    #[serde(default)]
    elsewhere: Vec<String>,
    #[serde(default)]
    steps: Vec<StoryStep>,
}

/// A step of a demand.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct StoryStep {
    /// How many days after the demand was raised.
    days: i64,
    /// The subject of whoever takes it.
    by: String,
    /// Decides to meet it.
    #[serde(default)]
    plan: bool,
    /// Says which service, by its slug, answers it.
    meet: Option<String>,
    /// Refuses it.
    decline: Option<StoryDecline>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    demand: Vec<StoryDemand>,
}

/// A demand with who supports it, and since when, and with what is used instead.
pub(super) struct Played {
    demand: Demand,
    /// The subject of whoever raised it.
    raised_by: String,
    steps: Vec<Step>,
    elsewhere: Vec<Id<Sighting>>,
    supporters: Vec<(Uuid, Id<Person>, Timestamp)>,
}

/// A step that was taken.
struct Step {
    /// The demand before it.
    before: Demand,
    /// The subject of whoever took it.
    by: String,
    at: Timestamp,
    /// Who supports it from then on.
    supporter: Option<Id<Person>>,
}

/// Raises everything that customers want: what comes of it, in the order in which it was raised.
pub(super) fn play(catalog: &Catalog, now: Timestamp) -> anyhow::Result<Vec<Played>> {
    let file: File =
        toml::from_str(include_str!("demands.toml")).context("the demo's demands can't be read")?;
    let mut all = Vec::new();
    for story in &file.demand {
        let teller = Teller {
            catalog,
            story,
            now,
        };
        let played = teller.tell();
        all.push(played.with_context(|| format!("the demand {:?}", story.title))?);
    }
    all.sort_by_key(|played| played.demand.created_at);
    Ok(all)
}

/// Stores them with what the feed tells of them.
pub(super) async fn store(
    work: &mut WorkTransaction<'_>,
    feed: &mut Feed,
    all: &mut [Played],
) -> anyhow::Result<()> {
    let numbers = work.next_numbers("demand", all.len()).await?;
    for (played, number) in all.iter_mut().zip(numbers) {
        played.demand.number = DemandNumber(number);
        for step in &mut played.steps {
            step.before.number = DemandNumber(number);
        }
        played.tell(feed);
    }
    work.add(store::inserts(all.iter().map(|played| &played.demand)));
    let supporters = all.iter().flat_map(|played| played.supporters.clone());
    work.add(store::supporter_inserts(supporters));
    Ok(())
}

impl Played {
    fn tell(&self, feed: &mut Feed) {
        let subject = self.demand.subject();
        let after = self.steps.iter().skip(1).map(|step| &step.before);
        let after = after.chain([&self.demand]);
        let first = self.steps.first().map_or(&self.demand, |step| &step.before);
        feed.created(
            subject,
            (&self.raised_by, first.created_at),
            &first.fields(),
        );
        for (step, after) in self.steps.iter().zip(after) {
            let mut diff = diff(&step.before.fields(), &after.fields());
            if let Some(person) = step.supporter {
                let change = json!({ "from": null, "to": [person] });
                diff.insert("supporters".to_owned(), change);
            }
            feed.updated(subject, (&step.by, step.at), diff);
        }
    }
}

/// Says of what customers got elsewhere which demand it covers.
pub(super) async fn link(replica: &Replica, author: &Author, all: &[Played]) -> anyhow::Result<()> {
    let linked = write(replica, author, |draft| {
        for played in all {
            for sighting in &played.elsewhere {
                let Some(mut sighting) = draft.get(*sighting).map(|it| Sighting::clone(it)) else {
                    continue;
                };
                sighting.demand_id = Some(played.demand.id);
                draft.put(sighting);
            }
        }
        Ok(())
    });
    linked.await?.map_err(refused)?;
    Ok(())
}

/// Tells of one demand.
struct Teller<'a> {
    catalog: &'a Catalog,
    story: &'a StoryDemand,
    now: Timestamp,
}

impl Teller<'_> {
    fn tell(&self) -> anyhow::Result<Played> {
        let raised_at = after(-self.story.days_ago, self.now)?;
        let raiser = self.party(&self.story.raised_by);
        let demand = plan(&self.raised()?, &raiser, self.catalog, raised_at);
        let mut played = Played {
            demand: demand.map_err(refused)?,
            raised_by: self.story.raised_by.clone(),
            steps: Vec::new(),
            elsewhere: self.elsewhere()?,
            supporters: Vec::new(),
        };
        for slug in &self.story.supporters {
            let at = played.demand.updated_at.checked_add(WORD_OF_MOUTH)?;
            let person = self.id::<Person>(slug)?;
            let support = Action::Support(Some(person.to_string()));
            let known = self.catalog.get(person);
            let subject = known.and_then(|person| person.subject.as_deref());
            // Whoever can't sign in has the one who raised it say so.
            let subject = subject.unwrap_or(&self.story.raised_by);
            if self.take(&mut played, (support, Some(person)), subject, at)? {
                let supporter = (played.demand.id, person, at);
                played.supporters.push(supporter);
            }
        }
        for step in &self.story.steps {
            let at = after(step.days, raised_at)?;
            let action = self.action(step, at)?;
            self.take(&mut played, (action, None), &step.by, at)?;
        }
        Ok(played)
    }

    /// Takes a step, unless it is one that the future brings: whether it was taken.
    fn take(
        &self,
        played: &mut Played,
        (action, supporter): (Action, Option<Id<Person>>),
        by: &str,
        at: Timestamp,
    ) -> anyhow::Result<bool> {
        if at >= self.now {
            return Ok(false);
        }
        let wanted = Wanted {
            action,
            expected_version: None,
        };
        let demand = &mut played.demand;
        let taken = steps::take(demand, &wanted, &self.party(by), self.catalog, at);
        let before = std::mem::replace(demand, taken.map_err(refused)?);
        played.steps.push(Step {
            before,
            by: by.to_owned(),
            at,
            supporter,
        });
        Ok(true)
    }

    fn raised(&self) -> anyhow::Result<NewDemand> {
        let story = self.story;
        let outcome = story
            .outcome
            .as_deref()
            .map(|slug| self.id::<Outcome>(slug));
        let service = story
            .service
            .as_deref()
            .map(|slug| self.id::<Service>(slug));
        let effort = story.effort.as_deref().map(str::parse::<Decimal>);
        Ok(NewDemand {
            customer_id: self.id::<Customer>(&story.customer)?.to_string(),
            kind: story.kind,
            fields: DemandPatch {
                title: Patch::Set(story.title.clone()),
                description: Patch::from(story.description.clone()),
                kind: Patch::Keep,
                outcome_id: Patch::from(outcome.transpose()?).map(|id| id.to_string()),
                service_id: Patch::from(service.transpose()?).map(|id| id.to_string()),
                quantity: Patch::Set(story.quantity),
                value_per_month: Patch::Set(story.value_per_month.parse()?),
                effort: Patch::from(effort.transpose()?),
            },
        })
    }

    fn action(&self, step: &StoryStep, at: Timestamp) -> anyhow::Result<Action> {
        if let Some(slug) = &step.meet {
            return Ok(Action::Meet(self.id::<Service>(slug)?.to_string()));
        }
        let Some(decline) = &step.decline else {
            ensure!(step.plan, "a step that does nothing");
            return Ok(Action::Plan);
        };
        let alternative = decline.alternative.as_deref();
        let alternative = alternative.map(|slug| self.id::<Offering>(slug));
        let day = at.to_zoned_datetime(TimeZone::UTC).date();
        let revisit = decline.revisit_in.map(|days| day.checked_add(days.days()));
        Ok(Action::Decline(WantedDecline {
            reason: decline.reason()?,
            explanation: decline.explanation.clone(),
            alternative: alternative.transpose()?.map(|id| id.to_string()),
            revisit_on: revisit.transpose()?,
        }))
    }

    fn party(&self, subject: &str) -> Party {
        let person = self.catalog.person_by_subject(subject);
        Party {
            subject: subject.to_owned(),
            person: person.map(|person| person.id()),
            works: true,
            submits: true,
            sees_catalog: true,
        }
    }

    fn elsewhere(&self) -> anyhow::Result<Vec<Id<Sighting>>> {
        let slugs = self.story.elsewhere.iter();
        slugs.map(|slug| self.id(slug)).collect()
    }

    fn id<T: Record>(&self, slug: &str) -> anyhow::Result<Id<T>> {
        let found = T::table(self.catalog).by_slug(slug);
        let found = found.with_context(|| format!("no {} `{slug}`", T::TYPE.words()))?;
        Ok(found.id())
    }
}

fn after(days: i64, since: Timestamp) -> anyhow::Result<Timestamp> {
    Ok(since.checked_add(SignedDuration::from_hours(24 * days))?)
}

fn refused(refusals: UserErrors) -> anyhow::Error {
    let messages = refusals.into_iter().map(|refusal| refusal.message);
    anyhow!(messages.collect::<Vec<_>>().join("; "))
}
