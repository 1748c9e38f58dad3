//! The bars that a call is held against, and the verdict on each.

use serde_json::{Value, json};

use crate::report::{NOT_MEASURED, Report, Unit};
use crate::table;

/// Where a measured value is in a report.
#[derive(Debug, Clone, Copy)]
enum Source {
    /// It stands there.
    At(&'static str),
    /// It is the share of a core.
    Cores,
}

impl Source {
    fn of(self, report: &Report) -> Option<f64> {
        match self {
            Self::At(place) => report.number(place),
            Self::Cores => report.cores(),
        }
    }
}

/// What is expected of a call of 1280x720 at 30 frames a second.
struct Bar {
    name: &'static str,
    source: Source,
    unit: Unit,
    at_most: f64,
    /// Only the caller measures it.
    caller_only: bool,
}

const fn bar(name: &'static str, place: &'static str, unit: Unit, at_most: f64) -> Bar {
    Bar { name, source: Source::At(place), unit, at_most, caller_only: false }
}

const CALL: &[Bar] = &[
    Bar {
        caller_only: true,
        ..bar("call to first video", "setup.call_to_first_video_ms", Unit::Milliseconds, 400.0)
    },
    bar("glass to glass, p50", "video.received.glass_to_glass_ms.p50", Unit::Milliseconds, 20.0),
    bar("glass to glass, p95", "video.received.glass_to_glass_ms.p95", Unit::Milliseconds, 40.0),
    bar("mouth to ear, p50", "audio.received.mouth_to_ear_ms.p50", Unit::Milliseconds, 80.0),
    bar("frames dropped", "video.received.frames_dropped", Unit::Count, 0.0),
    Bar { source: Source::Cores, ..bar("processor", "", Unit::Cores, 0.25) },
    bar("memory", "process.max_rss_bytes", Unit::Bytes, 120e6),
];

/// Shown beside the bars, to judge them by.
const CONTEXT: &[(&str, &str, Unit)] = &[
    ("frames sent", "video.sent.frames", Unit::Count),
    ("frames decoded", "video.received.frames_decoded", Unit::Count),
    ("freezes", "video.received.freeze_count", Unit::Count),
    ("bitrate aimed at", "video.sent.target_bps", Unit::BitsPerSecond),
    ("encoding a frame, p50", "video.sent.encode_ms_p50", Unit::Milliseconds),
    ("decoding a frame, p50", "video.received.decode_ms_p50", Unit::Milliseconds),
    ("video jitter buffer", "video.received.jitter_buffer_ms", Unit::Milliseconds),
    ("audio jitter buffer", "audio.received.jitter_buffer_ms", Unit::Milliseconds),
];

/// How a measured value stands to its bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Verdict {
    /// Within it.
    Pass,
    /// Beyond it.
    Short,
    /// Nobody knows.
    NotMeasured,
}

impl Verdict {
    pub(crate) fn of(value: Option<f64>, at_most: f64) -> Self {
        match value {
            Some(value) if value <= at_most => Self::Pass,
            Some(_) => Self::Short,
            None => Self::NotMeasured,
        }
    }

    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Short => "SHORT",
            Self::NotMeasured => "not measured",
        }
    }
}

/// One line of the result.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    name: &'static str,
    unit: Unit,
    at_most: Option<f64>,
    alice: Option<f64>,
    bob: Option<f64>,
    verdict: Option<Verdict>,
}

impl Line {
    /// A measured value that is not of a call: how long a window takes to open.
    pub(crate) fn window_start(median_ms: Option<f64>) -> Self {
        let at_most = 400.0;
        let verdict = Some(Verdict::of(median_ms, at_most));
        let name = "start to a usable window";
        Self {
            name,
            unit: Unit::Milliseconds,
            at_most: Some(at_most),
            alice: median_ms,
            bob: None,
            verdict,
        }
    }

    fn cells(&self) -> Vec<String> {
        let show = |value: Option<f64>| {
            value.map_or_else(|| NOT_MEASURED.to_owned(), |f| self.unit.show(f))
        };
        let bar = self
            .at_most
            .map_or_else(String::new, |at_most| format!("≤ {}", self.unit.show(at_most)));
        let verdict = self.verdict.map_or("", Verdict::word);
        vec![self.name.into(), show(self.alice), show(self.bob), bar, verdict.into()]
    }

    fn json(&self) -> Value {
        json!({
            "name": self.name,
            "unit": match self.unit {
                Unit::Milliseconds => "ms",
                Unit::Count => "count",
                Unit::Cores => "cores",
                Unit::Bytes => "bytes",
                Unit::BitsPerSecond => "bit/s",
                Unit::Dbfs => "dBFS",
                Unit::Ratio => "ratio",
            },
            "at_most": self.at_most,
            "alice": self.alice,
            "bob": self.bob,
            "verdict": self.verdict.map(Verdict::word),
        })
    }
}

/// Holds both reports of a call against the bars; the worse side decides.
pub(crate) fn judge(alice: &Report, bob: &Report) -> Vec<Line> {
    let bars = CALL.iter().map(|bar| {
        let (of_alice, of_bob) = (bar.source.of(alice), bar.source.of(bob));
        let alice_verdict = Verdict::of(of_alice, bar.at_most);
        let verdict = if bar.caller_only {
            alice_verdict
        } else {
            alice_verdict.max(Verdict::of(of_bob, bar.at_most))
        };
        Line {
            name: bar.name,
            unit: bar.unit,
            at_most: Some(bar.at_most),
            alice: of_alice,
            bob: of_bob,
            verdict: Some(verdict),
        }
    });
    let context = CONTEXT.iter().map(|&(name, place, unit)| Line {
        name,
        unit,
        at_most: None,
        alice: alice.number(place),
        bob: bob.number(place),
        verdict: None,
    });
    bars.chain(context).collect()
}

/// The result as a table.
pub(crate) fn in_words(lines: &[Line]) -> String {
    let head = ["", "alice", "bob", "bar", "verdict"].map(str::to_owned);
    table::aligned(&head, &lines.iter().map(Line::cells).collect::<Vec<_>>())
}

/// The result as JSON.
pub(crate) fn as_json(lines: &[Line]) -> Value {
    lines.iter().map(Line::json).collect()
}

/// What could not be measured, though it has a bar.
pub(crate) fn not_measured(lines: &[Line]) -> Vec<String> {
    let missing = lines.iter().filter(|line| line.verdict == Some(Verdict::NotMeasured));
    missing.map(|line| line.name.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::report;

    fn good() -> Value {
        json!({
            "setup": {"call_to_first_video_ms": 310},
            "video": {"received": {"frames_dropped": 0, "glass_to_glass_ms": {"p50": 14.2, "p95": 22.0}}},
            "audio": {"received": {"mouth_to_ear_ms": {"p50": 61.0}}},
            "process": {"cpu_s": 4.4, "wall_s": 21.0, "max_rss_bytes": 71_000_000},
        })
    }

    fn verdicts(lines: &[Line]) -> Vec<(&str, Verdict)> {
        lines.iter().filter_map(|line| Some((line.name, line.verdict?))).collect()
    }

    #[test]
    fn a_call_within_every_bar_passes() {
        let lines = judge(&report(good()), &report(good()));
        assert_eq!(verdicts(&lines).len(), CALL.len());
        assert!(
            verdicts(&lines).iter().all(|(_, verdict)| *verdict == Verdict::Pass),
            "{}",
            in_words(&lines)
        );
        assert_eq!(not_measured(&lines), Vec::<String>::new());
    }

    #[test]
    fn the_worse_side_decides() {
        let mut slow = good();
        slow["video"]["received"]["glass_to_glass_ms"]["p95"] = json!(40.1);
        slow["video"]["received"]["frames_dropped"] = json!(1);
        let lines = judge(&report(good()), &report(slow));
        let short: Vec<_> = verdicts(&lines)
            .into_iter()
            .filter(|(_, verdict)| *verdict == Verdict::Short)
            .collect();
        assert_eq!(
            short,
            [("glass to glass, p95", Verdict::Short), ("frames dropped", Verdict::Short)]
        );
        assert_eq!(in_words(&lines).matches("SHORT").count(), 2);
    }

    #[test]
    fn only_the_caller_knows_how_long_the_first_video_took() {
        let mut callee = good();
        callee["setup"] = json!({});
        assert_eq!(
            not_measured(&judge(&report(good()), &report(callee.clone()))),
            Vec::<String>::new()
        );
        assert_eq!(not_measured(&judge(&report(callee), &report(good()))), ["call to first video"]);
    }

    #[test]
    fn what_was_not_measured_is_shown_and_never_passes() {
        let lines = judge(&report(good()), &report(json!({})));
        assert_eq!(not_measured(&lines).len(), CALL.len() - 1);
        assert_eq!(not_measured(&[Line::window_start(None)]), ["start to a usable window"]);
    }

    #[test]
    fn the_json_holds_value_bar_and_verdict() {
        let json = as_json(&judge(&report(good()), &report(good())));
        let expected = json!({
            "name": "mouth to ear, p50", "unit": "ms", "at_most": 80.0, "alice": 61.0, "bob": 61.0, "verdict": "pass",
        });
        assert_eq!(json[3], expected);
    }
}
