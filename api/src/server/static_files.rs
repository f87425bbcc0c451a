//! Pages for browsers, from files in the binary.

use axum::{
    body::Body,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::Response,
};
use rust_embed::{Embed, EmbeddedFile};

/// What a browser must not let anybody do with a page, besides what its Content-Security-Policy says.
const PROTECTION: [(HeaderName, &str); 4] = [
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

/// The answer with the file of `Files` at `path`, or that the browser has it already. None: there is no such file.
///
/// `policy` is the Content-Security-Policy.
pub(super) fn serve<Files: Embed>(
    path: &str,
    request: &HeaderMap,
    policy: &'static str,
) -> Option<Response> {
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
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(policy),
    );
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
