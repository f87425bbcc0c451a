//! A schema with everything that a server has to cope with.

use async_graphql::{
    Context, EmptySubscription, Enum, InputObject, InputValueError, InputValueResult,
    MaybeUndefined, Object, Scalar, ScalarType, Schema, SchemaBuilder, Value,
};

use std::collections::HashMap;
use std::sync::Arc;

use sea_orm::{DatabaseConnection, DbErr};

use crate::auth::Viewer;
use crate::shared::{
    error_code::ErrorCode,
    loads::{Loads, Question},
    request::{RequestCatalog, RequestId},
};
use crate::snapshot::{Catalog, FeedPosition};

pub(super) fn builder() -> SchemaBuilder<Query, Mutation, EmptySubscription> {
    Schema::build(Query, Mutation, EmptySubscription)
}

pub(super) struct Query;

#[derive(Clone, Copy, PartialEq, Eq, Enum)]
enum Colour {
    Red,
    Green,
}

/// Only its parser knows what is valid.
struct Even(i64);

#[Scalar]
impl ScalarType for Even {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::Number(number) if number.as_i64().is_some_and(|number| number % 2 == 0) => {
                Ok(Self(number.as_i64().unwrap_or_default()))
            }
            _ => Err(InputValueError::custom("that is not even")),
        }
    }

    fn to_value(&self) -> Value {
        Value::from(self.0)
    }
}

/// What nobody can answer.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Unreadable;

impl Question for Unreadable {
    type Key = ();
    type Answer = bool;

    async fn answer(&self, _: &DatabaseConnection, _: Vec<()>) -> Result<HashMap<(), bool>, DbErr> {
        assert!(std::hint::black_box(false), "the secret of the house");
        Ok(HashMap::new())
    }
}

#[derive(InputObject)]
struct Paint {
    colour: Colour,
    #[graphql(default = 1)]
    coats: i32,
    tags: Option<Vec<String>>,
    under: Option<Box<Paint>>,
}

#[Object]
impl Query {
    async fn echo(&self, text: String) -> String {
        text
    }

    async fn half(&self, of: Even) -> i64 {
        of.0 / 2
    }

    async fn paint(&self, with: Paint) -> String {
        let colour = if with.colour == Colour::Red {
            "red"
        } else {
            "green"
        };
        format!(
            "{colour} x{} {:?} {}",
            with.coats,
            with.tags.unwrap_or_default(),
            with.under.is_some()
        )
    }

    async fn list(&self, texts: Option<Vec<String>>) -> Vec<String> {
        texts.unwrap_or_default()
    }

    async fn actor(&self, ctx: &Context<'_>) -> async_graphql::Result<String> {
        let author = ctx.data::<Viewer>()?.author(ctx.data::<RequestId>()?);
        Ok(author.actor.to_string())
    }

    async fn nested(&self) -> Query {
        Query
    }

    async fn panicking(&self) -> Option<i32> {
        assert!(std::hint::black_box(false), "the secret of the house");
        None
    }

    /// Panics in what it has read from the database.
    async fn unreadable(&self, ctx: &Context<'_>) -> async_graphql::Result<bool> {
        let loads = ctx.data::<Loads>()?;
        Ok(loads.ask(Unreadable, ()).await?)
    }

    async fn slow(&self) -> bool {
        tokio::time::sleep(std::time::Duration::from_mins(1)).await;
        true
    }

    async fn failing(&self) -> async_graphql::Result<Option<i32>> {
        Err(std::io::Error::other("password hunter2 refused"))?
    }

    async fn forgetful(&self) -> async_graphql::Result<Option<i32>> {
        Err(async_graphql::Error::new(
            "Data `kundig::Secret` does not exist.",
        ))
    }

    async fn maybe_nested(&self) -> Option<Query> {
        Some(Query)
    }

    async fn pair(&self) -> Vec<Option<Query>> {
        vec![Some(Query), Some(Query)]
    }

    async fn required(&self) -> async_graphql::Result<i32> {
        Err(ErrorCode::NotFound.error("There is no such thing."))
    }

    async fn coded(&self) -> async_graphql::Result<Option<i32>> {
        Err(ErrorCode::NotFound.error("There is no such thing."))
    }
}

pub(super) struct Mutation;

#[derive(InputObject)]
struct RenameInput {
    id: i32,
    name: MaybeUndefined<String>,
}

#[Object]
impl Mutation {
    async fn rename(&self, input: RenameInput) -> String {
        match input.name {
            MaybeUndefined::Undefined => format!("{} keeps its name", input.id),
            MaybeUndefined::Null => format!("{} has no name", input.id),
            MaybeUndefined::Value(name) => format!("{} is {name}", input.id),
        }
    }

    async fn slow_change(&self) -> bool {
        tokio::time::sleep(std::time::Duration::from_mins(1)).await;
        true
    }

    async fn advance(&self, ctx: &Context<'_>) -> async_graphql::Result<i64> {
        let catalog = ctx.data::<RequestCatalog>()?;
        let mut next = Catalog::clone(&catalog.get());
        next.position = FeedPosition::up_to(catalog.sequence() + 1);
        catalog.advance(Arc::new(next));
        Ok(catalog.sequence())
    }
}
