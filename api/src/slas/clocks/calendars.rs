//! Calendars as they stood when a clock started.
//!
//! A clock names the content of its calendar by a hash. Contents are few and never change, so each process compiles one once.

use std::collections::{BTreeMap, HashMap};
use std::hash::{Hash, Hasher};
use std::sync::{Arc, PoisonError, RwLock};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entity::calendar_content;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseConnection, DbErr, EntityTrait, QueryFilter, Set,
};
use sha2::{Digest, Sha256};

use crate::shared::loads::Question;
use crate::shared::store::{DamagedRow, json};
use crate::slas::hours::CalendarSpec;
use crate::slas::open_time::OpenTime;

/// The name of a calendar's content: SHA-256 of it, base64url.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(transparent)]
pub struct ContentHash(pub Arc<str>);

/// The contents that a process has met. Cheap to clone; all clones are the same.
#[derive(Clone, Debug, Default)]
pub struct CalendarContents {
    known: Arc<RwLock<HashMap<ContentHash, Known>>>,
    /// The names of contents: every submission asks for some, and to work one out takes long.
    names: Arc<RwLock<HashMap<CalendarSpec, ContentHash>>>,
}

#[derive(Clone, Debug)]
struct Known {
    open_time: Arc<OpenTime>,
    /// Whether the database has it.
    is_stored: bool,
}

/// Contents with what they compile to.
pub type Compiled = BTreeMap<ContentHash, Arc<OpenTime>>;

impl CalendarContents {
    /// The content of a calendar, compiled.
    ///
    /// # Errors
    /// Its time zone is none that this version knows.
    pub fn of(&self, spec: &CalendarSpec) -> Result<(ContentHash, Arc<OpenTime>), DamagedRow> {
        let hash = self.name(spec);
        if let Some(open_time) = self.get(&hash) {
            return Ok((hash, open_time));
        }
        let open_time = compile(&hash, spec)?;
        self.learn(hash.clone(), &open_time, false);
        Ok((hash, open_time))
    }

    /// A content that was met before.
    fn get(&self, hash: &ContentHash) -> Option<Arc<OpenTime>> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.get(hash).map(|known| Arc::clone(&known.open_time))
    }

    /// Those of these contents that were met before, and the names of the others.
    pub fn met(
        &self,
        hashes: impl IntoIterator<Item = ContentHash>,
    ) -> (Compiled, Vec<ContentHash>) {
        let mut compiled = Compiled::new();
        let mut unknown = Vec::new();
        for hash in hashes {
            match self.get(&hash) {
                Some(open_time) => drop(compiled.insert(hash, open_time)),
                None => unknown.push(hash),
            }
        }
        (compiled, unknown)
    }

    /// Makes sure that the database has contents that clocks are about to name. By itself, before their transaction: a
    /// content that nothing names does no harm.
    pub async fn store<'a, C: ConnectionTrait>(
        &self,
        connection: &C,
        specs: impl Iterator<Item = &'a CalendarSpec>,
    ) -> Result<(), DbErr> {
        for spec in specs {
            let (hash, open_time) = self.of(spec)?;
            if self.is_stored(&hash) {
                continue;
            }
            let row = calendar_content::ActiveModel {
                hash: Set(hash.0.to_string()),
                content: Set(json(spec)),
            };
            calendar_content::Entity::insert_many([row])
                .on_conflict_do_nothing()
                .exec_without_returning(connection)
                .await?;
            self.learn(hash, &open_time, true);
        }
        Ok(())
    }

    /// All of these contents, those that are new to this process from the database.
    pub async fn load(
        &self,
        database: &DatabaseConnection,
        hashes: impl IntoIterator<Item = ContentHash>,
    ) -> Result<Compiled, DbErr> {
        let (mut compiled, unknown) = self.met(hashes);
        if unknown.is_empty() {
            return Ok(compiled);
        }
        let wanted = unknown.iter().map(|hash| hash.0.to_string());
        let rows = calendar_content::Entity::find()
            .filter(calendar_content::Column::Hash.is_in(wanted))
            .all(database)
            .await?;
        for row in rows {
            let hash = ContentHash(row.hash.into());
            let spec = serde_json::from_value(row.content);
            let spec: CalendarSpec = spec.map_err(|error| damaged(&hash, error.to_string()))?;
            let open_time = compile(&hash, &spec)?;
            self.learn(hash.clone(), &open_time, true);
            compiled.insert(hash, open_time);
        }
        match unknown.iter().find(|hash| !compiled.contains_key(*hash)) {
            Some(hash) => Err(damaged(hash, "it is not there".to_owned()).into()),
            None => Ok(compiled),
        }
    }

    fn name(&self, spec: &CalendarSpec) -> ContentHash {
        let names = self.names.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(name) = names.get(spec) {
            return name.clone();
        }
        drop(names);
        let name = hash(spec);
        let mut names = self.names.write().unwrap_or_else(PoisonError::into_inner);
        names.insert(spec.clone(), name.clone());
        name
    }

    fn is_stored(&self, hash: &ContentHash) -> bool {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.get(hash).is_some_and(|known| known.is_stored)
    }

    fn learn(&self, hash: ContentHash, open_time: &Arc<OpenTime>, is_stored: bool) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let open_time = Arc::clone(open_time);
        let known = known.entry(hash).or_insert(Known {
            open_time,
            is_stored,
        });
        known.is_stored |= is_stored;
    }
}

fn hash(spec: &CalendarSpec) -> ContentHash {
    let hash = Sha256::digest(json(spec).to_string().as_bytes());
    ContentHash(URL_SAFE_NO_PAD.encode(hash).into())
}

fn compile(hash: &ContentHash, spec: &CalendarSpec) -> Result<Arc<OpenTime>, DamagedRow> {
    let open_time = OpenTime::new(spec).map_err(|error| damaged(hash, error.to_string()))?;
    Ok(Arc::new(open_time))
}

fn damaged(hash: &ContentHash, what: String) -> DamagedRow {
    DamagedRow::new(format!("calendar content {}", hash.0), what)
}

/// Asks for contents by their hashes.
#[derive(Clone, Debug)]
pub struct Contents(pub CalendarContents);

impl PartialEq for Contents {
    /// A process has one set of contents.
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Contents {}

impl Hash for Contents {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}

impl Question for Contents {
    type Key = ContentHash;
    type Answer = Option<Arc<OpenTime>>;

    async fn answer(
        &self,
        database: &DatabaseConnection,
        hashes: Vec<ContentHash>,
    ) -> Result<HashMap<ContentHash, Option<Arc<OpenTime>>>, DbErr> {
        let compiled = self.0.load(database, hashes).await?.into_iter();
        Ok(compiled.map(|(hash, it)| (hash, Some(it))).collect())
    }
}
