//! Records what a release was built from: the commit and the day.
//!
//! In: `VISAVIS_COMMIT`, else what git says of this folder; `SOURCE_DATE_EPOCH`
//! (<https://reproducible-builds.org/specs/source-date-epoch/>), else the clock. Out: what
//! `src/lib.rs` reads with `option_env!`. A development build records nothing, so that a commit
//! makes nothing be compiled again.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

#[path = "src/recorded.rs"]
mod recorded;

/// How much of a commit's hash is shown.
const DIGITS: usize = 12;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=src/recorded.rs");
    let version = std::env::var("CARGO_PKG_VERSION").unwrap_or_default();
    if std::env::var("PROFILE").as_deref() != Ok("release") {
        say("VISAVIS_VERSION_LINE", &recorded::version_line(&version, None));
        return;
    }
    println!("cargo::rerun-if-env-changed=VISAVIS_COMMIT");
    println!("cargo::rerun-if-env-changed=SOURCE_DATE_EPOCH");
    let named = std::env::var("VISAVIS_COMMIT").ok().filter(|commit| !commit.is_empty());
    let commit = named.or_else(commit_of_this_folder);
    let commit = commit.map(|text| text.chars().filter(char::is_ascii_graphic).collect::<String>());
    let day = build_time().map(recorded::day_of_unix_time);
    let line = recorded::version_line(&version, Some((commit.as_deref(), day.as_deref())));
    say("VISAVIS_VERSION_LINE", &line);
    // Both are there in a release, and empty where they are not known.
    say("VISAVIS_BUILT_FROM", commit.as_deref().unwrap_or_default());
    say("VISAVIS_BUILT_ON", day.as_deref().unwrap_or_default());
}

/// Sets a variable for the compiler.
fn say(name: &str, value: &str) {
    println!("cargo::rustc-env={name}={value}");
}

/// The commit that is checked out, when git is here and these sources are its own.
fn commit_of_this_folder() -> Option<String> {
    // Sources that lie unpacked in somebody else's repository are not of its commits.
    git(&["ls-files", "--error-unmatch", "build.rs"])?;
    // What changes with each commit, as far as it exists: git leaves some of these out.
    for file in ["logs/HEAD", "HEAD", "packed-refs"] {
        let path = PathBuf::from(git(&["rev-parse", "--git-path", file])?);
        if Path::new(&path).exists() {
            println!("cargo::rerun-if-changed={}", path.display());
        }
    }
    git(&["rev-parse", &format!("--short={DIGITS}"), "HEAD"])
}

fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}

/// Seconds since 1970. A time that can't be read is not replaced by another.
fn build_time() -> Option<i64> {
    match std::env::var("SOURCE_DATE_EPOCH") {
        Ok(seconds) if !seconds.is_empty() => seconds.parse().ok(),
        _ => {
            let since = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
            i64::try_from(since.as_secs()).ok()
        }
    }
}
