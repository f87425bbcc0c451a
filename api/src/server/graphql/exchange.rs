//! One HTTP request to the API, from its body to its answer.

use std::{net::IpAddr, sync::Arc, time::Duration};

use async_graphql::{Response as GraphqlResponse, parser::types::OperationType};
use axum::{
    body::Body as HttpBody,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::Response,
};
use serde::Serialize;
use tokio::time::timeout;

use super::{
    GraphqlService, MIN_SEQUENCE, ResponseType, SEQUENCE,
    account::Account,
    bearer,
    engine::Prepared,
    parameters::{Body, Parameters, Unread},
    problem::{self, Problem, body as error_body, sign},
};
use crate::{
    auth::{Identity, Viewer},
    server::{
        Backend,
        observe::Operation as ObservedOperation,
        rate_limit::{RateKey, Standing},
    },
    shared::{
        budget::Budget,
        error_code::ErrorCode,
        loads::Loads,
        request::{RequestCatalog, RequestId},
    },
};

/// How long a request waits for the change that it asks for by `Kundig-Min-Sequence`. Tests have no patience.
const MAX_WAIT: Duration = if cfg!(test) {
    Duration::from_millis(200)
} else {
    Duration::from_secs(10)
};
/// How long a client may take to send a body. Tests have no patience.
const MAX_READING: Duration = if cfg!(test) {
    Duration::from_millis(500)
} else {
    Duration::from_secs(30)
};
/// When it makes sense to ask again for that change, seconds: a replica that is so far behind has something to catch up with.
const RETRY_AFTER: u64 = 5;

/// One request and everything that its answer depends on.
pub(super) struct Exchange<'a> {
    pub(super) service: &'a GraphqlService,
    pub(super) request_id: &'a RequestId,
    pub(super) headers: &'a HeaderMap,
    /// Where it comes from. Without an address, in tests of the router say, nobody without a token pays.
    pub(super) address: Option<IpAddr>,
    pub(super) may_mutate: bool,
}

/// What is known of a request, however it ends.
struct Known<'a> {
    operation: ObservedOperation,
    /// Whether there is a mutation in it.
    mutates: bool,
    /// What has been paid for it.
    account: Account<'a>,
}

/// An operation's answer, and the newest change in the catalog that it comes from.
struct Executed {
    response: GraphqlResponse,
    sequence: i64,
    cost: u64,
}

/// What is answered.
enum Answer {
    Single(Box<Executed>),
    Batch(Vec<Result<Executed, Problem>>),
}

impl Exchange<'_> {
    pub(super) async fn answer(
        &self,
        read: impl AsyncFnOnce(Option<&Identity>) -> Result<Unread, Problem>,
    ) -> Response {
        let mut known = Known {
            operation: ObservedOperation::default(),
            mutates: false,
            account: Account::new(&self.service.limits, &self.service.rate_limits),
        };
        let Ok(response_type) = ResponseType::negotiate(self.headers) else {
            let message =
                "Accept names neither application/graphql-response+json nor application/json.";
            let problem = Problem::malformed(StatusCode::NOT_ACCEPTABLE, message);
            return self.refusal(problem, ResponseType::Json, known);
        };
        match self.run(read, &mut known).await {
            Ok(answer) => self.success(answer, response_type, known),
            Err(problem) => self.refusal(problem, response_type, known),
        }
    }

    async fn run(
        &self,
        read: impl AsyncFnOnce(Option<&Identity>) -> Result<Unread, Problem>,
        known: &mut Known<'_>,
    ) -> Result<Answer, Problem> {
        let identity = self.identify(known).await?;
        let unread = match timeout(MAX_READING, read(identity.as_deref())).await {
            Ok(unread) => unread?,
            Err(_) => return Err(came_too_slowly()),
        };
        known.account.pay_for_body(unread.len())?;
        let limits = &self.service.limits;
        let body = unread.read(limits.max_batch)?;
        let time_limit = limits.time_limit;
        match timeout(time_limit, self.run_body(identity.as_ref(), body, known)).await {
            Ok(answer) => answer,
            Err(_) => Err(took_too_long(time_limit, known.mutates)),
        }
    }

    /// Finds out who asks, and lets pay for admission. Nothing of the request but its head is looked at before.
    async fn identify(&self, known: &mut Known<'_>) -> Result<Option<Arc<Identity>>, Problem> {
        let Backend {
            authenticator,
            metrics,
            ..
        } = &self.service.backend;
        let identity = bearer::identify(
            self.headers,
            authenticator,
            metrics,
            self.request_id,
            self.address,
        );
        let identity = identity.await;
        let subject = match &identity {
            Ok(Some(identity)) => Some(Arc::clone(&identity.subject)),
            Ok(None) | Err(_) => None,
        };
        let payer = match subject {
            Some(subject) => Some(RateKey::Subject(subject)),
            None => self.address.map(RateKey::Address),
        };
        known.account.admit(payer)?;
        identity
    }

    async fn run_body(
        &self,
        identity: Option<&Arc<Identity>>,
        body: Body,
        known: &mut Known<'_>,
    ) -> Result<Answer, Problem> {
        self.wait_for_catalog(identity).await?;
        match body {
            Body::Single(parameters) => {
                let prepared = self.prepare(parameters, known).await?;
                known.account.pay_for_execution(prepared.cost)?;
                let executed = self.execute(identity, prepared).await?;
                Ok(Answer::Single(Box::new(executed)))
            }
            Body::Batch(requests) => {
                let mut batch = Vec::with_capacity(requests.len());
                for parameters in requests {
                    batch.push(self.prepare(parameters, known).await);
                }
                let costs = batch.iter().flatten().map(|prepared| prepared.cost);
                let cost = costs.fold(0, u64::saturating_add);
                known.account.pay_for_execution(cost)?;
                let mut answers = Vec::with_capacity(batch.len());
                for prepared in batch {
                    answers.push(match prepared {
                        Ok(prepared) => self.execute(identity, prepared).await,
                        Err(problem) => Err(problem),
                    });
                }
                Ok(Answer::Batch(answers))
            }
        }
    }

    async fn prepare(
        &self,
        parameters: Parameters,
        known: &mut Known<'_>,
    ) -> Result<Prepared, Problem> {
        let engine = &self.service.engine;
        let pay = |bytes| known.account.pay_for_document(bytes);
        let document = engine.document(&parameters, pay).await?;
        let operation = document.operation(parameters.operation_name.as_deref())?;
        known.operation = ObservedOperation {
            name: operation.name.clone(),
            kind: Some(operation.kind),
        };
        if operation.kind == OperationType::Mutation {
            if !self.may_mutate {
                let message = "Mutations are not allowed by GET: send them by POST.";
                return Err(Problem::malformed(StatusCode::METHOD_NOT_ALLOWED, message));
            }
            known.mutates = true;
        }
        engine.prepare(operation, parameters.variables)
    }

    async fn execute(
        &self,
        identity: Option<&Arc<Identity>>,
        prepared: Prepared,
    ) -> Result<Executed, Problem> {
        let GraphqlService {
            engine, backend, ..
        } = self.service;
        let current = backend.replica.current();
        let viewer = Viewer::new(
            identity.cloned(),
            backend.authenticator.anonymous_read(),
            &current,
        );
        let catalog = RequestCatalog::new(viewer.clone(), current);
        let loads = Loads::new(backend.replica.database().read.clone());
        let with_data = |request: async_graphql::Request| {
            request
                .data(catalog.clone())
                .data(self.request_id.clone())
                .data(viewer)
                .data(loads.clone())
                .data(Budget::new(self.service.limits.max_cost))
        };
        let cost = prepared.cost;
        let is_query = prepared.operation.kind == OperationType::Query;
        let executing = engine.execute(prepared, self.request_id, with_data);
        let mut response = loads.drive(executing).await?;
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
            sequence: catalog.sequence(),
            cost,
        })
    }

    /// Waits for the change that the client wants to see in its answer. Nobody waits who must not see any change.
    async fn wait_for_catalog(&self, identity: Option<&Arc<Identity>>) -> Result<(), Problem> {
        let Backend {
            replica,
            authenticator,
            ..
        } = &self.service.backend;
        let Some(wanted) = self.headers.get(MIN_SEQUENCE) else {
            return Ok(());
        };
        let wanted = parse_sequence(wanted).ok_or_else(|| {
            let message = "The header Kundig-Min-Sequence has to be a sequence as Kundig-Sequence gave it: a whole number, 0 or more.";
            Problem::malformed(StatusCode::BAD_REQUEST, message)
        })?;
        if identity.is_none() && !authenticator.anonymous_read() {
            let message = "Waiting for a change (Kundig-Min-Sequence) needs a token: send it as `Authorization: Bearer …`.";
            return Err(bearer::challenged(message));
        }
        timeout(MAX_WAIT, replica.wait_for(wanted))
            .await
            .map_err(|_| {
                let message = format!(
                    "This replica's catalog has not reached change {wanted} in time. Try again in {RETRY_AFTER} s."
                );
                Problem::unavailable(message, RETRY_AFTER)
            })
    }

    fn success(&self, answer: Answer, response_type: ResponseType, known: Known<'_>) -> Response {
        let written = match answer {
            Answer::Single(executed) => self
                .write(&executed, &known)
                .map(|body| (body, executed.sequence)),
            Answer::Batch(answers) => self.write_batch(answers, &known),
        };
        match written {
            Ok((body, sequence)) => respond(StatusCode::OK, response_type, body, sequence, known),
            Err(error) => {
                tracing::error!(request_id = self.request_id.as_str(), %error, "a response could not be written as JSON");
                self.refusal(Problem::internal(), response_type, known)
            }
        }
    }

    fn write(&self, executed: &Executed, known: &Known<'_>) -> serde_json::Result<Vec<u8>> {
        let response = &executed.response;
        serde_json::to_vec(&Written {
            data: &response.data,
            errors: &response.errors,
            extensions: Extensions {
                cost: CostExtension {
                    requested_query_cost: executed.cost,
                    maximum_query_cost: self.service.limits.max_cost,
                    throttle_status: known.account.standing().map(ThrottleStatus::from),
                },
            },
        })
    }

    /// A list of answers, and the newest change that one of them comes from.
    fn write_batch(
        &self,
        answers: Vec<Result<Executed, Problem>>,
        known: &Known<'_>,
    ) -> serde_json::Result<(Vec<u8>, i64)> {
        let mut newest = None;
        let mut body = vec![b'['];
        for answer in answers {
            if body.len() > 1 {
                body.push(b',');
            }
            match answer {
                Ok(executed) => {
                    newest = newest.max(Some(executed.sequence));
                    body.extend(self.write(&executed, known)?);
                }
                Err(mut problem) => {
                    sign(&mut problem.errors, self.request_id);
                    body.extend(error_body(&problem.errors));
                }
            }
        }
        body.push(b']');
        Ok((
            body,
            newest.unwrap_or_else(|| self.service.backend.replica.newest_sequence()),
        ))
    }

    fn refusal(
        &self,
        mut problem: Problem,
        response_type: ResponseType,
        known: Known<'_>,
    ) -> Response {
        sign(&mut problem.errors, self.request_id);
        // Only the client's own mistakes are told with 200: what is between client and server, a load balancer say, has
        // to see that the server cannot answer.
        let is_told_with_success = response_type == ResponseType::Json
            && problem.is_well_formed
            && problem.status.is_client_error();
        let status = if is_told_with_success {
            StatusCode::OK
        } else {
            problem.status
        };
        let sequence = self.service.backend.replica.newest_sequence();
        let body = error_body(&problem.errors);
        let mut response = respond(status, response_type, body, sequence, known);
        let headers = response.headers_mut();
        headers.extend(problem.headers);
        if status == StatusCode::METHOD_NOT_ALLOWED {
            headers.insert(header::ALLOW, HeaderValue::from_static("POST"));
        }
        response
    }
}

fn came_too_slowly() -> Problem {
    let message = format!(
        "The body has not arrived within {MAX_READING:?}; the request was not executed. Send less at once, as persisted queries for one."
    );
    Problem::malformed(StatusCode::REQUEST_TIMEOUT, message)
}

fn took_too_long(time_limit: Duration, mutates: bool) -> Problem {
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

fn parse_sequence(value: &HeaderValue) -> Option<i64> {
    let digits = value
        .to_str()
        .ok()
        .filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))?;
    digits.parse().ok()
}

/// An answer as it is written.
#[derive(Serialize)]
struct Written<'a> {
    data: &'a async_graphql::Value,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [async_graphql::ServerError],
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

fn respond(
    status: StatusCode,
    response_type: ResponseType,
    body: Vec<u8>,
    sequence: i64,
    known: Known<'_>,
) -> Response {
    let mut response = Response::new(HttpBody::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, response_type.header());
    headers.insert(SEQUENCE, HeaderValue::from(sequence));
    if let Some(standing) = known.account.standing() {
        standing.write(headers);
    }
    response.extensions_mut().insert(known.operation);
    response
}
