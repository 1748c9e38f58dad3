//! Calls over bad networks: two clients without windows, one emulated network after the other, and
//! what became of them.
//!
//! `cargo xtask bench network` builds and runs it. For each scenario it writes a plot (SVG) and
//! both reports (JSON), and at the end a table of every measured value beside its bar. A miss is
//! shown, not hidden.
#![expect(clippy::print_stdout, reason = "it is a program that prints")]

mod call;
mod judge;
mod plot;
mod scenario;
mod set_up;
mod statistics;

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::json;
use visavis_tests::bars::Line;
use visavis_tests::voice;

use scenario::Scenario;
use set_up::Clock;
use visavis_simulation::Named;

/// How the program is called: `network-bench FOLDER [SCENARIO…]`.
struct Arguments {
    folder: PathBuf,
    set_ups: Vec<(Named, Clock)>,
    scenarios: Vec<Scenario>,
}

fn arguments() -> Result<Arguments, String> {
    let mut words = std::env::args().skip(1);
    let folder = words.next().ok_or(
        "write the folder for plots and reports, and the scenarios to run or none for all",
    )?;
    let wanted: Vec<String> = words.collect();
    let (set_ups, known) = (visavis_simulation::scenarios(), scenario::all());
    let names: Vec<_> = set_ups
        .iter()
        .map(|named| named.name)
        .chain(known.iter().map(|scenario| scenario.name))
        .collect();
    if let Some(unknown) = wanted.iter().find(|name| !names.contains(&name.as_str())) {
        return Err(format!("there is no scenario {unknown}; there are {}", names.join(", ")));
    }
    let is_wanted = |name: &str| wanted.is_empty() || wanted.iter().any(|wanted| wanted == name);
    let clocks = |named: Named| {
        // An ICE restart is simulated; what it is like for two apps, `address` and `blackout` show.
        let real = (!named.scenario.restart).then(|| (named.clone(), Clock::Real));
        std::iter::once((named, Clock::Virtual)).chain(real)
    };
    Ok(Arguments {
        folder: folder.into(),
        set_ups: set_ups
            .into_iter()
            .filter(|named| is_wanted(named.name))
            .flat_map(clocks)
            .collect(),
        scenarios: known.into_iter().filter(|scenario| is_wanted(scenario.name)).collect(),
    })
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments = arguments()?;
    std::fs::create_dir_all(&arguments.folder)?;
    let speech = arguments.folder.join("speech.wav");
    voice::record(&speech, Duration::from_secs(40))?;
    let mut lines = Vec::new();
    for (named, clock) in &arguments.set_ups {
        let outcome = set_up::run(named, *clock).await?;
        let time = if *clock == Clock::Virtual { "virtual" } else { "real" };
        println!("{}: {}, {} calls in {time} time", named.name, named.title, outcome.calls);
        if !outcome.failed.is_empty() {
            println!("  not connected, or without video on one side: seeds {:?}", outcome.failed);
        }
        let judged = judge::judge_set_ups(named, &outcome);
        for line in &judged {
            println!("  {line}");
        }
        let json = json!({
            "scenario": named.name,
            "title": named.title,
            "clock": time,
            "calls": outcome.calls,
            "failed_seeds": outcome.failed,
            "bars": judged.iter().map(Line::json).collect::<Vec<_>>(),
        });
        let file = arguments.folder.join(format!("network-{}-{time}.json", named.name));
        std::fs::write(file, format!("{json:#}\n"))?;
        lines.extend(judged);
    }
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
    lines: &[Line],
) -> Result<(), Box<dyn std::error::Error>> {
    let file = |ending: &str| folder.join(format!("network-{}.{ending}", scenario.name));
    std::fs::write(file("svg"), plot::draw(scenario, outcome))?;
    let json = json!({
        "scenario": scenario.name,
        "title": scenario.title,
        "bars": lines.iter().map(Line::json).collect::<Vec<_>>(),
        "alice": outcome.alice.report,
        "bob": outcome.bob.report,
    });
    std::fs::write(file("json"), format!("{json:#}\n"))?;
    Ok(())
}
