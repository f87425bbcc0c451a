//! The command line.

mod boot;
pub mod export;
mod failure;
pub mod import;
mod migrate;
mod serve;
mod token;

use std::{io::Write, process::ExitCode};

use anyhow::Context;
use clap::{Parser, Subcommand};

pub use self::failure::Failure;
use self::{export::ExportArgs, import::ImportArgs, serve::ServeArgs, token::TokenArgs};
use crate::{
    config::{Config, Flags},
    schema,
    server::logging,
    shared::tls,
};

/// A service catalog that knows its customers, served as a GraphQL API.
#[derive(Debug, Parser)]
#[command(
    name = "kundig",
    version,
    max_term_width = 100,
    subcommand_required = true,
    arg_required_else_help = true
)]
#[command(after_help = "\
Try it:
  kundig serve --demo                       a catalog with a story in it, at http://127.0.0.1:8080
  kundig token --scope admin                a token to ask it with
  kundig import --format backstage ./repo   what a company already describes for Backstage
  kundig export --output catalog.yaml       everything, in Kundig's own format

Settings come from flags, then KUNDIG_* variables (KUNDIG_LISTEN, KUNDIG_DATABASE, …, KUNDIG_CONFIG
for the file; also DATABASE_URL), then kundig.toml (keys: listen, database, …; and [[issuers]], whose
tokens are accepted).

Exit codes:
  0  done
  1  failed: the database cannot be reached, the port is taken, …
  2  the command line or a setting is wrong
  3  the input of an import was refused; nothing was written")]
struct Cli {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    flags: Flags,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the catalog over HTTP
    Serve(ServeArgs),
    /// Bring the database's schema up to date
    #[command(after_help = "\
`kundig serve` and `kundig import` do this on their own unless --no-migrate is given. Running it
twice, or on several machines at once, does no harm.

Example:
  kundig migrate --database postgres://kundig@db/kundig")]
    Migrate,
    /// Read descriptions of services, people and more into the catalog
    Import(ImportArgs),
    /// Write the whole catalog as YAML that `kundig import` reads
    Export(ExportArgs),
    /// Make a token for development
    Token(TokenArgs),
    /// Print the GraphQL schema
    #[command(after_help = "\
Example:
  kundig schema > schema.graphql   for code generators and editors")]
    Schema,
}

/// The stack of a worker thread, bytes. The roots' parts are asked for a field one inside the other, which takes more than the
/// usual 2 MiB without optimisation.
const STACK: usize = 8 * 1024 * 1024;

/// Runs what the process was called with and says how it went.
pub fn main() -> ExitCode {
    // Clap prints usage errors itself and exits with 2, the code that ours have as well.
    let cli = Cli::parse();
    match run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            failure.print(&mut std::io::stderr().lock());
            failure.exit_code()
        }
    }
}

fn run(cli: Cli) -> Result<(), Failure> {
    if matches!(cli.command, Command::Schema) {
        return print(&schema::sdl());
    }
    let config = Config::load(&cli.flags).map_err(Failure::Settings)?;
    logging::start(&config.log, config.log_format)?;
    tls::choose_provider();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_stack_size(STACK)
        .build()
        .context("cannot start worker threads")?;
    runtime.block_on(async {
        match cli.command {
            Command::Serve(args) => serve::run(&args, &config).await,
            Command::Migrate => migrate::run(&config).await,
            Command::Import(args) => import::run(&args, &config).await,
            Command::Export(args) => export::run(&args, &config).await,
            Command::Token(args) => token::run(&args, &config),
            Command::Schema => Ok(()),
        }
    })
}

/// Prints a command's result. A reader that has seen enough, as `head` does, is no failure.
fn print(text: &str) -> Result<(), Failure> {
    match std::io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(Failure::Failed(
            anyhow::Error::new(error).context("cannot write to standard output"),
        )),
        _ => Ok(()),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use clap::{CommandFactory, error::ErrorKind};

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn settings_may_stand_before_and_after_the_command() {
        for line in [
            ["kundig", "--listen", "127.0.0.1:1", "serve"],
            ["kundig", "serve", "--listen", "127.0.0.1:1"],
        ] {
            let cli = Cli::try_parse_from(line).unwrap();
            assert_eq!(cli.flags.listen.as_deref(), Some("127.0.0.1:1"));
        }
    }

    #[test]
    fn an_import_takes_paths_or_the_demo_but_not_neither() {
        assert!(Cli::try_parse_from(["kundig", "import", "a.yaml", "folder"]).is_ok());
        assert!(Cli::try_parse_from(["kundig", "import", "--demo"]).is_ok());
        let error = Cli::try_parse_from(["kundig", "import"]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::MissingRequiredArgument);
        let error = Cli::try_parse_from(["kundig", "import", "--demo", "a.yaml"]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ArgumentConflict);
        assert_eq!(error.exit_code(), 2);
    }
}
