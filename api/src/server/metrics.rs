//! Figures for Prometheus.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicI64, AtomicU64},
    },
    time::Duration,
};

use async_graphql::parser::types::OperationType;
use axum::http::StatusCode;
use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::{Registry, Unit},
};
use strum::IntoEnumIterator;

use crate::auth::Reason;
use crate::shared::database::{Purpose, StatementCounts, StatementLabels};

/// From a tenth of a millisecond, which an answer from memory takes, to ten seconds.
const DURATION_BUCKETS: [f64; 15] = [
    0.0001, 0.000_25, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5,
    10.0,
];

/// All figures of one process. Other parts add theirs by [`Metrics::register`].
#[derive(Debug)]
pub struct Metrics {
    registry: Mutex<Registry>,
    requests: Family<RequestLabels, Counter<u64, AtomicU64>>,
    durations: Family<DurationLabels, Histogram, fn() -> Histogram>,
    in_flight: Gauge<i64, AtomicI64>,
    authentication_failures: Family<FailureLabels, Counter<u64, AtomicU64>>,
    sql_statements: StatementCounts,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    route: &'static str,
    operation: &'static str,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct DurationLabels {
    route: &'static str,
    operation: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct FailureLabels {
    reason: &'static str,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("kundig");
        let requests = Family::default();
        registry.register(
            "http_requests",
            "Requests answered, by route, GraphQL operation type and status",
            requests.clone(),
        );
        let durations = Family::new_with_constructor(
            (|| Histogram::new(DURATION_BUCKETS)) as fn() -> Histogram,
        );
        registry.register_with_unit(
            "http_request_duration",
            "Time from a request's head to its answer's head, by route and GraphQL operation type",
            Unit::Seconds,
            durations.clone(),
        );
        let in_flight = Gauge::default();
        registry.register(
            "http_requests_in_flight",
            "Requests that are being answered",
            in_flight.clone(),
        );
        let authentication_failures = Family::<FailureLabels, Counter<u64, AtomicU64>>::default();
        for reason in Reason::iter() {
            // Somebody may wait for the first one.
            let reason = reason.label();
            drop(authentication_failures.get_or_create(&FailureLabels { reason }));
        }
        registry.register(
            "authentication_failures",
            "Requests whose Authorization header did not prove who asks, by what was wrong with it",
            authentication_failures.clone(),
        );
        let sql_statements = StatementCounts::default();
        registry.register(
            "sql_statements",
            "SQL statements executed, by what they were for",
            sql_statements.clone(),
        );
        for purpose in [
            Purpose::Request,
            Purpose::Follower,
            Purpose::Write,
            Purpose::Job,
        ] {
            // So that a counter that stays at zero is shown as zero.
            drop(sql_statements.get_or_create(&StatementLabels { purpose }));
        }
        Self {
            registry: Mutex::new(registry),
            requests,
            durations,
            in_flight,
            authentication_failures,
            sql_statements,
        }
    }
}

impl Metrics {
    /// Adds figures. Names get the prefix `kundig_`.
    pub fn register(&self, add: impl FnOnce(&mut Registry)) {
        add(&mut self.registry.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// SQL statements so far, by what they were for.
    pub fn statement_counts(&self) -> &StatementCounts {
        &self.sql_statements
    }

    /// Counts a request that did not prove who asks. The reason is one of few words.
    pub(super) fn authentication_failed(&self, reason: &'static str) {
        self.authentication_failures
            .get_or_create(&FailureLabels { reason })
            .inc();
    }

    /// Everything in the text format that Prometheus reads.
    pub fn render(&self) -> String {
        let mut text = String::new();
        let registry = self.registry.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = encode(&mut text, &registry) {
            tracing::error!(%error, "metrics could not be written");
        }
        text
    }

    /// Counts a request as being answered until what is returned is dropped.
    pub(super) fn start_request(&self) -> InFlight {
        self.in_flight.inc();
        InFlight(self.in_flight.clone())
    }

    pub(super) fn finish_request(
        &self,
        route: &'static str,
        operation: Option<OperationType>,
        status: StatusCode,
        duration: Duration,
    ) {
        let operation = match operation {
            Some(OperationType::Query) => "query",
            Some(OperationType::Mutation) => "mutation",
            Some(OperationType::Subscription) => "subscription",
            None => "none",
        };
        self.requests
            .get_or_create(&RequestLabels {
                route,
                operation,
                status: status.as_u16(),
            })
            .inc();
        self.durations
            .get_or_create(&DurationLabels { route, operation })
            .observe(duration.as_secs_f64());
    }
}

/// A request that is being answered. One whose client goes away is dropped in the middle, so counting down is left to it.
pub(super) struct InFlight(Gauge<i64, AtomicI64>);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.dec();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_register_is_rendered_with_the_prefix() {
        let metrics = Metrics::default();
        let changes: Counter = Counter::default();
        metrics.register(|registry| registry.register("changes", "Changes seen", changes.clone()));
        changes.inc_by(3);
        let purpose = Purpose::Follower;
        metrics
            .statement_counts()
            .get_or_create(&StatementLabels { purpose })
            .inc();
        let text = metrics.render();
        assert!(text.contains("kundig_changes_total 3"), "{text}");
        assert!(
            text.contains("kundig_sql_statements_total{purpose=\"follower\"} 1"),
            "{text}"
        );
        assert!(
            text.contains("kundig_sql_statements_total{purpose=\"request\"} 0"),
            "{text}"
        );
    }

    #[test]
    fn a_request_counts_as_in_flight_until_it_is_dropped() {
        let metrics = Metrics::default();
        let request = metrics.start_request();
        assert!(
            metrics
                .render()
                .contains("kundig_http_requests_in_flight 1")
        );
        drop(request);
        assert!(
            metrics
                .render()
                .contains("kundig_http_requests_in_flight 0")
        );
    }
}
