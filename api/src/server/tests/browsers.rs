//! What browsers may do, and for whom.

use super::*;
use crate::config::{CorsOrigins, TlsFiles};

const PORTAL: &str = "https://portal.example";
const EVIL: &str = "https://evil.example";
/// The server's own name.
const OWN: &str = "kundig.example:8080";

async fn server(cors: CorsOrigins) -> Server {
    let transport = TransportSettings {
        cors,
        ..TransportSettings::default()
    };
    let server = Server::on_network(&transport).await;
    server.reach(7);
    server
}

fn portal_only() -> CorsOrigins {
    CorsOrigins::These(vec![HeaderValue::from_static(PORTAL)])
}

async fn preflight(server: &Server, path: &str, origin: &str) -> Answer {
    let headers = [
        ("origin", origin),
        ("access-control-request-method", "POST"),
        (
            "access-control-request-headers",
            "authorization,content-type",
        ),
    ];
    server
        .send(request(Method::OPTIONS, path, &headers, Body::empty()))
        .await
}

/// Asks by `GET` and by `POST`; whether both were answered.
async fn is_answered(server: &Server, headers: &[(&str, &str)]) -> bool {
    let path = "/graphql?query=%7B__typename%7D";
    let get = server
        .send(request(Method::GET, path, headers, Body::empty()))
        .await;
    let post = server
        .post(&json!({ "query": "{ __typename }" }), headers)
        .await;
    for answer in [&get, &post] {
        match answer.status() {
            StatusCode::OK => assert_eq!(answer.data(), json!({ "__typename": "Query" })),
            _ => answer.assert_refused(403, "FORBIDDEN", "cors_origins"),
        }
    }
    assert_eq!(get.status(), post.status());
    get.status() == StatusCode::OK
}

#[tokio::test]
async fn nobodys_pages_may_use_the_api_by_default() {
    let server = Server::start().await;
    let answer = preflight(&server, "/graphql", PORTAL).await;
    answer.assert_refused(403, "FORBIDDEN", "cors_origins");
    assert_eq!(answer.header("access-control-allow-origin"), "");
    let without_origin = request(Method::OPTIONS, "/graphql", &[], Body::empty());
    let answer = server.send(without_origin).await;
    answer.assert_refused(405, "BAD_USER_INPUT", "OPTIONS");
    let answer = server
        .post(&json!({ "query": "{ __typename }" }), &[("origin", PORTAL)])
        .await;
    assert_eq!(answer.header("access-control-allow-origin"), "");
}

#[tokio::test]
async fn a_page_of_an_allowed_origin_may_send_its_token_and_read_what_clients_need() {
    let server = server(portal_only()).await;
    let answer = preflight(&server, "/graphql", PORTAL).await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.header("access-control-allow-origin"), PORTAL);
    assert_eq!(answer.header("access-control-allow-methods"), "GET,POST");
    assert_eq!(
        answer.header("access-control-allow-headers"),
        "authorization,content-type,kundig-min-sequence,x-request-id"
    );
    assert_eq!(answer.header("access-control-allow-credentials"), "");

    let body = json!({ "query": "{ __typename }" });
    let headers = [("origin", PORTAL), ("sec-fetch-site", "cross-site")];
    let answer = server.post(&body, &headers).await;
    assert_eq!(answer.data(), json!({ "__typename": "Query" }));
    assert_eq!(answer.header("access-control-allow-origin"), PORTAL);
    assert!(answer.header("vary").contains("origin"));
    for exposed in [
        "kundig-sequence",
        "x-request-id",
        "retry-after",
        "ratelimit",
    ] {
        let all = answer.header("access-control-expose-headers");
        assert!(all.split(',').any(|name| name == exposed), "{all}");
    }
}

#[tokio::test]
async fn a_page_of_another_origin_gets_no_permission() {
    let server = server(portal_only()).await;
    for origin in [EVIL, "https://portal.example.evil.example", "null"] {
        let answer = preflight(&server, "/graphql", origin).await;
        assert_eq!(answer.header("access-control-allow-origin"), "", "{origin}");
    }
}

#[tokio::test]
async fn an_error_can_be_read_by_an_allowed_page_as_well() {
    let server = server(portal_only()).await;
    let answer = server
        .post_text("{", &[("origin", PORTAL), ("sec-fetch-site", "cross-site")])
        .await;
    answer.assert_refused(400, "BAD_USER_INPUT", "JSON");
    assert_eq!(answer.header("access-control-allow-origin"), PORTAL);
}

#[tokio::test]
async fn only_the_api_is_open_to_other_origins() {
    let server = server(CorsOrigins::Any).await;
    let answer = preflight(&server, "/graphql", EVIL).await;
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    for path in ["/", "/metrics", "/healthz", "/readyz"] {
        let answer = preflight(&server, path, EVIL).await;
        assert_eq!(answer.header("access-control-allow-origin"), "", "{path}");
        assert_eq!(answer.status(), StatusCode::METHOD_NOT_ALLOWED, "{path}");
    }
}

#[tokio::test]
async fn a_browser_that_asks_for_another_sites_page_is_refused() {
    let closed = Server::start().await;
    let open = server(portal_only()).await;
    let to_all = server(CorsOrigins::Any).await;
    let site = |site| ("sec-fetch-site", site);
    for (headers, when_closed, when_open, when_open_to_all) in [
        // No browser.
        (vec![], true, true, true),
        // Browsers that do not say more than the origin, as to a server that speaks plain HTTP.
        (vec![("origin", EVIL)], false, false, true),
        (vec![("origin", EVIL), ("host", OWN)], false, false, true),
        (vec![("origin", "null"), ("host", OWN)], false, false, true),
        (
            vec![("origin", "http://kundig.example"), ("host", OWN)],
            false,
            false,
            true,
        ),
        (
            vec![("origin", "http://kundig.example:8080"), ("host", OWN)],
            true,
            true,
            true,
        ),
        (vec![("origin", PORTAL), ("host", OWN)], false, true, true),
        // The explorer, and the address bar.
        (vec![site("same-origin")], true, true, true),
        (vec![site("none")], true, true, true),
        // Pages of others: with an origin, and as an "image" or a link without one.
        (
            vec![site("cross-site"), ("origin", EVIL)],
            false,
            false,
            true,
        ),
        (vec![site("cross-site")], false, false, false),
        (vec![site("same-site")], false, false, false),
        (
            vec![site("same-site"), ("origin", PORTAL)],
            false,
            true,
            true,
        ),
        (
            vec![site("cross-site"), ("origin", PORTAL)],
            false,
            true,
            true,
        ),
        (vec![site("Same-Origin")], false, false, false),
        (vec![site("")], false, false, false),
    ] {
        assert_eq!(
            is_answered(&closed, &headers).await,
            when_closed,
            "{headers:?}"
        );
        assert_eq!(is_answered(&open, &headers).await, when_open, "{headers:?}");
        assert_eq!(
            is_answered(&to_all, &headers).await,
            when_open_to_all,
            "{headers:?}"
        );
    }
}

#[tokio::test]
async fn nothing_that_a_form_can_send_is_executed() {
    let server = server(CorsOrigins::Any).await;
    let body = "{\"query\": \"mutation { advance }\"}";
    for content_type in [
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "text/plain",
        "text/plain; application/json",
        "",
    ] {
        server
            .post_text(body, &[("content-type", content_type)])
            .await
            .assert_refused(415, "BAD_USER_INPUT", "application/json");
    }
    let nothing_said = request(Method::POST, "/graphql", &[], Body::from(body));
    let answer = server.send(nothing_said).await;
    answer.assert_refused(415, "BAD_USER_INPUT", "Content-Type is missing");
    assert_eq!(server.replica.newest_sequence(), 7, "nothing has run");
}

#[tokio::test]
async fn no_answer_is_kept_or_taken_for_something_else() {
    let server = Server::start().await;
    for path in [
        "/graphql?query=%7B__typename%7D",
        "/graphql?query=%7B",
        "/healthz",
        "/readyz",
        "/metrics",
        "/nothing",
    ] {
        let answer = server.get(path).await;
        assert_eq!(answer.header("cache-control"), "no-store", "{path}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(
            answer.header("cross-origin-resource-policy"),
            "same-origin",
            "{path}"
        );
        assert_eq!(answer.header("strict-transport-security"), "", "{path}");
    }
    let answer = server.ask("{ __typename }", json!({})).await;
    assert_eq!(answer.header("cache-control"), "no-store");
}

#[tokio::test]
async fn pages_can_be_neither_framed_nor_reached_into() {
    let server = Server::start().await;
    for path in ["/", "/explorer/explorer.js", "/board", "/board/board.js"] {
        let page = server.get(path).await;
        assert_eq!(page.status(), StatusCode::OK);
        let policy = page.header("content-security-policy");
        assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
        for (name, value) in [
            ("x-frame-options", "DENY"),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(page.header(name), value, "{path} {name}");
        }
        assert!(page.header("permissions-policy").contains("camera=()"));
        assert_eq!(page.header("cache-control"), "no-cache");
    }
}

#[tokio::test]
async fn a_server_that_speaks_https_asks_browsers_to_stay_with_it() {
    let transport = TransportSettings {
        tls: Some(TlsFiles {
            certificate: "certificate.pem".into(),
            key: "key.pem".into(),
        }),
        ..TransportSettings::default()
    };
    let server = Server::on_network(&transport).await;
    for path in ["/", "/graphql", "/healthz"] {
        let answer = server.get(path).await;
        let age = answer.header("strict-transport-security");
        assert_eq!(age, "max-age=31536000", "{path}");
    }
}
