//! Conformance tests that are written in JavaScript.

use std::path::Path;
use std::process::Command;

use crate::SETUP_HINT;

/// Runs `tests/conformance/<name>` with Node and panics with its output if it fails.
pub fn run(name: &str, arguments: &[&str]) {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("conformance");
    assert!(
        directory.join("node_modules").is_dir(),
        "the npm packages of tests/conformance are missing: {SETUP_HINT}"
    );
    let output = Command::new("node")
        .arg(directory.join(name))
        .args(arguments)
        .output()
        .unwrap_or_else(|error| panic!("cannot run node: {error}. {SETUP_HINT}"));
    assert!(
        output.status.success(),
        "node tests/conformance/{name} {arguments:?}: {}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
}
