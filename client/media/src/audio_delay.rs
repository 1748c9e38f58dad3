//! How long received sound should wait before it is played, from how unevenly it arrives.
//!
//! In go the arrival and RTP time of each packet; out come two things: the *lateness* of any RTP time (how far it lies
//! behind the fastest recent packet) and the *target*, the lateness at which nearly all packets have arrived. What
//! always holds: the target is between [`MIN_TARGET`] and [`MAX_TARGET`], memory is bounded, and what is forgotten is
//! forgotten for good, so that the target falls again when the network calms down.
//!
//! The measure is the relative arrival delay against the fastest packet of the last seconds, kept in a histogram that
//! forgets exponentially; a moving minimum follows clock drift and route changes.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::frame::SAMPLE_RATE;

/// Nothing is played sooner than this after the fastest packet could have been.
pub const MIN_TARGET: Duration = Duration::from_millis(20);
/// No network is worth a longer wait in a conversation.
pub const MAX_TARGET: Duration = Duration::from_millis(300);

/// The fastest packet is looked for in this time.
const BASE_WINDOW: Duration = Duration::from_secs(2);
/// At most this many candidates for it are kept.
const BASE_CANDIDATES: usize = 512;
const BUCKET_SECONDS: f64 = 0.005;
const BUCKETS: usize = 80;
/// The target covers this share of the packets.
const COVERED: f32 = 0.97;
/// What a histogram entry is worth after each further packet: half after 2 s of 20 ms packets, 3% after 10 s.
const FORGETTING: f32 = 0.993;

/// The estimator.
pub struct DelayEstimator {
    epoch: Option<Instant>,
    /// Candidates for the minimum offset: increasing in time and in offset, so that the first is the minimum.
    base: VecDeque<(f64, f64)>,
    histogram: [f32; BUCKETS],
    observed: u32,
}

impl Default for DelayEstimator {
    fn default() -> Self {
        Self { epoch: None, base: VecDeque::new(), histogram: [0.0; BUCKETS], observed: 0 }
    }
}

impl DelayEstimator {
    /// Takes a packet's arrival into account.
    pub fn observe(&mut self, arrival: Instant, rtp_time: i64) {
        let at = self.seconds(arrival);
        let offset = at - rtp_time as f64 / f64::from(SAMPLE_RATE);
        while self.base.back().is_some_and(|&(_, kept)| kept >= offset) {
            self.base.pop_back();
        }
        self.base.push_back((at, offset));
        let oldest = at - BASE_WINDOW.as_secs_f64();
        while self.base.len() > BASE_CANDIDATES || self.base.front().is_some_and(|&(when, _)| when < oldest) {
            self.base.pop_front();
        }
        let fastest = self.base.front().map_or(offset, |&(_, offset)| offset);

        self.observed = self.observed.saturating_add(1);
        // The first packets share the weight evenly; later ones displace the old exponentially.
        let keep = FORGETTING.min(1.0 - 1.0 / self.observed as f32);
        self.histogram.iter_mut().for_each(|weight| *weight *= keep);
        let bucket = ((offset - fastest) / BUCKET_SECONDS).clamp(0.0, (BUCKETS - 1) as f64) as usize;
        if let Some(weight) = self.histogram.get_mut(bucket) {
            *weight += 1.0 - keep;
        }
    }

    /// How long to wait, from what was observed.
    #[must_use]
    pub fn target(&self) -> Duration {
        let mut covered = 0.0;
        for (bucket, weight) in self.histogram.iter().enumerate() {
            covered += weight;
            if covered >= COVERED {
                let wait = Duration::from_secs_f64((bucket + 1) as f64 * BUCKET_SECONDS);
                return wait.clamp(MIN_TARGET, MAX_TARGET);
            }
        }
        if self.observed == 0 { MIN_TARGET } else { MAX_TARGET }
    }

    /// How far an RTP time lies behind the fastest recent packet at `now`, in seconds; negative when it is not even due
    /// to arrive yet. `None` before anything was observed.
    #[must_use]
    pub fn lateness(&self, rtp_time: i64, now: Instant) -> Option<f64> {
        let &(_, fastest) = self.base.front()?;
        let epoch = self.epoch?;
        Some(seconds_between(epoch, now) - rtp_time as f64 / f64::from(SAMPLE_RATE) - fastest)
    }

    /// Forgets which packet was the fastest, as after an interruption; what is known about jitter stays.
    pub fn forget_base(&mut self) {
        self.base.clear();
    }

    fn seconds(&mut self, at: Instant) -> f64 {
        seconds_between(*self.epoch.get_or_insert(at), at)
    }
}

fn seconds_between(epoch: Instant, at: Instant) -> f64 {
    match at.checked_duration_since(epoch) {
        Some(since) => since.as_secs_f64(),
        None => -epoch.duration_since(at).as_secs_f64(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{Rng, SeedableRng};

    /// Feeds packets of 20 ms whose extra delay the closure tells; returns the target after each.
    fn targets(count: u64, mut delay_ms: impl FnMut(u64) -> f64) -> Vec<u128> {
        let start = Instant::now();
        let mut estimator = DelayEstimator::default();
        (0..count)
            .map(|i| {
                let arrival = start + Duration::from_secs_f64(i as f64 * 0.02 + delay_ms(i) / 1000.0);
                estimator.observe(arrival, i as i64 * 960);
                estimator.target().as_millis()
            })
            .collect()
    }

    #[test]
    fn a_steady_network_needs_the_least() {
        assert!(targets(500, |_| 40.0).iter().all(|&t| t == 20));
    }

    #[test]
    fn the_target_covers_the_jitter() {
        let mut random = rand::rngs::StdRng::seed_from_u64(1);
        let targets = targets(1000, |_| random.random_range(0.0..100.0));
        assert!((90..=110).contains(targets.last().unwrap()), "{:?}", targets.last());
    }

    #[test]
    fn a_rare_straggler_does_not_raise_the_target() {
        let targets = targets(2000, |i| if i % 100 == 99 { 150.0 } else { 0.0 });
        assert!(targets[300..].iter().all(|&t| t == 20));
    }

    #[test]
    fn the_target_falls_again_when_the_network_calms_down() {
        let mut random = rand::rngs::StdRng::seed_from_u64(2);
        let targets = targets(1500, |i| if i < 500 { random.random_range(0.0..150.0) } else { 0.0 });
        assert!(targets[499] >= 120);
        assert_eq!(targets[1499], 20, "20 s later");
    }

    #[test]
    fn a_slower_route_and_a_drifting_clock_are_followed() {
        let targets = targets(3000, |i| if i < 500 { 0.0 } else { 100.0 + i as f64 * 0.004 });
        assert_eq!(*targets.last().unwrap(), 20);
    }

    #[test]
    fn absurd_times_stay_within_bounds() {
        let start = Instant::now();
        let mut estimator = DelayEstimator::default();
        for i in 0..5000_i64 {
            estimator.observe(start, i * 1_000_003 % 77_777_777 * if i % 2 == 0 { 1 } else { -1 });
            assert!((MIN_TARGET..=MAX_TARGET).contains(&estimator.target()));
            assert!(estimator.base.len() <= BASE_CANDIDATES);
        }
    }
}
