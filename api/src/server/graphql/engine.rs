//! Runs one GraphQL request: finds its document, checks its variables, counts its cost, executes it.

use std::{panic::AssertUnwindSafe, sync::Arc};

use async_graphql::{
    ObjectType, Positioned, Request, Response, SchemaBuilder, SchemaEnv, SubscriptionType,
    ValidationMode, Variables,
    parser::types::{DocumentOperations, ExecutableDocument, OperationType},
};
use futures_util::{FutureExt, StreamExt, future::BoxFuture, stream::BoxStream};

use super::{
    completion,
    document::{Document, Documents, Operation},
    introspection::SchemaSize,
    library::{Library, UntrustedDocuments},
    parameters::Parameters,
    presence,
    problem::{self, Problem},
    source, variables,
};
use crate::{
    config::LimitSettings,
    server::logging::message as panic_message,
    shared::{
        error_code::ErrorCode,
        live::{Event, Opening, Source, Stage},
        loads::Loads,
        request::RequestId,
    },
};

/// A schema made ready for serving.
pub(crate) struct Engine {
    library: Library,
    env: SchemaEnv,
    schema_size: SchemaSize,
    limits: Arc<LimitSettings>,
    execute: Box<dyn Fn(Request) -> BoxFuture<'static, Response> + Send + Sync>,
    subscribe: Box<dyn Fn(Request) -> BoxStream<'static, Response> + Send + Sync>,
}

/// An operation that can be executed with its variables.
#[derive(Clone)]
pub(crate) struct Prepared {
    pub(super) operation: Arc<Operation>,
    variables: Variables,
    /// What it costs, in points.
    pub(crate) cost: u64,
}

impl Engine {
    /// Makes the schema twice from its builder: once to validate documents, once to execute them.
    ///
    /// # Errors
    /// The schema cannot answer even `{ __typename }`, or a trusted document is none.
    pub(crate) async fn new<Q, M, S>(
        builder: impl Fn() -> SchemaBuilder<Q, M, S>,
        limits: &Arc<LimitSettings>,
    ) -> Result<Self, EngineError>
    where
        Q: ObjectType + 'static,
        M: ObjectType + 'static,
        S: SubscriptionType + 'static,
    {
        let documents = Documents::new(builder(), Arc::clone(limits));
        let env = documents.schema_env().await.cloned();
        let env = env.ok_or(EngineError::BrokenSchema)?;
        // Only validated documents get here, so what remains for async-graphql to check are its own limits.
        let schema = builder().validation_mode(ValidationMode::Fast).finish();
        let streaming = schema.clone();
        let execute = move |request| -> BoxFuture<'static, Response> {
            let schema = schema.clone();
            Box::pin(async move { schema.execute(request).await })
        };
        Ok(Self {
            library: Library::new(documents, limits).await?,
            schema_size: SchemaSize::of(&env.registry),
            env,
            limits: Arc::clone(limits),
            execute: Box::new(execute),
            subscribe: Box::new(move |request| streaming.execute_stream(request)),
        })
    }

    /// The document that is asked for, checked against the schema.
    ///
    /// # Errors
    /// It may not run, does not fit the schema, or is new and `pay` does not agree to its length.
    pub(crate) async fn document(
        &self,
        parameters: &Parameters,
        pay: impl FnOnce(usize) -> Result<(), Problem>,
    ) -> Result<Arc<Document>, Problem> {
        self.library.find(parameters, pay).await
    }

    /// Makes an operation ready to run.
    ///
    /// # Errors
    /// The variables are too many, or not what the operation declares.
    pub(crate) fn prepare(
        &self,
        operation: &Arc<Operation>,
        variables: Variables,
    ) -> Result<Prepared, Problem> {
        let most = self.limits.max_variable_values;
        let values = variables::count(&variables);
        if values > most {
            let message = format!(
                "The variables hold {values} values; at most {most} are allowed (setting max_variable_values)."
            );
            return Err(Problem::bad_request(ErrorCode::QueryTooComplex, message));
        }
        let declared = &operation.definition.node.variable_definitions;
        variables::check(&self.env.registry, declared, &variables)
            .map_err(|errors| Problem::all_refused(ErrorCode::BadUserInput, errors))?;
        Ok(Prepared {
            cost: operation.cost(&self.env.registry, &self.schema_size, &variables),
            operation: Arc::clone(operation),
            variables,
        })
    }

    /// Executes an operation. `with_data` adds what resolvers find in their context, `loads` among it: what they ask it for is
    /// read meanwhile.
    ///
    /// # Errors
    /// It exceeds a limit of async-graphql, or a resolver or what reads for it panicked.
    pub(crate) async fn execute(
        &self,
        prepared: Prepared,
        request_id: &RequestId,
        loads: &Loads,
        with_data: impl FnOnce(Request) -> Request,
    ) -> Result<Response, Problem> {
        let operation = Arc::clone(&prepared.operation);
        let run = (self.execute)(with_data(request(prepared)));
        let response = unharmed(loads.drive(run), &operation, request_id).await?;
        self.finish(&operation, response, request_id)
    }

    /// Asks a subscription where its events come from.
    ///
    /// # Errors
    /// It exceeds a limit of async-graphql, its field refuses, or its resolver panicked.
    pub(crate) async fn open(
        &self,
        prepared: Prepared,
        request_id: &RequestId,
        loads: &Loads,
        with_data: impl FnOnce(Request) -> Request,
    ) -> Result<Source, Problem> {
        let operation = Arc::clone(&prepared.operation);
        let stage = Arc::new(Stage::Opening(Opening::default()));
        let request = with_data(request(prepared)).data(Arc::clone(&stage));
        let mut stream = (self.subscribe)(request);
        let refusal = unharmed(loads.drive(stream.next()), &operation, request_id).await?;
        if let Some(mut response) = refusal {
            problem::complete(&mut response, request_id);
            return Err(Problem::not_run(response.errors));
        }
        stage.opened().ok_or_else(|| {
            tracing::error!(
                request_id = request_id.as_str(),
                "a subscription has no events"
            );
            Problem::internal()
        })
    }

    /// Executes a subscription for one of its events; none where there is nothing to tell of it.
    ///
    /// # Errors
    /// As for [`Engine::execute`].
    pub(crate) async fn show(
        &self,
        prepared: Prepared,
        event: Event,
        request_id: &RequestId,
        loads: &Loads,
        with_data: impl FnOnce(Request) -> Request,
    ) -> Result<Option<Response>, Problem> {
        let operation = Arc::clone(&prepared.operation);
        let request = with_data(request(prepared)).data(Arc::new(Stage::Event(event)));
        let mut stream = (self.subscribe)(request);
        match unharmed(loads.drive(stream.next()), &operation, request_id).await? {
            Some(response) => self.finish(&operation, response, request_id).map(Some),
            None => Ok(None),
        }
    }

    /// Makes a response what the specification wants.
    fn finish(
        &self,
        operation: &Operation,
        mut response: Response,
        request_id: &RequestId,
    ) -> Result<Response, Problem> {
        problem::complete(&mut response, request_id);
        if problem::did_not_run(&response) {
            return Err(Problem::not_run(response.errors));
        }
        if !response.errors.is_empty() {
            completion::complete(&self.env.registry, operation, &mut response);
        }
        operation.shape().arrange(&mut response.data);
        Ok(response)
    }
}

/// A prepared operation as async-graphql takes it.
fn request(prepared: Prepared) -> Request {
    let Prepared {
        operation,
        variables,
        cost: _,
    } = prepared;
    let declared = &operation.definition.node.variable_definitions;
    let mut document = operation.to_document();
    let left_out = variables::left_out(declared, &variables);
    if !left_out.is_empty() {
        document.remove_left_out(&left_out);
    }
    presence::mark(&mut document.0);
    let mut request = Request::new(String::new()).variables(variables);
    request.set_parsed_query(document.0);
    request
}

/// What a run comes to, unless it panics.
async fn unharmed<T>(
    run: impl Future<Output = T>,
    operation: &Operation,
    request_id: &RequestId,
) -> Result<T, Problem> {
    let run = AssertUnwindSafe(run).catch_unwind();
    run.await.map_err(|panic| {
        let operation = operation.name.as_deref().unwrap_or_default();
        tracing::error!(
            request_id = request_id.as_str(),
            operation,
            panic = panic_message(&*panic),
            "an operation panicked"
        );
        Problem::internal()
    })
}

/// Why there is nothing to serve.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The schema does not work at all.
    #[error("the GraphQL schema cannot be executed")]
    BrokenSchema,
    /// The list of trusted documents is of no use.
    #[error(transparent)]
    Untrusted(#[from] UntrustedDocuments),
}

/// An operation's own copy of its document, which execution consumes.
struct OwnDocument(ExecutableDocument);

impl Operation {
    fn to_document(&self) -> OwnDocument {
        let mut definition = self.definition.clone();
        if self.kind == OperationType::Subscription {
            definition.node.selection_set.node.items = source::field(self).into_iter().collect();
        }
        OwnDocument(ExecutableDocument {
            operations: DocumentOperations::Single(definition),
            fragments: self
                .fragments
                .iter()
                .map(|(name, fragment)| (name.clone(), Positioned::clone(fragment)))
                .collect(),
        })
    }
}

impl OwnDocument {
    fn remove_left_out(&mut self, left_out: &[&async_graphql::Name]) {
        if let DocumentOperations::Single(operation) = &mut self.0.operations {
            variables::remove_left_out(&mut operation.node.selection_set.node, left_out);
        }
        for fragment in self.0.fragments.values_mut() {
            variables::remove_left_out(&mut fragment.node.selection_set.node, left_out);
        }
    }
}
