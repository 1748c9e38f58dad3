//! `cargo xtask lint`: format, clippy, documentation, dependencies; each finding is an error.

use crate::command;
use crate::error::Error;
use crate::packages::{self, Purpose};
use crate::tools;
use crate::workspace::{self, CAMERA_VM_FEATURES, TEST_FEATURES};

/// Runs every check, the quick ones first.
pub(crate) fn run() -> Result<(), Error> {
    command::run(workspace::cargo().args(["fmt", "--all", "--", "--check"]))?;

    tools::ensure(tools::DENY)?;
    command::run(workspace::cargo().args([
        "deny",
        "--workspace",
        "check",
        "bans",
        "licenses",
        "sources",
    ]))?;
    check_advisories()?;

    packages::ensure(&[Purpose::Build])?;
    // With the tests that only run in the virtual machine: they must not rot.
    command::run(workspace::cargo().args(clippy_arguments(CAMERA_VM_FEATURES)))?;
    command::run(
        workspace::cargo()
            .args(["doc", "--workspace", "--no-deps", "--features", TEST_FEATURES])
            .env("RUSTDOCFLAGS", "-D warnings"),
    )
}

fn clippy_arguments(features: &str) -> [&str; 8] {
    ["clippy", "--workspace", "--all-targets", "--features", features, "--", "-D", "warnings"]
}

/// The list of known vulnerabilities lives on GitHub: without it the other checks still count, and
/// we say so.
fn check_advisories() -> Result<(), Error> {
    if !command::succeeds(workspace::cargo().args(["deny", "fetch", "db"])) {
        println!(
            "Not checked: known vulnerabilities (the advisory database on github.com could not be fetched)."
        );
        return Ok(());
    }
    command::run(workspace::cargo().args([
        "deny",
        "--workspace",
        "check",
        "--disable-fetch",
        "advisories",
    ]))
}
