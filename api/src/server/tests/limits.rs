//! What one request may ask for.

use std::time::Duration;

use super::*;

/// A limit, a query within it and one beyond it.
struct Case {
    limits: LimitSettings,
    within: String,
    beyond: String,
    code: &'static str,
    message: &'static str,
}

fn cases() -> Vec<Case> {
    let defaults = LimitSettings::default;
    let aliases = |count: usize| {
        let fields: Vec<_> = (0..count)
            .map(|number| format!("a{number}: __typename"))
            .collect();
        format!("{{ nested {{ {} }} }}", fields.join(" "))
    };
    let nested = |levels: usize| {
        format!(
            "{}__typename{}",
            "{ nested ".repeat(levels - 1) + "{ ",
            " }".repeat(levels)
        )
    };
    vec![
        Case {
            limits: defaults(),
            within: aliases(50),
            beyond: aliases(51),
            code: "QUERY_TOO_COMPLEX",
            message: "51 aliases, its fragments included; at most 50 are allowed (setting max_aliases)",
        },
        Case {
            limits: defaults(),
            within: nested(15),
            beyond: nested(16),
            code: "QUERY_TOO_DEEP",
            message: "16 levels deep; at most 15 are allowed (setting max_depth)",
        },
        Case {
            limits: defaults(),
            within: format!("{{ {} }}", "__typename ".repeat(20)),
            beyond: format!("{{ {} }}", "__typename ".repeat(21)),
            code: "QUERY_TOO_COMPLEX",
            message: "21 fields at its root, its fragments included; at most 20 are allowed (setting max_root_fields)",
        },
        Case {
            limits: LimitSettings {
                max_directives: 2,
                ..defaults()
            },
            within: "{ __typename @skip(if: false) @include(if: true) }".to_owned(),
            beyond: "{ __typename @skip(if: false) @include(if: true) @aa }".to_owned(),
            code: "QUERY_TOO_COMPLEX",
            message: "3 directives; at most 2 are allowed (setting max_directives)",
        },
        Case {
            limits: LimitSettings {
                max_document: 20,
                ..defaults()
            },
            within: "{ __typename       }".to_owned(),
            beyond: "{ __typename        }".to_owned(),
            code: "QUERY_TOO_COMPLEX",
            message: "21 bytes long; at most 20 are allowed (setting max_document)",
        },
        Case {
            limits: LimitSettings {
                max_cost: 11,
                ..defaults()
            },
            within: "{ nested { pair { __typename } } }".replace("pair", "nested"),
            beyond: "{ nested { pair { __typename } } }".to_owned(),
            code: "QUERY_TOO_COMPLEX",
            message: "costs 27 points; at most 11 are allowed (setting max_cost)",
        },
    ]
}

#[tokio::test]
async fn each_limit_lets_pass_what_is_within_it_and_nothing_beyond() {
    for case in cases() {
        let server = Server::with(case.limits).await;
        for answer in [
            server.ask(&case.within, json!({})).await,
            server.ask_by_get(&case.within, &[]).await,
        ] {
            assert_eq!(answer.status(), StatusCode::OK, "{}", answer.text());
        }
        for answer in [
            server.ask(&case.beyond, json!({})).await,
            server.ask_by_get(&case.beyond, &[]).await,
        ] {
            answer.assert_refused(400, case.code, case.message);
        }
    }
}

#[tokio::test]
async fn documents_that_would_exhaust_the_server_are_refused() {
    let server = Server::with(LimitSettings {
        max_document: 1024 * 1024,
        ..LimitSettings::default()
    })
    .await;
    let deep_value = format!(
        "{{ echo(text: {}{}) }}",
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    server
        .ask(&deep_value, json!({}))
        .await
        .assert_refused(400, "QUERY_TOO_DEEP", "100 levels");

    // Each fragment spreads the next one twice.
    let fragments: Vec<String> = (0..40)
        .map(|level| {
            let next = level + 1;
            format!("fragment F{level} on Query {{ ...F{next} ...F{next} }}")
        })
        .collect();
    let fragments = fragments.join(" ");
    let doubling = format!("{{ ...F0 }} {fragments} fragment F40 on Query {{ __typename }}");
    server
        .ask(&doubling, json!({}))
        .await
        .assert_refused(400, "QUERY_TOO_COMPLEX", "10000");
    let operation = |number| format!("query O{number}{{...F}}");
    let operations: String = (0..2300).map(operation).collect();
    let many = format!("{operations} fragment F on Query {{ __typename }}");
    server.ask(&many, json!({})).await.assert_refused(
        400,
        "QUERY_TOO_COMPLEX",
        "2300 operations; at most 20",
    );
    let circle = "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }";
    server.ask(circle, json!({})).await.assert_refused(
        400,
        "GRAPHQL_VALIDATION_FAILED",
        "within itself",
    );
}

#[tokio::test]
async fn a_directive_that_may_come_once_is_refused_twice() {
    let server = Server::start().await;
    let answer = server
        .ask(
            "{ __typename @skip(if: false) @skip(if: false) }",
            json!({}),
        )
        .await;
    answer.assert_refused(400, "GRAPHQL_VALIDATION_FAILED", "skip");
}

#[tokio::test]
async fn a_document_with_many_errors_tells_the_first_fifty() {
    let server = Server::start().await;
    let unknown: Vec<_> = (0..500).map(|number| format!("nothing{number}")).collect();
    let query = format!("{{ nested {{ {} }} }}", unknown.join(" "));
    let answer = server.ask(&query, json!({})).await;
    let errors = answer.json()["errors"].as_array().unwrap().len();
    assert_eq!(errors, 50, "{}", answer.text());
}

#[tokio::test]
async fn a_mistake_that_is_made_again_and_again_is_told_once_with_its_places() {
    let server = Server::start().await;
    let query = format!("{{ nested {{ {} }} }}", "nothing ".repeat(30));
    let answer = server.ask(&query, json!({})).await;
    answer.assert_refused(400, "GRAPHQL_VALIDATION_FAILED", "nothing");
    let places = &answer.json()["errors"][0]["locations"];
    assert_eq!(places.as_array().unwrap().len(), 20);
    assert_eq!(places[1], json!({ "line": 1, "column": 20 }));
}

#[tokio::test]
async fn variables_hold_as_many_values_as_they_may() {
    let server = Server::with(LimitSettings {
        max_variable_values: 4,
        ..LimitSettings::default()
    })
    .await;
    let query = "query ($texts: [String!]) { list(texts: $texts) }";
    let within = json!({ "texts": ["a", "b", "c"] });
    let beyond = json!({ "texts": ["a", "b", "c", "d"] });
    assert_eq!(server.ask(query, within).await.status(), StatusCode::OK);
    let message = "5 values; at most 4 are allowed (setting max_variable_values)";
    for answer in [
        server.ask(query, beyond.clone()).await,
        server.ask_by_get(query, &[("variables", beyond)]).await,
    ] {
        answer.assert_refused(400, "QUERY_TOO_COMPLEX", message);
    }
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused() {
    let limits = LimitSettings {
        max_body: 100,
        ..LimitSettings::default()
    };
    let server = Server::with(limits).await;
    let body = |bytes: usize| format!("{:<bytes$}", r#"{"query": "{ __typename }"}"#);
    assert_eq!(
        server.post_text(&body(100), &[]).await.status(),
        StatusCode::OK
    );
    server.post_text(&body(101), &[]).await.assert_refused(
        413,
        "BAD_USER_INPUT",
        "larger than the 100 bytes",
    );
}

#[tokio::test]
async fn every_answer_says_what_it_cost() {
    let server = Server::start().await;
    let answer = server
        .ask("{ nested { echo(text: \"a\") } }", json!({}))
        .await;
    let extensions = answer.json()["extensions"].clone();
    assert_eq!(extensions["cost"]["requestedQueryCost"], 2);
    assert_eq!(extensions["cost"]["maximumQueryCost"], 50_000);
    assert_eq!(
        extensions.as_object().unwrap().len(),
        1,
        "nothing else is told"
    );
    let failed = server.ask("{ coded }", json!({})).await;
    assert_eq!(failed.json()["extensions"]["cost"]["requestedQueryCost"], 1);
}

#[tokio::test]
async fn a_request_that_takes_too_long_is_stopped() {
    let server = Server::with(LimitSettings {
        time_limit: Duration::from_millis(50),
        ..LimitSettings::default()
    })
    .await;
    let answer = server.ask("{ slow }", json!({})).await;
    answer.assert_refused(503, "TIMEOUT", "longer than 50ms (setting time_limit)");
    assert_eq!(answer.header("retry-after"), "1");
    server
        .ask_by_get("{ slow }", &[])
        .await
        .assert_refused(503, "TIMEOUT", "Ask for less");
    server
        .ask("mutation { slowChange }", json!({}))
        .await
        .assert_refused(503, "TIMEOUT", "is not known: look before sending it again");
}

#[tokio::test]
async fn batches_are_off_unless_they_are_allowed() {
    let server = Server::start().await;
    let batch = json!([{ "query": "{ __typename }" }]);
    server
        .post(&batch, &[])
        .await
        .assert_refused(400, "BAD_USER_INPUT", "max_batch");
}

#[tokio::test]
async fn a_batch_runs_in_order_and_each_request_has_its_answer() {
    let server = Server::with(LimitSettings {
        max_batch: 4,
        ..LimitSettings::default()
    })
    .await;
    let batch = json!([
        { "query": "{ echo(text: \"a\") }" },
        { "query": "{ nothing }" },
        { "query": "mutation { advance }" },
        { "query": "query ($t: String!) { echo(text: $t) }", "variables": { "t": "b" } },
    ]);
    let answer = server.post(&batch, &[]).await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.header("kundig-sequence"), "8");
    let answers = answer.json();
    assert_eq!(answers[0]["data"], json!({ "echo": "a" }));
    let error = &answers[1]["errors"][0]["extensions"];
    assert_eq!(error["code"], "GRAPHQL_VALIDATION_FAILED");
    assert_eq!(error["requestId"], answer.header("x-request-id"));
    assert_eq!(answers[2]["data"], json!({ "advance": 8 }));
    assert_eq!(answers[3]["data"], json!({ "echo": "b" }));
    assert_eq!(answers.as_array().unwrap().len(), 4);

    let five = vec![json!({ "query": "{ __typename }" }); 5];
    server
        .post(
            &json!(five),
            &[("accept", "application/graphql-response+json")],
        )
        .await
        .assert_refused(
            400,
            "QUERY_TOO_COMPLEX",
            "5 requests; at most 4 are allowed (setting max_batch)",
        );
}

#[tokio::test]
async fn the_costs_of_a_batch_add_up() {
    let server = Server::with(LimitSettings {
        max_batch: 10,
        max_cost: 5,
        ..LimitSettings::default()
    })
    .await;
    let batch = |count| json!(vec![json!({ "query": "{ nested { __typename } }" }); count]);
    let accept = [("accept", "application/graphql-response+json")];
    assert_eq!(
        server.post(&batch(2), &accept).await.status(),
        StatusCode::OK
    );
    server.post(&batch(3), &accept).await.assert_refused(
        400,
        "QUERY_TOO_COMPLEX",
        "costs 6 points",
    );
}

#[tokio::test]
async fn introspection_can_be_turned_off() {
    let server = Server::with(LimitSettings {
        introspection: false,
        ..LimitSettings::default()
    })
    .await;
    for query in [
        "{ __schema { types { name } } }",
        "{ __type(name: \"Query\") { name } }",
    ] {
        for answer in [
            server.ask(query, json!({})).await,
            server.ask_by_get(query, &[]).await,
        ] {
            answer.assert_refused(400, "GRAPHQL_VALIDATION_FAILED", "introspection is off");
        }
    }
    let answer = server.ask("{ __typename }", json!({})).await;
    assert_eq!(answer.data(), json!({ "__typename": "Query" }));
}

#[tokio::test]
async fn circular_introspection_is_refused() {
    let server = Server::start().await;
    let query = "{ __schema { types { fields { type { fields { type { fields { type { fields { name } } } } } } } } } }";
    server.ask(query, json!({})).await.assert_refused(
        400,
        "QUERY_TOO_DEEP",
        "goes round in the schema",
    );
}

#[tokio::test]
async fn nothing_is_suggested_unless_it_is_wanted() {
    let misspelt = ["{ ecko(text: \"a\") }", "{ echo(txt: \"a\", text: \"a\") }"];
    let server = Server::start().await;
    for query in misspelt {
        let answer = server.ask(query, json!({})).await;
        assert!(!answer.text().contains("Did you mean"), "{}", answer.text());
    }
    let helpful = Server::with(LimitSettings {
        suggestions: true,
        ..LimitSettings::default()
    })
    .await;
    for query in misspelt {
        let answer = helpful.ask(query, json!({})).await;
        assert!(answer.text().contains("Did you mean"), "{}", answer.text());
    }
}
