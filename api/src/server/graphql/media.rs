//! Media types: what a client wants back, and what it says that it sends.

use axum::http::{HeaderMap, HeaderValue, header};

/// How an answer is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ResponseType {
    /// `application/graphql-response+json`: the status code tells how the request went.
    GraphqlResponse,
    /// `application/json`: whoever sent a well-formed request gets status 200, even where it could not run.
    Json,
    /// `text/event-stream`: the answer comes in events, a subscription's as they happen.
    EventStream,
}

impl ResponseType {
    /// What the client likes best of what the server can write. No wish: JSON.
    ///
    /// # Errors
    /// It accepts none of it.
    pub(crate) fn negotiate(headers: &HeaderMap) -> Result<Self, NotAcceptable> {
        let mut best: Option<(Self, Preference)> = None;
        let mut wishes = 0;
        let values = headers
            .get_all(header::ACCEPT)
            .iter()
            .filter_map(|value| value.to_str().ok());
        for item in values
            .flat_map(|value| value.split(','))
            .map(str::trim)
            .filter(|item| !item.is_empty())
        {
            wishes += 1;
            let Some((response_type, preference)) = Self::of_range(item) else {
                continue;
            };
            // The first of equals wins: clients list what they like best first.
            if best.is_none_or(|(_, so_far)| preference > so_far) {
                best = Some((response_type, preference));
            }
        }
        match best {
            Some((response_type, _)) => Ok(response_type),
            None if wishes == 0 => Ok(Self::Json),
            None => Err(NotAcceptable),
        }
    }

    /// What to write for one media range, and how much the client wants it.
    fn of_range(range: &str) -> Option<(Self, Preference)> {
        let (essence, parameters) = split_parameters(range);
        let mut quality = 1000;
        for (name, value) in parameters {
            if name.eq_ignore_ascii_case("q") {
                quality = parse_quality(value)?;
            } else if name.eq_ignore_ascii_case("charset") && !is_utf8(value) {
                return None;
            }
        }
        let is = |name: &str| essence.eq_ignore_ascii_case(name);
        let response_type = if is("application/graphql-response+json") {
            Self::GraphqlResponse
        } else if is("text/event-stream") {
            Self::EventStream
        } else if is("application/json") || is("application/*") || is("*/*") {
            Self::Json
        } else {
            return None;
        };
        (quality > 0).then_some((
            response_type,
            Preference {
                quality,
                is_named: !essence.ends_with('*'),
            },
        ))
    }

    pub(crate) fn header(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::GraphqlResponse => "application/graphql-response+json; charset=utf-8",
            Self::Json => "application/json; charset=utf-8",
            Self::EventStream => "text/event-stream; charset=utf-8",
        })
    }
}

/// Ordered by how much a client wants something; of equal wishes, what it names beats what a wildcard covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Preference {
    quality: u16,
    is_named: bool,
}

/// The client accepts nothing that the server can write.
#[derive(Debug)]
pub(crate) struct NotAcceptable;

/// Whether a body says that it is JSON in UTF-8.
///
/// # Errors
/// A message for the client: what it says instead, and what it should.
pub(crate) fn check_content_type(headers: &HeaderMap) -> Result<(), String> {
    let Some(value) = headers.get(header::CONTENT_TYPE) else {
        return Err("The header Content-Type is missing: send application/json.".to_owned());
    };
    let text = value.to_str().unwrap_or_default();
    let (essence, parameters) = split_parameters(text);
    if !essence.eq_ignore_ascii_case("application/json") {
        return Err(format!(
            "The Content-Type is \"{}\": send application/json.",
            text.escape_default()
        ));
    }
    let charset = parameters
        .into_iter()
        .find(|(name, _)| name.eq_ignore_ascii_case("charset"));
    match charset {
        Some((_, charset)) if !is_utf8(charset) => Err(format!(
            "The charset is \"{}\": send JSON in UTF-8.",
            charset.escape_default()
        )),
        _ => Ok(()),
    }
}

fn split_parameters(text: &str) -> (&str, Vec<(&str, &str)>) {
    let mut parts = text.split(';').map(str::trim);
    let essence = parts.next().unwrap_or_default();
    let parameters = parts
        .filter_map(|part| part.split_once('='))
        .map(|(name, value)| (name.trim(), value.trim().trim_matches('"')));
    (essence, parameters.collect())
}

fn is_utf8(charset: &str) -> bool {
    charset.eq_ignore_ascii_case("utf-8") || charset.eq_ignore_ascii_case("utf8")
}

/// A quality in thousandths; `None` where it is none.
fn parse_quality(text: &str) -> Option<u16> {
    let quality: f32 = text.parse().ok()?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "checked to be within 0 and 1000"
    )]
    (0.0..=1.0)
        .contains(&quality)
        .then_some((quality * 1000.0) as u16)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn negotiate(accept: &str) -> Option<ResponseType> {
        let headers =
            HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_str(accept).unwrap())]);
        ResponseType::negotiate(&headers).ok()
    }

    #[test]
    fn a_client_without_a_wish_gets_json() {
        assert_eq!(
            ResponseType::negotiate(&HeaderMap::new()).unwrap(),
            ResponseType::Json
        );
        assert_eq!(negotiate("*/*"), Some(ResponseType::Json));
        assert_eq!(
            negotiate("text/html, application/xhtml+xml, */*;q=0.8"),
            Some(ResponseType::Json)
        );
    }

    #[test]
    fn the_highest_quality_wins_and_the_first_of_equals() {
        let both = "application/graphql-response+json, application/json";
        assert_eq!(negotiate(both), Some(ResponseType::GraphqlResponse));
        assert_eq!(
            negotiate("application/json, application/graphql-response+json"),
            Some(ResponseType::Json)
        );
        assert_eq!(
            negotiate("application/json;q=0.8, application/graphql-response+json;q=0.9"),
            Some(ResponseType::GraphqlResponse)
        );
        assert_eq!(
            negotiate("*/*, application/graphql-response+json"),
            Some(ResponseType::GraphqlResponse)
        );
    }

    #[test]
    fn what_the_server_cannot_write_is_not_acceptable() {
        assert_eq!(negotiate("text/html"), None);
        assert_eq!(negotiate("text/*"), None, "events come only by name");
        assert_eq!(negotiate("application/json;q=0"), None);
        assert_eq!(negotiate("application/json; charset=iso-8859-1"), None);
        assert_eq!(
            negotiate("application/json; charset=\"UTF-8\""),
            Some(ResponseType::Json)
        );
    }

    #[test]
    fn events_are_for_who_names_them() {
        assert_eq!(
            negotiate("text/event-stream"),
            Some(ResponseType::EventStream)
        );
        assert_eq!(
            negotiate("application/json, text/event-stream"),
            Some(ResponseType::Json),
            "the first of equals"
        );
    }

    #[test]
    fn only_json_in_utf8_is_taken() {
        let check = |value: &str| {
            check_content_type(&HeaderMap::from_iter([(
                header::CONTENT_TYPE,
                HeaderValue::from_str(value).unwrap(),
            )]))
        };
        assert!(check("application/json").is_ok());
        assert!(check("Application/JSON ; Charset=UTF-8").is_ok());
        assert!(check("text/plain").unwrap_err().contains("text/plain"));
        assert!(
            check("application/json; charset=latin1")
                .unwrap_err()
                .contains("latin1")
        );
        assert!(
            check_content_type(&HeaderMap::new())
                .unwrap_err()
                .contains("missing")
        );
    }
}
