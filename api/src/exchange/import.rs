//! An import from beginning to end: reading everything, planning it, committing it or showing what it would do.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use sea_orm::{ConnectionTrait, DbErr};
use uuid::Uuid;

use super::{
    backstage, demo,
    diagnostics::Problems,
    ics, kundig, openslo,
    plan::{self, Change, Item, Summary},
    preview::preview,
    sources::Sources,
};
use crate::{
    demand::{
        access::Visible,
        shadow_it::{known::known, rules::SightingPatch},
    },
    shared::{
        draft::Draft,
        errors::{UserError, UserErrorCode, UserErrors},
        patch::Patch,
        subject::WorkType,
        write::{Author, WriteError, now, write},
    },
    snapshot::{Catalog, Replica},
};

/// What the documents of an import are written in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Format {
    /// Kundig's own YAML.
    Kundig,
    /// Backstage's descriptors.
    Backstage,
    /// OpenSLO v1.
    OpenSlo,
    /// iCalendar: holidays of a calendar.
    Ics {
        /// Its slug.
        calendar: String,
    },
}

/// Documents that are read and not planned yet.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    items: Vec<Item>,
    problems: Problems,
}

/// What an import did, or would do.
#[derive(Clone, Debug)]
pub struct Imported {
    /// How much changes.
    pub summary: Summary,
    /// What was taken over with a reservation.
    pub problems: Problems,
}

impl Reading {
    /// Reads files and folders. `progress` is told after each file how many are read and how many are known.
    pub fn of_paths(format: Format, paths: &[PathBuf], progress: impl FnMut(usize, usize)) -> Self {
        let mut problems = Problems::default();
        let sources = match &format {
            Format::Ics { .. } => Sources::from_files(paths),
            _ => Sources::from_paths(paths, &mut problems),
        };
        Self::of_sources(format, sources, problems, progress)
    }

    /// Reads a text that has no file.
    pub fn of_text(format: Format, text: String) -> Self {
        Self::of_sources(
            format,
            Sources::from_text(text),
            Problems::default(),
            |_, _| {},
        )
    }

    /// Reads the demo catalog.
    pub fn of_demo() -> Self {
        Self::of_sources(
            Format::Kundig,
            demo::sources(),
            Problems::default(),
            |_, _| {},
        )
    }

    fn of_sources(
        format: Format,
        mut sources: Sources,
        mut problems: Problems,
        progress: impl FnMut(usize, usize),
    ) -> Self {
        let items = match format {
            Format::Kundig => kundig::items(&mut sources, &mut problems, progress),
            Format::Backstage => {
                backstage::items(backstage::read(&mut sources, &mut problems, progress))
            }
            Format::OpenSlo => openslo::items(&mut sources, &mut problems, progress),
            Format::Ics { calendar } => {
                ics::items(&calendar, &mut sources, &mut problems, progress)
            }
        };
        Self { items, problems }
    }

    /// Finds out which of the demands that the documents name are there, for somebody who sees these. Without it none is known.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn find_demands<C: ConnectionTrait>(
        &mut self,
        connection: &C,
        seen: &Visible,
    ) -> Result<(), DbErr> {
        let named = self
            .sightings()
            .filter_map(|sighting| match &sighting.demand_id {
                Patch::Set(id) => WorkType::Demand.key(id),
                Patch::Keep | Patch::Clear => None,
            });
        let keys: Vec<Uuid> = named.collect();
        let known_demands = Arc::new(known(connection, &keys, seen).await?);
        for sighting in self.sightings() {
            sighting.known_demands = Arc::clone(&known_demands);
        }
        Ok(())
    }

    fn sightings(&mut self) -> impl Iterator<Item = &mut SightingPatch> {
        self.items
            .iter_mut()
            .filter_map(|item| match &mut item.change {
                Change::Sighting(sighting) => Some(&mut **sighting),
                _ => None,
            })
    }

    /// Plans everything on `draft`, which must not be committed where the result has errors.
    pub fn plan(&self, draft: &mut Draft, strict: bool) -> Imported {
        let mut problems = self.problems.clone();
        let summary = plan::plan(&self.items, draft, &mut problems);
        if strict {
            problems.make_strict();
        }
        Imported { summary, problems }
    }

    /// What committing would do, and that in words.
    pub fn try_on(&self, catalog: &Catalog, strict: bool) -> (Imported, String) {
        let mut draft = Draft::new(Catalog::clone(catalog), now());
        let imported = self.plan(&mut draft, strict);
        let text = preview(&draft);
        (imported, text)
    }

    /// Commits everything, or nothing where there are errors: the result says which.
    pub async fn commit(
        &self,
        replica: &Replica,
        author: &Author,
        strict: bool,
    ) -> Result<Imported, WriteError> {
        // A plan may be made several times; the last one is the one that counts.
        let refused = Mutex::new(None);
        let written = write(replica, author, |draft| {
            let imported = self.plan(draft, strict);
            let mut refused = refused.lock().unwrap_or_else(PoisonError::into_inner);
            *refused = None;
            if imported.problems.has_errors() {
                let errors = user_errors(&imported.problems);
                *refused = Some(imported);
                return Err(errors);
            }
            Ok(imported)
        })
        .await?;
        match written {
            Ok(written) => Ok(written.value),
            Err(errors) => {
                let refused = refused.into_inner().unwrap_or_else(PoisonError::into_inner);
                Ok(refused.unwrap_or_else(|| too_much(&errors)))
            }
        }
    }
}

/// A refusal that is not the documents' but the database's.
fn too_much(errors: &[UserError]) -> Imported {
    let mut problems = Problems::default();
    for error in errors {
        let place = super::diagnostics::Place {
            file: "".into(),
            mark: super::diagnostics::Mark::START,
        };
        problems.error(place, format!("the import {}", error.message));
    }
    Imported {
        summary: Summary::default(),
        problems,
    }
}

/// The errors as a mutation's payload shows them.
pub fn user_errors(problems: &Problems) -> UserErrors {
    problems
        .errors()
        .map(|problem| UserError::new(UserErrorCode::Invalid, "source", problem.without_severity()))
        .collect()
}
