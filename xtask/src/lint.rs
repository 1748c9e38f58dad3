//! `cargo xtask lint`: format, clippy, documentation, dependencies; each finding is an error.
//!
//! rustfmt breaks code at the width that `rustfmt.toml` names, but not comments: their lines are
//! counted here.

use std::process::Command;

use crate::command;
use crate::error::Error;
use crate::packages::{self, Purpose};
use crate::tools;
use crate::workspace::{self, CAMERA_VM_FEATURES, TEST_FEATURES};

/// The most characters of a line, as in `rustfmt.toml`.
const WIDTH: usize = 100;

/// Runs every check, the quick ones first.
pub(crate) fn run() -> Result<(), Error> {
    command::run(workspace::cargo().args(["fmt", "--all", "--", "--check"]))?;
    check_width_of_comments()?;

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
    // The server as it is in the app and in the demo, which nothing else here compiles.
    command::run(workspace::cargo().args(ALONE))?;
    check_other_systems()?;
    command::run(
        workspace::cargo()
            .args(["doc", "--workspace", "--no-deps", "--features", TEST_FEATURES])
            .env("RUSTDOCFLAGS", "-D warnings"),
    )
}

/// Comments are no wider than code. Only files that git knows, or would take, are read.
fn check_width_of_comments() -> Result<(), Error> {
    let mut git = Command::new("git");
    git.current_dir(workspace::root());
    git.args(["ls-files", "--cached", "--others", "--exclude-standard", "-z", "--", "*.rs"]);
    let mut wide = Vec::new();
    for path in command::output_of(&mut git)?.split_terminator('\0') {
        // One that was deleted is still in git's list.
        let Ok(text) = std::fs::read_to_string(workspace::root().join(path)) else { continue };
        wide.extend(wide_comments(&text).map(|number| format!("{path}:{number}")));
    }
    if wide.is_empty() { Ok(()) } else { Err(Error::WideComments(wide.join("\n"), WIDTH)) }
}

/// The numbers of the lines that hold a comment alone and are too wide. A table's row and an
/// address can't be broken.
fn wide_comments(text: &str) -> impl Iterator<Item = usize> {
    let numbered = text.lines().zip(1..);
    numbered.filter(|(line, _)| is_wide_comment(line)).map(|(_, number)| number)
}

fn is_wide_comment(line: &str) -> bool {
    let comment = line.trim_start();
    comment.starts_with("//")
        && line.chars().count() > WIDTH
        && !comment.trim_start_matches(['/', '!', ' ']).starts_with('|')
        && !comment.contains("://")
}

/// What people use beside Linux.
const OTHER_SYSTEMS: [&str; 3] =
    ["x86_64-pc-windows-msvc", "aarch64-apple-darwin", "x86_64-apple-darwin"];
/// Crates that are checked without a compiler for C on those systems.
const WITHOUT_C: [&str; 4] = ["visavis-shared", "visavis-about", "visavis-rpm", "xtask"];

/// Type-checks for each other system whose standard library is here, and names the others.
fn check_other_systems() -> Result<(), Error> {
    let (here, not_here): (Vec<_>, Vec<_>) =
        OTHER_SYSTEMS.into_iter().partition(|target| has_standard_library(target));
    for target in here {
        let packages = WITHOUT_C.iter().flat_map(|name| ["--package", name]);
        command::run(workspace::cargo().args(["check", "--target", target]).args(packages))?;
    }
    if !not_here.is_empty() {
        let names = not_here.join(", ");
        println!("Not type-checked: {names} (`rustup target add` brings a standard library).");
    }
    Ok(())
}

fn has_standard_library(target: &str) -> bool {
    let mut rustc = Command::new("rustc");
    rustc.current_dir(workspace::root()).args(["--print", "target-libdir", "--target", target]);
    command::output_of(&mut rustc).is_ok_and(|folder| std::path::Path::new(folder.trim()).is_dir())
}

/// The lints of a server that is always on its own.
const ALONE: [&str; 9] = [
    "clippy",
    "--package",
    "visavis-signal-server",
    "--lib",
    "--bins",
    "--no-default-features",
    "--",
    "-D",
    "warnings",
];

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_comments_that_could_be_broken_are_too_wide() {
        let long = "word ".repeat(30);
        let wide = format!(
            "// {long}\nlet code = \"{long}\"; // {long}\n    /// {long}\n//! | {long} |\n// https://{long}\n// short"
        );
        assert_eq!(wide_comments(&wide).collect::<Vec<_>>(), [1, 3]);
        // Characters count, not bytes.
        assert!(!is_wide_comment(&format!("// {}", "ä".repeat(WIDTH - 3))));
        assert!(is_wide_comment(&format!("// {}", "ä".repeat(WIDTH - 2))));
    }
}
