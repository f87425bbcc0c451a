//! What orchestrators and Prometheus ask.

use std::sync::Arc;

use axum::{extract::State, http::StatusCode, response::Response};
use serde::Serialize;

use super::{answer, metrics::Metrics};
use crate::snapshot::Replica;

#[derive(Serialize)]
struct Health {
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    sequence: Option<i64>,
}

/// `GET /healthz`: the process lives.
pub(crate) async fn alive() -> Response {
    answer::json(
        StatusCode::OK,
        &Health {
            status: "alive",
            sequence: None,
        },
    )
}

/// `GET /readyz`: the catalog is loaded and followed, so this replica may get traffic.
pub(crate) async fn ready(State(replica): State<Replica>) -> Response {
    let (status, health) = if replica.is_ready() {
        (
            StatusCode::OK,
            Health {
                status: "ready",
                sequence: Some(replica.newest_sequence()),
            },
        )
    } else {
        (
            StatusCode::SERVICE_UNAVAILABLE,
            Health {
                status: "loading",
                sequence: None,
            },
        )
    };
    answer::json(status, &health)
}

/// `GET /metrics`
pub(crate) async fn metrics(State(metrics): State<Arc<Metrics>>) -> Response {
    let media_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    answer::with_type(StatusCode::OK, media_type, metrics.render())
}
