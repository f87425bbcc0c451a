//! `kundig import`

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{Failure, boot};
use crate::{
    config::Config,
    exchange::{
        command::{self, ImportOptions},
        import::Format,
    },
    server::metrics::Metrics,
    shared::write::Author,
};

/// What to import, and how.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
All or nothing: where something is wrong, every error is shown with file, line and column, nothing
is written, and the exit code is 3. A second run of the same import changes nothing.

Examples:
  kundig import catalog.yaml                     what `kundig export` wrote
  kundig import --format backstage ./services    every catalog-info.yaml below a folder
  kundig import --format backstage --dry-run .   show what would change, change nothing
  kundig import --format openslo slos.yaml       objectives of availability
  kundig import --format ics --calendar clinic-days feiertage.ics
                                                 holidays of a support calendar
  kundig import --demo                           the demo catalog")]
pub struct ImportArgs {
    /// Files, and folders that are searched for them
    #[arg(value_name = "PATH", required_unless_present = "demo")]
    pub paths: Vec<PathBuf>,
    /// What the files are written in
    #[arg(long, value_enum, default_value_t = ImportFormat::Kundig)]
    pub format: ImportFormat,
    /// The slug of the support calendar whose holidays an iCalendar file has
    #[arg(long, value_name = "SLUG", required_if_eq("format", "ics"))]
    pub calendar: Option<String>,
    /// Show what would change, and change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Refuse what would otherwise only be warned about
    #[arg(long)]
    pub strict: bool,
    /// Import the demo catalog
    #[arg(long, conflicts_with = "paths")]
    pub demo: bool,
}

/// The formats that can be imported.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ImportFormat {
    /// Kundig's own YAML
    #[default]
    Kundig,
    /// Backstage's catalog-info.yaml, with all its kinds
    Backstage,
    /// OpenSLO v1: services and service level objectives
    #[value(name = "openslo")]
    OpenSlo,
    /// iCalendar: holidays of the support calendar that --calendar names
    Ics,
}

impl ImportArgs {
    fn format(&self) -> anyhow::Result<Format> {
        let calendar = self.calendar.clone();
        anyhow::ensure!(
            calendar.is_none() || self.format == ImportFormat::Ics,
            "--calendar goes with --format ics"
        );
        Ok(match self.format {
            ImportFormat::Kundig => Format::Kundig,
            ImportFormat::Backstage => Format::Backstage,
            ImportFormat::OpenSlo => Format::OpenSlo,
            ImportFormat::Ics => Format::Ics {
                calendar: calendar.unwrap_or_default(),
            },
        })
    }
}

pub(super) async fn run(args: &ImportArgs, config: &Config) -> Result<(), Failure> {
    let format = args.format()?;
    let replica = boot::replica(config, &Metrics::default()).await?;
    let options = ImportOptions {
        paths: args.paths.clone(),
        format,
        dry_run: args.dry_run,
        strict: args.strict,
    };
    let author = Author::program("kundig import");
    let (mut out, mut log) = (std::io::stdout(), std::io::stderr());
    let result = command::import(&options, &replica, &author, &mut out, &mut log).await;
    replica.database().clone().close().await;
    match result? {
        Ok(_) => Ok(()),
        Err(refused) => Err(Failure::Refused(vec![refused.to_string()])),
    }
}
