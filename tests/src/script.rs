//! What the tests have in JavaScript.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use crate::SETUP_HINT;

/// The command that runs `tests/conformance/<name>` with Node. Panics where its packages are missing.
pub(crate) fn command(name: &str) -> Command {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("conformance");
    assert!(
        directory.join("node_modules").is_dir(),
        "the npm packages of tests/conformance are missing: {SETUP_HINT}"
    );
    let mut command = Command::new("node");
    command.arg(directory.join(name));
    command
}

/// Runs `tests/conformance/<name>` with Node and panics with its output if it fails.
pub fn run(name: &str, arguments: &[&str]) {
    finish(command(name).args(arguments));
}

/// Runs a script of the npm package in a directory of the workspace, and panics with its output if it fails.
pub fn run_npm(directory: &str, script: &str) {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .join(directory);
    assert!(
        package.join("node_modules").is_dir(),
        "the npm packages of {directory} are missing: {SETUP_HINT}"
    );
    let mut npm = Command::new("npm");
    finish(npm.args(["run", "--silent", script]).current_dir(package));
}

fn finish(command: &mut Command) {
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("cannot run {command:?}: {error}. {SETUP_HINT}"));
    assert!(
        output.status.success(),
        "{command:?}: {}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
}

/// Like [`run`], for a script that drives Chromium: the variable `CHROMIUM`, or else the one that is installed.
pub fn run_in_browser(name: &str, arguments: &[&str]) {
    let browser =
        env::var_os("CHROMIUM").map_or_else(|| PathBuf::from("/usr/bin/chromium"), PathBuf::from);
    assert!(
        fs::exists(&browser).unwrap_or_default(),
        "Chromium was not found at {}: {SETUP_HINT}",
        browser.display()
    );
    run(name, arguments);
}
