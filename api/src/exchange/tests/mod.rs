//! Imports from text to catalog and back, without a database.
#![expect(clippy::unwrap_used, reason = "a test may stop where it stands")]

mod backstage;
mod ics;
mod kundig;
mod openslo;
mod preview;
mod repeat;
mod round_trip;
mod untidy;

use std::path::Path;

use tempfile::TempDir;

use super::{
    import::{Format, Imported, Reading},
    kundig::export,
    plan::Summary,
};
use crate::{
    catalog::{
        capabilities::rules::Capability, offerings::rules::Offering, people::rules::Person,
        services::rules::Service, teams::rules::Team,
    },
    shared::{draft::Draft, ids::Id, record::Record, write::now},
    snapshot::Catalog,
};

/// A catalog to import into.
#[derive(Default)]
struct World {
    catalog: Catalog,
}

impl World {
    /// Imports, and returns what was said; nothing changes where there are errors.
    fn take(&mut self, reading: &Reading) -> Imported {
        let mut draft = Draft::new(self.catalog.clone(), now());
        let imported = reading.plan(&mut draft, false);
        if !imported.problems.has_errors() {
            self.catalog = draft.catalog().clone();
        }
        imported
    }

    fn backstage(&mut self, text: &str) -> Imported {
        self.take(&Reading::of_text(Format::Backstage, text.to_owned()))
    }

    fn kundig(&mut self, text: &str) -> Imported {
        self.take(&Reading::of_text(Format::Kundig, text.to_owned()))
    }

    fn openslo(&mut self, text: &str) -> Imported {
        self.take(&Reading::of_text(Format::OpenSlo, text.to_owned()))
    }

    /// Imports descriptors of which nothing is amiss.
    fn clean(&mut self, text: &str) -> Summary {
        let imported = self.backstage(text);
        assert_eq!(told(&imported), [""; 0]);
        imported.summary
    }

    fn record<T: Record>(&self, slug: &str) -> T {
        match T::table(&self.catalog).by_slug(slug) {
            Some(record) => T::clone(record),
            None => panic!("no {} {slug} in\n{}", T::TYPE.words(), self.export()),
        }
    }

    fn service(&self, slug: &str) -> Service {
        self.record(slug)
    }

    fn team(&self, slug: &str) -> Team {
        self.record(slug)
    }

    fn person(&self, slug: &str) -> Person {
        self.record(slug)
    }

    fn offering(&self, slug: &str) -> Offering {
        self.record(slug)
    }

    fn capability(&self, slug: &str) -> Capability {
        self.record(slug)
    }

    /// The slug of what a reference points to.
    fn slug<T: Record>(&self, id: impl Into<Option<Id<T>>>) -> Option<String> {
        let record = self.catalog.get(id.into()?)?;
        Some(record.header().slug.clone())
    }

    /// What a service needs, by slug.
    fn needs(&self, slug: &str) -> Vec<String> {
        let service = self.service(slug);
        let mut needs: Vec<String> = service
            .dependencies
            .keys()
            .filter_map(|&id| self.slug(id))
            .collect();
        needs.sort();
        needs
    }

    /// The teams of a person, by slug.
    fn teams(&self, slug: &str) -> Vec<String> {
        let person = self.person(slug);
        person
            .team_ids
            .iter()
            .filter_map(|&id| self.slug(id))
            .collect()
    }

    /// Changes a record as a person would.
    fn by_hand<T: Record>(&mut self, slug: &str, edit: impl FnOnce(&mut T)) {
        let mut record = self.record::<T>(slug);
        edit(&mut record);
        let mut draft = Draft::new(self.catalog.clone(), now());
        draft.put(record);
        self.catalog = draft.catalog().clone();
    }

    fn export(&self) -> String {
        export(&self.catalog).unwrap()
    }
}

/// Every problem as the command line shows it.
fn told(imported: &Imported) -> Vec<String> {
    imported.problems.iter().map(ToString::to_string).collect()
}

/// Whether exactly one problem of this severity was told, and with these words.
fn told_once(imported: &Imported, severity: &str, words: &str) {
    let told = told(imported);
    assert_eq!(told.len(), 1, "{told:#?}");
    assert!(
        told[0].contains(&format!(": {severity}: ")) && told[0].contains(words),
        "{told:#?}"
    );
}

fn counted(created: usize, updated: usize, unchanged: usize) -> Summary {
    Summary {
        created,
        updated,
        unchanged,
    }
}

/// A folder with these files.
fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = TempDir::new().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

/// Reads descriptors from files and folders.
fn read_paths(paths: &[&Path]) -> Reading {
    let paths: Vec<_> = paths.iter().map(|path| path.to_path_buf()).collect();
    Reading::of_paths(Format::Backstage, &paths, |_, _| {})
}
