//! How many frames a second are worth sending: fewer when there are few bits for each, and fewer
//! when the processor can't keep up, before anything else gets worse. Pure: time is an argument.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::units::Bitrate;

/// Frame rates, as shares of the largest.
const STEPS: [f64; 5] = [1.0, 0.8, 0.67, 0.5, 0.33];
/// Encoding times are judged over so many frames.
const WINDOW: usize = 30;
/// When one frame in ten takes more than this share of the time between two, the processor is
/// short.
const TOO_BUSY: f64 = 0.7;
/// And when it would take less than this at the next higher rate, it has time again.
const IDLE: f64 = 0.5;
/// It must have had time for so long.
const RAISE_AFTER: Duration = Duration::from_secs(5);
/// Below such bit rates a frame less often looks better than a frame more often. The smallest
/// size is sent then.
const LOW_RATES: [(Bitrate, f64); 2] =
    [(Bitrate::from_kbps(60), 0.5), (Bitrate::from_kbps(110), 0.67)];
/// A bit rate that is a little higher changes nothing.
const MARGIN: f64 = 1.25;

/// Chooses the frame rate.
#[derive(Debug)]
pub(crate) struct FrameRateLadder {
    max: u32,
    /// How far down the processor brought it.
    busy: usize,
    times: VecDeque<Duration>,
    idle_since: Option<Instant>,
    /// What the bit rate allows, as a share.
    by_bits: f64,
}

impl FrameRateLadder {
    /// For at most so many frames a second.
    pub(crate) fn new(max: u32) -> Self {
        let times = VecDeque::with_capacity(WINDOW);
        Self { max: max.max(1), busy: 0, times, idle_since: None, by_bits: 1.0 }
    }

    /// How long a frame took from being taken up to being encoded.
    pub(crate) fn encoded(&mut self, took: Duration, now: Instant) {
        if self.times.len() == WINDOW {
            self.times.pop_front();
        }
        self.times.push_back(took);
        if self.times.len() < WINDOW {
            return;
        }
        let mut sorted: Vec<Duration> = self.times.iter().copied().collect();
        sorted.sort_unstable();
        let slow = sorted.get(WINDOW * 9 / 10).copied().unwrap_or_default().as_secs_f64();
        let share_at =
            |step: usize| slow * f64::from(self.max) * STEPS.get(step).copied().unwrap_or(1.0);
        if share_at(self.busy) > TOO_BUSY {
            self.idle_since = None;
            if self.busy + 1 < STEPS.len() {
                self.busy += 1;
                // What was measured before the change does not count after it.
                self.times.clear();
            }
        } else if self.busy > 0 && share_at(self.busy - 1) < IDLE {
            let since = *self.idle_since.get_or_insert(now);
            if now.saturating_duration_since(since) >= RAISE_AFTER {
                self.busy -= 1;
                self.idle_since = None;
            }
        } else {
            self.idle_since = None;
        }
    }

    /// Frames a second at this bit rate.
    pub(crate) fn fps(&mut self, target: Bitrate) -> u32 {
        let share = |margin: f64| {
            let low = LOW_RATES.iter().find(|(below, _)| target < below.scaled(margin));
            low.map_or(1.0, |(_, share)| *share)
        };
        // Down as soon as it must be, up only with a margin.
        let (down, up) = (share(1.0), share(MARGIN));
        self.by_bits = if down < self.by_bits { down } else { self.by_bits.max(up) };
        let by_processor = STEPS.get(self.busy).copied().unwrap_or(1.0);
        ((f64::from(self.max) * self.by_bits.min(by_processor)).round() as u32).max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLENTY: Bitrate = Bitrate::from_kbps(1000);

    /// Encodes for so many seconds, each frame taking `millis`.
    fn encode(ladder: &mut FrameRateLadder, from: Instant, seconds: u32, millis: u64) -> u32 {
        for n in 0..seconds * 30 {
            ladder.encoded(Duration::from_millis(millis), from + n * Duration::from_millis(33));
        }
        ladder.fps(PLENTY)
    }

    #[test]
    fn a_processor_that_is_fast_enough_changes_nothing() {
        let mut ladder = FrameRateLadder::new(30);
        assert_eq!(encode(&mut ladder, Instant::now(), 10, 15), 30);
    }

    #[test]
    fn a_processor_that_is_short_lowers_the_rate_until_it_suffices_and_raises_it_later() {
        let start = Instant::now();
        let mut ladder = FrameRateLadder::new(30);
        assert_eq!(encode(&mut ladder, start, 10, 30), 20);
        let later = start + Duration::from_secs(20);
        assert_eq!(encode(&mut ladder, later, 4, 5), 20);
        assert_eq!(encode(&mut ladder, later + Duration::from_secs(4), 20, 5), 30);
    }

    #[test]
    fn a_hopeless_processor_still_sends_some_frames() {
        let mut ladder = FrameRateLadder::new(30);
        assert_eq!(encode(&mut ladder, Instant::now(), 60, 500), 10);
    }

    #[test]
    fn one_slow_frame_in_twenty_is_no_reason() {
        let mut ladder = FrameRateLadder::new(30);
        let start = Instant::now();
        for n in 0..300u32 {
            ladder.encoded(Duration::from_millis(if n % 20 == 0 { 60 } else { 5 }), start);
        }
        assert_eq!(ladder.fps(PLENTY), 30);
    }

    #[test]
    fn very_few_bits_make_fewer_frames_with_hysteresis() {
        let mut ladder = FrameRateLadder::new(30);
        let rates =
            [200, 100, 125, 140, 50, 70, 80, 300].map(|kbps| ladder.fps(Bitrate::from_kbps(kbps)));
        assert_eq!(rates, [30, 20, 20, 30, 15, 15, 20, 30]);
    }
}
