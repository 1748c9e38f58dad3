//! `cargo xtask bench`: measures, and holds the results against their bars. A miss is shown, not
//! hidden; only what could not be measured is an error.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::json;

use crate::bars::{self, Line};
use crate::command;
use crate::error::Error;
use crate::packages::{self, Purpose};
use crate::peers;
use crate::programs::{self, Server};
use crate::quality;
use crate::report::Report;
use crate::server_bench;
use crate::window_start;
use crate::workspace;

/// What to measure.
#[derive(Debug, Clone, clap::Subcommand)]
pub(crate) enum What {
    /// A call of 1280x720 at 30 frames a second between two clients on this machine, and the
    /// start of a window.
    Call,
    /// The signaling server beside a Node one of the classic kind: memory, processor time, latency.
    Server,
    /// Calls over bad networks, emulated: how they come about, freezes, concealed audio, delay,
    /// queues. Takes a quarter of an hour for all.
    Network {
        /// Which: clean, loss-2, loss-10, bursts, jitter, drop, narrow, megabit, files, files-wide,
        /// loss-30, blackout, address. All without.
        scenarios: Vec<String>,
    },
    /// Calls with Chromium in network namespaces, and the statistics of both (Linux, as root).
    Chromium {
        /// Which: clean, loss-5, narrow. All without.
        scenarios: Vec<String>,
    },
    /// What the window costs: its thread for each video frame, processor when idle, in a call and
    /// minimised, memory, start, stalls, glass to glass on the screen (Linux, under Xvfb).
    Window,
    /// What a hostile peer costs the app in memory and processor time, against the bars (Linux).
    Hostile,
    /// Picture and speech over narrow and lossy links, ours and Chromium's, both to the app
    /// (Linux). Takes an hour for all.
    Quality {
        /// Which: picture or speech; carphone, bikes, bunny; links in kbit/s; clean or loss; ours
        /// or chromium; with speech also loss-2, loss-10, loss-30, bursts, jitter; how long a call
        /// is, as in 12s. All without.
        what: Vec<String>,
    },
    /// A shared screen: rate, delay, processor; and how fast files go; beside two pages in
    /// Chromium (Linux, under Xvfb).
    Share {
        /// What: still, scrolling, film, camera, files. All without.
        what: Vec<String>,
    },
}

/// How long the call lasts.
const DURATION: Duration = Duration::from_secs(20);

/// Runs a benchmark and prints its figures beside their bars.
pub(crate) fn run(what: &What) -> Result<(), Error> {
    match what {
        What::Call => call(),
        What::Server => server_bench::run(),
        What::Network { scenarios } => network(scenarios),
        What::Chromium { scenarios } => chromium(scenarios),
        What::Window => window(),
        What::Hostile => hostile(),
        What::Quality { what } => quality(what),
        What::Share { what } => share(what),
    }
}

fn call() -> Result<(), Error> {
    packages::ensure(&[Purpose::Build, Purpose::Window, Purpose::Display])?;
    let built = workspace::build_release()?;
    let folder = workspace::target_dir()?.join("bench");
    std::fs::create_dir_all(&folder)
        .map_err(Error::file(format!("making {}", folder.display())))?;
    let report = |name: &str| folder.join(format!("{name}.json"));
    let scratch = tempfile::tempdir().map_err(Error::file("making a temporary folder"))?;

    println!("Measuring a call of {} s; leave the machine to it.", DURATION.as_secs());
    let window_start = programs::runtime()?.block_on(async {
        let measure = async {
            let server = Server::start(&built.server).await?;
            let side =
                |name: &str| arguments(server.url(), &scratch.path().join(name), &report(name));
            let limit = DURATION + Duration::from_secs(45);
            programs::call_without_windows(&built.visavis, &side("alice"), &side("bob"), limit)
                .await?;
            window_start::median(&built.visavis, server.url()).await
        };
        tokio::select! {
            outcome = measure => outcome,
            () = programs::interrupted() => Err(Error::Call("interrupted".into())),
        }
    })?;

    let (alice, bob) = (Report::read(&report("alice"))?, Report::read(&report("bob"))?);
    let mut lines = vec![Line::window_start(window_start)];
    lines.extend(bars::judge(&alice, &bob));
    let file = folder.join("call.json");
    let result =
        json!({ "lines": bars::as_json(&lines), "alice": alice.json(), "bob": bob.json() });
    std::fs::write(&file, format!("{result:#}\n"))
        .map_err(Error::file(format!("writing {}", file.display())))?;

    println!(
        "\n{}\nalice calls, bob answers. The same as JSON: {}",
        bars::in_words(&lines),
        file.display()
    );
    let missing = bars::not_measured(&lines);
    if missing.is_empty() { Ok(()) } else { Err(Error::NotMeasured(missing)) }
}

/// A program of the tests that measures; its arguments follow.
fn program(name: &str) -> Command {
    let mut cargo = workspace::cargo();
    cargo.args(["run", "--release", "--package", "visavis-tests", "--bin", name, "--"]);
    cargo
}

/// Runs the program that puts an emulated network between two clients; it prints and writes what it
/// finds.
fn network(scenarios: &[String]) -> Result<(), Error> {
    packages::ensure(&[Purpose::Build])?;
    let folder = workspace::target_dir()?.join("bench");
    command::run(program("network-bench").arg(&folder).args(scenarios))?;
    println!("Plots and reports are in {}.", folder.display());
    Ok(())
}

/// Runs the program that calls from Chromium, with the programs that people get beside it.
fn chromium(scenarios: &[String]) -> Result<(), Error> {
    packages::ensure(&[Purpose::Build, Purpose::Test, Purpose::Browser])?;
    workspace::build_release()?;
    let folder = workspace::target_dir()?.join("bench");
    command::run(program("chromium-bench").arg(&folder).args(scenarios))?;
    println!("All results are in {}.", folder.display());
    Ok(())
}

/// Runs the program that measures real windows, with the programs that people get beside it.
fn window() -> Result<(), Error> {
    packages::ensure(&[Purpose::Build, Purpose::Window, Purpose::Display, Purpose::Test])?;
    workspace::build_release()?;
    let folder = workspace::target_dir()?.join("bench");
    std::fs::create_dir_all(&folder)
        .map_err(Error::file(format!("making {}", folder.display())))?;
    command::run(program("window-bench").arg(folder.join("window.json")))
}

/// Runs the program that shows a screen and sends files, with the programs that people get beside
/// it.
fn share(what: &[String]) -> Result<(), Error> {
    packages::ensure(&[
        Purpose::Build,
        Purpose::Window,
        Purpose::Display,
        Purpose::Test,
        Purpose::Browser,
    ])?;
    workspace::build_release()?;
    let folder = workspace::target_dir()?.join("bench");
    command::run(program("share-bench").arg(folder).args(what))
}

/// Runs the program that holds what is shown and heard against what was sent.
fn quality(what: &[String]) -> Result<(), Error> {
    packages::ensure(&[
        Purpose::Build,
        Purpose::Browser,
        Purpose::Ffmpeg,
        Purpose::Python,
        Purpose::Speech,
    ])?;
    quality::ensure()?;
    let folder = workspace::target_dir()?.join("bench");
    command::run(program("quality-bench").arg(&folder).args(what))?;
    println!("Plots and results are in {}.", folder.display());
    Ok(())
}

/// Runs the program that floods the app from aiortc, with the programs that people get beside it.
fn hostile() -> Result<(), Error> {
    packages::ensure(&[Purpose::Build, Purpose::Test])?;
    peers::ensure()?;
    workspace::build_release()?;
    command::run(&mut program("hostile-bench"))
}

/// The arguments of either side.
fn arguments(server: &str, data: &Path, report: &Path) -> Vec<String> {
    let duration = format!("{}s", DURATION.as_secs());
    let (data, report) = (data.display().to_string(), report.display().to_string());
    let pairs = [
        ["--server", server],
        ["--camera", "pattern"],
        ["--microphone", "tone"],
        ["--speaker", "none"],
        ["--video-size", "1280x720"],
        ["--fps", "30"],
        ["--duration", &duration],
        ["--data-dir", &data],
        ["--report", &report],
    ];
    pairs.concat().into_iter().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_call_is_the_one_that_the_bars_are_for() {
        let line =
            arguments("ws://127.0.0.1:9090", Path::new("data"), Path::new("report.json")).join(" ");
        for option in [
            "--video-size 1280x720",
            "--fps 30",
            "--duration 20s",
            "--camera pattern",
            "--speaker none",
        ] {
            assert!(line.contains(option), "{option} in {line}");
        }
    }
}
