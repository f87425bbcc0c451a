//! GraphQL over HTTP, from request to response.

use std::time::Duration;

use proptest::prelude::*;

use super::*;

const GRAPHQL: &str = "application/graphql-response+json";

#[tokio::test]
async fn a_query_is_answered_in_the_media_type_that_the_client_prefers() {
    let server = Server::start().await;
    let body = json!({ "query": "{ __typename }" });
    let answer = server.post(&body, &[("accept", GRAPHQL)]).await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.header("content-type"), "application/graphql-response+json; charset=utf-8");
    assert_eq!(answer.data(), json!({ "__typename": "Query" }));
    let answer = server.post(&body, &[]).await;
    assert_eq!(answer.header("content-type"), "application/json; charset=utf-8");
}

#[tokio::test]
async fn what_cannot_be_negotiated_is_refused() {
    let server = Server::start().await;
    let body = json!({ "query": "{ __typename }" });
    server.post(&body, &[("accept", "text/html")]).await.assert_refused(406, "BAD_USER_INPUT", "Accept");
    server.post(&body, &[("content-type", "text/plain")]).await.assert_refused(415, "BAD_USER_INPUT", "application/json");
    let latin = [("content-type", "application/json; charset=latin1")];
    server.post(&body, &latin).await.assert_refused(415, "BAD_USER_INPUT", "UTF-8");
}

#[tokio::test]
async fn a_body_that_is_no_request_is_a_400_in_both_media_types() {
    let server = Server::start().await;
    for accept in [GRAPHQL, "application/json"] {
        for (body, message) in [("{", "not valid JSON"), ("[]", "Batches"), ("{}", "\"query\" is missing")] {
            server.post_text(body, &[("accept", accept)]).await.assert_refused(400, "BAD_USER_INPUT", message);
        }
    }
}

#[tokio::test]
async fn a_document_that_cannot_run_is_a_400_unless_the_client_only_knows_json() {
    let server = Server::start().await;
    for (query, code) in [("{", "GRAPHQL_PARSE_FAILED"), ("{ nothing }", "GRAPHQL_VALIDATION_FAILED")] {
        server.ask(query, json!({})).await.assert_refused(400, code, "");
        server.post(&json!({ "query": query }), &[]).await.assert_refused(200, code, "");
    }
}

#[tokio::test]
async fn an_invalid_document_stays_invalid_and_a_valid_one_valid() {
    let server = Server::start().await;
    for _ in 0..3 {
        server.ask("{ nothing }", json!({})).await.assert_refused(400, "GRAPHQL_VALIDATION_FAILED", "nothing");
        assert_eq!(server.ask("{ echo(text: \"a\") }", json!({})).await.data(), json!({ "echo": "a" }));
    }
}

#[tokio::test]
async fn a_known_document_is_checked_against_each_requests_own_variables() {
    let server = Server::start().await;
    let query = "query ($text: String!) { echo(text: $text) }";
    for _ in 0..2 {
        assert_eq!(server.ask(query, json!({ "text": "a" })).await.data(), json!({ "echo": "a" }));
        server.ask(query, json!({ "text": 7 })).await.assert_refused(400, "BAD_USER_INPUT", "expected \"String\", found a whole number");
        server.ask(query, json!({})).await.assert_refused(400, "BAD_USER_INPUT", "\"$text\" of type \"String!\" is required");
        server.ask(query, json!({ "text": null })).await.assert_refused(400, "BAD_USER_INPUT", "found null");
        assert_eq!(server.ask(query, json!({ "text": "b" })).await.data(), json!({ "echo": "b" }));
    }
}

#[tokio::test]
async fn a_variable_is_checked_in_all_its_depth() {
    let server = Server::start().await;
    let query = "query ($paint: Paint!) { paint(with: $paint) }";
    let good = json!({ "paint": { "colour": "RED", "tags": ["a"], "under": { "colour": "GREEN" } } });
    assert_eq!(server.ask(query, good).await.data(), json!({ "paint": "red x1 [\"a\"] true" }));
    let single = json!({ "paint": { "colour": "GREEN", "tags": "alone", "coats": 2 } });
    assert_eq!(server.ask(query, single).await.data(), json!({ "paint": "green x2 [\"alone\"] false" }));
    for (paint, message) in [
        (json!({ "colour": "BLUE" }), "at \"colour\": expected one of RED, GREEN"),
        (json!({ "colour": "RED", "tags": ["a", 1] }), "at \"tags[1]\""),
        (json!({ "colour": "RED", "under": { "colour": 1 } }), "at \"under.colour\""),
        (json!({ "colour": "RED", "shade": 1 }), "has no field \"shade\""),
        (json!({}), "field \"colour\" of type \"Colour!\" is required"),
        (json!([]), "expected \"Paint\", found a list"),
        (json!({ "colour": "RED", "coats": null }), "at \"coats\""),
    ] {
        server.ask(query, json!({ "paint": paint })).await.assert_refused(400, "BAD_USER_INPUT", message);
    }
}

#[tokio::test]
async fn a_literal_with_variables_in_it_is_checked_as_part_of_the_document() {
    let server = Server::start().await;
    for (literal, message) in [
        ("{ colour: RED, tags: [$text], shade: 1 }", "has no field \"shade\""),
        ("{ tags: [$text] }", "\"colour\""),
        ("{ colour: BLUE, tags: [$text] }", "expected one of RED, GREEN"),
    ] {
        let query = format!("query ($text: String!) {{ nested {{ ...Painted }} }} fragment Painted on Query {{ paint(with: {literal}) }}");
        let answer = server.ask(&query, json!({ "text": "a" })).await;
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{}", answer.text());
        assert!(answer.text().contains("GRAPHQL_VALIDATION_FAILED"), "{}", answer.text());
        assert!(answer.text().contains(&message.replace('"', "\\\"")), "{}", answer.text());
    }
    let query = "query ($text: String!) { paint(with: { colour: RED, tags: [$text, \"b\"] }) }";
    assert_eq!(server.ask(query, json!({ "text": "a" })).await.data(), json!({ "paint": "red x1 [\"a\", \"b\"] false" }));
}

#[tokio::test]
async fn a_variable_that_is_left_out_is_not_an_explicit_null() {
    let server = Server::start().await;
    let query = "mutation ($name: String) { rename(input: { id: 1, name: $name }) }";
    assert_eq!(server.ask(query, json!({})).await.data(), json!({ "rename": "1 keeps its name" }));
    assert_eq!(server.ask(query, json!({ "name": null })).await.data(), json!({ "rename": "1 has no name" }));
    assert_eq!(server.ask(query, json!({ "name": "x" })).await.data(), json!({ "rename": "1 is x" }));
}

#[tokio::test]
async fn a_variable_that_is_left_out_leaves_the_default_in_place() {
    let server = Server::start().await;
    let query = "query ($coats: Int) { nested { ...Painted } } fragment Painted on Query { paint(with: { colour: RED, coats: $coats }) }";
    assert_eq!(server.ask(query, json!({})).await.data()["nested"], json!({ "paint": "red x1 [] false" }));
    let query = "query ($text: String = \"default\") { echo(text: $text) }";
    assert_eq!(server.ask(query, json!({})).await.data(), json!({ "echo": "default" }));
}

#[tokio::test]
async fn the_operation_is_chosen_by_name() {
    let server = Server::start().await;
    let query = "query A { echo(text: \"a\") } query B { ...F } fragment F on Query { echo(text: \"b\") }";
    let ask = async |name: Value| server.post(&json!({ "query": query, "operationName": name }), &[("accept", GRAPHQL)]).await;
    assert_eq!(ask(json!("A")).await.data(), json!({ "echo": "a" }));
    assert_eq!(ask(json!("B")).await.data(), json!({ "echo": "b" }));
    ask(json!("C")).await.assert_refused(400, "BAD_USER_INPUT", "no operation named \"C\"");
    ask(Value::Null).await.assert_refused(400, "BAD_USER_INPUT", "operationName must say which");
}

#[tokio::test]
async fn queries_may_come_by_get_and_mutations_may_not() {
    let server = Server::start().await;
    let answer = server.get("/graphql?query=query(%24t:String!)%7Becho(text:%24t)%7D&variables=%7B%22t%22:%22hi%22%7D").await;
    assert_eq!(answer.data(), json!({ "echo": "hi" }));
    let answer = server.get("/graphql?query=mutation%7Badvance%7D").await;
    answer.assert_refused(405, "BAD_USER_INPUT", "POST");
    assert_eq!(answer.header("allow"), "POST");
    let answer = server.send(request(Method::DELETE, "/graphql", &[], Body::empty())).await;
    answer.assert_refused(405, "BAD_USER_INPUT", "DELETE");
    assert_eq!(answer.header("allow"), "GET,HEAD,POST");
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused() {
    let server = Server::start().await;
    let body = format!("{{\"query\": \"{{ __typename }}\", \"other\": \"{}\"}}", "x".repeat(33 * 1024 * 1024));
    server.post_text(&body, &[]).await.assert_refused(413, "BAD_USER_INPUT", "32 MiB");
}

#[tokio::test]
async fn a_panic_reveals_nothing_but_the_request_id() {
    let server = Server::start().await;
    let answer = server.ask("{ panicking }", json!({})).await;
    answer.assert_refused(500, "INTERNAL_SERVER_ERROR", "request id");
    assert!(!answer.text().contains("secret"));
    assert_eq!(server.ask("{ __typename }", json!({})).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn an_error_that_nobody_foresaw_reveals_nothing() {
    let server = Server::start().await;
    for query in ["{ failing }", "{ forgetful }"] {
        let answer = server.ask(query, json!({})).await;
        assert_eq!(answer.status(), StatusCode::OK, "{}", answer.text());
        assert_eq!(answer.error().0, "INTERNAL_SERVER_ERROR");
        assert!(!answer.text().contains("hunter2") && !answer.text().contains("kundig::"), "{}", answer.text());
    }
}

#[tokio::test]
async fn a_coded_error_reaches_the_client_as_it_is() {
    let server = Server::start().await;
    let answer = server.ask("{ coded echo(text: \"a\") }", json!({})).await;
    assert_eq!(answer.error(), ("NOT_FOUND".to_owned(), "There is no such thing.".to_owned()));
    assert_eq!(answer.json()["data"], json!({ "coded": null, "echo": "a" }));
}

#[tokio::test]
async fn an_argument_that_its_scalar_refuses_is_the_clients_mistake() {
    let server = Server::start().await;
    for (query, variables) in [("{ half(of: 3) }", json!({})), ("query ($of: Even!) { half(of: $of) }", json!({ "of": 3 }))] {
        let answer = server.ask(query, variables).await;
        let (code, message) = answer.error();
        assert_eq!(code, "BAD_USER_INPUT");
        assert!(message.contains("not even"), "{message}");
    }
}

#[tokio::test]
async fn every_response_says_which_change_it_contains() {
    let server = Server::start().await;
    assert_eq!(server.ask("{ __typename }", json!({})).await.header("kundig-sequence"), "7");
    assert_eq!(server.ask("mutation { advance }", json!({})).await.header("kundig-sequence"), "8");
    assert_eq!(server.ask("{", json!({})).await.header("kundig-sequence"), "7");
}

#[tokio::test]
async fn a_request_waits_for_the_change_that_it_needs() {
    let server = Server::start().await;
    let body = json!({ "query": "{ __typename }" });
    let headers = [("accept", GRAPHQL), ("kundig-min-sequence", "9")];
    let (answer, ()) = tokio::join!(server.post(&body, &headers), async {
        tokio::time::sleep(Duration::from_millis(30)).await;
        server.reach(9);
    });
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.header("kundig-sequence"), "9");
}

#[tokio::test(start_paused = true)]
async fn a_request_does_not_wait_for_ever() {
    let server = Server::start().await;
    let body = json!({ "query": "{ __typename }" });
    let answer = server.post(&body, &[("accept", GRAPHQL), ("kundig-min-sequence", "99")]).await;
    answer.assert_refused(503, "UNAVAILABLE", "99");
}

#[tokio::test]
async fn a_minimum_that_is_no_sequence_is_refused() {
    let server = Server::start().await;
    for wrong in ["x", "-1", "1.5", "", "99999999999999999999"] {
        let answer = server.post(&json!({ "query": "{ __typename }" }), &[("kundig-min-sequence", wrong)]).await;
        answer.assert_refused(400, "BAD_USER_INPUT", "Kundig-Min-Sequence");
    }
}

#[tokio::test]
async fn nothing_is_answered_from_a_catalog_that_is_not_there_yet() {
    let server = Server::loading().await;
    server.ask("{ __typename }", json!({})).await.assert_refused(503, "UNAVAILABLE", "not loaded");
    server.reach(1);
    assert_eq!(server.ask("{ __typename }", json!({})).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn resolvers_know_who_asks() {
    let server = Server::start().await;
    assert_eq!(server.ask("{ actor }", json!({})).await.data(), json!({ "actor": "anonymous" }));
}

#[tokio::test]
async fn documents_that_would_exhaust_the_server_are_refused() {
    let server = Server::start().await;
    let deep_value = format!("{{ echo(text: {}{}) }}", "[".repeat(100_000), "]".repeat(100_000));
    server.ask(&deep_value, json!({})).await.assert_refused(400, "QUERY_TOO_DEEP", "100 levels");
    let deep = format!("{}__typename{}", "{ nested ".repeat(50), "}".repeat(50));
    let answer = server.ask(&format!("{deep} "), json!({})).await;
    assert_eq!(answer.error().0, "QUERY_TOO_DEEP", "{}", answer.text());

    // Each fragment spreads the next one twice.
    let fragments: String =
        (0..40).map(|level| format!("fragment F{level} on Query {{ ...F{next} ...F{next} }} ", next = level + 1)).collect();
    let doubling = format!("{{ ...F0 }} {fragments} fragment F40 on Query {{ __typename }}");
    server.ask(&doubling, json!({})).await.assert_refused(400, "QUERY_TOO_COMPLEX", "10000");
    let circle = "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }";
    server.ask(circle, json!({})).await.assert_refused(400, "GRAPHQL_VALIDATION_FAILED", "within itself");
    let long = format!("{{ __typename }} # {}", "x".repeat(2 * 1024 * 1024));
    server.ask(&long, json!({})).await.assert_refused(400, "QUERY_TOO_COMPLEX", "bytes long");
}

#[tokio::test]
async fn introspection_is_answered() {
    let server = Server::start().await;
    let answer = server.ask("{ __schema { queryType { fields { name args { name type { kind } } } } } }", json!({})).await;
    assert_eq!(answer.data()["__schema"]["queryType"]["fields"][0]["name"], "echo");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_is_sent_gets_an_answer_with_an_error_code(query in "[{}()\\[\\]\"#.$!:a-z_ \\n\\\\0-9]{0,60}", body in ".{0,60}") {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
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
