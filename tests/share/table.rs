//! What was measured, beside its bars.

use serde_json::{Value, json};
use visavis_tests::report::Report;

use crate::call::{FILE_BYTES, Sent, Shown, Sides};
use crate::content::Content;

/// One line of what was measured.
struct Figure {
    name: &'static str,
    value: Option<f64>,
    unit: &'static str,
    /// At most this, or at least.
    bar: Option<(bool, f64)>,
}

/// What belongs together.
pub(crate) struct Row {
    name: &'static str,
    figures: Vec<Figure>,
}

const fn figure(name: &'static str, value: Option<f64>, unit: &'static str) -> Figure {
    Figure { name, value, unit, bar: None }
}

impl Figure {
    const fn at_most(self, bar: f64) -> Self {
        Self { bar: Some((true, bar)), ..self }
    }

    const fn at_least(self, bar: f64) -> Self {
        Self { bar: Some((false, bar)), ..self }
    }

    fn verdict(&self) -> &'static str {
        match (self.value, self.bar) {
            (_, None) => "",
            (Some(value), Some((true, bar))) if value <= bar => "met",
            (Some(value), Some((false, bar))) if value >= bar => "met",
            _ => "MISSED",
        }
    }
}

fn cores(report: &Report) -> Option<f64> {
    Some(report.number("process.cpu_s")? / report.number("process.wall_s")?)
}

fn cost(sides: &Sides) -> [Figure; 2] {
    [
        figure("cores, who shows", cores(&sides.alice), ""),
        figure("cores, who sees", cores(&sides.bob), ""),
    ]
}

pub(crate) fn of_screen(what: Content, shown: &Shown) -> Row {
    let (alice, bob) = (&shown.sides.alice, &shown.sides.bob);
    let rate = figure("video after 10 s", shown.video_bps.map(|bps| bps / 1e3), "kbit/s");
    let fps = figure("frames", alice.number("video.sent.fps"), "a second");
    let mut figures = vec![
        if what == Content::Still { rate.at_most(30.0) } else { rate },
        if what == Content::Scrolling { fps.at_least(10.0) } else { fps },
        figure("lines", bob.number("video.received.height"), ""),
        figure("encoding, p50", alice.number("video.sent.encode_ms_p50"), "ms"),
    ];
    if what != Content::Still {
        for (name, place) in [
            ("screen to screen, p50", "video.received.glass_to_glass_ms.p50"),
            ("screen to screen, p95", "video.received.glass_to_glass_ms.p95"),
        ] {
            figures.push(figure(name, bob.number(place), "ms"));
        }
    }
    figures.extend(cost(&shown.sides));
    Row { name: what.name(), figures }
}

pub(crate) fn of_camera(sides: &Sides) -> Row {
    Row { name: "camera", figures: cost(sides).into() }
}

pub(crate) fn of_files(sent: &Sent) -> Row {
    let megabits = FILE_BYTES as f64 * 8.0 / 1e6 / sent.took.as_secs_f64();
    let bob = &sent.sides.bob;
    let concealed = bob.number("audio.received.concealed_ratio").map(|share| share * 100.0);
    let mut figures = vec![
        figure("each way", Some(megabits), "Mbit/s"),
        figure("concealed meanwhile", concealed, "%"),
        figure("glass to glass, p50", bob.number("video.received.glass_to_glass_ms.p50"), "ms"),
    ];
    figures.extend(cost(&sent.sides));
    Row { name: "files", figures }
}

pub(crate) fn print(rows: &[Row]) {
    for row in rows {
        for figure in &row.figures {
            let value =
                figure.value.map_or("not measured".to_owned(), |value| format!("{value:.2}"));
            let bar = figure.bar.map_or(String::new(), |(most, bar)| {
                format!("{} {bar}", if most { "at most" } else { "at least" })
            });
            println!(
                "{:<10} {:<24} {value:>12} {:<9} {bar:<14} {}",
                row.name,
                figure.name,
                figure.unit,
                figure.verdict()
            );
        }
    }
}

pub(crate) fn json(rows: &[Row]) -> Value {
    let row = |row: &Row| {
        let figures = row.figures.iter().map(|one| {
            json!({ "name": one.name, "value": one.value, "unit": one.unit,
                    "bar": one.bar.map(|(_, bar)| bar) })
        });
        json!({ "what": row.name, "figures": figures.collect::<Vec<_>>() })
    };
    rows.iter().map(row).collect()
}
