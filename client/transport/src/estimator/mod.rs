//! The bandwidth estimator: how much the path to the other carries.
//!
//! In go packets that leave, transport-wide feedback on them, receiver reports, REMB and the round
//! trip; out come the estimate, the pacer's burst rate, the probes to send, and the loss that FEC
//! is for. What always holds: the estimate is between `FLOOR` and the maximum. Everything is
//! pure: time is an argument.
//!
//! ```text
//!  feedback ──┬─► trendline ──────────┐
//!             ├─► queue_delay ────────┼─► Signal ───┐
//!             ├─► start_up ───────────┘             │
//!             ├─► throughput ─────── what arrives ──┼─► rate_control ──┬─► target()
//!             ├─► loss ───┬───────── Verdict ───────┤                  │
//!             │           └─────────────────────────┼──────────────────┼─► random_loss()
//!             ├─► probe ─────┬────── Outcome ───────┘                  │
//!             │        ▲     └─────────────────────────────────────────┼─► probe()
//!             │        └──────────── estimate ◄────────────────────────┤
//!             └─► short_term_capacity ─────────────────────────────────┴─► burst_rate()
//! ```
//!
//! Packets that leave go to `start_up` and `probe` too. Without transport-wide feedback, receiver
//! reports go to `loss`, and REMB is the estimate.
//!
//! Sources. [`GoogCc`] follows Google Congestion Control: draft-ietf-rmcat-gcc-02 for the arrival
//! groups, the adaptive threshold and the rate control, and libwebrtc's
//! `modules/congestion_controller/goog_cc` for what the draft leaves open or has been overtaken in:
//! `TrendlineEstimator` in place of the Kalman filter, `ProbeController` and
//! `ProbeBitrateEstimator` (`probe`), and the term *inherent loss* of `LossBasedBweV2` (`loss`).
//! The feedback is that of draft-holmer-rmcat-transport-wide-cc-extensions-01. Of peers that send
//! REMB alone (draft-alvestrand-rmcat-remb-03), that is believed. Our own are the bounds by the
//! length of the queue, the trials of `loss`, `short_term_capacity` and `start_up`.

mod loss;
mod probe;
mod queue_delay;
mod rate_control;
mod short_term_capacity;
mod start_up;
mod throughput;
mod trendline;

use std::time::{Duration, Instant};

use visavis_media::units::Bitrate;

use loss::{LossControl, Verdict};
pub use probe::Probe;
use probe::{Outcome, Prober};
use queue_delay::QueueDelay;
use rate_control::{RateControl, Signal};
use short_term_capacity::ShortTermCapacity;
use start_up::StartUp;
use throughput::Throughput;
use trendline::{Trendline, Usage};

/// The estimate to begin with: a narrow link is not flooded, and on a wide one probes take a few
/// round trips to say so.
const START: Bitrate = Bitrate::from_kbps(300);
/// Below this nothing useful can be sent.
const FLOOR: Bitrate = Bitrate::from_kbps(100);
/// REMB is believed while there is no transport-wide feedback for so long.
const FEEDBACK_FRESH: Duration = Duration::from_secs(2);
/// When what was sent stays without any feedback for so long, the path is assumed to be blocked.
const FEEDBACK_TIMEOUT: Duration = Duration::from_secs(1);

/// With a shorter queue a narrow link is taken to have room again.
const PROBE_BELOW: Duration = Duration::from_millis(30);
/// A shorter queue is no sign of anything: video frames are sent in bursts, and the clusters of the
/// prober are some.
const SHORT_QUEUE: Duration = Duration::from_millis(20);
/// What even the quickest packet of an interval waited is no queue when it is this short.
const NO_QUEUE: Duration = Duration::from_millis(5);
/// From this on a trend upwards is that of a queue.
const GROWING_QUEUE: Duration = Duration::from_millis(25);
/// And from this on the queue has to shrink, with a trend or without.
const LASTING_QUEUE: Duration = Duration::from_millis(40);
/// A queue this long is not added to.
const BUSY_QUEUE: Duration = Duration::from_millis(60);
/// A queue that came about so suddenly that it can't be waited for a trend.
const SUDDEN_QUEUE: Duration = Duration::from_millis(90);
/// A queue this long has to shrink.
const STANDING_QUEUE: Duration = Duration::from_millis(150);
/// After a silence, so much of what was estimated before it.
const RESUME_AT: f64 = 0.7;
/// In a trial of loss, so much of the estimate.
const TRIAL_AT: f64 = 0.75;

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

/// Google Congestion Control, with what is ours in it.
#[derive(Debug)]
pub struct GoogCc {
    trendline: Trendline,
    throughput: Throughput,
    control: RateControl,
    prober: Prober,
    short_term_capacity: ShortTermCapacity,
    delay: QueueDelay,
    loss: LossControl,
    remb: Option<(Instant, Bitrate)>,
    last_feedback: Option<Instant>,
    start_up: StartUp,
    /// When the oldest packet left after which no feedback came.
    unreported_since: Option<Instant>,
    /// The estimate when feedback stopped.
    before_silence: Option<Bitrate>,
    silence_ended: Option<Instant>,
    /// The estimate before loss made us send less as a trial.
    before_trial: Option<Bitrate>,
}

impl GoogCc {
    /// An estimator that never estimates more than `max`.
    #[must_use]
    pub fn new(max: Bitrate) -> Self {
        Self {
            trendline: Trendline::default(),
            throughput: Throughput::default(),
            control: RateControl::new(START.min(max), FLOOR, max),
            prober: Prober::default(),
            short_term_capacity: ShortTermCapacity::default(),
            delay: QueueDelay::default(),
            loss: LossControl::default(),
            remb: None,
            last_feedback: None,
            start_up: StartUp::default(),
            unreported_since: None,
            before_silence: None,
            silence_ended: None,
            before_trial: None,
        }
    }

    /// A packet of so many bytes on the wire left; `probe` when it belongs to a cluster that
    /// [`Self::probe`] requested.
    pub fn on_packet_sent(&mut self, now: Instant, bytes: usize, probe: bool) {
        self.unreported_since.get_or_insert(now);
        self.start_up.left(now);
        self.prober.left(now, bytes, probe);
    }

    /// The other reported on packets: on those that arrived soon and in the order in which they
    /// were sent, on those that did not when they are given up.
    pub fn on_feedback(&mut self, now: Instant, results: &[PacketResult]) {
        if !results.iter().any(|result| result.arrival.is_some()) {
            return;
        }
        self.last_feedback = Some(now);
        self.silence_ended(now);
        self.start_up.reported(results);
        for result in results {
            // What left during an outage and is given up after it says nothing of how things are.
            if result.arrival.is_some()
                || self.silence_ended.is_none_or(|ended| result.sent > ended)
            {
                self.loss.add(result.arrival.is_none());
            }
            if let Some(arrival) = result.arrival {
                self.throughput.add(now, arrival, result.bytes);
                self.delay.add(now, result.sent, arrival);
                self.trendline.add(result.sent, arrival);
                self.short_term_capacity.add(result.sent, arrival, result.bytes);
            }
        }
        let signal = self.signal();
        let standing = self.delay.current().max(self.delay.latest());
        // Jitter holds back part of what arrives in a short time. A queue lets it out evenly.
        let queued = self.delay.local_minimum() > SHORT_QUEUE || self.delay.latest() > SUDDEN_QUEUE;
        let arriving = if signal == Signal::Overuse && queued {
            self.throughput.lately(now)
        } else {
            self.throughput.rate(now)
        };
        if self.control.update(now, signal, arriving, standing) {
            self.prober.dropped(now);
            self.before_trial = None;
        }
        if self.delay.latest() > SUDDEN_QUEUE
            && let Some(arriving) = self.throughput.lately(now)
            && self.control.carries_no_more(arriving)
        {
            self.prober.dropped(now);
        }
        match self.prober.results(now, results, self.control.rtt) {
            Some(Outcome::Through(rate)) if signal != Signal::Overuse => self.control.proven(rate),
            Some(Outcome::HeldUp(rate)) if signal != Signal::Overuse => {
                self.control.limited(rate);
                self.control.proven(rate);
            }
            _ => {}
        }
        // Without much being sent there is nothing that less would cure.
        let trying = self.control.rate() > START;
        if let Some(verdict) = self.loss.judge(now, standing, self.control.rtt, trying) {
            self.judge_loss(now, verdict);
        }
    }

    /// A receiver report said that this share of packets was lost, 0 to 1.
    pub fn on_loss(&mut self, now: Instant, share: f64) {
        // Transport-wide feedback says the same, sooner and for every packet.
        if !self.has_feedback(now, FEEDBACK_FRESH) {
            self.silence_ended(now);
            self.control.update(now, Signal::Increase, None, Duration::ZERO);
            // Nothing tells of queues, so there may be one.
            let verdict =
                self.loss.judge_share(now, share, STANDING_QUEUE, self.control.rtt, false);
            self.judge_loss(now, verdict);
        }
    }

    /// The other's own estimate (REMB).
    pub fn on_remb(&mut self, now: Instant, estimate: Bitrate) {
        self.unreported_since = None;
        self.remb = Some((now, estimate));
    }

    /// The round trip was measured.
    pub fn on_rtt(&mut self, rtt: Duration) {
        self.control.rtt = rtt;
    }

    /// The estimate now, for everything that is sent, headers included.
    pub fn target(&mut self, now: Instant) -> Bitrate {
        if let Some(since) = self.unreported_since
            && now.saturating_duration_since(since) > FEEDBACK_TIMEOUT
            && self.last_feedback.is_some()
        {
            self.before_silence.get_or_insert(self.control.rate());
            self.control.no_feedback(now);
        }
        if let Some((at, estimate)) = self.remb
            && !self.has_feedback(now, FEEDBACK_FRESH)
            && now.saturating_duration_since(at) < 5 * FEEDBACK_FRESH
        {
            self.control.believe(estimate);
        }
        self.control.rate()
    }

    /// How fast a burst the size of a video frame may leave.
    #[must_use]
    pub fn burst_rate(&self) -> Bitrate {
        if self.delay.latest() > SUDDEN_QUEUE {
            // A queue drains only when less is sent than gets through.
            return self.control.rate();
        }
        self.short_term_capacity.rate().max(self.control.rate().scaled(2.5))
    }

    /// The packets to send now on top of everything else, to find out whether more gets through.
    /// `useful` is what could be made use of.
    pub fn probe(&mut self, now: Instant, useful: Bitrate) -> Option<Probe> {
        // Clusters are read from transport-wide feedback alone, once there is any, and not into a
        // queue.
        if !self.has_feedback(now, FEEDBACK_TIMEOUT)
            || self.delay.current() > PROBE_BELOW
            || !self.start_up.is_over()
            || self.delay.local_minimum() > SHORT_QUEUE
        {
            return None;
        }
        self.prober.plan(now, self.control.rate(), useful.min(self.control.max()))
    }

    /// The share of packets that gets lost although queues are short, 0 to 1: what error correction
    /// is for.
    #[must_use]
    pub fn random_loss(&self) -> f64 {
        self.loss.inherent
    }

    /// How many packets a loss burst takes, on average.
    #[must_use]
    pub fn loss_burst_length(&self) -> f64 {
        self.loss.burst_length
    }

    /// How long packets wait in queues, jitter left out; `None` while no feedback says so.
    #[must_use]
    pub fn queue(&self, now: Instant) -> Option<Duration> {
        let fresh = self.has_feedback(now, FEEDBACK_TIMEOUT / 2);
        fresh.then(|| self.delay.current().min(self.delay.latest()))
    }

    /// Whether more gets lost than is to be expected on this path.
    #[must_use]
    pub fn is_lossy(&self) -> bool {
        self.control.lossy
    }

    /// Feedback came again: the path is as good as it was before, until it shows otherwise.
    fn silence_ended(&mut self, now: Instant) {
        self.unreported_since = None;
        if let Some(before) = self.before_silence.take() {
            self.control.resume(now, before.scaled(RESUME_AT));
            self.prober.try_at(before);
            self.trendline = Trendline::default();
            self.loss.forget();
            self.silence_ended = Some(now);
        }
    }

    /// The detectors' signal, by the trend and the length of queues.
    fn signal(&mut self) -> Signal {
        let (standing, latest) = (self.delay.current(), self.delay.latest());
        // Jitter has a trend now and then, but no packet is late by it that is quick.
        let least = self.delay.local_minimum();
        match self.trendline.take_usage() {
            Usage::Over if least > GROWING_QUEUE => Signal::Overuse,
            // A queue that shot up is plain without a trend, and costs more with each moment.
            Usage::Over | Usage::Normal if latest > SUDDEN_QUEUE => Signal::Overuse,
            // A queue that no longer grows but does not drain either shows no trend.
            _ if least > LASTING_QUEUE || standing > STANDING_QUEUE => Signal::Overuse,
            Usage::Over | Usage::Under if least > NO_QUEUE => Signal::Hold,
            _ if standing > BUSY_QUEUE || !self.start_up.is_over() => Signal::Hold,
            // Nothing limits growth at the start, and it goes on until feedback on what it did
            // comes.
            _ if self.control.starting && least > SHORT_QUEUE => Signal::Hold,
            _ => Signal::Increase,
        }
    }

    fn judge_loss(&mut self, now: Instant, verdict: Verdict) {
        let arriving = self.throughput.rate(now);
        self.control.lossy = !matches!(verdict, Verdict::Fine | Verdict::Restore);
        match verdict {
            Verdict::Fine | Verdict::Hold => {}
            Verdict::Reduce => {
                if self.control.lost(now, arriving) {
                    self.prober.dropped(now);
                }
            }
            Verdict::Try => {
                self.before_trial = Some(self.control.rate());
                self.control.resume(now, self.control.rate().scaled(TRIAL_AT));
            }
            Verdict::Restore => {
                if let Some(before) = self.before_trial.take() {
                    self.control.resume(now, before.max(self.control.rate()));
                }
            }
        }
    }

    /// Whether the last feedback came no longer ago than this.
    fn has_feedback(&self, now: Instant, within: Duration) -> bool {
        self.last_feedback.is_some_and(|last| now.saturating_duration_since(last) < within)
    }
}

#[cfg(test)]
mod tests;
