//! How much the way to the other carries.
//!
//! [`GoogCc`] follows Google Congestion Control (draft-ietf-rmcat-gcc-02) on transport-wide feedback
//! (draft-holmer-rmcat-transport-wide-cc-extensions-01): `trendline` sees queues grow in the times of arrival,
//! `rate_control` backs off to what arrives and otherwise probes upwards, loss bounds both. Of peers that send REMB
//! (draft-alvestrand-rmcat-remb) alone, that is believed. Everything is pure: time is an argument.

mod burst;
mod rate_control;
mod throughput;
mod trendline;

use std::time::{Duration, Instant};

use visavis_media::units::Bitrate;

use burst::BurstMeter;
use rate_control::{RateControl, Signal};
use throughput::Throughput;
use trendline::{Trendline, Usage};

/// The estimate to begin with.
pub const START: Bitrate = Bitrate::from_kbps(1000);
/// Below this nothing useful can be sent.
pub const FLOOR: Bitrate = Bitrate::from_kbps(100);
/// What a packet costs beyond RTP: SRTP tag, UDP and IP headers, in bytes.
pub const WIRE_OVERHEAD: usize = 16 + 8 + 20;
/// REMB is believed while there is no transport-wide feedback for so long.
const FEEDBACK_FRESH: Duration = Duration::from_secs(2);
/// When what was sent stays without any feedback for so long, the way is assumed to be blocked.
const FEEDBACK_TIMEOUT: Duration = Duration::from_secs(1);

/// One packet that was sent, and what became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PacketResult {
    /// When it left.
    pub sent: Instant,
    /// Its size on the wire, in bytes.
    pub bytes: usize,
    /// When it arrived, on the other's clock; `None` when it did not.
    pub arrival: Option<Duration>,
}

/// Estimates the bitrate that the way to the other carries.
pub trait BandwidthEstimator: Send {
    /// A packet of so many bytes on the wire left.
    fn on_packet_sent(&mut self, now: Instant, bytes: usize);

    /// The other reported on packets. They come in the order in which they were sent.
    fn on_feedback(&mut self, now: Instant, results: &[PacketResult]);

    /// A receiver report said that this share of packets was lost, 0 to 1.
    fn on_loss(&mut self, now: Instant, share: f64);

    /// The other's own estimate (REMB).
    fn on_remb(&mut self, now: Instant, estimate: Bitrate);

    /// The round trip was measured.
    fn on_rtt(&mut self, rtt: Duration);

    /// The estimate now, for everything that is sent, headers included.
    fn target(&mut self, now: Instant) -> Bitrate;

    /// How fast a burst the size of a picture may leave.
    fn burst_rate(&self) -> Bitrate;
}

/// Google Congestion Control.
#[derive(Debug)]
pub struct GoogCc {
    trendline: Trendline,
    throughput: Throughput,
    control: RateControl,
    burst: BurstMeter,
    delay: QueueDelay,
    loss: LossWindow,
    remb: Option<(Instant, Bitrate)>,
    last_feedback: Option<Instant>,
    /// When the oldest packet left that nothing was heard after.
    unheard_since: Option<Instant>,
}

impl GoogCc {
    /// An estimator that never estimates more than `max`.
    #[must_use]
    pub fn new(max: Bitrate) -> Self {
        Self {
            trendline: Trendline::default(),
            throughput: Throughput::default(),
            control: RateControl::new(START.min(max), FLOOR, max),
            burst: BurstMeter::default(),
            delay: QueueDelay::default(),
            loss: LossWindow::default(),
            remb: None,
            last_feedback: None,
            unheard_since: None,
        }
    }

    /// How long packets wait in queues on the way, by the latest feedback.
    #[must_use]
    pub fn queue_delay(&self) -> Duration {
        self.delay.current()
    }
}

impl BandwidthEstimator for GoogCc {
    fn on_packet_sent(&mut self, now: Instant, _bytes: usize) {
        self.unheard_since.get_or_insert(now);
    }

    fn on_feedback(&mut self, now: Instant, results: &[PacketResult]) {
        if results.is_empty() {
            return;
        }
        self.last_feedback = Some(now);
        self.unheard_since = None;
        for result in results {
            self.loss.add(result.arrival.is_none());
            if let Some(arrival) = result.arrival {
                self.throughput.add(arrival, result.bytes);
                self.delay.add(now, result.sent, arrival);
                self.trendline.add(result.sent, arrival);
                self.burst.add(result.sent, arrival, result.bytes);
            }
        }
        let standing = self.delay.current();
        let signal = match self.trendline.take_usage() {
            Usage::Over => Signal::Overuse,
            // A queue that no longer grows but does not drain either shows no trend.
            _ if standing > STANDING_QUEUE => Signal::Overuse,
            Usage::Under => Signal::Hold,
            Usage::Normal if standing > BUSY_QUEUE => Signal::Hold,
            Usage::Normal => Signal::Increase,
        };
        self.control.update(now, signal, self.throughput.rate(), standing);
        if let Some(share) = self.loss.take() {
            self.control.lost(now, share, self.throughput.rate());
        }
    }

    fn on_loss(&mut self, now: Instant, share: f64) {
        // Transport-wide feedback says the same, sooner and for every packet.
        let fresh = self.last_feedback.is_some_and(|last| now.duration_since(last) < FEEDBACK_FRESH);
        if !fresh {
            self.unheard_since = None;
            self.control.update(now, if share < 0.02 { Signal::Increase } else { Signal::Hold }, None, Duration::ZERO);
            self.control.lost(now, share, None);
        }
    }

    fn on_remb(&mut self, now: Instant, estimate: Bitrate) {
        self.unheard_since = None;
        self.remb = Some((now, estimate));
    }

    fn on_rtt(&mut self, rtt: Duration) {
        self.control.set_rtt(rtt);
    }

    fn target(&mut self, now: Instant) -> Bitrate {
        if let Some(since) = self.unheard_since
            && now.duration_since(since) > FEEDBACK_TIMEOUT
            && self.last_feedback.is_some()
        {
            self.control.nothing_heard(now);
        }
        let fresh = self.last_feedback.is_some_and(|last| now.duration_since(last) < FEEDBACK_FRESH);
        match self.remb {
            Some((at, estimate)) if !fresh && now.duration_since(at) < 5 * FEEDBACK_FRESH => {
                self.control.believe(estimate);
            }
            _ => {}
        }
        self.control.rate()
    }

    fn burst_rate(&self) -> Bitrate {
        self.burst.rate().max(self.control.rate().scaled(2.5))
    }
}

/// A queue this long is not added to.
const BUSY_QUEUE: Duration = Duration::from_millis(60);
/// A queue this long has to shrink.
const STANDING_QUEUE: Duration = Duration::from_millis(150);
/// How long the shortest time on the way is believed to be the time without queues.
const BASE_WINDOW: Duration = Duration::from_secs(10);

/// How much longer than the quickest packets take lately.
#[derive(Debug, Default)]
struct QueueDelay {
    epoch: Option<Instant>,
    /// Shortest one-way time (in the two clocks' difference, seconds) of this half window and of the one before.
    base: f64,
    base_before: f64,
    window_since: Option<Instant>,
    smoothed: f64,
}

impl QueueDelay {
    fn add(&mut self, now: Instant, sent: Instant, arrival: Duration) {
        let epoch = *self.epoch.get_or_insert(sent);
        let sent = match sent.checked_duration_since(epoch) {
            Some(after) => after.as_secs_f64(),
            None => -epoch.duration_since(sent).as_secs_f64(),
        };
        let way = arrival.as_secs_f64() - sent;
        match self.window_since {
            None => {
                (self.base, self.base_before) = (way, way);
                self.window_since = Some(now);
            }
            Some(since) if now.duration_since(since) > BASE_WINDOW / 2 => {
                self.base_before = self.base;
                self.base = way;
                self.window_since = Some(now);
            }
            Some(_) => self.base = self.base.min(way),
        }
        let queued = (way - self.base.min(self.base_before)).max(0.0);
        self.smoothed += (queued - self.smoothed) * 0.1;
    }

    fn current(&self) -> Duration {
        Duration::try_from_secs_f64(self.smoothed).unwrap_or_default()
    }
}

/// Loss counts for as much at a time as it takes to tell 2% from none.
const LOSS_WINDOW: u32 = 60;

#[derive(Debug, Default)]
struct LossWindow {
    packets: u32,
    lost: u32,
}

impl LossWindow {
    fn add(&mut self, lost: bool) {
        self.packets += 1;
        self.lost += u32::from(lost);
    }

    fn take(&mut self) -> Option<f64> {
        if self.packets < LOSS_WINDOW {
            return None;
        }
        let window = std::mem::take(self);
        Some(f64::from(window.lost) / f64::from(window.packets))
    }
}

#[cfg(test)]
#[path = "simulation_tests.rs"]
mod tests;
