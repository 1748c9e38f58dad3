//! A call as a picture (SVG): what was sent and what arrived, how long it queued, how the other's
//! video came.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use visavis_link::Trace;

use crate::call::{Outcome, SideOutcome};
use crate::scenario::Scenario;

const WIDTH: f64 = 900.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = 20.0;
const TOP: f64 = 46.0;
const PANEL: f64 = 130.0;
const GAP: f64 = 44.0;

/// A line of a panel.
struct Line {
    name: &'static str,
    color: &'static str,
    points: Vec<(f64, f64)>,
}

/// Lines over time with a scale of their own.
struct Panel {
    title: &'static str,
    unit: &'static str,
    lines: Vec<Line>,
    /// The scale reaches at least this far.
    least: f64,
}

/// Draws a call, as the side saw it that hears speech: alice sends, bob receives.
pub(crate) fn draw(scenario: &Scenario, outcome: &Outcome) -> String {
    let span = scenario.duration.as_secs_f64();
    let panels = panels(outcome);
    let height = TOP + panels.len() as f64 * (PANEL + GAP);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" font-family=\"sans-serif\" \
         font-size=\"11\">\n<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n<text x=\"{LEFT}\" y=\"24\" \
         font-size=\"15\" fill=\"#1a222b\">{}: {}</text>\n",
        scenario.name, scenario.title
    );
    for (index, panel) in panels.iter().enumerate() {
        panel.draw(
            &mut svg,
            TOP + index as f64 * (PANEL + GAP),
            span,
            &scenario.timeline.changes().collect::<Vec<_>>(),
        );
    }
    svg.push_str("</svg>\n");
    svg
}

fn panels(outcome: &Outcome) -> Vec<Panel> {
    let (alice, bob) = (&outcome.alice, &outcome.bob);
    let begun = outcome.begun;
    vec![
        Panel {
            title: "What alice sends and what arrives",
            unit: "kbit/s",
            least: 400.0,
            lines: vec![
                Line {
                    name: "sent",
                    color: "#9aa7b4",
                    points: rate(&alice.sent, |row| row.sent_bytes),
                },
                Line {
                    name: "arrived",
                    color: "#1c8f77",
                    points: rate(&alice.sent, |row| row.arrived_bytes),
                },
                Line {
                    name: "her estimate",
                    color: "#d97b16",
                    points: readings(alice, begun, |r| {
                        r.estimate.map(|rate| rate.bps() as f64 / 1e3)
                    }),
                },
            ],
        },
        Panel {
            title: "Time in the network's queue, and the round trip that alice measures",
            unit: "ms",
            least: 50.0,
            lines: vec![
                Line {
                    name: "queue",
                    color: "#1c8f77",
                    points: alice
                        .sent
                        .rows()
                        .iter()
                        .map(|row| (seconds(row.at), ms(row.queueing)))
                        .collect(),
                },
                Line {
                    name: "round trip",
                    color: "#d97b16",
                    points: readings(alice, begun, |r| r.rtt.map(ms)),
                },
            ],
        },
        Panel {
            title: "how long each frame stands on bob's screen",
            unit: "ms",
            least: 100.0,
            lines: vec![Line { name: "video", color: "#1c8f77", points: gaps(bob, begun) }],
        },
        Panel {
            title: "Lines of alice's video",
            unit: "lines",
            least: 720.0,
            lines: vec![Line {
                name: "height",
                color: "#1c8f77",
                points: bob
                    .shown
                    .iter()
                    .map(|s| (since(s.at, begun), f64::from(s.height)))
                    .collect(),
            }],
        },
        Panel {
            title: "How long packets wait for the others at bob's",
            unit: "ms",
            least: 50.0,
            lines: vec![
                Line {
                    name: "audio",
                    color: "#1c8f77",
                    points: readings(bob, begun, |r| r.audio_wait.map(ms)),
                },
                Line {
                    name: "video",
                    color: "#d97b16",
                    points: readings(bob, begun, |r| r.video_wait.map(ms)),
                },
            ],
        },
    ]
}

fn seconds(at: Duration) -> f64 {
    at.as_secs_f64()
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn since(at: Instant, begun: Instant) -> f64 {
    at.saturating_duration_since(begun).as_secs_f64()
}

/// Bytes of each half second as kbit/s.
fn rate(trace: &Trace, bytes: impl Fn(&visavis_link::TraceRow) -> u64) -> Vec<(f64, f64)> {
    let average = |rows: &[visavis_link::TraceRow]| {
        let at = rows.first().map_or(0.0, |row| seconds(row.at));
        (at, rows.iter().map(&bytes).sum::<u64>() as f64 * 8.0 / (rows.len() as f64 * 100.0))
    };
    trace.rows().chunks(5).map(average).collect()
}

fn readings(
    side: &SideOutcome,
    begun: Instant,
    value: impl Fn(&visavis_client::session::statistics::Reading) -> Option<f64>,
) -> Vec<(f64, f64)> {
    side.readings
        .iter()
        .filter_map(|(at, reading)| Some((since(*at, begun), value(reading)?)))
        .collect()
}

fn gaps(side: &SideOutcome, begun: Instant) -> Vec<(f64, f64)> {
    side.shown
        .windows(2)
        .map(|pair| (since(pair[1].at, begun), ms(pair[1].at - pair[0].at)))
        .collect()
}

impl Panel {
    fn draw(&self, svg: &mut String, top: f64, span: f64, changes: &[Duration]) {
        let values = self.lines.iter().flat_map(|line| &line.points).map(|(_, value)| *value);
        let most = nice(values.fold(self.least, f64::max));
        let x = |at: f64| LEFT + (at / span).clamp(0.0, 1.0) * (WIDTH - LEFT - RIGHT);
        let y = |value: f64| top + PANEL - (value / most).clamp(0.0, 1.0) * PANEL;
        // Writing to a string does not fail.
        let _ = writeln!(
            svg,
            "<text x=\"{LEFT}\" y=\"{}\" fill=\"#1a222b\">{}</text>",
            top - 7.0,
            self.title
        );
        for part in 0..=2 {
            let value = most * f64::from(part) / 2.0;
            let _ = writeln!(
                svg,
                "<line x1=\"{LEFT}\" x2=\"{}\" y1=\"{1}\" y2=\"{1}\" stroke=\"#e3e8ed\"/><text x=\"{2}\" y=\"{3}\" \
                 text-anchor=\"end\" fill=\"#6b7885\">{value:.0}</text>",
                WIDTH - RIGHT,
                y(value),
                LEFT - 6.0,
                y(value) + 4.0
            );
        }
        let _ = writeln!(
            svg,
            "<text x=\"14\" y=\"{}\" fill=\"#6b7885\">{}</text>",
            top + PANEL / 2.0 - 12.0,
            self.unit
        );
        let step = if span > 35.0 { 10 } else { 5 };
        for second in (0..=span as u32).step_by(step) {
            let at = x(f64::from(second));
            let below = top + PANEL + 13.0;
            let _ = writeln!(
                svg,
                "<text x=\"{at}\" y=\"{below}\" text-anchor=\"middle\" fill=\"#6b7885\">{second} s</text>"
            );
        }
        for change in changes {
            let at = x(seconds(*change));
            let _ = writeln!(
                svg,
                "<line x1=\"{at}\" x2=\"{at}\" y1=\"{top}\" y2=\"{}\" stroke=\"#c0392b\" stroke-dasharray=\"3 3\"/>",
                top + PANEL
            );
        }
        let mut legend = WIDTH - RIGHT;
        for line in &self.lines {
            let points: Vec<String> = line
                .points
                .iter()
                .map(|(at, value)| format!("{:.1},{:.1}", x(*at), y(*value)))
                .collect();
            let _ = writeln!(
                svg,
                "<polyline fill=\"none\" stroke=\"{}\" stroke-width=\"1.3\" points=\"{}\"/>",
                line.color,
                points.join(" ")
            );
        }
        if self.lines.len() > 1 {
            for line in self.lines.iter().rev() {
                let _ = writeln!(
                    svg,
                    "<text x=\"{legend}\" y=\"{}\" text-anchor=\"end\" fill=\"{}\">{}</text>",
                    top - 7.0,
                    line.color,
                    line.name
                );
                legend -= 7.0 * line.name.len() as f64 + 14.0;
            }
        }
    }
}

/// A round number that is not below.
fn nice(value: f64) -> f64 {
    let power = 10_f64.powf(value.max(1e-9).log10().floor());
    let steps = [1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 7.5, 10.0];
    steps.iter().map(|step| step * power).find(|step| *step >= value).unwrap_or(10.0 * power)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_end_at_round_numbers() {
        for (value, end) in
            [(100.0, 100.0), (101.0, 150.0), (720.0, 750.0), (2600.0, 3000.0), (9.9, 10.0)]
        {
            assert!((nice(value) - end).abs() < 1e-6, "{value}: {}", nice(value));
        }
    }
}
