//! What the GraphQL side of all rooms shares: connections, mutation payloads, user errors.

use std::sync::Arc;

use arc_swap::Guard;
use async_graphql::{Context, Enum, Error, Object, Result, SimpleObject};
use sea_orm::DbErr;

use super::draft::Draft;
use super::error_code::ErrorCode;
use super::errors::{self, UserErrors};
use super::ids::{Id, ObjectRef};
use super::loads::LoadError;
use super::money::Amount;
use super::record::Record;
use super::request::{RequestCatalog, RequestId};
use super::scalars::Decimal;
use super::text::{MAX_LINE, NamePart};
use super::write::{self, Author, WriteError, Written};
use crate::auth::Viewer;
use crate::snapshot::{Catalog, Replica};

/// The catalog's one reporting currency, ISO 4217.
#[derive(Clone, Debug)]
pub struct Currency(pub Arc<str>);

/// The catalog that this request reads.
pub fn catalog(ctx: &Context<'_>) -> Guard<Arc<Catalog>> {
    ctx.data_unchecked::<RequestCatalog>().read()
}

/// The object with this id, if it is there. One that is younger than the request's catalog is shown as it is now: work is read from the
/// database, and may refer to it.
pub fn lookup<T: Record>(ctx: &Context<'_>, id: Option<Id<T>>) -> Option<Arc<T>> {
    let id = id?;
    let request = ctx.data_unchecked::<RequestCatalog>();
    let known = request.read().get(id).cloned();
    known.or_else(|| request.younger(id))
}

/// The object that is there because another refers to it, or because this request has just written it.
pub fn expect<T: Record>(ctx: &Context<'_>, id: Id<T>) -> Result<Arc<T>> {
    lookup(ctx, Some(id)).ok_or_else(|| gone(T::TYPE.words()))
}

/// That the client's arguments can't be answered.
pub fn bad_input(message: impl Into<String>) -> Error {
    ErrorCode::BadUserInput.error(message)
}

/// Hides what went wrong inside from the client, and logs it.
pub fn internal(error: &(dyn std::error::Error + 'static)) -> Error {
    tracing::error!(error, "a request failed");
    ErrorCode::InternalServerError.error("internal error")
}

/// That rows can't be read.
pub fn unreadable(error: &LoadError) -> Error {
    if let DbErr::ConnectionAcquire(error) = &**error {
        tracing::warn!(%error, "no connection to the database is free");
        return busy();
    }
    internal(&**error)
}

fn busy() -> Error {
    ErrorCode::Unavailable.error("the database is busy; try again")
}

/// The id that a filter names, whether or not there is such an object.
pub fn filter_id<T: Record>(name: &str, id: Option<async_graphql::ID>) -> Result<Option<Id<T>>> {
    id.map(|id| match id.parse::<ObjectRef>() {
        Ok(object) if object.kind == T::TYPE => Ok(Id::new(object.id)),
        _ => Err(bad_input(format!(
            "`{name}` is {:?}, which is not the id of a {}",
            id.0,
            T::TYPE.words()
        ))),
    })
    .transpose()
}

/// The part of a name that a filter looks for.
pub fn filter_name_part(name: &str, part: Option<String>) -> Result<Option<NamePart>> {
    part.map(|part| {
        NamePart::new(&part).ok_or_else(|| {
            bad_input(format!(
                "`{name}` has {} characters; names have {MAX_LINE} at most",
                part.chars().count()
            ))
        })
    })
    .transpose()
}

/// That what something refers to is not there: another writer has just taken it away, or this replica has still to hear of it.
pub fn gone(what: &str) -> Error {
    ErrorCode::NotFound.error(format!(
        "{what} has been removed by somebody else, or is not known here yet; ask again"
    ))
}

/// An amount in the catalog's one reporting currency.
pub struct Money(pub Amount);

/// An amount in the catalog's one reporting currency.
#[Object(serial)]
impl Money {
    /// The exact amount.
    async fn amount(&self) -> Decimal {
        Decimal(self.0.to_decimal())
    }

    /// ISO 4217.
    async fn currency(&self, ctx: &Context<'_>) -> String {
        ctx.data_unchecked::<Currency>().0.to_string()
    }
}

/// Why a mutation did nothing. The request itself was well formed, so this is data, not a GraphQL error.
#[derive(Clone, Debug, SimpleObject)]
pub struct UserError {
    /// Path into the mutation's input, e.g. `["inputs", "seats"]`; empty for the whole.
    field: Vec<String>,
    /// What is wrong and what would be right, for a person to read.
    message: String,
    /// The kind of reason, for a program to read.
    code: UserErrorCode,
}

/// The kinds of reasons for which a mutation is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "errors::UserErrorCode")]
pub enum UserErrorCode {
    /// A value that can't be.
    Invalid,
    /// An object that is not there.
    NotFound,
    /// A value that must be unique and is taken.
    AlreadyExists,
    /// The object changed since it was read: `expectedVersion` is not its version.
    StaleVersion,
    /// The object's state does not allow this step.
    IllegalTransition,
    /// Others still refer to it.
    InUse,
    /// A parent below its own child. (Dependencies may form cycles: real services need each other.)
    Cycle,
    /// An idempotency key was used before with another input.
    IdempotencyConflict,
}

impl From<errors::UserError> for UserError {
    fn from(error: errors::UserError) -> Self {
        Self {
            field: error.field,
            message: error.message,
            code: error.code.into(),
        }
    }
}

/// Refusals as a payload shows them.
pub fn user_errors(refusals: UserErrors) -> Vec<UserError> {
    refusals.into_iter().map(UserError::from).collect()
}

/// Commits a change, and lets the rest of the request read a catalog that contains it.
pub async fn commit<R>(
    ctx: &Context<'_>,
    change: impl Fn(&mut Draft) -> Result<R, UserErrors>,
) -> Result<Result<R, UserErrors>> {
    let replica = ctx.data_unchecked::<Replica>();
    // On the heap, so that the roots' fields stay small.
    let written = Box::pin(write::write(replica, &author(ctx), change)).await;
    committed(ctx, written)
}

/// As [`commit`], for a change that takes long to plan.
pub async fn commit_aside<R: Send + 'static>(
    ctx: &Context<'_>,
    change: impl Fn(&mut Draft) -> Result<R, UserErrors> + Send + Sync + 'static,
) -> Result<Result<R, UserErrors>> {
    let replica = ctx.data_unchecked::<Replica>();
    let written = Box::pin(write::write_aside(replica, &author(ctx), change)).await;
    committed(ctx, written)
}

/// As [`commit`], for a change whose plan needs what only the database knows.
pub async fn commit_reading<R, P: Future<Output = write::Planned<R>>>(
    ctx: &Context<'_>,
    plan: impl Fn(Draft) -> P,
) -> Result<Result<R, UserErrors>> {
    let replica = ctx.data_unchecked::<Replica>();
    let written = Box::pin(write::write_reading(replica, &author(ctx), plan)).await;
    committed(ctx, written)
}

/// Who asks, as the author of a change.
pub fn author(ctx: &Context<'_>) -> Author {
    ctx.data_unchecked::<Viewer>()
        .author(ctx.data_unchecked::<RequestId>())
}

fn committed<R>(
    ctx: &Context<'_>,
    written: Result<Result<Written<R>, UserErrors>, WriteError>,
) -> Result<Result<R, UserErrors>> {
    match written {
        Ok(Ok(Written { value, catalog, .. })) => {
            ctx.data_unchecked::<RequestCatalog>().advance(catalog);
            Ok(Ok(value))
        }
        Ok(Err(refusals)) => Ok(Err(refusals)),
        Err(error) => Err(not_written(&error)),
    }
}

/// That a change was not committed.
pub fn not_written(error: &WriteError) -> Error {
    match error {
        WriteError::Beyond(_) => ErrorCode::Forbidden.error(error.to_string()),
        WriteError::Contended => ErrorCode::Unavailable.error(error.to_string()),
        WriteError::Database(DbErr::ConnectionAcquire(error)) => {
            tracing::warn!(%error, "no connection to the database is free");
            busy()
        }
        WriteError::Database(_) | WriteError::Replica(_) => internal(error),
    }
}

/// Declares a mutation's payload: one object, null exactly when there are user errors, and the errors.
#[macro_export]
macro_rules! payload {
    ($(#[doc = $doc:literal])* $name:ident { $(#[doc = $field_doc:literal])* $field:ident: $T:ty }) => {
        $(#[doc = $doc])*
        #[derive(::async_graphql::SimpleObject)]
        pub struct $name {
            $(#[doc = $field_doc])*
            pub $field: Option<$T>,
            /// Why nothing was done; empty where it was.
            pub user_errors: Vec<$crate::shared::graphql::UserError>,
        }

        impl $name {
            /// The payload of a change that was committed or refused.
            pub fn new(result: ::std::result::Result<$T, $crate::shared::errors::UserErrors>) -> Self {
                match result {
                    Ok(value) => Self { $field: Some(value), user_errors: Vec::new() },
                    Err(refusals) => Self {
                        $field: None,
                        user_errors: $crate::shared::graphql::user_errors(refusals),
                    },
                }
            }
        }
    };
}

/// Declares the create, update and delete mutations of a type with their payloads.
#[macro_export]
macro_rules! mutations {
    (
        $Root:ident of $Record:ty as $Node:ty { $words:literal, $field:ident }
        create $create:ident($CreateInput:ty) -> $CreatePayload:ident;
        update $update:ident($UpdateInput:ty) -> $UpdatePayload:ident;
        delete $delete:ident($DeleteInput:ident) -> $DeletePayload:ident;
    ) => {
        $crate::payload! {
            #[doc = "What became of a creation."]
            $CreatePayload {
                #[doc = "The new object; null where it was refused."]
                $field: $Node
            }
        }
        $crate::payload! {
            #[doc = "What became of a change."]
            $UpdatePayload {
                #[doc = "The object as it is now; null where the change was refused."]
                $field: $Node
            }
        }
        $crate::payload! {
            #[doc = "What became of a deletion."]
            $DeletePayload {
                #[doc = "The id of the object that is gone; null where it was refused."]
                deleted_id: ::async_graphql::ID
            }
        }

        #[doc = "Which object to delete."]
        #[derive(::async_graphql::InputObject)]
        pub struct $DeleteInput {
            #[doc = "Its id."]
            id: ::async_graphql::ID,
            #[doc = "Refuse with `STALE_VERSION` unless this is its version."]
            expected_version: Option<i32>,
        }

        #[doc = "Changes of one type of object."]
        #[derive(Default)]
        pub struct $Root;

        #[::async_graphql::Object]
        impl $Root {
            #[doc = concat!("Creates a ", $words, ". User errors: INVALID, NOT_FOUND, ALREADY_EXISTS, CYCLE.")]
            async fn $create(
                &self,
                ctx: &::async_graphql::Context<'_>,
                #[graphql(desc = "What to create.")] input: $CreateInput,
            ) -> ::async_graphql::Result<$CreatePayload> {
                let patch = input.into_patch();
                let result = $crate::shared::graphql::commit(ctx, |draft| {
                    $crate::shared::edit::create::<$Record>(draft, patch.clone())
                })
                .await?;
                $crate::shared::graphql::shown::<$Record, $Node>(ctx, result).map($CreatePayload::new)
            }

            #[doc = concat!(
                "Changes a ", $words, ": an absent field stays, an explicit null clears. ",
                "User errors: INVALID, NOT_FOUND, ALREADY_EXISTS, STALE_VERSION, CYCLE."
            )]
            async fn $update(
                &self,
                ctx: &::async_graphql::Context<'_>,
                #[graphql(desc = "What to change.")] input: $UpdateInput,
            ) -> ::async_graphql::Result<$UpdatePayload> {
                let (id, version) = (input.id.to_string(), input.expected_version);
                let patch = input.into_patch();
                let result = $crate::shared::graphql::commit(ctx, |draft| {
                    $crate::shared::edit::update::<$Record>(draft, &id, version, patch.clone())
                })
                .await?;
                $crate::shared::graphql::shown::<$Record, $Node>(ctx, result).map($UpdatePayload::new)
            }

            #[doc = concat!(
                "Deletes a ", $words, " that nothing refers to. User errors: NOT_FOUND, STALE_VERSION, IN_USE."
            )]
            async fn $delete(
                &self,
                ctx: &::async_graphql::Context<'_>,
                #[graphql(desc = "What to delete.")] input: $DeleteInput,
            ) -> ::async_graphql::Result<$DeletePayload> {
                let result = $crate::shared::graphql::commit(ctx, |draft| {
                    $crate::shared::edit::delete::<$Record>(draft, &input.id, input.expected_version)
                })
                .await?;
                Ok($DeletePayload::new(result.map(|id| id.to_string().into())))
            }
        }
    };
}

/// The object that a change was about, as the API shows it.
pub fn shown<T: Record, N: From<Arc<T>>>(
    ctx: &Context<'_>,
    result: Result<Id<T>, UserErrors>,
) -> Result<Result<N, UserErrors>> {
    match result {
        Ok(id) => {
            ctx.data_unchecked::<RequestCatalog>().show(id.any());
            Ok(Ok(expect(ctx, id)?.into()))
        }
        Err(refusals) => Ok(Err(refusals)),
    }
}
