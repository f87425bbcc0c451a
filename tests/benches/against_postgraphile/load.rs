//! The load generator, `wrk`.

use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, ensure};

use crate::Target;

/// How many requests are under way at any time.
const CONNECTIONS: u32 = 16;

/// Fails early, with what to do, where `wrk` is missing.
pub(crate) fn check() -> anyhow::Result<()> {
    Command::new("wrk")
        .arg("--version")
        .output()
        .context("cannot run wrk, the load generator: apt-get install wrk")?;
    Ok(())
}

/// Requests that the server answers per second.
pub(crate) fn requests_per_second(target: &Target, duration: Duration) -> anyhow::Result<f64> {
    let output = Command::new("wrk")
        .args(["--threads", "1", "--connections", &CONNECTIONS.to_string()])
        .args(["--duration", &format!("{}s", duration.as_secs())])
        .args([
            "--script",
            concat!(env!("CARGO_MANIFEST_DIR"), "/bench/post.lua"),
        ])
        .arg(&target.url)
        .env("BODY", target.flavour.body())
        .envs(target.token.as_ref().map(|token| ("TOKEN", token)))
        .output()?;
    let report = String::from_utf8_lossy(&output.stdout);
    let refused = report.contains("Non-2xx") || report.contains("Socket errors");
    ensure!(
        output.status.success() && !refused,
        "{}: wrk reports\n{report}",
        target.name
    );
    let rate = report
        .lines()
        .find_map(|line| line.strip_prefix("Requests/sec:"));
    rate.context("wrk reports no rate")?
        .trim()
        .parse()
        .context("wrk's rate is no number")
}
