//! One HTTP request to the API, from its body to its answer.

use std::{net::IpAddr, sync::Arc, time::Duration};

use async_graphql::parser::types::OperationType;
use axum::{
    body::Body as HttpBody,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::Response,
};
use tokio::time::timeout;

use super::{
    GraphqlService, MIN_SEQUENCE, ResponseType, SEQUENCE,
    account::Account,
    bearer,
    caller::{Caller, Executed, Outcome, took_too_long, unwritable},
    engine::Prepared,
    parameters::{Body, Parameters, Unread},
    problem::{Problem, body as error_body, sign},
};
use crate::{
    auth::Identity,
    server::{
        Backend,
        live::{self, Session, Transport},
        observe::Operation as ObservedOperation,
        rate_limit::RateKey,
    },
    shared::{error_code::ErrorCode, request::RequestId},
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
    pub(super) service: &'a Arc<GraphqlService>,
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

/// An operation that is answered by a stream of events.
struct Begun {
    caller: Caller,
    outcome: Outcome,
    /// For what goes on, a place among the connections that do.
    session: Option<Session>,
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
            let message = "Accept names none of application/graphql-response+json, application/json and text/event-stream.";
            let problem = Problem::malformed(StatusCode::NOT_ACCEPTABLE, message);
            return self.refusal(problem, ResponseType::Json, known);
        };
        if response_type == ResponseType::EventStream {
            return match self.begin(read, &mut known).await {
                Ok(begun) => self.events(begun, known),
                Err(problem) => self.refusal(problem, response_type, known),
            };
        }
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
        let (identity, body) = self.receive(read, known).await?;
        let time_limit = self.service.limits.time_limit;
        match timeout(time_limit, self.run_body(identity.as_ref(), body, known)).await {
            Ok(answer) => answer,
            Err(_) => Err(took_too_long(time_limit, known.mutates)),
        }
    }

    /// Finds out who asks, and reads what for.
    async fn receive(
        &self,
        read: impl AsyncFnOnce(Option<&Identity>) -> Result<Unread, Problem>,
        known: &mut Known<'_>,
    ) -> Result<(Option<Arc<Identity>>, Body), Problem> {
        let identity = self.identify(known).await?;
        let unread = match timeout(MAX_READING, read(identity.as_deref())).await {
            Ok(unread) => unread?,
            Err(_) => return Err(came_too_slowly()),
        };
        known.account.pay_for_body(unread.len())?;
        let body = unread.read(self.service.limits.max_batch)?;
        Ok((identity, body))
    }

    /// Begins an operation that is answered by a stream of events.
    async fn begin(
        &self,
        read: impl AsyncFnOnce(Option<&Identity>) -> Result<Unread, Problem>,
        known: &mut Known<'_>,
    ) -> Result<Begun, Problem> {
        let (identity, body) = self.receive(read, known).await?;
        let Body::Single(parameters) = body else {
            let message =
                "A batch cannot be answered by text/event-stream: send one request at a time.";
            return Err(Problem::malformed(StatusCode::BAD_REQUEST, message));
        };
        let caller = Caller {
            service: Arc::clone(self.service),
            request_id: self.request_id.clone(),
            identity,
            address: self.address,
            may_mutate: self.may_mutate,
        };
        let time_limit = self.service.limits.time_limit;
        let running = async {
            self.wait_for_catalog(caller.identity.as_ref()).await?;
            let (account, operation) = (&mut known.account, &mut known.operation);
            caller.run(parameters, account, operation).await
        };
        let Ok(outcome) = timeout(time_limit, running).await else {
            let mutates = known.operation.kind == Some(OperationType::Mutation);
            return Err(took_too_long(time_limit, mutates));
        };
        let outcome = outcome?;
        let session = match &outcome {
            Outcome::Answer(_) => None,
            Outcome::Events(_) => Some(self.service.live.admit(&caller, Transport::Events)?),
        };
        Ok(Begun {
            caller,
            outcome,
            session,
        })
    }

    fn events(&self, begun: Begun, known: Known<'_>) -> Response {
        let Begun {
            caller,
            outcome,
            session,
        } = begun;
        let body = match (outcome, session) {
            (Outcome::Events(events), Some(session)) => {
                live::events::stream(caller, events, session)
            }
            (Outcome::Answer(answer), _) => live::events::once(&answer).into(),
            // There is a session for each stream.
            (Outcome::Events(_), None) => HttpBody::empty(),
        };
        let sequence = self.service.backend.replica.newest_sequence();
        respond(
            StatusCode::OK,
            ResponseType::EventStream,
            body,
            sequence,
            known,
        )
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
        let (account, operation) = (&mut known.account, &mut known.operation);
        let prepared = self
            .service
            .prepare(parameters, account, operation, self.may_mutate)
            .await?;
        match prepared.operation.kind {
            OperationType::Query => {}
            OperationType::Mutation => known.mutates = true,
            OperationType::Subscription => {
                let message = "A subscription is answered by events: accept text/event-stream, or connect to the same address by a WebSocket that speaks graphql-transport-ws.";
                return Err(Problem::bad_request(ErrorCode::BadUserInput, message));
            }
        }
        Ok(prepared)
    }

    async fn execute(
        &self,
        identity: Option<&Arc<Identity>>,
        prepared: Prepared,
    ) -> Result<Executed, Problem> {
        self.service
            .execute(identity, self.request_id, prepared)
            .await
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
                let problem = unwritable(&error, self.request_id);
                self.refusal(problem, response_type, known)
            }
        }
    }

    fn write(&self, executed: &Executed, known: &Known<'_>) -> serde_json::Result<Vec<u8>> {
        self.service.write(executed, known.account.standing())
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
        let is_told_with_success = response_type != ResponseType::GraphqlResponse
            && problem.is_well_formed
            && problem.status.is_client_error();
        let status = if is_told_with_success {
            StatusCode::OK
        } else {
            problem.status
        };
        let sequence = self.service.backend.replica.newest_sequence();
        let body = error_body(&problem.errors);
        let (response_type, body) = match response_type {
            // Before the stream has begun other problems are told as they are to everybody.
            ResponseType::EventStream if !is_told_with_success => (ResponseType::Json, body),
            ResponseType::EventStream => (response_type, live::events::once(&body)),
            ResponseType::GraphqlResponse | ResponseType::Json => (response_type, body),
        };
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

fn parse_sequence(value: &HeaderValue) -> Option<i64> {
    let digits = value
        .to_str()
        .ok()
        .filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))?;
    digits.parse().ok()
}

fn respond(
    status: StatusCode,
    response_type: ResponseType,
    body: impl Into<HttpBody>,
    sequence: i64,
    known: Known<'_>,
) -> Response {
    let mut response = Response::new(body.into());
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
