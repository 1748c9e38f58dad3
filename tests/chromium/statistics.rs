//! What both sides report of what they received: ours in its report, Chromium in `getStats` (W3C
//! webrtc-stats).

use serde_json::{Value, json};

/// What one side received of the other. Absent is what it does not report.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Received {
    pub(crate) frozen_s: Option<f64>,
    pub(crate) freezes: Option<f64>,
    pub(crate) frames_per_s: Option<f64>,
    pub(crate) height: Option<f64>,
    pub(crate) concealed_percent: Option<f64>,
    pub(crate) audio_wait_ms: Option<f64>,
    pub(crate) frame_wait_ms: Option<f64>,
    pub(crate) lost_percent: Option<f64>,
    pub(crate) nacks: Option<f64>,
    pub(crate) plis: Option<f64>,
    /// What this side was sent, as its sender counts it.
    pub(crate) sent_kbps: Option<f64>,
}

/// A row of the table: what it is called, its digits, and where it is.
type Row = (&'static str, usize, fn(&Received) -> Option<f64>);

const ROWS: [Row; 11] = [
    ("frozen, s", 2, |received| received.frozen_s),
    ("freezes", 0, |received| received.freezes),
    ("frames a second", 1, |received| received.frames_per_s),
    ("height, lines", 0, |received| received.height),
    ("frame waits, ms", 0, |received| received.frame_wait_ms),
    ("audio concealed, %", 2, |received| received.concealed_percent),
    ("audio waits, ms", 0, |received| received.audio_wait_ms),
    ("packets lost for good, %", 2, |received| received.lost_percent),
    ("NACKs sent", 0, |received| received.nacks),
    ("PLIs sent", 0, |received| received.plis),
    ("video sent to it, kbit/s", 0, |received| received.sent_kbps),
];

impl Received {
    /// Our report of a call that lasted so many seconds; `stats` is Chromium's, for
    /// what it sent.
    pub(crate) fn by_app(report: &Value, stats: &Value, seconds: f64) -> Self {
        let value = |path: &str| report.pointer(path).and_then(Value::as_f64);
        let video = |name: &str| value(&format!("/video/received/{name}"));
        let audio = |name: &str| value(&format!("/audio/received/{name}"));
        Self {
            frozen_s: video("freeze_total_ms").map(|ms| ms / 1e3),
            freezes: video("freeze_count"),
            frames_per_s: video("frames_decoded").map(|frames| frames / seconds),
            height: video("height"),
            concealed_percent: audio("concealed_ratio").map(|share| share * 100.0),
            audio_wait_ms: audio("jitter_buffer_ms"),
            frame_wait_ms: video("jitter_buffer_ms"),
            lost_percent: value("/network/loss_in").map(|share| share * 100.0),
            nacks: value("/network/nacks_sent"),
            plis: value("/network/plis_sent"),
            sent_kbps: sum(stats, "outbound-rtp", "video", "bytesSent")
                .map(|bytes| bytes * 8e-3 / seconds),
        }
    }

    /// What Chromium reports; `report` is ours, for what we sent.
    pub(crate) fn by_page(stats: &Value, report: &Value, seconds: f64) -> Self {
        let video = |name: &str| sum(stats, "inbound-rtp", "video", name);
        let audio = |name: &str| sum(stats, "inbound-rtp", "audio", name);
        let share = |part: Option<f64>, whole: Option<f64>| {
            Some(part? / whole.filter(|whole| *whole > 0.0)?)
        };
        Self {
            frozen_s: video("totalFreezesDuration"),
            freezes: video("freezeCount"),
            frames_per_s: video("framesDecoded").map(|frames| frames / seconds),
            height: video("frameHeight"),
            concealed_percent: share(audio("concealedSamples"), audio("totalSamplesReceived"))
                .map(|share| share * 100.0),
            audio_wait_ms: share(audio("jitterBufferDelay"), audio("jitterBufferEmittedCount"))
                .map(|s| s * 1e3),
            frame_wait_ms: share(video("jitterBufferDelay"), video("jitterBufferEmittedCount"))
                .map(|s| s * 1e3),
            lost_percent: share(
                video("packetsLost"),
                video("packetsLost").zip(video("packetsReceived")).map(|(lost, came)| lost + came),
            )
            .map(|share| share * 100.0),
            nacks: video("nackCount"),
            plis: video("pliCount"),
            sent_kbps: report
                .pointer("/video/sent/bytes")
                .and_then(Value::as_f64)
                .map(|bytes| bytes * 8e-3 / seconds),
        }
    }

    pub(crate) fn json(&self) -> Value {
        ROWS.iter().map(|(name, _, value)| ((*name).to_owned(), json!(value(self)))).collect()
    }
}

/// The sum of a value over all entries of a type and kind; none where no entry has it.
fn sum(stats: &Value, kind_of_entry: &str, kind: &str, name: &str) -> Option<f64> {
    let entries = stats.as_array()?.iter();
    let of_kind = entries.filter(|entry| entry["type"] == kind_of_entry && entry["kind"] == kind);
    of_kind.filter_map(|entry| entry.get(name)?.as_f64()).reduce(|one, other| one + other)
}

/// Both beside each other.
pub(crate) fn table(app: &Received, page: &Received) -> String {
    let mut lines = vec![format!("  {:<26}{:>12}{:>12}", "received by", "Visavis", "Chromium")];
    for (name, digits, value) in ROWS {
        let cell = |value: Option<f64>| {
            value.map_or("–".to_owned(), |value| format!("{value:.digits$}"))
        };
        lines.push(format!("  {name:<26}{:>12}{:>12}", cell(value(app)), cell(value(page))));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_where_each_side_has_them_and_absent_is_not_zero() {
        let report = json!({
            "video": { "received": { "frames_decoded": 290, "freeze_total_ms": 500.0 }, "sent": { "bytes": 1_250_000 } },
            "network": { "nacks_sent": 7 },
        });
        let stats = json!([
            { "type": "inbound-rtp", "kind": "video", "framesDecoded": 300, "packetsLost": 5, "packetsReceived": 95 },
            { "type": "inbound-rtp", "kind": "audio", "concealedSamples": 480, "totalSamplesReceived": 48_000 },
            { "type": "outbound-rtp", "kind": "video", "bytesSent": 625_000 },
        ]);
        let app = Received::by_app(&report, &stats, 10.0);
        assert_eq!((app.frames_per_s, app.frozen_s, app.nacks), (Some(29.0), Some(0.5), Some(7.0)));
        assert_eq!((app.sent_kbps, app.concealed_percent), (Some(500.0), None));
        let page = Received::by_page(&stats, &report, 10.0);
        assert_eq!((page.frames_per_s, page.lost_percent), (Some(30.0), Some(5.0)));
        assert_eq!(
            (page.concealed_percent, page.sent_kbps, page.freezes),
            (Some(1.0), Some(1000.0), None)
        );
        assert!(table(&app, &page).contains("frames a second"));
    }
}
