//! The stories of the demo, and when they happen.

use anyhow::Context;
use jiff::civil::Time;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan, ZonedDateTime};
use serde::Deserialize;
use serde_json::Value;

use crate::declines::rules::DeclineReason;
use crate::incidents::rules::{self as incidents, Severity};
use crate::requests::rules::Step;
use crate::slas::priority::Priority;

/// Where the demo's people live.
const ZONE: &str = "Europe/Berlin";

/// What somebody asks for again and again, and what becomes of it.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Story {
    /// The slug of what is asked for.
    pub(super) offering: String,
    /// The subject of whoever asks.
    pub(super) requester: String,
    /// One line; `{n}` is the telling's number.
    pub(super) title: Option<String>,
    #[serde(default = "ordinary")]
    pub(super) priority: String,
    /// `{n}` in texts is the telling's number.
    #[serde(default)]
    pub(super) inputs: Value,
    /// On which day it is told first, and how many days pass until it is told again.
    first: i64,
    every: i64,
    /// At what time of the day.
    at: Time,
    pub(super) steps: Vec<StoryStep>,
}

fn ordinary() -> String {
    "P3".to_owned()
}

/// A step of a story.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct StoryStep {
    /// How long after the step before.
    after: String,
    step: String,
    /// The subject of whoever takes it.
    pub(super) by: String,
    /// Whether it may happen at any hour: machines have no office hours.
    #[serde(default)]
    at_any_hour: bool,
    /// Only in one of so many tellings.
    pub(super) only_each: Option<usize>,
    pub(super) comment: Option<String>,
    priority: Option<String>,
    pub(super) decline: Option<StoryDecline>,
}

/// A no of a story.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct StoryDecline {
    reason: String,
    pub(super) explanation: String,
    /// The slug of the other way.
    pub(super) alternative: Option<String>,
    /// After how many days it is worth asking again.
    pub(super) revisit_in: Option<i64>,
}

/// What breaks once, and who mends it.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct StoryIncident {
    /// One line.
    pub(super) title: String,
    severity: String,
    /// The slugs of what it breaks.
    pub(super) services: Vec<String>,
    /// How long before the present it began.
    ago: String,
    /// The subject of whoever reports it.
    pub(super) reported_by: String,
    /// The subject of whoever mends it.
    pub(super) by: String,
    acknowledged_after: Option<String>,
    resolved_after: Option<String>,
    /// What is said with the last step.
    pub(super) comment: Option<String>,
}

impl StoryIncident {
    pub(super) fn ago(&self) -> anyhow::Result<SignedDuration> {
        self.ago.parse().context("a length of time")
    }

    pub(super) fn severity(&self) -> anyhow::Result<Severity> {
        self.severity.parse().context("a severity")
    }

    /// The steps that are taken with it, each with how long after the report.
    pub(super) fn steps(&self) -> anyhow::Result<Vec<(incidents::Step, SignedDuration)>> {
        let steps = [
            (incidents::Step::Acknowledge, &self.acknowledged_after),
            (incidents::Step::Resolve, &self.resolved_after),
        ];
        let taken = steps.into_iter().filter_map(|(step, after)| {
            let after = after.as_deref()?.parse().context("a length of time");
            Some(after.map(|after| (step, after)))
        });
        taken.collect()
    }

    /// Whether nothing follows a step.
    pub(super) fn is_last(&self, step: incidents::Step) -> bool {
        step == incidents::Step::Resolve || self.resolved_after.is_none()
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    story: Vec<Story>,
    incident: Vec<StoryIncident>,
}

fn file() -> anyhow::Result<File> {
    toml::from_str(include_str!("stories.toml")).context("the demo's stories can't be read")
}

/// What is asked for.
pub(super) fn all() -> anyhow::Result<Vec<Story>> {
    Ok(file()?.story)
}

/// What breaks.
pub(super) fn incidents() -> anyhow::Result<Vec<StoryIncident>> {
    Ok(file()?.incident)
}

impl Story {
    /// When it is told in a stretch of time, on working days.
    pub(super) fn tellings(&self, since: Timestamp, until: Timestamp) -> Vec<Timestamp> {
        let start = local(since).date();
        (0..)
            .map(|turn| self.first + turn * self.every.max(1))
            .map_while(|day| {
                let day = start.checked_add(day.days()).ok()?;
                let told = day
                    .to_datetime(self.at)
                    .to_zoned_datetime(TimeZone::get(ZONE).ok()?)
                    .ok()?;
                let told = working_day(told).timestamp();
                (told < until).then_some(told)
            })
            .collect()
    }

    pub(super) fn priority(&self) -> anyhow::Result<Priority> {
        self.priority.parse().context("a priority")
    }
}

impl StoryStep {
    /// When it is taken in a telling, after the step before. No two tellings take the same time, and some take too long.
    pub(super) fn at(&self, before: Timestamp, telling: usize) -> anyhow::Result<Timestamp> {
        const PACES: [i32; 9] = [100, 70, 130, 90, 380, 110, 80, 160, 60];
        let after: SignedDuration = self.after.parse().context("a length of time")?;
        let after = after * PACES[telling % PACES.len()] / 100;
        let at = before.checked_add(after)?;
        if self.at_any_hour {
            return Ok(at);
        }
        Ok(office_hours(local(at), telling).timestamp())
    }

    pub(super) fn step(&self) -> anyhow::Result<Step> {
        self.step.parse().context("a step")
    }

    pub(super) fn priority(&self) -> anyhow::Result<Option<Priority>> {
        let priority = self.priority.as_deref().map(str::parse);
        priority.transpose().context("a priority")
    }
}

impl StoryDecline {
    pub(super) fn reason(&self) -> anyhow::Result<DeclineReason> {
        self.reason.parse().context("a reason")
    }
}

/// A text with the number of the telling in it.
pub(super) fn told(text: &str, telling: usize) -> String {
    text.replace("{n}", &(telling + 1).to_string())
}

fn local(at: Timestamp) -> ZonedDateTime {
    at.to_zoned_datetime(TimeZone::get(ZONE).unwrap_or(TimeZone::UTC))
}

/// The same time on the first working day from that one on.
fn working_day(mut at: ZonedDateTime) -> ZonedDateTime {
    use jiff::civil::Weekday::{Saturday, Sunday};
    while matches!(at.weekday(), Saturday | Sunday) {
        match at.checked_add(1.day()) {
            Ok(next) => at = next,
            Err(_) => return at,
        }
    }
    at
}

/// The first instant from that one on at which people work, or a few minutes later.
fn office_hours(at: ZonedDateTime, telling: usize) -> ZonedDateTime {
    let minutes = i64::try_from(telling * 17 % 50).unwrap_or_default();
    let morning = |day: ZonedDateTime| {
        let day = working_day(day);
        let opens = day
            .date()
            .at(7, 30, 0, 0)
            .to_zoned_datetime(day.time_zone().clone());
        opens.and_then(|opens| opens.checked_add(minutes.minutes()))
    };
    let later = match at.hour() {
        0..=6 => morning(at.clone()),
        7..=17 if working_day(at.clone()) == at => return at,
        _ => at.checked_add(1.day()).and_then(morning),
    };
    later.unwrap_or(at)
}
