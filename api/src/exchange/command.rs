//! Import and export on the command line.

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::Context;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::{
    diagnostics::{Problems, Severity},
    import::{Format, Imported, Reading},
    kundig,
    plan::Summary,
};
use crate::{
    demand::access::Visible,
    shared::write::Author,
    snapshot::{Catalog, Replica},
};

/// What to import, and how.
#[derive(Clone, Debug)]
pub struct ImportOptions {
    /// Files and folders; empty: the demo.
    pub paths: Vec<PathBuf>,
    /// What they are written in.
    pub format: Format,
    /// Show what would change, and change nothing.
    pub dry_run: bool,
    /// Warnings count as errors.
    pub strict: bool,
}

/// Nothing was imported, because of so many errors that are told already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}; nothing was imported", counted(*errors, "error"))]
pub struct Refused {
    /// How many.
    pub errors: usize,
}

/// Imports and reports: what a dry run would change goes to `out`, problems and the summary to `log`.
///
/// # Errors
/// When the database fails or `out` cannot be written. The inner error says that the documents were refused.
pub async fn import(
    options: &ImportOptions,
    replica: &Replica,
    author: &Author,
    out: &mut (impl Write + Send),
    log: &mut (impl Write + Send),
) -> anyhow::Result<Result<Summary, Refused>> {
    let (imported, changes) = run(options, replica, author).await?;
    tell(&imported.problems, log)?;
    let errors = imported.problems.errors().count();
    if errors > 0 {
        return Ok(Err(Refused { errors }));
    }
    if let Some(changes) = changes {
        out.write_all(changes.as_bytes())?;
    }
    writeln!(log, "{}", closing(&imported, options.dry_run))?;
    Ok(Ok(imported.summary))
}

/// Reads, then commits or only tries; the second value says what a dry run would change.
async fn run(
    options: &ImportOptions,
    replica: &Replica,
    author: &Author,
) -> anyhow::Result<(Imported, Option<String>)> {
    let (paths, format) = (options.paths.clone(), options.format.clone());
    let bar = tokio::task::spawn_blocking(move || {
        let mut progress = Progress::new();
        let reading = if paths.is_empty() {
            Reading::of_demo()
        } else {
            Reading::of_paths(format, &paths, |read, known| progress.files(read, known))
        };
        (progress, reading)
    });
    let (mut progress, mut reading) = bar.await.context("reading was interrupted")?;
    let database = &replica.database().read;
    let found = reading.find_demands(database, &Visible::All).await;
    found.context("cannot read the demands that the import names")?;
    progress.phase(if options.dry_run {
        "planning"
    } else {
        "writing"
    });
    let result = if options.dry_run {
        let (imported, changes) = reading.try_on(&replica.current(), options.strict);
        (imported, Some(changes))
    } else {
        let imported = reading
            .commit(replica, author, options.strict)
            .await
            .context("cannot write the import")?;
        (imported, None)
    };
    progress.finish();
    Ok(result)
}

/// Writes the catalog as YAML, to a file or to `out`. A file is replaced only once everything is written.
///
/// # Errors
/// When the file or `out` cannot be written.
pub fn export(catalog: &Catalog, file: Option<&Path>, out: &mut impl Write) -> anyhow::Result<()> {
    let text = kundig::export(catalog).context("cannot write the catalog as YAML")?;
    let Some(file) = file else {
        return match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            // A reader that has seen enough, as `head` does, is no failure.
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                Err(anyhow::Error::new(error).context("cannot write to standard output"))
            }
            _ => Ok(()),
        };
    };
    replace(file, &text).with_context(|| format!("cannot write {}", file.display()))
}

/// Puts a file in place of another, in one step.
fn replace(file: &Path, text: &str) -> io::Result<()> {
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.tmp", std::process::id()));
    let beside = file.with_file_name(name);
    let written = std::fs::write(&beside, text).and_then(|()| std::fs::rename(&beside, file));
    if written.is_err() {
        // What is half written is of no use to anybody.
        let _: io::Result<()> = std::fs::remove_file(&beside);
    }
    written
}

fn tell(problems: &Problems, log: &mut impl Write) -> io::Result<()> {
    problems
        .iter()
        .try_for_each(|problem| writeln!(log, "{problem}"))
}

/// The summary at the end, in one line.
fn closing(imported: &Imported, dry_run: bool) -> String {
    let Summary {
        created,
        updated,
        unchanged,
    } = imported.summary;
    let warnings = imported
        .problems
        .iter()
        .filter(|problem| problem.severity == Severity::Warning)
        .count();
    let would = if dry_run { "would be " } else { "" };
    let mut text =
        format!("{created} {would}created, {updated} {would}updated, {unchanged} unchanged");
    if warnings > 0 {
        text.push_str(", ");
        text.push_str(&counted(warnings, "warning"));
    }
    if dry_run {
        text.push_str("; nothing was written");
    }
    text
}

fn counted(number: usize, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {what}{plural}")
}

/// A progress bar that appears only where a terminal waits for longer than a moment.
struct Progress {
    bar: ProgressBar,
    since: Instant,
}

impl Progress {
    const MOMENT: Duration = Duration::from_millis(700);

    fn new() -> Self {
        let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::hidden());
        Self {
            bar,
            since: Instant::now(),
        }
    }

    fn files(&mut self, read: usize, known: usize) {
        self.bar.set_length(known as u64);
        self.bar.set_position(read as u64);
        if self.appear() {
            self.style("reading {wide_bar} {pos}/{len} files");
        }
    }

    fn phase(&mut self, what: &'static str) {
        self.bar.set_message(what);
        self.style("{spinner} {msg} {elapsed}");
        self.bar.set_draw_target(ProgressDrawTarget::stderr());
        self.bar.enable_steady_tick(Duration::from_millis(100));
    }

    /// Whether it has just become time to be seen.
    fn appear(&mut self) -> bool {
        let time = self.bar.is_hidden() && self.since.elapsed() > Self::MOMENT;
        if time {
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        time
    }

    fn style(&self, template: &str) {
        if let Ok(style) = ProgressStyle::with_template(template) {
            self.bar.set_style(style);
        }
    }

    fn finish(self) {
        self.bar.finish_and_clear();
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop where it stands")]
mod tests {
    use super::*;
    use crate::exchange::diagnostics::{Mark, Place};

    fn imported(warnings: usize) -> Imported {
        let mut problems = Problems::default();
        for column in 1..=warnings {
            let mark = Mark { line: 1, column };
            problems.warning(Place::new(&"a.yaml".into(), mark), "odd");
        }
        let summary = Summary {
            created: 3,
            updated: 1,
            unchanged: 0,
        };
        Imported { summary, problems }
    }

    #[test]
    fn the_summary_counts_what_happened_or_would_happen() {
        assert_eq!(
            closing(&imported(0), false),
            "3 created, 1 updated, 0 unchanged"
        );
        assert_eq!(
            closing(&imported(1), true),
            "3 would be created, 1 would be updated, 0 unchanged, 1 warning; nothing was written"
        );
    }

    #[test]
    fn an_export_replaces_a_file_and_leaves_nothing_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("catalog.yaml");
        std::fs::write(&file, "old").unwrap();
        export(&Catalog::default(), Some(&file), &mut Vec::new()).unwrap();
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn an_export_that_cannot_be_written_says_where() {
        let folder = tempfile::tempdir().unwrap();
        let nowhere = folder.path().join("none/catalog.yaml");
        let error = export(&Catalog::default(), Some(&nowhere), &mut Vec::new()).unwrap_err();
        assert!(error.to_string().contains("none/catalog.yaml"), "{error}");
    }
}
