//! Documents: parsed and validated once, then kept by their text.

use std::{
    collections::HashMap,
    sync::{Arc, OnceLock},
};

use async_graphql::registry::Registry;
use async_graphql::{
    Name, ObjectType, Positioned, Request, Response, Schema, SchemaBuilder, SchemaEnv, ServerError,
    SubscriptionType, Variables,
    extensions::{Extension, ExtensionContext, ExtensionFactory, NextExecute},
    indexmap::IndexMap,
    parser::{
        parse_query,
        types::{
            DocumentOperations, ExecutableDocument, FragmentDefinition, OperationDefinition,
            OperationType, Selection, SelectionSet,
        },
    },
};
use futures_util::future::BoxFuture;
use quick_cache::{Weighter, sync::Cache};

use super::{
    cost::Cost,
    introspection::SchemaSize,
    limits, literals, measure, memory,
    order::Shape,
    problem::{Problem, exceeded_limit},
    source, typenames,
};
use crate::{config::LimitSettings, shared::error_code::ErrorCode};

/// How many documents are kept.
const MAX_DOCUMENTS: usize = 2_000;
/// How much memory they take, bytes.
const MAX_WEIGHT: u64 = 64 * 1024 * 1024;
/// How many of a document's errors are told.
const MAX_ERRORS: usize = 50;
/// How many places of one error are told.
const MAX_LOCATIONS: usize = 20;

/// A document that fits the schema.
#[derive(Debug)]
pub(crate) struct Document {
    operations: Vec<Arc<Operation>>,
    /// How much memory it takes, about.
    bytes: usize,
}

/// Fragments by their names, shared by the operations that spread them.
pub(super) type Fragments = HashMap<Name, Arc<Positioned<FragmentDefinition>>>;

/// One operation of a document, with the fragments that it spreads.
#[derive(Debug)]
pub(crate) struct Operation {
    /// Its name in the document.
    pub(crate) name: Option<Arc<str>>,
    /// Query, mutation or subscription.
    pub(crate) kind: OperationType,
    /// The operation itself.
    pub(super) definition: Positioned<OperationDefinition>,
    /// The fragments that it needs, directly or by way of others.
    pub(super) fragments: Fragments,
    /// The order of its answer's fields, known once it is validated and asked for.
    shape: OnceLock<Shape>,
    /// What it costs, known from then on as well.
    cost: OnceLock<Cost>,
}

impl Operation {
    /// The order of the answer's fields.
    pub(super) fn shape(&self) -> &Shape {
        let selection = &self.definition.node.selection_set.node;
        self.shape
            .get_or_init(|| Shape::new(selection, &self.fragments))
    }

    /// What it costs with these variables, in points.
    pub(super) fn cost(
        &self,
        registry: &Registry,
        schema: &SchemaSize,
        variables: &Variables,
    ) -> u64 {
        let cost = self.cost.get_or_init(|| Cost::of(registry, schema, self));
        cost.points(self, variables)
    }
}

impl Document {
    /// From a validated document, whose operations come to so many selections.
    fn new(document: ExecutableDocument, selections: usize) -> Self {
        let bytes = memory::of(&document, selections);
        let known = share(document.fragments);
        let operation = |name: Option<Name>, definition: Positioned<OperationDefinition>| {
            let mut fragments = Fragments::new();
            collect_fragments(&known, &definition.node.selection_set.node, &mut fragments);
            Arc::new(Operation {
                name: name.map(|name| Arc::from(name.as_str())),
                kind: definition.node.ty,
                definition,
                fragments,
                shape: OnceLock::new(),
                cost: OnceLock::new(),
            })
        };
        let operations = match document.operations {
            DocumentOperations::Single(only) => vec![operation(None, only)],
            DocumentOperations::Multiple(named) => named
                .into_iter()
                .map(|(name, definition)| operation(Some(name), definition))
                .collect(),
        };
        Self { operations, bytes }
    }

    /// The operation to run.
    ///
    /// # Errors
    /// There is none of that name, or there are several and no name says which.
    pub(crate) fn operation(&self, name: Option<&str>) -> Result<&Arc<Operation>, Problem> {
        let refused = |message: String| Problem::bad_request(ErrorCode::BadUserInput, message);
        match (name, self.operations.as_slice()) {
            (None, [only]) => Ok(only),
            (None, _) => Err(refused(
                "The document has several operations: operationName must say which one to run."
                    .into(),
            )),
            (Some(name), operations) => operations
                .iter()
                .find(|operation| operation.name.as_deref() == Some(name))
                .ok_or_else(|| refused(format!("The document has no operation named \"{name}\"."))),
        }
    }
}

/// Makes fragments that operations can share.
pub(super) fn share(fragments: HashMap<Name, Positioned<FragmentDefinition>>) -> Fragments {
    fragments
        .into_iter()
        .map(|(name, fragment)| (name, Arc::new(fragment)))
        .collect()
}

fn collect_fragments(known: &Fragments, selection_set: &SelectionSet, found: &mut Fragments) {
    for selection in &selection_set.items {
        match &selection.node {
            Selection::Field(field) => {
                collect_fragments(known, &field.node.selection_set.node, found);
            }
            Selection::InlineFragment(fragment) => {
                collect_fragments(known, &fragment.node.selection_set.node, found);
            }
            Selection::FragmentSpread(spread) => {
                let name = &spread.node.fragment_name.node;
                if found.contains_key(name) {
                    continue;
                }
                if let Some(fragment) = known.get(name) {
                    found.insert(name.clone(), Arc::clone(fragment));
                    collect_fragments(known, &fragment.node.selection_set.node, found);
                }
            }
        }
    }
}

/// Every document seen lately, by its text.
pub(crate) struct Documents {
    cache: Cache<Box<str>, Arc<Document>, Memory>,
    validator: Validator,
    limits: Arc<LimitSettings>,
}

#[derive(Clone)]
struct Memory;

impl Weighter<Box<str>, Arc<Document>> for Memory {
    fn weight(&self, text: &Box<str>, document: &Arc<Document>) -> u64 {
        (text.len() + document.bytes) as u64
    }
}

impl Documents {
    /// Documents for the schema that the builder makes.
    pub(crate) fn new<Q, M, S>(schema: SchemaBuilder<Q, M, S>, limits: Arc<LimitSettings>) -> Self
    where
        Q: ObjectType + 'static,
        M: ObjectType + 'static,
        S: SubscriptionType + 'static,
    {
        let schema = if limits.suggestions {
            schema
        } else {
            schema.disable_suggestions()
        };
        Self {
            cache: Cache::with_weighter(MAX_DOCUMENTS, MAX_WEIGHT, Memory),
            validator: Validator::new(schema),
            limits,
        }
    }

    /// The schema's types and data.
    pub(super) async fn schema_env(&self) -> Option<&SchemaEnv> {
        self.validator.schema_env().await
    }

    /// The document with this text. One that is not known is work, which `pay` has to agree to, given its length.
    ///
    /// # Errors
    /// It is not paid for, does not parse, is too large, or does not fit the schema.
    pub(crate) async fn get(
        &self,
        text: &str,
        pay: impl FnOnce(usize) -> Result<(), Problem>,
    ) -> Result<Arc<Document>, Problem> {
        if let Some(document) = self.cache.get(text) {
            return Ok(document);
        }
        limits::check_text(text, &self.limits)?;
        pay(text.len())?;
        let document = Arc::new(self.parse(text).await?);
        self.cache.insert(text.into(), Arc::clone(&document));
        Ok(document)
    }

    async fn parse(&self, text: &str) -> Result<Document, Problem> {
        let parsed = parse_query(text)
            .map_err(|error| Problem::refused(ErrorCode::GraphqlParseFailed, error.into()))?;
        let selections = measure::check(&parsed, &self.limits)?;
        let errors = self.validator.validate(parsed.clone()).await;
        if errors.is_empty() {
            return Ok(Document::new(parsed, selections));
        }
        let code = errors
            .iter()
            .find_map(exceeded_limit)
            .unwrap_or(ErrorCode::GraphqlValidationFailed);
        let mut errors = merge_repeated(errors);
        errors.truncate(MAX_ERRORS);
        Err(Problem::all_refused(code, errors))
    }
}

/// Makes one error with all the places of those that say the same: the answer to a mistake should not grow with how often it
/// was made.
fn merge_repeated(errors: Vec<ServerError>) -> Vec<ServerError> {
    let mut merged = IndexMap::<String, ServerError>::new();
    for error in errors {
        let Some(first) = merged.get_mut(&error.message) else {
            merged.insert(error.message.clone(), error);
            continue;
        };
        for location in error.locations {
            if first.locations.len() < MAX_LOCATIONS && !first.locations.contains(&location) {
                first.locations.push(location);
            }
        }
    }
    merged.into_values().collect()
}

/// Runs async-graphql's strict validation and nothing else: a schema of its own, whose one extension answers instead of
/// executing. The schema that executes has no extension, because async-graphql resolves every single field in a slower
/// way as soon as there is one.
struct Validator {
    schema: Box<dyn Fn(Request) -> BoxFuture<'static, Response> + Send + Sync>,
    env: Arc<OnceLock<SchemaEnv>>,
}

impl Validator {
    fn new<Q, M, S>(schema: SchemaBuilder<Q, M, S>) -> Self
    where
        Q: ObjectType + 'static,
        M: ObjectType + 'static,
        S: SubscriptionType + 'static,
    {
        let env = Arc::new(OnceLock::new());
        let schema: Schema<Q, M, S> = schema.extension(ValidateOnly(Arc::clone(&env))).finish();
        let execute = move |request| -> BoxFuture<'static, Response> {
            let schema = schema.clone();
            Box::pin(async move { schema.execute(request).await })
        };
        Self {
            schema: Box::new(execute),
            env,
        }
    }

    async fn schema_env(&self) -> Option<&SchemaEnv> {
        if self.env.get().is_none() {
            (self.schema)(Request::new("{ __typename }")).await;
        }
        self.env.get()
    }

    async fn validate(&self, document: ExecutableDocument) -> Vec<ServerError> {
        let mut errors = Vec::new();
        if let Some(env) = self.schema_env().await {
            errors.extend(literals::check(&env.registry, &document));
            errors.extend(typenames::check(&env.registry, &document));
        }
        errors.extend(source::check(&document));
        // Validation covers all operations; one has to be chosen only because execution is the step that comes after.
        let any_name = match &document.operations {
            DocumentOperations::Single(_) => None,
            DocumentOperations::Multiple(operations) => {
                operations.keys().next().map(ToString::to_string)
            }
        };
        let mut request = Request::new(String::new());
        request.operation_name = any_name;
        request.set_parsed_query(document);
        errors.extend((self.schema)(request).await.errors);
        errors
    }
}

struct ValidateOnly(Arc<OnceLock<SchemaEnv>>);

impl ExtensionFactory for ValidateOnly {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Self(Arc::clone(&self.0)))
    }
}

#[async_graphql::async_trait::async_trait]
impl Extension for ValidateOnly {
    async fn execute(
        &self,
        ctx: &ExtensionContext<'_>,
        _operation: Option<&str>,
        _next: NextExecute<'_>,
    ) -> Response {
        self.0.get_or_init(|| ctx.schema_env.clone());
        Response::default()
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use async_graphql_value::Value;

    use super::*;
    use crate::schema;

    /// How many values the fragment has.
    const VALUES: usize = 4_000;

    fn documents() -> Documents {
        Documents::new(schema::roots(), Arc::default())
    }

    /// So many operations, each with all of one large fragment.
    fn operations(count: usize) -> String {
        let operation = |number| format!("query O{number} {{ ...F }} ");
        let operations: String = (0..count).map(operation).collect();
        let ids = "1 ".repeat(VALUES);
        format!("{operations} fragment F on Query {{ nodes(ids: [{ids}]) {{ id }} }}")
    }

    #[tokio::test]
    async fn operations_share_their_fragments() {
        let text = operations(20);
        let document = documents().get(&text, |_| Ok(())).await.unwrap();
        let mut fragments = document
            .operations
            .iter()
            .map(|operation| &operation.fragments["F"]);
        let first = fragments.next().unwrap();
        assert_eq!(fragments.len(), 19);
        assert!(fragments.all(|other| Arc::ptr_eq(first, other)));
    }

    #[tokio::test]
    async fn the_cache_weighs_what_is_in_it() {
        let documents = documents();
        let text = operations(1);
        documents.get(&text, |_| Ok(())).await.unwrap();
        let values = VALUES * size_of::<Value>();
        assert!(documents.cache.weight() > values as u64);
        assert_eq!(documents.cache.len(), 1);
    }

    #[tokio::test]
    async fn only_what_is_not_known_is_paid_for_and_before_it_is_parsed() {
        let documents = documents();
        let refuse = |_| Err(Problem::rate_limited(1));
        let problem = documents.get("{", refuse).await.unwrap_err();
        assert_eq!(problem.status, 429);
        let mut paid = Vec::new();
        let text = "{ __typename }";
        let pay = |bytes| {
            paid.push(bytes);
            Ok(())
        };
        documents.get(text, pay).await.unwrap();
        assert_eq!(paid, [text.len()]);
        assert!(documents.get(text, refuse).await.is_ok());
    }
}
