//! Goes through what is wanted, one call after the other, and writes what it finds.

use std::path::Path;

use serde_json::{Value, json};
use visavis_tests::bars::Line;

use crate::Fault;
use crate::call::{self, Outcome, Sender, Setting};
use crate::case::{Case, Wanted};
use crate::clip::Film;
use crate::judge::{self, Picture};
use crate::plot::{self, Drawn};
use crate::score::{self, Places};
use crate::speech;
use crate::summary::Summary;
use crate::table;

/// Where the prepared clips lie, in the folder for the results.
const CLIPS: &str = "clips";

pub(crate) async fn run(folder: &Path, wanted: &Wanted) -> Result<(), Fault> {
    std::fs::create_dir_all(folder)?;
    let folder = folder.canonicalize()?;
    let voice = folder.join("words.wav");
    speech::record(&voice)?;
    let mut pictures = Vec::new();
    for case in &wanted.cases {
        let mut film = case.clip.prepare(&folder.join(CLIPS))?;
        pictures.extend(measure(case, wanted, &mut film, &voice, &folder).await?);
    }
    let mut lines: Vec<Line> = pictures.iter().flat_map(judge::of_link).collect();
    lines.extend(judge::beside_chromium(&pictures));
    let (scores, bars) = speak(wanted, &voice, &folder).await;
    lines.extend(bars);

    if !pictures.is_empty() {
        println!("\n{}", table::of_pictures(&pictures));
    }
    if !scores.is_empty() {
        println!("\n{}", table::of_speech(&scores));
    }
    for line in &lines {
        println!("{line}");
    }
    let missed = lines.iter().filter(|line| !line.met()).count();
    println!("{} of {} bars met", lines.len() - missed, lines.len());
    let json = json!({
        "bars": lines.iter().map(Line::json).collect::<Vec<_>>(),
        "pictures": pictures.iter().map(picture_json).collect::<Vec<_>>(),
        "speech": scores.iter().map(table::Spoken::json).collect::<Vec<_>>(),
    });
    std::fs::write(folder.join("quality.json"), format!("{json:#}\n"))?;
    Ok(())
}

fn picture_json(picture: &Picture) -> Value {
    json!({
        "case": picture.case.name(),
        "sender": picture.sender.name(),
        "summary": picture.summary.as_ref().map(Summary::json),
    })
}

/// Every sender over one link.
async fn measure(
    case: &Case,
    wanted: &Wanted,
    film: &mut Film,
    voice: &Path,
    folder: &Path,
) -> Result<Vec<Picture>, Fault> {
    let (mut pictures, mut drawn) = (Vec::new(), Vec::new());
    for sender in wanted.senders.iter().copied() {
        println!("{}, {}: {}", case.name(), sender.name(), case.title());
        let setting = Setting {
            sender,
            conditions: case.conditions(),
            duration: wanted.duration,
            film: Some(film.path.clone()),
            voice: voice.to_owned(),
        };
        let outcome = match call::run(&setting).await {
            Ok(outcome) => outcome,
            Err(error) => {
                println!("  {error}");
                pictures.push(Picture { case: *case, sender, summary: None });
                continue;
            }
        };
        let places = score::compare(&outcome.seen(), film)?;
        if wanted.keep {
            let kept = folder.join(format!("quality-{}-{}.y4m", case.name(), sender.name()));
            std::fs::copy(outcome.seen(), kept)?;
        }
        let summary = Summary::of(&outcome, &places, case.rate, wanted.duration);
        println!("  {}", table::in_a_line(&summary));
        write(folder, case, sender, &outcome, &summary, &places)?;
        drawn.push(Drawn::of(sender, &outcome, &places));
        pictures.push(Picture { case: *case, sender, summary: Some(summary) });
    }
    let svg = folder.join(format!("quality-{}.svg", case.name()));
    std::fs::write(svg, plot::draw(case, &drawn, wanted.duration))?;
    Ok(pictures)
}

fn write(
    folder: &Path,
    case: &Case,
    sender: Sender,
    outcome: &Outcome,
    summary: &Summary,
    places: &Places,
) -> Result<(), Fault> {
    let places: Vec<Value> = places
        .iter()
        .map(|place| {
            place.map_or(Value::Null, |p| json!([p.number, p.stood, round(p.psnr), round(p.ssim)]))
        })
        .collect();
    let json = json!({
        "case": case.name(),
        "title": case.title(),
        "sender": sender.name(),
        "summary": summary.json(),
        "receiver_report": outcome.report,
        "sender_report": outcome.of_sender,
        "places": places,
    });
    let file = folder.join(format!("quality-{}-{}.json", case.name(), sender.name()));
    std::fs::write(file, format!("{json}\n"))?;
    Ok(())
}

fn round(value: f64) -> f64 {
    (value * 1e4).round() / 1e4
}

/// Every sender's speech over every network that is wanted.
async fn speak(wanted: &Wanted, voice: &Path, folder: &Path) -> (Vec<table::Spoken>, Vec<Line>) {
    let (mut scores, mut lines) = (Vec::new(), Vec::new());
    let keep = wanted.keep.then_some(folder);
    for network in wanted.speech.iter().copied() {
        for sender in wanted.senders.iter().copied() {
            println!("speech, {}, {}", network.name(), sender.name());
            let score = match speech::measure(network, sender, voice, keep).await {
                Ok(score) => Some(score),
                Err(error) => {
                    println!("  {error}");
                    None
                }
            };
            let spoken = table::Spoken { network, sender, score };
            println!("  {}", spoken.in_a_line());
            lines.extend(judge::of_speech(network, sender, spoken.mean()));
            scores.push(spoken);
        }
    }
    (scores, lines)
}
