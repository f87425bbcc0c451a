//! Endpoints: what they are, how they change, and what follows from an attempt to deliver.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::address::Allowed;
use super::events::Pattern;
use super::signature::Secret;
use crate::shared::errors::{UserError, UserErrorCode, UserErrors};
use crate::shared::subject::{SubjectRef, WorkType};
use crate::shared::text::{MAX_TEXT, is_blank, why_unfit};

/// How many endpoints there may be.
pub const MAX_ENDPOINTS: u64 = 100;
/// How many patterns an endpoint may have.
const MAX_PATTERNS: usize = 100;
/// How long a secret is good after another took its place: long enough to bring the new one to the receiver.
const ROTATION: SignedDuration = SignedDuration::from_hours(24);
/// The answer of a receiver that wants nothing more.
const GONE: u16 = 410;

/// Where events are sent to.
#[derive(Clone, Debug, PartialEq)]
pub struct Endpoint {
    /// Its key.
    pub id: Uuid,
    /// The address.
    pub url: String,
    /// For people.
    pub description: Option<String>,
    /// Which events; all where there are none.
    pub events: Vec<Pattern>,
    /// What they are signed with.
    pub secret: Secret,
    /// What they are signed with as well, and until when.
    pub former_secret: Option<(Secret, Timestamp)>,
    /// Whether events are sent.
    pub enabled: bool,
    /// Why not.
    pub disabled_reason: Option<String>,
    /// The sequence up to which every event has been delivered.
    pub position: i64,
    /// How often the next one has been tried in vain.
    pub failed_attempts: u32,
    /// When it is tried again; none: at once.
    pub next_attempt_at: Option<Timestamp>,
    /// The subject who made it.
    pub created_by: String,
    /// Grows with every change of what clients set.
    pub version: i32,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
}

/// What a client wants an endpoint to be; what is absent stays as it is.
#[derive(Clone, Debug, Default)]
pub struct Patch {
    /// The address.
    pub url: Option<String>,
    /// For people; an explicit null clears it.
    pub description: Option<Option<String>>,
    /// Which events.
    pub events: Option<Vec<String>>,
}

impl Endpoint {
    /// A new one, which gets what happens after this sequence.
    pub fn new(secret: Secret, created_by: &str, position: i64, now: Timestamp) -> Self {
        Self {
            id: Uuid::now_v7(),
            url: String::new(),
            description: None,
            events: Vec::new(),
            secret,
            former_secret: None,
            enabled: true,
            disabled_reason: None,
            position,
            failed_attempts: 0,
            next_attempt_at: None,
            created_by: created_by.to_owned(),
            version: 1,
            created_at: now,
            updated_at: now,
        }
    }

    /// As the feed names it.
    pub fn subject(&self) -> SubjectRef {
        SubjectRef::work(WorkType::WebhookEndpoint, self.id)
    }

    /// Takes over what a client wants.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub fn apply(&mut self, patch: Patch, allowed: &Allowed) -> Result<(), UserErrors> {
        let mut problems = Vec::new();
        if let Some(url) = patch.url {
            match allowed.parse(&url) {
                Ok(url) => self.url = url.into(),
                Err(problem) => problems.push(invalid(&["url"], problem)),
            }
        }
        if let Some(description) = patch.description {
            let description = description.filter(|text| !is_blank(text));
            match description
                .as_deref()
                .and_then(|text| why_unfit(text, MAX_TEXT))
            {
                Some(problem) => problems.push(invalid(&["description"], problem)),
                None => self.description = description,
            }
        }
        if let Some(events) = patch.events {
            self.events = patterns(&events, &mut problems);
        }
        if problems.is_empty() {
            Ok(())
        } else {
            Err(problems)
        }
    }

    /// Gives it another secret; the one that it has stays good for a while.
    pub fn rotate(&mut self, secret: Secret, now: Timestamp) {
        let former = std::mem::replace(&mut self.secret, secret);
        self.former_secret = Some((former, now.saturating_add(ROTATION).unwrap_or(now)));
    }

    /// Sends events again; from after this sequence where one is given.
    pub fn enable(&mut self, from: Option<i64>) {
        self.enabled = true;
        self.disabled_reason = None;
        self.failed_attempts = 0;
        self.next_attempt_at = None;
        self.position = from.unwrap_or(self.position);
    }

    /// Sends none any more.
    pub fn disable(&mut self, reason: impl Into<String>) {
        self.enabled = false;
        self.disabled_reason = Some(reason.into());
    }

    /// The secrets that are good now.
    pub fn secrets(&self, now: Timestamp) -> impl Iterator<Item = &Secret> {
        let former = self.former_secret.as_ref();
        let former = former.filter(|(_, until)| now < *until);
        std::iter::once(&self.secret).chain(former.map(|(secret, _)| secret))
    }

    /// What the feed's diffs compare. No secret is among it, only how often there was a new one.
    pub fn fields(&self) -> Map<String, Value> {
        let events: Vec<String> = self.events.iter().map(ToString::to_string).collect();
        let fields = json!({
            "url": self.url,
            "description": self.description,
            "events": events,
            "enabled": self.enabled,
            "disabledReason": self.disabled_reason,
            "formerSecretUntil": self.former_secret.as_ref().map(|(_, until)| until),
        });
        match fields {
            Value::Object(fields) => fields,
            _ => Map::new(),
        }
    }
}

fn patterns(texts: &[String], problems: &mut UserErrors) -> Vec<Pattern> {
    if texts.len() > MAX_PATTERNS {
        let message = format!(
            "has {} entries; at most {MAX_PATTERNS} are allowed",
            texts.len()
        );
        problems.push(invalid(&["events"], message));
        return Vec::new();
    }
    let mut patterns: Vec<Pattern> = Vec::new();
    for (place, text) in texts.iter().enumerate() {
        match text.parse() {
            Ok(pattern) if patterns.contains(&pattern) => {}
            Ok(pattern) => patterns.push(pattern),
            Err(problem) => problems.push(invalid(&["events", &place.to_string()], problem)),
        }
    }
    patterns
}

fn invalid(field: &[&str], message: impl Into<String>) -> UserError {
    UserError::at(UserErrorCode::Invalid, field, message)
}

/// What a receiver said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Its status, if it answered.
    pub status: Option<u16>,
    /// Why the event counts as not delivered; none where it was.
    pub error: Option<String>,
    /// How long it took.
    pub took: Duration,
}

/// What follows from an attempt to deliver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// On to the next event.
    Delivered,
    /// Again at this instant; this often it failed.
    Retry(u32, Timestamp),
    /// No more attempts, for this reason.
    Disable(String),
}

/// What follows from an attempt after this many that failed. `pauses` are how long to wait after each that fails, and
/// `spread` in [0, 1) makes them differ.
pub fn judge(
    answer: &Answer,
    failed_before: u32,
    pauses: &[Duration],
    (now, spread): (Timestamp, f64),
) -> Verdict {
    let Some(error) = &answer.error else {
        return Verdict::Delivered;
    };
    if answer.status == Some(GONE) {
        return Verdict::Disable("the receiver answered 410 Gone".to_owned());
    }
    let failed = failed_before.saturating_add(1);
    match pauses.get(failed_before as usize) {
        Some(pause) => {
            // Up to a tenth more: whoever failed together does not come back together.
            let pause = pause.mul_f64(1.0 + spread / 10.0);
            let pause = SignedDuration::try_from(pause).unwrap_or(SignedDuration::MAX);
            Verdict::Retry(failed, now.saturating_add(pause).unwrap_or(Timestamp::MAX))
        }
        None => Verdict::Disable(format!(
            "{failed} attempts to deliver an event failed; the last one: {error}"
        )),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn endpoint() -> Endpoint {
        let secret = Secret::new().unwrap();
        Endpoint::new(secret, "anna", 7, Timestamp::UNIX_EPOCH)
    }

    fn answer(status: u16) -> Answer {
        Answer {
            status: Some(status),
            error: (status != 200).then(|| "no".to_owned()),
            took: Duration::from_millis(5),
        }
    }

    #[test]
    fn everything_that_is_wrong_is_told_at_once() {
        let mut endpoint = endpoint();
        let patch = Patch {
            url: Some("http://127.0.0.1".to_owned()),
            description: Some(Some("x".repeat(MAX_TEXT + 1))),
            events: Some(vec!["*".to_owned(), "nothing".to_owned()]),
        };
        let problems = endpoint.apply(patch, &Allowed::default()).unwrap_err();
        let fields: Vec<_> = problems.iter().map(|it| it.field.join(".")).collect();
        assert_eq!(fields, ["url", "description", "events.1"]);
    }

    #[test]
    fn what_is_absent_stays_and_null_clears() {
        let mut endpoint = endpoint();
        let patch = Patch {
            url: Some("https://hooks.example.com".to_owned()),
            description: Some(Some("For the portal".to_owned())),
            events: Some(vec!["service.*".to_owned(), "service.*".to_owned()]),
        };
        endpoint.apply(patch, &Allowed::default()).unwrap();
        assert_eq!(endpoint.url, "https://hooks.example.com/");
        assert_eq!(endpoint.events.len(), 1, "each once");
        let before = endpoint.clone();
        endpoint
            .apply(Patch::default(), &Allowed::default())
            .unwrap();
        assert_eq!(endpoint, before);
        let patch = Patch {
            description: Some(None),
            ..Patch::default()
        };
        endpoint.apply(patch, &Allowed::default()).unwrap();
        assert_eq!(endpoint.description, None);
    }

    #[test]
    fn both_secrets_sign_until_the_former_one_ends() {
        let mut endpoint = endpoint();
        let former = endpoint.secret.clone();
        let new = Secret::new().unwrap();
        let now = Timestamp::UNIX_EPOCH;
        endpoint.rotate(new.clone(), now);
        let secrets: Vec<_> = endpoint.secrets(now).cloned().collect();
        assert_eq!(secrets, [new.clone(), former]);
        let later = now + ROTATION;
        assert_eq!(endpoint.secrets(later).collect::<Vec<_>>(), [&new]);
        let told = serde_json::to_string(&endpoint.fields()).unwrap();
        assert!(!told.contains("whsec_"), "{told}");
    }

    #[test]
    fn an_endpoint_is_tried_again_and_again_and_then_no_more() {
        let pauses = [Duration::from_secs(5), Duration::from_mins(5)];
        let now = Timestamp::UNIX_EPOCH;
        let judge = |status, failed, spread| judge(&answer(status), failed, &pauses, (now, spread));
        let at = |milliseconds| Timestamp::from_millisecond(milliseconds).unwrap();
        assert_eq!(judge(200, 2, 0.0), Verdict::Delivered);
        assert_eq!(judge(500, 0, 0.0), Verdict::Retry(1, at(5_000)));
        assert_eq!(judge(302, 0, 0.5), Verdict::Retry(1, at(5_250)));
        assert_eq!(judge(400, 1, 0.0), Verdict::Retry(2, at(300_000)));
        assert!(
            matches!(judge(500, 2, 0.0), Verdict::Disable(reason) if reason.contains("3 attempts"))
        );
        assert!(matches!(judge(410, 0, 0.0), Verdict::Disable(_)));
    }

    #[test]
    fn enabling_forgets_what_failed_and_may_leave_out_what_was_missed() {
        let mut endpoint = endpoint();
        endpoint.failed_attempts = 3;
        endpoint.disable("because");
        assert!(!endpoint.enabled);
        endpoint.enable(None);
        assert_eq!((endpoint.failed_attempts, endpoint.position), (0, 7));
        assert_eq!(endpoint.disabled_reason, None);
        endpoint.enable(Some(99));
        assert_eq!(endpoint.position, 99);
    }
}
