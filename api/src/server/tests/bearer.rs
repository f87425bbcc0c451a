//! Who asks, as far as HTTP is concerned.

use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::auth::{LocalKey, Scope};

impl Server {
    /// A token of the server's own key that was made at this time, for an hour.
    pub(super) fn token(&self, made: Timestamp) -> String {
        let key = LocalKey::open(self.folder.path()).unwrap();
        key.sign(
            "amara",
            &[Scope::CatalogRead],
            SignedDuration::from_hours(1),
            made,
        )
        .unwrap()
    }

    async fn ask_with(&self, authorization: &[&str], query: &str) -> Answer {
        let mut headers = vec![("accept", "application/json")];
        headers.extend(authorization.iter().map(|value| ("authorization", *value)));
        self.post(&json!({ "query": query }), &headers).await
    }

    fn failures(&self, reason: &str) -> bool {
        let line = format!("kundig_authentication_failures_total{{reason=\"{reason}\"}} 1\n");
        self.metrics.render().contains(&line)
    }
}

fn an_hour_ago() -> Timestamp {
    Timestamp::now() - SignedDuration::from_hours(2)
}

#[tokio::test]
async fn a_good_token_says_who_asks_by_post_and_by_get() {
    let server = Server::start().await;
    let token = server.token(Timestamp::now());
    for scheme in ["Bearer", "bearer", "BEARER", "Bearer  "] {
        let answer = server
            .ask_with(&[&format!("{scheme} {token}")], "{ actor }")
            .await;
        assert_eq!(answer.data(), json!({ "actor": "amara" }));
    }
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", bearer.as_str())];
    let get = request(
        Method::GET,
        "/graphql?query=%7Bactor%7D",
        &headers,
        Body::empty(),
    );
    assert_eq!(server.send(get).await.data(), json!({ "actor": "amara" }));
}

#[tokio::test]
async fn a_token_in_the_query_string_or_the_body_is_not_looked_at() {
    let server = Server::start().await;
    let token = server.token(Timestamp::now());
    let answer = server
        .get(&format!("/graphql?query=%7Bactor%7D&access_token={token}"))
        .await;
    assert_eq!(answer.data(), json!({ "actor": "anonymous" }));
    let body = json!({ "query": "{ actor }", "access_token": token });
    assert_eq!(
        server.post(&body, &[]).await.data(),
        json!({ "actor": "anonymous" })
    );
}

#[tokio::test]
async fn a_bad_token_is_refused_with_401_before_the_document_is_looked_at() {
    let server = Server::start().await;
    let expired = format!("Bearer {}", server.token(an_hour_ago()));
    let answer = server.ask_with(&[&expired], "no GraphQL at all").await;
    answer.assert_refused(401, "UNAUTHENTICATED", "the token has expired");
    assert_eq!(
        answer.header("www-authenticate"),
        "Bearer realm=\"kundig\", error=\"invalid_token\", error_description=\"the token has expired\""
    );
    assert!(server.failures("expired"), "{}", server.metrics.render());
}

#[tokio::test]
async fn what_is_no_bearer_token_is_refused_and_told_what_would_be_one() {
    let server = Server::start().await;
    for authorization in [
        "Basic YTpi",
        "Bearer",
        "Bearer ",
        "bearer\ttoken",
        "token",
        "",
    ] {
        let answer = server.ask_with(&[authorization], "{ actor }").await;
        answer.assert_refused(401, "UNAUTHENTICATED", "\"Bearer\" and an access token");
        assert_eq!(answer.header("www-authenticate"), "Bearer realm=\"kundig\"");
    }
    let answer = server.ask_with(&["Bearer not.a.token"], "{ actor }").await;
    answer.assert_refused(401, "UNAUTHENTICATED", "is not a signed JWT");
    assert!(server.failures("malformed"), "{}", server.metrics.render());
}

#[tokio::test]
async fn several_authorization_headers_are_refused_even_where_one_is_good() {
    let server = Server::start().await;
    let good = format!("Bearer {}", server.token(Timestamp::now()));
    let answer = server.ask_with(&[&good, &good], "{ actor }").await;
    answer.assert_refused(400, "BAD_USER_INPUT", "several Authorization headers");
    assert!(
        server.failures("several_headers"),
        "{}",
        server.metrics.render()
    );
}

#[tokio::test]
async fn whoever_must_not_read_does_not_wait_for_a_change() {
    let server = Server::start().await;
    let answer = server
        .post(
            &json!({ "query": "{ __typename }" }),
            &[("kundig-min-sequence", "99")],
        )
        .await;
    // Whoever waits for what does not come is answered 503.
    answer.assert_refused(401, "UNAUTHENTICATED", "Kundig-Min-Sequence");
    assert_eq!(answer.header("www-authenticate"), "Bearer realm=\"kundig\"");
}

#[tokio::test]
async fn nothing_of_a_token_is_in_the_answer_that_refuses_it() {
    let server = Server::start().await;
    let token = server.token(an_hour_ago());
    for text in [
        token.clone(),
        format!("{token}x"),
        format!("x{token}"),
        "hunter2.hunter2.hunter2".to_owned(),
    ] {
        let answer = server
            .ask_with(&[&format!("Bearer {text}")], "{ actor }")
            .await;
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
        let told = format!("{}{:?}", answer.text(), answer.head);
        for part in text.split('.') {
            assert!(!told.contains(part), "{told}");
        }
    }
}
