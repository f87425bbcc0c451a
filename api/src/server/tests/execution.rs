//! What becomes of a well-formed request: its document, its variables, its errors.

use super::*;

#[tokio::test]
async fn an_invalid_document_stays_invalid_and_a_valid_one_valid() {
    let server = Server::start().await;
    for _ in 0..3 {
        server.ask("{ nothing }", json!({})).await.assert_refused(
            400,
            "GRAPHQL_VALIDATION_FAILED",
            "nothing",
        );
        assert_eq!(
            server.ask("{ echo(text: \"a\") }", json!({})).await.data(),
            json!({ "echo": "a" })
        );
    }
}

#[tokio::test]
async fn a_known_document_is_checked_against_each_requests_own_variables() {
    let server = Server::start().await;
    let query = "query ($text: String!) { echo(text: $text) }";
    for _ in 0..2 {
        assert_eq!(
            server.ask(query, json!({ "text": "a" })).await.data(),
            json!({ "echo": "a" })
        );
        server
            .ask(query, json!({ "text": 7 }))
            .await
            .assert_refused(
                400,
                "BAD_USER_INPUT",
                "expected \"String\", found a whole number",
            );
        server.ask(query, json!({})).await.assert_refused(
            400,
            "BAD_USER_INPUT",
            "\"$text\" of type \"String!\" is required",
        );
        server
            .ask(query, json!({ "text": null }))
            .await
            .assert_refused(400, "BAD_USER_INPUT", "found null");
        assert_eq!(
            server.ask(query, json!({ "text": "b" })).await.data(),
            json!({ "echo": "b" })
        );
    }
}

#[tokio::test]
async fn a_variable_is_checked_in_all_its_depth() {
    let server = Server::start().await;
    let query = "query ($paint: Paint!) { paint(with: $paint) }";
    let good =
        json!({ "paint": { "colour": "RED", "tags": ["a"], "under": { "colour": "GREEN" } } });
    assert_eq!(
        server.ask(query, good).await.data(),
        json!({ "paint": "red x1 [\"a\"] true" })
    );
    let single = json!({ "paint": { "colour": "GREEN", "tags": "alone", "coats": 2 } });
    assert_eq!(
        server.ask(query, single).await.data(),
        json!({ "paint": "green x2 [\"alone\"] false" })
    );
    for (paint, message) in [
        (
            json!({ "colour": "BLUE" }),
            "at \"colour\": expected one of RED, GREEN",
        ),
        (
            json!({ "colour": "RED", "tags": ["a", 1] }),
            "at \"tags[1]\"",
        ),
        (
            json!({ "colour": "RED", "under": { "colour": 1 } }),
            "at \"under.colour\"",
        ),
        (
            json!({ "colour": "RED", "shade": 1 }),
            "has no field \"shade\"",
        ),
        (
            json!({}),
            "field \"colour\" of type \"Colour!\" is required",
        ),
        (json!([]), "expected \"Paint\", found a list"),
        (json!({ "colour": "RED", "coats": null }), "at \"coats\""),
    ] {
        server
            .ask(query, json!({ "paint": paint }))
            .await
            .assert_refused(400, "BAD_USER_INPUT", message);
    }
}

#[tokio::test]
async fn a_literal_with_variables_in_it_is_checked_as_part_of_the_document() {
    let server = Server::start().await;
    for (literal, message) in [
        (
            "{ colour: RED, tags: [$text], shade: 1 }",
            "has no field \"shade\"",
        ),
        ("{ tags: [$text] }", "\"colour\""),
        (
            "{ colour: BLUE, tags: [$text] }",
            "expected one of RED, GREEN",
        ),
    ] {
        let query = format!(
            "query ($text: String!) {{ nested {{ ...Painted }} }} fragment Painted on Query {{ paint(with: {literal}) }}"
        );
        let answer = server.ask(&query, json!({ "text": "a" })).await;
        assert_eq!(
            answer.status(),
            StatusCode::BAD_REQUEST,
            "{}",
            answer.text()
        );
        assert!(
            answer.text().contains("GRAPHQL_VALIDATION_FAILED"),
            "{}",
            answer.text()
        );
        assert!(
            answer.text().contains(&message.replace('"', "\\\"")),
            "{}",
            answer.text()
        );
    }
    let query = "query ($text: String!) { paint(with: { colour: RED, tags: [$text, \"b\"] }) }";
    assert_eq!(
        server.ask(query, json!({ "text": "a" })).await.data(),
        json!({ "paint": "red x1 [\"a\", \"b\"] false" })
    );
}

#[tokio::test]
async fn a_variable_that_is_left_out_is_not_an_explicit_null() {
    let server = Server::start().await;
    let query = "mutation ($name: String) { rename(input: { id: 1, name: $name }) }";
    assert_eq!(
        server.ask(query, json!({})).await.data(),
        json!({ "rename": "1 keeps its name" })
    );
    assert_eq!(
        server.ask(query, json!({ "name": null })).await.data(),
        json!({ "rename": "1 has no name" })
    );
    assert_eq!(
        server.ask(query, json!({ "name": "x" })).await.data(),
        json!({ "rename": "1 is x" })
    );
}

#[tokio::test]
async fn a_variable_that_is_left_out_leaves_the_default_in_place() {
    let server = Server::start().await;
    let query = "query ($coats: Int) { nested { ...Painted } } fragment Painted on Query { paint(with: { colour: RED, coats: $coats }) }";
    assert_eq!(
        server.ask(query, json!({})).await.data()["nested"],
        json!({ "paint": "red x1 [] false" })
    );
    let query = "query ($text: String = \"default\") { echo(text: $text) }";
    assert_eq!(
        server.ask(query, json!({})).await.data(),
        json!({ "echo": "default" })
    );
}

#[tokio::test]
async fn a_panic_reveals_nothing_but_the_request_id() {
    let server = Server::start().await;
    for query in ["{ panicking }", "{ unreadable }"] {
        let answer = server.ask(query, json!({})).await;
        answer.assert_refused(500, "INTERNAL_SERVER_ERROR", "request id");
        assert!(!answer.text().contains("secret"));
    }
    assert_eq!(
        server.ask("{ __typename }", json!({})).await.status(),
        StatusCode::OK
    );
}

#[tokio::test]
async fn an_error_that_nobody_foresaw_reveals_nothing() {
    let server = Server::start().await;
    for query in ["{ failing }", "{ forgetful }"] {
        let answer = server.ask(query, json!({})).await;
        assert_eq!(answer.status(), StatusCode::OK, "{}", answer.text());
        assert_eq!(answer.error().0, "INTERNAL_SERVER_ERROR");
        assert!(
            !answer.text().contains("hunter2") && !answer.text().contains("kundig::"),
            "{}",
            answer.text()
        );
    }
}

#[tokio::test]
async fn a_coded_error_reaches_the_client_as_it_is() {
    let server = Server::start().await;
    let answer = server.ask("{ coded echo(text: \"a\") }", json!({})).await;
    assert_eq!(
        answer.error(),
        ("NOT_FOUND".to_owned(), "There is no such thing.".to_owned())
    );
    assert_eq!(answer.json()["data"], json!({ "coded": null, "echo": "a" }));
}

#[tokio::test]
async fn a_failed_field_is_null_and_so_is_what_cannot_be_without_it() {
    let server = Server::start().await;
    for (query, data) in [
        ("{ coded }", json!({ "coded": null })),
        (
            "{ nested { alias: coded } }",
            json!({ "nested": { "alias": null } }),
        ),
        (
            "{ nested { ...F } } fragment F on Query { coded }",
            json!({ "nested": { "coded": null } }),
        ),
        ("{ required }", Value::Null),
        ("{ echo(text: \"a\") nested { required } }", Value::Null),
        (
            "{ echo(text: \"a\") maybeNested { nested { required coded } } }",
            json!({ "echo": "a", "maybeNested": null }),
        ),
        (
            "{ maybeNested { coded required } }",
            json!({ "maybeNested": null }),
        ),
        (
            "{ pair { coded __typename } }",
            json!({ "pair": [{ "coded": null, "__typename": "Query" }, { "coded": null, "__typename": "Query" }] }),
        ),
        (
            "{ pair { ... on Query { required __typename } } }",
            json!({ "pair": [null, null] }),
        ),
    ] {
        let answer = server.ask(query, json!({})).await;
        assert_eq!(answer.status(), StatusCode::OK);
        assert_eq!(answer.json()["data"], data, "{query}");
        assert_eq!(
            answer.json()["errors"][0]["extensions"]["code"],
            "NOT_FOUND"
        );
    }
}

#[tokio::test]
async fn an_argument_that_its_scalar_refuses_is_the_clients_mistake() {
    let server = Server::start().await;
    for (query, variables) in [
        ("{ half(of: 3) }", json!({})),
        ("query ($of: Even!) { half(of: $of) }", json!({ "of": 3 })),
    ] {
        let answer = server.ask(query, variables).await;
        let (code, message) = answer.error();
        assert_eq!(code, "BAD_USER_INPUT");
        assert!(message.contains("not even"), "{message}");
    }
}

#[tokio::test]
async fn resolvers_know_who_asks() {
    let server = Server::start().await;
    assert_eq!(
        server.ask("{ actor }", json!({})).await.data(),
        json!({ "actor": "anonymous" })
    );
}

#[tokio::test]
async fn introspection_is_answered() {
    let server = Server::start().await;
    let answer = server
        .ask(
            "{ __schema { queryType { fields { name args { name type { kind } } } } } }",
            json!({}),
        )
        .await;
    assert_eq!(
        answer.data()["__schema"]["queryType"]["fields"][0]["name"],
        "echo"
    );
}

#[tokio::test]
async fn an_object_of_which_nothing_is_left_to_tell_is_there_all_the_same() {
    let server = Server::start().await;
    for (query, expected) in [
        ("{ __typename @skip(if: true) }", json!({})),
        (
            "query { ... @include(if: false) { __typename } }",
            json!({}),
        ),
        ("mutation { __typename @skip(if: true) }", json!({})),
        (
            "{ nested { nested { __typename @skip(if: true) } } }",
            json!({ "nested": { "nested": {} } }),
        ),
        (
            "{ nested { ...F } } fragment F on Query { nested { ...G @skip(if: true) } } fragment G on Query { __typename }",
            json!({ "nested": { "nested": {} } }),
        ),
        (
            "{ nested { __typename @skip(if: true) } nested { a: __typename } }",
            json!({ "nested": { "a": "Query" } }),
        ),
        (
            "{ nested { ... @include(if: true) { b: __typename ... @skip(if: false) { a: __typename } } } }",
            json!({ "nested": { "b": "Query", "a": "Query" } }),
        ),
    ] {
        let answer = server.ask(query, json!({})).await;
        assert_eq!(answer.data(), expected, "{query}");
    }
}
