//! The test tone: a steady sine with time marks, from which a receiver on the same machine reads
//! the delay from mouth to ear.
//!
//! In goes the wall time at which the imagined microphone captures a sample; out comes the
//! sample. Layout (also in `docs/protocol.md`, so that any program can make or read it):
//! - a sine of amplitude 0.25 at the tone's frequency (440 Hz unless told otherwise), phase
//!   continuous throughout;
//! - at every multiple of 500 ms of wall time since 1970 a *mark* begins: a sine of 2,000 Hz and
//!   amplitude 0.25, added to the tone for 20 ms, beginning at phase 0, with raised-cosine edges of
//!   2 ms at both ends;
//! - a tone above 1,200 Hz carries no marks, since they could not be distinguished from it.
//!
//! The marks survive Opus (2 kHz lies within its speech band) and are short enough for the tone's
//! frequency to be measured between them.

use std::time::Duration;

use crate::frame::{AUDIO_FRAME_SAMPLES, SAMPLE_RATE};
use crate::units::WallTime;

/// The tone unless told otherwise, in hertz.
pub const DEFAULT_TONE_HZ: f32 = 440.0;
/// Amplitude of the tone, and of the mark.
pub const AMPLITUDE: f32 = 0.25;
/// A mark begins at each multiple of this on the wall clock.
pub const MARK_INTERVAL: Duration = Duration::from_millis(500);
/// How long a mark is.
pub const MARK_LENGTH: Duration = Duration::from_millis(20);
/// Its frequency in hertz.
pub const MARK_HZ: f32 = 2000.0;
/// Tones above this carry no marks, in hertz.
pub const HIGHEST_MARKED_TONE_HZ: f32 = 1200.0;
/// The lowest and highest tone there is, in hertz.
pub const TONE_RANGE_HZ: std::ops::RangeInclusive<f32> = 50.0..=8000.0;

const EDGE_SECONDS: f64 = 0.002;
const SECOND_MICROS: u64 = 1_000_000;

/// Makes the tone, 10 ms at a time.
#[derive(Debug, Clone)]
pub struct ToneGenerator {
    hz: f64,
    /// In turns, 0 to 1.
    phase: f64,
    marked: bool,
}

impl ToneGenerator {
    /// A tone of this frequency, brought into [`TONE_RANGE_HZ`].
    #[must_use]
    pub fn new(hz: f32) -> Self {
        let hz = if hz.is_finite() {
            hz.clamp(*TONE_RANGE_HZ.start(), *TONE_RANGE_HZ.end())
        } else {
            DEFAULT_TONE_HZ
        };
        Self { hz: hz.into(), phase: 0.0, marked: hz <= HIGHEST_MARKED_TONE_HZ }
    }

    /// The next 10 ms, whose first sample is captured at `from`.
    pub fn next_frame(&mut self, from: WallTime) -> [f32; AUDIO_FRAME_SAMPLES] {
        let interval = MARK_INTERVAL.as_micros() as u64;
        // Within one interval a double holds microseconds exactly; since 1970 it would not.
        let since_mark = (from.0 % interval) as f64 / SECOND_MICROS as f64;
        let (rate, interval) = (f64::from(SAMPLE_RATE), MARK_INTERVAL.as_secs_f64());
        std::array::from_fn(|i| {
            let tone = (self.phase * std::f64::consts::TAU).sin();
            self.phase = (self.phase + self.hz / rate).fract();
            let at = (since_mark + i as f64 / rate) % interval;
            let mark = if self.marked { mark_at(at) } else { 0.0 };
            AMPLITUDE * (tone + mark) as f32
        })
    }
}

/// The mark's waveform (amplitude 1) so many seconds after its beginning.
fn mark_at(at: f64) -> f64 {
    let length = MARK_LENGTH.as_secs_f64();
    if !(0.0..length).contains(&at) {
        return 0.0;
    }
    let from_edge = at.min(length - at);
    let envelope = if from_edge < EDGE_SECONDS {
        0.5 - 0.5 * (std::f64::consts::PI * from_edge / EDGE_SECONDS).cos()
    } else {
        1.0
    };
    envelope * (std::f64::consts::TAU * f64::from(MARK_HZ) * at).sin()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(hz: f32, from: WallTime, count: u64) -> Vec<f32> {
        let mut tone = ToneGenerator::new(hz);
        (0..count).flat_map(|i| tone.next_frame(WallTime(from.0 + i * 10_000))).collect()
    }

    #[test]
    fn marks_begin_at_multiples_of_half_a_second_whatever_the_frame_grid() {
        let from = WallTime(1_790_000_000_123_457);
        let with = frames(440.0, from, 100);
        let mut plain = ToneGenerator { marked: false, ..ToneGenerator::new(440.0) };
        let without: Vec<f32> = (0..100).flat_map(|_| plain.next_frame(from)).collect();
        let marked: Vec<usize> =
            (0..with.len()).filter(|&i| (with[i] - without[i]).abs() > 1e-6).collect();
        for &i in &marked {
            let wall = from.0 as f64 + i as f64 * 1e6 / 48_000.0;
            assert!(wall % 500_000.0 < 20_000.0, "sample {i}");
        }
        assert!((1850..1920).contains(&marked.len()), "two marks of 20 ms: {}", marked.len());
    }

    #[test]
    fn the_tone_is_continuous_and_within_bounds() {
        let samples = frames(440.0, WallTime(0), 200);
        assert!(samples.iter().all(|s| s.abs() <= 2.0 * AMPLITUDE));
        assert!(samples.windows(2).all(|pair| (pair[1] - pair[0]).abs() < 0.1));
    }

    #[test]
    fn a_tone_that_is_out_of_range_is_brought_into_it() {
        for hz in [f32::NAN, -5.0, 0.0, 1e9, f32::INFINITY] {
            assert!(frames(hz, WallTime(0), 10).iter().all(|s| s.is_finite() && s.abs() <= 0.5));
        }
    }
}
