//! What an import has to say about its input: problems with file, line and column, collected and told all at once.

use std::{
    collections::BTreeSet,
    fmt::{self, Display},
    sync::Arc,
};

/// A position in a text, both counted from 1; columns count characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mark {
    /// The line.
    pub line: usize,
    /// The character within the line.
    pub column: usize,
}

impl Mark {
    /// Where a text begins.
    pub const START: Self = Self { line: 1, column: 1 };
}

/// A position in a named file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The file as the user would name it; empty for a text that came without a file.
    pub file: Arc<str>,
    /// The position in it.
    pub mark: Mark,
}

impl Place {
    /// The position `mark` in `file`.
    pub fn new(file: &Arc<str>, mark: Mark) -> Self {
        Self {
            file: Arc::clone(file),
            mark,
        }
    }
}

impl Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Mark { line, column } = self.mark;
        if self.file.is_empty() {
            write!(f, "line {line}, column {column}")
        } else {
            write!(f, "{}:{line}:{column}", self.file)
        }
    }
}

/// How bad a problem is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Nothing is imported.
    Error,
    /// What can be taken over is taken over.
    Warning,
}

impl Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Error => "error",
            Self::Warning => "warning",
        })
    }
}

/// Something to tell about one place of the input.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Problem {
    /// Where.
    pub place: Place,
    /// How bad.
    pub severity: Severity,
    /// What is wrong and what would be right.
    pub message: String,
}

impl Problem {
    /// The problem for an answer that carries the severity elsewhere: `place: message`.
    pub fn without_severity(&self) -> String {
        format!("{}: {}", self.place, self.message)
    }
}

impl Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}", self.place, self.severity, self.message)
    }
}

/// All problems of one import, each once, in the order of files, lines and columns.
#[derive(Clone, Debug, Default)]
pub struct Problems {
    all: BTreeSet<Problem>,
}

impl Problems {
    /// Notes something that stops the import.
    pub fn error(&mut self, place: Place, message: impl Into<String>) {
        self.add(place, Severity::Error, message.into());
    }

    /// Notes something that the import can live with.
    pub fn warning(&mut self, place: Place, message: impl Into<String>) {
        self.add(place, Severity::Warning, message.into());
    }

    /// Notes something with a severity that the caller has chosen.
    pub fn add(&mut self, place: Place, severity: Severity, message: String) {
        self.all.insert(Problem {
            place,
            severity,
            message,
        });
    }

    /// Every problem, sorted by place.
    pub fn iter(&self) -> impl Iterator<Item = &Problem> {
        self.all.iter()
    }

    /// The warnings, sorted by place.
    pub fn warnings(&self) -> impl Iterator<Item = &Problem> {
        self.all
            .iter()
            .filter(|problem| problem.severity == Severity::Warning)
    }

    /// The errors, sorted by place.
    pub fn errors(&self) -> impl Iterator<Item = &Problem> {
        self.all
            .iter()
            .filter(|problem| problem.severity == Severity::Error)
    }

    /// Whether anything forbids the import.
    pub fn has_errors(&self) -> bool {
        self.errors().next().is_some()
    }

    /// Turns every warning into an error.
    pub fn make_strict(&mut self) {
        self.all = std::mem::take(&mut self.all)
            .into_iter()
            .map(|problem| Problem {
                severity: Severity::Error,
                ..problem
            })
            .collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(file: &str, line: usize, column: usize) -> Place {
        Place::new(&Arc::from(file), Mark { line, column })
    }

    #[test]
    fn problems_are_told_by_file_line_and_column() {
        let mut problems = Problems::default();
        problems.error(place("b.yaml", 1, 1), "last");
        problems.warning(place("a.yaml", 12, 5), "second");
        problems.error(place("a.yaml", 2, 40), "first");
        problems.error(place("a.yaml", 2, 40), "first");
        let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            [
                "a.yaml:2:40: error: first",
                "a.yaml:12:5: warning: second",
                "b.yaml:1:1: error: last"
            ]
        );
    }

    #[test]
    fn a_text_without_a_file_is_told_by_line_and_column() {
        let mut problems = Problems::default();
        problems.warning(place("", 3, 7), "odd");
        let told: Vec<String> = problems.iter().map(Problem::without_severity).collect();
        assert_eq!(told, ["line 3, column 7: odd"]);
    }

    #[test]
    fn strict_makes_warnings_errors() {
        let mut problems = Problems::default();
        problems.warning(place("a.yaml", 1, 1), "odd");
        assert!(!problems.has_errors());
        problems.make_strict();
        assert!(problems.has_errors());
        assert_eq!(problems.warnings().count(), 0);
    }
}
