//! The change feed in the API.

use std::collections::BTreeSet;
use std::time::Duration;

use async_graphql::connection::{CursorType, Edge};
use async_graphql::{Context, Enum, ID, InputObject, Object, Result};
use sea_orm::DatabaseConnection;
use tokio::sync::OnceCell;

use super::seen::seen_by;
use super::store::{self, Change};
use crate::auth::{Scope, Viewer};
use crate::schema::{Node, node_in, work_node};
use crate::shared::connection::{DEFAULT_PAGE, page_size};
use crate::shared::draft;
use crate::shared::graphql::{bad_input, catalog, internal};
use crate::shared::request::RequestCatalog;
use crate::shared::scalars::{DateTime, Json};
use crate::shared::subject::{SubjectRef, SubjectType};
use crate::shared::text::forbidden_character;
use crate::snapshot::{Catalog, Replica};

/// One committed change of the catalog; the feed of these is complete and ordered.
pub struct ChangeNode {
    change: Change,
    /// The object now, where the catalog holds it.
    subject: Option<Node>,
}

/// One committed change of the catalog; the feed of these is complete and ordered.
#[Object(name = "Change", serial)]
impl ChangeNode {
    /// Grows with every change; the feed's cursor. A whole number that can be above 2⁵³.
    async fn sequence(&self) -> String {
        self.change.sequence.to_string()
    }

    /// When it was committed.
    async fn at(&self) -> DateTime {
        DateTime(self.change.at)
    }

    /// Who did it: the subject of their token, or a program.
    async fn actor(&self) -> &str {
        &self.change.actor
    }

    /// The name of the token that it was done with, `jti`; null without one, and for all but `admin`.
    async fn token_id(&self, ctx: &Context<'_>) -> Option<&str> {
        for_auditors(ctx, self.change.token_id.as_deref())
    }

    /// The program that the token was issued to, `client_id`; null without one, and for all but `admin`.
    async fn client_id(&self, ctx: &Context<'_>) -> Option<&str> {
        for_auditors(ctx, self.change.client_id.as_deref())
    }

    /// The HTTP request that it came with, as logs and errors name it; null without one, and for all but `admin`.
    async fn request_id(&self, ctx: &Context<'_>) -> Option<&str> {
        for_auditors(ctx, self.change.request_id.as_deref())
    }

    /// What happened to the object.
    async fn kind(&self) -> ChangeKind {
        self.change.kind.into()
    }

    /// The type's name: `Service`, `Person`, …
    #[graphql(name = "type")]
    async fn subject_type(&self) -> String {
        self.change.subject.kind.to_string()
    }

    /// The object's id, also once it is deleted.
    async fn subject_id(&self) -> ID {
        self.change.subject.to_string().into()
    }

    /// The object now; null once deleted, or where the viewer may not see it.
    async fn subject(&self, ctx: &Context<'_>) -> Result<Option<Node>> {
        match self.change.subject.kind {
            SubjectType::Catalog(_) => Ok(self.subject.clone()),
            SubjectType::Work(kind) => work_node(ctx, kind, self.change.subject.id).await,
        }
    }

    /// Changed fields: name to `{"from": …, "to": …}`; of annotations, dependencies and contributions only the keys
    /// that changed.
    async fn diff(&self) -> Json {
        Json(self.change.diff.clone())
    }
}

/// How a change came about is for those who may see everything.
fn for_auditors<'a>(ctx: &Context<'_>, trace: Option<&'a str>) -> Option<&'a str> {
    trace.filter(|_| ctx.data_unchecked::<Viewer>().may(Scope::Admin))
}

/// What happened to an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "draft::ChangeKind")]
pub enum ChangeKind {
    /// It is new.
    Created,
    /// Some of its fields changed.
    Updated,
    /// It is gone.
    Deleted,
}

/// Which changes; every condition that is given must hold.
#[derive(InputObject)]
pub struct ChangeFilter {
    /// Of objects of one of these types: `Service`, `Person`, …
    types: Option<Vec<String>>,
    /// Of one of these objects.
    subject_ids: Option<Vec<ID>>,
    /// By this actor.
    actor: Option<String>,
}

impl ChangeNode {
    /// As the catalog shows it, which contains it.
    pub(super) fn new(change: Change, catalog: &Catalog) -> Self {
        let object = change.subject.object();
        let subject = object.and_then(|object| node_in(catalog, object));
        Self { change, subject }
    }
}

impl TryFrom<ChangeFilter> for store::ChangeFilter {
    type Error = async_graphql::Error;

    fn try_from(filter: ChangeFilter) -> Result<Self> {
        const MOST: usize = 100;
        if filter
            .subject_ids
            .as_ref()
            .is_some_and(|ids| ids.len() > MOST)
        {
            return Err(bad_input(format!(
                "`subjectIds` names more than {MOST} objects"
            )));
        }
        let subjects = filter.subject_ids.map(|ids| {
            ids.into_iter()
                .map(|id| match id.parse::<SubjectRef>() {
                    Ok(object) => Ok(object.id),
                    Err(error) => Err(bad_input(format!("`subjectIds` holds {:?}, {error}", id.0))),
                })
                .collect()
        });
        if let Some(actor) = &filter.actor
            && let Some(character) = forbidden_character(actor)
        {
            let code = u32::from(character);
            return Err(bad_input(format!(
                "`actor` holds the control character U+{code:04X}"
            )));
        }
        Ok(Self {
            types: filter.types.map(known_types).transpose()?,
            subjects: subjects.transpose()?,
            actor: filter.actor,
            seen: Vec::new(),
        })
    }
}

impl store::ChangeFilter {
    /// Narrowed to what the viewer sees: a change of anything else does not exist for them.
    fn seen_by(self, viewer: &Viewer, whole: &Catalog) -> Self {
        Self {
            seen: seen_by(viewer, whole),
            ..self.of_seen_types(viewer)
        }
    }

    /// Narrowed to the types of which the viewer sees anything.
    pub(super) fn of_seen_types(mut self, viewer: &Viewer) -> Self {
        let (seen, hidden): (Vec<_>, Vec<_>) =
            SubjectType::iter().partition(|kind| viewer.sees(*kind));
        if !hidden.is_empty() {
            let seen = seen.iter().map(ToString::to_string);
            self.types = Some(match self.types {
                Some(wanted) => seen.filter(|kind| wanted.contains(kind)).collect(),
                None => seen.collect(),
            });
        }
        self
    }
}

/// The filter that is given; everything where there is none.
pub(super) fn wanted(filter: Option<ChangeFilter>) -> Result<store::ChangeFilter> {
    let filter = filter.map(store::ChangeFilter::try_from).transpose()?;
    Ok(filter.unwrap_or_default())
}

/// The sequence that `after` names.
pub(super) fn sequence(after: Option<String>) -> Result<Option<i64>> {
    after
        .map(|text| {
            text.parse::<i64>()
                .map_err(|_| bad_input(format!("`after` is {text:?}, which is not a sequence")))
        })
        .transpose()
}

/// The types, each once.
fn known_types(names: Vec<String>) -> Result<Vec<String>> {
    let types: BTreeSet<SubjectType> = names
        .into_iter()
        .map(|name| {
            name.parse().map_err(|_| {
                let known: Vec<String> = SubjectType::iter().map(|ty| ty.to_string()).collect();
                let known = known.join(", ");
                bad_input(format!(
                    "`types` holds {name:?}; types with changes are {known}"
                ))
            })
        })
        .collect::<Result<_>>()?;
    Ok(types.iter().map(ToString::to_string).collect())
}

/// A place in the feed: the change's sequence.
pub struct Sequence(i64);

impl CursorType for Sequence {
    type Error = std::num::ParseIntError;

    fn decode_cursor(text: &str) -> Result<Self, Self::Error> {
        text.parse().map(Self)
    }

    fn encode_cursor(&self) -> String {
        self.0.to_string()
    }
}

/// How many changes there are, counted once it is asked for.
pub struct ChangeTotal {
    filter: store::ChangeFilter,
    until: i64,
    counted: OnceCell<u64>,
}

#[Object]
impl ChangeTotal {
    /// How many there are on all pages; computed only when it is selected.
    async fn total_count(&self, ctx: &Context<'_>) -> Result<i32> {
        let count = || store::count(database(ctx), &self.filter, self.until);
        let count = self.counted.get_or_try_init(count).await;
        let count = *count.map_err(|error| internal(&error))?;
        i32::try_from(count).map_err(|error| internal(&error))
    }
}

/// How far the feed can be shown: up to where nothing will be added any more. Where that is short of a change that the
/// request's catalog has already, because a transaction that began earlier is still running, it is waited for a little:
/// mostly it ends at once, and then a client finds its own change.
async fn shown_until(ctx: &Context<'_>) -> Result<i64> {
    const PAUSE: Duration = Duration::from_millis(10);
    const PATIENCE: u32 = 50;
    let known = catalog(ctx).position.newest();
    let mut until = 0;
    for _ in 0..PATIENCE {
        until = store::complete_to(database(ctx))
            .await
            .map_err(|error| internal(&error))?;
        if until >= known {
            break;
        }
        tokio::time::sleep(PAUSE).await;
    }
    Ok(until)
}

fn database<'a>(ctx: &Context<'a>) -> &'a DatabaseConnection {
    &ctx.data_unchecked::<Replica>().database().read
}

/// One page of the feed.
pub type ChangeConnection =
    async_graphql::connection::Connection<Sequence, ChangeNode, ChangeTotal>;

/// Queries for changes.
#[derive(Default)]
pub struct ChangeQueries;

#[Object]
impl ChangeQueries {
    /// The changes that the viewer may see, oldest first, from after the cursor. A change appears once nothing can be
    /// committed before it. Errors: `BAD_USER_INPUT` for a bad page size, cursor, type or id.
    async fn changes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which ones; all where absent.")] filter: Option<ChangeFilter>,
        #[graphql(desc = "At most so many; 25 where nothing is said, 100 at most.")] first: Option<
            i32,
        >,
        #[graphql(desc = "Only what comes after this sequence.")] after: Option<String>,
    ) -> Result<ChangeConnection> {
        let size = page_size("first", first.unwrap_or(DEFAULT_PAGE.into()))?;
        let viewer = ctx.data_unchecked::<Viewer>();
        let whole = ctx.data_unchecked::<RequestCatalog>().whole();
        let filter = wanted(filter)?.seen_by(viewer, &whole);
        let after = sequence(after)?;
        let until = shown_until(ctx).await?;
        let range = (after.unwrap_or(0), until);
        let mut changes = store::read(database(ctx), &filter, range, size as u64 + 1)
            .await
            .map_err(|error| internal(&error))?;
        let has_next = changes.len() > size;
        changes.truncate(size);
        let has_previous = match after {
            None => false,
            Some(after) => store::any_until(database(ctx), &filter, after)
                .await
                .map_err(|error| internal(&error))?,
        };
        // The feed may be ahead of the request's catalog, and a subject must not look deleted for that.
        let catalog = match changes.last() {
            Some(last) => {
                let newer = ctx.data_unchecked::<Replica>().containing(last.sequence);
                viewer.visible(newer.await.map_err(|error| internal(&error))?)
            }
            None => ctx.data_unchecked::<RequestCatalog>().get(),
        };
        let total = ChangeTotal {
            filter,
            until,
            counted: OnceCell::new(),
        };
        let mut connection =
            ChangeConnection::with_additional_fields(has_previous, has_next, total);
        connection.edges = changes
            .into_iter()
            .map(|change| {
                let cursor = Sequence(change.sequence);
                Edge::new(cursor, ChangeNode::new(change, &catalog))
            })
            .collect();
        Ok(connection)
    }
}
