//! The messages of `graphql-transport-ws`:
//! <https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md>.

use async_graphql::ServerError;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The name of the protocol, as client and server agree on it.
pub(super) const NAME: &str = "graphql-transport-ws";

/// How long the name of an operation may be, bytes. Programs give numbers and UUIDs.
const MAX_ID: usize = 256;

/// A message of the client.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Incoming {
    /// The first: who it is.
    ConnectionInit {
        /// Whatever the client says of itself.
        payload: Option<Map<String, Value>>,
    },
    /// Is there somebody?
    Ping {
        /// Whatever is to be sent back.
        payload: Option<Map<String, Value>>,
    },
    /// There is somebody.
    Pong {},
    /// Runs an operation.
    Subscribe {
        /// What the client calls it.
        id: String,
        /// As in the body of a POST request.
        payload: Value,
    },
    /// Enough of an operation.
    Complete {
        /// What the client calls it.
        id: String,
    },
}

/// Reads a message.
///
/// # Errors
/// It is none; what is wrong, short enough for the frame that closes a connection.
pub(super) fn read(text: &str) -> Result<Incoming, String> {
    let message: Incoming =
        serde_json::from_str(text).map_err(|error| format!("Invalid message received: {error}"))?;
    if let Incoming::Subscribe { id, .. } | Incoming::Complete { id } = &message
        && !(1..=MAX_ID).contains(&id.len())
    {
        return Err(format!(
            "Invalid message received: an id has 1 to {MAX_ID} bytes"
        ));
    }
    Ok(message)
}

/// The token in what a client says of itself, as the header `Authorization` has it. Browsers cannot set that header.
pub(super) fn authorization(payload: Option<&Map<String, Value>>) -> Option<&str> {
    let payload = payload?;
    let value = payload
        .get("Authorization")
        .or_else(|| payload.get("authorization"))?;
    // What is no text is no token either, and is refused like one that is none.
    Some(value.as_str().unwrap_or_default())
}

/// The client may go on.
pub(super) fn connection_ack() -> String {
    r#"{"type":"connection_ack"}"#.to_owned()
}

/// There is somebody.
pub(super) fn pong(payload: Option<Map<String, Value>>) -> String {
    write(&Outgoing {
        id: None,
        kind: "pong",
        payload: payload.map(Value::Object),
    })
}

/// An answer of an operation, which is JSON.
pub(super) fn next(id: &str, answer: &[u8]) -> String {
    let id = write(&id);
    let answer = String::from_utf8_lossy(answer);
    format!(r#"{{"id":{id},"type":"next","payload":{answer}}}"#)
}

/// An operation that may not run, or ended by an error.
pub(super) fn error(id: &str, errors: &[ServerError]) -> String {
    write(&Outgoing {
        id: Some(id),
        kind: "error",
        payload: Some(errors),
    })
}

/// The end of an operation.
pub(super) fn complete(id: &str) -> String {
    write(&Outgoing::<()> {
        id: Some(id),
        kind: "complete",
        payload: None,
    })
}

#[derive(Serialize)]
struct Outgoing<'a, P> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    #[serde(rename = "type")]
    kind: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    payload: Option<P>,
}

fn write(message: &impl Serialize) -> String {
    serde_json::to_string(message).unwrap_or_default()
}

/// A reason as a frame holds it that closes a connection: 123 bytes at most.
pub(super) fn reason(text: &str) -> &str {
    const MOST: usize = 123;
    let fits = |&end: &usize| text.is_char_boundary(end);
    let end = (0..=text.len().min(MOST)).rev().find(fits);
    &text[..end.unwrap_or_default()]
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn only_messages_of_the_protocol_are_taken() {
        for good in [
            r#"{"type":"connection_init"}"#,
            r#"{"type":"connection_init","payload":null}"#,
            r#"{"type":"connection_init","payload":{"a":1}}"#,
            r#"{"type":"ping"}"#,
            r#"{"type":"ping","payload":{}}"#,
            r#"{"type":"pong","payload":{}}"#,
            r#"{"id":"1","type":"subscribe","payload":{"query":"{a}"}}"#,
            r#"{"type":"complete","id":"1"}"#,
        ] {
            assert!(read(good).is_ok(), "{good}: {:?}", read(good));
        }
        for bad in [
            "",
            "null",
            "[]",
            "{}",
            r#"{"type":"start","id":"1","payload":{}}"#,
            r#"{"type":"next","id":"1","payload":{}}"#,
            r#"{"type":"connection_init","payload":1}"#,
            r#"{"type":"ping","payload":"x"}"#,
            r#"{"type":"subscribe","payload":{"query":"{a}"}}"#,
            r#"{"type":"subscribe","id":1,"payload":{"query":"{a}"}}"#,
            r#"{"type":"subscribe","id":"","payload":{"query":"{a}"}}"#,
            r#"{"type":"subscribe","id":"1"}"#,
            r#"{"type":"complete"}"#,
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_token_is_found_in_what_the_client_says_of_itself() {
        let payload = |text: &str| serde_json::from_str::<Map<String, Value>>(text).unwrap();
        assert_eq!(authorization(None), None);
        assert_eq!(authorization(Some(&payload("{}"))), None);
        for (text, token) in [
            (r#"{"Authorization":"Bearer x"}"#, "Bearer x"),
            (r#"{"authorization":"Bearer x"}"#, "Bearer x"),
            (r#"{"authorization":7}"#, ""),
        ] {
            assert_eq!(authorization(Some(&payload(text))), Some(token));
        }
    }

    #[test]
    fn messages_are_written_as_the_protocol_has_them() {
        assert_eq!(pong(None), r#"{"type":"pong"}"#);
        assert_eq!(complete("a\"b"), r#"{"id":"a\"b","type":"complete"}"#);
        assert_eq!(
            next("1", br#"{"data":null}"#),
            r#"{"id":"1","type":"next","payload":{"data":null}}"#
        );
        let errors = [ServerError::new("no", None)];
        assert_eq!(
            error("1", &errors),
            r#"{"id":"1","type":"error","payload":[{"message":"no"}]}"#
        );
    }

    #[test]
    fn a_reason_fits_its_frame() {
        let long = "ä".repeat(100);
        assert_eq!(reason(&long).len(), 122);
        assert_eq!(reason("short"), "short");
    }
}
