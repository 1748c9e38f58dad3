//! Puts a microphone on this computer's clock: when each of its frames was captured, and how to
//! resample so that a second of them is a second.
//!
//! In goes how much audio was delivered, and when the newest of it was captured as far as the
//! device can tell; out come a ratio for the resampler and times without jitter that are 10 ms
//! apart. What always holds: times never go back, and a device that lost audio jumps forward
//! instead of being stretched.

use std::time::{Duration, Instant};

use crate::drift::DriftController;
use crate::frame::{AUDIO_FRAME_SAMPLES, SAMPLE_RATE};
use crate::units::seconds_between;

/// At the beginning the times are only averaged, for so many samples: 1 s.
const SETTLING: u64 = SAMPLE_RATE as u64;
/// Off by more than this, in seconds, audio was lost.
const JUMP: f64 = 0.060;
/// So often in a row, that is: a single late delivery says nothing.
const JUMP_DELIVERIES: u32 = 5;

/// The clock of one open microphone; a new one is for one that was just opened.
#[derive(Debug, Default)]
pub struct CaptureClock {
    /// When the first sample was captured, if all since had been one after the other.
    anchor: Option<Instant>,
    /// Samples delivered, at 48 kHz.
    delivered: u64,
    /// Samples handed out in frames.
    framed: u64,
    observations: u32,
    off_in_a_row: u32,
    last_newest: Option<Instant>,
    last_frame: Option<Instant>,
    drift: DriftController,
}

impl CaptureClock {
    /// So many samples (at 48 kHz, after resampling) were delivered, the newest of which was
    /// captured at `newest`. Gives the ratio to resample with from now on, relative to the nominal
    /// one.
    pub fn delivered(&mut self, samples: usize, newest: Instant) -> f64 {
        self.delivered += samples as u64;
        let length = duration_of(self.delivered);
        let elapsed =
            self.last_newest.map_or(Duration::ZERO, |last| newest.saturating_duration_since(last));
        self.last_newest = Some(newest);
        let Some(anchor) = self.anchor else {
            self.anchor = newest.checked_sub(length);
            return self.drift.ratio();
        };
        let ahead = seconds_between(newest, anchor + length);
        if self.delivered < SETTLING {
            self.observations += 1;
            self.anchor = shifted(anchor, -ahead / f64::from(self.observations + 1));
            return self.drift.ratio();
        }
        if ahead.abs() > JUMP {
            self.off_in_a_row += 1;
            if self.off_in_a_row >= JUMP_DELIVERIES {
                self.off_in_a_row = 0;
                self.anchor = shifted(anchor, -ahead);
                self.drift.jumped();
            }
            return self.drift.ratio();
        }
        self.off_in_a_row = 0;
        self.drift.update(ahead, elapsed)
    }

    /// When the next 10 ms were captured.
    pub fn next_frame(&mut self, now: Instant) -> Instant {
        let at = self.anchor.map_or(now, |anchor| anchor + duration_of(self.framed));
        self.framed += AUDIO_FRAME_SAMPLES as u64;
        let at = self.last_frame.map_or(at, |last| at.max(last));
        self.last_frame = Some(at);
        at
    }
}

fn duration_of(samples: u64) -> Duration {
    Duration::from_secs_f64(samples as f64 / f64::from(SAMPLE_RATE))
}

fn shifted(at: Instant, seconds: f64) -> Option<Instant> {
    let by = Duration::from_secs_f64(seconds.abs());
    if seconds < 0.0 { at.checked_sub(by) } else { at.checked_add(by) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::rngs::StdRng;
    use rand::{RngExt, SeedableRng};

    /// Delivers 10 ms at a time by a clock that is off by `ppm`, up to `late_ms` late, and loses
    /// 300 ms at `loses_at` seconds. Gives for each frame after the first 5 s how far its time is
    /// from when it was captured, in milliseconds, and the ratio then.
    fn run(ppm: f64, late_ms: f64, seconds: u32, loses_at: Option<u32>) -> Vec<(f64, f64)> {
        let mut random = StdRng::seed_from_u64(3);
        let start = Instant::now() + Duration::from_secs(1);
        let rate = 48_000.0 * (1.0 + ppm * 1e-6);
        let (mut clock, mut ratio, mut produced, mut ready) =
            (CaptureClock::default(), 1.0, 0.0_f64, 0);
        let (mut lost, mut taken_s, mut out) = (0.0, Vec::new(), Vec::new());
        for delivery in 1..=seconds * 100 {
            if Some(delivery) == loses_at.map(|at| at * 100) {
                lost = 0.3;
            }
            let captured_s = f64::from(delivery * 480) / rate + lost;
            let before = produced as u64;
            produced += 480.0 * ratio;
            let samples = (produced as u64 - before) as usize;
            ready += samples;
            taken_s.extend(std::iter::repeat_n(captured_s - 0.010, samples));
            let late =
                if random.random_bool(0.1) { random.random_range(0.0..=late_ms) } else { 0.0 };
            let newest = start + Duration::from_secs_f64(captured_s + late / 1000.0);
            ratio = clock.delivered(samples, newest);
            while ready >= AUDIO_FRAME_SAMPLES {
                ready -= AUDIO_FRAME_SAMPLES;
                let at = clock.next_frame(newest);
                let heard: f64 = taken_s.drain(..AUDIO_FRAME_SAMPLES).next().unwrap();
                if delivery > 500 {
                    out.push((seconds_between(start, at) * 1000.0 - heard * 1000.0, ratio));
                }
            }
        }
        out
    }

    #[test]
    fn for_half_an_hour_frames_have_the_time_at_which_they_were_captured() {
        for ppm in [-200.0, 0.0, 200.0] {
            let frames = run(ppm, 8.0, 1800, None);
            let off = frames.iter().map(|(off, _)| off.abs()).fold(0.0, f64::max);
            // A frame's beginning may lie anywhere in a delivery of 10 ms.
            assert!(off < 13.0, "{off} ms at {ppm} ppm");
            let settled: Vec<f64> = frames.iter().skip(12_000).map(|(_, ratio)| *ratio).collect();
            let (least, most) =
                settled.iter().fold((f64::MAX, f64::MIN), |(l, m), r| (l.min(*r), m.max(*r)));
            let cents = 1200.0 * (most / least).log2();
            let met = settled.iter().sum::<f64>() / settled.len() as f64;
            println!("{ppm:+} ppm: times within {off:.1} ms, pitch within {cents:.3} cents");
            assert!((met - 1.0 + ppm * 1e-6).abs() < 3e-6 && cents < 0.5, "{met}, {cents} cents");
            // 180,000 deliveries by its clock, of which the first 500 are not looked at.
            let expected = (179_500.0 / (1.0 + ppm * 1e-6)) as usize;
            assert!(frames.len().abs_diff(expected) <= 2, "{} frames", frames.len());
        }
    }

    #[test]
    fn after_lost_audio_the_times_jump_and_the_pitch_stays() {
        let frames = run(0.0, 2.0, 120, Some(60));
        let (off, _) = frames[frames.len() - 1];
        assert!(off.abs() < 12.0, "{off} ms");
        assert!(frames.iter().all(|(_, ratio)| (ratio - 1.0).abs() < 3e-4));
    }
}
