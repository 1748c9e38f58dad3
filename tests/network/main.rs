//! Calls over bad networks: two clients without windows, one emulated network after the other, and what became of them.
//!
//! `cargo xtask bench network` builds and runs it. For each scenario it writes a plot (SVG) and both reports (JSON), and
//! at the end a table of every figure beside its bar. A miss is shown, not hidden.
#![expect(clippy::print_stdout, reason = "it is a program that prints")]

mod call;
mod figures;
mod judge;
mod plot;
mod scenario;
mod sight;

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::json;
use visavis_tests::voice;

use scenario::Scenario;

/// How the program is called: `network-bench FOLDER [SCENARIO…]`.
struct Arguments {
    folder: PathBuf,
    scenarios: Vec<Scenario>,
}

fn arguments() -> Result<Arguments, String> {
    let mut words = std::env::args().skip(1);
    let folder =
        words.next().ok_or("write the folder for plots and reports, and the scenarios to run or none for all")?;
    let wanted: Vec<String> = words.collect();
    let known = scenario::all();
    if let Some(unknown) = wanted.iter().find(|name| known.iter().all(|scenario| scenario.name != **name)) {
        let names: Vec<_> = known.iter().map(|scenario| scenario.name).collect();
        return Err(format!("there is no scenario {unknown}; there are {}", names.join(", ")));
    }
    let scenarios = known.into_iter().filter(|s| wanted.is_empty() || wanted.iter().any(|name| *name == s.name));
    Ok(Arguments { folder: folder.into(), scenarios: scenarios.collect() })
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments = arguments()?;
    std::fs::create_dir_all(&arguments.folder)?;
    let speech = arguments.folder.join("speech.wav");
    voice::record(&speech, Duration::from_secs(40))?;
    let mut lines = Vec::new();
    for scenario in &arguments.scenarios {
        println!("{}: {}, {} s", scenario.name, scenario.title, scenario.duration.as_secs());
        let outcome = call::run(scenario, &speech).await?;
        let judged = judge::judge(scenario, &outcome);
        for line in &judged {
            println!("  {line}");
        }
        write(&arguments.folder, scenario, &outcome, &judged)?;
        lines.extend(judged);
    }
    let missed = lines.iter().filter(|line| !line.met()).count();
    println!("{} of {} bars met", lines.len() - missed, lines.len());
    Ok(())
}

fn write(
    folder: &Path,
    scenario: &Scenario,
    outcome: &call::Outcome,
    lines: &[judge::Line],
) -> Result<(), Box<dyn std::error::Error>> {
    let file = |ending: &str| folder.join(format!("network-{}.{ending}", scenario.name));
    std::fs::write(file("svg"), plot::draw(scenario, outcome))?;
    let json = json!({
        "scenario": scenario.name,
        "title": scenario.title,
        "bars": lines.iter().map(judge::Line::json).collect::<Vec<_>>(),
        "alice": outcome.alice.report,
        "bob": outcome.bob.report,
    });
    std::fs::write(file("json"), format!("{json:#}\n"))?;
    Ok(())
}
