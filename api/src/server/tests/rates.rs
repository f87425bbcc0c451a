//! How much one client may ask for in which time.

use std::net::SocketAddr;

use axum::extract::ConnectInfo;

use super::*;
use crate::config::RateSettings;

impl Server {
    /// Asks from an address.
    async fn ask_from(&self, address: &str, query: &str) -> Answer {
        let body = Body::from(json!({ "query": query }).to_string());
        let headers = [("content-type", "application/json")];
        let mut request = request(Method::POST, "/graphql", &headers, body);
        let address: SocketAddr = address.parse().unwrap();
        request.extensions_mut().insert(ConnectInfo(address));
        self.send(request).await
    }
}

/// A point comes back in a second.
async fn server(burst: u32) -> Server {
    Server::with(LimitSettings {
        address_rate: RateSettings {
            per_second: 1,
            burst,
        },
        ..LimitSettings::default()
    })
    .await
}

/// What is left, by the header of the answer.
fn remaining(answer: &Answer) -> u32 {
    let header = answer.header("ratelimit");
    let (_, rest) = header.split_once("\"address\";r=").unwrap();
    rest.split(';').next().unwrap().parse().unwrap()
}

/// That so much is left, and no more than a few points have come back meanwhile: less than any request costs.
#[track_caller]
fn assert_left(answer: &Answer, left: u32) {
    let remaining = remaining(answer);
    let is_so = (left..left + 10).contains(&remaining);
    assert!(is_so, "{remaining}, not {left}\n{}", answer.text());
}

#[tokio::test]
async fn a_client_that_has_spent_its_points_has_to_wait() {
    let server = server(25).await;
    let anna = "192.0.2.1:1000";
    let first = server.ask_from(anna, "{ __typename }").await;
    assert_eq!(first.data(), json!({ "__typename": "Query" }));
    assert_eq!(first.header("ratelimit-policy"), "\"address\";q=25;w=25");
    assert_left(&first, 15);
    let left = remaining(&first);
    let expected = json!({ "maximumAvailable": 25, "currentlyAvailable": left, "restoreRate": 1 });
    assert_eq!(
        first.json()["extensions"]["cost"]["throttleStatus"],
        expected
    );

    assert_left(&server.ask_from(anna, "{ __typename }").await, 5);
    // One more may be paid for by what came back meanwhile.
    let mut refused = server.ask_from("192.0.2.1:2000", "{ __typename }").await;
    while refused.status() == StatusCode::OK {
        refused = server.ask_from("192.0.2.1:2000", "{ __typename }").await;
    }
    refused.assert_refused(429, "RATE_LIMITED", "Try again in");
    let wait: u32 = refused.header("retry-after").parse().unwrap();
    assert_eq!(wait, 10 - remaining(&refused));

    let other = server.ask_from("192.0.2.2:1000", "{ __typename }").await;
    assert_eq!(other.status(), StatusCode::OK);
    let metrics = server.metrics.render();
    let line = "kundig_rate_limited_total{policy=\"address\"} 1";
    assert!(metrics.contains(line), "{metrics}");
}

#[tokio::test]
async fn a_request_pays_by_its_cost() {
    let server = server(1_000).await;
    let answer = server
        .ask_from("192.0.2.1:1", "{ nested { pair { pair { __typename } } } }")
        .await;
    let cost = 1 + 1 + 25 * (1 + 25);
    assert_eq!(
        answer.json()["extensions"]["cost"]["requestedQueryCost"],
        cost
    );
    assert_left(&answer, 1_000 - cost);
}

#[tokio::test]
async fn what_is_refused_is_not_free() {
    let server = server(100).await;
    for (query, left) in [("{", 90), ("{ nothing }", 80), ("{ echo }", 70)] {
        let answer = server.ask_from("192.0.2.1:1", query).await;
        assert!(answer.json()["errors"].is_array());
        assert_left(&answer, left);
    }
}

#[tokio::test]
async fn what_no_waiting_makes_possible_is_too_complex_at_once() {
    let server = server(100).await;
    let query = "{ nested { pair { pair { __typename } } } }";
    let answer = server.ask_from("192.0.2.1:1", query).await;
    answer.assert_refused(
        200,
        "QUERY_TOO_COMPLEX",
        "at most 100 are allowed (setting address_burst)",
    );
}

/// A document of so many bytes.
fn document(bytes: usize) -> String {
    format!("{:<bytes$}", "{ __typename }")
}

#[tokio::test]
async fn a_document_that_is_not_known_pays_for_being_read() {
    let server = server(1_000).await;
    let anna = "192.0.2.1:1";
    for (query, left) in [
        (document(1023), 990),
        (document(3 * 1024), 920),
        // By now it is known.
        (document(3 * 1024), 910),
        // What does not parse never is.
        (document(2 * 1024).replace('}', " "), 860),
        (document(2 * 1024).replace('}', " "), 810),
    ] {
        let answer = server.ask_from(anna, &query).await;
        assert_left(&answer, left);
    }
    let refused = server.ask_from(anna, &document(45 * 1024)).await;
    refused.assert_refused(429, "RATE_LIMITED", "Try again in");
    let never = server.ask_from("192.0.2.2:1", &document(60 * 1024)).await;
    never.assert_refused(200, "QUERY_TOO_COMPLEX", "a shorter document");
}

#[tokio::test]
async fn a_large_body_pays_for_being_read_whatever_is_in_it() {
    let server = server(1_000).await;
    let post = async |bytes: usize| {
        let body = Body::from("{".repeat(bytes));
        let headers = [("content-type", "application/json")];
        let mut request = request(Method::POST, "/graphql", &headers, body);
        let address: SocketAddr = "192.0.2.1:1".parse().unwrap();
        request.extensions_mut().insert(ConnectInfo(address));
        let answer = server.send(request).await;
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
        answer
    };
    assert_left(&post(16 * 1024).await, 990);
    assert_left(&post(116 * 1024).await, 880);
}

#[tokio::test]
async fn what_was_paid_before_counts_towards_the_cost() {
    let server = server(1_000).await;
    let query = format!(
        "{} # {}",
        "{ nested { pair { pair { __typename } } } }",
        "x".repeat(2048)
    );
    let answer = server.ask_from("192.0.2.1:1", &query).await;
    let cost = answer.json()["extensions"]["cost"]["requestedQueryCost"].as_u64();
    assert_left(&answer, 1_000 - u32::try_from(cost.unwrap()).unwrap());
}
