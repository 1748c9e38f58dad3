//! Both senders over one link as a picture (SVG): how good what is shown is, what arrives, how long
//! it queues.

use std::time::Duration;

use visavis_tests::plot::{self, Line, Panel};

use crate::call::{Outcome, Sender};
use crate::case::Case;
use crate::score::Places;
use crate::summary::{since, timed};

/// Where the scale of the PSNR begins, in dB.
const WORST: f64 = 20.0;

/// A call as it is drawn.
pub(crate) struct Drawn {
    sender: Sender,
    psnr: Vec<(f64, f64)>,
    arrived: Vec<(f64, f64)>,
    estimate: Vec<(f64, f64)>,
    queue: Vec<(f64, f64)>,
    lines: Vec<(f64, f64)>,
}

impl Drawn {
    pub(crate) fn of(sender: Sender, outcome: &Outcome, places: &Places) -> Self {
        let begun = outcome.begun;
        let shown = &outcome.shown;
        let first = shown.first().map_or(0.0, |shown| since(shown.at, begun));
        let rows = outcome.sent.rows().iter();
        Self {
            sender,
            psnr: timed(places, first).iter().map(|(at, place)| (*at, place.psnr)).collect(),
            arrived: plot::rate(&outcome.sent, |row| row.arrived_bytes),
            estimate: plot::readings(&outcome.readings, begun, |reading| {
                reading.estimate.map(|rate| rate.bps() as f64 / 1e3)
            }),
            queue: rows
                .map(|row| (row.at.as_secs_f64(), row.queueing.as_secs_f64() * 1e3))
                .collect(),
            lines: shown.iter().map(|s| (since(s.at, begun), f64::from(s.height))).collect(),
        }
    }

    const fn color(&self) -> &'static str {
        match self.sender {
            Sender::Ours => "#1c8f77",
            Sender::Chromium => "#9aa7b4",
        }
    }

    fn line(&self, points: &[(f64, f64)]) -> Line {
        Line::new(self.sender.name(), self.color(), points.to_vec())
    }
}

/// Draws what was measured of a case.
pub(crate) fn draw(case: &Case, calls: &[Drawn], duration: Duration) -> String {
    let panel = |title: &str, unit, floor, least, points: fn(&Drawn) -> &[(f64, f64)]| Panel {
        title: title.to_owned(),
        unit,
        floor,
        least,
        lines: calls.iter().map(|call| call.line(points(call))).collect(),
    };
    let rate = case.kbps() as f64;
    let mut arrived = panel("What arrives", "kbit/s", 0.0, rate, |call| &call.arrived);
    let ours = calls.iter().find(|call| call.sender == Sender::Ours);
    arrived
        .lines
        .extend(ours.map(|ours| Line::new("our estimate", "#d97b16", ours.estimate.clone())));
    arrived.lines.push(Line::new(
        "the link",
        "#c0392b",
        vec![(0.0, rate), (duration.as_secs_f64(), rate)],
    ));
    let panels = [
        panel("What is shown beside the original (luma PSNR)", "dB", WORST, 40.0, |call| {
            &call.psnr
        }),
        arrived,
        panel("Time in the link's queue", "ms", 0.0, 100.0, |call| &call.queue),
        panel("Lines of what arrives", "lines", 0.0, 720.0, |call| &call.lines),
    ];
    plot::draw(&case.title(), &panels, duration.as_secs_f64(), &[])
}
