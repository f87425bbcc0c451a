//! What the GraphQL side of all rooms shares: connections, mutation payloads, user errors.

use std::sync::Arc;

use arc_swap::Guard;
use async_graphql::connection::{CursorType, Edge};
use async_graphql::{Context, Enum, Error, Object, OutputType, Result, SimpleObject};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sea_orm::DbErr;

use super::draft::Draft;
use super::error_code::ErrorCode;
use super::errors::{self, UserErrors};
use super::ids::{Id, ObjectRef};
use super::money::Amount;
use super::paging::{Direction, Page, Position, Take, Window};
use super::record::Record;
use super::request::{Actor, RequestCatalog, RequestId};
use super::scalars::Decimal;
use super::write::{self, WriteError, Written};
use crate::snapshot::{Catalog, Replica};

/// The catalog's one reporting currency, ISO 4217.
#[derive(Clone, Debug)]
pub struct Currency(pub Arc<str>);

/// The catalog that this request reads.
pub fn catalog(ctx: &Context<'_>) -> Guard<Arc<Catalog>> {
    ctx.data_unchecked::<RequestCatalog>().read()
}

/// The object with this id, if it is there.
pub fn lookup<T: Record>(ctx: &Context<'_>, id: Option<Id<T>>) -> Option<Arc<T>> {
    catalog(ctx).get(id?).cloned()
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

/// That another writer took away what this request has just set.
pub fn gone(what: &str) -> Error {
    ErrorCode::NotFound.error(format!(
        "{what} was set, and has been removed by somebody else since"
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

// ---------------------------------------------------------------- paging

/// How many entries a page has where nothing is said.
const DEFAULT_PAGE: usize = 25;
/// How many entries a page has at most.
const MAX_PAGE: i32 = 100;

/// The arguments of a connection.
#[derive(Clone, Debug, Default)]
pub struct PageArgs {
    /// So many from the front.
    pub first: Option<i32>,
    /// After this cursor.
    pub after: Option<String>,
    /// So many from the back.
    pub last: Option<i32>,
    /// Before this cursor.
    pub before: Option<String>,
}

impl PageArgs {
    /// The window that they ask for in a sequence with this name; cursors of other sequences are refused.
    pub fn window(&self, sequence: &str) -> Result<Window> {
        let take = match (self.first, self.last) {
            (Some(_), Some(_)) => return Err(bad_input("give `first` or `last`, not both")),
            (None, Some(last)) => Take::Last(page_size("last", last)?),
            (Some(first), None) => Take::First(page_size("first", first)?),
            (None, None) => Take::First(DEFAULT_PAGE),
        };
        let cursor = |name: &str, text: &Option<String>| {
            text.as_deref()
                .map(|text| Cursor::read(name, text, sequence))
                .transpose()
        };
        Ok(Window {
            after: cursor("after", &self.after)?,
            before: cursor("before", &self.before)?,
            take,
        })
    }
}

/// The size of a page that an argument asks for.
pub fn page_size(name: &str, size: i32) -> Result<usize> {
    match usize::try_from(size) {
        Ok(size) if i32::try_from(size).is_ok_and(|size| size <= MAX_PAGE) => Ok(size),
        _ => Err(bad_input(format!(
            "`{name}` is {size}; it must be between 0 and {MAX_PAGE}"
        ))),
    }
}

/// A place in an ordered list. Its text form is opaque and belongs to that list's order.
pub struct Cursor {
    sequence: &'static str,
    position: Position,
}

impl Cursor {
    fn read(argument: &str, text: &str, sequence: &str) -> Result<Position> {
        let (name, position) = URL_SAFE_NO_PAD
            .decode(text)
            .ok()
            .and_then(|bytes| serde_json::from_slice::<(String, Position)>(&bytes).ok())
            .ok_or_else(|| bad_input(format!("`{argument}` is not a cursor of this API")))?;
        if name == sequence {
            Ok(position)
        } else {
            Err(bad_input(format!(
                "`{argument}` is a cursor of a list ordered by {name}; this one is ordered by {sequence}"
            )))
        }
    }
}

impl CursorType for Cursor {
    type Error = &'static str;

    fn decode_cursor(_: &str) -> Result<Self, Self::Error> {
        Err("cursors are read with the arguments of their list")
    }

    fn encode_cursor(&self) -> String {
        let bytes = serde_json::to_vec(&(self.sequence, &self.position)).unwrap_or_default();
        URL_SAFE_NO_PAD.encode(bytes)
    }
}

/// How many entries a whole list has, counted when it is asked for.
pub struct Total(Box<dyn Fn() -> usize + Send + Sync>);

#[Object]
impl Total {
    /// How many there are on all pages; computed only when it is selected.
    async fn total_count(&self) -> Result<i32> {
        i32::try_from((self.0)()).map_err(|error| internal(&error))
    }
}

/// One page of a list.
pub type Connection<N> = async_graphql::connection::Connection<Cursor, N, Total>;

/// Makes a connection of a page; `node` finds each entry's object.
pub fn connection<N: OutputType>(
    sequence: &'static str,
    page: Page,
    node: impl Fn(uuid::Uuid) -> Option<N>,
    total: impl Fn() -> usize + Send + Sync + 'static,
) -> Connection<N> {
    let mut connection = Connection::with_additional_fields(
        page.has_previous,
        page.has_next,
        Total(Box::new(total)),
    );
    connection.edges = page
        .items
        .into_iter()
        .filter_map(|position| {
            let node = node(position.1)?;
            Some(Edge::new(Cursor { sequence, position }, node))
        })
        .collect();
    connection
}

/// The name of lists in the order of names.
pub const BY_NAME: &str = "NAME";

/// All objects of a type as a connection, by name.
pub fn all_by_name<T: Record, N: OutputType + From<Arc<T>>>(
    ctx: &Context<'_>,
    args: &PageArgs,
) -> Result<Connection<N>> {
    let catalog = ctx.data_unchecked::<RequestCatalog>().get();
    let window = args.window(BY_NAME)?;
    let page = T::table(&catalog)
        .by_name()
        .page(&(), Direction::Ascending, &window, |_| true);
    let all = Arc::clone(&catalog);
    Ok(connection(
        BY_NAME,
        page,
        |id| catalog.get(Id::<T>::new(id)).cloned().map(N::from),
        move || T::table(&all).len(),
    ))
}

// ---------------------------------------------------------------- mutations

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
    let author = ctx
        .data_unchecked::<Actor>()
        .author(ctx.data_unchecked::<RequestId>());
    let replica = ctx.data_unchecked::<Replica>();
    match write::write(replica, &author, change).await {
        Ok(Ok(Written { value, catalog, .. })) => {
            ctx.data_unchecked::<RequestCatalog>().advance(catalog);
            Ok(Ok(value))
        }
        Ok(Err(refusals)) => Ok(Err(refusals)),
        Err(error @ WriteError::Contended) => Err(ErrorCode::Unavailable.error(error.to_string())),
        Err(WriteError::Database(DbErr::ConnectionAcquire(error))) => {
            tracing::warn!(%error, "no connection to the database is free");
            Err(ErrorCode::Unavailable.error("the database is busy; try again"))
        }
        Err(error) => Err(internal(&error)),
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
        Ok(id) => Ok(Ok(expect(ctx, id)?.into())),
        Err(refusals) => Ok(Err(refusals)),
    }
}
