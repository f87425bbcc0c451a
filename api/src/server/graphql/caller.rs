//! Whoever runs operations, and how one goes: the same however it comes and however it is answered.

use std::{net::IpAddr, sync::Arc};

use async_graphql::{
    Request, Response as GraphqlResponse, ServerError, parser::types::OperationType,
};
use axum::http::{HeaderMap, StatusCode};
use futures_util::stream::{self, BoxStream, StreamExt};
use serde::Serialize;
use tokio::time::{Duration, sleep, timeout};

use super::{
    GraphqlService,
    account::Account,
    bearer,
    engine::Prepared,
    parameters::Parameters,
    problem::{self, Problem, body as error_body, sign},
};
use crate::{
    auth::{Identity, Viewer},
    server::{
        observe::Operation as ObservedOperation,
        rate_limit::{Overdrawn, RateKey, Standing},
    },
    shared::{
        budget::Budget,
        error_code::ErrorCode,
        live::{Event, Source},
        loads::Loads,
        request::{RequestCatalog, RequestId},
    },
};

/// Whoever runs an operation.
#[derive(Clone)]
pub(crate) struct Caller {
    pub(crate) service: Arc<GraphqlService>,
    pub(crate) request_id: RequestId,
    pub(crate) identity: Option<Arc<Identity>>,
    /// Where the request comes from. Without an address, in tests of the router say, nobody without a token pays.
    pub(crate) address: Option<IpAddr>,
    pub(crate) may_mutate: bool,
}

/// An operation's answer, and the newest change in the catalog that it comes from.
pub(super) struct Executed {
    pub(super) response: GraphqlResponse,
    pub(super) sequence: i64,
    pub(super) cost: u64,
}

/// What an operation comes to, written as JSON.
pub(crate) enum Outcome {
    /// One answer.
    Answer(Vec<u8>),
    /// One for each event, as long as there are any.
    Events(BoxStream<'static, Step>),
}

/// One step of a subscription.
pub(crate) enum Step {
    /// The answer for an event.
    Next(Vec<u8>),
    /// There are no more events, for this reason.
    Failed(Vec<ServerError>),
}

impl Caller {
    /// Who a request's head says that it is.
    ///
    /// # Errors
    /// It does not prove it.
    pub(crate) async fn identify(
        &self,
        headers: &HeaderMap,
    ) -> Result<Option<Arc<Identity>>, Problem> {
        let backend = &self.service.backend;
        bearer::identify(
            headers,
            &backend.authenticator,
            &backend.metrics,
            &self.request_id,
            self.address,
        )
        .await
    }

    /// Pays for being heard at all.
    ///
    /// # Errors
    /// The caller has spent its points.
    pub(crate) fn admit(&self) -> Result<(), Problem> {
        let service = &self.service;
        Account::new(&service.limits, &service.rate_limits).admit(self.payer())
    }

    /// Whose points are spent.
    pub(crate) fn payer(&self) -> Option<RateKey> {
        match &self.identity {
            Some(identity) => Some(RateKey::Subject(Arc::clone(&identity.subject))),
            None => self.address.map(RateKey::Address),
        }
    }

    /// Runs an operation that came as a message of so many bytes, within the time limit.
    ///
    /// # Errors
    /// It is not paid for, may not run, or takes too long.
    pub(crate) async fn run_message(
        &self,
        parameters: Parameters,
        bytes: usize,
    ) -> Result<Outcome, Problem> {
        let service = &self.service;
        let mut account = Account::new(&service.limits, &service.rate_limits);
        account.admit(self.payer())?;
        account.pay_for_body(bytes)?;
        let mut operation = ObservedOperation::default();
        let limit = service.limits.time_limit;
        match timeout(limit, self.run(parameters, &mut account, &mut operation)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(took_too_long(
                limit,
                operation.kind == Some(OperationType::Mutation),
            )),
        }
    }

    /// Runs an operation. What it turns out to be is told by `operation`, however it ends.
    ///
    /// # Errors
    /// It is not paid for, or may not run.
    pub(super) async fn run(
        &self,
        parameters: Parameters,
        account: &mut Account<'_>,
        operation: &mut ObservedOperation,
    ) -> Result<Outcome, Problem> {
        let service = &self.service;
        let prepared = service
            .prepare(parameters, account, operation, self.may_mutate)
            .await?;
        account.pay_for_execution(prepared.cost)?;
        if prepared.operation.kind == OperationType::Subscription {
            let source = service
                .open(self.identity.as_ref(), &self.request_id, prepared.clone())
                .await?;
            return Ok(Outcome::Events(self.clone().events(prepared, source)));
        }
        let executed = service
            .execute(self.identity.as_ref(), &self.request_id, prepared)
            .await?;
        let written = service.write(&executed, account.standing());
        written
            .map(Outcome::Answer)
            .map_err(|error| unwritable(&error, &self.request_id))
    }

    /// A subscription's events, each executed once it is asked for.
    fn events(self, prepared: Prepared, source: Source) -> BoxStream<'static, Step> {
        let state = Some((self, prepared, source));
        stream::unfold(state, async |state| {
            let (caller, prepared, mut source) = state?;
            loop {
                let event = match source.next().await? {
                    Ok(event) => event,
                    Err(error) => {
                        let error: &dyn std::error::Error = &error;
                        let request_id = caller.request_id.as_str();
                        tracing::error!(request_id, error, "a subscription's events can't be read");
                        return Some((Step::Failed(caller.signed(interrupted())), None));
                    }
                };
                caller.pay_for_event(prepared.cost).await;
                if let Some(body) = caller.show(prepared.clone(), event).await {
                    return Some((Step::Next(body), Some((caller, prepared, source))));
                }
            }
        })
        .boxed()
    }

    /// Waits until the caller can pay. What happens meanwhile waits in the database.
    async fn pay_for_event(&self, cost: u64) {
        let Some(payer) = self.payer() else {
            return;
        };
        while let Err(Overdrawn::Wait(_, seconds)) =
            self.service.rate_limits.charge(&payer, cost.max(1))
        {
            sleep(Duration::from_secs(seconds)).await;
        }
    }

    /// The answer for an event; none where there is nothing to tell of it.
    async fn show(&self, prepared: Prepared, event: Event) -> Option<Vec<u8>> {
        let limit = self.service.limits.time_limit;
        let shown = self
            .service
            .show(self.identity.as_ref(), &self.request_id, prepared, event);
        let written = match timeout(limit, shown).await {
            Ok(Ok(None)) => return None,
            Ok(Ok(Some(executed))) => self
                .service
                .write(&executed, None)
                .map_err(|error| unwritable(&error, &self.request_id)),
            Ok(Err(problem)) => Err(problem),
            Err(_) => Err(took_too_long(limit, false)),
        };
        Some(written.unwrap_or_else(|problem| error_body(&self.signed(problem))))
    }

    /// A problem's errors, as they are sent.
    pub(crate) fn signed(&self, mut problem: Problem) -> Vec<ServerError> {
        sign(&mut problem.errors, &self.request_id);
        problem.errors
    }
}

impl GraphqlService {
    /// Finds the operation that is asked for and makes it ready to run.
    pub(super) async fn prepare(
        &self,
        parameters: Parameters,
        account: &mut Account<'_>,
        observed: &mut ObservedOperation,
        may_mutate: bool,
    ) -> Result<Prepared, Problem> {
        let pay = |bytes| account.pay_for_document(bytes);
        let document = self.engine.document(&parameters, pay).await?;
        let operation = document.operation(parameters.operation_name.as_deref())?;
        *observed = ObservedOperation {
            name: operation.name.clone(),
            kind: Some(operation.kind),
        };
        if operation.kind == OperationType::Mutation && !may_mutate {
            let message = "Mutations are not allowed by GET: send them by POST.";
            return Err(Problem::malformed(StatusCode::METHOD_NOT_ALLOWED, message));
        }
        self.engine.prepare(operation, parameters.variables)
    }

    /// Executes a query or a mutation.
    pub(super) async fn execute(
        &self,
        identity: Option<&Arc<Identity>>,
        request_id: &RequestId,
        prepared: Prepared,
    ) -> Result<Executed, Problem> {
        let now = self.now(identity);
        let cost = prepared.cost;
        let is_query = prepared.operation.kind == OperationType::Query;
        let with_data = |request| self.with_data(request, &now, request_id);
        let executing = self
            .engine
            .execute(prepared, request_id, &now.loads, with_data);
        let mut response = executing.await?;
        if problem::has_code(&response, ErrorCode::Unauthenticated) {
            return Err(bearer::missing(response.errors));
        }
        // What a mutation has done is done, so its answer stands as far as it goes.
        if is_query && problem::has_code(&response, ErrorCode::QueryTooComplex) {
            response.errors.truncate(1);
            return Err(Problem::not_run(response.errors));
        }
        Ok(Executed {
            response,
            sequence: now.catalog.sequence(),
            cost,
        })
    }

    async fn open(
        &self,
        identity: Option<&Arc<Identity>>,
        request_id: &RequestId,
        prepared: Prepared,
    ) -> Result<Source, Problem> {
        let now = self.now(identity);
        let with_data = |request| self.with_data(request, &now, request_id);
        let opening = self
            .engine
            .open(prepared, request_id, &now.loads, with_data);
        opening.await.map_err(|problem| {
            if problem.has_code(ErrorCode::Unauthenticated) {
                bearer::missing(problem.errors)
            } else {
                problem
            }
        })
    }

    async fn show(
        &self,
        identity: Option<&Arc<Identity>>,
        request_id: &RequestId,
        prepared: Prepared,
        event: Event,
    ) -> Result<Option<Executed>, Problem> {
        let now = self.now(identity);
        let cost = prepared.cost;
        let with_data = |request| self.with_data(request, &now, request_id);
        let showing = self
            .engine
            .show(prepared, event, request_id, &now.loads, with_data);
        let shown = showing.await?;
        Ok(shown.map(|response| Executed {
            response,
            sequence: now.catalog.sequence(),
            cost,
        }))
    }

    /// What an operation reads that is executed now.
    fn now(&self, identity: Option<&Arc<Identity>>) -> Now {
        let replica = &self.backend.replica;
        let current = replica.current();
        let anonymous_read = self.backend.authenticator.anonymous_read();
        let viewer = Viewer::new(identity.cloned(), anonymous_read, &current);
        Now {
            catalog: RequestCatalog::new(viewer.clone(), current, replica.clone()),
            viewer,
            loads: Loads::new(replica.database().read.clone()),
        }
    }

    fn with_data(&self, request: Request, now: &Now, request_id: &RequestId) -> Request {
        request
            .data(now.catalog.clone())
            .data(request_id.clone())
            .data(now.viewer.clone())
            .data(now.loads.clone())
            .data(Budget::new(self.limits.max_cost))
    }

    /// An answer as JSON.
    pub(super) fn write(
        &self,
        executed: &Executed,
        standing: Option<Standing>,
    ) -> serde_json::Result<Vec<u8>> {
        let response = &executed.response;
        serde_json::to_vec(&Written {
            data: &response.data,
            errors: &response.errors,
            extensions: Extensions {
                cost: CostExtension {
                    requested_query_cost: executed.cost,
                    maximum_query_cost: self.limits.max_cost,
                    throttle_status: standing.map(ThrottleStatus::from),
                },
            },
        })
    }
}

/// The catalog as it is now, who the caller is in it, and what is read from the database.
struct Now {
    catalog: RequestCatalog,
    viewer: Viewer,
    loads: Loads,
}

fn interrupted() -> Problem {
    const RETRY_AFTER: u64 = 1;
    let message = "The events cannot be read now. Subscribe again, after the last of them that you have seen.";
    Problem::unavailable(message, RETRY_AFTER)
}

/// That an answer is no JSON, which the logs say.
pub(super) fn unwritable(error: &serde_json::Error, request_id: &RequestId) -> Problem {
    let request_id = request_id.as_str();
    tracing::error!(request_id, %error, "a response could not be written as JSON");
    Problem::internal()
}

/// That a request was stopped.
pub(super) fn took_too_long(time_limit: Duration, mutates: bool) -> Problem {
    let what_now = if mutates {
        "Whether its mutation was carried out is not known: look before sending it again."
    } else {
        "Ask for less at once."
    };
    let message = format!(
        "The request took longer than {time_limit:?} (setting time_limit) and was stopped. {what_now}"
    );
    // A server that is too busy now may be so for as long again.
    Problem::timeout(message, time_limit.as_secs().max(1))
}

/// An answer as it is written.
#[derive(Serialize)]
struct Written<'a> {
    data: &'a async_graphql::Value,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [ServerError],
    extensions: Extensions,
}

#[derive(Serialize)]
struct Extensions {
    cost: CostExtension,
}

/// In the words that Shopify's API has made known.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CostExtension {
    requested_query_cost: u64,
    maximum_query_cost: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    throttle_status: Option<ThrottleStatus>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ThrottleStatus {
    maximum_available: u32,
    currently_available: u32,
    restore_rate: u32,
}

impl From<Standing> for ThrottleStatus {
    fn from(standing: Standing) -> Self {
        Self {
            maximum_available: standing.burst(),
            currently_available: standing.remaining(),
            restore_rate: standing.per_second(),
        }
    }
}
