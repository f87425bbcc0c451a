//! Events: what they are called, which of them an endpoint wants, and how one is written.

use std::fmt::{self, Display};
use std::str::FromStr;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use strum::IntoEnumIterator;

use crate::changes::store::Change;
use crate::shared::draft::ChangeKind;
use crate::shared::subject::SubjectType;

/// What the specification of cloud events calls an event begins with this.
const TYPE_PREFIX: &str = "dev.kundig.";
/// The name of an event that only shows that an endpoint works.
pub const TEST: &str = "test";

/// Which events an endpoint wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pattern {
    /// Of this type; of every one where absent.
    kind: Option<SubjectType>,
    /// What happened; anything where absent.
    what: Option<ChangeKind>,
}

impl Pattern {
    /// Whether a change is such an event.
    pub fn covers(self, change: &Change) -> bool {
        self.kind.is_none_or(|kind| kind == change.subject.kind)
            && self.what.is_none_or(|what| what == change.kind)
    }

    /// The type that it is about; none where it is about all.
    pub fn kind(self) -> Option<SubjectType> {
        self.kind
    }
}

impl FromStr for Pattern {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "*" {
            return Ok(Self {
                kind: None,
                what: None,
            });
        }
        let unknown = || {
            let types: Vec<String> = SubjectType::iter().map(snake).collect();
            format!(
                "{text:?} is no event: it is \"*\", or a type and what happened, such as service_request.updated or service.*; \
                 types are {}; what happens is created, updated, deleted or *",
                types.join(", ")
            )
        };
        let (kind, what) = text.split_once('.').ok_or_else(unknown)?;
        let kind = SubjectType::iter().find(|known| snake(*known) == kind);
        let what = match what {
            "*" => None,
            what => {
                let found = ChangeKind::iter().find(|known| word(*known) == what);
                Some(found.ok_or_else(unknown)?)
            }
        };
        Ok(Self {
            kind: Some(kind.ok_or_else(unknown)?),
            what,
        })
    }
}

impl Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.kind, self.what) {
            (None, _) => f.write_str("*"),
            (Some(kind), None) => write!(f, "{}.*", snake(kind)),
            (Some(kind), Some(what)) => write!(f, "{}.{}", snake(kind), word(what)),
        }
    }
}

/// What the event of a change is called: `service_request.updated`.
pub fn name(change: &Change) -> String {
    format!("{}.{}", snake(change.subject.kind), word(change.kind))
}

/// What names the event of a change in every attempt to deliver it.
pub fn id(change: &Change) -> String {
    format!("evt_{}", change.sequence)
}

/// The event of a change, as version 1.0 of `CloudEvents` has it in JSON.
pub fn write(change: &Change, source: &str) -> Vec<u8> {
    let (kind, subject) = (change.subject.kind.to_string(), change.subject.to_string());
    let data = Data {
        sequence: change.sequence.to_string(),
        kind: change.kind.to_string(),
        subject_type: &kind,
        subject_id: &subject,
        actor: &change.actor,
        diff: &change.diff,
    };
    written(&CloudEvent {
        specversion: "1.0",
        id: &id(change),
        source,
        kind: format!("{TYPE_PREFIX}{}", name(change)),
        subject: Some(&subject),
        time: change.at,
        datacontenttype: "application/json",
        data: Some(data),
    })
}

/// An event that only shows that an endpoint works.
pub fn write_test(id: &str, source: &str, now: Timestamp) -> Vec<u8> {
    written(&CloudEvent {
        specversion: "1.0",
        id,
        source,
        kind: format!("{TYPE_PREFIX}{TEST}"),
        subject: None,
        time: now,
        datacontenttype: "application/json",
        data: None,
    })
}

fn written(event: &CloudEvent<'_>) -> Vec<u8> {
    // Text and JSON can always be written.
    serde_json::to_vec(event).unwrap_or_default()
}

#[derive(Serialize)]
struct CloudEvent<'a> {
    specversion: &'static str,
    id: &'a str,
    source: &'a str,
    #[serde(rename = "type")]
    kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<&'a str>,
    time: Timestamp,
    datacontenttype: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<Data<'a>>,
}

/// A change, in the words of the API.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Data<'a> {
    sequence: String,
    kind: String,
    #[serde(rename = "type")]
    subject_type: &'a str,
    subject_id: &'a str,
    actor: &'a str,
    diff: &'a Value,
}

/// A type's name in lower case: `service_request`.
fn snake(kind: SubjectType) -> String {
    let mut snake = String::new();
    for letter in kind.to_string().chars() {
        if letter.is_ascii_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}

fn word(kind: ChangeKind) -> &'static str {
    match kind {
        ChangeKind::Created => "created",
        ChangeKind::Updated => "updated",
        ChangeKind::Deleted => "deleted",
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use serde_json::json;
    use uuid::Uuid;

    use super::*;
    use crate::shared::subject::{SubjectRef, WorkType};

    fn change() -> Change {
        Change {
            sequence: 5_003_820_793_856,
            at: "2026-11-27T03:00:00.5Z".parse().unwrap(),
            actor: "anna".to_owned(),
            token_id: Some("t".to_owned()),
            client_id: None,
            request_id: Some("r".to_owned()),
            kind: ChangeKind::Updated,
            subject: SubjectRef::work(WorkType::ServiceRequest, Uuid::nil()),
            diff: json!({"status": {"from": "SUBMITTED", "to": "IN_PROGRESS"}}),
        }
    }

    #[test]
    fn patterns_cover_what_they_name() {
        for (pattern, expected) in [
            ("*", true),
            ("service_request.*", true),
            ("service_request.updated", true),
            ("service_request.created", false),
            ("service.*", false),
            ("service_level_agreement.updated", false),
        ] {
            let parsed: Pattern = pattern.parse().unwrap();
            assert_eq!(parsed.to_string(), pattern);
            assert_eq!(parsed.covers(&change()), expected, "{pattern}");
        }
        for wrong in [
            "",
            "service",
            "Service.updated",
            "*.updated",
            "service.gone",
            "x.*",
            "service.updated ",
        ] {
            let problem = wrong.parse::<Pattern>().unwrap_err();
            assert!(problem.contains("service_request, "), "{problem}");
        }
    }

    #[test]
    fn an_event_is_a_cloud_event_without_what_only_auditors_see() {
        let event: Value = serde_json::from_slice(&write(&change(), "urn:kundig")).unwrap();
        let subject = "sreq_00000000000000000000000000000000";
        assert_eq!(
            event,
            json!({
                "specversion": "1.0",
                "id": "evt_5003820793856",
                "source": "urn:kundig",
                "type": "dev.kundig.service_request.updated",
                "subject": subject,
                "time": "2026-11-27T03:00:00.5Z",
                "datacontenttype": "application/json",
                "data": {
                    "sequence": "5003820793856",
                    "kind": "UPDATED",
                    "type": "ServiceRequest",
                    "subjectId": subject,
                    "actor": "anna",
                    "diff": {"status": {"from": "SUBMITTED", "to": "IN_PROGRESS"}},
                },
            })
        );
        let test = write_test("evt_test", "urn:kundig", Timestamp::UNIX_EPOCH);
        let test: Value = serde_json::from_slice(&test).unwrap();
        assert_eq!(test["type"], "dev.kundig.test");
        assert_eq!(test.get("data"), None);
    }
}
