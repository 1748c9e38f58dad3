//! Lines over time as a picture (SVG): panels one below the other, each with a scale of its own.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use visavis_client::session::statistics::Reading;
use visavis_link::{Trace, TraceRow};

const WIDTH: f64 = 900.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = 20.0;
const TOP: f64 = 46.0;
const PANEL: f64 = 130.0;
const GAP: f64 = 44.0;

/// A line of a panel.
pub struct Line {
    /// What it is, where there are several.
    pub name: String,
    /// As SVG has it.
    pub color: &'static str,
    /// Seconds, and the value.
    pub points: Vec<(f64, f64)>,
}

/// Lines over time with a scale of their own.
pub struct Panel {
    /// What it shows.
    pub title: String,
    /// The unit of its values.
    pub unit: &'static str,
    /// Its lines.
    pub lines: Vec<Line>,
    /// Where the scale begins.
    pub floor: f64,
    /// The scale reaches at least this far.
    pub least: f64,
}

impl Line {
    /// One that needs no name beside others.
    #[must_use]
    pub fn new(name: &str, color: &'static str, points: Vec<(f64, f64)>) -> Self {
        Self { name: name.to_owned(), color, points }
    }
}

/// Draws panels of so many seconds, with a mark wherever something changes.
#[must_use]
pub fn draw(title: &str, panels: &[Panel], span: f64, changes: &[Duration]) -> String {
    let height = TOP + panels.len() as f64 * (PANEL + GAP);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" font-family=\"sans-serif\" \
         font-size=\"11\">\n<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n<text x=\"{LEFT}\" y=\"24\" \
         font-size=\"15\" fill=\"#1a222b\">{title}</text>\n"
    );
    for (index, panel) in panels.iter().enumerate() {
        panel.draw(&mut svg, TOP + index as f64 * (PANEL + GAP), span, changes);
    }
    svg.push_str("</svg>\n");
    svg
}

/// Bytes of each half second as kbit/s.
pub fn rate(trace: &Trace, bytes: impl Fn(&TraceRow) -> u64) -> Vec<(f64, f64)> {
    let average = |rows: &[TraceRow]| {
        let at = rows.first().map_or(0.0, |row| row.at.as_secs_f64());
        (at, rows.iter().map(&bytes).sum::<u64>() as f64 * 8.0 / (rows.len() as f64 * 100.0))
    };
    trace.rows().chunks(5).map(average).collect()
}

/// What was read of a session, over the seconds since it began.
pub fn readings(
    readings: &[(Instant, Reading)],
    begun: Instant,
    value: impl Fn(&Reading) -> Option<f64>,
) -> Vec<(f64, f64)> {
    let since = |at: Instant| at.saturating_duration_since(begun).as_secs_f64();
    readings.iter().filter_map(|(at, reading)| Some((since(*at), value(reading)?))).collect()
}

impl Panel {
    fn draw(&self, svg: &mut String, top: f64, span: f64, changes: &[Duration]) {
        let values = self.lines.iter().flat_map(|line| &line.points).map(|(_, value)| *value);
        let (floor, most) = (self.floor, nice(values.fold(self.least, f64::max)));
        let x = |at: f64| LEFT + (at / span).clamp(0.0, 1.0) * (WIDTH - LEFT - RIGHT);
        let y =
            |value: f64| top + PANEL - ((value - floor) / (most - floor)).clamp(0.0, 1.0) * PANEL;
        // Writing to a string does not fail.
        let _ = writeln!(
            svg,
            "<text x=\"{LEFT}\" y=\"{}\" fill=\"#1a222b\">{}</text>",
            top - 7.0,
            self.title
        );
        for part in 0..=2 {
            let value = floor + (most - floor) * f64::from(part) / 2.0;
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
            let at = x(change.as_secs_f64());
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
