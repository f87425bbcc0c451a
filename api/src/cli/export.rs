//! `kundig export`

use std::path::PathBuf;

use clap::Args;

use super::Failure;
use crate::config::Config;

/// Where to export to.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
The same catalog gives the same bytes, so exports can be compared and kept in version control.
Importing one into an empty catalog gives the identical catalog.

Examples:
  kundig export > catalog.yaml
  kundig export --output catalog.yaml --database postgres://kundig@db/kundig")]
pub struct ExportArgs {
    /// Write to this file instead of standard output; it is replaced only once everything is written
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

pub(super) async fn run(args: &ExportArgs, config: &Config) -> Result<(), Failure> {
    let _ = (args, config);
    Err(Failure::Refused(Vec::new()))
}
