//! Between a device's rate and channels and the program's 48 kHz mono.
//!
//! In go mono samples at one rate, in pieces of any length; out come samples at the other rate. The
//! filter is a windowed sinc of 64 points: below 1 ms of delay, and aliasing stays far below what
//! Opus leaves of it.

use rubato::audioadapter_buffers::direct::InterleavedSlice;
use rubato::{
    Adjustable, Async, FixedAsync, Indexing, ResampleError, Resampler, ResamplerConstructionError,
    SincInterpolationParameters, SincInterpolationType, WindowFunction,
};

use crate::drift::MAX_CORRECTION;

/// Rates that are taken, in samples per second.
pub const RATES: std::ops::RangeInclusive<u32> = 8_000..=192_000;

const FILTER_POINTS: usize = 64;

/// Why audio can't be resampled.
#[derive(Debug, thiserror::Error)]
pub enum ResampleFailure {
    /// The rate is outside [`RATES`].
    #[error("{0} samples per second are not supported; 8000 to 192000 are")]
    Rate(u32),
    /// The resampler could not be set up.
    #[error("the resampler could not be set up: {0}")]
    Setup(#[source] ResamplerConstructionError),
    /// It failed while running.
    #[error("resampling failed: {0}")]
    Run(#[source] ResampleError),
}

/// Resamples one stream of mono audio.
pub struct MonoResampler {
    /// `None` when both rates are the same.
    inner: Option<Async<f32>>,
    pending: Vec<f32>,
    output: Vec<f32>,
}

impl MonoResampler {
    /// From one rate to another.
    pub fn new(from: u32, to: u32) -> Result<Self, ResampleFailure> {
        if from == to && RATES.contains(&from) {
            return Ok(Self { inner: None, pending: Vec::new(), output: Vec::new() });
        }
        Self::with_ratio(from, to, 1.0)
    }

    /// From one rate to another, each of which is only nominal: [`Self::set_drift`] says how they
    /// really are.
    pub fn between_clocks(from: u32, to: u32) -> Result<Self, ResampleFailure> {
        // A ratio of exactly 1 would be resampled as well as any other.
        Self::with_ratio(from, to, 1.0 + 2.0 * MAX_CORRECTION)
    }

    fn with_ratio(from: u32, to: u32, adjustable: f64) -> Result<Self, ResampleFailure> {
        for rate in [from, to] {
            if !RATES.contains(&rate) {
                return Err(ResampleFailure::Rate(rate));
            }
        }
        let filter =
            SincInterpolationParameters::new(FILTER_POINTS, WindowFunction::BlackmanHarris2)
                .interpolation(SincInterpolationType::Linear)
                .oversampling_factor(256);
        let ratio = f64::from(to) / f64::from(from);
        // 5 ms at a time.
        let chunk = (from / 200) as usize;
        let inner = Async::new_sinc(ratio, adjustable, &filter, chunk, 1, FixedAsync::Input)
            .map_err(ResampleFailure::Setup)?;
        let output = vec![0.0; inner.output_frames_max()];
        Ok(Self { inner: Some(inner), pending: Vec::with_capacity(4 * chunk), output })
    }

    /// From the next 5 ms on, makes `ratio` times as many samples as the rates say. What is outside
    /// `drift`'s bounds is ignored, as it is where the
    /// rates are exact.
    pub fn set_drift(&mut self, ratio: f64) {
        if let Some(inner) = &mut self.inner {
            // Refused when it is out of bounds: then the ratio stays as it is.
            let _ = inner.set_resample_ratio_relative(ratio, true);
        }
    }

    /// Appends to `output` what `input` becomes; a remainder of less than 5 ms waits for the next
    /// call.
    pub fn process(&mut self, input: &[f32], output: &mut Vec<f32>) -> Result<(), ResampleFailure> {
        let Some(inner) = &mut self.inner else {
            output.extend_from_slice(input);
            return Ok(());
        };
        self.pending.extend_from_slice(input);
        let mut used = 0;
        while self.pending.len() - used >= inner.input_frames_next() {
            let (frames, room) = (self.pending.len(), self.output.len());
            let (Ok(from), Ok(mut to)) = (
                InterleavedSlice::new(self.pending.as_slice(), 1, frames),
                InterleavedSlice::new_mut(self.output.as_mut_slice(), 1, room),
            ) else {
                break;
            };
            let (read, written) = inner
                .process_into_buffer(&from, &mut to, Some(&Indexing::new().input_offset(used)))
                .map_err(ResampleFailure::Run)?;
            used += read;
            output.extend(self.output.iter().take(written));
        }
        self.pending.drain(..used);
        Ok(())
    }
}

/// Mixes interleaved channels down to mono: the mean of the first two. More channels than that are
/// other microphones or loudspeakers, and adding them up would blur what the first two say.
pub fn mix_down(interleaved: &[f32], channels: usize, mono: &mut Vec<f32>) {
    let channels = channels.max(1);
    mono.extend(interleaved.chunks_exact(channels).map(|frame| match frame {
        [left, right, ..] => 0.5 * (left + right),
        [only] => *only,
        [] => 0.0,
    }));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tone_detector::measure_tone;

    fn sine(hz: f64, rate: u32, length: usize) -> Vec<f32> {
        (0..length)
            .map(|i| ((i as f64 * hz / f64::from(rate) * std::f64::consts::TAU).sin() * 0.5) as f32)
            .collect()
    }

    #[test]
    fn a_tone_keeps_its_frequency_and_level_at_every_rate() {
        for rate in [8_000, 11_025, 16_000, 22_050, 32_000, 44_100, 48_000, 96_000, 192_000] {
            let mut resampler = MonoResampler::new(rate, 48_000).unwrap();
            let mut output = Vec::new();
            for piece in sine(440.0, rate, rate as usize).chunks(123) {
                resampler.process(piece, &mut output).unwrap();
            }
            assert!(
                (47_000..=48_100).contains(&output.len()),
                "{} samples from {rate}",
                output.len()
            );
            let tone = measure_tone(&output[4800..43_200]).unwrap();
            assert!((tone.hz - 440.0).abs() < 0.1, "{tone:?} from {rate}");
            assert!((tone.amplitude - 0.5).abs() < 0.02, "{tone:?} from {rate}");
        }
    }

    #[test]
    fn what_does_not_fit_the_lower_rate_is_filtered_out() {
        let mut resampler = MonoResampler::new(48_000, 8_000).unwrap();
        let mut output = Vec::new();
        resampler.process(&sine(7_000.0, 48_000, 48_000), &mut output).unwrap();
        let loudest = output[400..].iter().fold(0.0_f32, |loudest, s| loudest.max(s.abs()));
        assert!(loudest < 0.01, "{loudest}");
    }

    #[test]
    fn a_ratio_that_moves_with_the_drift_is_not_heard() {
        use crate::drift::{MAX_CHANGE_PER_SECOND, MAX_CORRECTION};
        let mut resampler = MonoResampler::between_clocks(48_000, 48_000).unwrap();
        let (mut output, mut ratio) = (Vec::new(), 1.0_f64);
        for (i, piece) in sine(440.0, 48_000, 20 * 48_000).chunks(480).enumerate() {
            // Up and down as fast as it ever goes.
            ratio += if i / 500 % 2 == 0 { MAX_CHANGE_PER_SECOND } else { -MAX_CHANGE_PER_SECOND }
                / 100.0;
            resampler.set_drift(ratio);
            resampler.process(piece, &mut output).unwrap();
        }
        let step =
            output[480..].windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0.0, f32::max);
        assert!(step < 0.5 * 440.0 * std::f32::consts::TAU / 48_000.0 * 1.02, "{step}");
        for piece in output[480..].chunks_exact(4800) {
            let tone = measure_tone(piece).unwrap();
            assert!(
                (tone.hz - 440.0).abs() < 0.6 && (tone.amplitude - 0.5).abs() < 0.005,
                "{tone:?}"
            );
        }
        let before = output.len();
        resampler.set_drift(1.0 + MAX_CORRECTION);
        resampler.process(&sine(440.0, 48_000, 480_000), &mut output).unwrap();
        let more = (output.len() - before) as f64 / 480_000.0;
        assert!((more - 1.0 - MAX_CORRECTION).abs() < 1e-4, "{more}");
        resampler.set_drift(f64::NAN);
        resampler.set_drift(7.0);
    }

    #[test]
    fn rates_that_no_device_has_are_refused() {
        for rate in [0, 7_999, 192_001, u32::MAX] {
            assert!(
                matches!(MonoResampler::new(rate, 48_000), Err(ResampleFailure::Rate(r)) if r == rate)
            );
            assert!(
                matches!(MonoResampler::new(rate, rate), Err(ResampleFailure::Rate(r)) if r == rate)
            );
        }
    }

    #[test]
    fn stereo_is_averaged_and_further_channels_are_left_out() {
        let mut mono = Vec::new();
        mix_down(&[1.0, 0.0, 0.5, 0.5], 2, &mut mono);
        mix_down(&[0.2, 0.4, 1.0, 1.0], 4, &mut mono);
        mix_down(&[0.7], 1, &mut mono);
        mix_down(&[0.7], 0, &mut mono);
        assert_eq!(mono, [0.5, 0.5, 0.3, 0.7, 0.7]);
    }
}
