//! Calls with Chromium, each in a network namespace of its own, and the statistics of both.
//!
//! `cargo xtask bench chromium` builds and runs it. The page is one of the tests', in dialect 1;
//! the app is the program that people get. It needs Linux, root, iproute2, nftables, and Chromium
//! with its driver.
#![expect(clippy::print_stdout, reason = "it is a program that prints")]

mod cable;
mod statistics;

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::process::Command;
use visavis_tests::browser::{Browsers, Dialect, PageMedia};
use visavis_tests::programs::Program;
use visavis_tests::voice;

use cable::{ADDRESSES, Cable, End, Quality};
use statistics::Received;

type Error = Box<dyn std::error::Error>;

/// How long each call lasts, once it is connected.
const TALK: Duration = Duration::from_secs(30);
/// How long it may take to be connected, and to end.
const PATIENCE: Duration = Duration::from_secs(20);
/// Nothing else listens in a namespace that was just made.
const PORT: u16 = 9090;
/// The word that marks that we are inside already.
const INSIDE: &str = "--inside";

/// A network to call over.
struct Scenario {
    name: &'static str,
    title: &'static str,
    quality: Quality,
}

const SCENARIOS: [Scenario; 3] = [
    Scenario {
        name: "clean",
        title: "a clean cable",
        quality: Quality { rate_kbps: None, lost_percent: 0 },
    },
    Scenario {
        name: "loss-5",
        title: "5% of all packets lost",
        quality: Quality { rate_kbps: None, lost_percent: 5 },
    },
    Scenario {
        name: "narrow",
        title: "600 kbit/s with a queue of 300 ms",
        quality: Quality { rate_kbps: Some(600), lost_percent: 0 },
    },
];

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<(), Error> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.as_slice() {
        [inside, app, page, folder, scenarios @ ..] if inside == INSIDE => {
            let [app, page] = [(app, ADDRESSES[0]), (page, ADDRESSES[1])]
                .map(|(namespace, address)| End::named(namespace.clone(), address));
            for scenario in chosen(scenarios)? {
                measure(scenario, &app, &page, Path::new(folder)).await?;
            }
            Ok(())
        }
        [folder, scenarios @ ..] if !folder.starts_with('-') => {
            chosen(scenarios)?;
            go_inside(folder, scenarios).await
        }
        _ => {
            Err("write the folder for the results, and the scenarios to run or none for all".into())
        }
    }
}

/// The scenarios with these names; all without any.
fn chosen(names: &[String]) -> Result<Vec<&'static Scenario>, Error> {
    if let Some(unknown) =
        names.iter().find(|name| SCENARIOS.iter().all(|scenario| scenario.name != **name))
    {
        let known: Vec<_> = SCENARIOS.iter().map(|scenario| scenario.name).collect();
        return Err(
            format!("there is no scenario {unknown}; there are {}", known.join(", ")).into()
        );
    }
    Ok(SCENARIOS
        .iter()
        .filter(|s| names.is_empty() || names.iter().any(|name| *name == s.name))
        .collect())
}

/// Lays the cable and runs this program again at the page's end, where it can drive the browser.
async fn go_inside(folder: &str, scenarios: &[String]) -> Result<(), Error> {
    std::fs::create_dir_all(folder)?;
    let cable = Cable::lay()?;
    let mut again = Command::from(cable.page.inside(std::env::current_exe()?));
    again.args([INSIDE, cable.app.namespace(), cable.page.namespace(), folder]).args(scenarios);
    let status = again.stdin(Stdio::null()).kill_on_drop(true).status().await?;
    if status.success() { Ok(()) } else { Err(format!("the measurement failed ({status})").into()) }
}

async fn measure(scenario: &Scenario, app: &End, page: &End, folder: &Path) -> Result<(), Error> {
    println!("{}: {}, {} s", scenario.name, scenario.title, TALK.as_secs());
    for end in [app, page] {
        end.set(scenario.quality)?;
    }
    let scratch = tempfile::tempdir()?;
    let server = format!("ws://{}:{PORT}", app.address());
    let _server = start_server(app, &scratch.path().join("server")).await?;
    let report = scratch.path().join("report.json");
    let speech = scratch.path().join("speech.wav");
    voice::record(&speech, TALK + PATIENCE)?;
    let mut answering = start_app(app, &server, &report, &speech, &scratch.path().join("app"))?;
    answering
        .prints(PATIENCE, |output| output.contains("waiting for a call").then_some(()))
        .await?;

    let browsers = Browsers::start().await?.hearing(&speech);
    let caller = browsers.open(Dialect::One, PageMedia::Large, &server).await?;
    if !caller.login("chromium").await? {
        return Err("the server did not let the page in".into());
    }
    caller.call("visavis").await?;
    caller.status_until("connected", PATIENCE, |status| status.connection == "connected").await?;
    tokio::time::sleep(TALK).await;
    let stats = caller.statistics().await?;
    caller.close_call().await?;
    let finished = answering.finish(PATIENCE).await?;
    if !finished.status.success() {
        return Err(format!("the app ended with {}: {}", finished.status, finished.stderr).into());
    }
    caller.quit().await?;

    let report: Value = serde_json::from_slice(&std::fs::read(&report)?)?;
    let seconds = TALK.as_secs_f64();
    let ours = Received::by_app(&report, &stats, seconds);
    let theirs = Received::by_page(&stats, &report, seconds);
    println!("{}", statistics::table(&ours, &theirs));
    let file = folder.join(format!("chromium-{}.json", scenario.name));
    let results = json!({
        "scenario": scenario.name,
        "title": scenario.title,
        "received_by": { "visavis": ours.json(), "chromium": theirs.json() },
        "report": report,
        "get_stats": stats,
    });
    std::fs::write(file, format!("{results:#}\n"))?;
    Ok(())
}

async fn start_server(end: &End, data: &Path) -> Result<Program, Error> {
    let mut command = Command::from(end.inside(beside_us("visavis-signal-server")?));
    command.args(["--listen", &format!("{}:{PORT}", end.address())]);
    command.args(["--stun-listen", "off", "--metrics-listen", "off", "--data-dir"]).arg(data);
    let mut server = Program::spawn("the signaling server", command)?;
    server.prints(PATIENCE, |output| output.contains("listening").then_some(())).await?;
    Ok(server)
}

fn start_app(
    end: &End,
    server: &str,
    report: &Path,
    speech: &Path,
    data: &Path,
) -> Result<Program, Error> {
    let mut command = Command::from(end.inside(beside_us("visavis")?));
    command.args(["answer", "--username", "visavis", "--server", server, "--camera", "pattern"]);
    command.args(["--video-size", "1280x720", "--fps", "30", "--speaker", "none", "--report"]);
    command.arg(report).arg("--microphone").arg(format!("file:{}", speech.display()));
    command.arg("--data-dir").arg(data).args(["--timeout", "60s"]);
    Ok(Program::spawn("the app", command)?)
}

/// A program of the workspace, built beside this one.
fn beside_us(name: &str) -> Result<PathBuf, Error> {
    let program = std::env::current_exe()?.with_file_name(name);
    if program.is_file() {
        Ok(program)
    } else {
        Err(format!("{} is not built", program.display()).into())
    }
}
