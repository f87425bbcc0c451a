//! Pages of other sites: which of them may use the API from a browser (CORS), and that no other makes a browser send a
//! request that is executed (CSRF).
//!
//! A page can make any browser send a "simple" request without asking first. None is executed: `POST` needs a
//! `Content-Type` that is not simple, a `GET` must not change anything, and both are refused where the browser says that
//! the page is of another site, or where only its `Origin` says so: browsers send no `Sec-Fetch-Site` to servers that speak
//! plain HTTP on a network. That last matters although there are no cookies to abuse: a browser inside a company's
//! network reaches a server that the page's author does not.

use std::{sync::Arc, time::Duration};

use axum::{
    extract::{Request, State},
    http::{HeaderName, HeaderValue, Method, header},
    middleware::Next,
    response::Response,
};
use tower_http::cors::{AllowOrigin, CorsLayer};

use super::{
    answer::json_problem,
    graphql::{MIN_SEQUENCE, Problem, SEQUENCE},
    observe::{REQUEST_ID, id_of},
};
use crate::config::CorsOrigins;

/// How long a browser remembers what it may send.
const MAX_AGE: Duration = Duration::from_hours(1);
/// Of a request: the browser's word on where the page that sends it comes from. No script can change it.
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// What tells browsers whose pages may use the API; nothing where nobody's may. Never with credentials: a token is
/// sent by the page itself, and what a browser adds on its own says nothing about the page.
pub(crate) fn cors(origins: &CorsOrigins) -> Option<CorsLayer> {
    let allowed = match origins {
        CorsOrigins::Any => AllowOrigin::any(),
        CorsOrigins::These(origins) if origins.is_empty() => return None,
        CorsOrigins::These(origins) => AllowOrigin::list(origins.iter().cloned()),
    };
    let layer = CorsLayer::new()
        .allow_origin(allowed)
        .allow_methods([Method::GET, Method::POST])
        .allow_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            MIN_SEQUENCE,
            REQUEST_ID,
        ])
        .expose_headers([
            SEQUENCE,
            REQUEST_ID,
            header::RETRY_AFTER,
            header::WWW_AUTHENTICATE,
            HeaderName::from_static("ratelimit"),
            HeaderName::from_static("ratelimit-policy"),
        ])
        .max_age(MAX_AGE);
    Some(layer)
}

/// Refuses requests that a browser sends for a page of another site, unless its origin is one of those that may.
/// Whatever is no browser does not say where its request comes from and is let through. So is what a browser sends without
/// saying it, a GET without an origin over plain HTTP: the page cannot read the answer.
pub(crate) async fn refuse_strangers(
    State(origins): State<Arc<CorsOrigins>>,
    request: Request,
    next: Next,
) -> Response {
    if may_ask(&request, &origins) {
        return next.run(request).await;
    }
    let message = "A page of another site must not use this API from a browser. Whoever runs the server can allow \
                   its origin by the setting cors_origins.";
    json_problem(Problem::forbidden(message), &id_of(&request))
}

fn may_ask(request: &Request, origins: &CorsOrigins) -> bool {
    let headers = request.headers();
    let origin = headers.get(header::ORIGIN);
    let is_allowed = origin.is_some_and(|origin| origins.contain(origin));
    match (headers.get(SEC_FETCH_SITE), origin) {
        // "none": the person at the browser asked, not a page.
        (Some(site), _) if site == "same-origin" || site == "none" => true,
        // A request without an origin asked for no permission, so none that CORS gives covers it.
        (Some(_), _) => is_allowed,
        (None, Some(origin)) => is_allowed || is_own(origin, request),
        (None, None) => true,
    }
}

/// Whether an origin names the host that a request was sent to.
fn is_own(origin: &HeaderValue, request: &Request) -> bool {
    // HTTP/2 has the host in the address, HTTP/1 in a header; both leave the port out where it is the usual one.
    let host = match request.uri().authority() {
        Some(authority) => Some(authority.as_str()),
        None => request
            .headers()
            .get(header::HOST)
            .and_then(|host| host.to_str().ok()),
    };
    let origin = origin
        .to_str()
        .ok()
        .and_then(|origin| origin.split_once("://"));
    matches!((origin, host), (Some((_, origin)), Some(host)) if origin.eq_ignore_ascii_case(host))
}
