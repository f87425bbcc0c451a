//! The files of an import: named ones, those found in folders, and those that a document points to.

use std::{
    collections::{HashSet, VecDeque},
    ffi::OsStr,
    fs,
    io::Read,
    path::{Component, Path, PathBuf},
    sync::Arc,
};

use walkdir::{DirEntry, WalkDir};

use super::diagnostics::{Mark, Place, Problems, Severity};

/// How long one file may be, in bytes.
const MAX_FILE_BYTES: u64 = 64 * 1024 * 1024;

/// How a text came into the import.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// The user named this very file.
    Named,
    /// It lies in a folder that the user named.
    Walked,
    /// A document points to it.
    Followed,
    /// It came without a file.
    Text,
}

/// A text to import.
#[derive(Clone, Debug)]
pub struct Source {
    /// The file as the user would name it; empty without one.
    pub name: Arc<str>,
    /// What it says.
    pub text: String,
    /// How it came into the import.
    pub found: Found,
    path: Option<PathBuf>,
}

impl Source {
    /// A text without a file.
    pub fn from_text(text: String) -> Self {
        Self {
            name: Arc::from(""),
            text,
            found: Found::Text,
            path: None,
        }
    }

    /// A text that the program brings along under a name.
    pub fn built_in(name: &str, text: String) -> Self {
        Self {
            name: Arc::from(name),
            text,
            found: Found::Text,
            path: None,
        }
    }

    /// A position in this text.
    pub fn place(&self, mark: Mark) -> Place {
        Place::new(&self.name, mark)
    }

    /// Reads the file that `target` names relative to this one.
    ///
    /// # Errors
    /// In words, when it is a web address, when this text has no file, or when the file cannot be read.
    pub fn read_beside(&self, target: &str) -> Result<Self, String> {
        let path = self.beside(target)?;
        let text = read(&path)?;
        Ok(Self {
            name: name(&path),
            text,
            found: Found::Followed,
            path: Some(path),
        })
    }

    /// Where `target` lies when it is relative to this file.
    fn beside(&self, target: &str) -> Result<PathBuf, String> {
        if is_web_address(target) {
            return Err("is a web address, which is never fetched".to_owned());
        }
        let Some(path) = &self.path else {
            return Err("is a file, and this text came without one to start from".to_owned());
        };
        let folder = path.parent().unwrap_or(Path::new(""));
        Ok(tidy(&folder.join(target)))
    }
}

/// The texts of an import in a fixed order; documents may add files while it is read.
#[derive(Debug, Default)]
pub struct Sources {
    waiting: VecDeque<Waiting>,
    seen: HashSet<PathBuf>,
}

#[derive(Debug)]
enum Waiting {
    Text(Source),
    File {
        path: PathBuf,
        found: Found,
        /// Who points to it.
        told_at: Option<Place>,
    },
}

impl Sources {
    /// The one text of an import that has no files.
    pub fn from_text(text: String) -> Self {
        Self::from_sources([Source::from_text(text)])
    }

    /// Texts that are read already.
    pub fn from_sources(sources: impl IntoIterator<Item = Source>) -> Self {
        Self {
            waiting: sources.into_iter().map(Waiting::Text).collect(),
            seen: HashSet::new(),
        }
    }

    /// The files named by `paths`, and the `.yaml` and `.yml` files below the folders among them, sorted by name.
    pub fn from_paths<P: AsRef<Path>>(paths: &[P], problems: &mut Problems) -> Self {
        let mut sources = Self::default();
        for path in paths.iter().map(AsRef::as_ref) {
            if path.is_dir() {
                sources.walk(path, problems);
            } else {
                sources.wait_for(path.to_owned(), Found::Named, None);
            }
        }
        sources
    }

    /// The files named by `paths`, and no folders.
    pub fn from_files<P: AsRef<Path>>(paths: &[P]) -> Self {
        let mut sources = Self::default();
        for path in paths {
            sources.wait_for(path.as_ref().to_owned(), Found::Named, None);
        }
        sources
    }

    /// How many files are known and not read yet.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// The next text; what cannot be read is told and passed over.
    pub fn next(&mut self, problems: &mut Problems) -> Option<Source> {
        loop {
            let (path, found, told_at) = match self.waiting.pop_front()? {
                Waiting::Text(source) => return Some(source),
                Waiting::File {
                    path,
                    found,
                    told_at,
                } => (path, found, told_at),
            };
            match read(&path) {
                Ok(text) => {
                    return Some(Source {
                        name: name(&path),
                        text,
                        found,
                        path: Some(path),
                    });
                }
                Err(why) => {
                    let severity = if found == Found::Named {
                        Severity::Error
                    } else {
                        Severity::Warning
                    };
                    let (place, message) = match told_at {
                        Some(place) => (place, format!("`{}` {why}", path.display())),
                        None => (
                            Place::new(&name(&path), Mark::START),
                            format!("this file {why}"),
                        ),
                    };
                    problems.add(place, severity, message);
                }
            }
        }
    }

    /// Adds the files that `target`, a path or a pattern relative to `from`, names. `optional` ones may be missing.
    pub fn follow(
        &mut self,
        from: &Source,
        target: &str,
        optional: bool,
        at: &Place,
        problems: &mut Problems,
    ) {
        let path = match from.beside(target) {
            Ok(path) => path,
            Err(why) => {
                problems.warning(at.clone(), format!("`{target}` {why}; it is left out"));
                return;
            }
        };
        if !target.contains(['*', '?', '[']) || path.exists() {
            if !optional || path.exists() {
                self.wait_for(path, Found::Followed, Some(at.clone()));
            }
            return;
        }
        let files = from.matching(target);
        if files.is_empty() && !optional {
            problems.warning(at.clone(), format!("no file matches `{target}`"));
        }
        for file in files {
            self.wait_for(file, Found::Followed, Some(at.clone()));
        }
    }

    fn walk(&mut self, folder: &Path, problems: &mut Problems) {
        let before = self.waiting.len();
        let entries = WalkDir::new(folder)
            .follow_links(true)
            .sort_by_file_name()
            .into_iter()
            .filter_entry(|entry| entry.depth() == 0 || !is_tool_folder(entry));
        for entry in entries {
            match entry {
                Ok(entry) if entry.file_type().is_file() && is_yaml(entry.path()) => {
                    self.wait_for(entry.into_path(), Found::Walked, None);
                }
                Ok(_) => {}
                // A link back to where it came from leads to files that are in already.
                Err(error) if error.loop_ancestor().is_some() => {}
                Err(error) => {
                    let path = error.path().unwrap_or(folder);
                    let why = error
                        .io_error()
                        .map_or_else(|| error.to_string(), ToString::to_string);
                    problems.warning(
                        Place::new(&name(path), Mark::START),
                        format!("this cannot be read and is left out: {why}"),
                    );
                }
            }
        }
        if self.waiting.len() == before {
            problems.warning(
                Place::new(&name(folder), Mark::START),
                "this folder has no file that ends in .yaml or .yml",
            );
        }
    }

    /// Queues a file unless it was there before, by whatever path.
    fn wait_for(&mut self, path: PathBuf, found: Found, told_at: Option<Place>) {
        let identity = path.canonicalize().unwrap_or_else(|_| path.clone());
        if self.seen.insert(identity) {
            self.waiting.push_back(Waiting::File {
                path,
                found,
                told_at,
            });
        }
    }
}

impl Source {
    /// The files that a pattern relative to this file names, sorted.
    fn matching(&self, pattern: &str) -> Vec<PathBuf> {
        let folder = self.path.as_deref().and_then(Path::parent);
        let Some(folder) = folder.and_then(Path::to_str) else {
            return Vec::new();
        };
        let pattern = pattern.strip_prefix("./").unwrap_or(pattern);
        let full = if folder.is_empty() {
            pattern.to_owned()
        } else {
            format!("{}/{pattern}", glob::Pattern::escape(folder))
        };
        let Ok(found) = glob::glob(&full) else {
            return Vec::new();
        };
        let mut files: Vec<PathBuf> = found
            .flatten()
            .filter(|path| path.is_file())
            .map(|path| tidy(&path))
            .collect();
        files.sort();
        files
    }
}

/// Whether `target` leads away from this machine's files.
pub fn is_web_address(target: &str) -> bool {
    target.split_once("://").is_some_and(|(scheme, _)| {
        scheme
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
    })
}

fn read(path: &Path) -> Result<String, String> {
    let metadata = fs::metadata(path).map_err(|error| cannot_read(&error))?;
    if metadata.is_dir() {
        return Err("is a folder, not a file".to_owned());
    }
    let file = fs::File::open(path).map_err(|error| cannot_read(&error))?;
    let mut bytes = Vec::new();
    // A pipe has no length beforehand, so the limit is on what is read.
    file.take(MAX_FILE_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| cannot_read(&error))?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(format!("is longer than {MAX_FILE_BYTES} bytes"));
    }
    String::from_utf8(bytes).map_err(|error| {
        format!(
            "is no UTF-8 text (byte {} is not)",
            error.utf8_error().valid_up_to()
        )
    })
}

fn cannot_read(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "does not exist".to_owned(),
        _ => format!("cannot be read: {error}"),
    }
}

fn name(path: &Path) -> Arc<str> {
    Arc::from(path.to_string_lossy())
}

fn is_yaml(path: &Path) -> bool {
    path.extension().is_some_and(|extension| {
        extension.eq_ignore_ascii_case("yaml") || extension.eq_ignore_ascii_case("yml")
    })
}

/// Folders that tools fill and that hold nobody's catalog.
fn is_tool_folder(entry: &DirEntry) -> bool {
    entry.file_type().is_dir()
        && [OsStr::new(".git"), OsStr::new("node_modules")].contains(&entry.file_name())
}

/// Takes `.` and `name/..` out of a path, so that it reads well.
fn tidy(path: &Path) -> PathBuf {
    let mut tidy = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir
                if matches!(tidy.components().next_back(), Some(Component::Normal(_))) =>
            {
                tidy.pop();
            }
            other => tidy.push(other),
        }
    }
    tidy
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop where it stands")]
mod tests {
    use tempfile::TempDir;

    use super::*;

    fn folder(files: &[(&str, &str)]) -> TempDir {
        let folder = TempDir::new().unwrap();
        for (path, text) in files {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        folder
    }

    fn names(sources: &mut Sources, problems: &mut Problems, below: &Path) -> Vec<String> {
        std::iter::from_fn(|| sources.next(problems))
            .map(|source| {
                let path = Path::new(&*source.name);
                path.strip_prefix(below)
                    .unwrap_or(path)
                    .display()
                    .to_string()
            })
            .collect()
    }

    fn told(problems: &Problems) -> Vec<String> {
        problems.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_folder_is_walked_in_the_order_of_names() {
        let folder = folder(&[
            ("b.yml", "b"),
            ("a/z.yaml", "z"),
            ("a/a.YAML", "a"),
            ("a/readme.md", "no"),
            ("node_modules/x.yaml", "no"),
            (".git/x.yaml", "no"),
        ]);
        let mut problems = Problems::default();
        let mut sources = Sources::from_paths(&[folder.path()], &mut problems);
        assert_eq!(
            names(&mut sources, &mut problems, folder.path()),
            ["a/a.YAML", "a/z.yaml", "b.yml"]
        );
        assert_eq!(told(&problems), [""; 0]);
    }

    #[test]
    fn a_file_comes_once_by_however_many_ways() {
        let folder = folder(&[("a.yaml", "a")]);
        let file = folder.path().join("a.yaml");
        let detour = folder
            .path()
            .join("../")
            .join(folder.path().file_name().unwrap())
            .join("a.yaml");
        let mut problems = Problems::default();
        let mut sources =
            Sources::from_paths(&[&file, &detour, &folder.path().to_owned()], &mut problems);
        assert_eq!(
            names(&mut sources, &mut problems, folder.path()),
            ["a.yaml"]
        );
    }

    #[cfg(unix)]
    #[test]
    fn a_link_that_leads_back_is_no_problem() {
        let folder = folder(&[("deep/a.yaml", "a")]);
        std::os::unix::fs::symlink(folder.path(), folder.path().join("deep/back")).unwrap();
        let mut problems = Problems::default();
        let mut sources = Sources::from_paths(&[folder.path()], &mut problems);
        assert_eq!(
            names(&mut sources, &mut problems, folder.path()),
            ["deep/a.yaml"]
        );
        assert_eq!(told(&problems), [""; 0]);
    }

    #[test]
    fn a_named_file_that_is_missing_or_no_text_is_an_error() {
        let folder = folder(&[]);
        fs::write(folder.path().join("latin.yaml"), b"name: S\xfcd").unwrap();
        let paths = [
            folder.path().join("none.yaml"),
            folder.path().join("latin.yaml"),
        ];
        let mut problems = Problems::default();
        let mut sources = Sources::from_paths(&paths, &mut problems);
        assert!(sources.next(&mut problems).is_none());
        let told = told(&problems);
        assert!(
            told[0].ends_with("latin.yaml:1:1: error: this file is no UTF-8 text (byte 7 is not)"),
            "{told:?}"
        );
        assert!(
            told[1].ends_with("none.yaml:1:1: error: this file does not exist"),
            "{told:?}"
        );
    }

    #[test]
    fn a_walked_file_that_is_no_text_is_a_warning() {
        let folder = folder(&[("a.yaml", "a")]);
        fs::write(folder.path().join("latin.yaml"), b"\xff").unwrap();
        let mut problems = Problems::default();
        let mut sources = Sources::from_paths(&[folder.path()], &mut problems);
        assert_eq!(
            names(&mut sources, &mut problems, folder.path()),
            ["a.yaml"]
        );
        assert!(!problems.has_errors());
        assert_eq!(problems.warnings().count(), 1);
    }

    #[test]
    fn targets_are_relative_to_the_file_that_names_them() {
        let folder = folder(&[
            ("x/all.yaml", ""),
            ("x/a.yaml", ""),
            ("x/sub[1]/b.yaml", ""),
            ("c.yaml", ""),
        ]);
        let mut problems = Problems::default();
        let mut sources = Sources::from_paths(&[folder.path().join("x/all.yaml")], &mut problems);
        let all = sources.next(&mut problems).unwrap();
        let at = all.place(Mark::START);
        for target in [
            "./a.yaml",
            "../c.yaml",
            "*/*.yaml",
            "all.yaml",
            "none.yaml",
            "no*.yaml",
        ] {
            sources.follow(&all, target, false, &at, &mut problems);
        }
        sources.follow(&all, "gone.yaml", true, &at, &mut problems);
        assert_eq!(
            names(&mut sources, &mut problems, folder.path()),
            ["x/a.yaml", "c.yaml", "x/sub[1]/b.yaml"]
        );
        let told = told(&problems);
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(
            told.iter()
                .any(|line| line.contains("no file matches `no*.yaml`"))
        );
        assert!(
            told.iter()
                .any(|line| line.contains("none.yaml` does not exist"))
        );
    }

    #[test]
    fn web_addresses_and_texts_without_a_file_are_not_followed() {
        let text = Source::from_text(String::new());
        let mut sources = Sources::default();
        let mut problems = Problems::default();
        let at = text.place(Mark::START);
        sources.follow(
            &text,
            "https://example.org/all.yaml",
            false,
            &at,
            &mut problems,
        );
        sources.follow(&text, "./all.yaml", false, &at, &mut problems);
        assert_eq!(sources.waiting(), 0);
        assert_eq!(
            told(&problems),
            [
                "line 1, column 1: warning: `./all.yaml` is a file, and this text came without one to start from; it is left out",
                "line 1, column 1: warning: `https://example.org/all.yaml` is a web address, which is never fetched; it is left out"
            ]
        );
    }
}
