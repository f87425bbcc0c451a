//! GraphiQL, from files in the binary: `assets/explorer/README.md` says where they come from.

use axum::{extract::Request, response::Response};
use rust_embed::Embed;

use super::{observe::not_found, static_files};

#[derive(Embed)]
#[folder = "assets/explorer/page"]
struct Files;

/// Only this server's own files; no frames, no plugins. GraphiQL's editor writes style attributes and elements.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
     font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// `GET /` and `GET /explorer/…`
pub(crate) async fn file(request: Request) -> Response {
    let path = request
        .uri()
        .path()
        .strip_prefix("/explorer/")
        .unwrap_or("index.html");
    match static_files::serve::<Files>(path, request.headers(), POLICY) {
        Some(response) => response,
        None => not_found(request).await,
    }
}
