//! What was measured, beside its bars.

use std::time::Duration;

use serde_json::{Value, json};

use crate::call::FILE_BYTES;
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
    name: String,
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

/// What was measured of a display that was shown. Absent is what was not measured.
pub(crate) struct Seen {
    /// How it was encoded.
    pub(crate) codec: String,
    /// What its video took after the beginning, in bits a second.
    pub(crate) video_bps: Option<f64>,
    /// Frames a second that were sent.
    pub(crate) fps: Option<f64>,
    /// The height that arrived.
    pub(crate) lines: Option<f64>,
    /// What half of the frames took at most to be encoded, or what they took on average.
    pub(crate) encoding_ms: Option<f64>,
    /// From one screen to the other: half of the pictures, and 95 of 100.
    pub(crate) delay_ms: [Option<f64>; 2],
    /// Processors that were busy, of who shows and of who sees.
    pub(crate) cores: [Option<f64>; 2],
}

/// What it took to send a file each way.
pub(crate) struct Sent {
    pub(crate) took: Duration,
    /// Share of the audio that was concealed meanwhile.
    pub(crate) concealed: Option<f64>,
    /// What half of the pictures took at most from one camera to the other's screen.
    pub(crate) delay_ms: Option<f64>,
    /// Processors that were busy, of either side.
    pub(crate) cores: [Option<f64>; 2],
}

fn cost([shows, sees]: [Option<f64>; 2]) -> [Figure; 2] {
    [figure("cores, who shows", shows, ""), figure("cores, who sees", sees, "")]
}

pub(crate) fn of_screen(what: Content, seen: &Seen) -> Row {
    let rate = figure("video after 10 s", seen.video_bps.map(|bps| bps / 1e3), "kbit/s");
    let fps = figure("frames", seen.fps, "a second");
    let mut figures = vec![
        if what == Content::Still { rate.at_most(30.0) } else { rate },
        if what == Content::Scrolling { fps.at_least(10.0) } else { fps },
        figure("lines", seen.lines, ""),
        figure("encoding", seen.encoding_ms, "ms"),
    ];
    if what != Content::Still {
        let [half, most] = seen.delay_ms;
        figures.push(figure("screen to screen, p50", half, "ms"));
        figures.push(figure("screen to screen, p95", most, "ms"));
    }
    figures.extend(cost(seen.cores));
    Row { name: what.name().to_owned(), figures }
}

/// The same of two pages: what it is like beside, so without bars.
pub(crate) fn of_pages(what: Content, seen: &Seen) -> Row {
    let mut row = of_screen(what, seen);
    row.name = format!("{}, Chromium ({})", what.name(), seen.codec);
    row.figures.iter_mut().for_each(|figure| figure.bar = None);
    row
}

pub(crate) fn of_camera(cores: [Option<f64>; 2]) -> Row {
    Row { name: "camera".to_owned(), figures: cost(cores).into() }
}

fn each_way(took: Duration) -> Figure {
    let megabits = FILE_BYTES as f64 * 8.0 / 1e6 / took.as_secs_f64();
    figure("each way", Some(megabits), "Mbit/s")
}

pub(crate) fn of_files(sent: &Sent) -> Row {
    let mut figures = vec![
        each_way(sent.took),
        figure("concealed meanwhile", sent.concealed.map(|share| share * 100.0), "%"),
        figure("glass to glass, p50", sent.delay_ms, "ms"),
    ];
    figures.extend(cost(sent.cores));
    Row { name: "files".to_owned(), figures }
}

/// The same bytes between two pages without a call beside.
pub(crate) fn of_channels(took: Duration) -> Row {
    Row { name: "data channel, Chromium".to_owned(), figures: vec![each_way(took)] }
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
                "{:<28} {:<22} {value:>12} {:<9} {bar:<14} {}",
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
