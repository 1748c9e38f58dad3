//! The report of a call, as `visavis --report` writes it: its numbers, and the whole of it in
//! words.
//!
//! What is absent was not measured, and is shown as such, never as 0.

use std::path::Path;

use serde_json::Value;

use crate::error::Error;
use crate::table;

/// One side's report.
#[derive(Debug, Clone)]
pub(crate) struct Report(Value);

impl Report {
    /// Reads it from the file that the client wrote.
    pub(crate) fn read(path: &Path) -> Result<Self, Error> {
        let text = std::fs::read_to_string(path)
            .map_err(Error::file(format!("reading {}", path.display())))?;
        Self::parse(&text).map_err(|error| Error::Answer {
            program: "visavis --report".into(),
            why: error.to_string(),
        })
    }

    fn parse(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text).map(Self)
    }

    /// A number by its place, as in `video.sent.frames`; `None` when it was not measured.
    pub(crate) fn number(&self, place: &str) -> Option<f64> {
        self.at(place)?.as_f64()
    }

    /// A word by its place.
    pub(crate) fn word(&self, place: &str) -> Option<&str> {
        self.at(place)?.as_str()
    }

    fn at(&self, place: &str) -> Option<&Value> {
        place.split('.').try_fold(&self.0, |value, key| value.get(key))
    }

    /// How much of one processor core the client kept busy.
    pub(crate) fn cores(&self) -> Option<f64> {
        let wall = self.number("process.wall_s").filter(|&wall| wall > 0.0)?;
        Some(self.number("process.cpu_s")? / wall)
    }

    /// The JSON as it came.
    pub(crate) fn json(&self) -> &Value {
        &self.0
    }
}

/// Shown where something was not measured.
pub(crate) const NOT_MEASURED: &str = "–";

/// A number with its unit, as a person reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    /// Thousandths of a second.
    Milliseconds,
    /// A number of things.
    Count,
    /// Cores of the processor.
    Cores,
    /// Bytes, shown in megabytes.
    Bytes,
    /// Bits per second, shown in kilobits.
    BitsPerSecond,
    /// Loudness relative to full scale.
    Dbfs,
    /// A share of the whole, shown in per cent.
    Ratio,
}

impl Unit {
    /// Writes a number in this unit.
    pub(crate) fn show(self, value: f64) -> String {
        match self {
            Self::Milliseconds if value.abs() < 10.0 => format!("{value:.1} ms"),
            Self::Milliseconds => format!("{value:.0} ms"),
            Self::Count => format!("{value:.0}"),
            Self::Cores => format!("{value:.2} core"),
            Self::Bytes => format!("{:.0} MB", value / 1e6),
            Self::BitsPerSecond => format!("{:.0} kbit/s", value / 1e3),
            Self::Dbfs => format!("{value:.0} dBFS"),
            Self::Ratio => format!("{:.1} %", value * 100.0),
        }
    }
}

/// What the table of a call shows of each side, in the order of a call.
const LINES: &[(&str, &str, Unit)] = &[
    ("logged in after", "setup.login_ms", Unit::Milliseconds),
    ("connected, once accepted, after", "setup.accept_to_connected_ms", Unit::Milliseconds),
    ("first picture after calling", "setup.call_to_first_video_ms", Unit::Milliseconds),
    ("first sound after calling", "setup.call_to_first_audio_ms", Unit::Milliseconds),
    ("pictures sent", "video.sent.frames", Unit::Count),
    ("pictures seen", "video.received.frames_decoded", Unit::Count),
    ("pictures dropped", "video.received.frames_dropped", Unit::Count),
    ("times the picture froze", "video.received.freeze_count", Unit::Count),
    ("from camera to screen (median)", "video.received.glass_to_glass_ms.p50", Unit::Milliseconds),
    ("loudness heard", "audio.received.level_dbfs", Unit::Dbfs),
    ("sound concealed after loss", "audio.received.concealed_ratio", Unit::Ratio),
    ("from mouth to ear (median)", "audio.received.mouth_to_ear_ms.p50", Unit::Milliseconds),
    ("round trip on the network", "network.rtt_ms", Unit::Milliseconds),
    ("estimated room on the network", "network.estimated_bps", Unit::BitsPerSecond),
    ("memory", "process.max_rss_bytes", Unit::Bytes),
];

/// What both sides of a call report, in words.
pub(crate) fn in_words(sides: &[(&str, &Report)]) -> String {
    let mut words = String::new();
    for (name, report) in sides {
        let peer = report.word("peer").unwrap_or("nobody");
        words.push_str(&match report.word("outcome") {
            Some("completed") => {
                format!("{name} and {peer} talked, and the call ended as it should.\n")
            }
            Some(outcome) => format!("{name}'s call with {peer} did not go well: {outcome}.\n"),
            None => format!("{name} does not say how the call went.\n"),
        });
    }
    words.push('\n');

    let head = std::iter::once("")
        .chain(sides.iter().map(|(name, _)| *name))
        .map(str::to_owned)
        .collect::<Vec<_>>();
    let row = |label: &str, cell: &dyn Fn(&Report) -> Option<String>| {
        let cells =
            sides.iter().map(|(_, report)| cell(report).unwrap_or_else(|| NOT_MEASURED.into()));
        std::iter::once(label.to_owned()).chain(cells).collect::<Vec<_>>()
    };
    let mut rows: Vec<_> = LINES
        .iter()
        .map(|(label, place, unit)| {
            row(label, &|report| report.number(place).map(|value| unit.show(value)))
        })
        .collect();
    rows.push(row("size of the picture seen", &size_seen));
    rows.push(row("processor", &|report| report.cores().map(|cores| Unit::Cores.show(cores))));
    rows.push(row("network path", &network_path));
    words.push_str(&table::aligned(&head, &rows));
    words
}

fn size_seen(report: &Report) -> Option<String> {
    let side = |name: &str| report.number(&format!("video.received.{name}"));
    Some(format!("{:.0}×{:.0}", side("width")?, side("height")?))
}

/// The kinds of the two addresses that media goes between.
fn network_path(report: &Report) -> Option<String> {
    Some(format!(
        "{} to {}",
        report.word("network.local_candidate")?,
        report.word("network.remote_candidate")?
    ))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A report from its JSON.
    pub(crate) fn report(json: Value) -> Report {
        Report(json)
    }

    #[test]
    fn a_number_is_found_by_its_place_and_what_is_absent_is_not_zero() {
        let report = report(serde_json::json!({"video": {"sent": {"frames": 600}}, "peer": "bob"}));
        assert_eq!(report.number("video.sent.frames"), Some(600.0));
        assert_eq!(report.number("video.sent.key_frames"), None);
        assert_eq!(report.number("video.sent.frames.more"), None);
        assert_eq!(report.number("peer"), None);
        assert_eq!(report.word("peer"), Some("bob"));
    }

    #[test]
    fn cores_are_processor_time_over_time_on_the_clock() {
        assert_eq!(
            report(serde_json::json!({"process": {"cpu_s": 5.0, "wall_s": 20.0}})).cores(),
            Some(0.25)
        );
        assert_eq!(
            report(serde_json::json!({"process": {"cpu_s": 5.0, "wall_s": 0.0}})).cores(),
            None
        );
        assert_eq!(report(serde_json::json!({"process": {"wall_s": 20.0}})).cores(), None);
    }

    #[test]
    fn numbers_are_written_with_the_digits_that_matter() {
        assert_eq!(Unit::Milliseconds.show(3.456), "3.5 ms");
        assert_eq!(Unit::Milliseconds.show(234.56), "235 ms");
        assert_eq!(Unit::Bytes.show(58_400_000.0), "58 MB");
        assert_eq!(Unit::BitsPerSecond.show(2_500_000.0), "2500 kbit/s");
        assert_eq!(Unit::Ratio.show(0.0125), "1.2 %");
        assert_eq!(Unit::Cores.show(0.0949), "0.09 core");
        assert_eq!(Unit::Dbfs.show(-18.2), "-18 dBFS");
    }

    #[test]
    fn a_report_is_put_in_words_with_a_dash_for_what_was_not_measured() {
        let alice = report(serde_json::json!({
            "outcome": "completed", "peer": "bob",
            "video": {"received": {"frames_decoded": 298, "width": 1280, "height": 720}},
            "network": {"local_candidate": "host", "remote_candidate": "relay"},
        }));
        let bob = report(serde_json::json!({"outcome": "lost", "peer": "alice"}));
        let words = in_words(&[("alice", &alice), ("bob", &bob)]);
        let has = |label: &str, cells: &[&str]| {
            let line = words
                .lines()
                .find(|line| line.starts_with(label))
                .unwrap_or_else(|| panic!("{label}: {words}"));
            let rest: Vec<_> = line[label.len()..]
                .split("  ")
                .map(str::trim)
                .filter(|cell| !cell.is_empty())
                .collect();
            assert_eq!(rest, cells, "{line}");
        };
        assert!(
            words.starts_with("alice and bob talked, and the call ended as it should.\n"),
            "{words}"
        );
        assert!(words.contains("bob's call with alice did not go well: lost."), "{words}");
        has("pictures seen", &["298", "–"]);
        has("pictures sent", &["–", "–"]);
        has("size of the picture seen", &["1280×720", "–"]);
        has("network path", &["host to relay", "–"]);
    }

    #[test]
    fn a_damaged_report_is_an_error_and_no_panic() {
        assert!(Report::parse("{\"video\":").is_err());
        let odd = Report::parse("[1, 2]").expect("it is JSON");
        assert_eq!(odd.number("video.sent.frames"), None);
        assert!(in_words(&[("alice", &odd)]).starts_with("alice does not say how the call went."));
    }
}
