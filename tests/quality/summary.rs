//! What is measured in the outcome of a call: pure.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use visavis_link::Rate;
use visavis_tests::sight;

use crate::call::Outcome;
use crate::clip::FPS;
use crate::score::{Place, Places};

/// Before this the first frames and the search for the link's rate are left alone.
const FROM: f64 = 2.0;
/// From here on the link must be used.
const USED_FROM: Duration = Duration::from_secs(10);
/// What is final: the mean of the last so many seconds.
const FINAL: f64 = 5.0;
/// Quality is there when it lasts for so many seconds.
const LASTS: f64 = 1.0;
/// And when it is this share of the final one.
const NEARLY: f64 = 0.95;

/// Mean and what a tenth is worse than.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Spread {
    pub(crate) mean: f64,
    pub(crate) p10: f64,
}

impl Spread {
    fn of(values: impl Iterator<Item = f64>) -> Option<Self> {
        let mut values: Vec<f64> = values.collect();
        values.sort_unstable_by(f64::total_cmp);
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        Some(Self { mean, p10: *values.get(values.len() / 10)? })
    }
}

/// What a call was like. Absent is what was not measured.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Summary {
    pub(crate) psnr: Option<Spread>,
    pub(crate) ssim: Option<Spread>,
    /// From when on the quality was nearly the final one, in seconds.
    pub(crate) nearly_final_s: Option<f64>,
    /// When the first frame was shown, in seconds after the first media packet.
    pub(crate) first_frame_s: Option<f64>,
    /// Share of the link that was used, 0 to 1.
    pub(crate) used: Option<f64>,
    /// What of it was the picture, without headers, in kbit/s over the whole call.
    pub(crate) video_kbps: Option<f64>,
    pub(crate) queue_p95_ms: Option<f64>,
    pub(crate) longest_queue_ms: Option<f64>,
    /// As W3C webrtc-stats has them.
    pub(crate) freezes: Option<f64>,
    pub(crate) longest_gap_ms: Option<f64>,
    /// Of the last ten seconds.
    pub(crate) lines: Option<u32>,
    /// Frames a second that were shown.
    pub(crate) fps: Option<f64>,
    /// Share of the places whose number could not be read, 0 to 1.
    pub(crate) unread: Option<f64>,
}

impl Summary {
    pub(crate) fn of(outcome: &Outcome, places: &Places, rate: Rate, duration: Duration) -> Self {
        let (begun, end) = (outcome.begun, outcome.begun + duration);
        let first = outcome.shown.first().map(|shown| shown.at);
        let timed = first.map_or_else(Vec::new, |first| timed(places, since(first, begun)));
        let late = |seconds: f64| timed.iter().filter(move |(at, _)| *at >= seconds);
        let wait = |share| outcome.sent.wait_quantile(share, Duration::ZERO, duration).map(ms);
        let half = begun + duration / 2;
        let video = outcome.report.video.received.as_ref();
        Self {
            psnr: Spread::of(late(FROM).map(|(_, place)| place.psnr)),
            ssim: Spread::of(late(FROM).map(|(_, place)| place.ssim)),
            nearly_final_s: nearly_final(&timed),
            first_frame_s: first.map(|first| since(first, begun)),
            used: Some(outcome.sent.arriving_bps(USED_FROM, duration) / rate.bps() as f64),
            video_kbps: video_bytes(&outcome.of_sender)
                .map(|bytes| bytes * 8.0 / 1e3 / duration.as_secs_f64()),
            queue_p95_ms: wait(0.95),
            longest_queue_ms: wait(1.0),
            freezes: video.and_then(|video| video.freeze_count).map(|count| count as f64),
            longest_gap_ms: first
                .map(|first| ms(sight::longest_freeze(&outcome.shown, first, end))),
            lines: sight::usual_height(&outcome.shown, half, end),
            fps: first.map(|_| sight::frames_per_second(&outcome.shown, begun, end)),
            unread: (!places.is_empty()).then(|| {
                let unread = places.iter().filter(|place| place.is_none()).count();
                unread as f64 / places.len() as f64
            }),
        }
    }

    pub(crate) fn json(&self) -> Value {
        let spread =
            |spread: Option<Spread>| spread.map(|s| json!({ "mean": s.mean, "p10": s.p10 }));
        json!({
            "psnr_db": spread(self.psnr),
            "ssim": spread(self.ssim),
            "nearly_final_s": self.nearly_final_s,
            "first_frame_s": self.first_frame_s,
            "link_used": self.used,
            "video_kbps": self.video_kbps,
            "queue_p95_ms": self.queue_p95_ms,
            "longest_queue_ms": self.longest_queue_ms,
            "freezes": self.freezes,
            "longest_gap_ms": self.longest_gap_ms,
            "lines": self.lines,
            "fps": self.fps,
            "unread": self.unread,
        })
    }
}

/// When each place was shown, in seconds after the first media packet.
pub(crate) fn timed(places: &Places, first: f64) -> Vec<(f64, Place)> {
    let at = |index: usize| first + index as f64 / f64::from(FPS);
    places.iter().enumerate().filter_map(|(index, place)| Some((at(index), (*place)?))).collect()
}

/// From when on the PSNR of a second was nearly that of the end.
fn nearly_final(timed: &[(f64, Place)]) -> Option<f64> {
    let mean = |from: f64, to: f64| {
        let values = timed.iter().filter(|(at, _)| (from..to).contains(at));
        Spread::of(values.map(|(_, place)| place.psnr)).map(|spread| spread.mean)
    };
    let end = timed.last()?.0;
    let enough = mean(end - FINAL, end)? * NEARLY;
    let is_enough = |(at, _): &&(f64, Place)| mean(*at, *at + LASTS).is_some_and(|m| m >= enough);
    timed.iter().find(is_enough).map(|(at, _)| *at)
}

/// What a sender says that its video took: a report of ours, or `getStats` of a page.
fn video_bytes(of_sender: &Value) -> Option<f64> {
    let ours = of_sender.pointer("/video/sent/bytes");
    let is_video = |one: &&Value| one["type"] == "outbound-rtp" && one["kind"] == "video";
    let page = || of_sender.as_array()?.iter().find(is_video)?.get("bytesSent");
    ours.or_else(page)?.as_f64()
}

pub(crate) fn since(at: Instant, begun: Instant) -> f64 {
    at.saturating_duration_since(begun).as_secs_f64()
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(psnr: f64) -> Option<Place> {
        Some(Place { number: 0, stood: 0, psnr, ssim: 0.9 })
    }

    #[test]
    fn the_tenth_that_is_worst_begins_at_p10() {
        let spread = Spread::of((1..=100).rev().map(f64::from)).expect("there are values");
        assert_eq!((spread.mean, spread.p10), (50.5, 11.0));
        assert_eq!(Spread::of(std::iter::empty()), None);
    }

    #[test]
    fn quality_is_nearly_final_when_a_whole_second_of_it_is() {
        // A good moment after a second, and good for good after four.
        let psnr = |n: u32| if n / 30 >= 4 || n == 30 { 40.0 } else { 30.0 };
        let places: Places = (0..600).map(|n| place(psnr(n))).collect();
        let timed = timed(&places, 0.5);
        let found = nearly_final(&timed).expect("it is found");
        // 95% of 40 dB are 38: four fifths of a second.
        assert!((found - 4.3).abs() < 0.05, "{found}");
        assert_eq!(nearly_final(&[]), None);
    }

    #[test]
    fn both_senders_say_what_their_video_took() {
        let ours = json!({ "video": { "sent": { "bytes": 1200 } } });
        let audio = json!({ "type": "outbound-rtp", "kind": "audio", "bytesSent": 1 });
        let video = json!({ "type": "outbound-rtp", "kind": "video", "bytesSent": 2400 });
        assert_eq!(video_bytes(&ours), Some(1200.0));
        assert_eq!(video_bytes(&json!([audio, video])), Some(2400.0));
        assert_eq!(video_bytes(&json!([])), None);
    }

    #[test]
    fn what_could_not_be_read_has_no_time() {
        let places: Places = vec![place(30.0), None, place(31.0)];
        let at: Vec<f64> = timed(&places, 1.0).iter().map(|(at, _)| *at).collect();
        assert_eq!(at, [1.0, 1.0 + 2.0 / 30.0]);
    }
}
