//! The parameters of a GraphQL request, from a body or from a query string.

use async_graphql::Variables;
use axum::http::StatusCode;
use serde::Deserialize;

use super::problem::Problem;

/// What a client asks for.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Parameters {
    /// The document.
    pub(crate) query: String,
    /// Which of its operations.
    #[serde(default)]
    pub(crate) operation_name: Option<String>,
    /// The operation's variables.
    #[serde(default)]
    pub(crate) variables: Variables,
    /// Nothing is read from it yet, but it has to be an object.
    #[serde(default, rename = "extensions")]
    _extensions: Option<serde_json::Map<String, serde_json::Value>>,
}

impl Parameters {
    /// From the body of a POST request.
    ///
    /// # Errors
    /// It is no JSON, or a parameter is missing or of the wrong type.
    pub(crate) fn from_json(body: &[u8]) -> Result<Self, Problem> {
        serde_json::from_slice(body).map_err(|error| malformed(explain(body, &error)))
    }

    /// From the query string of a GET request.
    ///
    /// # Errors
    /// `query` is missing, a parameter comes twice, or `variables` or `extensions` are no JSON objects.
    pub(crate) fn from_query_string(query_string: &str) -> Result<Self, Problem> {
        let (mut query, mut operation_name, mut variables, mut extensions) =
            (None, None, None, None);
        for (name, value) in url::form_urlencoded::parse(query_string.as_bytes()) {
            let parameter = match &*name {
                "query" => &mut query,
                "operationName" => &mut operation_name,
                "variables" => &mut variables,
                "extensions" => &mut extensions,
                _ => continue,
            };
            if parameter.replace(value.into_owned()).is_some() {
                return Err(malformed(format!(
                    "The parameter \"{name}\" is given more than once."
                )));
            }
        }
        Ok(Self {
            query: query.ok_or_else(|| malformed(MISSING_QUERY))?,
            operation_name: operation_name.filter(|name| !name.is_empty()),
            variables: json_object("variables", variables.as_deref())?,
            _extensions: json_object("extensions", extensions.as_deref())?,
        })
    }
}

const MISSING_QUERY: &str = "The parameter \"query\" is missing: it holds the GraphQL document.";

fn malformed(message: impl Into<String>) -> Problem {
    Problem::malformed(StatusCode::BAD_REQUEST, message)
}

fn json_object<T: Default + for<'de> Deserialize<'de>>(
    name: &str,
    text: Option<&str>,
) -> Result<T, Problem> {
    match text {
        None | Some("") => Ok(T::default()),
        Some(text) => serde_json::from_str(text).map_err(|error| {
            malformed(format!(
                "The parameter \"{name}\" has to be a JSON object: {error}."
            ))
        }),
    }
}

/// Why a body is no GraphQL request. The parser's own error names no parameter, so the body is looked at again.
fn explain(body: &[u8], error: &serde_json::Error) -> String {
    use serde_json::Value;
    if body.iter().all(u8::is_ascii_whitespace) {
        return "The body is empty: send a JSON object with the parameter \"query\".".to_owned();
    }
    let parameters = match serde_json::from_slice::<Value>(body) {
        Ok(Value::Object(parameters)) => parameters,
        Ok(Value::Array(_)) => {
            return "Batches are not supported: send one request as a JSON object.".to_owned();
        }
        Ok(_) => {
            return "The body has to be a JSON object with the parameter \"query\".".to_owned();
        }
        Err(error) => return format!("The body is not valid JSON: {error}."),
    };
    if !parameters.contains_key("query") {
        return MISSING_QUERY.to_owned();
    }
    let wrong = parameters
        .iter()
        .find_map(|(name, value)| match name.as_str() {
            "query" if !value.is_string() => Some("The parameter \"query\" has to be a string."),
            "operationName" if !value.is_string() && !value.is_null() => {
                Some("The parameter \"operationName\" has to be a string or null.")
            }
            "variables" if !value.is_object() && !value.is_null() => {
                Some("The parameter \"variables\" has to be an object or null.")
            }
            "extensions" if !value.is_object() && !value.is_null() => {
                Some("The parameter \"extensions\" has to be an object or null.")
            }
            _ => None,
        });
    wrong.map_or_else(
        || format!("The body is no GraphQL request: {error}."),
        ToOwned::to_owned,
    )
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn message(problem: &Problem) -> &str {
        &problem.errors[0].message
    }

    #[test]
    fn a_body_that_is_no_request_is_refused_by_what_is_wrong_with_it() {
        let cases = [
            ("", "empty"),
            ("{ \"not a JSON", "not valid JSON"),
            ("[{\"query\": \"{ a }\"}]", "Batches"),
            ("7", "JSON object"),
            ("{}", "\"query\" is missing"),
            ("{\"query\": 1}", "\"query\" has to be a string"),
            (
                "{\"query\": \"\", \"operationName\": []}",
                "\"operationName\"",
            ),
            ("{\"query\": \"\", \"variables\": [1]}", "\"variables\""),
            ("{\"query\": \"\", \"extensions\": \"x\"}", "\"extensions\""),
            ("{\"query\": \"\", \"query\": \"\"}", "duplicate field"),
        ];
        for (body, expected) in cases {
            let problem = Parameters::from_json(body.as_bytes()).unwrap_err();
            assert_eq!(problem.status, StatusCode::BAD_REQUEST);
            assert!(
                message(&problem).contains(expected),
                "{body}: {}",
                message(&problem)
            );
        }
    }

    #[test]
    fn null_parameters_count_as_absent() {
        let body = br#"{"query": "{ a }", "operationName": null, "variables": null, "extensions": null, "other": 1}"#;
        let parameters = Parameters::from_json(body).unwrap();
        assert_eq!(parameters.operation_name, None);
        assert!(parameters.variables.is_empty());
    }

    #[test]
    fn a_query_string_is_decoded() {
        let parameters = Parameters::from_query_string(
            "query=%7B+a%20%7D&variables=%7B%22n%22%3A1%7D&operationName=A",
        )
        .unwrap();
        assert_eq!(parameters.query, "{ a }");
        assert_eq!(parameters.operation_name.as_deref(), Some("A"));
        assert_eq!(parameters.variables.len(), 1);
    }

    #[test]
    fn a_query_string_with_broken_parameters_is_refused() {
        for (query_string, expected) in [
            ("", "\"query\" is missing"),
            ("query=a&query=b", "more than once"),
            ("query=a&variables=%5B1%5D", "\"variables\""),
            ("query=a&extensions=x", "\"extensions\""),
        ] {
            let problem = Parameters::from_query_string(query_string).unwrap_err();
            assert!(
                message(&problem).contains(expected),
                "{query_string}: {}",
                message(&problem)
            );
        }
    }
}
