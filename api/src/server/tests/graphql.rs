//! GraphQL over HTTP, from request to response.

use std::time::Duration;

use jiff::Timestamp;
use proptest::prelude::*;

use super::*;

const GRAPHQL: &str = "application/graphql-response+json";

#[tokio::test]
async fn a_query_is_answered_in_the_media_type_that_the_client_prefers() {
    let server = Server::start().await;
    let body = json!({ "query": "{ __typename }" });
    let answer = server.post(&body, &[("accept", GRAPHQL)]).await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(
        answer.header("content-type"),
        "application/graphql-response+json; charset=utf-8"
    );
    assert_eq!(answer.data(), json!({ "__typename": "Query" }));
    let answer = server.post(&body, &[]).await;
    assert_eq!(
        answer.header("content-type"),
        "application/json; charset=utf-8"
    );
}

#[tokio::test]
async fn what_cannot_be_negotiated_is_refused() {
    let server = Server::start().await;
    let body = json!({ "query": "{ __typename }" });
    server
        .post(&body, &[("accept", "text/html")])
        .await
        .assert_refused(406, "BAD_USER_INPUT", "Accept");
    server
        .post(&body, &[("content-type", "text/plain")])
        .await
        .assert_refused(415, "BAD_USER_INPUT", "application/json");
    let latin = [("content-type", "application/json; charset=latin1")];
    server
        .post(&body, &latin)
        .await
        .assert_refused(415, "BAD_USER_INPUT", "UTF-8");
}

#[tokio::test]
async fn a_body_that_is_no_request_is_a_400_in_both_media_types() {
    let server = Server::start().await;
    for accept in [GRAPHQL, "application/json"] {
        for (body, message) in [
            ("{", "not valid JSON"),
            ("[]", "Batches"),
            ("{}", "\"query\" is missing"),
        ] {
            server
                .post_text(body, &[("accept", accept)])
                .await
                .assert_refused(400, "BAD_USER_INPUT", message);
        }
    }
}

#[tokio::test]
async fn a_document_that_cannot_run_is_a_400_unless_the_client_only_knows_json() {
    let server = Server::start().await;
    for (query, code) in [
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
    ] {
        server
            .ask(query, json!({}))
            .await
            .assert_refused(400, code, "");
        server
            .post(&json!({ "query": query }), &[])
            .await
            .assert_refused(200, code, "");
    }
}

#[tokio::test]
async fn queries_may_come_by_get_and_mutations_may_not() {
    let server = Server::start().await;
    let answer = server.get("/graphql?query=query(%24t:String!)%7Becho(text:%24t)%7D&variables=%7B%22t%22:%22hi%22%7D").await;
    assert_eq!(answer.data(), json!({ "echo": "hi" }));
    let answer = server.get("/graphql?query=mutation%7Badvance%7D").await;
    answer.assert_refused(405, "BAD_USER_INPUT", "POST");
    assert_eq!(answer.header("allow"), "POST");
    let answer = server
        .send(request(Method::DELETE, "/graphql", &[], Body::empty()))
        .await;
    answer.assert_refused(405, "BAD_USER_INPUT", "DELETE");
    assert_eq!(answer.header("allow"), "GET,HEAD,POST");
}

#[tokio::test]
async fn every_response_says_which_change_it_contains() {
    let server = Server::start().await;
    assert_eq!(
        server
            .ask("{ __typename }", json!({}))
            .await
            .header("kundig-sequence"),
        "7"
    );
    assert_eq!(
        server
            .ask("mutation { advance }", json!({}))
            .await
            .header("kundig-sequence"),
        "8"
    );
    assert_eq!(
        server.ask("{", json!({})).await.header("kundig-sequence"),
        "7"
    );
}

#[tokio::test]
async fn a_request_waits_for_the_change_that_it_needs() {
    let server = Server::start().await;
    let body = json!({ "query": "{ __typename }" });
    let bearer = format!("Bearer {}", server.token(Timestamp::now()));
    // A request waits for a moment only; on a busy machine the moment may be over before the change is there.
    for sequence in 9..40 {
        let minimum = sequence.to_string();
        let headers = [
            ("accept", GRAPHQL),
            ("authorization", &bearer),
            ("kundig-min-sequence", &minimum),
        ];
        let (answer, ()) = tokio::join!(server.post(&body, &headers), async {
            tokio::time::sleep(Duration::from_millis(30)).await;
            server.reach(sequence);
        });
        if answer.status() == StatusCode::OK {
            assert_eq!(answer.header("kundig-sequence"), minimum);
            return;
        }
        answer.assert_refused(503, "UNAVAILABLE", &minimum);
    }
    panic!("no request waits");
}

#[tokio::test]
async fn a_request_does_not_wait_for_ever() {
    let server = Server::start().await;
    let body = json!({ "query": "{ __typename }" });
    let bearer = format!("Bearer {}", server.token(Timestamp::now()));
    let headers = [
        ("accept", GRAPHQL),
        ("authorization", &bearer),
        ("kundig-min-sequence", "99"),
    ];
    let answer = server.post(&body, &headers).await;
    answer.assert_refused(503, "UNAVAILABLE", "99");
    assert_eq!(answer.header("retry-after"), "5");
}

#[tokio::test]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let server = Server::start().await;
    let body = futures_util::stream::pending::<Result<Vec<u8>, std::convert::Infallible>>();
    let json = [("content-type", "application/json")];
    let request = request(Method::POST, "/graphql", &json, Body::from_stream(body));
    let answer = tokio::time::timeout(Duration::from_mins(1), server.send(request)).await;
    let answer = answer.expect("it is answered");
    answer.assert_refused(408, "BAD_USER_INPUT", "has not arrived");
}

#[tokio::test]
async fn a_minimum_that_is_no_sequence_is_refused() {
    let server = Server::start().await;
    for wrong in ["x", "-1", "1.5", "", "99999999999999999999"] {
        let answer = server
            .post(
                &json!({ "query": "{ __typename }" }),
                &[("kundig-min-sequence", wrong)],
            )
            .await;
        answer.assert_refused(400, "BAD_USER_INPUT", "Kundig-Min-Sequence");
    }
}

#[tokio::test]
async fn the_operation_is_chosen_by_name() {
    let server = Server::start().await;
    let query =
        "query A { echo(text: \"a\") } query B { ...F } fragment F on Query { echo(text: \"b\") }";
    let ask = async |name: Value| {
        server
            .post(
                &json!({ "query": query, "operationName": name }),
                &[("accept", GRAPHQL)],
            )
            .await
    };
    assert_eq!(ask(json!("A")).await.data(), json!({ "echo": "a" }));
    assert_eq!(ask(json!("B")).await.data(), json!({ "echo": "b" }));
    ask(json!("C"))
        .await
        .assert_refused(400, "BAD_USER_INPUT", "no operation named \"C\"");
    ask(Value::Null)
        .await
        .assert_refused(400, "BAD_USER_INPUT", "operationName must say which");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_is_sent_gets_an_answer_with_an_error_code(query in "[{}()\\[\\]\"#.$!:a-z_ \\n\\\\0-9]{0,60}", body in ".{0,60}") {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
            let server = Server::start().await;
            for answer in [server.ask(&query, json!({})).await, server.post_text(&body, &[]).await] {
                let json = answer.json();
                for error in json["errors"].as_array().into_iter().flatten() {
                    assert_ne!(error["extensions"]["code"], "INTERNAL_SERVER_ERROR", "{query:?} {body:?} {error}");
                    assert!(error["extensions"]["code"].is_string(), "{error}");
                }
            }
        });
    }
}
