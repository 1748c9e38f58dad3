//! When each frame of a recording is due: a Y4M file has one frame rate, and video frames come when
//! they come.
//!
//! In: the moments at which frames are shown. Out: how often the frame before is repeated, and
//! whether the new one is written. Pure, with time as an argument. What always holds: the file is
//! never further behind the clock than half a frame once a frame was shown, and never further ahead
//! than two, so its playing time is the time that passed.

use std::time::{Duration, Instant};

/// The file's frame rate, in frames per second.
pub(super) const FPS: u32 = 30;
/// A frame that is later than its place by this, in frames, has the one before it repeated. Frames
/// are not punctual: less would repeat one for each that is a little late, and leave out one for
/// each that is a little early.
const LATE: f64 = 0.75;
/// A frame that is earlier than its place by more than this, in frames, is left out: its sender is
/// faster than the file.
const EARLY: f64 = 1.0;
/// No call goes on for so long without a sign of time: the computer slept, and the file does not
/// conceal for it.
const LONGEST_GAP: Duration = Duration::from_secs(60);

/// What a shown frame leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Placed {
    /// How often the frame before is written again, first.
    pub(super) repeats: u64,
    /// Whether the frame itself is written.
    pub(super) write: bool,
}

/// Keeps a file of a constant rate in step with the clock.
#[derive(Debug, Default)]
pub(super) struct ConstantRate {
    /// When the first frame was shown, moved by what was slept through.
    start: Option<Instant>,
    /// The latest moment that was seen.
    latest: Option<Instant>,
    /// Frames in the file.
    written: u64,
}

impl ConstantRate {
    /// A frame is shown.
    pub(super) fn show(&mut self, at: Instant) -> Placed {
        let late = self.late(at);
        let repeats = if late > LATE { late.round() as u64 } else { 0 };
        let write = late >= -EARLY;
        self.written += repeats + u64::from(write);
        Placed { repeats, write }
    }

    /// Nothing new is shown before `until`: how often the last frame is written again for that.
    pub(super) fn repeat_until(&mut self, until: Instant) -> u64 {
        self.repeat(until, f64::floor)
    }

    /// The recording ends: how often the last frame is written again for that.
    pub(super) fn end(&mut self, at: Instant) -> u64 {
        self.repeat(at, f64::round)
    }

    fn repeat(&mut self, until: Instant, whole: fn(f64) -> f64) -> u64 {
        if self.start.is_none_or(|start| until < start) {
            return 0;
        }
        let repeats = whole(self.late(until)).max(0.0) as u64;
        self.written += repeats;
        repeats
    }

    /// How far the file is behind the clock, in frames; negative when it is ahead.
    fn late(&mut self, at: Instant) -> f64 {
        let latest = self.latest.map_or(at, |latest| latest.max(at));
        let gap =
            self.latest.map_or(Duration::ZERO, |before| latest.saturating_duration_since(before));
        self.latest = Some(latest);
        let start = self.start.get_or_insert(at);
        if gap > LONGEST_GAP {
            *start += gap;
        }
        at.saturating_duration_since(*start).as_secs_f64() * f64::from(FPS) - self.written as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Shows frames at these moments, in milliseconds, and ends at the last of them: how many times
    /// each is in the file.
    fn times(shown: &[u64], end: u64) -> Vec<u64> {
        let start = Instant::now();
        let at = |millis: u64| start + Duration::from_millis(millis);
        let mut rate = ConstantRate::default();
        let mut times: Vec<u64> = Vec::new();
        let repeat = |times: &mut Vec<u64>, repeats: u64| {
            if let Some(last) = times.iter_mut().rev().find(|times| **times > 0) {
                *last += repeats;
            } else {
                assert_eq!(repeats, 0, "there is nothing to repeat");
            }
        };
        for millis in shown {
            let placed = rate.show(at(*millis));
            repeat(&mut times, placed.repeats);
            times.push(u64::from(placed.write));
        }
        repeat(&mut times, rate.end(at(end)));
        times
    }

    #[test]
    fn frames_at_the_files_rate_are_written_once_each_though_none_is_punctual() {
        // Each up to 20 ms late, and not evenly.
        let shown: Vec<u64> =
            (0..300).map(|i| i * 1000 / 30 + if i == 0 { 0 } else { i * 7919 % 20 }).collect();
        assert_eq!(times(&shown, 10_000), [1; 300]);
    }

    #[test]
    fn frames_that_are_missing_are_concealed_for_by_the_one_before() {
        let shown: Vec<u64> =
            (0..90).filter(|i| !(30..60).contains(i)).map(|i| i * 1000 / 30).collect();
        let times = times(&shown, 3000);
        assert_eq!(times.iter().sum::<u64>(), 90);
        assert_eq!(times[29], 31, "the last before the gap is held for a second");
        assert_eq!(times.iter().filter(|times| **times == 1).count(), 59);
    }

    #[test]
    fn slower_and_faster_senders_keep_their_playing_time() {
        for (fps, seconds) in [(20, 7), (15, 7), (24, 7), (1, 7), (60, 7), (50, 7), (300, 7)] {
            let shown: Vec<u64> = (0..fps * seconds).map(|i| i * 1000 / fps).collect();
            let times = times(&shown, seconds * 1000);
            let total = times.iter().sum::<u64>();
            assert!(total.abs_diff(seconds * 30) <= 2, "{fps} fps: {total} frames for {seconds} s");
            let longest = times.iter().max().copied().unwrap_or(0);
            assert!(
                longest <= 30_u64.div_ceil(fps) + 1,
                "{fps} fps: one is in the file {longest} times"
            );
        }
    }

    #[test]
    fn what_is_held_meanwhile_is_not_held_again_afterwards() {
        let start = Instant::now();
        let at = |millis: u64| start + Duration::from_millis(millis);
        let mut rate = ConstantRate::default();
        assert_eq!(rate.repeat_until(at(0)), 0, "nothing was shown yet");
        assert_eq!(rate.show(at(1000)), Placed { repeats: 0, write: true });
        assert_eq!(
            [
                rate.repeat_until(at(900)),
                rate.repeat_until(at(1000)),
                rate.repeat_until(at(1500)),
                rate.repeat_until(at(1500))
            ],
            [0, 0, 14, 0]
        );
        assert_eq!(rate.show(at(2000)), Placed { repeats: 15, write: true });
        assert_eq!(rate.end(at(2000)), 0);
        assert_eq!(rate.end(at(3000)), 29);
    }

    #[test]
    fn a_computer_that_slept_for_hours_does_not_fill_the_disk() {
        let start = Instant::now();
        let at = |seconds: u64| start + Duration::from_secs(seconds);
        let mut rate = ConstantRate::default();
        rate.show(at(0));
        assert_eq!(rate.repeat_until(at(10)), 299);
        assert_eq!(rate.repeat_until(at(10 + 8 * 3600)), 0);
        assert_eq!(rate.end(at(11 + 8 * 3600)), 30);
    }
}
