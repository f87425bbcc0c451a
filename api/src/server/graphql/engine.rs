//! Runs one GraphQL request: finds its document, checks its variables, executes it.

use std::{panic::AssertUnwindSafe, sync::Arc};

use async_graphql::{
    EmptySubscription, ObjectType, Request, Response, SchemaBuilder, SchemaEnv, ValidationMode,
    Variables,
    parser::types::{DocumentOperations, ExecutableDocument, OperationType},
};
use axum::http::StatusCode;
use futures_util::{FutureExt, future::BoxFuture};

use super::{
    completion,
    document::{Document, Documents, Operation},
    problem::{self, Problem},
    variables,
};
use crate::{
    server::logging::message as panic_message,
    shared::{error_code::ErrorCode, request::RequestId},
};

/// A schema made ready for serving.
pub(crate) struct Engine {
    documents: Documents,
    env: SchemaEnv,
    execute: Box<dyn Fn(Request) -> BoxFuture<'static, Response> + Send + Sync>,
}

impl Engine {
    /// Makes the schema twice from its builder: once to validate documents, once to execute them.
    ///
    /// # Errors
    /// The schema cannot answer even `{ __typename }`.
    pub(crate) async fn new<Q, M>(
        builder: impl Fn() -> SchemaBuilder<Q, M, EmptySubscription>,
    ) -> Result<Self, BrokenSchema>
    where
        Q: ObjectType + 'static,
        M: ObjectType + 'static,
    {
        let documents = Documents::new(builder());
        let env = documents.schema_env().await.cloned().ok_or(BrokenSchema)?;
        // Only validated documents get here, so what remains for async-graphql to check are the limits.
        let schema = builder().validation_mode(ValidationMode::Fast).finish();
        let execute = move |request| -> BoxFuture<'static, Response> {
            let schema = schema.clone();
            Box::pin(async move { schema.execute(request).await })
        };
        Ok(Self {
            documents,
            env,
            execute: Box::new(execute),
        })
    }

    /// The document with this text, checked against the schema.
    pub(crate) async fn document(&self, text: &str) -> Result<Arc<Document>, Problem> {
        self.documents.get(text).await
    }

    /// Executes an operation. `with_data` adds what resolvers find in their context.
    ///
    /// # Errors
    /// The variables are not what the operation declares, it exceeds a limit, or a resolver panicked.
    pub(crate) async fn execute(
        &self,
        operation: &Operation,
        variables: Variables,
        request_id: &RequestId,
        with_data: impl FnOnce(Request) -> Request,
    ) -> Result<Response, Problem> {
        if operation.kind == OperationType::Subscription {
            let message = "Subscriptions are not supported over HTTP requests.";
            return Err(Problem::bad_request(ErrorCode::BadUserInput, message));
        }
        let declared = &operation.definition.node.variable_definitions;
        variables::check(&self.env.registry, declared, &variables)
            .map_err(|errors| Problem::all_refused(ErrorCode::BadUserInput, errors))?;

        let mut document = operation.to_document();
        let left_out = variables::left_out(declared, &variables);
        if !left_out.is_empty() {
            document.remove_left_out(&left_out);
        }
        let mut request = with_data(Request::new(String::new()).variables(variables));
        request.set_parsed_query(document.0);

        let run = AssertUnwindSafe((self.execute)(request)).catch_unwind();
        let mut response = run.await.map_err(|panic| {
            let operation = operation.name.as_deref().unwrap_or_default();
            tracing::error!(
                request_id = request_id.as_str(),
                operation,
                panic = panic_message(&*panic),
                "a resolver panicked"
            );
            Problem::internal()
        })?;
        problem::complete(&mut response, request_id);
        if problem::did_not_run(&response) {
            return Err(Problem {
                status: StatusCode::BAD_REQUEST,
                is_well_formed: true,
                errors: response.errors,
                headers: Vec::new(),
            });
        }
        if !response.errors.is_empty() {
            completion::complete(&self.env.registry, operation, &mut response);
        }
        operation.shape().arrange(&mut response.data);
        Ok(response)
    }
}

/// The schema does not work at all.
#[derive(Debug, thiserror::Error)]
#[error("the GraphQL schema cannot be executed")]
pub struct BrokenSchema;

/// An operation's own copy of its document, which execution consumes.
struct OwnDocument(ExecutableDocument);

impl Operation {
    fn to_document(&self) -> OwnDocument {
        OwnDocument(ExecutableDocument {
            operations: DocumentOperations::Single(self.definition.clone()),
            fragments: self.fragments.clone(),
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
