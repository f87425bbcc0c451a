//! GraphiQL, from files in the binary: `assets/explorer/README.md` says where they come from.

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::Response,
};
use rust_embed::{Embed, EmbeddedFile};

use super::observe::not_found;

#[derive(Embed)]
#[folder = "assets/explorer/page"]
struct Files;

/// What a browser must not let anybody do with the page.
const PROTECTION: [(HeaderName, &str); 5] = [
    // Only this server's own files; no frames, no plugins. GraphiQL's editor writes style attributes and elements.
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
         font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    // For browsers that do not know frame-ancestors.
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    ),
];

/// `GET /` and `GET /explorer/…`
pub(crate) async fn file(request: Request) -> Response {
    let path = request
        .uri()
        .path()
        .strip_prefix("/explorer/")
        .unwrap_or("index.html");
    match serve(path, request.headers()) {
        Some(response) => response,
        None => not_found(request).await,
    }
}

fn serve(path: &str, request: &HeaderMap) -> Option<Response> {
    let file = Files::get(path)?;
    let tag = entity_tag(&file);
    let is_known = request
        .get(header::IF_NONE_MATCH)
        .and_then(|known| known.to_str().ok())
        .is_some_and(|known| {
            known == "*"
                || known
                    .split(',')
                    .any(|known| known.trim().trim_start_matches("W/") == tag)
        });
    // Files of other projects have their version in their names.
    let caching = if path.starts_with("vendor/") {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };

    let mut response = Response::default();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    headers.insert(header::ETAG, HeaderValue::from_str(&tag).ok()?);
    for (name, value) in PROTECTION {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if is_known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    } else {
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static(media_type(path)),
        );
        *response.body_mut() = Body::from(file.data.into_owned());
    }
    Some(response)
}

fn media_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map(|(_, extension)| extension) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

/// The first half of the file's hash: enough to tell versions apart.
fn entity_tag(file: &EmbeddedFile) -> String {
    let hash = &file.metadata.sha256_hash()[..16];
    let hex: String = hash
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 0xf])
        .filter_map(|digit| char::from_digit(digit.into(), 16))
        .collect();
    format!("\"{hex}\"")
}
