//! WebSocket conformance (RFC 6455) by an independent suite: Autobahn's cases against the running
//! server.
//!
//! The suite runs on Python 2.7 alone. `cargo xtask test` installs it where there is one, and
//! leaves a note where; where there is none, this test says that it was not run.
//! `tests/autobahn/cases.py` says how an echo test judges a server that does not echo.

#![allow(clippy::unwrap_used, reason = "a test that can not go on has failed")]

mod common;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde::Deserialize;
use tokio::process::Command;
use tokio::time::timeout;

/// Most of the time the cases wait, so several go on side by side.
const PARTS: usize = 6;
/// The cases of the sections that apply.
const CASES: usize = 247;
/// Longer than the whole takes on a slow machine.
const PATIENCE: Duration = Duration::from_secs(100);

/// What came of a case, in the suite's words.
#[derive(Debug, Deserialize)]
struct Outcome {
    behavior: String,
    close: String,
    why: String,
}

#[derive(Debug, Deserialize)]
struct Results {
    cases: Vec<String>,
    outcomes: BTreeMap<String, Outcome>,
}

/// Where the suite was installed, and the Python that it was installed for.
struct Suite {
    site: PathBuf,
    python: PathBuf,
}

impl Suite {
    fn find() -> Option<Self> {
        let site = Path::new(env!("CARGO_TARGET_TMPDIR")).join("autobahn");
        let python = std::fs::read_to_string(site.join("python.txt")).ok()?;
        Some(Self { site, python: python.trim().into() })
    }

    async fn run(&self, url: &str, folder: &Path, part: usize) -> Results {
        let cases = Path::new("tests").join("autobahn").join("cases.py");
        let results = folder.join(format!("{part}.json"));
        let mut python = Command::new(&self.python);
        python.arg("-B").arg(cases).arg(&self.site).arg(url).arg(&results);
        python.args([part.to_string(), PARTS.to_string()]).stdin(Stdio::null()).kill_on_drop(true);
        let output = timeout(PATIENCE, python.output()).await.expect("an end").unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        let results =
            std::fs::read(&results).unwrap_or_else(|error| panic!("no results ({error}): {said}"));
        serde_json::from_slice(&results).unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_case_of_autobahn_that_applies_passes() {
    let Some(suite) = Suite::find() else {
        println!(
            "NOT RUN: Autobahn's WebSocket cases need Python 2.7, which is not set up for them. Where there is a \
             python2.7 with pip, cargo xtask test sets them up."
        );
        return;
    };
    let server = common::server().await;
    let (url, folder) = (server.url(), tempfile::tempdir().unwrap());
    let parts = (0..PARTS).map(|part| suite.run(&url, folder.path(), part));
    let (mut cases, mut outcomes) = (0, BTreeMap::new());
    for results in futures_util::future::join_all(parts).await {
        cases += results.cases.len();
        outcomes.extend(results.outcomes);
    }
    assert_eq!((cases, outcomes.len()), (CASES, CASES), "every case has an outcome");
    // Strict is what the RFC asks for; not strict is what it allows, and informational what it
    // leaves open.
    let passes = |outcome: &Outcome| {
        ["OK", "NON-STRICT", "INFORMATIONAL"].contains(&outcome.behavior.as_str())
            && ["OK", "INFORMATIONAL"].contains(&outcome.close.as_str())
    };
    let failed: Vec<_> = outcomes.iter().filter(|(_, outcome)| !passes(outcome)).collect();
    for (case, Outcome { behavior, close, why }) in &failed {
        println!("{case}: {behavior}, closing {close}: {why}");
    }
    assert!(failed.is_empty(), "{} cases failed", failed.len());
    let strict = outcomes.values().filter(|outcome| outcome.behavior == "OK").count();
    println!("Autobahn: {cases} cases, {strict} of them passed strictly, none failed.");
    server.shutdown().await;
}
