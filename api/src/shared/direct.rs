//! Objects whose fields wait for nothing but rows of the database, resolved as such.
//!
//! async-graphql makes a future on the heap for every field of an object and a task for every entry of a list, so that all of
//! them can wait side by side. Of an object in memory none waits, and a page of the catalog has a thousand fields: most of its
//! time went into those. [`Direct`] and [`List`] run the same resolvers in turn; the answer is the same, and so is the schema.
//! Fields that read the database ask for their rows by [`Loads`](super::loads::Loads): a list goes on with its next entry
//! meanwhile, so that all entries' rows come together. Anything else that waits is better off without them.
//!
//! Nothing that waits is nothing that can be stopped, so each object is taken from the request's [`Budget`], and a large answer
//! lets others have a turn now and then.

use std::borrow::Cow;
use std::future::poll_fn;
use std::ops::Deref;
use std::sync::Arc;
use std::task::Poll;

use async_graphql::indexmap::IndexMap;
use async_graphql::parser::types::{Field, Selection, SelectionSet};
use async_graphql::registry::Registry;
use async_graphql::resolver_utils::{ContainerType, resolve_container_serial};
use async_graphql::{
    Context, ContextSelectionSet, Name, ObjectType, OutputType, Positioned, ServerResult, Value,
};
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, join_all};
use smallvec::SmallVec;

use super::budget::Budget;
use super::error_code::ErrorCode;
use super::loads::Loads;

/// An object in memory.
#[derive(Clone, Debug, PartialEq)]
pub struct Direct<T>(pub T);

impl<T> Deref for Direct<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<R, T: From<Arc<R>>> From<Arc<R>> for Direct<T> {
    fn from(record: Arc<R>) -> Self {
        Self(record.into())
    }
}

impl<T: ObjectType> OutputType for Direct<T> {
    fn type_name() -> Cow<'static, str> {
        T::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        T::create_type_info(registry)
    }

    async fn resolve(
        &self,
        ctx: &ContextSelectionSet<'_>,
        _: &Positioned<Field>,
    ) -> ServerResult<Value> {
        resolve(ctx, &self.0).await
    }
}

impl<T: ObjectType> ContainerType for Direct<T> {
    async fn resolve_field(&self, ctx: &Context<'_>) -> ServerResult<Option<Value>> {
        self.0.resolve_field(ctx).await
    }
}

impl<T: ObjectType> ObjectType for Direct<T> {}

/// A list of objects in memory.
#[derive(Clone, Debug, PartialEq)]
pub struct List<T>(pub Vec<T>);

impl<T> FromIterator<T> for List<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        Self(items.into_iter().collect())
    }
}

impl<T: ObjectType> OutputType for List<T> {
    fn type_name() -> Cow<'static, str> {
        Vec::<T>::type_name()
    }

    fn qualified_type_name() -> String {
        Vec::<T>::qualified_type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        Vec::<T>::create_type_info(registry)
    }

    async fn resolve(
        &self,
        ctx: &ContextSelectionSet<'_>,
        _: &Positioned<Field>,
    ) -> ServerResult<Value> {
        let Some(loads) = ctx.data_opt::<Loads>() else {
            let mut values = Vec::with_capacity(self.0.len());
            for (index, item) in self.0.iter().enumerate() {
                values.push(resolve(&ctx.with_index(index), item).await?);
            }
            return Ok(Value::List(values));
        };
        let places: Vec<_> = (0..self.0.len())
            .map(|index| ctx.with_index(index))
            .collect();
        let entries = places.iter().zip(&self.0);
        let values = in_turn(loads, entries.map(|(place, item)| resolve(place, item))).await;
        values
            .into_iter()
            .collect::<ServerResult<_>>()
            .map(Value::List)
    }
}

/// Runs all of these, one after the other as far as each comes without the database. Those that wait for rows go on together
/// once all have asked for theirs.
async fn in_turn<T>(loads: &Loads, all: impl ExactSizeIterator<Item = BoxFuture<'_, T>>) -> Vec<T> {
    let mut done = Vec::with_capacity(all.len());
    let mut waiting = Vec::new();
    for mut one in all {
        let asked_before = loads.asked();
        let reached = poll_fn(|context| match one.poll_unpin(context) {
            Poll::Ready(value) => Poll::Ready(Some(value)),
            Poll::Pending if loads.asked() > asked_before => Poll::Ready(None),
            // It gives others a turn, or waits for something else that is its own.
            Poll::Pending => Poll::Pending,
        });
        let value = reached.await;
        if value.is_none() {
            waiting.push(one);
        }
        done.push(value);
    }
    let mut late = join_all(waiting).await.into_iter();
    done.into_iter()
        .filter_map(|value| value.or_else(|| late.next()))
        .collect()
}

/// The fields that are selected of an object; few as a rule.
type Fields<'a> = SmallVec<[&'a Positioned<Field>; 16]>;

/// After how many objects a request lets others have a turn, and is stopped if its time is up.
const TURN: u64 = 1_000;

/// An object's value. Boxed, because objects lead back to objects of their own type.
fn resolve<'a, T: ContainerType>(
    ctx: &'a ContextSelectionSet<'a>,
    object: &'a T,
) -> BoxFuture<'a, ServerResult<Value>> {
    Box::pin(async move {
        if let Some(budget) = ctx.data_opt::<Budget>() {
            let spent = budget.spend().map_err(|error| {
                let error = ErrorCode::QueryTooComplex.error(error.to_string());
                ctx.set_error_path(error.into_server_error(ctx.item.pos))
            })?;
            if spent % TURN == 0 {
                match ctx.data_opt::<Loads>() {
                    Some(loads) => loads.pause().await,
                    None => tokio::task::yield_now().await,
                }
            }
        }
        let selection = &ctx.item.node;
        let mut fields = Fields::new();
        collect(ctx, selection, object, &mut fields);
        if any_to_merge(&fields) {
            return resolve_container_serial(ctx, object).await;
        }
        let mut values = IndexMap::with_capacity(fields.len());
        let mut errors = Vec::new();
        for field in fields {
            let result = if field.node.name.node == "__typename" {
                Ok(Value::from(object.introspection_type_name().into_owned()))
            } else {
                let resolved = object.resolve_field(&ctx.with_field(field)).await;
                resolved.map(Option::unwrap_or_default)
            };
            match result {
                // What is selected twice and has nothing below it is the same both times.
                Ok(value) => drop(values.insert(key(field).clone(), value)),
                Err(error) => errors.push(error),
            }
        }
        for error in errors {
            ctx.add_error(error);
        }
        Ok(if values.is_empty() {
            Value::Null
        } else {
            Value::Object(values)
        })
    })
}

/// The fields that a selection has of an object, those of its fragments included. `@skip` and `@include` were obeyed before
/// execution, and there are no other directives.
fn collect<'a, T: ContainerType>(
    ctx: &ContextSelectionSet<'a>,
    selection: &'a SelectionSet,
    object: &T,
    fields: &mut Fields<'a>,
) {
    for item in &selection.items {
        let (condition, selection) = match &item.node {
            Selection::Field(field) => {
                fields.push(field);
                continue;
            }
            Selection::InlineFragment(fragment) => {
                let condition = fragment.node.type_condition.as_ref();
                (condition, &fragment.node.selection_set.node)
            }
            Selection::FragmentSpread(spread) => {
                let name = &spread.node.fragment_name.node;
                let Some(fragment) = ctx.query_env.fragments.get(name) else {
                    continue;
                };
                let condition = Some(&fragment.node.type_condition);
                (condition, &fragment.node.selection_set.node)
            }
        };
        if condition.is_none_or(|condition| is_a(ctx, object, &condition.node.on.node)) {
            collect(ctx, selection, object, fields);
        }
    }
}

/// Whether an object below is selected twice, so that two selections of it have to become one. One of them may be empty by
/// now: what it had was not to be included.
fn any_to_merge(fields: &[&Positioned<Field>]) -> bool {
    fields.iter().enumerate().any(|(at, field)| {
        let has_selection = !field.node.selection_set.node.items.is_empty();
        let is_other = |(other, _): &(usize, _)| *other != at;
        let mut others = fields.iter().enumerate().filter(is_other);
        has_selection && others.any(|(_, other)| key(other) == key(field))
    })
}

fn key(field: &Positioned<Field>) -> &Name {
    &field.node.response_key().node
}

/// Whether the object is of a type, or implements it.
fn is_a<T: ContainerType>(ctx: &ContextSelectionSet<'_>, object: &T, condition: &str) -> bool {
    let name = object.introspection_type_name();
    let implemented = &ctx.schema_env.registry.implements;
    name == condition
        || implemented
            .get(&*name)
            .is_some_and(|interfaces| interfaces.contains(condition))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use async_graphql::{EmptyMutation, EmptySubscription, Interface, Object, Request, Schema};
    use proptest::prelude::*;

    use super::*;

    /// A tree of a certain depth, shown by the library's own means.
    #[derive(Clone)]
    struct Plain(u32);

    /// The same tree, shown directly.
    #[derive(Clone)]
    struct Quick(u32);

    macro_rules! tree {
        ($Tree:ident, $Node:ty, $List:ty, $node:expr, $list:expr) => {
            #[Object(name = "Tree", serial)]
            impl $Tree {
                async fn depth(&self) -> u32 {
                    self.0
                }

                async fn fails(&self) -> async_graphql::Result<Option<u32>> {
                    Err("it always does".into())
                }

                async fn fails_all(&self) -> async_graphql::Result<u32> {
                    Err("it always does, and may not be null".into())
                }

                async fn child(&self) -> Option<$Node> {
                    self.0.checked_sub(1).map($Tree).map($node)
                }

                async fn twins(&self) -> $List {
                    let child = self.0.checked_sub(1).map($Tree).map($node);
                    $list(
                        child
                            .into_iter()
                            .flat_map(|child| [child.clone(), child])
                            .collect(),
                    )
                }
            }
        };
    }
    tree!(
        Plain,
        Plain,
        Vec<Plain>,
        std::convert::identity,
        std::convert::identity::<Vec<Plain>>
    );
    tree!(Quick, Direct<Quick>, List<Direct<Quick>>, Direct, List);

    #[derive(Interface)]
    #[graphql(name = "HasDepth", field(name = "depth", ty = "u32"))]
    enum PlainInterface {
        Tree(Plain),
    }

    #[derive(Interface)]
    #[graphql(name = "HasDepth", field(name = "depth", ty = "u32"))]
    enum QuickInterface {
        Tree(Direct<Quick>),
    }

    struct PlainQuery;

    #[Object(name = "Query")]
    impl PlainQuery {
        async fn tree(&self) -> Plain {
            Plain(3)
        }

        async fn any(&self) -> PlainInterface {
            Plain(2).into()
        }
    }

    struct QuickQuery;

    #[Object(name = "Query")]
    impl QuickQuery {
        async fn tree(&self) -> Direct<Quick> {
            Direct(Quick(3))
        }

        async fn any(&self) -> QuickInterface {
            Direct(Quick(2)).into()
        }
    }

    /// Both answers as JSON.
    fn answers(document: &str) -> [String; 2] {
        async fn answer<Q: ObjectType + 'static>(query: Q, document: &str) -> String {
            let schema = Schema::build(query, EmptyMutation, EmptySubscription).finish();
            let mut response = schema.execute(Request::new(document)).await;
            response.errors.sort_by_key(|error| format!("{error:?}"));
            serde_json::to_string_pretty(&response).unwrap()
        }
        tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap()
            .block_on(async {
                [
                    answer(PlainQuery, document).await,
                    answer(QuickQuery, document).await,
                ]
            })
    }

    #[test]
    fn the_schema_is_the_same() {
        let plain = Schema::new(PlainQuery, EmptyMutation, EmptySubscription).sdl();
        let quick = Schema::new(QuickQuery, EmptyMutation, EmptySubscription).sdl();
        assert_eq!(plain, quick);
    }

    #[test]
    fn selections_of_one_field_become_one() {
        let [plain, quick] = answers(
            "{ tree { depth child { depth } ...More twins { __typename } twins { depth } depth } }
             fragment More on HasDepth { depth ... on Tree { child { fails child { d: depth } } } }",
        );
        assert_eq!(plain, quick);
        assert!(quick.contains("\"d\": 1"), "{quick}");
    }

    #[test]
    fn an_object_of_which_every_field_fails_is_as_the_library_has_it() {
        let [plain, quick] = answers("{ tree { child { failsAll } twins { fails_: failsAll } } }");
        assert_eq!(plain, quick);
    }

    #[test]
    fn objects_beyond_the_budget_are_refused() {
        let schema = Schema::build(QuickQuery, EmptyMutation, EmptySubscription).finish();
        let answer = |most: u64| {
            // One tree, its two twins, and two of each of these.
            let request = Request::new("{ tree { twins { twins { depth } } } }");
            let run = schema.execute(request.data(Budget::new(most)));
            let runtime = tokio::runtime::Builder::new_current_thread().build();
            runtime.unwrap().block_on(run)
        };
        assert_eq!(answer(7).errors, []);
        let errors = answer(6).errors;
        assert!(
            errors[0].message.contains("more than 6 objects"),
            "{errors:?}"
        );
    }

    fn selection() -> impl Strategy<Value = String> {
        let leaf = prop_oneof![
            Just("depth".to_owned()),
            Just("other: depth".to_owned()),
            Just("__typename".to_owned()),
            Just("fails".to_owned()),
            Just("failsAll".to_owned()),
            Just("depth @include(if: false)".to_owned()),
            Just("depth @skip(if: false)".to_owned()),
        ];
        leaf.prop_recursive(4, 30, 5, |inner| {
            let below = proptest::collection::vec(inner, 1..5).prop_map(|below| below.join(" "));
            prop_oneof![
                below
                    .clone()
                    .prop_map(|below| format!("child {{ {below} }}")),
                below
                    .clone()
                    .prop_map(|below| format!("twins {{ {below} }}")),
                below.clone().prop_map(|below| format!("... {{ {below} }}")),
                below
                    .clone()
                    .prop_map(|below| format!("... on Tree {{ {below} }}")),
                below.prop_map(|below| format!("... on HasDepth {{ ... on Tree {{ {below} }} }}")),
            ]
        })
    }

    proptest! {
        #[test]
        fn answers_are_those_of_the_library(
            tree in proptest::collection::vec(selection(), 1..5),
            any in proptest::collection::vec(selection(), 1..5),
        ) {
            let document = format!("{{ tree {{ {} }} any {{ ... on Tree {{ {} }} }} }}", tree.join(" "), any.join(" "));
            let [plain, quick] = answers(&document);
            prop_assert_eq!(plain, quick, "{}", document);
        }
    }
}
