//! The binary under test.

use std::env;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use serde_json::Value;

/// The path of `kundig`: the environment variable `KUNDIG_BIN`, or else built once with the tests' own profile.
pub fn path() -> &'static PathBuf {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    PATH.get_or_init(|| env::var_os("KUNDIG_BIN").map_or_else(build_like_the_tests, PathBuf::from))
}

/// The command `kundig`, with no settings from the environment of the tests.
pub fn kundig() -> Command {
    let mut command = Command::new(path());
    for (name, _) in env::vars_os() {
        let ours = name.to_string_lossy();
        if ours.starts_with("KUNDIG_") || ours == "DATABASE_URL" || ours == "RUST_LOG" {
            command.env_remove(&name);
        }
    }
    // No kundig.toml of whoever runs the tests is read.
    command.current_dir(crate::sandbox::Sandbox::get().directory());
    command
}

fn build_like_the_tests() -> PathBuf {
    // …/target/<profile>/deps/<test>
    let test = env::current_exe().expect("a test knows its own path");
    let mut ancestors = test.ancestors().skip(2);
    let (Some(profile), Some(target)) = (ancestors.next(), ancestors.next()) else {
        panic!(
            "{} does not lie in a target directory; set KUNDIG_BIN",
            test.display()
        );
    };
    let profile = match profile.file_name().and_then(|name| name.to_str()) {
        None | Some("debug") => "dev",
        Some(name) => name,
    };
    build(profile, Some(target.to_path_buf()))
}

/// Builds `kundig` with a profile and says where it is.
pub fn build(profile: &str, target: Option<PathBuf>) -> PathBuf {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo
        // The whole workspace, so that its dependencies have the features that the tests' build gave them already.
        .args([
            "build",
            "--workspace",
            "--bin",
            "kundig",
            "--profile",
            profile,
        ])
        .args(["--message-format", "json-render-diagnostics"])
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .stderr(Stdio::inherit());
    // What cargo tells the tests about their own package is no setting of this build; build scripts that look at it would
    // run again, and everything that depends on them would be built anew.
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            cargo.env_remove(&name);
        }
    }
    if let Some(target) = target {
        cargo.arg("--target-dir").arg(target);
    }
    let output = cargo
        .output()
        .unwrap_or_else(|error| panic!("cannot run {cargo:?}: {error}"));
    assert!(output.status.success(), "{cargo:?}: {}", output.status);
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|message| message["target"]["name"] == "kundig")
        .find_map(|message| message["executable"].as_str().map(PathBuf::from))
        .unwrap_or_else(|| panic!("{cargo:?} names no executable"))
}
