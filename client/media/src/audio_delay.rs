//! How long received audio should wait before it is played, from how unevenly it arrives and how
//! late repairs come.
//!
//! In go the arrival and RTP timestamp of each packet, and of each lost one when a later packet
//! brought what it held; out come two things: the *lateness* of any RTP timestamp (how far it lies
//! behind the fastest recent packet) and the *target*, the lateness at which audio is best played.
//! What always holds: the target is between [`MIN_TARGET`] and [`MAX_TARGET`], memory is bounded,
//! and what is forgotten is forgotten for good, so that the target falls again when the network
//! calms down.
//!
//! The measure is the relative arrival delay against the fastest packet of the last seconds, kept
//! in histograms that forget exponentially; a moving minimum follows clock drift and route changes.
//! The target is where waiting longer costs more than the audio it would save (`WORTH`,
//! `REPAIR_WORTH`), after the idea of the reorder optimizer in libwebrtc's NetEq. So a repair is
//! waited for only when there is loss enough to make that pay.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::frame::SAMPLE_RATE;
use crate::opus_codec::PACKET_SAMPLES;
use crate::units::seconds_between;

/// Nothing is played sooner than this after the fastest packet could have been: what threads are
/// late by.
pub(crate) const MIN_TARGET: Duration = Duration::from_millis(5);
/// No network is worth a longer wait in a conversation.
pub(crate) const MAX_TARGET: Duration = Duration::from_millis(300);
/// What is assumed of a network before it has shown how it is.
const FIRST_GUESS: Duration = Duration::from_millis(100);
/// How much of a first packet that guess counts for.
const FIRST_GUESS_SHARE: f32 = 0.5;

/// The fastest packet is looked for in this time.
const BASE_WINDOW: Duration = Duration::from_secs(2);
/// At most this many candidates for it are kept.
const BASE_CANDIDATES: usize = 512;
const BUCKET_SECONDS: f64 = 0.002;
const BUCKETS: usize = 160;
/// So much waiting is worth it to save all audio from being concealed: 60 ms for each percent.
const WORTH: f32 = 6.0;
/// And to save what is lost, which is worth more: it is certain to come, and what comes late only
/// may be late.
const REPAIR_WORTH: f32 = 12.0;
/// The target moves only where that saves so much, in seconds.
const HYSTERESIS: f32 = 0.003;
/// What an arrival is worth after each further 20 ms of audio: half after 2 s.
const FORGETTING: f32 = 0.993;
const USUAL_SAMPLES: f32 = PACKET_SAMPLES as f32;
/// Repairs are rarer and come in bunches, so they are remembered longer: half after 14 s.
const REPAIR_FORGETTING: f32 = 0.999;

/// Shares of packets by their lateness; what is forgotten makes room for what is new.
#[derive(Debug, Clone)]
struct Histogram {
    shares: [f32; BUCKETS],
    forgetting: f32,
    seen: u32,
}

impl Histogram {
    fn new(forgetting: f32) -> Self {
        Self { shares: [0.0; BUCKETS], forgetting, seen: 0 }
    }

    /// Takes one more into account, or one that belongs nowhere in it: a packet with so many times
    /// 20 ms of audio.
    fn add(&mut self, bucket: Option<usize>, length: f32) {
        self.seen = self.seen.saturating_add(1);
        // The first share the weight evenly; later ones displace the old exponentially.
        let keep = self.forgetting.powf(length).min(1.0 - 1.0 / (self.seen + 1) as f32);
        self.shares.iter_mut().for_each(|share| *share *= keep);
        if let Some(share) = bucket.and_then(|bucket| self.shares.get_mut(bucket)) {
            *share += 1.0 - keep;
        }
    }
}

/// Estimates the target of one stream.
pub(crate) struct DelayEstimator {
    epoch: Option<Instant>,
    /// Candidates for the minimum offset: increasing in time and in offset, so that the first is
    /// the minimum.
    base: VecDeque<(f64, f64)>,
    arrivals: Histogram,
    repairs: Histogram,
    /// The target as a bucket, whose end it is.
    target: usize,
    /// A packet that is later than the target by so many buckets or more is missed whole: its
    /// length.
    whole: usize,
}

impl Default for DelayEstimator {
    fn default() -> Self {
        let target = bucket_of(FIRST_GUESS.as_secs_f64());
        let mut arrivals = Histogram::new(FORGETTING);
        if let Some(share) = arrivals.shares.get_mut(target) {
            *share = FIRST_GUESS_SHARE;
        }
        Self {
            epoch: None,
            base: VecDeque::new(),
            arrivals,
            repairs: Histogram::new(REPAIR_FORGETTING),
            target,
            whole: 10,
        }
    }
}

impl DelayEstimator {
    /// Takes the arrival of a packet of so many samples into account.
    pub(crate) fn observe(&mut self, arrival: Instant, rtp_timestamp: i64, samples: i64) {
        let at = self.seconds(arrival);
        let offset = at - rtp_timestamp as f64 / f64::from(SAMPLE_RATE);
        while self.base.back().is_some_and(|&(_, kept)| kept >= offset) {
            self.base.pop_back();
        }
        self.base.push_back((at, offset));
        let oldest = at - BASE_WINDOW.as_secs_f64();
        while self.base.len() > BASE_CANDIDATES
            || self.base.front().is_some_and(|&(when, _)| when < oldest)
        {
            self.base.pop_front();
        }
        let fastest = self.base.front().map_or(offset, |&(_, offset)| offset);
        let length = samples as f32 / USUAL_SAMPLES;
        self.arrivals.add(Some(bucket_of(offset - fastest)), length);
        self.repairs.add(None, length);
        self.whole = bucket_of(samples as f64 / f64::from(SAMPLE_RATE)).max(1);
        self.choose_target();
    }

    /// Takes into account that what a lost packet held came with a later one.
    pub(crate) fn observe_repair(&mut self, arrival: Instant, rtp_timestamp: i64, samples: i64) {
        if let Some(late) = self.lateness(rtp_timestamp, arrival) {
            self.repairs.add(Some(bucket_of(late)), samples as f32 / USUAL_SAMPLES);
            self.choose_target();
        }
    }

    /// How long to wait, from what was observed.
    pub(crate) fn target(&self) -> Duration {
        Duration::from_secs_f64((self.target + 1) as f64 * BUCKET_SECONDS)
            .clamp(MIN_TARGET, MAX_TARGET)
    }

    /// Looks for the target that costs least: the wait, and what is concealed because it came later
    /// than that.
    fn choose_target(&mut self) {
        let worth_of_late = |bucket: usize| -> f32 {
            let share =
                |histogram: &Histogram| histogram.shares.get(bucket).copied().unwrap_or(0.0);
            WORTH * share(&self.arrivals) + REPAIR_WORTH * share(&self.repairs)
        };
        let (mut best, mut least, mut current) = (self.target, f32::INFINITY, f32::INFINITY);
        // Of a packet that is a little late a little is missed.
        let (mut missed, mut partly) = (0.0, 0.0);
        for bucket in (0..BUCKETS).rev() {
            partly += worth_of_late(bucket + 1) - worth_of_late(bucket + 1 + self.whole);
            missed += partly / self.whole as f32;
            let cost = (bucket + 1) as f32 * BUCKET_SECONDS as f32 + missed.max(0.0);
            if cost < least {
                (best, least) = (bucket, cost);
            }
            if bucket == self.target {
                current = cost;
            }
        }
        if current > least + HYSTERESIS {
            self.target = best;
        }
    }

    /// How far an RTP timestamp lies behind the fastest recent packet at `now`, in seconds;
    /// negative when it is not even due to arrive yet. `None` before anything was observed.
    pub(crate) fn lateness(&self, rtp_timestamp: i64, now: Instant) -> Option<f64> {
        let &(_, fastest) = self.base.front()?;
        let epoch = self.epoch?;
        Some(seconds_between(epoch, now) - rtp_timestamp as f64 / f64::from(SAMPLE_RATE) - fastest)
    }

    /// Forgets which packet was the fastest, as after an interruption; what is known about jitter
    /// stays.
    pub(crate) fn forget_base(&mut self) {
        self.base.clear();
    }

    fn seconds(&mut self, at: Instant) -> f64 {
        seconds_between(*self.epoch.get_or_insert(at), at)
    }
}

/// The bucket of a lateness in seconds.
fn bucket_of(late: f64) -> usize {
    (late / BUCKET_SECONDS).clamp(0.0, (BUCKETS - 1) as f64) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{RngExt, SeedableRng};

    /// Feeds packets of 20 ms whose extra delay the closure tells; returns the target after each.
    fn targets(count: u64, mut delay_ms: impl FnMut(u64) -> f64) -> Vec<u128> {
        let start = Instant::now();
        let mut estimator = DelayEstimator::default();
        (0..count)
            .map(|i| {
                let arrival =
                    start + Duration::from_secs_f64(i as f64 * 0.02 + delay_ms(i) / 1000.0);
                estimator.observe(arrival, i as i64 * 960, 960);
                estimator.target().as_millis()
            })
            .collect()
    }

    #[test]
    fn a_steady_network_is_soon_known_to_need_the_least() {
        let targets = targets(500, |_| 40.0);
        assert!(targets[0] >= 40, "{} ms before anything is known", targets[0]);
        assert!(targets[100..].iter().all(|&t| t == 5), "{:?}", targets[100..].iter().max());
    }

    #[test]
    fn the_target_covers_the_jitter() {
        let mut random = rand::rngs::StdRng::seed_from_u64(1);
        let targets = targets(1000, |_| random.random_range(0.0..100.0));
        assert!((94..=102).contains(targets.last().unwrap()), "{:?}", targets.last());
    }

    #[test]
    fn a_rare_straggler_does_not_raise_the_target() {
        let targets = targets(2000, |i| if i % 100 == 99 { 150.0 } else { 0.0 });
        assert!(targets[300..].iter().all(|&t| t == 5));
    }

    #[test]
    fn the_target_falls_again_when_the_network_calms_down() {
        let mut random = rand::rngs::StdRng::seed_from_u64(2);
        let targets =
            targets(1500, |i| if i < 500 { random.random_range(0.0..150.0) } else { 0.0 });
        assert!(targets[499] >= 120);
        assert_eq!(targets[1499], 5, "20 s later");
    }

    #[test]
    fn a_slower_route_and_a_drifting_clock_are_followed() {
        let targets = targets(3000, |i| if i < 500 { 0.0 } else { 100.0 + i as f64 * 0.004 });
        assert_eq!(*targets.last().unwrap(), 5);
    }

    /// The target after packets of which a share is lost, and comes again `packets_later`.
    fn target_with_repairs(share: f64, packets_later: i64) -> u128 {
        let mut random = rand::rngs::StdRng::seed_from_u64(3);
        let start = Instant::now();
        let mut estimator = DelayEstimator::default();
        let mut lost = Vec::new();
        for i in 0..2000_i64 {
            let arrival = start + Duration::from_millis(i as u64 * 20);
            if random.random_bool(share) {
                lost.push(i);
            } else {
                estimator.observe(arrival, i * 960, 960);
            }
            if lost.contains(&(i - packets_later)) {
                estimator.observe_repair(arrival, (i - packets_later) * 960, 960);
            }
        }
        estimator.target().as_millis()
    }

    #[test]
    fn a_repair_is_waited_for_only_where_there_is_loss_enough() {
        assert!(
            (20..=24).contains(&target_with_repairs(0.05, 1)),
            "{}",
            target_with_repairs(0.05, 1)
        );
        assert!(
            (80..=84).contains(&target_with_repairs(0.05, 4)),
            "{}",
            target_with_repairs(0.05, 4)
        );
        assert_eq!(target_with_repairs(0.004, 4), 5);
        assert_eq!(target_with_repairs(0.0, 4), 5);
    }

    #[test]
    fn absurd_times_stay_within_bounds() {
        let start = Instant::now();
        let mut estimator = DelayEstimator::default();
        for i in 0..5000_i64 {
            estimator.observe(
                start,
                i * 1_000_003 % 77_777_777 * if i % 2 == 0 { 1 } else { -1 },
                960,
            );
            assert!((MIN_TARGET..=MAX_TARGET).contains(&estimator.target()));
            assert!(estimator.base.len() <= BASE_CANDIDATES);
        }
    }
}
