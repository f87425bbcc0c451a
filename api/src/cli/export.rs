//! `kundig export`

use std::path::PathBuf;

use clap::Args;

use super::{Failure, boot};
use crate::{config::Config, exchange::command, server::metrics::Metrics};

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
    // Reading changes nothing, so the schema is as it is or it is an error.
    let config = Config {
        migrate: false,
        ..config.clone()
    };
    let replica = boot::replica(&config, &Metrics::default()).await?;
    let catalog = replica.current();
    replica.database().clone().close().await;
    command::export(&catalog, args.output.as_deref(), &mut std::io::stdout())?;
    Ok(())
}
