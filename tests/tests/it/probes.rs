//! What security scanners try on every GraphQL server. At the default settings they have to find nothing, whoever asks.

use kundig_tests::{Database, Server, block_on, tokens};
use reqwest::header::{ACCEPT, CONTENT_TYPE};
use reqwest::{RequestBuilder, Response, Url};
use serde_json::{Value, json};

use crate::limits;

/// A scanner: someone without a token, or someone with one that allows everything.
struct Scanner<'a> {
    server: &'a Server,
    token: Option<&'a str>,
}

/// An answer's status and its body, JSON.
#[derive(Debug)]
struct Finding {
    status: u16,
    body: Value,
}

impl Scanner<'_> {
    /// Sends a document the way that scanners do: they accept anything.
    async fn ask(&self, document: &str) -> Finding {
        let body = json!({ "query": document, "operationName": "cop" });
        self.send(self.server.http().post(self.url()).json(&body))
            .await
    }

    async fn post(&self, content_type: &str, body: impl Into<reqwest::Body>) -> Finding {
        let request = self.server.http().post(self.url());
        let request = request.header(CONTENT_TYPE, content_type).body(body);
        self.send(request).await
    }

    fn url(&self) -> String {
        self.server.url("/graphql")
    }

    async fn send(&self, request: RequestBuilder) -> Finding {
        let request = request.header(ACCEPT, "*/*");
        let request = match self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        };
        let answer = request
            .send()
            .await
            .unwrap_or_else(|error| panic!("{error}"));
        Finding::read(answer).await
    }
}

impl Finding {
    async fn read(answer: Response) -> Self {
        Self {
            status: answer.status().as_u16(),
            body: answer
                .json()
                .await
                .unwrap_or_else(|error| panic!("{error}")),
        }
    }

    /// The messages of all errors of an answer without data.
    #[track_caller]
    fn refused(&self, code: &str) -> Vec<&str> {
        assert_eq!(self.body.get("data"), None, "{self:?}");
        let errors = self.body["errors"].as_array().map(Vec::as_slice);
        let errors = errors.unwrap_or_default();
        assert!(!errors.is_empty(), "it is not refused: {self:?}");
        for error in errors {
            assert_eq!(error["extensions"]["code"], code, "{self:?}");
        }
        let messages = errors.iter().map(|error| error["message"].as_str());
        messages.map(Option::unwrap_or_default).collect()
    }

    /// Of an answer that is refused with one error, which says this.
    #[track_caller]
    fn refused_once(&self, code: &str, text: &str) {
        let messages = self.refused(code);
        assert_eq!(messages.len(), 1, "{self:?}");
        assert!(messages[0].contains(text), "{self:?}");
    }
}

/// Runs a probe twice, without a token and with one that allows everything.
fn probe(run: &impl AsyncFn(&Scanner<'_>)) {
    block_on(async {
        let database = Database::sqlite();
        let server = limits::server(&database, &[]).await;
        for token in [None, Some(tokens::everything())] {
            let server = &server;
            run(&Scanner { server, token }).await;
        }
    });
}

fn cop(selection: &str) -> String {
    format!("query cop {{ {selection} }}")
}

#[test]
fn aliases_are_not_multiplied() {
    probe(&async |scanner: &Scanner<'_>| {
        let aliases: Vec<_> = (0..101).map(|n| format!("alias{n}: __typename")).collect();
        let aliases = aliases.join("\n");
        let at_root = scanner.ask(&cop(&aliases)).await;
        at_root.refused_once("QUERY_TOO_COMPLEX", "max_root_fields");
        let below = scanner
            .ask(&cop(&format!("services {{ {aliases} }}")))
            .await;
        below.refused_once("QUERY_TOO_COMPLEX", "max_aliases");
        let spread = format!(
            "{} fragment F on ServiceConnection {{ {aliases} }}",
            cop("services { ...F }")
        );
        let spread = scanner.ask(&spread).await;
        spread.refused_once("QUERY_TOO_COMPLEX", "max_aliases");
    });
}

#[test]
fn fields_are_not_repeated() {
    probe(&async |scanner: &Scanner<'_>| {
        let at_root = scanner.ask(&cop(&"__typename \n".repeat(500))).await;
        at_root.refused_once("QUERY_TOO_COMPLEX", "max_root_fields");
        for below in [
            "totalCount ".repeat(500),
            "... { totalCount } ".repeat(500),
            "nodes { id } ".repeat(500),
            "...F ".repeat(500),
        ] {
            let document = format!(
                "{} fragment F on ServiceConnection {{ totalCount }}",
                cop(&format!("services {{ ...F {below} }}"))
            );
            let below = scanner.ask(&document).await;
            below.refused_once("QUERY_TOO_COMPLEX", "more than 100 times");
        }
    });
}

#[test]
fn directives_are_not_multiplied() {
    probe(&async |scanner: &Scanner<'_>| {
        let unknown = "@aa".repeat(10);
        let unknown = scanner.ask(&cop(&format!("__typename {unknown}"))).await;
        let messages = unknown.refused("GRAPHQL_VALIDATION_FAILED");
        assert!(
            messages.len() <= 2,
            "one mistake is told as many times as it is made: {messages:?}"
        );
        let known = "@include(if: true)".repeat(50);
        let known = scanner.ask(&cop(&format!("__typename {known}"))).await;
        known.refused("GRAPHQL_VALIDATION_FAILED");
        let many = "@include(if: true)".repeat(51);
        let many = scanner.ask(&cop(&format!("__typename {many}"))).await;
        many.refused_once("QUERY_TOO_COMPLEX", "max_directives");
    });
}

#[test]
fn queries_are_not_batched() {
    probe(&async |scanner: &Scanner<'_>| {
        for length in [1, 10, 100] {
            let batch = vec![json!({ "query": cop("__typename") }); length];
            let batch = json!(batch).to_string();
            let answer = scanner.post("application/json", batch).await;
            assert_eq!(answer.status, 400, "{answer:?}");
            answer.refused_once("BAD_USER_INPUT", "max_batch");
        }
    });
}

#[test]
fn the_schema_is_not_walked_round_and_round() {
    probe(&async |scanner: &Scanner<'_>| {
        let circular = "__schema { types { fields { type { fields { type { fields { type { fields { type { name } } } } } } } } } }";
        let circular = scanner.ask(&cop(circular)).await;
        circular.refused_once("QUERY_TOO_DEEP", "goes round in the schema");
        let fragments = format!(
            "{} fragment A on __Type {{ fields {{ type {{ ...B }} }} }} fragment B on __Type {{ fields {{ type {{ ...A }} }} }}",
            cop("__schema { types { ...A } }")
        );
        let fragments = scanner.ask(&fragments).await;
        fragments.refused_once("GRAPHQL_VALIDATION_FAILED", "within itself");
    });
}

#[test]
fn nothing_is_suggested() {
    probe(&async |scanner: &Scanner<'_>| {
        for misspelt in [
            "__schema { directive }",
            "service(slog: \"a\") { id }",
            "servcies { totalCount }",
            "services(orderBy: { field: NAMES }) { totalCount }",
            "... on Qeury { __typename }",
            "__typename @skp(if: true)",
        ] {
            let answer = scanner.ask(&cop(misspelt)).await;
            let messages = answer.refused("GRAPHQL_VALIDATION_FAILED");
            let suggests = |message: &&str| message.to_lowercase().contains("did you mean");
            assert!(!messages.iter().any(suggests), "{misspelt}: {messages:?}");
        }
    });
}

#[test]
fn nothing_is_changed_by_get() {
    probe(&async |scanner: &Scanner<'_>| {
        let create = "mutation cop { createTeam(input: { name: \"Intruders\" }) { team { id } } }";
        for mutation in ["mutation cop {__typename}", create] {
            let url = Url::parse_with_params(&scanner.url(), [("query", mutation)]);
            let url = url.unwrap_or_else(|error| panic!("{error}"));
            let answer = scanner.send(scanner.server.http().get(url)).await;
            assert_eq!(answer.status, 405, "{answer:?}");
            answer.refused_once("BAD_USER_INPUT", "send them by POST");
        }
    });
}

#[test]
fn what_forms_of_other_pages_can_send_is_not_executed() {
    const BOUNDARY: &str = "multipart/form-data; boundary=cop";
    let document = json!({ "query": "query cop { __typename }" }).to_string();
    let part = "--cop\r\nContent-Disposition: form-data; name=\"query\"\r\n\r\nquery cop { __typename }\r\n--cop--\r\n";
    let operations = format!(
        "--cop\r\nContent-Disposition: form-data; name=\"operations\"\r\n\r\n{document}\r\n--cop\r\nContent-Disposition: form-data; name=\"map\"\r\n\r\n{{}}\r\n--cop--\r\n"
    );
    probe(&async |scanner: &Scanner<'_>| {
        for (content_type, body) in [
            (
                "application/x-www-form-urlencoded",
                "query=query+cop+%7B+__typename+%7D",
            ),
            ("application/x-www-form-urlencoded", document.as_str()),
            ("text/plain", document.as_str()),
            ("text/plain; charset=application/json", document.as_str()),
            (BOUNDARY, part),
            (BOUNDARY, operations.as_str()),
            ("application/graphql", "query cop { __typename }"),
            ("", document.as_str()),
        ] {
            let answer = scanner.post(content_type, body.to_owned()).await;
            assert_eq!(answer.status, 415, "{content_type}: {answer:?}");
            answer.refused_once("BAD_USER_INPUT", "send application/json");
        }
    });
}

#[test]
fn answers_have_no_traces() {
    probe(&async |scanner: &Scanner<'_>| {
        for document in [
            cop("__typename"),
            cop("services { totalCount }"),
            cop("nothing"),
        ] {
            let answer = scanner.ask(&document).await;
            let errors = answer.body["errors"].as_array().into_iter().flatten();
            let extensions = errors.chain([&answer.body]).map(|part| &part["extensions"]);
            for name in extensions
                .filter_map(Value::as_object)
                .flat_map(|map| map.keys())
            {
                let is_ours =
                    ["cost", "code", "requestId", "requiredScope"].contains(&name.as_str());
                assert!(is_ours, "{name}: {answer:?}");
            }
        }
    });
}

#[test]
fn errors_tell_nothing_of_the_inside() {
    probe(&async |scanner: &Scanner<'_>| {
        let broken = scanner.ask("qwerty cop { abc }").await;
        let messages = broken.refused("GRAPHQL_PARSE_FAILED");
        assert_eq!(messages.len(), 1, "{broken:?}");
        let text = broken.body.to_string();
        for inner in ["exception", "stack", "panicked", ".rs", "debug"] {
            assert!(!text.contains(inner), "{inner}: {text}");
        }
    });
}

#[test]
fn everybody_may_ask_what_the_schema_is_and_not_what_the_data_are() {
    probe(&async |scanner: &Scanner<'_>| {
        let schema = cop("__schema { types { name fields { name } } }");
        let answer = scanner.ask(&schema).await;
        assert!(
            answer.body["data"]["__schema"]["types"].is_array(),
            "{answer:?}"
        );
        let data = scanner.ask(&cop("services { totalCount }")).await;
        if scanner.token.is_some() {
            assert_eq!(data.body["data"]["services"]["totalCount"], 0, "{data:?}");
        } else {
            assert_eq!(data.status, 401, "{data:?}");
            data.refused("UNAUTHENTICATED");
        }
    });
}
