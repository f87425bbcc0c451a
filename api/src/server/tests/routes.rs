//! Everything beside GraphQL.

use super::*;

#[tokio::test]
async fn a_process_lives_before_it_is_ready() {
    let server = Server::loading().await;
    assert_eq!(server.get("/healthz").await.status(), StatusCode::OK);
    let answer = server.get("/readyz").await;
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.json(), json!({ "status": "loading" }));
    server.reach(3);
    let answer = server.get("/readyz").await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.json(), json!({ "status": "ready", "sequence": 3 }));
}

#[tokio::test]
async fn what_is_not_there_is_told_like_every_other_error() {
    let server = Server::start().await;
    for path in [
        "/nothing",
        "/explorer/nothing.js",
        "/board/nothing.js",
        "/board/../Cargo.toml",
        "/explorer/../Cargo.toml",
        "/graphql/",
    ] {
        server
            .get(path)
            .await
            .assert_refused(404, "NOT_FOUND", "/graphql");
    }
    server
        .send(request(Method::POST, "/healthz", &[], Body::empty()))
        .await
        .assert_refused(405, "BAD_USER_INPUT", "POST");
}

#[tokio::test]
async fn a_sane_request_id_is_taken_over_and_any_other_replaced() {
    let server = Server::start().await;
    let ask = async |id: &str| {
        server
            .send(request(
                Method::GET,
                "/healthz",
                &[("x-request-id", id)],
                Body::empty(),
            ))
            .await
    };
    assert_eq!(ask("trace-1").await.header("x-request-id"), "trace-1");
    let made = ask("two words").await;
    let id: uuid::Uuid = made.header("x-request-id").parse().unwrap();
    assert_eq!(id.get_version_num(), 7);
    assert_ne!(
        made.header("x-request-id"),
        server.get("/healthz").await.header("x-request-id")
    );
}

#[tokio::test]
async fn requests_are_counted_by_operation_type_and_status() {
    let server = Server::start().await;
    server.ask("{ __typename }", json!({})).await;
    server.ask("mutation { advance }", json!({})).await;
    server.ask("{", json!({})).await;
    server.get("/secret/path").await;
    let answer = server.get("/metrics").await;
    assert!(
        answer
            .header("content-type")
            .starts_with("application/openmetrics-text")
    );
    for line in [
        "kundig_http_requests_total{route=\"/graphql\",operation=\"query\",status=\"200\"} 1",
        "kundig_http_requests_total{route=\"/graphql\",operation=\"mutation\",status=\"200\"} 1",
        "kundig_http_requests_total{route=\"/graphql\",operation=\"none\",status=\"400\"} 1",
        "kundig_http_requests_total{route=\"other\",operation=\"none\",status=\"404\"} 1",
        "kundig_http_request_duration_seconds_count{route=\"/graphql\",operation=\"query\"} 1",
        "kundig_http_requests_in_flight 1",
        "kundig_sql_statements_total{purpose=\"request\"} 0",
    ] {
        assert!(
            answer.text().contains(line),
            "{line} is missing in\n{}",
            answer.text()
        );
    }
    assert!(
        server
            .metrics
            .render()
            .contains("kundig_http_requests_in_flight 0")
    );
}

#[tokio::test]
async fn large_answers_are_compressed_as_the_client_likes() {
    let server = Server::start().await;
    let body = json!({ "query": "query ($t: String!) { echo(text: $t) }", "variables": { "t": "a".repeat(5000) } });
    for encoding in ["gzip", "br", "zstd"] {
        let answer = server.post(&body, &[("accept-encoding", encoding)]).await;
        assert_eq!(answer.header("content-encoding"), encoding);
        assert!(answer.body.len() < 1000);
    }
    let small = server
        .post(
            &json!({ "query": "{ __typename }" }),
            &[("accept-encoding", "gzip")],
        )
        .await;
    assert_eq!(small.header("content-encoding"), "");
}

#[tokio::test]
async fn the_explorer_is_served_from_this_server_alone() {
    let server = Server::start().await;
    let page = server.get("/").await;
    assert_eq!(page.status(), StatusCode::OK);
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    assert!(
        !page.header("content-security-policy").contains("http"),
        "no other host is allowed"
    );
    assert!(
        page.header("content-security-policy")
            .contains("script-src 'self';")
    );
    let links: Vec<_> = page
        .text()
        .split('"')
        .filter(|part| part.starts_with("/explorer/"))
        .collect();
    assert!(links.len() >= 6, "{links:?}");
    for link in links {
        let file = server.get(link).await;
        assert_eq!(file.status(), StatusCode::OK, "{link}");
        let expected = match link.rsplit('.').next().unwrap() {
            "js" => "text/javascript; charset=utf-8",
            "css" => "text/css; charset=utf-8",
            "svg" => "image/svg+xml",
            other => panic!("a file of another type: {other}"),
        };
        assert_eq!(file.header("content-type"), expected);
        assert_eq!(
            file.header("cache-control").contains("immutable"),
            link.contains("/vendor/"),
            "{link}"
        );
    }
}

#[tokio::test]
async fn the_board_is_served_from_this_server_alone() {
    let server = Server::start().await;
    for address in ["/board", "/board/"] {
        let page = server.get(address).await;
        assert_eq!(page.status(), StatusCode::OK, "{address}");
        assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
        let policy = page.header("content-security-policy");
        for part in ["script-src 'self';", "style-src 'self';"] {
            assert!(policy.contains(part), "{policy}");
        }
        assert!(!policy.contains("http"), "no other host is allowed");
        assert!(!policy.contains("unsafe"), "nothing inline is allowed");
    }
    for (file, media_type) in [
        ("board.js", "text/javascript; charset=utf-8"),
        ("board.css", "text/css; charset=utf-8"),
        ("icon.svg", "image/svg+xml"),
        ("LICENCES.txt", "text/plain; charset=utf-8"),
    ] {
        let address = format!("/board/{file}");
        let answer = server.get(&address).await;
        assert_eq!(answer.status(), StatusCode::OK, "{address}");
        assert_eq!(answer.header("content-type"), media_type);
        assert_eq!(answer.header("cache-control"), "no-cache");
        assert!(!answer.header("etag").is_empty());
    }
}

#[tokio::test]
async fn a_file_that_the_browser_has_is_not_sent_again() {
    let server = Server::start().await;
    let first = server.get("/explorer/explorer.js").await;
    let tag = first.header("etag").to_owned();
    let again = server
        .send(request(
            Method::GET,
            "/explorer/explorer.js",
            &[("if-none-match", &tag)],
            Body::empty(),
        ))
        .await;
    assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
    assert!(again.body.is_empty());
    let other = [("if-none-match", "\"other\"")];
    let changed = server
        .send(request(
            Method::GET,
            "/explorer/explorer.js",
            &other,
            Body::empty(),
        ))
        .await;
    assert_eq!(changed.status(), StatusCode::OK);
    assert_eq!(changed.body, first.body);
}
