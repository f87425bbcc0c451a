//! The board, a page for owners and managers, from files in the binary: `board/README.md` says how they are made.

use axum::{extract::Request, response::Response};
use rust_embed::Embed;

use super::{observe::not_found, static_files};

#[derive(Embed)]
#[folder = "board/dist"]
struct Files;

/// Only this server's own files and its API; no inline script or style, no frames, no forms that lead away, and nothing that
/// makes script of text.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

/// `GET /board` and `GET /board/…`
pub(crate) async fn file(request: Request) -> Response {
    let path = match request.uri().path().strip_prefix("/board/") {
        None | Some("") => "index.html",
        Some(path) => path,
    };
    match static_files::serve::<Files>(path, request.headers(), POLICY) {
        Some(response) => response,
        None => not_found(request).await,
    }
}
