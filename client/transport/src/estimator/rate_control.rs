//! The rate: additive and multiplicative increase, multiplicative decrease (draft-ietf-rmcat-gcc-02
//! §5), and the answer to loss that is congestion (§6).

use std::time::{Duration, Instant};

use visavis_media::units::Bitrate;

/// On overuse the rate falls to this share of what arrives.
const BACK_OFF: f64 = 0.85;
/// And to this when the queue is long already, so that it drains soon.
const BACK_OFF_LONG_QUEUE: f64 = 0.6;
const LONG_QUEUE: Duration = Duration::from_millis(100);
/// The estimate is never further ahead of what arrives than this: what was not tried is not known.
const MAX_AHEAD: f64 = 1.5;
const MAX_AHEAD_AT_START: f64 = 1.7;
/// Before the first sign of congestion the rate grows by e to this every second.
const GROWTH_AT_START: f64 = 1.4;
/// Afterwards by this share every second, and faster the longer nothing speaks against it.
const GROWTH: f64 = 0.08;
const GROWTH_MAX: f64 = 0.40;
/// Near to what the path carried before, by no more than this share every second.
const GROWTH_NEAR_CAPACITY: f64 = 0.04;
/// From so long after the last decrease on, growth speeds up over as long again.
const CAUTIOUS_FOR: Duration = Duration::from_secs(4);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Signal {
    /// Send less: a queue is growing or long.
    Overuse,
    /// Send as much as now.
    Hold,
    /// More may be sent.
    Increase,
}

/// The estimate, and what its growth depends on.
#[derive(Debug)]
pub(super) struct RateControl {
    rate: f64,
    min: f64,
    max: f64,
    pub(super) rtt: Duration,
    /// No limit was ever seen.
    pub(super) starting: bool,
    /// More is lost than usual: the rate does not grow.
    pub(super) lossy: bool,
    last_update: Option<Instant>,
    last_decrease: Option<Instant>,
    /// What the path carried when it was last full, smoothed.
    capacity: Option<f64>,
}

impl RateControl {
    pub(super) fn new(start: Bitrate, min: Bitrate, max: Bitrate) -> Self {
        Self {
            rate: start.bps() as f64,
            min: min.bps() as f64,
            max: max.bps().max(min.bps()) as f64,
            rtt: Duration::from_millis(100),
            starting: true,
            lossy: false,
            last_update: None,
            last_decrease: None,
            capacity: None,
        }
    }

    pub(super) fn rate(&self) -> Bitrate {
        Bitrate::from_bps(self.rate as u64)
    }

    /// Takes another's word for it.
    pub(super) fn believe(&mut self, estimate: Bitrate) {
        self.set(estimate.bps() as f64);
    }

    pub(super) fn max(&self) -> Bitrate {
        Bitrate::from_bps(self.max as u64)
    }

    /// So much was seen to get through.
    pub(super) fn proven(&mut self, rate: Bitrate) {
        let rate = rate.bps() as f64;
        if rate > self.rate {
            // What was full once has changed.
            self.capacity = None;
            self.set(rate);
        }
    }

    /// Goes on from a rate that is no result of a signal.
    pub(super) fn resume(&mut self, now: Instant, rate: Bitrate) {
        self.set(rate.bps() as f64);
        self.last_update = Some(now);
    }

    /// Follows a signal. `arriving` is the throughput, `queue` how long packets wait. Says whether
    /// the rate fell.
    pub(super) fn update(
        &mut self,
        now: Instant,
        signal: Signal,
        arriving: Option<Bitrate>,
        queue: Duration,
    ) -> bool {
        let elapsed =
            self.last_update.map_or(Duration::ZERO, |last| now.saturating_duration_since(last));
        self.last_update = Some(now);
        let arriving = arriving.map(|rate| rate.bps() as f64);
        let before = self.rate;
        match signal {
            Signal::Overuse => self.decrease(now, arriving, queue),
            Signal::Hold => {}
            Signal::Increase => {
                self.increase(now, elapsed.min(Duration::from_millis(500)), arriving)
            }
        }
        self.rate < before
    }

    /// Packets are lost to full queues. Says whether the rate fell.
    pub(super) fn lost(&mut self, now: Instant, arriving: Option<Bitrate>) -> bool {
        if !self.may_decrease(now) {
            return false;
        }
        self.starting = false;
        let before = self.rate;
        let arriving = arriving.map_or(self.rate, |rate| rate.bps() as f64);
        self.set(self.rate.min(arriving) * BACK_OFF);
        self.last_decrease = Some(now);
        self.rate < before
    }

    /// No feedback came for a while although we send.
    pub(super) fn no_feedback(&mut self, now: Instant) {
        if self.may_decrease(now)
            && self.last_decrease.is_none_or(|last| now.duration_since(last).as_millis() > 500)
        {
            self.set(self.rate * 0.8);
            self.last_decrease = Some(now);
        }
    }

    /// Not before the last decrease can have shown an effect.
    fn may_decrease(&self, now: Instant) -> bool {
        let effect = self.rtt.max(Duration::from_millis(50)) + Duration::from_millis(150);
        self.last_decrease.is_none_or(|last| now.duration_since(last) >= effect)
    }

    /// What a cluster that was held up says of the path: no more than this gets through.
    pub(super) fn limited(&mut self, rate: Bitrate) {
        if self.starting {
            self.starting = false;
            self.set(self.rate.min(rate.bps() as f64));
        }
    }

    fn decrease(&mut self, now: Instant, arriving: Option<f64>, queue: Duration) {
        let soon = self.rtt.max(Duration::from_millis(50)) + Duration::from_millis(20);
        let urgent = queue > LONG_QUEUE
            && self.last_decrease.is_none_or(|last| now.duration_since(last) >= soon);
        if !urgent && !self.may_decrease(now) {
            return;
        }
        self.starting = false;
        let arriving = arriving.unwrap_or(self.rate);
        self.capacity = Some(match self.capacity {
            // Far from what it was, the path has changed.
            Some(capacity) if (capacity - arriving).abs() < 0.3 * capacity => {
                0.8 * capacity + 0.2 * arriving
            }
            _ => arriving,
        });
        let back_off = if queue > LONG_QUEUE { BACK_OFF_LONG_QUEUE } else { BACK_OFF };
        self.set(self.rate.min(arriving * back_off));
        self.last_decrease = Some(now);
    }

    /// So much arrives out of a long queue, which is all that the path carries. Unlike
    /// [`Self::update`] it does not wait for what the last decrease brings: that may have gone by
    /// what arrived before the path became narrow. Says whether the rate fell.
    pub(super) fn carries_no_more(&mut self, arriving: Bitrate) -> bool {
        let arriving = arriving.bps() as f64;
        let exceeds = !self.starting && self.rate > arriving;
        if exceeds {
            self.capacity = Some(arriving);
            self.set(arriving * BACK_OFF);
        }
        exceeds
    }

    fn increase(&mut self, now: Instant, elapsed: Duration, arriving: Option<f64>) {
        if self.lossy {
            return;
        }
        let elapsed = elapsed.as_secs_f64();
        let since = self.last_decrease.map(|last| now.duration_since(last));
        let grown = if self.starting {
            self.rate * (GROWTH_AT_START * elapsed).exp()
        } else if self.near_capacity(since) {
            // About a packet more in each time it takes to notice, which is much for a narrow path.
            let response = self.rtt.as_secs_f64() + 0.1;
            self.rate + (1200.0 * 8.0 / response).min(GROWTH_NEAR_CAPACITY * self.rate) * elapsed
        } else {
            let patience = since
                .map_or(1.0, |since| since.as_secs_f64() / CAUTIOUS_FOR.as_secs_f64())
                .clamp(0.0, 3.0);
            let growth = GROWTH + (GROWTH_MAX - GROWTH) * (patience - 1.0).clamp(0.0, 1.0);
            self.rate * (growth * elapsed).exp()
        };
        let ahead = if self.starting { MAX_AHEAD_AT_START } else { MAX_AHEAD };
        let limit = arriving.map_or(f64::INFINITY, |arriving| arriving * ahead + 20_000.0);
        self.set(grown.min(limit.max(self.rate)));
    }

    fn near_capacity(&self, since: Option<Duration>) -> bool {
        let recent = since.is_some_and(|since| since < 2 * CAUTIOUS_FOR);
        recent
            && self
                .capacity
                .is_some_and(|capacity| self.rate > 0.9 * capacity && self.rate < 1.15 * capacity)
    }

    fn set(&mut self, rate: f64) {
        self.rate = rate.clamp(self.min, self.max);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn what_a_long_queue_lets_through_is_believed_without_waiting() {
        let start = Instant::now();
        let kbps = Bitrate::from_kbps;
        let mut control = RateControl::new(kbps(2500), kbps(100), kbps(5000));
        assert!(
            !control.carries_no_more(kbps(500)),
            "at the start a queue is one's own first video frame"
        );
        let queue = 250 * MS;
        assert!(control.update(start, Signal::Overuse, Some(kbps(2400)), queue));
        let first = control.rate();
        assert!(
            !control.update(start + 20 * MS, Signal::Overuse, Some(kbps(500)), queue),
            "too soon after the last"
        );
        assert_eq!(control.rate(), first);
        assert!(control.carries_no_more(kbps(500)));
        assert_eq!(control.rate(), kbps(425));
        assert!(!control.carries_no_more(kbps(430)), "that is more than the rate");
    }
}
